//! Data connections, in front of a server that is not the built-in one.

use super::table::Table;
use crate::gate::{GateConfig, GateInput, NoGateFaults, Relay};
use std::time::Duration;

const NOTHING: [&str; 0] = [];
const BROKEN: &str = "> 426 Connection closed; transfer aborted.";

fn small_window() -> Table {
    Table::with(Box::new(NoGateFaults), |config: &mut GateConfig| config.window = 10)
}

#[test]
fn a_download_ends_when_the_module_has_everything() {
    let mut table = small_window();
    assert_eq!(table.begin("RETR f"), ["> 150 go", "allow server 10"]);
    assert!(table.gate.busy());
    assert_eq!(table.feed(GateInput::UpstreamDataBytes("0123456789".into())), [">> 0123456789"]);
    // Nothing more may come before the link has taken something: time may pass.
    assert!(!table.gate.busy());
    assert_eq!(table.feed(GateInput::DataSent(4)), ["allow server 4"]);
    assert_eq!(table.feed(GateInput::UpstreamDataBytes("abcd".into())), [">> abcd"]);
    assert_eq!(table.server("226 done\r\n"), NOTHING);
    table.feed(GateInput::DataSent(10));
    assert_eq!(table.feed(GateInput::UpstreamDataFin), ["close pipe", "close data"]);
    assert!(!table.gate.busy());
    assert_eq!(table.feed(GateInput::DataDelivered), ["> 226 done"]);
    assert_eq!(table.module("RETR f\r\n"), ["> 425 Use PORT or PASV first."]);
}

#[test]
fn the_servers_226_may_be_the_last_to_come() {
    let mut table = Table::new();
    table.begin("RETR f");
    table.feed(GateInput::UpstreamDataFin);
    assert_eq!(table.feed(GateInput::DataDelivered), NOTHING);
    assert!(table.gate.busy());
    assert_eq!(table.server("226 done\r\n"), ["> 226 done"]);
}

#[test]
fn an_upload_ends_when_the_server_says_so() {
    let mut table = small_window();
    assert_eq!(table.begin("STOR f"), ["> 150 go", "allow module 10"]);
    assert!(!table.gate.busy());
    assert_eq!(table.feed(GateInput::DataBytes("0123456789".into())), ["<< 0123456789"]);
    assert!(table.gate.busy());
    assert_eq!(table.feed(GateInput::UpstreamDataSent(10)), ["allow module 10"]);
    assert_eq!(table.feed(GateInput::DataFin), ["close pipe"]);
    assert!(table.gate.busy());
    assert_eq!(table.server("226 stored\r\n"), ["reset pipe", "close data"]);
    assert_eq!(table.feed(GateInput::DataDelivered), ["> 226 stored"]);
}

/// In front of a server that is spoken TLS to; its data connection is there, its TLS is not.
fn without_tls_yet(line: &str) -> Table {
    let mut table = Table::new();
    table.gate = table.gate.with_upstream_tls(true);
    table.module("PROT P\r\n");
    table.server("200 Protected.\r\n");
    assert_eq!(table.begin(line), NOTHING);
    table
}

const NO_TLS: [&str; 2] = ["reset data", "> 425 Can't open data connection."];

#[test]
fn nothing_that_a_server_says_of_a_transfer_is_true_before_its_data_connection_has_tls() {
    for line in ["STOR f", "RETR f", "LIST"] {
        let mut table = without_tls_yet(line);
        assert_eq!(table.feed(GateInput::UpstreamDataFailed), NO_TLS);
        assert_eq!(table.server("226 all is well\r\n"), NOTHING);
        let mut table = without_tls_yet(line);
        assert_eq!(table.server("226 all is well\r\n"), NOTHING);
        assert_eq!(table.feed(GateInput::UpstreamDataFailed), NO_TLS);
        let mut table = without_tls_yet(line);
        let waited = table.wait(Duration::from_secs(600));
        assert_eq!(waited[..3], ["reset pipe", "reset data", "> 425 No TLS on the data connection."]);
        // No is no.
        assert_eq!(without_tls_yet(line).server("522 TLS is required\r\n")[0], "reset pipe");
    }
}

