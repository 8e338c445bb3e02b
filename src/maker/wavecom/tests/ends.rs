//! How connections and bearers end, and who is told.

use super::bench::Bench;
use crate::modem::net::NetEvent;

#[test]
fn without_cmee_a_reset_is_told_by_its_index_alone() {
    let mut b = Bench::new("wipsoft");
    let socket = b.tcp();
    b.types(0, "AT+CMEE=0\r");
    b.hears(0);
    b.net(NetEvent::Reset { socket });
    assert_eq!(b.hears(0), "\r\n+WIPPEERCLOSE: 2,1\r\n");
}

#[test]
fn a_server_bearer_that_is_refused_asks_nothing_of_the_network() {
    let mut b = Bench::new("wipsoft");
    b.types(0, "AT+WIPBR=5,6;+WIPBR=1,5\r");
    b.hears(0);
    b.asked.clear();
    let long = "1".repeat(65);
    for typed in [format!("{long},p"), format!("l,{long}"), format!("l,p,{long}")] {
        b.types(0, &format!("AT+WIPBR=4,5,1,{typed}\r"));
        assert_eq!(b.hears(0), "\r\n+CME ERROR: 801\r\n", "{typed}");
        assert!(b.asked.is_empty(), "{typed}: {:?}", b.asked);
    }
}

#[test]
fn a_bearer_that_another_port_starts_is_answered_when_the_stack_stops() {
    let mut b = Bench::new("wipsoft");
    b.types(0, "AT+WIPBR=5,6\r");
    b.types(1, "AT+CMEE=1\r");
    b.turn(5);
    b.hears(0);
    b.hears(1);
    b.types(1, "AT+WIPBR=4,6,0\r");
    b.types(0, "AT+WIPCFG=0\r");
    b.turn(5);
    let started = b.hears(1);
    assert!(started == "\r\nOK\r\n" || started == "\r\n+CME ERROR: 812\r\n", "{started}");
    assert_eq!(b.hears(0), "\r\nOK\r\n");
    b.alive();
}
