//! How a command is declared: one table gives dispatch, `=?`, `badline list commands` and the docs.

use super::{Cx, DataMode, Sink};
use crate::at::args::Grammar;
use crate::at::{Arguments, FromArg, FromArgs, Secret};
use std::fmt::Display;

/// What a handler answers with.
#[derive(Debug)]
pub enum Reply {
    /// `OK`, and the next command of the line.
    Ok,
    /// `ERROR`.
    Error,
    /// `+CME ERROR`, as `+CMEE` has it.
    Cme(u16),
    /// `+CMS ERROR`, as `+CMEE` has it.
    Cms(u16),
    /// `NO CARRIER`.
    NoCarrier,
    /// The final result code comes later, through [`Cx::finish`].
    Pending,
    /// A code of the maker's in the place of `OK`: `SHUT OK`.
    Own(&'static str),
    /// No result code: the answer ends with this line of information text.
    Line(String),
    /// No answer, or none any more: what there is to say comes unasked.
    Silent,
    /// The port goes into data mode; [`Maker::on_data_end`](super::Maker::on_data_end) gives the
    /// result code when it comes back.
    Data(DataMode),
    /// The port goes back into the data mode that `+++` left (`ATO`).
    Resume,
}

impl Reply {
    /// Whether the port goes into data mode for an FTP transfer.
    pub(super) fn leads_to(&self, sink: Sink) -> bool {
        matches!(self, Reply::Data(mode) if mode.sink == sink)
    }
}

/// Whether a command does what its document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It acts.
    Acted,
    /// Some of what it sets acts; the rest is kept, and changes nothing else.
    Partly,
    /// It is answered, and changes nothing but its own value.
    Answered,
}

/// What `=?` gives.
pub enum Test<V> {
    /// An error.
    None,
    /// `OK` alone.
    Ok,
    /// The grammar of the arguments, after the command's name.
    Grammar(fn() -> String),
    /// The line that the manual prints.
    Line(&'static str),
    /// What a handler says.
    Handler(fn(&mut V, &mut Cx) -> Reply),
}

/// A write handler behind its argument types.
pub type Write<V> = fn(&mut V, &mut Cx, &Arguments) -> Reply;

/// A row of a command table.
pub struct Command<V: 'static> {
    /// The name in upper case, without `AT`.
    pub name: &'static str,
    /// `AT+X`
    pub exec: Option<fn(&mut V, &mut Cx) -> Reply>,
    /// `AT+X?`
    pub read: Option<fn(&mut V, &mut Cx) -> Reply>,
    /// `AT+X=?`
    pub test: Test<V>,
    /// `AT+X=...`
    pub write: Option<Write<V>>,
    /// Whether it acts.
    pub support: Support,
    /// The parameters that are kept out of logs and traces.
    pub secret: &'static [Secret],
}

impl<V> Command<V> {
    /// A command that has no form yet.
    pub const fn new(name: &'static str) -> Self {
        Command {
            name,
            exec: None,
            read: None,
            test: Test::None,
            write: None,
            support: Support::Acted,
            secret: &[],
        }
    }

    /// The forms that are there, as the manual writes them.
    pub fn forms(&self) -> Vec<&'static str> {
        let mut forms = vec![];
        if self.exec.is_some() {
            forms.push("exec");
        }
        if self.read.is_some() {
            forms.push("read");
        }
        if self.write.is_some() {
            forms.push("write");
        }
        if !matches!(self.test, Test::None) {
            forms.push("test");
        }
        forms
    }
}

/// Reads the arguments and calls the handler, or gives the profile's error for them.
pub fn call<V, A: FromArgs>(
    handler: fn(&mut V, &mut Cx, A) -> Reply,
    maker: &mut V,
    cx: &mut Cx,
    args: &Arguments,
) -> Reply {
    match A::from_args(args) {
        Ok(args) => handler(maker, cx, args),
        Err(error) => cx.refuse(error),
    }
}

/// The grammar of a handler's arguments.
pub fn grammar<V, A: FromArgs>(_: fn(&mut V, &mut Cx, A) -> Reply) -> String {
    Grammar::<A>::default().to_string()
}

/// The grammar of a setting.
pub fn grammar_of<V, T: FromArg>(_: fn(&mut V) -> &mut T) -> String {
    Grammar::<(T,)>::default().to_string()
}

/// Writes a setting.
pub fn set<T: FromArg>(value: &mut T, cx: &mut Cx, args: &Arguments) -> Reply {
    match <(T,)>::from_args(args) {
        Ok((new,)) => {
            *value = new;
            Reply::Ok
        }
        Err(error) => cx.refuse(error),
    }
}