#[test]
fn what_a_server_says_before_tls_is_up_is_said_when_it_is() {
    let mut table = without_tls_yet("STOR f");
    let opened = table.feed(GateInput::UpstreamDataSecured);
    assert_eq!(opened[0], "> 150 go");
    table.feed(GateInput::DataFin);
    table.server("226 all is well\r\n");
    assert_eq!(table.feed(GateInput::DataDelivered), ["> 226 all is well"]);
    let mut table = without_tls_yet("RETR f");
    table.server("226 all is well\r\n");
    assert_eq!(table.feed(GateInput::UpstreamDataSecured)[0], "> 150 go");
    table.feed(GateInput::UpstreamDataBytes("0123".into()));
    table.feed(GateInput::UpstreamDataFin);
    assert_eq!(table.feed(GateInput::DataDelivered), ["> 226 all is well"]);
    // A connection that loses its TLS on the way has brought no whole file.
    let mut table = without_tls_yet("RETR f");
    table.feed(GateInput::UpstreamDataSecured);
    table.feed(GateInput::UpstreamDataBytes("0123".into()));
    assert_eq!(table.feed(GateInput::UpstreamDataFailed), ["reset data", BROKEN]);
}

#[test]
fn an_upload_whose_connection_is_ended_on_its_way_ends_as_well() {
    let mut table = Table::new();
    table.begin("STOR f");
    assert_eq!(table.feed(GateInput::DataFin), ["close pipe"]);
    assert_eq!(table.feed(GateInput::DataDelivered), NOTHING);
    assert_eq!(table.server("226 stored\r\n"), ["reset pipe", "> 226 stored"]);
}

#[test]
fn a_refusal_closes_the_data_connections() {
    let mut table = Table::new();
    table.passive();
    table.module("RETR f\r\n");
    table.server("227 (1,2,3,4,4,1)\r\n");
    table.feed(GateInput::UpstreamDataOpened);
    assert_eq!(table.server("550 none\r\n"), ["reset pipe", "close data"]);
    assert_eq!(table.feed(GateInput::DataDelivered), ["> 550 none"]);
    table.passive();
    table.module("LIST\r\n");
    assert_eq!(table.server("502 no PASV\r\n"), ["reset data", "> 425 Can't open data connection."]);
    table.passive();
    table.module("LIST\r\n");
    table.server("227 (1,2,3,4,4,1)\r\n");
    let failed = table.feed(GateInput::UpstreamDataFailed);
    assert_eq!(failed, ["reset data", "> 425 Can't open data connection."]);
}

#[test]
fn nobody_comes_to_the_passive_port() {
    let mut table = Table::new();
    table.module("PASV\r\n");
    assert_eq!(table.module("LIST\r\n"), NOTHING);
    assert!(!table.gate.busy());
    assert_eq!(table.wait(Duration::from_secs(59)), NOTHING);
    let late = ["stop listening", "> 425 Failed to establish connection."];
    assert_eq!(table.wait(Duration::from_secs(1)), late);
}

#[test]
fn an_aborted_download_is_answered_before_the_server_knows() {
    let mut table = Table::new();
    table.begin("RETR f");
    table.feed(GateInput::UpstreamDataBytes("0123456789".into()));
    let aborted = table.module("ABOR\r\nNOOP\r\n");
    assert_eq!(aborted, ["reset pipe", "reset data", "> 426 Transfer aborted.", "> 226 Abort successful."]);
    assert!(table.gate.busy());
    // What the server says about it is nobody's business any more.
    assert_eq!(table.server("426 gone\r\n"), ["< NOOP"]);
}

#[test]
fn an_aborted_listing_is_read_to_its_end() {
    let mut table = small_window();
    table.begin("LIST");
    table.feed(GateInput::UpstreamDataBytes("0123456789".into()));
    let aborted = table.module("ABOR\r\n");
    assert_eq!(
        aborted,
        ["allow server 10", "reset data", "> 426 Transfer aborted.", "> 226 Abort successful."]
    );
    assert_eq!(table.feed(GateInput::UpstreamDataBytes("abc".into())), ["allow server 3"]);
    assert_eq!(table.server("226 done\r\n"), ["reset pipe"]);
}

#[test]
fn an_aborted_upload_is_left_with_the_server() {
    let mut table = Table::new();
    table.begin("STOR f");
    table.feed(GateInput::DataBytes("0123456789".into()));
    let aborted = table.module("ABOR\r\n");
    assert_eq!(aborted, ["close pipe", "reset data", "> 426 Transfer aborted.", "> 226 Abort successful."]);
    assert_eq!(table.server("226 stored\r\n"), ["reset pipe"]);
}

#[test]
fn a_module_that_leaves_gets_426() {
    let mut table = Table::new();
    table.begin("RETR f");
    table.feed(GateInput::UpstreamDataBytes("0123456789".into()));
    table.server("226 all sent\r\n");
    assert_eq!(table.feed(GateInput::DataReset), ["reset pipe", BROKEN]);
    table.begin("RETR f");
    assert_eq!(table.feed(GateInput::DataFin), ["reset pipe", "reset data", BROKEN]);
    table.server("426 gone\r\n");
    table.begin("STOR f");
    assert_eq!(table.feed(GateInput::DataReset), ["close pipe", BROKEN]);
    assert_eq!(table.server("226 stored\r\n"), ["reset pipe"]);
    table.begin("STOR f");
    assert_eq!(table.feed(GateInput::ModuleReset), ["close pipe", "reset data", "reset"]);
    assert_eq!(table.module("NOOP\r\n"), NOTHING);
    assert!(!table.gate.is_closed(), "the server stores what has come");
    assert_eq!(table.server("226 stored\r\n"), ["reset pipe", "close upstream"]);
    assert!(table.gate.is_closed());
}

