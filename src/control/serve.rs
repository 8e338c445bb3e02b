//! The control socket's server.

use super::address::{Listener, Socket};
use super::answer::{Answer, Wrong, line};
use super::key::Key;
use super::request::{Line, Request};
use super::steer::{Control, Followed};
use crate::driver::accept;
use serde_json::Value;
use std::io::{self, Write};
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy, sink};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// The longest line that is read, in octets with its end.
pub const LONGEST: usize = 64 * 1024;
/// How many connections there may be at once.
pub const MOST: usize = 64;
/// How long a connection may take to show the key.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a client may take none of an answer.
const STUCK: Duration = Duration::from_secs(60);
/// How long, and how much, is read of what a client still sends when its connection ends: unread octets would have the
/// system take back the last answer.
const FAREWELL: (Duration, u64) = (Duration::from_secs(1), 1024 * 1024);

/// Serves whoever connects, until dropped.
pub async fn serve(listener: Listener, control: Control) {
    let mut clients = JoinSet::new();
    loop {
        let accepted = match &listener.socket {
            Socket::Unix(socket) => socket.accept().await.map(|(stream, _)| {
                match has_room(&mut clients) {
                    true => drop(clients.spawn(one(stream, control.clone(), Trust::Owner))),
                    false => refuse(stream.into_std()),
                };
            }),
            Socket::Tcp(socket, key) => socket.accept().await.map(|(stream, _)| {
                // Lines are short and awaited one by one; without effect where it fails.
                let _ = stream.set_nodelay(true);
                let trust = Trust::Stranger { key: key.clone(), patience: PATIENCE };
                match has_room(&mut clients) {
                    true => drop(clients.spawn(one(stream, control.clone(), trust))),
                    false => refuse(stream.into_std()),
                };
            }),
        };
        if let Err(error) = accepted {
            accept::failed("the control socket", &error).await;
        }
    }
}

fn has_room(clients: &mut JoinSet<()>) -> bool {
    while clients.try_join_next().is_some() {}
    clients.len() < MOST
}

/// Tells one client too many why it is not served.
fn refuse(stream: io::Result<impl Write>) {
    let wrong = Wrong::new(format!("{MOST} connections are open already"), "close one");
    // A new socket has room for a line; one whose client has gone needs none.
    let _ = stream.and_then(|mut stream| stream.write_all((line(None, &Err(wrong)) + "\n").as_bytes()));
}

/// How far a connection is trusted.
pub(super) enum Trust {
    /// The file system has let its user in. A line that is no request is answered, and no more.
    Owner,
    /// It has to show this key with its first request.
    Stranger {
        /// The key.
        key: Key,
        /// How long it may take.
        patience: Duration,
    },
    /// It has shown the key. A line that is no request still ends it, so that nothing which a web page wraps into a
    /// request of its own is ever obeyed.
    Known,
}

impl Trust {
    /// How long its first request may take.
    fn patience(&self) -> Duration {
        match self {
            Trust::Stranger { patience, .. } => *patience,
            Trust::Owner | Trust::Known => Duration::MAX,
        }
    }

    /// Takes a line as a request.
    ///
    /// # Errors
    /// What is wrong with it. The connection of whoever is no owner ends then.
    fn hear(&mut self, asked: &[u8]) -> Result<Line, (Option<Value>, Wrong)> {
        if asked.len() > LONGEST {
            return Err((
                None,
                Wrong::new(
                    format!("the line is longer than {LONGEST} octets"),
                    "end each request with a line feed",
                ),
            ));
        }
        let mut line = Line::parse(asked).map_err(|wrong| (None, wrong))?;
        let shown = line.key.take();
        if let Trust::Stranger { key, .. } = self {
            let right =
                "the ready line tells it as `control_key`; write {\"key\": \"..\", \"do\": \"status\"}";
            let wrong = match shown.as_ref().map(Value::as_str) {
                Some(Some(shown)) if key.opens(shown) => None,
                Some(_) => Some("this is not the key"),
                None => Some("the first request over TCP bears the key"),
            };
            if let Some(wrong) = wrong {
                return Err((line.id, Wrong::new(wrong, right)));
            }
            *self = Trust::Known;
        }
        Ok(line)
    }
}