/// Prints a setting.
pub fn show<T: Display>(value: &T, cx: &mut Cx) -> Reply {
    cx.info(value);
    Reply::Ok
}

/// A command table. A row is a setting, `"+X" [field.of.the.maker]`, whose type gives all forms
/// (`[field; secret]` for one that is not logged, `[field; untold]` for one whose `=?` says OK and
/// no more, `[field; secret, untold]`, `[field; answered]` for one that changes nothing else), or
/// behaviour, `"+X" { write: handler, read: handler, exec: handler, test: ... }`.
///
/// `number: handler` is V.250's basic syntax: a number that is 0 where it is left out (section 5.3.1).
///
/// `test` is `ok`, `none`, a line of the manual, or a handler; with `write` and without `test` it
/// prints the grammar of the handler's argument types. `support: Answered` marks a command that
/// is only answered, `secret: (3)` a parameter that is not logged, by its place; `secret: (4 unless 1 in
/// ["2", "5"])` one that is not secret where another has a certain value ([`Secret`]).
#[macro_export]
#[doc(hidden)]
macro_rules! commands {
    ($v:ty; $($name:literal $body:tt),* $(,)?) => {
        &[$($crate::command_row!($v, $name, $body)),*]
    };
}

/// One row of [`commands!`].
#[macro_export]
#[doc(hidden)]
macro_rules! command_row {
    ($v:ty, $name:literal, [$($path:ident).+; secret $(, $more:ident)?]) => {{
        let mut row = $crate::command_row!($v, $name, [$($path).+ $(; $more)?]);
        row.secret = &[$crate::at::Secret { place: 1, unless: &[] }];
        row
    }};
    ($v:ty, $name:literal, [$($path:ident).+; untold]) => {{
        let mut row = $crate::command_row!($v, $name, [$($path).+]);
        row.test = $crate::modem::command::Test::Ok;
        row
    }};
    ($v:ty, $name:literal, [$($path:ident).+; answered]) => {{
        let mut row = $crate::command_row!($v, $name, [$($path).+]);
        row.support = $crate::modem::command::Support::Answered;
        row
    }};
    ($v:ty, $name:literal, [$($path:ident).+]) => {{
        let mut row = $crate::modem::command::Command::<$v>::new($name);
        row.read = Some(|m, cx| $crate::modem::command::show(&m.$($path).+, cx));
        row.write = Some(|m, cx, args| $crate::modem::command::set(&mut m.$($path).+, cx, args));
        row.test = $crate::modem::command::Test::Grammar(|| {
            $crate::modem::command::grammar_of(|m: &mut $v| &mut m.$($path).+)
        });
        row
    }};
    ($v:ty, $name:literal, {$($form:ident: $what:tt),* $(,)?}) => {{
        let mut row = $crate::modem::command::Command::<$v>::new($name);
        $($crate::command_form!(row, $v, $form, $what);)*
        row
    }};
}

/// One form of a row of [`commands!`].
#[macro_export]
#[doc(hidden)]
macro_rules! command_form {
    ($row:ident, $v:ty, write, $f:tt) => {
        $row.write = Some(|m, cx, args| $crate::modem::command::call($f, m, cx, args));
        if matches!($row.test, $crate::modem::command::Test::None) {
            $row.test =
                $crate::modem::command::Test::Grammar(|| $crate::modem::command::grammar::<$v, _>($f));
        }
    };
    ($row:ident, $v:ty, number, $f:tt) => {
        $row.write = Some(|m, cx, args| $crate::modem::command::call($f, m, cx, args));
        $row.exec = Some(|m, cx| $f(m, cx, ($crate::at::Int::new(0),)));
    };
    ($row:ident, $v:ty, exec, $f:tt) => {
        $row.exec = Some($f);
    };
    ($row:ident, $v:ty, read, $f:tt) => {
        $row.read = Some($f);
    };
    ($row:ident, $v:ty, test, ok) => {
        $row.test = $crate::modem::command::Test::Ok;
    };
    ($row:ident, $v:ty, test, none) => {
        $row.test = $crate::modem::command::Test::None;
    };
    ($row:ident, $v:ty, test, $line:literal) => {
        $row.test = $crate::modem::command::Test::Line($line);
    };
    ($row:ident, $v:ty, test, $f:tt) => {
        $row.test = $crate::modem::command::Test::Handler($f);
    };
    ($row:ident, $v:ty, support, $what:ident) => {
        $row.support = $crate::modem::command::Support::$what;
    };
    ($row:ident, $v:ty, secret, ($($place:literal $(unless $of:literal in $values:tt)*),+)) => {
        $row.secret = &[$($crate::at::Secret { place: $place, unless: &[$(($of, &$values)),*] }),+];
    };
}
