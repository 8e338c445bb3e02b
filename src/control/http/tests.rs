//! The API as a client meets it, over real sockets.

use super::{MOST, Place, Subject, serve};
use crate::bench::{Bench, Live};
use crate::control::tests::control;
use crate::time::Now;
use crate::trace::{Event, History, Record, Sink};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A modem and its page.
struct Site {
    live: Live,
    address: SocketAddr,
    key: String,
    _server: JoinSet<()>,
}

async fn site() -> Site {
    let live = Bench::profile("sim7080").unwrap().start().await.unwrap();
    let control = control(&live).await;
    let (address, key, server) = served(Subject::Live(control));
    Site { live, address, key, _server: server }
}

fn place() -> Place {
    Place::bind("127.0.0.1:0".parse().unwrap(), false).unwrap()
}

fn served(subject: Subject) -> (SocketAddr, String, JoinSet<()>) {
    served_at(place(), subject)
}

fn served_at(place: Place, subject: Subject) -> (SocketAddr, String, JoinSet<()>) {
    let url = place.url();
    let (address, key) = url.strip_prefix("http://").unwrap().split_once("/?key=").unwrap();
    let (address, key) = (address.parse().unwrap(), key.to_owned());
    let mut server = JoinSet::new();
    server.spawn(serve(place, subject));
    (address, key, server)
}

/// What is answered.
#[derive(Debug)]
struct Told {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// Sends octets, and reads the answer to its end.
async fn raw(address: SocketAddr, request: &[u8]) -> Told {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have answered, and closed, before all of it was read.
    let _ = stream.write_all(request).await;
    let mut all = vec![];
    let _ =
        timeout(Duration::from_secs(20), stream.read_to_end(&mut all)).await.expect("an answer that ends");
    told(&all)
}

fn told(all: &[u8]) -> Told {
    let end =
        all.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {all:?}"));
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Told { status, head: head.to_lowercase(), body: all[end + 4..].to_vec() }
}

impl Site {
    async fn ask(&self, method: &str, path: &str, body: impl AsRef<[u8]>) -> Told {
        let body = body.as_ref();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            self.key,
            body.len()
        );
        raw(self.address, &[head.as_bytes(), body].concat()).await
    }

    /// With these lines in the place of the usual ones.
    async fn head(&self, path: &str, fields: &[String]) -> Told {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        raw(self.address, format!("GET {path} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n").as_bytes())
            .await
    }
}

#[tokio::test]
async fn only_who_has_the_key_and_comes_from_here_is_let_in() {
    let site = site().await;
    let (address, key) = (site.address, &site.key);
    let (host, bearer) = (format!("Host: {address}"), format!("Authorization: Bearer {key}"));
    let local = format!("Host: localhost:{}", address.port());
    let origin = format!("Origin: http://{address}");
    for fields in [vec![&host, &bearer], vec![&local, &bearer], vec![&host, &bearer, &origin]] {
        let fields: Vec<String> = fields.into_iter().cloned().collect();
        assert_eq!(site.head("/api/status", &fields).await.status, 200, "{fields:?}");
    }
    let wrong_key = format!("Authorization: Bearer {}0", &key[1..]);
    let others: &[&[&str]] = &[
        &[&host],
        &[&host, &wrong_key],
        &[&host, "Authorization: Bearer "],
        &[&host, "Authorization: Basic eDp5"],
        &[&bearer],
        &["Host: evil.example", &bearer],
        &["Host: evil.example:80", &bearer],
        &["Host: 127.0.0.1", &bearer],
        &["Host: 127.0.0.1:1", &bearer],
        &["Host: ", &bearer],
        &[&host, "Host: evil.example", &bearer],
        &[&host, &bearer, "Origin: http://evil.example"],
        &[&host, &bearer, "Origin: null"],
        &[&host, &bearer, "Origin: "],
        &[&host, &bearer, "Origin: https://127.0.0.1"],
        &[&host, &bearer, &origin, "Origin: http://evil.example"],
    ];
    for fields in others {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        for path in ["/api/status", "/api/nothing", "/"] {
            let told = site.head(path, &fields).await;
            assert!(matches!(told.status, 400 | 403), "{fields:?}: {told:?}");
            if told.status == 403 {
                assert_eq!(told.json()["ok"], false);
            }
        }
    }
    // In an address the key opens the page alone.
    let key = format!("?key={key}");
    assert_eq!(site.head(&format!("/{key}"), std::slice::from_ref(&host)).await.status, 200);
    assert_eq!(site.head(&format!("/api/status{key}"), std::slice::from_ref(&host)).await.status, 403);
    assert_eq!(site.head("/?key=", &[host]).await.status, 403);
}

