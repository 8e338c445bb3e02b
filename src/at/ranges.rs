//! The ranges that the answer to `=?` tells (V.250 section 5.7.3): `+X: (0-2),(0,1)`.

use super::{ArgError, Arguments};
use std::ops::RangeInclusive;

/// What one parameter may be; `None` where it is not told in numbers.
type Values = Option<Vec<RangeInclusive<i64>>>;

/// Reads the arguments of a write command by the line that its test command prints: as they were typed, but for
/// numbers, which lose their quotation marks and leading zeros. What the line does not tell in numbers is not checked.
///
/// # Errors
/// [`ArgError::Syntax`] where there should be a number, [`ArgError::Range`] where it is another, and
/// [`ArgError::Extra`] where the line tells of numbers alone, and of fewer.
pub fn read(told: &str, arguments: &str) -> Result<String, ArgError> {
    let (_, told) = told.split_once(':').unwrap_or_default();
    let parameters: Vec<Values> = split(told).into_iter().map(|item| values(inside(item)?)).collect();
    if parameters.iter().all(Option::is_none) {
        return Ok(arguments.to_owned());
    }
    let mut read: Vec<String> = split(arguments).into_iter().map(str::to_owned).collect();
    let parsed = Arguments::parse(arguments)?.0;
    if parsed.len() > parameters.len() && parameters.iter().all(Option::is_some) {
        return Err(ArgError::Extra);
    }
    for ((values, arg), read) in parameters.into_iter().zip(parsed).zip(&mut read) {
        let Some(values) = values.filter(|_| !arg.text.is_empty()) else { continue };
        let number: i64 = arg.text.parse().map_err(|_| ArgError::Syntax)?;
        if !values.iter().any(|range| range.contains(&number)) {
            return Err(ArgError::Range);
        }
        *read = number.to_string();
    }
    Ok(read.join(","))
}

/// The parts between the commas that stand in no brackets and no quotation.
pub fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted) = (0, false);
    let between = |c: char| {
        match c {
            '"' => quoted = !quoted,
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0 && !quoted
    };
    text.split(between).map(str::trim).collect()
}

fn inside(item: &str) -> Option<&str> {
    item.strip_prefix('(')?.strip_suffix(')')
}

/// `0-2,5`, or `0-off,(1-on)` with a word behind each number.
fn values(list: &str) -> Values {
    split(list).into_iter().map(|item| one(inside(item).unwrap_or(item))).collect()
}

fn one(item: &str) -> Option<RangeInclusive<i64>> {
    let (first, last) = item.split_once('-').unwrap_or((item, item));
    let first = first.parse().ok()?;
    Some(first..=last.parse().unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_checked_where_they_are_told() {
        use ArgError::{Extra, Range, Syntax};
        const CNMI: &str = "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)";
        const CNMP: &str = "+CNMP: ((2-Automatic),(13-GSM Only),(38-LTE Only))";
        for (told, arguments, expected) in [
            ("+CMGF: (0-1)", "1", Ok("1")),
            ("+CMGF: (0-1)", "01", Ok("1")),
            ("+CMGF: (0-1)", "\"0\"", Ok("0")),
            ("+CMGF: (0-1)", "5", Err(Range)),
            ("+CMGF: (0-1)", "text", Err(Syntax)),
            ("+CMGF: (0-1)", "1,7", Err(Extra)),
            (CNMI, "2,1,0,0,0", Ok("2,1,0,0,0")),
            (CNMI, "\"2\",,2", Ok("2,,2")),
            (CNMI, "2,1,1", Err(Range)),
            (CNMP, "13", Ok("13")),
            (CNMP, "14", Err(Range)),
            ("+CMNB: (1-CAT-M,2-NB-IOT)", "2", Ok("2")),
            ("+CMNB: (1-CAT-M,2-NB-IOT)", "3", Err(Range)),
            ("+CLTS: \"yy/MM/dd\"", "1", Ok("1")),
            ("+CBC: (0-2),(voltage)", "0,4", Ok("0,4")),
            ("+CDNSCFG: (\"a, b\"),(\"c\")", "1.2.3.4", Ok("1.2.3.4")),
            ("SHUT OK", "9", Ok("9")),
        ] {
            assert_eq!(read(told, arguments).as_deref(), expected.as_ref().copied(), "{told} {arguments}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_checked(told in "\\PC{0,30}|\\+X: [0-9(),\"-]{0,20}", arguments in "\\PC{0,20}") {
            let _ = read(&told, &arguments);
        }
    }
}
