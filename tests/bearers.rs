//! Every maker's way to a bearer, while the module is still on its way to the network, and back again: what is asked
//! for too soon waits, up to the module's own time, and what takes time to end is over before the answer says so.

use badline::{play, transcript};

/// A maker's way to a bearer.
struct Way {
    profile: &'static str,
    /// What the host types first; each is answered with OK.
    before: &'static [&'static str],
    open: &'static str,
    /// What is heard as soon as it is typed.
    at_once: &'static str,
    /// What is heard once the bearer is up.
    up: &'static str,
    /// What is heard where it cannot be.
    refused: &'static str,
    close: &'static str,
    /// What is heard at once, and once the bearer is down.
    closing: [&'static str; 2],
    /// What tells the host of a bearer that AT+CGATT=0 takes along, in its order with OK.
    detached: &'static str,
}

const OK: &str = "< OK\n";
const NAMED: [&str; 2] = ["AT+WIPCFG=1", "AT+WIPBR=1,6"];
const DEACTIVE: &str = "< +APP PDP: 0,DEACTIVE\n";
const WIP_LOST: &str = "< OK\n< +WIPBR: 6,812,0.0.0.0,0.0.0.0,0.0.0.0,0.0.0.0\n";
const QUECTEL: Way = Way {
    profile: "m10",
    before: &["AT+QIREGAPP"],
    open: "AT+QIACT",
    at_once: "",
    up: OK,
    refused: "< ERROR\n",
    close: "AT+QIDEACT",
    closing: ["", "< DEACT OK\n"],
    detached: OK,
};
const WAVECOM: Way = Way {
    profile: "wipsoft",
    before: &NAMED,
    open: "AT+WIPBR=4,6,0",
    at_once: "",
    up: OK,
    refused: "< ERROR\n",
    close: "AT+WIPBR=5,6",
    closing: ["", OK],
    detached: WIP_LOST,
};
const SAPBR: Way = Way {
    profile: "sim800",
    before: &[],
    open: "AT+SAPBR=1,1",
    at_once: "",
    up: OK,
    refused: "< ERROR\n",
    close: "AT+SAPBR=0,1",
    closing: ["", OK],
    detached: "< +SAPBR 1: DEACT\n< OK\n",
};

fn ways() -> Vec<Way> {
    vec![
        QUECTEL,
        Way { profile: "m95", ..QUECTEL },
        WAVECOM,
        Way { profile: "wismo228", ..WAVECOM },
        SAPBR,
        Way {
            before: &["AT+CSTT"],
            open: "AT+CIICR",
            close: "AT+CIPSHUT",
            closing: ["", "< SHUT OK\n"],
            detached: "< +PDP: DEACT\n< OK\n",
            ..SAPBR
        },
        Way {
            profile: "sim7080",
            open: "AT+CNACT=0,1",
            at_once: OK,
            up: "< +APP PDP: 0,ACTIVE\n@2 < +APP PDP: 0,ACTIVE\n",
            refused: "< +APP PDP: 0,DEACTIVE\n@2 < +APP PDP: 0,DEACTIVE\n",
            close: "AT+CNACT=0,0",
            closing: [OK, DEACTIVE],
            detached: "< OK\n< +APP PDP: 0,DEACTIVE\n",
            ..SAPBR
        },
        Way {
            profile: "nl668",
            open: "AT+MIPCALL=1",
            at_once: OK,
            up: "< +MIPCALL: {ip}\n",
            refused: "< +MIPCALL: 0\n",
            close: "AT+MIPCALL=0",
            closing: [OK, "< +MIPCALL: 0\n"],
            detached: "< OK\n< +MIPCALL: 0\n",
            ..SAPBR
        },
        // What every module has.
        Way {
            profile: "sim800",
            before: &[],
            open: "AT+CGACT=1,1",
            close: "AT+CGACT=0,1",
            closing: ["", OK],
            detached: OK,
            ..QUECTEL
        },
    ]
}

