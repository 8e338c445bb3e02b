//! Typed arguments: the parameters of ITU-T V.250 section 5.4.2, from text to the types that a
//! handler's signature names. The type is the grammar: `=?` prints it.

use super::octets::{octets_of, text_of};
use std::fmt;

/// One argument as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// The text, without quotation marks and with escapes resolved.
    pub text: String,
    /// Whether it stood in quotation marks.
    pub quoted: bool,
    /// The text between its quotation marks as it was typed, where it holds a backslash: a path that DOS would know
    /// has no escapes.
    pub typed: Option<String>,
}

impl Arg {
    /// The text without its escapes resolved.
    pub fn literal(&self) -> &str {
        self.typed.as_deref().unwrap_or(&self.text)
    }
}

/// The arguments of a write command, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(pub Vec<Arg>);

/// Why arguments are not what a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ArgError {
    /// The text is no list of arguments, or a value has the wrong type.
    #[error("this is no list of arguments, or a value has the wrong type")]
    Syntax,
    /// A mandatory argument is missing.
    #[error("a mandatory argument is missing")]
    Missing,
    /// More arguments than the command takes.
    #[error("there are more arguments than the command takes")]
    Extra,
    /// A number outside its range.
    #[error("a number is outside its range")]
    Range,
    /// A string over its length.
    #[error("a string is longer than it may be")]
    TooLong,
}

impl Arguments {
    /// Splits at commas outside quotations. A blank before or after an argument does not count, a
    /// backslash and two hexadecimal digits inside a quotation are one octet (V.250 section 5.4.2.2).
    ///
    /// # Errors
    /// [`ArgError::Syntax`] where text stands beside a quotation.
    pub fn parse(text: &str) -> Result<Arguments, ArgError> {
        let mut list = vec![];
        let mut rest = text;
        loop {
            let (arg, tail) = one(rest.trim_start())?;
            list.push(arg);
            match tail.trim_start().strip_prefix(',') {
                Some(tail) => rest = tail,
                None => return Ok(Arguments(list)),
            }
        }
    }
}

fn one(text: &str) -> Result<(Arg, &str), ArgError> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        let bare = text[..end].trim_end();
        if bare.contains('"') {
            return Err(ArgError::Syntax);
        }
        return Ok((Arg { text: bare.into(), quoted: false, typed: None }, &text[end..]));
    };
    let end = inside.find('"').ok_or(ArgError::Syntax)?;
    let tail = &inside[end + 1..];
    if !matches!(tail.trim_start().chars().next(), None | Some(',')) {
        return Err(ArgError::Syntax);
    }
    let inside = &inside[..end];
    let typed = inside.contains('\\').then(|| inside.to_owned());
    Ok((Arg { text: unescape(inside), quoted: true, typed }, tail))
}

fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.into();
    }
    let bytes = octets_of(text);
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let octet = (bytes[i] == b'\\')
            .then(|| bytes.get(i + 1..i + 3))
            .flatten()
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit))
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match octet {
            Some(octet) => {
                out.push(octet);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    text_of(&out)
}

/// A type that one argument can have.
pub trait FromArg: Sized {
    /// Reads the argument; `None` where nothing was typed at its place.
    ///
    /// # Errors
    /// The [`ArgError`] that tells what is wrong with it.
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError>;

    /// Writes what `=?` tells of the argument: `(0-1)`, or nothing for text.
    fn grammar(f: &mut fmt::Formatter) -> fmt::Result;
}

/// The types that the arguments of a command have together.
pub trait FromArgs: Sized {
    /// Reads them all.
    ///
    /// # Errors
    /// The first [`ArgError`] met, from left to right.
    fn from_args(args: &Arguments) -> Result<Self, ArgError>;

    /// Writes what `=?` tells of them.
    fn grammar(f: &mut fmt::Formatter) -> fmt::Result;
}

/// A number from `LO` to `HI`, quoted or bare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int<const LO: i64, const HI: i64>(i64);

impl<const LO: i64, const HI: i64> Int<LO, HI> {
    /// The number, cut to the range.
    pub const fn new(value: i64) -> Self {
        Int(if value < LO {
            LO
        } else if value > HI {
            HI
        } else {
            value
        })
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The number as a size; a negative one is 0.
    pub fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(0)
    }
}

impl<const LO: i64, const HI: i64> fmt::Display for Int<LO, HI> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn number(arg: Option<&Arg>, lo: i64, hi: i64) -> Result<i64, ArgError> {
    let text = match arg {
        None => return Err(ArgError::Missing),
        Some(arg) if arg.text.is_empty() => return Err(ArgError::Missing),
        Some(arg) => arg.text.trim(),
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ArgError::Syntax);
    }
    text.parse().ok().filter(|n| (lo..=hi).contains(n)).ok_or(ArgError::Range)
}

