//! RETR, LIST and NLST over a passive data connection.

use super::*;

#[test]
fn a_download_in_good_order() {
    let mut d = Dialogue::opened(Dialogue::settings());
    assert_eq!(d.start(retrieve(0)), ["> TYPE I"]);
    assert_eq!(d.says("200 ok"), ["> PASV"]);
    assert_eq!(d.says("227 Entering Passive Mode (127,0,0,1,4,1)."), ["connect data 127.0.0.1:1025"]);
    assert_eq!(d.feed(Input::DataConnected), ["> RETR file.bin"]);
    assert!(!d.client.accepts_data());
    assert_eq!(d.says("150 go"), ["begun"]);
    assert!(d.client.accepts_data() && d.client.is_transferring());
    assert_eq!(d.data("abc"), ["data abc"]);
    assert_eq!(d.data("de"), ["data de"]);
    assert_eq!(d.feed(Input::DataClosed), ["CloseData"]);
    assert_eq!(d.says("226 done"), ["done 226, 5"]);

    assert_eq!(d.start(retrieve(0)), ["> PASV"], "the type is told once");
    d.says("550 no");
    assert_eq!(d.start(Op::List { path: None, kind: Type::Ascii }), ["> TYPE A"]);
}

#[test]
fn the_verbs_of_lists() {
    let list = Op::List { path: Some("d".into()), kind: Type::Ascii };
    let names = Op::Names { path: None, kind: Type::Ascii };
    for (op, verb) in [(list, "> LIST d"), (names, "> NLST")] {
        let mut d = Dialogue::opened(Dialogue::settings());
        d.start(op);
        d.says("200 type");
        d.says("227 127,0,0,1,4,1");
        assert_eq!(d.feed(Input::DataConnected), [verb]);
    }
}

#[test]
fn the_end_comes_in_any_order() {
    // 226 before the last bytes and their FIN.
    let mut d = Dialogue::begun(retrieve(0));
    assert_eq!(d.says("226 done"), [""; 0]);
    assert_eq!(d.data("abc"), ["data abc"]);
    assert_eq!(d.feed(Input::DataClosed), ["CloseData", "done 226, 3"]);
    // The whole file before 150; it is kept back until then.
    let mut d = Dialogue::at_verb(retrieve(0));
    assert_eq!(d.data("abc"), [""; 0]);
    assert_eq!(d.feed(Input::DataClosed), ["CloseData"]);
    assert_eq!(d.says("125 go\r\n226 done"), ["begun", "data abc", "done 226, 3"]);
    // 226 without 150.
    let mut d = Dialogue::at_verb(retrieve(0));
    assert_eq!(d.says("226 done"), ["begun"]);
    assert_eq!(d.feed(Input::DataClosed), ["CloseData", "done 226, 0"]);
}

#[test]
fn a_restart_is_asked_for_right_before_the_verb() {
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(retrieve(1587));
    d.says("200 type");
    d.says("227 127,0,0,1,4,1");
    assert_eq!(d.feed(Input::DataConnected), ["> REST 1587"]);
    assert_eq!(d.says("350 at 1587"), ["> RETR file.bin"]);
    assert_eq!(d.says("550 gone"), ["CloseData", "failed Verb 550, 0"]);
    d.start(retrieve(1));
    d.says("227 127,0,0,1,4,1");
    d.feed(Input::DataConnected);
    assert_eq!(d.says("502 no REST"), ["CloseData", "failed Rest 502, 0"]);
}

#[test]
fn refusals_before_the_verb() {
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(retrieve(0));
    assert_eq!(d.says("504 no type"), ["failed Type 504, 0"]);
    assert_eq!(d.start(retrieve(0)), ["> TYPE I"]);
    d.says("200 type");
    assert_eq!(d.says("425 no port"), ["failed Passive 425, 0"]);
    d.start(retrieve(0));
    assert_eq!(d.says("227 nowhere"), ["failed Passive Malformed(\"227 nowhere\"), 0"]);
    d.start(retrieve(0));
    d.says("227 127,0,0,1,4,1");
    assert_eq!(d.feed(Input::DataFailed(Cause::Refused)), ["failed DataConnect Refused, 0"]);
    d.start(retrieve(0));
    d.says("227 10,0,0,9,4,1");
    assert_eq!(d.says("220 noise"), [""; 0]);
    assert_eq!(d.pass(75), ["CloseData", "failed DataConnect Silence, 0"]);
    d.start(retrieve(0));
    d.says("227 127,0,0,1,4,1");
    assert_eq!(d.says("421 going"), ["CloseData", "failed DataConnect 421, 0"]);
    assert!(d.client.is_open());
}