/// Serves one client until it goes.
pub(super) async fn one(stream: impl AsyncRead + AsyncWrite, control: Control, trust: Trust) {
    let (input, mut output) = tokio::io::split(stream);
    let mut input = BufReader::new(input);
    // A client that goes in the middle of a line is no error.
    if talk(&mut input, &mut output, control, trust).await.is_ok() && output.shutdown().await.is_ok() {
        let (limit, most) = FAREWELL;
        let _ = timeout(limit, copy(&mut input.take(most), &mut sink())).await;
    }
}

/// Hears and answers, until the client goes or has to.
async fn talk(
    input: &mut (impl AsyncBufReadExt + Unpin),
    output: &mut (impl AsyncWrite + Unpin),
    control: Control,
    mut trust: Trust,
) -> io::Result<()> {
    let mut buffer = vec![];
    let mut followed: Option<Followed> = None;
    let patience = trust.patience();
    let mut tired = pin!(sleep(patience));
    loop {
        tokio::select! {
            read = read_line(input, &mut buffer) => {
                let more = read?;
                if !more {
                    return Ok(());
                }
                let asked = std::mem::take(&mut buffer);
                if asked.trim_ascii().is_empty() {
                    continue;
                }
                // Of a line that has no end, nothing behind it would ever be heard.
                let too_long = asked.len() > LONGEST;
                let (id, answer, ends) = match trust.hear(&asked) {
                    Ok(mut line) => (line.id.take(), obey(&control, line, &mut followed).await, false),
                    Err((id, wrong)) => (id, Err(wrong), too_long || !matches!(trust, Trust::Owner)),
                };
                // Who follows may be slow as he likes; an answer is waited for.
                let told = line(id, &answer) + "\n";
                timeout(STUCK, output.write_all(told.as_bytes())).await??;
                if ends {
                    return Ok(());
                }
                if let Some(followed) = &mut followed {
                    for record in std::mem::take(&mut followed.past) {
                        output.write_all(followed.line(&record).unwrap_or_default().as_bytes()).await?;
                    }
                }
            }
            record = next(&mut followed) => match record {
                Some(line) => output.write_all(line.as_bytes()).await?,
                None => return Ok(()),
            },
            () = &mut tired, if matches!(trust, Trust::Stranger { .. }) => {
                let wrong = Wrong::new(format!("no key in {} s", patience.as_secs()), "");
                return output.write_all((line(None, &Err(wrong)) + "\n").as_bytes()).await;
            }
        }
    }
}

/// Does what a request asks for.
async fn obey(control: &Control, line: Line, followed: &mut Option<Followed>) -> Result<Answer, Wrong> {
    match line.request()? {
        Request::Follow { events, since } => {
            *followed = Some(control.follow(events, since).await?);
            Ok(Answer::Done {})
        }
        request => control.ask(request).await,
    }
}

/// Reads on until a line is whole, or longer than any; false at the end. What was read stays where this is dropped. Of
/// a line that is too long one octet too many is kept.
async fn read_line(input: &mut (impl AsyncBufReadExt + Unpin), line: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let read = input.fill_buf().await?;
        let (end, whole) = match read.iter().position(|b| *b == b'\n') {
            Some(at) => (at + 1, true),
            None => (read.len(), false),
        };
        if end == 0 {
            return Ok(!line.is_empty());
        }
        line.extend_from_slice(&read[..end.min(LONGEST + 1 - line.len())]);
        input.consume(end);
        if whole || line.len() > LONGEST {
            return Ok(true);
        }
    }
}

/// The next record that the client wants, as a line; for ever where it follows nothing.
async fn next(followed: &mut Option<Followed>) -> Option<String> {
    let Some(followed) = followed else { return std::future::pending().await };
    loop {
        let record = followed.next.recv().await?;
        if let Some(line) = followed.line(&record) {
            return Some(line);
        }
    }
}