#[tokio::test]
async fn an_address_that_others_reach_is_refused() {
    let error = Place::bind("0.0.0.0:0".parse().unwrap(), false).unwrap_err();
    assert!(error.to_string().contains("--http-anywhere"), "{error}");
    assert!(Place::bind("0.0.0.0:0".parse().unwrap(), true).is_ok());
}

#[tokio::test]
async fn every_answer_is_kept_from_others() {
    let site = site().await;
    let page = site.ask("GET", "/", "").await;
    let policy = page.head.lines().find(|line| line.starts_with("content-security-policy:")).unwrap();
    let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    let text = String::from_utf8(page.body.clone()).unwrap();
    assert_eq!(text.matches(&format!("<script nonce=\"{nonce}\">")).count(), 1);
    assert_eq!(text.matches(&format!("<style nonce=\"{nonce}\">")).count(), 1);
    assert_eq!(text.matches("<script").count(), 1);
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    fs::write(site.live.root().join("x.html"), "<script>1</script>").unwrap();
    for path in ["/", "/api/status", "/api/nothing", "/api/files/x.html"] {
        let told = site.ask("GET", path, "").await;
        for field in [
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "x-frame-options: deny",
            "content-security-policy: ",
        ] {
            assert!(told.head.contains(field), "{path}: {field}: {}", told.head);
        }
    }
    let file = site.ask("GET", "/api/files/x.html", "").await;
    assert!(
        file.head.contains("content-disposition: attachment") && file.head.contains("octet-stream"),
        "{}",
        file.head
    );
}

#[tokio::test]
async fn methods_and_paths_that_there_are_not_are_told() {
    let site = site().await;
    assert_eq!(site.ask("GET", "/api/nothing", "").await.status, 404);
    for (method, path, allowed) in [
        ("PUT", "/api/status", "get"),
        ("GET", "/api/do", "post"),
        ("POST", "/api/files/x", "get, put, delete"),
        ("DELETE", "/", "get"),
    ] {
        let told = site.ask(method, path, "").await;
        assert_eq!(told.status, 405);
        assert!(told.head.contains(&format!("allow: {allowed}\r\n")), "{}", told.head);
    }
    for body in
        ["", "[]", "7", "{", "{\"do\": \"fly\"}", "{\"do\": \"follow\"}", "{\"do\": \"status\", \"x\": 1}"]
    {
        let told = site.ask("POST", "/api/do", body).await;
        assert_eq!((told.status, &told.json()["ok"]), (400, &json!(false)), "{body}");
    }
    for body in ["", "7", "{}", "{\"what\": {\"signal\": 99999}}", "{\"what\": {\"signal\": 2}, \"whom\": 1}"]
    {
        let told = site.ask("POST", "/api/faults", body).await;
        assert_eq!((told.status, &told.json()["ok"]), (400, &json!(false)), "{body}");
    }
    assert_eq!(site.ask("DELETE", "/api/faults/none", "").await.status, 400);
    assert_eq!(site.ask("DELETE", "/api/faults/%ff", "").await.status, 400);
}

