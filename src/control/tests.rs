//! The control socket as a program meets it.

use super::answer::line;
use super::request::Line;
use super::serve::{Trust, one};
use super::{About, Address, Answer, Control, Key, LONGEST, Listener, MOST, Request, Wrong, serve};
use crate::bench::{Bench, Live};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines, ReadHalf, WriteHalf};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

struct Client {
    lines: Lines<BufReader<ReadHalf<UnixStream>>>,
    output: WriteHalf<UnixStream>,
    dir: tempfile::TempDir,
    _server: JoinSet<()>,
}

impl Client {
    async fn of(live: &Live) -> Client {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control");
        let listener = Listener::bind(&Address::Unix(path.clone()), false).await.unwrap();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, control(live).await));
        let (input, output) = tokio::io::split(UnixStream::connect(path).await.unwrap());
        Client { lines: BufReader::new(input).lines(), output, dir, _server: server }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("control")
    }

    async fn read(&mut self) -> Value {
        let line = self.lines.next_line().await.unwrap().expect("a line");
        serde_json::from_str(&line).unwrap()
    }

    async fn ask(&mut self, request: Value) -> Value {
        self.output.write_all(format!("{request}\n").as_bytes()).await.unwrap();
        self.read().await
    }
}

/// What steers a modem of a test.
pub(super) async fn control(live: &Live) -> Control {
    let about = About {
        profile: "sim7080".into(),
        root: live.root().to_owned(),
        base: "profile = \"sim7080\"\n".into(),
        head: "profile sim7080\n".into(),
        ..About::default()
    };
    let watch = live.watch();
    live.handle().ask(move |machine, _| Control::new(machine, watch, about)).await.unwrap()
}

async fn modem() -> (Live, Client) {
    let live = Bench::profile("sim7080").unwrap().start().await.unwrap();
    let client = Client::of(&live).await;
    (live, client)
}