impl<const LO: i64, const HI: i64> FromArg for Int<LO, HI> {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        number(arg, LO, HI).map(Int)
    }
    fn grammar(f: &mut fmt::Formatter) -> fmt::Result {
        if LO == HI { write!(f, "({LO})") } else { write!(f, "({LO}-{HI})") }
    }
}

macro_rules! plain_int {
    ($($t:ty),*) => {$(
        impl FromArg for $t {
            fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
                number(arg, 0, i64::from(<$t>::MAX)).and_then(|n| n.try_into().map_err(|_| ArgError::Range))
            }
            fn grammar(f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "(0-{})", <$t>::MAX)
            }
        }
    )*};
}
plain_int!(u8, u16, u32);

/// Text of at most `MAX` octets, quoted or bare. It is printed as it can be typed, in quotation marks and with escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text, if it is short enough.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        Some(Text(text.into())).filter(|t| octets_of(&t.0).len() <= MAX)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAX: usize> std::ops::Deref for Text<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        Quoted(&self.0).fmt(f)
    }
}

/// A text as it can be typed again: in quotation marks, with what cannot stand there escaped.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("\"")?;
        for (i, c) in self.0.char_indices() {
            let escaped = match c {
                '"' | '\0'..'\x20' => true,
                // It would be read as the beginning of an escape.
                '\\' => {
                    self.0.as_bytes()[i + 1..].iter().take_while(|b| b.is_ascii_hexdigit()).take(2).count()
                        == 2
                }
                _ => false,
            };
            match escaped {
                true => write!(f, "\\{:02X}", u32::from(c))?,
                false => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

impl<const MAX: usize> FromArg for Text<MAX> {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        let arg = arg.ok_or(ArgError::Missing)?;
        if arg.text.is_empty() && !arg.quoted {
            return Err(ArgError::Missing);
        }
        if octets_of(&arg.text).len() > MAX { Err(ArgError::TooLong) } else { Ok(Text(arg.text.clone())) }
    }
    fn grammar(_: &mut fmt::Formatter) -> fmt::Result {
        Ok(())
    }
}

impl<T: FromArg> FromArg for Option<T> {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        match arg {
            None => Ok(None),
            Some(arg) if arg.text.is_empty() && !arg.quoted => Ok(None),
            arg => T::from_arg(arg).map(Some),
        }
    }
    fn grammar(f: &mut fmt::Formatter) -> fmt::Result {
        T::grammar(f)
    }
}

