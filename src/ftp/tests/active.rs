//! Transfers whose data connection the server opens.

use super::*;

fn opened() -> Dialogue {
    Dialogue::opened(Settings {
        passive: false,
        local: Ipv4Addr::new(166, 129, 120, 246),
        ..Dialogue::settings()
    })
}

fn at_verb() -> Dialogue {
    let mut d = opened();
    d.start(retrieve(0));
    assert_eq!(d.says("200 type"), ["listen 0"]);
    assert_eq!(d.feed(Input::DataListening { port: 0x0B2D }), ["> PORT 166,129,120,246,11,45"]);
    assert_eq!(d.says("200 port"), ["> RETR file.bin"]);
    d
}

#[test]
fn the_caller_comes_before_or_after_150() {
    let mut d = at_verb();
    assert_eq!(d.feed(Input::DataConnected), [""; 0]);
    assert_eq!(d.says("150 go"), ["begun"]);
    let mut d = at_verb();
    assert_eq!(d.says("150 go"), [""; 0]);
    assert_eq!(d.feed(Input::DataConnected), ["begun"]);
    assert_eq!(d.data("abc"), ["data abc"]);
    d.feed(Input::DataClosed);
    assert_eq!(d.says("226 done"), ["done 226, 3"]);
}

#[test]
fn a_port_of_the_hosts_choice() {
    let mut d = opened();
    d.client.settings_mut().source_data_port = Some(2020);
    d.start(retrieve(0));
    assert_eq!(d.says("200 type"), ["listen 2020"]);
    assert_eq!(d.feed(Input::DataFailed(Cause::Refused)), ["failed Active Refused, 0"]);
}

#[test]
fn nobody_calls() {
    assert_eq!(at_verb().says("425 cannot"), ["CloseData", "failed Verb 425, 0"]);
    let mut d = at_verb();
    d.says("150 go");
    assert_eq!(d.says("425 cannot"), ["CloseData", "failed DataConnect 425, 0"]);
    let mut d = at_verb();
    d.says("150 go");
    assert_eq!(d.pass(75), ["CloseData", "failed DataConnect Silence, 0"]);
    let mut d = at_verb();
    d.says("150 go");
    assert_eq!(d.feed(Input::DataFailed(Cause::Tls)), ["failed DataConnect Tls, 0"]);
    let mut d = at_verb();
    d.feed(Input::DataFailed(Cause::Tls));
    assert_eq!(d.says("150 go"), ["failed DataConnect Tls, 0"]);
    // The client knows better than the server why there is none.
    let mut d = at_verb();
    d.feed(Input::DataFailed(Cause::Tls));
    assert_eq!(d.says("425 cannot"), ["failed DataConnect Tls, 0"]);
}

#[test]
fn tls_that_fails_behind_the_call_spoils_the_transfer_whatever_the_server_says() {
    for upload in [false, true] {
        for last in ["226 done", "425 no"] {
            let mut d = at_verb();
            if upload {
                d = opened();
                d.start(store(How::Stor));
                d.says("200 type");
                d.feed(Input::DataListening { port: 5 });
                d.says("200 port");
            }
            d.feed(Input::DataConnected);
            assert_eq!(d.feed(Input::DataFailed(Cause::Tls)), [""; 0]);
            assert_eq!(d.says(last), ["failed DataConnect Tls, 0"], "{upload}");
        }
        let mut d = at_verb();
        d.feed(Input::DataConnected);
        d.says("150 go");
        d.data("abc");
        assert_eq!(d.feed(Input::DataFailed(Cause::Tls)), ["failed DataConnect Tls, 3"]);
    }
}

#[test]
fn port_refused() {
    let mut d = opened();
    d.start(retrieve(0));
    d.says("200 type");
    d.feed(Input::DataListening { port: 5 });
    assert_eq!(d.says("500 bounce"), ["CloseData", "failed Active 500, 0"]);
}
