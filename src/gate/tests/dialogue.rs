//! The control connection, in front of a server that is not the built-in one.

use super::table::Table;
use crate::fault::{Scripted, Then};
use crate::gate::{GateInput, Relay};
use std::time::Duration;

const NOTHING: [&str; 0] = [];

#[test]
fn commands_and_replies_are_passed_on_as_they_are() {
    let mut table = Table::new();
    assert_eq!(table.module("mkd a b\r\n"), ["< MKD a b"]);
    assert!(table.gate.busy());
    assert_eq!(table.server("257 \"/a b\"\r\n"), ["> 257 \"/a b\""]);
    assert!(!table.gate.busy());
    assert_eq!(table.module("STAT a\r\n"), ["< STAT a"]);
    assert_eq!(table.server("213-Status\r\n 1\r\n21"), NOTHING);
    assert_eq!(table.server("3 End\r\n"), ["> 213-Status| 1|213 End"]);
    assert_eq!(table.module("MODE Z\r\n"), ["< MODE Z"]);
    assert_eq!(table.server("no reply\r\n504 no\r\n"), ["> no reply", "> 504 no"]);
    assert_eq!(table.module("TYPE A\r\n"), ["< TYPE A"]);
}

/// As the module's client takes it: its operation has failed, and the next command is to be heard.
#[test]
fn nonsense_is_the_last_word_about_its_command() {
    for nonsense in ["650 odd code", "999", "000 x", "no code"] {
        let mut table = Table::new();
        assert_eq!(table.module("CWD d\r\nNOOP\r\n"), ["< CWD d"]);
        let said = format!("> {nonsense}");
        assert_eq!(table.server(&format!("{nonsense}\r\n")), [said.as_str(), "< NOOP"]);
        assert_eq!(table.server("200 ok\r\n"), ["> 200 ok"]);
        assert!(!table.gate.busy());

        table.passive();
        assert_eq!(table.module("RETR f\r\n"), ["< PASV"]);
        let refused = ["reset data", "> 425 Can't open data connection."];
        assert_eq!(table.server(&format!("{nonsense}\r\n")), refused);

        assert_eq!(table.begin("RETR f"), ["> 150 go", "allow server 65536"]);
        assert_eq!(table.server(&format!("{nonsense}\r\n")), NOTHING);
        table.feed(GateInput::UpstreamDataFin);
        assert_eq!(table.feed(GateInput::DataDelivered), [said.as_str()]);

        assert_eq!(table.begin("STOR f"), ["> 150 go", "allow module 65536"]);
        assert_eq!(table.server(&format!("{nonsense}\r\n")), ["reset pipe", "reset data", said.as_str()]);
        assert_eq!(table.module("NOOP\r\n"), ["< NOOP"]);
    }
}

#[test]
fn a_reply_that_fits_nothing_fails_the_transfer() {
    let mut table = Table::new();
    table.passive();
    assert_eq!(table.module("RETR f\r\n"), ["< PASV"]);
    assert_eq!(table.server("200 what?\r\n"), ["reset data", "> 425 Can't open data connection."]);
    assert_eq!(table.module("NOOP\r\n"), ["< NOOP"]);
}

#[test]
fn commands_wait_for_the_one_before() {
    let mut table = Table::new();
    assert_eq!(table.module("NOOP\r\nSYST\r\nPASV\r\n"), ["< NOOP"]);
    assert_eq!(table.server("200 ok\r\n"), ["> 200 ok", "< SYST"]);
    let last = table.server("215 UNIX\r\n");
    assert_eq!(last[..2], ["> 215 UNIX", "listen 50000"]);
    let flood = table.module(&"NOOP\r\n".repeat(100));
    assert_eq!(flood, ["> 421 Too many commands.", "stop listening", "close upstream", "close"]);
    assert!(table.gate.is_closed());
}

#[test]
fn quit_closes_behind_the_servers_goodbye() {
    let mut table = Table::new();
    assert_eq!(table.module("QUIT\r\n"), ["< QUIT"]);
    assert_eq!(table.feed(GateInput::ModuleFin), NOTHING);
    assert_eq!(table.server("221 bye\r\n"), ["> 221 bye", "close upstream", "close"]);
    assert_eq!(table.gate.poll_timeout(), None);
    assert_eq!(table.server("200 what?\r\n"), NOTHING);
}

#[test]
fn an_idle_session_gets_421() {
    let mut table = Table::new();
    assert_eq!(table.wait(Duration::from_secs(299)), NOTHING);
    table.module("NOOP\r\n");
    table.server("200 ok\r\n");
    assert_eq!(table.wait(Duration::from_secs(299)), NOTHING);
    assert_eq!(table.wait(Duration::from_secs(1)), ["> 421 Timeout."]);
    // Its client has a moment, in which nothing is listened to.
    assert_eq!(table.module("NOOP\r\n"), NOTHING);
    assert!(!table.gate.busy());
    assert_eq!(table.wait(Duration::from_millis(999)), NOTHING);
    assert_eq!(table.wait(Duration::from_millis(1)), ["close upstream", "close"]);

    let mut table = Table::with(Box::new(crate::gate::NoGateFaults), |config| config.idle = None);
    assert_eq!(table.wait(Duration::from_secs(1_000_000)), NOTHING);
    // A server that says 221 where it means 421.
    assert_eq!(table.server("221 timed out\r\n"), ["> 421 timed out"]);
    assert_eq!(table.feed(GateInput::UpstreamFin), ["close upstream", "close"]);
}

