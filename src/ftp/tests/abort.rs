//! Aborting at each place, with servers of each kind.

use super::*;

const ABORTED: &str = "failed Transfer Aborted, 3";

fn aborted() -> Dialogue {
    let mut d = Dialogue::begun(retrieve(0));
    d.data("abc");
    assert_eq!(d.abort(), ["> ABOR", "AbortData"]);
    assert_eq!(d.abort(), [""; 0]);
    assert_eq!(d.data("more"), [""; 0]);
    d
}

#[test]
fn by_the_book() {
    let mut d = aborted();
    assert_eq!(d.says("426 cut"), [""; 0]);
    assert_eq!(d.says("226 abor"), [ABORTED]);
    assert!(d.client.is_open() && !d.client.busy());
}

#[test]
fn the_transfer_had_ended() {
    assert_eq!(aborted().says("226 done\r\n226 abor"), [ABORTED]);
    assert_eq!(aborted().says("225 nothing to abort"), [ABORTED]);
    let mut d = Dialogue::begun(retrieve(0));
    d.data("abc");
    d.says("226 done");
    d.abort();
    assert_eq!(d.says("225 nothing to abort"), [ABORTED]);
}

#[test]
fn abor_is_not_known() {
    assert_eq!(aborted().says("500 what\r\n426 cut"), [ABORTED]);
}

#[test]
fn one_reply_alone_and_its_brother_late() {
    let mut d = aborted();
    assert_eq!(d.says("426 cut"), [""; 0]);
    assert_eq!(d.pass(4), [""; 0]);
    assert_eq!(d.pass(1), [ABORTED]);
    d.start(Op::Pwd);
    assert_eq!(d.says("226 abor\r\n257 \"/\""), ["done 257, 0"]);
}

#[test]
fn no_answer_at_all() {
    assert_eq!(aborted().pass(75), ["CloseControl", "lost Transfer Silence, with its operation"]);
    assert_eq!(
        aborted().feed(Input::ControlClosed),
        ["CloseControl", "lost Transfer Closed, with its operation"]
    );
}

#[test]
fn before_150() {
    let mut d = Dialogue::at_verb(store(How::Stor));
    d.abort();
    assert_eq!(d.says("150 go"), [""; 0]);
    assert_eq!(d.says("426 cut\r\n226 abor"), ["failed Transfer Aborted, 0"]);
}

#[test]
fn before_the_verb_no_abor_is_needed() {
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(retrieve(9));
    assert_eq!(d.abort(), [""; 0]);
    assert_eq!(d.says("200 type"), ["failed Type Aborted, 0"]);
    assert_eq!(d.start(retrieve(9)), ["> TYPE I"]);
    d.says("200 type");
    d.says("227 127,0,0,1,4,1");
    assert_eq!(d.abort(), ["CloseData", "failed DataConnect Aborted, 0"]);
}

#[test]
fn a_restart_point_left_behind_is_undone() {
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(retrieve(9));
    d.says("200 type");
    d.says("227 127,0,0,1,4,1");
    d.feed(Input::DataConnected);
    assert_eq!(d.abort(), ["AbortData"]);
    assert_eq!(d.says("350 at 9"), ["failed Rest Aborted, 0"]);
    d.start(retrieve(0));
    d.says("227 127,0,0,1,4,1");
    assert_eq!(d.feed(Input::DataConnected), ["> REST 0"]);
    assert_eq!(d.says("350 at 0"), ["> RETR file.bin"]);
}
