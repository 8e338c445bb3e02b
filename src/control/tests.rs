//! The control socket as a program meets it.

use super::answer::line;
use super::{Address, Answer, Ask, LONGEST, Listener, Wrong, serve};
use crate::bench::{Bench, Live};
use crate::fault::Request;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::ErrorKind;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, ReadHalf, WriteHalf};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

struct Client {
    lines: Lines<BufReader<ReadHalf<UnixStream>>>,
    output: WriteHalf<UnixStream>,
    _dir: tempfile::TempDir,
    _server: JoinSet<()>,
}

impl Client {
    async fn of(live: &Live) -> Client {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control");
        let listener = Listener::bind(&Address::Unix(path.clone()), false).await.unwrap();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, live.desk()));
        let (input, output) = tokio::io::split(UnixStream::connect(path).await.unwrap());
        Client { lines: BufReader::new(input).lines(), output, _dir: dir, _server: server }
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
    client.output.write_all(b"\n").await.unwrap();
    assert_eq!(client.read().await, json!({"ok": false, "error": "the line is longer than 65536 octets"}));
    assert_eq!(client.ask(json!({"do": "status"})).await["ok"], true);
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
        let (id, ask) = Ask::parse(&bytes);
        let answer = ask.map(|_| Answer::Done {});
        prop_assert!(!line(id, &answer).contains('\n'));
    }

    #[test]
    fn any_name_can_be_lifted(name in any::<String>()) {
        let line = json!({"do": "lift", "name": name}).to_string();
        prop_assert_eq!(Ask::parse(line.as_bytes()).1, Ok::<_, Wrong>(Ask::Fault(Request::Lift(name))));
    }
}