#[test]
fn refusals_at_each_place_behind_the_verb() {
    for code in [421, 425, 426, 450, 451, 452, 550, 551, 552] {
        let no = format!("{code} no");
        let mut d = Dialogue::at_verb(retrieve(0));
        assert_eq!(d.says(&no), ["CloseData".into(), format!("failed Verb {code}, 0")]);
        let mut d = Dialogue::begun(retrieve(0));
        d.data("abc");
        assert_eq!(d.says(&no), ["CloseData".into(), format!("failed Transfer {code}, 3")]);
        let mut d = Dialogue::begun(retrieve(0));
        d.data("abc");
        d.feed(Input::DataClosed);
        assert_eq!(d.says(&no), [format!("failed Completion {code}, 3")]);
        let mut d = Dialogue::begun(retrieve(0));
        d.data("abc");
        d.feed(Input::DataReset);
        assert_eq!(d.says(&no), [format!("failed Transfer {code}, 3")]);
        assert_eq!(d.start(Op::Noop), ["> NOOP"]);
    }
}

#[test]
fn what_the_server_still_says_of_a_transfer_that_it_broke_off_is_no_news() {
    for news in ["421 going", "garbage"] {
        for mut d in [Dialogue::at_verb(retrieve(0)), Dialogue::begun(retrieve(0))] {
            d.says(news);
            assert_eq!(d.says("426 cut"), [""; 0]);
            assert_eq!(d.says("426 again"), ["unasked 426"]);
        }
        // Servers answer in order: what answers a later command ends the wait for it.
        let mut d = Dialogue::begun(retrieve(0));
        d.says(news);
        d.start(Op::Noop);
        assert_eq!(d.says("200 fine"), ["done 200, 0"]);
        d.start(Op::Dele("f".into()));
        assert_eq!(d.says("451 no"), ["failed Verb 451, 0"]);
    }
}

#[test]
fn a_reset_is_no_end_even_if_the_server_is_content() {
    let mut d = Dialogue::begun(retrieve(0));
    d.data("abc");
    assert_eq!(d.feed(Input::DataReset), [""; 0]);
    assert_eq!(d.says("226 done"), ["failed Transfer Reset, 3"]);
    let mut d = Dialogue::begun(retrieve(0));
    d.feed(Input::DataReset);
    assert_eq!(d.pass(75), ["failed Transfer Reset, 0"]);
}

#[test]
fn a_verb_without_an_answer_loses_the_session() {
    let mut d = Dialogue::at_verb(retrieve(0));
    assert_eq!(d.pass(75), ["AbortData", "CloseControl", "lost Verb Silence, with its operation"]);
}

#[test]
fn a_stall_is_timed_from_the_last_progress() {
    let mut d = Dialogue::begun(retrieve(0));
    d.pass(74);
    d.data("abc");
    assert_eq!(d.pass(74), [""; 0]);
    d.client.set_paused(d.now, true);
    assert_eq!(d.pass(1000), [""; 0], "the host holds it back");
    d.client.set_paused(d.now, false);
    assert_eq!(d.pass(74), [""; 0]);
    assert_eq!(d.pass(1), ["AbortData", "failed Transfer Silence, 3"]);
    // The end of it comes when nobody waits any more, and is not the answer to what was sent since.
    assert_eq!(d.start(Op::Noop), ["> NOOP"]);
    assert_eq!(d.says("426 cut\r\n200 ok"), ["done 200, 0"]);
}

#[test]
fn a_late_completion() {
    let mut d = Dialogue::begun(retrieve(0));
    d.data("abc");
    d.feed(Input::DataClosed);
    assert_eq!(d.pass(74), [""; 0]);
    assert_eq!(d.says("226 at last"), ["done 226, 3"]);

    let mut d = Dialogue::begun(retrieve(0));
    d.feed(Input::DataClosed);
    assert_eq!(d.pass(75), ["failed Completion Silence, 0"]);
    assert_eq!(d.says("226 too late"), [""; 0]);
    assert_eq!(d.start(Op::Noop), ["> NOOP"]);
    assert_eq!(d.says("226 to this one"), ["done 226, 0"], "the debt is paid");
}

#[test]
fn the_control_connection_goes_in_the_middle() {
    let mut d = Dialogue::begun(retrieve(0));
    d.data("abc");
    assert_eq!(
        d.feed(Input::ControlClosed),
        ["AbortData", "CloseControl", "lost Transfer Closed, with its operation"]
    );
    assert_eq!(d.data("abc"), [""; 0]);
}
