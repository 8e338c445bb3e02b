//! The FTP dialogue.

use super::Faults;
use crate::fault::{self, PassiveVerdict, ReplyVerdict, Scripted, Stop, Unserved, VerbVerdict};
use crate::ftp::Reply;
use crate::gate::{CommandVerdict, Cut, GateFaults, Passive, Speech, Then, Words};
use crate::time::Now;

#[derive(Debug)]
pub(super) struct Dialogue(pub Faults);

/// What a rule has the server say: `real` lends its text where the rule has none.
pub(crate) fn speech(scripted: &Scripted, real: Option<&Reply>) -> Speech {
    let text = match (&scripted.text, real) {
        (Some(text), _) => text,
        (None, Some(real)) => real.text(),
        (None, None) => usual(scripted.code),
    };
    let then = match scripted.then {
        fault::Then::Stay => Then::Stay,
        fault::Then::Close => Then::Close,
        fault::Then::Reset => Then::Reset,
    };
    Speech { delay: scripted.late, then, ..Speech::reply(scripted.code, text) }
}

/// What servers say with a code (RFC 959 section 4.2).
fn usual(code: u16) -> &'static str {
    match code {
        110 => "Restart marker reply.",
        120 => "Service ready in a few minutes.",
        125 => "Data connection already open; transfer starting.",
        150 => "File status okay; about to open data connection.",
        200 => "Command okay.",
        220 => "Service ready.",
        221 => "Goodbye.",
        226 => "Transfer complete.",
        230 => "User logged in.",
        250 => "Requested file action okay.",
        331 => "User name okay, need password.",
        350 => "Requested file action pending further information.",
        421 => "Service not available, closing control connection.",
        425 => "Can't open data connection.",
        426 => "Connection closed; transfer aborted.",
        430 => "Invalid username or password.",
        450 => "Requested file action not taken: file unavailable.",
        451 => "Requested action aborted: local error in processing.",
        452 => "Requested action not taken: insufficient storage space.",
        500 => "Syntax error, command unrecognized.",
        501 => "Syntax error in parameters or arguments.",
        502 => "Command not implemented.",
        503 => "Bad sequence of commands.",
        504 => "Command not implemented for that parameter.",
        530 => "Not logged in.",
        532 => "Need account for storing files.",
        550 => "Requested action not taken: file unavailable.",
        551 => "Requested action aborted: page type unknown.",
        552 => "Requested file action aborted: exceeded storage allocation.",
        553 => "Requested action not taken: file name not allowed.",
        100..=399 => "Okay.",
        _ => "Failed.",
    }
}

fn silence() -> Speech {
    Speech { words: Words::Nothing, ..Speech::real() }
}

impl GateFaults for Dialogue {
    fn command(&mut self, now: Now, verb: &str, argument: &str) -> CommandVerdict {
        match self.0.ask(|engine| engine.verb(now, verb, argument)) {
            None => return CommandVerdict::Pass,
            Some(VerbVerdict::Pass) => {}
            Some(VerbVerdict::Reply(scripted)) => return CommandVerdict::Instead(speech(&scripted, None)),
            Some(VerbVerdict::Swallow) => return CommandVerdict::Instead(silence()),
            Some(VerbVerdict::Stop(Stop { after, reset, reply })) => {
                return CommandVerdict::Cut(Cut { after, reset, speech: speech(&reply, None) });
            }
        }
        if !matches!(verb, "PASV" | "EPSV") {
            return CommandVerdict::Pass;
        }
        match self.0.ask(|engine| engine.passive(now)) {
            None | Some(PassiveVerdict::Pass) => CommandVerdict::Pass,
            Some(PassiveVerdict::Address { address, port }) => {
                CommandVerdict::Passive(Passive::Wrong(address, port))
            }
            Some(PassiveVerdict::Unserved(how)) => CommandVerdict::Passive(match how {
                Unserved::Silent => Passive::Silence,
                Unserved::Refused => Passive::Refuse,
                Unserved::Stalled => Passive::Stall,
            }),
        }
    }

    fn reply(&mut self, now: Now, verb: &str, argument: &str, real: &Reply) -> Speech {
        let verdict = self.0.ask(|engine| engine.reply(now, verb, argument, real.code));
        match verdict {
            None | Some(ReplyVerdict::Pass) => Speech::real(),
            Some(ReplyVerdict::Instead(scripted)) => speech(&scripted, Some(real)),
            Some(ReplyVerdict::Malformed(line)) => {
                Speech { words: Words::Raw(format!("{line}\r\n").into()), ..Speech::real() }
            }
            Some(ReplyVerdict::Late(delay)) => Speech { delay, ..Speech::real() },
            Some(ReplyVerdict::Swallow) => silence(),
        }
    }
}
