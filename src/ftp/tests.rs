//! Dialogues with a server, played in no time.

mod abort;
mod active;
mod anything;
mod download;
mod session;
mod upload;

use super::*;
use crate::time::Now;
use bytes::Bytes;
use core::net::Ipv4Addr;
use std::time::Duration;

const FILE: &str = "file.bin";

/// A client and what it has done so far, one short line per output.
struct Dialogue {
    client: Client,
    now: Now,
}

impl Dialogue {
    fn new(settings: Settings) -> Dialogue {
        Dialogue { client: Client::new(settings), now: Now::ZERO }
    }

    fn settings() -> Settings {
        Settings { user: "u".into(), password: "p".into(), ..Settings::default() }
    }

    /// A session that is open and has the settings `settings`.
    fn opened(settings: Settings) -> Dialogue {
        let mut d = Dialogue::new(settings);
        d.client.open(d.now);
        d.feed(Input::ControlConnected);
        d.says("220 hello");
        d.says("331 password");
        d.says("230 in");
        assert!(d.client.is_open() && !d.client.busy());
        d
    }

    /// A session whose passive data connection is up and whose verb is sent.
    fn at_verb(op: Op) -> Dialogue {
        let mut d = Dialogue::opened(Dialogue::settings());
        d.start(op);
        d.says("200 type");
        d.says("227 (127,0,0,1,4,1)");
        d.feed(Input::DataConnected);
        d
    }

    /// A transfer that has begun.
    fn begun(op: Op) -> Dialogue {
        let mut d = Dialogue::at_verb(op);
        assert_eq!(d.says("150 go"), ["begun"]);
        d
    }

    fn start(&mut self, op: Op) -> Vec<String> {
        self.client.start(self.now, op).expect("idle");
        self.take()
    }

    fn feed(&mut self, input: Input) -> Vec<String> {
        self.client.handle(self.now, input);
        self.take()
    }

    fn says(&mut self, line: &str) -> Vec<String> {
        self.feed(Input::ControlBytes(Bytes::from(format!("{line}\r\n"))))
    }

    fn data(&mut self, text: &'static str) -> Vec<String> {
        self.feed(Input::DataBytes(Bytes::from_static(text.as_bytes())))
    }

    fn send(&mut self, text: &'static str) -> Vec<String> {
        self.client.send(self.now, Bytes::from_static(text.as_bytes()));
        self.take()
    }

    fn finish(&mut self) -> Vec<String> {
        self.client.finish(self.now);
        self.take()
    }

    fn abort(&mut self) -> Vec<String> {
        self.client.abort(self.now);
        self.take()
    }

    /// Turns the clock.
    fn pass(&mut self, seconds: u64) -> Vec<String> {
        self.now += Duration::from_secs(seconds);
        self.client.handle_timeout(self.now);
        self.take()
    }

    /// All outputs since, without those that only report a line of the control connection.
    fn take(&mut self) -> Vec<String> {
        let mut lines = vec![];
        let mut line = String::new();
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::SendControl(bytes) => {
                    assert_eq!(bytes, format!("{line}\r\n"));
                    lines.push(format!("> {line}"));
                }
                Output::Event(Event::Sent(sent)) => line = sent,
                Output::Event(Event::Replied(_)) => {}
                other => lines.push(show(other)),
            }
        }
        lines
    }
}

fn show(output: Output) -> String {
    let text = |bytes: Bytes| String::from_utf8_lossy(&bytes).into_owned();
    match output {
        Output::ConnectData(to) => format!("connect data {to}"),
        Output::ListenData { port } => format!("listen {port}"),
        Output::SendData(bytes) => format!("send {}", text(bytes)),
        Output::Event(Event::Unasked(reply)) => format!("unasked {}", reply.code),
        Output::Event(Event::Begun) => "begun".into(),
        Output::Event(Event::Data(bytes)) => format!("data {}", text(bytes)),
        Output::Event(Event::Done { reply, moved, .. }) => format!("done {}, {moved}", reply.code),
        Output::Event(Event::Failed { failure, moved, .. }) => format!("failed {}, {moved}", why(failure)),
        Output::Event(Event::Lost { op, failure, .. }) => match op {
            Some(_) => format!("lost {}, with its operation", why(failure)),
            None => format!("lost {}", why(failure)),
        },
        Output::Event(event) => format!("{event:?}"),
        other => format!("{other:?}"),
    }
}

fn why(failure: Failure) -> String {
    match failure.cause {
        Cause::Rejected(reply) => format!("{:?} {}", failure.step, reply.code),
        cause => format!("{:?} {cause:?}", failure.step),
    }
}

fn retrieve(offset: u64) -> Op {
    Op::Retrieve { path: FILE.into(), kind: Type::Image, offset }
}

fn store(how: How) -> Op {
    Op::Store { path: FILE.into(), kind: Type::Image, offset: 0, how }
}