#[test]
fn a_server_that_takes_no_more_says_why() {
    let mut table = Table::new();
    table.begin("STOR f");
    table.feed(GateInput::DataBytes("0123456789".into()));
    assert_eq!(table.feed(GateInput::UpstreamDataReset), NOTHING);
    assert!(table.gate.busy());
    assert_eq!(table.feed(GateInput::DataBytes("abc".into())), NOTHING);
    assert_eq!(table.server("452 full\r\n"), ["reset data", "> 452 full"]);
    table.begin("RETR f");
    assert_eq!(table.feed(GateInput::UpstreamDataReset), ["close data"]);
    table.feed(GateInput::DataDelivered);
    assert_eq!(table.server("451 oops\r\n"), ["> 451 oops"]);
}

#[test]
fn a_transfer_that_stands_still_is_given_up() {
    let mut table = Table::new();
    table.begin("RETR f");
    table.feed(GateInput::UpstreamDataBytes("0123456789".into()));
    assert_eq!(table.wait(Duration::from_secs(299)), NOTHING);
    table.feed(GateInput::DataSent(1));
    assert_eq!(table.wait(Duration::from_secs(299)), NOTHING);
    let late = ["reset pipe", "reset data", "> 426 Data timeout."];
    assert_eq!(table.wait(Duration::from_secs(1)), late);
}

#[test]
fn a_host_may_take_its_time_over_a_download() {
    let mut table = Table::new();
    table.begin("RETR f");
    table.feed(GateInput::UpstreamDataBytes("0123456789".into()));
    for _ in 0..10 {
        assert_eq!(table.wait(Duration::from_secs(299)), NOTHING);
        assert_eq!(table.feed(GateInput::DataUnread), NOTHING);
    }
    // The server has sent everything, which changes nothing.
    table.server("226 done\r\n");
    table.feed(GateInput::UpstreamDataFin);
    for _ in 0..10 {
        assert_eq!(table.wait(Duration::from_secs(299)), NOTHING);
        assert_eq!(table.feed(GateInput::DataUnread), NOTHING);
    }
    assert_eq!(table.feed(GateInput::DataDelivered), ["> 226 done"]);
    assert_eq!(table.feed(GateInput::DataUnread), NOTHING);
    // A module that takes what there is waits for the server.
    table.begin("RETR f");
    table.feed(GateInput::UpstreamDataBytes("0123456789".into()));
    table.feed(GateInput::DataSent(10));
    let late = ["reset pipe", "reset data", "> 426 Data timeout."];
    assert_eq!(table.wait(Duration::from_secs(300)), late);
}

#[test]
fn a_host_may_take_its_time_over_an_upload() {
    let mut table = Table::new();
    table.begin("STOR f");
    assert_eq!(table.wait(Duration::from_secs(3600)), NOTHING);
    table.feed(GateInput::DataBytes("0123456789".into()));
    table.feed(GateInput::UpstreamDataSent(10));
    assert_eq!(table.wait(Duration::from_secs(70000)), NOTHING);
    // A server that does not take what it is given is another matter.
    table.feed(GateInput::DataBytes("0123456789".into()));
    let late = ["close pipe", "reset data", "> 426 Data timeout."];
    assert_eq!(table.wait(Duration::from_secs(300)), late);
}

#[test]
fn a_refusal_is_said_even_if_the_module_does_not_see_the_end() {
    let mut table = Table::new();
    table.passive();
    table.module("RETR f\r\n");
    table.server("227 (1,2,3,4,4,1)\r\n");
    table.feed(GateInput::UpstreamDataOpened);
    table.server("550 none\r\n");
    assert_eq!(table.wait(Duration::from_secs(300)), ["reset data", "> 550 none"]);
}

#[test]
fn the_offset_goes_out_right_before_the_command() {
    let mut table = Table::new();
    table.module("REST 7\r\n");
    table.server("350 ok\r\n");
    table.passive();
    table.module("RETR f\r\n");
    table.server("227 (1,2,3,4,4,1)\r\n");
    assert_eq!(table.feed(GateInput::UpstreamDataOpened), ["< REST 7"]);
    assert_eq!(table.server("350 ok\r\n"), ["< RETR f"]);
}
