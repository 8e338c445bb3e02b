//! Values that have the right type, and that no module can have all the same.

use super::{Plain, Profile};
use crate::at::ResultCode;
use std::ops::RangeInclusive;

impl Profile {
    /// The first value that no module can have: its path, what is wrong with it, and what would be right.
    pub(super) fn unusable(&self) -> Option<(Vec<String>, String)> {
        let digits = |text: &str, length: RangeInclusive<usize>| {
            length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        let (serial, radio, bearer) = (&self.serial, &self.radio, &self.bearer);
        let pin = self.sim.pin.as_deref().is_none_or(|pin| digits(pin, 4..=8));
        let values = [
            ("serial.line_max", serial.line_max >= 16, "no command fits into such a line; write 16 or more"),
            ("serial.cmee", serial.cmee <= 2, "`AT+CMEE` has no such value; write 0, 1 or 2"),
            ("serial.dcd", serial.dcd <= 1, "`AT&C` has no such value; write 0 or 1"),
            ("serial.dtr", serial.dtr <= 2, "`AT&D` has no such value; write 0, 1 or 2"),
            ("sim.pin", pin, "this is no PIN; write 4 to 8 digits"),
            ("sim.puk", digits(&self.sim.puk, 8..=8), "this is no PUK; write 8 digits"),
            (
                "radio.rssi",
                matches!(radio.rssi, 0..=31 | 99),
                "`AT+CSQ` has no such value; write 0 to 31, or 99",
            ),
            ("radio.ber", matches!(radio.ber, 0..=7 | 99), "`AT+CSQ` has no such value; write 0 to 7, or 99"),
            (
                "radio.status",
                matches!(radio.status, 1 | 5),
                "this is not registered; write 1 (home) or 5 (roaming)",
            ),
            ("bearer.contexts", bearer.contexts > 0, "there must be a context; write 1 or more"),
            (
                "bearer.context_fields",
                matches!(bearer.context_fields, 6..=8),
                "`AT+CGDCONT?` prints 6, 7 or 8 fields; write one of these",
            ),
            (
                "messages.services",
                !self.messages.services.is_empty(),
                "one is chosen at power-on; write `[0]`, say",
            ),
            (
                "messages.stores",
                !self.messages.stores.is_empty(),
                "one is chosen at power-on; write `[{ name = \"SM\", size = 30 }]`, say",
            ),
            ("bearer.segment", bearer.segment > 0, "a segment has octets; write 1460, say"),
        ];
        let wrong = values.into_iter().find(|(_, right, _)| !right);
        if let Some((path, _, what)) = wrong {
            return Some((path.split('.').map(str::to_owned).collect(), what.to_owned()));
        }
        if let Some(path) = self.result_code_as_text() {
            let what = "this is a result code, and the module prints those by itself; say what comes of a command in \
                        `result`, and what stands in front of the code or behind it in `exec` and `then`";
            return Some((path, what.to_owned()));
        }
        if let Some(path) = self.digit_as_text() {
            let what = "under ATV0 this is a result code, and the module prints those by itself; where the digit is a value, \
                        write `{value}` here, and the digit as `value`";
            return Some((path, what.to_owned()));
        }
        if let Some((name, form)) =
            self.commands.iter().find_map(|(name, plain)| Some((name, follows_nothing(plain)?)))
        {
            let what = "there is no such form for this to follow; say what stands in front of the code, `exec = []` for \
                        nothing";
            return Some((["commands", name, "then", form].map(str::to_owned).to_vec(), what.to_owned()));
        }
        let name = |name: &&String| {
            !name.starts_with(['+', '*', '$', '#', '^', '%']) || name.chars().any(|c| c.is_ascii_lowercase())
        };
        let name = self.commands.keys().find(name)?;
        let what = "no command line can name this; write it as `+NAME`, without AT and in capitals";
        Some((vec!["commands".to_owned(), name.clone()], what.to_owned()))
    }
    /// Where a line stands that a host under `V0` would take for a result code.
    fn digit_as_text(&self) -> Option<Vec<String>> {
        let line = self.power_on.iter().position(|on| ResultCode::is_digit(&on.line));
        let power_on = line.map(|i| ["power_on".to_owned(), i.to_string(), "line".to_owned()].to_vec());
        power_on.or_else(|| self.commands.iter().find_map(|(name, plain)| digit_of_command(name, plain)))
    }

    /// Where a line stands that looks like a result code: it would be none to whoever counts them, or to `V0`.
    fn result_code_as_text(&self) -> Option<Vec<String>> {
        let path = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let mut lines: Vec<(Vec<String>, String)> = vec![];
        let identity = &self.identity;
        for (key, line) in [
            ("manufacturer", &identity.manufacturer),
            ("model", &identity.model),
            ("revision", &identity.revision),
            ("imei", &identity.imei),
        ] {
            lines.push((path(&["identity", key]), line.clone()));
        }
        for (i, line) in identity.information.iter().enumerate() {
            lines.push((path(&["identity", "information", &i.to_string()]), line.clone()));
        }
        for (key, line) in [("imsi", &self.sim.imsi), ("iccid", &self.sim.iccid), ("ccid", &self.sim.ccid)] {
            lines.push((path(&["sim", key]), line.clone()));
        }
        for (i, on) in self.power_on.iter().enumerate() {
            lines.push((path(&["power_on", &i.to_string(), "line"]), on.line.clone()));
        }
        for (name, plain) in &self.commands {
            of_command(name, plain, &mut lines);
        }
        of_settings(&toml::Value::Table(self.settings.clone()), &mut path(&["settings"]), &mut lines);
        let wrong = |text: &str| text.split(['\r', '\n']).any(ResultCode::looks_like);
        lines.into_iter().find(|(_, text)| wrong(text)).map(|(path, _)| path)
    }
}

/// Where a plain command prints a line that is the digit of a result code: all but `?` and `=?`, which tell values.
fn digit_of_command(name: &str, plain: &Plain) -> Option<Vec<String>> {
    let mut path = vec!["commands".to_owned(), name.to_owned()];
    let forms = match plain {
        Plain::Line(line) => return ResultCode::is_digit(line).then_some(path),
        Plain::Forms(forms) => forms,
    };
    let empty = vec![];
    let lists = [
        (&["exec"][..], forms.exec.as_ref().unwrap_or(&empty)),
        (&["write"], forms.write.as_ref().unwrap_or(&empty)),
        (&["then", "exec"], &forms.then.exec),
        (&["then", "read"], &forms.then.read),
        (&["then", "test"], &forms.then.test),
        (&["then", "write"], &forms.then.write),
    ];
    let (keys, i) = lists.into_iter().find_map(|(keys, lines)| {
        Some((keys, lines.iter().position(|text| text.split(['\r', '\n']).any(ResultCode::is_digit))?))
    })?;
    path.extend(keys.iter().map(|key| (*key).to_owned()).chain([i.to_string()]));
    Some(path)
}

/// The lines of a plain command, with the value that it has at power-on.
fn of_command(name: &str, plain: &Plain, lines: &mut Vec<(Vec<String>, String)>) {
    let at = |keys: &[&str]| {
        ["commands", name].iter().chain(keys).map(|key| (*key).to_owned()).collect::<Vec<_>>()
    };
    let forms = match plain {
        Plain::Line(line) => return lines.push((at(&[]), line.clone())),
        Plain::Forms(forms) => forms,
    };
    let empty = vec![];
    let then = &forms.then;
    let lists = [
        (&["exec"][..], forms.exec.as_ref().unwrap_or(&empty)),
        (&["read"], forms.read.as_ref().unwrap_or(&empty)),
        (&["test"], forms.test.as_ref().unwrap_or(&empty)),
        (&["write"], forms.write.as_ref().unwrap_or(&empty)),
        (&["then", "exec"], &then.exec),
        (&["then", "read"], &then.read),
        (&["then", "test"], &then.test),
        (&["then", "write"], &then.write),
    ];
    let value = forms.value.as_deref().unwrap_or_default();
    for (keys, list) in lists {
        for (i, line) in list.iter().enumerate() {
            lines.push((at(&[keys, &[&i.to_string()]].concat()), line.replace("{value}", value)));
        }
    }
}

/// The form of a plain command that has lines behind its result code, and is not there.
fn follows_nothing(plain: &Plain) -> Option<&'static str> {
    let Plain::Forms(forms) = plain else { return None };
    let then = &forms.then;
    let forms = [
        ("exec", forms.exec.is_none(), &then.exec),
        ("read", forms.read.is_none(), &then.read),
        ("test", forms.test.is_none(), &then.test),
        ("write", forms.write.is_none(), &then.write),
    ];
    forms.into_iter().find(|(_, absent, then)| *absent && !then.is_empty()).map(|(form, ..)| form)
}

