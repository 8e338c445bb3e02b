//! From a fault's parameters to its action: one function for each row of the table.

use crate::fault::layer::action::*;
use crate::fault::layer::kind::Args;
use crate::fault::text::link::{Direction, Links};
use crate::fault::text::pattern::Pattern;

fn pattern(a: &Args, name: &str) -> Pattern {
    a.opt_text(name).as_deref().map_or_else(Pattern::any, Pattern::from)
}

fn uart(a: &Args, direction: Direction, what: UartFault) -> Action {
    Action::Uart(Uart { port: a.opt("port"), direction, skip: a.int("skip"), what })
}

fn way(a: &Args, name: &str) -> Direction {
    Direction::named(&a.text(name))
}

pub(super) fn lose(a: &Args) -> Action {
    uart(a, way(a, "direction"), UartFault::Lose(a.int("lose")))
}

pub(super) fn garble(a: &Args) -> Action {
    uart(a, way(a, "direction"), UartFault::Garble(a.int("garble")))
}

pub(super) fn duplicate(a: &Args) -> Action {
    uart(a, way(a, "direction"), UartFault::Duplicate(a.int("duplicate")))
}

pub(super) fn hold(a: &Args) -> Action {
    uart(a, way(a, "direction"), UartFault::Hold(a.span("hold")))
}

pub(super) fn deaf(a: &Args) -> Action {
    uart(a, way(a, "deaf"), UartFault::Deaf)
}

pub(super) fn interject(a: &Args) -> Action {
    uart(a, Direction::Down, UartFault::Interject(a.text("interject").into_bytes()))
}

pub(super) fn pieces(a: &Args) -> Action {
    uart(a, way(a, "direction"), UartFault::Pieces { n: a.int("pieces"), gap: a.span("gap") })
}

pub(super) fn noise(a: &Args) -> Action {
    uart(a, Direction::Down, UartFault::Noise(a.int("noise")))
}

pub(super) fn unplug(a: &Args) -> Action {
    uart(a, Direction::Both, UartFault::Unplug(a.span("unplug")))
}

pub(super) fn line(a: &Args) -> Action {
    let line = match a.text("line").as_str() {
        "dcd" => ControlLine::Dcd,
        "dsr" => ControlLine::Dsr,
        "cts" => ControlLine::Cts,
        _ => ControlLine::Ri,
    };
    uart(a, Direction::Down, UartFault::Line { line, on: a.flag("on") })
}

fn module(a: &Args, what: ModuleFault) -> Action {
    let urc = a.has("urc").then(|| pattern(a, "urc"));
    let result = a.has("result").then(|| pattern(a, "result"));
    Action::Module(Module { command: pattern(a, "command"), urc, result, port: a.opt("port"), what })
}

pub(super) fn reset(a: &Args) -> Action {
    module(a, ModuleFault::Reset { banner: a.text("reset") == "banner", dead: a.span("dead") })
}

pub(super) fn answer(a: &Args) -> Action {
    module(a, ModuleFault::Answer { lines: a.lines("answer"), carried_out: a.flag("carried_out") })
}

pub(super) fn error(a: &Args) -> Action {
    module(a, ModuleFault::Error(a.int("error")))
}

pub(super) fn late(a: &Args) -> Action {
    module(a, ModuleFault::Late(a.span("late")))
}

pub(super) fn swallow(a: &Args) -> Action {
    module(a, ModuleFault::Swallow { carried_out: a.text("swallow") == "answer" })
}

pub(super) fn say(a: &Args) -> Action {
    module(a, ModuleFault::Say(a.text("say")))
}

pub(super) fn force(a: &Args) -> Action {
    module(a, ModuleFault::Force(a.int("force")))
}

pub(super) fn signal(a: &Args) -> Action {
    Action::Bearer(Bearer::Signal { rssi: a.int("signal"), ber: a.int("ber") })
}

pub(super) fn registration(a: &Args) -> Action {
    Action::Bearer(Bearer::Registration(registration_number(&a.text("registration"))))
}

/// The `+CREG` status of a word of [`REGISTRATION`]; 0 where there is no such word.
pub fn registration_number(word: &str) -> u8 {
    REGISTRATION.iter().position(|w| *w == word).and_then(|n| u8::try_from(n).ok()).unwrap_or(0)
}

pub(super) fn pdp_drop(a: &Args) -> Action {
    Action::Bearer(Bearer::PdpDrop(a.opt("pdp_drop")))
}

pub(super) fn sim(_: &Args) -> Action {
    Action::Bearer(Bearer::SimOut)
}

fn link(a: &Args, direction: Direction, what: LinkFault) -> Action {
    Action::Link(OnLink { links: Links::named(&a.text("link")), direction, what })
}

pub(super) fn stall(a: &Args) -> Action {
    link(a, way(a, "stall"), LinkFault::Stall)
}

pub(super) fn cut(a: &Args) -> Action {
    link(a, Direction::Both, LinkFault::Cut { reset: a.text("cut") == "rst" })
}

