//! Servers that misbehave.

use super::table::Table;
use crate::ftp::Reply;
use crate::gate::{CommandVerdict, Cut, GateConfig, GateFaults, GateInput, Passive, Speech, Then, Words};
use crate::time::Now;
use std::time::Duration;

const NOTHING: [&str; 0] = [];

/// One fault for one verb.
#[derive(Debug)]
struct Fault {
    verb: &'static str,
    command: CommandVerdict,
    reply: Speech,
}

impl GateFaults for Fault {
    fn command(&mut self, _: Now, verb: &str, _: &str) -> CommandVerdict {
        match verb == self.verb {
            true => self.command.clone(),
            false => CommandVerdict::Pass,
        }
    }

    fn reply(&mut self, _: Now, verb: &str, _: &str, _: &Reply) -> Speech {
        match verb == self.verb {
            true => self.reply.clone(),
            false => Speech::real(),
        }
    }
}

fn table(verb: &'static str, command: CommandVerdict, reply: Speech) -> Table {
    Table::with(Box::new(Fault { verb, command, reply }), |_: &mut GateConfig| {})
}

fn on_command(verb: &'static str, command: CommandVerdict) -> Table {
    table(verb, command, Speech::real())
}

fn on_reply(verb: &'static str, reply: Speech) -> Table {
    table(verb, CommandVerdict::Pass, reply)
}

fn cut(after: u64, reset: bool) -> CommandVerdict {
    CommandVerdict::Cut(Cut { after, reset, speech: Speech::reply(451, "Local error.") })
}

#[test]
fn a_command_is_answered_instead_of_carried_out() {
    let mut table = on_command("MKD", CommandVerdict::Instead(Speech::reply(450, "Not today.")));
    assert_eq!(table.module("MKD a\r\nNOOP\r\n"), ["> 450 Not today.", "< NOOP"]);
    let last = Speech { then: Then::Reset, ..Speech::reply(421, "Enough.") };
    let mut table = on_command("MKD", CommandVerdict::Instead(last));
    assert_eq!(table.module("MKD a\r\nNOOP\r\n"), ["> 421 Enough.", "close upstream", "reset"]);
}

#[test]
fn a_reply_is_replaced_delayed_swallowed_or_garbled() {
    let mut table = on_reply("MKD", Speech::reply(550, "No."));
    table.module("MKD a\r\n");
    assert_eq!(table.server("257 made\r\n"), ["> 550 No."]);

    let mut table = on_reply("MKD", Speech { delay: Duration::from_secs(9), ..Speech::real() });
    table.module("MKD a\r\nNOOP\r\n");
    assert_eq!(table.server("257 made\r\n"), ["< NOOP"]);
    // Nothing overtakes a late reply.
    assert_eq!(table.server("200 ok\r\n"), NOTHING);
    assert_eq!(table.wait(Duration::from_secs(9)), ["> 257 made", "> 200 ok"]);

    let mut table = on_reply("MKD", Speech { words: Words::Nothing, ..Speech::real() });
    table.module("MKD a\r\n");
    assert_eq!(table.server("257 made\r\n"), NOTHING);

    let mut table = on_reply("MKD", Speech { words: Words::Raw("2\u{0}7 ?".into()), ..Speech::real() });
    table.module("MKD a\r\n");
    assert_eq!(table.server("257 made\r\n"), ["> 2\u{0}7 ?"]);
}

#[test]
fn a_download_is_cut_behind_its_octets() {
    let mut table = on_command("RETR", cut(4, false));
    table.begin("RETR f");
    let bytes = GateInput::UpstreamDataBytes("0123456789".into());
    assert_eq!(table.feed(bytes.clone()), [">> 0123", "reset pipe", "close data"]);
    assert_eq!(table.server("226 done\r\n"), NOTHING);
    assert_eq!(table.feed(GateInput::DataDelivered), ["> 451 Local error."]);

    let mut table = on_command("RETR", cut(4, true));
    table.begin("RETR f");
    assert_eq!(table.feed(bytes), [">> 0123", "reset pipe"]);
    assert_eq!(table.feed(GateInput::DataSent(3)), NOTHING);
    assert_eq!(table.feed(GateInput::DataSent(1)), ["reset data", "> 451 Local error."]);
}

#[test]
fn an_upload_is_cut_and_its_octets_kept() {
    let mut table = on_command("STOR", cut(4, false));
    table.begin("STOR f");
    let cut_off = table.feed(GateInput::DataBytes("0123456789".into()));
    assert_eq!(cut_off, ["<< 0123", "close pipe", "reset data", "> 451 Local error."]);
    assert_eq!(table.server("226 stored\r\n"), ["reset pipe"]);

    let mut table = on_command("STOR", cut(0, false));
    assert_eq!(table.begin("STOR f"), ["> 150 go", "close pipe", "reset data", "> 451 Local error."]);
}

#[test]
fn a_passive_port_is_announced_and_not_served() {
    let mut wrong =
        on_command("PASV", CommandVerdict::Passive(Passive::Wrong("10.9.9.9".parse().unwrap(), Some(7))));
    assert_eq!(wrong.module("PASV\r\n"), ["> 227 Entering Passive Mode (10,9,9,9,0,7)."]);

    let mut refused = on_command("PASV", CommandVerdict::Passive(Passive::Refuse));
    assert_eq!(refused.module("PASV\r\n"), ["> 227 Entering Passive Mode (10,0,0,1,195,80)."]);
    assert_eq!(refused.module("LIST\r\n"), NOTHING);

    let mut silent = on_command("PASV", CommandVerdict::Passive(Passive::Silence));
    assert_eq!(silent.module("PASV\r\n")[0], "silence 50000");

    let mut stalled = on_command("PASV", CommandVerdict::Passive(Passive::Stall));
    stalled.passive();
    assert_eq!(stalled.module("RETR f\r\n"), ["> 150 Opening data connection."]);
    assert!(!stalled.gate.busy());
    assert_eq!(stalled.wait(Duration::from_secs(300)), ["reset data", "> 426 Data timeout."]);
}

#[test]
fn abort_stays_unanswered() {
    let nothing = Speech { words: Words::Nothing, ..Speech::real() };
    let mut table = on_command("ABOR", CommandVerdict::Instead(nothing));
    table.begin("RETR f");
    assert_eq!(table.module("ABOR\r\n"), NOTHING);
    assert_eq!(table.feed(GateInput::UpstreamDataBytes("on".into())), [">> on"]);
}

#[test]
fn a_closing_reply_is_late() {
    let mut table = on_reply("RETR", Speech { delay: Duration::from_secs(20), ..Speech::real() });
    assert_eq!(table.begin("RETR f"), ["allow server 65536"]);
    assert_eq!(table.wait(Duration::from_secs(20)), ["> 150 go"]);
    table.feed(GateInput::UpstreamDataFin);
    table.server("226 done\r\n");
    assert_eq!(table.feed(GateInput::DataDelivered), NOTHING);
    assert_eq!(table.wait(Duration::from_secs(20)), ["> 226 done"]);
}
