//! Command lines (ITU-T V.250 section 5.2 to 5.4): from the body of a line to one call after another.

/// What follows a command's name (V.250 sections 5.3 and 5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// The bare name.
    Exec,
    /// `?`
    Read,
    /// `=?`
    Test,
    /// `=` and its arguments; for a basic command, what follows the name.
    Write(&'a str),
}

/// One command of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The name in upper case, without `AT`: `+CMEE`, `E`, `&F`, `S3`.
    pub name: String,
    /// Its form.
    pub form: Form<'a>,
}

/// A line that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no command can begin here, or a quotation is left open")]
pub struct SyntaxError;

/// Finds the body of a command line: what follows the first `AT`, in either case. `None` where
/// there is no `AT`, which a module ignores in silence (V.250 section 5.2.1).
pub fn body(line: &[u8]) -> Option<&[u8]> {
    let at = line.windows(2).position(|w| w.eq_ignore_ascii_case(b"AT"))?;
    Some(&line[at + 2..])
}

/// Takes the first command off the body of a command line. `Ok(None)` at its end.
///
/// # Errors
/// [`SyntaxError`] where what stands there cannot begin a command, or a quotation is left open.
pub fn next(body: &str) -> Result<Option<(Call<'_>, &str)>, SyntaxError> {
    let body = body.trim_start_matches([' ', ';']);
    match body.chars().next() {
        None => Ok(None),
        Some('+' | '*' | '^' | '$' | '#' | '@' | '!') => extended(body).map(Some),
        Some(c) if c.is_ascii_alphabetic() || "&%\\".contains(c) => basic(body).map(Some),
        Some(_) => Err(SyntaxError),
    }
}

fn extended(body: &str) -> Result<(Call<'_>, &str), SyntaxError> {
    let (this, rest) = split_off(body)?;
    let end = this[1..].find(['=', '?']).map_or(this.len(), |i| i + 1);
    let name = format!("{}{}", &this[..1], this[1..end].trim()).to_ascii_uppercase();
    let legal = |c: char| c.is_ascii_alphanumeric() || "!%-./:_".contains(c);
    if !name[1..].chars().all(legal) || name.len() < 2 {
        return Err(SyntaxError);
    }
    let form = match this[end..].trim() {
        "" => Form::Exec,
        "?" => Form::Read,
        tail => match tail.strip_prefix('=') {
            Some(value) if value.trim() == "?" => Form::Test,
            Some(value) if value.trim_start().starts_with('?') => return Err(SyntaxError),
            Some(value) => Form::Write(value.trim()),
            None => return Err(SyntaxError),
        },
    };
    Ok((Call { name, form }, rest))
}

/// Splits at the first `;` that no quotation holds.
fn split_off(body: &str) -> Result<(&str, &str), SyntaxError> {
    let mut quoted = false;
    for (i, c) in body.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => return Ok((&body[..i], &body[i + 1..])),
            _ => {}
        }
    }
    if quoted { Err(SyntaxError) } else { Ok((body, "")) }
}

/// A basic command: a letter, or a sign and a letter, and a decimal number (V.250 section 5.3.1);
/// `S` takes its register into its name; `D` takes the rest of the line.
fn basic(body: &str) -> Result<(Call<'_>, &str), SyntaxError> {
    let letter = body.find(|c: char| c.is_ascii_alphabetic()).ok_or(SyntaxError)?;
    let sign = body[..letter].trim_end_matches(' ');
    if sign.len() > 1 {
        return Err(SyntaxError);
    }
    let mut name = format!("{sign}{}", &body[letter..=letter]).to_ascii_uppercase();
    let tail = body[letter + 1..].trim_start_matches(' ');
    let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    let (number, after) = tail.split_at(digits);
    match name.as_str() {
        "D" => {
            let (dial, rest) = split_off(tail).unwrap_or((tail, ""));
            Ok((Call { name, form: Form::Write(dial.trim()) }, rest))
        }
        "S" => {
            name.push_str(if number.is_empty() { "0" } else { number });
            let after = after.trim_start_matches(' ');
            if let Some(rest) = after.strip_prefix('?') {
                return Ok((Call { name, form: Form::Read }, rest));
            }
            let value = after.strip_prefix('=').ok_or(SyntaxError)?.trim_start_matches(' ');
            if let Some(rest) = value.strip_prefix('?') {
                return Ok((Call { name, form: Form::Test }, rest));
            }
            let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
            Ok((Call { name, form: Form::Write(&value[..end]) }, &value[end..]))
        }
        _ if number.is_empty() => match after.strip_prefix('?') {
            Some(rest) => Ok((Call { name, form: Form::Read }, rest)),
            None => Ok((Call { name, form: Form::Exec }, after)),
        },
        _ => Ok((Call { name, form: Form::Write(number) }, after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(line: &str) -> Result<Vec<(String, Form<'_>)>, SyntaxError> {
        let mut rest = line;
        let mut calls = vec![];
        while let Some((call, tail)) = next(rest)? {
            calls.push((call.name, call.form));
            rest = tail;
        }
        Ok(calls)
    }

    #[test]
    fn basic_and_extended_commands_share_a_line() {
        use Form::*;
        let calls = all("e0V1 &f;+cmee=2;+CSQ;S3=13S0?I").unwrap();
        let expected = [
            ("E", Write("0")),
            ("V", Write("1")),
            ("&F", Exec),
            ("+CMEE", Write("2")),
            ("+CSQ", Exec),
            ("S3", Write("13")),
            ("S0", Read),
            ("I", Exec),
        ];
        assert_eq!(calls, expected.map(|(n, f)| (n.to_string(), f)));
    }

    #[test]
    fn blanks_and_semicolons_inside_quotations_are_kept() {
        assert_eq!(
            all("+WIPBR = 2, 6, 11, \"a; b\" ;+X=?").unwrap(),
            [("+WIPBR".into(), Form::Write("2, 6, 11, \"a; b\"")), ("+X".into(), Form::Test)]
        );
    }

    #[test]
    fn blanks_stand_between_the_parts_of_a_command() {
        let parts = [("+CSQ".into(), Form::Exec), ("&F".into(), Form::Write("0")), ("+X".into(), Form::Read)];
        assert_eq!(all(" + CSQ ; & F 0 + X ? ").unwrap(), parts);
        assert_eq!(all("& & F"), Err(SyntaxError));
    }

    #[test]
    fn what_is_no_command_is_an_error() {
        for line in ["1", "+", "+CSQ\"", "+A B=1", "=3", "S", "+CPIN=\"12", "+FTP?=1", "+X=?1", "\u{e9}"] {
            assert_eq!(all(line), Err(SyntaxError), "{line}");
        }
    }

    #[test]
    fn noise_before_at_is_skipped() {
        assert_eq!(body(b"\x00\xff\x1bAAAAaT+CSQ"), Some(&b"+CSQ"[..]));
        assert_eq!(body(b"A T"), None);
    }

    proptest! {
        #[test]
        fn any_line_ends(line in "\\PC{0,60}") {
            let mut rest = line.as_str();
            while let Ok(Some((_, tail))) = next(rest) {
                prop_assert!(tail.len() < rest.len());
                rest = tail;
            }
        }
    }
}