/// Declares an argument that is one of a few words, quoted or bare, in either case: an enum that
/// reads them, prints them in quotation marks and lists them for `=?`.
#[macro_export]
#[doc(hidden)]
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $type:ident { $($(#[$doc:meta])* $name:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $type { $($(#[$doc])* $name),* }

        impl $crate::at::FromArg for $type {
            fn from_arg(arg: Option<&$crate::at::args::Arg>) -> Result<Self, $crate::at::ArgError> {
                let arg = arg.ok_or($crate::at::ArgError::Missing)?;
                match arg.text.to_ascii_uppercase().as_str() {
                    $($word => Ok($type::$name),)*
                    "" => Err($crate::at::ArgError::Missing),
                    _ => Err($crate::at::ArgError::Range),
                }
            }
            fn grammar(f: &mut std::fmt::Formatter) -> std::fmt::Result {
                write!(f, "({})", [$(concat!('"', $word, '"')),*].join(","))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str(match self { $($type::$name => concat!('"', $word, '"')),* })
            }
        }
    };
}

/// Any number of arguments of any kind: for a grammar that depends on its first argument.
impl FromArgs for Arguments {
    fn from_args(args: &Arguments) -> Result<Self, ArgError> {
        Ok(args.clone())
    }
    fn grammar(_: &mut fmt::Formatter) -> fmt::Result {
        Ok(())
    }
}

/// Arguments whose handler itself says what is wrong with them.
impl<A: FromArgs> FromArgs for Result<A, ArgError> {
    fn from_args(args: &Arguments) -> Result<Self, ArgError> {
        Ok(A::from_args(args))
    }
    fn grammar(f: &mut fmt::Formatter) -> fmt::Result {
        A::grammar(f)
    }
}

macro_rules! tuple {
    ($($t:ident $i:tt),+) => {
        impl<$($t: FromArg),+> FromArgs for ($($t,)+) {
            fn from_args(args: &Arguments) -> Result<Self, ArgError> {
                let values = ($($t::from_arg(args.0.get($i))?,)+);
                let count = [$($i),+].len();
                let extra = args.0.iter().skip(count).any(|arg| arg.quoted || !arg.text.is_empty());
                if extra { Err(ArgError::Extra) } else { Ok(values) }
            }
            fn grammar(f: &mut fmt::Formatter) -> fmt::Result {
                $(
                    if $i > 0 {
                        f.write_str(",")?;
                    }
                    $t::grammar(f)?;
                )+
                Ok(())
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// Shows the grammar of a type, as `=?` prints it.
pub struct Grammar<T>(std::marker::PhantomData<T>);

impl<T> Default for Grammar<T> {
    fn default() -> Self {
        Grammar(std::marker::PhantomData)
    }
}

impl<T: FromArgs> fmt::Display for Grammar<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        T::grammar(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read<T: FromArgs>(text: &str) -> Result<T, ArgError> {
        T::from_args(&Arguments::parse(text)?)
    }

    #[test]
    fn quoted_and_bare_are_alike() {
        type Open = (Text<100>, Int<1, 65535>);
        let expected = Ok((Text("host".into()), Int(21)));
        for text in ["\"host\",21", "host,21", " \"host\" , \"21\"", "host,21,,"] {
            assert_eq!(read::<Open>(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        type Open = (Text<4>, Option<Int<1, 9>>);
        assert_eq!(read::<Open>("\"hosts\""), Err(ArgError::TooLong));
        assert_eq!(read::<Open>("host,0"), Err(ArgError::Range));
        assert_eq!(read::<Open>("host,99999999999999999999"), Err(ArgError::Range));
        assert_eq!(read::<Open>("host,x"), Err(ArgError::Syntax));
        assert_eq!(read::<Open>("host,,3"), Err(ArgError::Extra));
        assert_eq!(read::<Open>(",1"), Err(ArgError::Missing));
        assert_eq!(read::<Open>("\"a\"b"), Err(ArgError::Syntax));
        assert_eq!(read::<Open>("a\"b"), Err(ArgError::Syntax));
        assert_eq!(read::<Open>("\"\""), Ok((Text(String::new()), None)));
    }

    #[test]
    fn escapes_are_octets() {
        assert_eq!(Arguments::parse("\"a\\22\\2Cb\\zz\\\"").unwrap().0[0].text, "a\",b\\zz\\");
    }

    #[test]
    fn text_is_printed_as_it_can_be_typed() {
        let shown = |text: &str| Text::<99>::new(text).unwrap().to_string();
        assert_eq!(shown("a b,c"), "\"a b,c\"");
        assert_eq!(shown("a\"b\n"), "\"a\\22b\\0A\"");
        assert_eq!(shown("w\\0rd\\"), "\"w\\0rd\\\"");
        assert_eq!(shown("\\dead"), "\"\\5Cdead\"");
    }

    #[test]
    fn the_type_prints_its_grammar() {
        let shown = Grammar::<(Int<0, 1>, Option<Int<1, 65535>>)>::default().to_string();
        assert_eq!(shown, "(0-1),(1-65535)");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(text in "[\\x00-\\x7f]{0,12}|[a-f\\\\\"0-9]{0,12}") {
            let shown = Text::<99>::new(text.clone()).unwrap().to_string();
            prop_assert_eq!(read::<(Text<99>,)>(&shown), Ok((Text(text),)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = read::<(u8, Option<Text<10>>, Option<u32>)>(&text);
        }
    }
}