/// Plays the steps at each of them, with these values of its profile.
fn at_each(values: &[&str], steps: impl Fn(&Way) -> String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut wrong = vec![];
    for way in ways() {
        let mut text = format!("profile {}\nset power_on = []\nports 2\n", way.profile);
        values.iter().for_each(|value| text.push_str(&format!("set {value}\n")));
        let name = format!("{} {}", way.profile, way.open);
        text.push_str(&steps(&way));
        let parsed = transcript::parse(&name, &text).expect(&text);
        if let Err(error) = runtime.block_on(play::play(parsed, None, false)) {
            wrong.push(format!("{name}: {error}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn typed(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("> {line}\n{OK}")).collect()
}

impl Way {
    /// The bearer is asked for, and nothing but what comes at once is heard for so long.
    fn waits(&self, time: &str) -> String {
        // An answer in the meantime would be read before OK.
        format!("> {}\n{}~ {time}\n@2 > AT\n@2 < OK\n", self.open, self.at_once)
    }

    fn is_open(&self) -> String {
        format!("{}> {}\n{}~< 1s\n{}", typed(self.before), self.open, self.at_once, self.up)
    }
}

#[test]
fn what_is_asked_for_before_the_registration_waits_for_it() {
    at_each(&["radio.registers_after = \"20s\""], |way| {
        format!("{}{}~ 1s\n~< 1s\n{}", typed(way.before), way.waits("19s"), way.up)
    });
}

#[test]
fn then_it_takes_the_time_of_an_activation() {
    at_each(&["radio.registers_after = \"20s\"", "bearer.activates_after = \"4s\""], |way| {
        format!("{}{}~ 1s\n~< 1s\n{}", typed(way.before), way.waits("23s"), way.up)
    });
}

#[test]
fn what_is_asked_for_before_the_attachment_waits_for_it() {
    at_each(&["radio.attaches_after = \"8s\""], |way| {
        let attach = "> AT+CGATT=0\n< OK\n@2 > AT+CGATT=1\n";
        // Port 2 waits, too, and is answered at the same time.
        let wait = format!("> {}\n{}~ 8s\n@2 < OK\n~< 1s\n{}", way.open, way.at_once, way.up);
        format!("{}{attach}{wait}", typed(way.before))
    });
}

#[test]
fn it_waits_no_longer_than_the_module_does() {
    let values = ["radio.registers_after = \"10m\"", "radio.attaches_within = \"30s\""];
    at_each(&values, |way| format!("{}{}~ 1s\n~< 1s\n{}", typed(way.before), way.waits("29s"), way.refused));
    let values = ["radio.registers_after = \"5s\"", "bearer.activates_after = \"1h\""];
    at_each(&values, |way| format!("{}{}~ 1s\n~< 1s\n{}", typed(way.before), way.waits("154s"), way.refused));
}

#[test]
fn it_ends_once_the_network_refuses() {
    at_each(&["radio.registers_after = \"20s\""], |way| {
        let refusal = "! registration = \"denied\"\n~< 1s\n";
        format!("{}{}{refusal}{}", typed(way.before), way.waits("5s"), way.refused)
    });
}

#[test]
fn the_end_of_a_bearer_takes_its_time() {
    at_each(&["bearer.deactivates_after = \"2s\""], |way| {
        let [at_once, down] = way.closing;
        let both = if down.contains("APP PDP") { "@2 < +APP PDP: 0,DEACTIVE\n" } else { "" };
        let steps = format!("> {}\n{at_once}~ 1900ms\n@2 > AT\n@2 < OK\n~ 100ms\n~< 1s\n", way.close);
        let open = way.is_open();
        format!("{open}{steps}{down}{both}")
    });
}

#[test]
fn so_does_a_detachment_that_takes_it_along() {
    for values in [["bearer.deactivates_after = \"2s\""], ["radio.detaches_after = \"2s\""]] {
        at_each(&values, |way| {
            let all = match way.profile {
                "sim7080" => "@2 < +APP PDP: 0,DEACTIVE\n",
                _ if way.detached.starts_with("< +SAPBR") => "@2 < +SAPBR 1: DEACT\n",
                _ if way.detached.starts_with("< +PDP") => "@2 < +PDP: DEACT\n",
                _ => "",
            };
            let wait = "> AT+CGATT=0\n~ 1900ms\n@2 > AT\n@2 < OK\n~ 100ms\n~< 1s\n";
            format!("{}{wait}{}{all}", way.is_open(), way.detached)
        });
    }
}

#[test]
fn the_loss_of_a_bearer_is_told_before_the_next_one_is() {
    at_each(&[], |way| {
        let again = way.open.trim_start_matches("AT");
        let (lost, other) = match way.open {
            // Behind a loss they begin anew, and AT+CGACT is told of none.
            "AT+QIACT" | "AT+CIICR" | "AT+CGACT=1,1" => return String::from("> AT\n< OK\n"),
            "AT+SAPBR=1,1" | "AT+CNACT=0,1" => (way.detached.replace(OK, ""), true),
            _ => (way.detached.replace(OK, ""), false),
        };
        let up = if way.at_once == OK { way.up } else { "" };
        let second = if other { format!("@2 {lost}") } else { String::new() };
        let line = format!("> AT+CGATT=0;+CGATT=1;{again}\n{lost}< OK\n{second}~< 1s\n{up}");
        format!("{}{line}", way.is_open())
    });
}