#[tokio::test]
async fn a_fault_comes_and_goes() {
    let (mut live, mut client) = modem().await;
    let fault = json!({"name": "tunnel", "what": {"stall": "both"}, "when": {"inject": true}});
    let answer = client.ask(json!({"do": "inject", "fault": fault, "id": 7})).await;
    assert_eq!(answer, json!({"ok": true, "id": 7, "name": "tunnel"}));
    let answer = client.ask(json!({"do": "list"})).await;
    assert_eq!(answer["faults"][0]["name"], "tunnel");
    assert_eq!(answer["faults"][0]["active"], false);
    assert_eq!(client.ask(json!({"do": "inject", "name": "tunnel"})).await["ok"], true);
    live.wait_for(|r| matches!(&r.event, crate::trace::Event::FaultApplied { name, .. } if name == "tunnel"))
        .await;
    assert_eq!(client.ask(json!({"do": "status"})).await["faults"], json!(["tunnel"]));
    assert_eq!(client.ask(json!({"do": "lift", "name": "tunnel"})).await["ok"], true);
    assert_eq!(client.ask(json!({"do": "lift"})).await, json!({"ok": true}));
    assert_eq!(client.ask(json!({"do": "status"})).await["faults"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_would_be_right() {
    let (_live, mut client) = modem().await;
    let wrong = [
        (json!({"do": "injekt"}), "injekt", "inject"),
        (json!({"do": "inject"}), "which fault", "\"what\""),
        (json!({"do": "inject", "fault": {"what": {"stal": "up"}}}), "stal", "stall"),
        (
            json!({"do": "inject", "fault": {"what": {"stall": "up"}, "when": {"verb": "RETRY"}}}),
            "RETRY",
            "RETR",
        ),
        (
            json!({"do": "inject", "fault": {"what": {"stall": "up"}, "when": {"command": "AT+FTPGOT"}}}),
            "AT+FTPGOT",
            "AT+FTPG",
        ),
        (
            json!({"do": "inject", "fault": {"what": {"stall": "up"}, "when": {"after": "x"}}}),
            "`x`",
            "inject one",
        ),
        (json!({"do": "lift", "name": "nothing"}), "nothing", "inject one"),
        (json!({"do": "list", "all": true}), "all", "no key"),
        (json!({"do": "speed", "speed": 0}), "0", "1 to 1000"),
        (json!([1]), "", ""),
    ];
    for (request, what, right) in wrong {
        let answer = client.ask(request.clone()).await;
        assert_eq!(answer["ok"], false, "{request}");
        assert!(answer["error"].as_str().unwrap().contains(what), "{request}: {answer}");
        assert!(right.is_empty() || answer["right"].as_str().unwrap().contains(right), "{request}: {answer}");
    }
    client.output.write_all(b"nonsense\n\n").await.unwrap();
    assert!(client.read().await["error"].as_str().unwrap().starts_with("this is no JSON"));
    assert_eq!(client.ask(json!({"do": "speed", "speed": 60})).await["ok"], true);
    assert_eq!(client.ask(json!({"do": "status"})).await["speed"], 60);
}

#[tokio::test]
async fn mistakes_are_told_in_words_for_a_person() {
    let (_live, mut client) = modem().await;
    for (request, error, right) in [
        (
            json!({"do": "follow", "events": ["comand"]}),
            "the trace has no event `comand`",
            "did you mean `command`?",
        ),
        (json!({"do": "speed", "speed": 1.5}), "invalid type", "write a whole number"),
        (json!(3), "invalid type", "write a table"),
        (
            json!({"do": "inject", "fault": {"what": {"signal": 2}, "for": 3}}),
            "invalid type",
            "such as 250ms",
        ),
        (
            json!({"do": "inject", "fault": {"what": {"signal": 2}, "fro": "3s"}}),
            "unknown key `fro`",
            "`for`",
        ),
        (
            json!({"do": "inject", "fault": {"what": {"late": "1s", "command": "AT+NO"}}}),
            "can never act",
            "commands",
        ),
        (
            json!({"do": "inject", "fault": {"when": {"after": "x"}, "what": {"signal": 2}}}),
            "named `x`",
            "no faults",
        ),
    ] {
        let answer = client.ask(request.clone()).await;
        assert!(answer["error"].as_str().is_some_and(|e| e.contains(error)), "{request}: {answer}");
        assert!(answer["right"].as_str().is_some_and(|r| r.contains(right)), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_follower_reads_the_trace_and_may_go_on_asking() {
    let (mut live, mut client) = modem().await;
    let mut host = live.port(1).unwrap();
    let answer = client.ask(json!({"do": "follow", "events": ["command_line", "fault_applied"]})).await;
    assert_eq!(answer, json!({"ok": true}));
    host.write_all(b"AT+CSQ\r").await.unwrap();
    let record = client.read().await;
    assert_eq!((&record["event"], &record["line"]), (&json!("command_line"), &json!("AT+CSQ")));
    let fault = json!({"what": {"stall": "down"}});
    let both = [client.ask(json!({"do": "inject", "fault": fault})).await, client.read().await];
    assert!(
        both.iter().any(|line| line["ok"] == true)
            && both.iter().any(|line| line["event"] == "fault_applied")
    );
}

#[tokio::test]
async fn a_line_that_is_too_long_hurts_nobody() {
    let (live, mut client) = modem().await;
    let mut other = Client::of(&live).await;
    client.output.write_all(&vec![b'x'; 3 * LONGEST]).await.unwrap();
    assert_eq!(other.ask(json!({"do": "status"})).await["profile"], "sim7080");
    // It is told without waiting for an end of the line, and is over.
    assert_eq!(
        client.read().await,
        json!({"ok": false, "error": "the line is longer than 65536 octets", "right": "end each request with a line feed"})
    );
    assert_eq!(client.lines.next_line().await.unwrap(), None);
    assert_eq!(other.ask(json!({"do": "status"})).await["ok"], true);
}

#[tokio::test]
async fn over_tcp_a_line_without_an_end_is_not_waited_for() {
    let heard = over_tcp(|_| "x".repeat(300_000)).await;
    assert_eq!(heard.len(), 1);
    assert!(heard[0]["error"].as_str().unwrap().contains("longer than"), "{heard:?}");
}

/// A modem with a control socket on TCP, and what a client reads that says all of these at once, up to the end of
/// its connection.
async fn over_tcp(says: impl Fn(&str) -> String) -> Vec<Value> {
    let live = Bench::profile("sim7080").unwrap().start().await.unwrap();
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap(), false).await.unwrap();
    let key = listener.key().expect("TCP has a key").text().to_owned();
    let address = listener.address().to_string();
    let mut server = JoinSet::new();
    server.spawn(serve(listener, control(&live).await));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(says(&key).as_bytes()).await.unwrap();
    let mut lines = BufReader::new(client).lines();
    let mut heard = vec![];
    // One that were not ended by the server would hang here, and fail by the guard of the tests.
    while let Some(line) = timeout(GUARD, lines.next_line()).await.expect("it ends").unwrap() {
        heard.push(serde_json::from_str(&line).unwrap());
    }
    heard
}

const GUARD: Duration = Duration::from_secs(30);
const DONE: &str = "nonsense, which ends it\n";

#[tokio::test]
async fn over_tcp_the_first_request_bears_the_key() {
    let heard = over_tcp(|key| {
        let first = json!({"do": "speed", "speed": 60, "key": key, "id": 1});
        format!("\n{first}\n{}\n{}\n{DONE}", json!({"do": "injekt"}), json!({"do": "status", "id": 2}))
    })
    .await;
    assert_eq!(heard[0], json!({"ok": true, "id": 1}));
    assert!(heard[1]["error"].as_str().unwrap().contains("injekt"), "a mistake ends nothing: {heard:?}");
    assert_eq!((&heard[2]["id"], &heard[2]["speed"]), (&json!(2), &json!(60)));
    assert!(heard[3]["error"].as_str().unwrap().starts_with("this is no JSON"), "{heard:?}");
    assert_eq!(heard.len(), 4);
}

#[tokio::test]
async fn over_tcp_nobody_comes_in_without_the_key() {
    let unlocked = json!({"do": "speed", "speed": 60});
    let page = |body: &str| {
        format!(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}\r\n",
            body.len()
        )
    };
    for (first, error) in [
        (unlocked.to_string(), "the first request over TCP bears the key"),
        (json!({"do": "list", "key": ""}).to_string(), "this is not the key"),
        (json!({"do": "list", "key": "0".repeat(32)}).to_string(), "this is not the key"),
        (json!({"do": "list", "key": ["KEY"]}).to_string(), "this is not the key"),
        (json!({"do": "list", "key": null}).to_string(), "this is not the key"),
        ("\"KEY\"".to_owned(), "invalid type"),
        ("KEY".to_owned(), "this is no JSON"),
        ("\u{0}\u{1}".to_owned(), "this is no JSON"),
        (page(&unlocked.to_string()), "this is no JSON"),
        // Even a page that had read the key.
        (page(&json!({"do": "speed", "speed": 60, "key": "KEY"}).to_string()), "this is no JSON"),
        ("GET /?{\"do\":\"speed\"} HTTP/1.0\r\n\r\n".to_owned(), "this is no JSON"),
        ("x".repeat(LONGEST + 1), "the line is longer"),
    ] {
        let heard = over_tcp(|key| {
            let behind = json!({"do": "list", "key": key});
            format!("{}\n{behind}\n{unlocked}\n", first.replace("KEY", key))
        })
        .await;
        assert_eq!(heard.len(), 1, "{first}: {heard:?}");
        assert_eq!(heard[0]["ok"], false, "{first}");
        assert!(heard[0]["error"].as_str().unwrap().contains(error), "{first}: {heard:?}");
    }
}

#[tokio::test]
async fn who_shows_no_key_does_not_stay() {
    let live = Bench::profile("sim7080").unwrap().start().await.unwrap();
    let (mut client, ours) = tokio::io::duplex(1024);
    let trust = Trust::Stranger { key: Key::new().unwrap(), patience: Duration::ZERO };
    let mut server = JoinSet::new();
    server.spawn(one(ours, control(&live).await, trust));
    let mut heard = String::new();
    timeout(GUARD, client.read_to_string(&mut heard)).await.expect("it ends").unwrap();
    assert_eq!(heard, "{\"ok\":false,\"error\":\"no key in 0 s\"}\n");
}

#[tokio::test]
async fn so_many_are_served_at_once_and_no_more() {
    let (live, mut first) = modem().await;
    let path = first.path();
    let mut others = vec![];
    for _ in 1..MOST {
        others.push(UnixStream::connect(&path).await.unwrap());
    }
    let one_more = UnixStream::connect(&path).await.unwrap();
    let told = BufReader::new(one_more).lines().next_line().await.unwrap().expect("a line");
    assert_eq!(told, r#"{"ok":false,"error":"64 connections are open already","right":"close one"}"#);
    assert_eq!(first.ask(json!({"do": "status"})).await["ok"], true);
    drop((others, live));
}

#[tokio::test]
async fn only_this_machine_is_served_unless_told() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let refused = Listener::bind(&everywhere, false).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    assert!(refused.to_string().contains("--control-anywhere"), "{refused}");
    assert!(Listener::bind(&everywhere, true).await.is_ok());
    let dir = tempfile::tempdir().unwrap();
    let path = Address::Unix(dir.path().join("control"));
    let first = Listener::bind(&path, false).await.unwrap();
    assert_eq!(Listener::bind(&path, false).await.unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(first);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    drop(std::os::unix::net::UnixListener::bind(dir.path().join("control")).unwrap());
    assert!(Listener::bind(&path, false).await.is_ok(), "nobody listens to it any more");
}

#[test]
fn an_address_is_a_path_or_ip_and_port() {
    assert_eq!("127.0.0.1:7000".parse(), Ok(Address::Tcp(([127, 0, 0, 1], 7000).into())));
    assert_eq!("localhost:7000".parse(), Ok(Address::Tcp(([127, 0, 0, 1], 7000).into())));
    assert_eq!("./modem:1".parse(), Ok(Address::Unix("./modem:1".into())));
    assert_eq!("control.sock".parse(), Ok(Address::Unix("control.sock".into())));
    assert!("example.com:7000".parse::<Address>().unwrap_err().contains("127.0.0.1:7000"));
    assert!("".parse::<Address>().is_err());
}

proptest! {
    #[test]
    fn any_line_is_answered_by_one_line(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let answer = Line::parse(&bytes).and_then(Line::request).map(|_| Answer::Done {});
        prop_assert!(!line(None, &answer).contains('\n'));
    }

    #[test]
    fn any_name_can_be_lifted(name in any::<String>()) {
        let line = json!({"do": "lift", "name": name}).to_string();
        let ask = Line::parse(line.as_bytes()).and_then(Line::request);
        prop_assert_eq!(ask, Ok::<_, Wrong>(Request::Lift { name: Some(name) }));
    }
}

#[tokio::test]
async fn the_clock_stands_and_is_turned_and_the_hosts_bytes_wait() {
    let (mut live, mut client) = modem().await;
    let mut host = live.port(1).unwrap();
    let t = |answer: &Value| answer["t"].as_u64().unwrap();
    // What a module does a long time after a command: here the end of a late answer.
    let fault = json!({"what": {"late": "1h", "command": "AT+CSQ"}, "when": {"command": "AT+CSQ"}});
    assert_eq!(client.ask(json!({"do": "inject", "fault": fault})).await["ok"], true);
    let stood = t(&client.ask(json!({"do": "pause"})).await);
    host.write_all(b"AT+CSQ\r").await.unwrap();
    assert_eq!(t(&client.ask(json!({"do": "status"})).await), stood, "it stands");
    let turned = t(&client.ask(json!({"do": "step", "for": "59m"})).await);
    assert_eq!(turned, stood + 59 * 60_000_000);
    assert_eq!(client.ask(json!({"do": "status"})).await["paused"], true);
    let mut heard = [0; 256];
    // Nothing but the echo so far: the answer is an hour late.
    let echo = host.read(&mut heard).await.unwrap();
    assert!(!String::from_utf8_lossy(&heard[..echo]).contains("+CSQ:"), "{}", heard[..echo].escape_ascii());
    let far = client.ask(json!({"do": "step", "for": "1000000h"})).await;
    assert!(far["error"].as_str().unwrap().contains("100 years"), "{far}");
    assert_eq!(client.ask(json!({"do": "step", "for": "2m"})).await["ok"], true);
    let mut answer = String::new();
    while !answer.contains("OK") {
        let n = timeout(GUARD, host.read(&mut heard)).await.expect("an answer").unwrap();
        answer += &String::from_utf8_lossy(&heard[..n]);
    }
    assert!(answer.contains("+CSQ:"), "{answer}");
    assert_eq!(client.ask(json!({"do": "speed"})).await["ok"], true);
    let status = client.ask(json!({"do": "status"})).await;
    assert_eq!((&status["paused"], &status["speed"]), (&json!(false), &json!(1)));
}

#[tokio::test]
async fn who_comes_late_may_look_back() {
    let (mut live, mut client) = modem().await;
    let mut host = live.port(1).unwrap();
    host.write_all(b"AT+CSQ\r").await.unwrap();
    live.wait_for(|r| matches!(&r.event, crate::trace::Event::Result { .. })).await;
    let request = json!({"do": "follow", "events": ["command_line"], "since": 0});
    assert_eq!(client.ask(request).await, json!({"ok": true}));
    assert_eq!(client.read().await["line"], "AT+CSQ");
    host.write_all(b"AT+CREG?\r").await.unwrap();
    assert_eq!(client.read().await["line"], "AT+CREG?");
}

#[tokio::test]
async fn two_may_steer_at_once() {
    let (live, mut one) = modem().await;
    let mut two = Client::of(&live).await;
    assert_eq!(one.ask(json!({"do": "pause"})).await["ok"], true);
    // A second step goes on from where the first will end.
    let from = one.ask(json!({"do": "status"})).await["t"].as_u64().unwrap();
    let step = json!({"do": "step", "for": "10s"});
    let (first, second) = tokio::join!(one.ask(step.clone()), two.ask(step));
    assert!(first["ok"] == true && second["ok"] == true, "{first} {second}");
    assert_eq!(two.ask(json!({"do": "status"})).await["t"], from + 20_000_000);
    let both = async |one: &mut Client, two: &mut Client, fault: Value| {
        let request = json!({"do": "inject", "fault": fault});
        tokio::join!(one.ask(request.clone()), two.ask(request))
    };
    let (first, second) = both(&mut one, &mut two, json!({"what": {"signal": 2}})).await;
    assert!(first["ok"] == true && second["ok"] == true && first["name"] != second["name"]);
    let (first, second) = both(&mut one, &mut two, json!({"name": "x", "what": {"signal": 2}})).await;
    assert!(first["ok"] != second["ok"], "a name is one fault's: {first} {second}");
}

#[tokio::test]
async fn what_could_not_be_done_is_told() {
    let (_live, mut client) = modem().await;
    for (what, word) in [
        (json!({"pdp_drop": "all"}), "no PDP context"),
        (json!({"pdp_drop": 3}), "context 3"),
        (json!({"cut": "rst"}), "no such connection"),
        (json!({"speak": 421}), "no FTP session"),
    ] {
        let answer = client.ask(json!({"do": "inject", "fault": {"what": what}})).await;
        assert!(answer["note"].as_str().is_some_and(|note| note.contains(word)), "{what}: {answer}");
    }
    let fault = json!({"name": "gone", "when": {"inject": true}, "what": {"pdp_drop": 1}});
    assert_eq!(client.ask(json!({"do": "inject", "fault": fault})).await["note"], Value::Null);
    assert!(client.ask(json!({"do": "inject", "name": "gone"})).await["note"].is_string());
    assert_eq!(
        client.ask(json!({"do": "inject", "fault": {"what": {"signal": 2}}})).await["note"],
        Value::Null
    );
}

#[test]
fn the_schema_has_every_request_and_the_document_each() {
    let page = include_str!("../../docs/control.md");
    let schema = super::schema().to_value();
    let requests = schema["properties"]["request"]["oneOf"].as_array().unwrap();
    let words = super::words();
    assert!(words.len() == requests.len() && words.len() > 7, "{words:?}");
    for word in &words {
        let told = page.lines().any(|line| {
            line.strip_prefix("## ").is_some_and(|head| head.split(", ").any(|head| head == word))
        });
        assert!(told, "docs/control.md says nothing about {word}");
    }
    for part in ["answer", "record"] {
        assert!(schema["properties"][part].is_object(), "{part}");
    }
}

/// A host that asks for the signal, and what it is told; where it is at the third, `then` is done first.
async fn asks(live: &mut Live, mut then: impl AsyncFnMut()) -> Vec<String> {
    let mut host = BufReader::new(live.port(1).unwrap());
    let mut heard = vec![];
    for n in 1..=5 {
        if n == 3 {
            then().await;
        }
        let line = if n == 4 { "AT+CREG?" } else { "AT+CSQ" };
        host.get_mut().write_all(format!("{line}\r").as_bytes()).await.unwrap();
        loop {
            let mut line = String::new();
            timeout(GUARD, host.read_line(&mut line)).await.expect("an answer").unwrap();
            let line = line.trim().to_owned();
            let ends = line == "OK" || line.contains("ERROR");
            if line.starts_with('+') || ends {
                heard.push(line);
            }
            if ends {
                break;
            }
        }
    }
    heard
}

#[tokio::test]
async fn what_was_done_by_hand_is_done_again_by_the_scenario_that_is_saved() {
    let signal = json!({"what": {"signal": 2}});
    let named = json!({"name": "out", "what": {"sim": "out"}, "for": "1h"});
    let errs = json!({"what": {"error": 100, "command": "AT+CREG?"}});
    let waits = json!({"when": {"command": "AT+CSQ", "nth": 2}, "what": {"answer": ["+CSQ: 9,9", "OK"]}});
    for faults in [vec![&signal], vec![&errs], vec![&signal, &errs], vec![&named], vec![&waits]] {
        let mut live = Bench::profile("sim7080").unwrap().start().await.unwrap();
        live.wait_for(|r| matches!(&r.event, crate::trace::Event::Urc { line, .. } if line == "SMS Ready"))
            .await;
        let control = control(&live).await;
        let heard = asks(&mut live, async || {
            for fault in &faults {
                let request = Request::Inject { name: None, fault: Some((*fault).clone()) };
                control.ask(request).await.unwrap();
            }
        })
        .await;
        let saved = control.ask(Request::Save { what: super::Saved::Scenario }).await.unwrap();
        let Answer::Saved { text } = saved else { panic!("{saved:?}") };
        let mut again =
            Bench::scenario_text(&text).unwrap_or_else(|e| panic!("{text}\n{e}")).start().await.unwrap();
        again
            .wait_for(|r| matches!(&r.event, crate::trace::Event::Urc { line, .. } if line == "SMS Ready"))
            .await;
        assert_eq!(asks(&mut again, async || {}).await, heard, "{text}");
    }
}

#[tokio::test]
async fn a_lift_and_a_session_are_saved_too() {
    let mut live = Bench::profile("sim7080").unwrap().start().await.unwrap();
    let control = control(&live).await;
    let heard = asks(&mut live, async || {
        let fault = Some(json!({"name": "weak", "what": {"signal": 2}}));
        control.ask(Request::Inject { name: None, fault }).await.unwrap();
        control.ask(Request::Lift { name: Some("weak".into()) }).await.unwrap();
    })
    .await;
    assert_eq!(heard[0], heard[4], "it was lifted");
    let save = async |what| match control.ask(Request::Save { what }).await.unwrap() {
        Answer::Saved { text } => text,
        other => panic!("{other:?}"),
    };
    let scenario = save(super::Saved::Scenario).await;
    assert!(scenario.contains("name = \"weak\"") && scenario.contains("for = "), "{scenario}");
    Bench::scenario_text(&scenario).unwrap();
    let recording = save(super::Saved::Recording).await;
    assert!(
        recording.starts_with("profile sim7080\n") && recording.matches("> AT+CSQ").count() == 4,
        "{recording}"
    );
    crate::transcript::parse("saved.at", &recording).unwrap_or_else(|e| panic!("{recording}\n{e:?}"));
}