pub(super) fn latency(a: &Args) -> Action {
    link(a, way(a, "direction"), LinkFault::Latency { by: a.span("latency"), jitter: a.span("jitter") })
}

pub(super) fn rate(a: &Args) -> Action {
    link(a, way(a, "direction"), LinkFault::Rate(a.int("rate")))
}

pub(super) fn corrupt(a: &Args) -> Action {
    link(a, way(a, "direction"), LinkFault::Corrupt(a.int("corrupt")))
}

pub(super) fn loss(a: &Args) -> Action {
    let what = LinkFault::Loss { probability: a.float("loss"), retransmit: a.span("retransmit") };
    link(a, way(a, "direction"), what)
}

pub(super) fn datagram(a: &Args) -> Action {
    let what = match a.text("datagram").as_str() {
        "lost" => LinkFault::DatagramLost,
        _ => LinkFault::DatagramTwice,
    };
    Action::Link(OnLink { links: Links::Socket, direction: way(a, "direction"), what })
}

fn name(a: &Args, host: &str, what: NameFault) -> Action {
    Action::Name(Name { host: pattern(a, host), port: a.opt("to_port"), what })
}

pub(super) fn nxdomain(a: &Args) -> Action {
    name(a, "nxdomain", NameFault::NoSuchName)
}

pub(super) fn dns_silence(a: &Args) -> Action {
    name(a, "dns_silence", NameFault::DnsSilence)
}

pub(super) fn resolve(a: &Args) -> Action {
    name(a, "host", NameFault::Resolve(a.address("resolve")))
}

pub(super) fn refused(a: &Args) -> Action {
    name(a, "refused", NameFault::Refused)
}

pub(super) fn connect_silence(a: &Args) -> Action {
    name(a, "connect_silence", NameFault::ConnectSilence)
}

pub(super) fn unreachable(a: &Args) -> Action {
    name(a, "unreachable", NameFault::Unreachable)
}

pub(super) fn tls_fails(a: &Args) -> Action {
    name(a, "tls_fails", NameFault::TlsFails)
}

fn ftp(a: &Args, what: FtpFault) -> Action {
    Action::Ftp(Ftp { verb: pattern(a, "verb"), file: pattern(a, "file"), what })
}

fn scripted(a: &Args, code: &str) -> Scripted {
    let then = match a.text("then").as_str() {
        "close" => Then::Close,
        "reset" => Then::Reset,
        _ => Then::Stay,
    };
    Scripted { code: a.int(code), text: a.opt_text("text"), late: a.span("late"), then }
}

pub(super) fn reply(a: &Args) -> Action {
    ftp(a, FtpFault::Reply(scripted(a, "reply")))
}

pub(super) fn relabel(a: &Args) -> Action {
    ftp(a, FtpFault::Relabel(scripted(a, "relabel")))
}

pub(super) fn malformed(a: &Args) -> Action {
    ftp(a, FtpFault::Malformed(a.text("malformed")))
}

pub(super) fn late_reply(a: &Args) -> Action {
    ftp(a, FtpFault::Late(a.span("late_reply")))
}

pub(super) fn no_reply(a: &Args) -> Action {
    ftp(a, FtpFault::Silent { carried_out: a.flag("carried_out") })
}

pub(super) fn stop(a: &Args) -> Action {
    let (after, reset) = (a.int("stop"), a.text("cut") == "rst");
    ftp(a, FtpFault::Stop { after, reset, reply: scripted(a, "code") })
}

pub(super) fn hang_up(a: &Args) -> Action {
    ftp(a, FtpFault::Speak(scripted(a, "hang_up")))
}

pub(super) fn speak(a: &Args) -> Action {
    ftp(a, FtpFault::Speak(scripted(a, "speak")))
}

pub(super) fn pasv_address(a: &Args) -> Action {
    ftp(a, FtpFault::PassiveAddress { address: a.address("pasv_address"), port: a.opt("pasv_port") })
}

pub(super) fn pasv_unserved(a: &Args) -> Action {
    let how = match a.text("pasv_unserved").as_str() {
        "silent" => Unserved::Silent,
        "refused" => Unserved::Refused,
        _ => Unserved::Stalled,
    };
    ftp(a, FtpFault::PassiveUnserved(how))
}

fn storage(a: &Args, file: &str, op: Ops, after: Option<u64>) -> Storage {
    Storage { file: pattern(a, file), op, after, code: a.int("code"), vanishes: false }
}

pub(super) fn full(a: &Args) -> Action {
    Action::Storage(storage(a, "file", Ops::Only(StorageOp::Write), a.opt("full")))
}

pub(super) fn denied(a: &Args) -> Action {
    Action::Storage(storage(a, "denied", Ops::named(&a.text("op")), None))
}

pub(super) fn vanish(a: &Args) -> Action {
    let when = storage(a, "file", Ops::named(&a.text("op")), a.opt("vanish"));
    Action::Storage(Storage { vanishes: true, ..when })
}
