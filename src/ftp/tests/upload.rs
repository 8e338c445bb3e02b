//! STOR, APPE and STOU over a passive data connection.

use super::*;

#[test]
fn an_upload_in_good_order() {
    let mut d = Dialogue::begun(store(How::Stor));
    assert_eq!(d.send("abc"), ["send abc"]);
    assert_eq!(d.client.upload_backlog(), 3);
    d.feed(Input::DataSent(2));
    assert_eq!(d.client.upload_backlog(), 1);
    assert_eq!(d.pass(74), [""; 0]);
    d.feed(Input::DataSent(1));
    assert_eq!(d.client.poll_timeout(), None, "the host may take its time");
    d.send("de");
    assert_eq!(d.finish(), ["ShutdownData"]);
    assert_eq!(d.finish(), [""; 0]);
    assert_eq!(d.send("x"), [""; 0]);
    d.feed(Input::DataSent(2));
    assert_eq!(d.pass(74), [""; 0]);
    assert_eq!(d.says("226 stored"), ["CloseData", "done 226, 5"]);
}

#[test]
fn the_verbs_of_uploads() {
    let op = |how, offset| Op::Store { path: FILE.into(), kind: Type::Image, offset, how };
    let cases =
        [(op(How::Appe, 7), "> APPE file.bin"), (op(How::Stou, 7), "> STOU"), (op(How::Stor, 7), "> REST 7")];
    for (op, verb) in cases {
        let mut d = Dialogue::opened(Dialogue::settings());
        d.start(op);
        d.says("200 type");
        d.says("227 127,0,0,1,4,1");
        assert_eq!(d.feed(Input::DataConnected), [verb]);
    }
}

#[test]
fn what_is_fed_too_early_is_kept() {
    let mut d = Dialogue::at_verb(store(How::Stor));
    assert_eq!(d.send("abc"), [""; 0]);
    assert_eq!(d.client.upload_backlog(), 3);
    assert_eq!(d.finish(), [""; 0]);
    assert_eq!(d.says("150 go"), ["begun", "send abc", "ShutdownData"]);
    assert_eq!(d.feed(Input::DataClosed), ["CloseData"]);
    assert_eq!(d.says("250 stored"), ["done 250, 3"]);
}

#[test]
fn an_early_completion_waits_for_the_host() {
    let mut d = Dialogue::begun(store(How::Stor));
    assert_eq!(d.says("226 stored"), [""; 0]);
    assert_eq!(d.send("abc"), ["send abc"]);
    assert_eq!(d.finish(), ["ShutdownData", "CloseData", "done 226, 3"]);
}

#[test]
fn the_server_ends_the_data_connection_first() {
    for (end, cause) in [(Input::DataClosed, "Closed"), (Input::DataReset, "Reset")] {
        let begun = || {
            let mut d = Dialogue::begun(store(How::Stor));
            d.send("abc");
            d.feed(Input::DataSent(3));
            d.feed(end.clone());
            assert_eq!(d.send("def"), [""; 0]);
            d
        };
        assert_eq!(begun().says("452 full"), ["failed Transfer 452, 3"]);
        assert_eq!(begun().says("226 stored"), [format!("failed Transfer {cause}, 3")]);
        assert_eq!(begun().pass(75), [format!("failed Transfer {cause}, 3")]);
    }
}

#[test]
fn refusals_at_each_place() {
    for code in [421, 425, 426, 450, 451, 452, 552, 553] {
        let no = format!("{code} no");
        let mut d = Dialogue::at_verb(store(How::Stor));
        assert_eq!(d.says(&no), ["CloseData".into(), format!("failed Verb {code}, 0")]);
        let mut d = Dialogue::begun(store(How::Stor));
        d.send("abc");
        d.feed(Input::DataSent(3));
        assert_eq!(d.says(&no), ["CloseData".into(), format!("failed Transfer {code}, 3")]);
        let mut d = Dialogue::begun(store(How::Stor));
        d.finish();
        assert_eq!(d.says(&no), ["CloseData".into(), format!("failed Completion {code}, 0")]);
    }
}

#[test]
fn silences() {
    let mut d = Dialogue::begun(store(How::Stor));
    d.send("abc");
    assert_eq!(d.pass(75), ["AbortData", "failed Transfer Silence, 0"]);
    let mut d = Dialogue::begun(store(How::Stor));
    d.finish();
    assert_eq!(d.pass(75), ["AbortData", "failed Completion Silence, 0"]);
    assert!(d.client.is_open());
}
