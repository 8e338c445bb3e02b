//! 1.2.4 to 1.2.10 and 1.2.12 to 1.2.14: operations without a data connection.

use super::{DONE, FAILED, Fibocom, Name, Session, code};
use crate::at::octets::octets_of;
use crate::ftp::{self, Failure, Op};
use crate::modem::{Cx, Reply};

/// What an operation without a data connection prints before its result.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Nothing,
    Path,
    Text,
}

/// The longest path that 1.2.7 prints, in octets.
const LONGEST: usize = 255;

impl Fibocom {
    fn ask(&mut self, cx: &mut Cx, op: Op, answer: Answer) -> Reply {
        let name = cx.name.to_string();
        match self.start(cx, op, Session::Asking { name, answer }) {
            Reply::Ok => cx.reply_with(cx.name, DONE),
            refused => refused,
        }
    }
}

/// Prints the result of an operation, and before it what the server told.
pub(super) fn report(cx: &mut Cx, name: &str, answer: Answer, result: Result<ftp::Reply, Failure>) {
    match (&result, answer) {
        // 1.2.7
        (Ok(reply), Answer::Path) => match reply.path() {
            Some(path) if octets_of(&path).len() > LONGEST => return cx.end(name, FAILED),
            Some(path) => cx.end(name, format_args!("2,\"{path}\"")),
            None => {}
        },
        // 1.2.12, 1.2.13
        (Ok(reply), Answer::Text) => cx.end(name, format_args!("2,{}", text(reply))),
        _ => {}
    }
    cx.end(name, code(&result));
}

/// The text of a reply, line by line, without its code.
fn text(reply: &ftp::Reply) -> String {
    let code = reply.code.to_string();
    let bare = |line: &String| {
        let rest = line.strip_prefix(&code).and_then(|rest| rest.strip_prefix([' ', '-']));
        rest.unwrap_or(line).to_string()
    };
    reply.lines.iter().map(bare).collect::<Vec<_>>().join("\n")
}

/// 1.2.4
pub(super) fn cwd(m: &mut Fibocom, cx: &mut Cx, (path,): (Name,)) -> Reply {
    m.ask(cx, Op::Cwd(path.into_string()), Answer::Nothing)
}

/// 1.2.5
pub(super) fn mkd(m: &mut Fibocom, cx: &mut Cx, (path,): (Name,)) -> Reply {
    m.ask(cx, Op::Mkd(path.into_string()), Answer::Nothing)
}

/// 1.2.6
pub(super) fn rmd(m: &mut Fibocom, cx: &mut Cx, (path,): (Name,)) -> Reply {
    m.ask(cx, Op::Rmd(path.into_string()), Answer::Nothing)
}

/// 1.2.7
pub(super) fn pwd(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    m.ask(cx, Op::Pwd, Answer::Path)
}

/// 1.2.8
pub(super) fn cdup(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    m.ask(cx, Op::Cdup, Answer::Nothing)
}

/// 1.2.9
pub(super) fn del(m: &mut Fibocom, cx: &mut Cx, (path,): (Name,)) -> Reply {
    m.ask(cx, Op::Dele(path.into_string()), Answer::Nothing)
}

/// 1.2.10
pub(super) fn ren(m: &mut Fibocom, cx: &mut Cx, (from, to): (Name, Name)) -> Reply {
    let op = Op::Rename { from: from.into_string(), to: to.into_string() };
    m.ask(cx, op, Answer::Nothing)
}

/// 1.2.12
pub(super) fn stat(m: &mut Fibocom, cx: &mut Cx, (path,): (Name,)) -> Reply {
    m.ask(cx, Op::Stat(Some(path.into_string())), Answer::Text)
}

pub(super) fn stat_session(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    m.ask(cx, Op::Stat(None), Answer::Text)
}

/// 1.2.13
pub(super) fn syst(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    m.ask(cx, Op::Syst, Answer::Text)
}

/// 1.2.14
pub(super) fn noop(m: &mut Fibocom, cx: &mut Cx) -> Reply {
    m.ask(cx, Op::Noop, Answer::Nothing)
}
