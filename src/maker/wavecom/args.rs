//! 2.2: a line that cannot be read is ERROR, a parameter that cannot be has the number of its kind.

use crate::at::{ArgError, Arguments, FromArg, Int, Text};
use crate::modem::{Cx, Reply};
use std::ops::RangeInclusive;

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// For a cause of chapter 9.
    Code(u16),
    /// For its parameters.
    Arguments(ArgError),
}

impl From<u16> for Refusal {
    fn from(code: u16) -> Self {
        Refusal::Code(code)
    }
}

impl From<ArgError> for Refusal {
    fn from(error: ArgError) -> Self {
        Refusal::Arguments(error)
    }
}

/// The reply to a command that may be refused.
pub fn reply(cx: &Cx, result: Result<Reply, Refusal>) -> Reply {
    match result {
        Ok(reply) => reply,
        Err(Refusal::Code(code)) => Reply::Cme(code),
        Err(Refusal::Arguments(error)) => cx.refuse(error),
    }
}

/// The number at a place; outside the range it is `code`.
pub fn number<T: TryFrom<i64>>(
    args: &Arguments,
    place: usize,
    range: RangeInclusive<i64>,
    code: u16,
) -> Result<T, Refusal> {
    match Int::<{ i64::MIN }, { i64::MAX }>::from_arg(args.0.get(place)).map(Int::get) {
        Ok(n) if range.contains(&n) => n.try_into().map_err(|_| code.into()),
        Ok(_) | Err(ArgError::Range) => Err(code.into()),
        Err(error) => Err(error.into()),
    }
}

/// The text at a place; one that is too long is `code`.
pub fn text<const MAX: usize>(args: &Arguments, place: usize, code: u16) -> Result<String, Refusal> {
    match Text::<MAX>::from_arg(args.0.get(place)) {
        Ok(text) => Ok(text.into_string()),
        Err(ArgError::TooLong) => Err(code.into()),
        Err(error) => Err(error.into()),
    }
}

/// Whether something was typed at a place.
pub fn given(args: &Arguments, place: usize) -> bool {
    args.0.get(place).is_some_and(|arg| arg.quoted || !arg.text.is_empty())
}

/// Whether a number was typed at a place, with a sign or not, in quotation marks or not.
pub fn is_number(args: &Arguments, place: usize) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    args.0.get(place).is_some_and(|arg| digits(arg.text.strip_prefix('-').unwrap_or(&arg.text)))
}

/// Whether a number was typed at a place without quotation marks, which a text has.
pub fn is_bare_number(args: &Arguments, place: usize) -> bool {
    is_number(args, place) && !args.0[place].quoted
}

/// No more than `count` arguments.
pub fn at_most(args: &Arguments, count: usize) -> Result<(), Refusal> {
    match (count..args.0.len()).any(|place| given(args, place)) {
        true => Err(ArgError::Extra.into()),
        false => Ok(()),
    }
}
