//! Servers that misbehave.

use super::table::Table;
use crate::fault::{End, PassiveVerdict, ReplyVerdict, Scripted, Stop, Then, Unserved, VerbVerdict};
use crate::gate::{GateConfig, GateFaults, GateInput, Relay};
use crate::time::Now;
use std::time::Duration;

const NOTHING: [&str; 0] = [];

/// One fault for one verb.
#[derive(Debug)]
struct Fault {
    on: &'static str,
    verb: VerbVerdict,
    passive: PassiveVerdict,
    reply: ReplyVerdict,
}

const NONE: Fault =
    Fault { on: "", verb: VerbVerdict::Pass, passive: PassiveVerdict::Pass, reply: ReplyVerdict::Pass };

impl GateFaults for Fault {
    fn verb(&mut self, _: Now, verb: &str, _: &str) -> VerbVerdict {
        match verb == self.on {
            true => self.verb.clone(),
            false => VerbVerdict::Pass,
        }
    }

    fn passive(&mut self, _: Now) -> PassiveVerdict {
        self.passive
    }

    fn reply(&mut self, _: Now, verb: &str, _: &str, _: u16) -> ReplyVerdict {
        match verb == self.on {
            true => self.reply.clone(),
            false => ReplyVerdict::Pass,
        }
    }
}

fn table(fault: Fault) -> Table {
    Table::with(Box::new(fault), |_: &mut GateConfig| {})
}

fn on_command(on: &'static str, verb: VerbVerdict) -> Table {
    table(Fault { on, verb, ..NONE })
}

fn on_reply(on: &'static str, reply: ReplyVerdict) -> Table {
    table(Fault { on, reply, ..NONE })
}

fn stop(after: u64, end: End) -> VerbVerdict {
    VerbVerdict::Stop(Stop { after, end, reply: Scripted::new(451, "Local error.") })
}

#[test]
fn a_command_is_answered_instead_of_carried_out() {
    let mut table = on_command("MKD", VerbVerdict::Reply(Scripted::new(450, "Not today.")));
    assert_eq!(table.module("MKD a\r\nNOOP\r\n"), ["> 450 Not today.", "< NOOP"]);
    let last = Scripted { then: Then::Reset, ..Scripted::new(421, "Enough.") };
    let mut table = on_command("MKD", VerbVerdict::Reply(last));
    assert_eq!(table.module("MKD a\r\nNOOP\r\n"), ["> 421 Enough.", "close upstream", "reset"]);
}

#[test]
fn a_reply_is_replaced_delayed_swallowed_or_garbled() {
    let mut table = on_reply("MKD", ReplyVerdict::Instead(Scripted::new(550, "No.")));
    table.module("MKD a\r\n");
    assert_eq!(table.server("257 made\r\n"), ["> 550 No."]);

    let mut table = on_reply("MKD", ReplyVerdict::Late(Duration::from_secs(9)));
    table.module("MKD a\r\nNOOP\r\n");
    assert_eq!(table.server("257 made\r\n"), ["< NOOP"]);
    // Nothing overtakes a late reply.
    assert_eq!(table.server("200 ok\r\n"), NOTHING);
    assert_eq!(table.wait(Duration::from_secs(9)), ["> 257 made", "> 200 ok"]);

    let mut table = on_reply("MKD", ReplyVerdict::Swallow);
    table.module("MKD a\r\n");
    assert_eq!(table.server("257 made\r\n"), NOTHING);

    let mut table = on_reply("MKD", ReplyVerdict::Malformed("2\u{0}7 ?".into()));
    table.module("MKD a\r\n");
    assert_eq!(table.server("257 made\r\n"), ["> 2\u{0}7 ?"]);
}

#[test]
fn a_download_is_cut_behind_its_octets() {
    let mut table = on_command("RETR", stop(4, End::Fin));
    table.begin("RETR f");
    let bytes = GateInput::UpstreamDataBytes("0123456789".into());
    assert_eq!(table.feed(bytes.clone()), [">> 0123", "reset pipe", "close data"]);
    assert_eq!(table.server("226 done\r\n"), NOTHING);
    assert_eq!(table.feed(GateInput::DataDelivered), ["> 451 Local error."]);

    let mut table = on_command("RETR", stop(4, End::Rst));
    table.begin("RETR f");
    assert_eq!(table.feed(bytes), [">> 0123", "reset pipe"]);
    assert_eq!(table.feed(GateInput::DataSent(3)), NOTHING);
    assert_eq!(table.feed(GateInput::DataSent(1)), ["reset data", "> 451 Local error."]);
}

#[test]
fn an_upload_is_cut_and_its_octets_kept() {
    let mut table = on_command("STOR", stop(4, End::Fin));
    table.begin("STOR f");
    let cut_off = table.feed(GateInput::DataBytes("0123456789".into()));
    assert_eq!(cut_off, ["<< 0123", "close pipe", "reset data", "> 451 Local error."]);
    assert_eq!(table.server("226 stored\r\n"), ["reset pipe"]);

    let mut table = on_command("STOR", stop(0, End::Fin));
    assert_eq!(table.begin("STOR f"), ["> 150 go", "close pipe", "reset data", "> 451 Local error."]);
}

fn passive(passive: PassiveVerdict) -> Table {
    table(Fault { passive, ..NONE })
}

#[test]
fn a_passive_port_is_announced_and_not_served() {
    let mut wrong = passive(PassiveVerdict::Address { address: "10.9.9.9".parse().unwrap(), port: Some(7) });
    assert_eq!(wrong.module("PASV\r\n"), ["> 227 Entering Passive Mode (10,9,9,9,0,7)."]);

    let mut refused = passive(PassiveVerdict::Unserved(Unserved::Refused));
    assert_eq!(refused.module("PASV\r\n"), ["> 227 Entering Passive Mode (10,0,0,1,195,80)."]);
    assert_eq!(refused.module("LIST\r\n"), NOTHING);

    let mut silent = passive(PassiveVerdict::Unserved(Unserved::Silent));
    assert_eq!(silent.module("PASV\r\n")[0], "silence 50000");

    let mut stalled = passive(PassiveVerdict::Unserved(Unserved::Stalled));
    stalled.passive();
    assert_eq!(stalled.module("RETR f\r\n"), ["> 150 Opening data connection."]);
    assert!(!stalled.gate.busy());
    assert_eq!(stalled.wait(Duration::from_secs(300)), ["reset data", "> 426 Data timeout."]);
}

#[test]
fn abort_stays_unanswered() {
    let mut table = on_command("ABOR", VerbVerdict::Swallow);
    table.begin("RETR f");
    assert_eq!(table.module("ABOR\r\n"), NOTHING);
    assert_eq!(table.feed(GateInput::UpstreamDataBytes("on".into())), [">> on"]);
}

#[test]
fn a_closing_reply_is_late() {
    let mut table = on_reply("RETR", ReplyVerdict::Late(Duration::from_secs(20)));
    assert_eq!(table.begin("RETR f"), ["allow server 65536"]);
    assert_eq!(table.wait(Duration::from_secs(20)), ["> 150 go"]);
    table.feed(GateInput::UpstreamDataFin);
    table.server("226 done\r\n");
    assert_eq!(table.feed(GateInput::DataDelivered), NOTHING);
    assert_eq!(table.wait(Duration::from_secs(20)), ["> 226 done"]);
}