#[tokio::test]
async fn bodies_have_limits() {
    let site = site().await;
    let long = format!("{{\"do\": \"type\", \"line\": \"{}\"}}", "x".repeat(64 * 1024));
    assert_eq!(site.ask("POST", "/api/do", &long).await.status, 413);
    let head = |path: &str, method: &str, length: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{length}\r\n\r\n",
            site.address, site.key
        )
    };
    // A gigabyte is refused before it is sent.
    for (method, path) in [("PUT", "/api/files/big"), ("POST", "/api/do"), ("POST", "/api/faults")] {
        let told = raw(site.address, head(path, method, "Content-Length: 1073741824").as_bytes()).await;
        assert_eq!(told.status, 413, "{path}");
    }
    let mut chunked = head("/api/do", "POST", "Transfer-Encoding: chunked").into_bytes();
    for _ in 0..70 {
        chunked.extend(format!("400\r\n{}\r\n", " ".repeat(1024)).bytes());
    }
    assert_eq!(raw(site.address, &chunked).await.status, 413);
    let long = format!("X-Long: {}", "x".repeat(40_000));
    assert_eq!(site.head("/api/status", &[long]).await.status, 431);
    assert_eq!(fs::read_dir(site.live.root()).unwrap().count(), 0);
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let site = site().await;
    let mut held = vec![];
    for _ in 0..MOST {
        held.push(TcpStream::connect(site.address).await.unwrap());
    }
    let told = raw(site.address, b"GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!((told.status, &told.json()["ok"]), (503, &json!(false)));
    drop(held);
    // The server learns in its own time that they have gone.
    let served = async {
        while site.ask("GET", "/api/status", "").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), served).await.unwrap();
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let patient = Place { patience: Duration::from_millis(50), ..place() };
    let (address, _, _server) = served_at(patient, Subject::Over("/nowhere".into()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /api/status HTTP/1.1\r\nHost: ").await.unwrap();
    let mut all = vec![];
    timeout(Duration::from_secs(60), stream.read_to_end(&mut all))
        .await
        .expect("the connection ends")
        .unwrap();
}

#[tokio::test]
async fn a_client_that_takes_no_answer_loses_its_connection() {
    let hasty = Place { stuck: Duration::from_millis(50), ..place() };
    let (address, key, _server) = served_at(hasty, Subject::Over("/nowhere".into()));
    let ask = format!("GET /api/kinds HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let asks = async { while stream.write_all(ask.as_bytes()).await.is_ok() {} };
    timeout(Duration::from_secs(60), asks).await.expect("the connection ends");
}

#[tokio::test]
async fn files_come_and_go_and_stay_inside() {
    let site = site().await;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let root = site.live.root().to_owned();
    symlink(outside.path(), root.join("out")).unwrap();
    symlink(outside.path().join("secret"), root.join("file-out")).unwrap();
    fs::create_dir(root.join("in")).unwrap();
    symlink("in", root.join("alias")).unwrap();
    let name = "a%20%3Cb%3E%ff";
    let content: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
    assert_eq!(
        site.ask("PUT", &format!("/api/files/in/{name}"), &content).await.json(),
        json!({"ok": true, "size": 200_000})
    );
    assert_eq!(site.ask("GET", &format!("/api/files/alias/{name}"), "").await.body, content);
    let list = site.ask("GET", "/api/files/in/", "").await.json();
    assert_eq!(list["files"], json!([{"name": "a <b>\u{fffd}", "path": "a%20%3Cb%3E%FF", "size": 200_000}]));
    let list = site.ask("GET", "/api/files/", "").await.json();
    assert_eq!(
        list["files"],
        json!([{"name": "alias", "path": "alias", "folder": true}, {"name": "in", "path": "in", "folder": true}])
    );
    for path in [
        "out/secret",
        "out/",
        "file-out",
        "../x",
        "%2e%2e/x",
        "in/../../x",
        "/etc/passwd",
        "%2fetc/passwd",
        "in%00",
        "in/x%00",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let told = site.ask(method, &format!("/api/files/{path}"), "new").await;
            // A link itself may be removed, and replaced; what it leads to stays.
            let link = path == "file-out";
            assert!((400..500).contains(&told.status) || link, "{method} {path}: {told:?}");
            assert!(!String::from_utf8_lossy(&told.body).contains("secret\n"));
            if method == "GET" {
                assert_ne!(told.body, b"secret");
            }
        }
    }
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(site.ask("DELETE", "/api/files/in", "").await.status, 409);
    assert_eq!(site.ask("DELETE", &format!("/api/files/in/{name}"), "").await.status, 200);
    assert_eq!(site.ask("DELETE", "/api/files/in", "").await.status, 200);
    assert_eq!(site.ask("DELETE", "/api/files/", "").await.status, 403);
    assert_eq!(site.ask("GET", "/api/files/none", "").await.status, 404);
    assert_eq!(site.ask("PUT", "/api/files/none/x", "new").await.status, 404);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let site = site().await;
    let root = site.live.root().to_owned();
    fs::write(root.join("x"), "old").unwrap();
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "PUT /api/files/x HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\nnew",
        site.address, site.key
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let count = |root: &Path| fs::read_dir(root).unwrap().count();
    let until = async |n: usize| {
        let there = async {
            while count(&root) != n {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), there).await.unwrap();
    };
    until(2).await;
    drop(stream);
    until(1).await;
    assert_eq!(fs::read(root.join("x")).unwrap(), b"old");
}

/// Follows the trace.
struct Events {
    lines: tokio::io::Lines<BufReader<TcpStream>>,
}

impl Events {
    async fn follow(site: &Site, last: Option<u64>) -> Events {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let last = last.map_or(String::new(), |last| format!("Last-Event-ID: {last}\r\n"));
        let head = format!(
            "GET /api/trace HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{last}\r\n",
            site.address, site.key
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Events { lines: BufReader::new(stream).lines() }
    }

    /// The next record with its number.
    async fn next(&mut self) -> (Option<u64>, Value) {
        timeout(Duration::from_secs(20), self.record()).await.expect("a record")
    }

    async fn record(&mut self) -> (Option<u64>, Value) {
        let mut id = None;
        loop {
            let line = self.lines.next_line().await.unwrap().expect("more");
            if let Some(number) = line.strip_prefix("id: ") {
                id = number.parse().ok();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return (id, serde_json::from_str(data).unwrap());
            }
        }
    }

    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> (u64, Value) {
        loop {
            let (id, record) = self.next().await;
            if wanted(&record) {
                return (id.unwrap(), record);
            }
        }
    }
}

#[tokio::test]
async fn the_trace_comes_from_its_beginning_and_goes_on_where_it_was_left() {
    let site = site().await;
    let typed = |line: &str| json!({"do": "type", "line": line}).to_string();
    assert_eq!(site.ask("POST", "/api/do", typed("AT+CSQ")).await.json(), json!({"ok": true, "port": 2}));
    let mut events = Events::follow(&site, None).await;
    let (first, _) =
        events.until(|r| r["event"] == "command_line" && r["line"] == "AT+CSQ" && r["port"] == 2).await;
    let (answered, _) = events.until(|r| r["event"] == "result" && r["port"] == 2).await;
    assert!(answered > first);
    drop(events);
    // The port is there now; the second line uses it, too.
    assert_eq!(site.ask("POST", "/api/do", typed("AT+CREG?")).await.json()["port"], 2);
    let mut events = Events::follow(&site, Some(answered)).await;
    let (id, _) = events.next().await;
    assert_eq!(id, Some(answered + 1));
    events.until(|r| r["event"] == "command_line" && r["line"] == "AT+CREG?").await;
    // A number that is to come, and one that is none.
    drop(Events::follow(&site, Some(u64::MAX)).await);
    let status = site.ask("GET", "/api/status", "").await.json();
    assert_eq!(status["ports"], json!(["command", "command"]));
}

#[tokio::test]
async fn a_client_that_sleeps_loses_records_and_is_told_and_the_modem_goes_on() {
    let live = Bench::profile("sim7080").unwrap().start().await.unwrap();
    let control = control(&live).await;
    // Filled by this test alone.
    let mut history = History::default();
    let control = control.with_history(history.clone());
    let (address, key, server) = served(Subject::Live(control));
    let site = Site { live, address, key, _server: server };
    let mut sleeps = Events::follow(&site, None).await;
    // More than the sockets hold, and more than is kept.
    for number in 1..=100 {
        let text = format!("{number} {}", "x".repeat(256 * 1024));
        let note = Event::Note { text };
        history.take(&Record { number, ..Record::new(Now::from_micros(number), note) }).unwrap();
        history.flush().unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(site.ask("GET", "/api/status", "").await.status, 200);
    let (mut told, mut id) = (false, None);
    while id != Some(100) {
        let record;
        (id, record) = sleeps.next().await;
        told |= record["text"].as_str().is_some_and(|text| text.contains("records are missing here"));
    }
    assert!(told);
}

#[tokio::test]
async fn a_trace_that_is_over_ends_with_that_word() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    fs::write(&file, "{\"t\":0,\"event\":\"note\",\"text\":\"a\"}\r\n\nnonsense\n{\"t\":1,\"event\":\"end\",\"reason\":\"b\"}").unwrap();
    let (address, key, _server) = served(Subject::Over(file.clone()));
    let ask = async |path: &str, more: &str| {
        raw(address, format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n{more}Connection: close\r\n\r\n").as_bytes()).await
    };
    let text = |told: Told| String::from_utf8(told.body).unwrap();
    let whole = text(ask("/api/trace", "").await);
    assert!(
        whole.contains(
            "id: 1\ndata: {\"t\":0,\"event\":\"note\",\"text\":\"a\"}\n\nid: 3\ndata: nonsense\n\nid: 4\n"
        ),
        "{whole}"
    );
    assert!(whole.contains("event: over\ndata:\n\n"), "{whole}");
    let rest = text(ask("/api/trace", "Last-Event-ID: 3\r\n").await);
    assert!(!rest.contains("nonsense") && rest.contains("id: 4\n"), "{rest}");
    assert_eq!(ask("/", "").await.status, 200);
    assert_eq!(ask("/api/kinds", "").await.status, 200);
    assert_eq!(ask("/api/status", "").await.status, 404);
    fs::remove_file(&file).unwrap();
    assert_eq!(ask("/api/trace", "").await.status, 404);
}

/// The examples of docs/api.md in their order, each with its request, its status and the shape of its answer.
#[tokio::test]
async fn what_the_documents_show_is_so() {
    let site = site().await;
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md")).unwrap();
    let mut count = 0;
    for example in text.split("```http\n").skip(1) {
        let example = example.split("```").next().unwrap();
        let (asked, told) = example.split_once("\n\n").unwrap();
        let (line, body) = asked.split_once('\n').unwrap_or((asked, ""));
        let (method, path) = line.split_once(' ').unwrap();
        let (status, shape) = told.split_once(' ').unwrap();
        let answer = site.ask(method, path, body).await;
        assert_eq!(answer.status.to_string(), status, "{line}: {answer:?}");
        let shape: Value = serde_json::from_str(shape).unwrap_or_else(|e| panic!("{line}: {e}"));
        alike(line, &shape, &answer.json());
        count += 1;
    }
    assert!(count > 10, "the examples are not where they were");
}

/// That what is shown is there, of the same type; and the same where it is a word.
fn alike(of: &str, shown: &Value, real: &Value) {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            for (key, shown) in shown {
                let real = real.get(key).unwrap_or_else(|| panic!("{of}: no {key} in {real:?}"));
                alike(&format!("{of} {key}"), shown, real);
            }
        }
        (Value::Array(shown), Value::Array(real)) => {
            if let (Some(shown), Some(real)) = (shown.first(), real.first()) {
                alike(of, shown, real);
            }
        }
        (Value::Number(_), Value::Number(_)) => {}
        // The words of a help are its own.
        (Value::String(_), Value::String(_)) if of.ends_with("help") => {}
        (Value::String(shown), Value::String(real)) => {
            assert!(real.starts_with(shown.as_str()), "{of}: {shown} and {real}")
        }
        (shown, real) => assert_eq!(shown, real, "{of}"),
    }
}