/// The texts among a vendor's own values: what it prints is among them.
fn of_settings(value: &toml::Value, path: &mut Vec<String>, lines: &mut Vec<(Vec<String>, String)>) {
    match value {
        toml::Value::String(text) => lines.push((path.clone(), text.clone())),
        toml::Value::Table(table) => {
            for (key, value) in table {
                path.push(key.clone());
                of_settings(value, path, lines);
                path.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::load;

    fn wrong(text: &str) -> Option<(usize, usize, String)> {
        let text = format!("extends = \"base\"\n{text}");
        let base = "vendor = \"v\"\n[identity]\nmanufacturer = \"M\"\nmodel = \"N\"\nrevision = \"R\"\nimei = \"1\"\n";
        let find = |_: &str| Some(("base.toml".to_owned(), base.to_owned()));
        let mistake = load("p.toml", &text, &find).err()?.remove(0);
        Some((mistake.line, mistake.column, mistake.what))
    }

    #[test]
    fn a_line_that_looks_like_a_result_code_is_a_mistake_where_it_stands() {
        for (text, line, column) in [
            ("[commands]\n\"+X\" = \"OK\"", 3, 8),
            ("[commands.\"+X\"]\nexec = [\"+X: 1\", \"OK\"]", 3, 18),
            ("[commands.\"+X\"]\nread = [\"ERROR\"]", 3, 9),
            ("[commands.\"+X\"]\ntest = [\" NO CARRIER \"]", 3, 9),
            ("[commands.\"+X\"]\nwrite = [\"+CME ERROR: 3\"]", 3, 10),
            ("[commands.\"+X\"]\nwrite = [\"+CMS ERROR\"]", 3, 10),
            ("[commands.\"+X\"]\nexec = [\"CONNECT\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"CONNECT 9600\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"BUSY\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"NO ANSWER\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"NO DIALTONE\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"RING\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"+X: 1\\r\\nOK\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = []\nthen = { exec = [\"OK\"] }", 4, 18),
            ("[commands.\"+X\"]\nread = [\"{value}\"]\nvalue = \"OK\"", 3, 9),
            ("[[power_on]]\nline = \"RDY\"\n[[power_on]]\nline = \"OK\"", 5, 8),
            ("[identity]\ninformation = [\"a\", \"ERROR\"]", 3, 21),
            ("[identity]\nrevision = \"OK\"", 3, 12),
            ("[sim]\nccid = \"OK\"", 3, 8),
            ("[settings]\nup = \"OK\"", 3, 6),
            ("[commands]\n\"+X\" = \"ok\"", 3, 8),
            ("[commands.\"+X\"]\nexec = [\"+X: 1\", \"ok \"]", 3, 18),
            ("[commands.\"+X\"]\nwrite = [\" Error\"]", 3, 10),
            ("[commands.\"+X\"]\nexec = [\"no carrier\"]", 3, 9),
            ("[commands.\"+X\"]\nread = [\"+cme error: 3\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"Connect 9600\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"Busy\"]", 3, 9),
            ("[commands]\n\"+X\" = \"0\"", 3, 8),
            ("[commands.\"+X\"]\nexec = [\"0\"]", 3, 9),
            ("[commands.\"+X\"]\nexec = [\"+X: 1\", \" 4 \"]", 3, 18),
            ("[commands.\"+X\"]\nexec = [\"+X: 1\\r\\n3\"]", 3, 9),
            ("[commands.\"+X\"]\nwrite = [\"7\"]\nresult = \"\"", 3, 10),
            ("[commands.\"+X\"]\nread = []\nthen = { read = [\"1\"] }", 4, 18),
            ("[[power_on]]\nline = \"0\"", 3, 8),
        ] {
            let (l, c, what) = wrong(text).unwrap_or_else(|| panic!("{text}: taken"));
            assert!(what.contains("result code"), "{text}: {what}");
            assert_eq!((l, c), (line, column), "{text}");
        }
        for right in [
            "SHUT OK",
            "STATE: CONNECT OK",
            "CONNECT FAIL",
            "+X: OK",
            "OKAY",
            "CLOSED",
            "+CME: 3",
            "DEACT OK",
            "",
        ] {
            assert_eq!(wrong(&format!("[commands.\"+X\"]\nexec = [\"{right}\"]")), None, "{right}");
        }
    }

    #[test]
    fn a_bare_number_that_is_a_value_is_none() {
        for right in [
            "exec = [\"490154203237518\"]",
            "exec = [\"00\"]",
            "exec = [\"5\"]",
            "read = [\"0\"]",
            "test = [\"0\"]",
            "read = [\"{value}\"]\nvalue = \"0\"",
            "exec = [\"{value}\"]\nvalue = \"0\"",
        ] {
            assert_eq!(wrong(&format!("[commands.\"+X\"]\n{right}")), None, "{right}");
        }
    }

    #[test]
    fn a_result_is_a_result_code() {
        let result = |value: &str| wrong(&format!("[commands.\"+X\"]\nexec = []\nresult = {value}"));
        for right in [
            "\"\"",
            "\"OK\"",
            "\"ERROR\"",
            "\"NO CARRIER\"",
            "\"+CME ERROR: 4\"",
            "\"+CMS ERROR: 302\"",
            "{ read = \"\" }",
        ] {
            assert_eq!(result(right), None, "{right}");
        }
        for other in ["\"SHUT OK\"", "\"+CME ERROR: x\"", "\"CONNECT\"", "{ reed = \"\" }", "3"] {
            let (line, column, what) = result(other).unwrap_or_else(|| panic!("{other}: taken"));
            assert_eq!(line, 4, "{other}: {what}");
            assert!(column >= 10, "{other}: {what}");
        }
    }

    #[test]
    fn what_follows_belongs_to_a_form_that_is_there() {
        let (line, column, what) =
            wrong("[commands.\"+X\"]\nexec = []\nthen = { read = [\"+X: 1\"] }").unwrap();
        assert_eq!((line, column), (4, 17), "{what}");
    }
}
