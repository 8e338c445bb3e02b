//! 3: the settings that a session of FTP follows.

use crate::at::args::Arg;
use crate::at::{ArgError, FromArg, Int, Text};
use crate::words;
use std::fmt;
use std::ops::Deref;

words! {
    /// `AT+FTPTYPE`.
    pub(super) enum FileType { Ascii = "A", Binary = "I" }
}

words! {
    /// `AT+FTPPUTOPT`.
    pub(super) enum PutOption { Append = "APPE", Unique = "STOU", Store = "STOR" }
}

/// An argument of an FTP command: text in which no line ends, and no octet is 0 (RFC 959 section 5.3.1).
#[derive(Default)]
pub(super) struct Argument<const MAX: usize>(Text<MAX>);

impl<const MAX: usize> Argument<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<const MAX: usize> FromArg for Argument<MAX> {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        let text = Text::from_arg(arg)?;
        if text.contains(['\r', '\n', '\0']) { Err(ArgError::Syntax) } else { Ok(Argument(text)) }
    }
    fn grammar(f: &mut fmt::Formatter) -> fmt::Result {
        Text::<MAX>::grammar(f)
    }
}

impl<const MAX: usize> fmt::Display for Argument<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MAX: usize> Deref for Argument<MAX> {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

/// The settings of chapter 3.
pub(super) struct Parameters {
    pub cid: Int<0, 3>,
    pub port: Int<1, 65535>,
    pub mode: Int<0, 1>,
    pub file_type: FileType,
    pub put_option: PutOption,
    pub rest: u32,
    pub server: Text<49>,
    pub user: Argument<49>,
    pub password: Argument<49>,
    pub get_name: Argument<99>,
    pub get_path: Argument<255>,
    pub put_name: Argument<99>,
    pub put_path: Argument<255>,
}

impl Parameters {
    /// As at power-on, over the first bearer.
    pub fn new(first_bearer: u8) -> Parameters {
        Parameters {
            cid: Int::new(i64::from(first_bearer)),
            port: Int::new(21),
            mode: Int::new(1),
            file_type: FileType::Binary,
            put_option: PutOption::Store,
            rest: 0,
            server: Text::default(),
            user: Argument::default(),
            password: Argument::default(),
            get_name: Argument::default(),
            get_path: Argument::default(),
            put_name: Argument::default(),
            put_path: Argument::default(),
        }
    }
}