#[test]
fn the_end_of_either_side_is_the_end_of_the_other() {
    let mut table = Table::new();
    assert_eq!(table.feed(GateInput::ModuleFin), ["close upstream", "close"]);
    let mut table = Table::new();
    assert_eq!(table.feed(GateInput::ModuleReset), ["close upstream", "reset"]);
    let mut table = Table::new();
    table.module("NOOP\r\n");
    assert_eq!(table.feed(GateInput::UpstreamReset), ["close upstream", "reset"]);
    let mut table = Table::new();
    let failed = ["> 421 Service not available.", "close upstream", "close"];
    assert_eq!(table.feed(GateInput::UpstreamFailed), failed);
}

#[test]
fn ports_are_announced_one_after_the_other() {
    let mut table = Table::new();
    let (first, second) = ("> 227 Entering Passive Mode (10,0,0,1,195,80).", "|||50001|)");
    assert_eq!(table.module("PASV\r\n"), ["listen 50000", first]);
    let epsv = table.module("EPSV\r\n");
    assert_eq!(epsv[..2], ["stop listening", "listen 50001"]);
    assert!(epsv[2].starts_with("> 229 ") && epsv[2].ends_with(second), "{epsv:?}");
    assert_eq!(table.feed(GateInput::DataOpened), NOTHING);
    assert_eq!(table.module("EPSV ALL\r\n"), ["> 200 EPSV ALL ok."]);
    assert_eq!(table.module("EPSV 2\r\n"), ["> 522 Network protocol not supported, use (1)"]);
    assert_eq!(table.module("PORT 1,2,3,4,5,6\r\n"), ["reset data", "> 200 PORT command successful."]);
    let dialled = table.module("LIST\r\n");
    assert_eq!(dialled, ["dial 1.2.3.4:1286"]);
    assert_eq!(table.feed(GateInput::DataRefused), ["> 425 Failed to establish connection."]);
    assert_eq!(table.module("ABOR\r\n"), ["> 226 Abort successful."]);
}

#[test]
fn before_the_login_nothing_is_opened() {
    let mut table = Table::new();
    table.module("REIN\r\n");
    table.server("220 again\r\n");
    for line in ["PASV", "PORT 1,2,3,4,5,6", "LIST", "RETR a"] {
        let reply = table.module(&format!("{line}\r\n"));
        assert_eq!(reply, ["> 530 Please login with USER and PASS."], "{line}");
    }
}

#[test]
fn tls_is_answered_here() {
    let mut table = Table::builtin();
    assert_eq!(table.module("PBSZ 0\r\n"), ["> 503 Not in TLS."]);
    assert_eq!(table.module("AUTH TLS\r\nNOOP\r\n"), ["> 234 Proceed with negotiation.", "tls"]);
    assert_eq!(table.module("PBSZ 0\r\n"), ["> 200 PBSZ=0"]);
    assert!(!table.gate.data_protected());
    table.module("PROT P\r\n");
    assert!(table.gate.data_protected());
    assert_eq!(table.module("PROT E\r\n"), ["> 536 Not supported by TLS."]);
    table.module("PROT C\r\n");
    assert!(!table.gate.data_protected());
}

/// A real server is asked itself, and its word is passed on.
#[test]
fn a_real_server_is_asked_for_tls() {
    let mut table = Table::new();
    assert_eq!(table.module("AUTH TLS\r\n"), ["< AUTH TLS"]);
    assert_eq!(table.server("502 No.\r\n"), ["> 502 No."]);
    assert_eq!(table.module("AUTH TLS\r\nNOOP\r\n"), ["< AUTH TLS"]);
    assert_eq!(table.server("234 Yes.\r\n"), ["> 234 Yes.", "tls"]);
    assert_eq!(table.module("PROT P\r\n"), ["< PROT P"]);
    assert_eq!(table.server("200 Yes.\r\n"), ["> 200 Yes."]);
    assert!(table.gate.data_protected());
}

#[test]
fn anything_can_be_said_unasked() {
    let mut table = Table::new();
    let last =
        Scripted { then: Then::Close, late: Duration::from_secs(2), ..Scripted::new(421, "Going down.") };
    table.gate.speak(table.now, &last);
    assert_eq!(table.wait(Duration::from_secs(1)), NOTHING);
    assert_eq!(table.wait(Duration::from_secs(1)), ["> 421 Going down.", "close upstream", "close"]);
}
