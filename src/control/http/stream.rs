//! Bodies that come in parts: the trace as server-sent events, and files. The modem never waits for a client.

use crate::time::Now;
use crate::trace::{Event, History, Record};
use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use std::fmt::Write;
use std::fs::File;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::time::{sleep, timeout};

/// How many parts wait for the client.
const PARTS: usize = 2;
/// How large a part becomes, in octets; the last record may go beyond.
const PART: usize = 64 * 1024;
/// How many records are looked at together.
const RECORDS: usize = 256;
/// How long records are gathered before they are sent: one by one each would cost more than it says.
const GATHERS: Duration = Duration::from_millis(25);
/// How often something is said where nothing happens, so that both ends learn that the other is there.
const PULSE: Duration = Duration::from_secs(15);
/// The longest line of a trace that is passed on whole.
const LONGEST: u64 = 1024 * 1024;

/// One who is sent a body in parts.
struct Reader {
    to: Sender<Bytes, io::Error>,
}

impl Reader {
    fn new() -> (Reader, Channel<Bytes, io::Error>) {
        let (to, body) = Channel::new(PARTS);
        (Reader { to }, body)
    }

    /// Sends a part; false where the client has gone.
    async fn send(&mut self, part: impl Into<Bytes>) -> bool {
        self.to.send_data(part.into()).await.is_ok()
    }
}

fn event(into: &mut String, record: &Record) {
    if record.number > 0 {
        // Writing to memory cannot fail.
        let _ = writeln!(into, "id: {}", record.number);
    }
    let _ = write!(into, "data: {}\n\n", serde_json::to_string(record).unwrap_or_default());
}

/// The trace of a modem that runs, from behind the record `after` on.
pub fn live(history: History, mut after: u64) -> Channel<Bytes, io::Error> {
    let (mut reader, body) = Reader::new();
    tokio::spawn(async move {
        // The field ends the head of the answer before anything has happened.
        let mut goes_on = reader.send("retry: 1000\n\n").await;
        while goes_on {
            let part = match timeout(PULSE, history.beyond(after)).await {
                Ok(()) => {
                    let (part, last) = part(&history, after);
                    after = last;
                    part
                }
                Err(_) => ": nothing has happened\n\n".to_owned(),
            };
            let whole = part.len() < PART;
            goes_on = reader.send(part).await;
            if whole {
                sleep(GATHERS).await;
            }
        }
    });
    body
}

/// The next records behind `after`, as far as a part goes, and the number of the last.
fn part(history: &History, after: u64) -> (String, u64) {
    let past = history.part(after, RECORDS);
    let (mut text, mut last) = (String::new(), after);
    if past.missing > 0 {
        let note = format!("{} records are missing here: they are too long ago", past.missing);
        let t = past.records.first().map_or(0, |first| first.t);
        event(&mut text, &Record::new(Now::from_micros(t), Event::Note { text: note }));
    }
    for record in &past.records {
        event(&mut text, record);
        last = record.number;
        if text.len() >= PART {
            break;
        }
    }
    (text, last)
}

/// The trace in a file, from behind its line `after` on; then the word that it is over.
pub fn over(file: File, after: u64) -> Channel<Bytes, io::Error> {
    let (mut reader, body) = Reader::new();
    tokio::spawn(async move {
        let mut lines = BufReader::with_capacity(PART, tokio::fs::File::from_std(file));
        let (mut number, mut text, mut line) = (0_u64, String::new(), vec![]);
        loop {
            line.clear();
            match (&mut lines).take(LONGEST).read_until(b'\n', &mut line).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(e) => return reader.to.abort(e),
            }
            number += 1;
            let shown = String::from_utf8_lossy(&line);
            // A line end would end the event: no record has one inside.
            let shown = shown.trim_end_matches(['\r', '\n']).replace('\r', " ");
            if number > after && !shown.is_empty() {
                let _ = write!(text, "id: {number}\ndata: {shown}\n\n");
            }
            if text.len() >= PART && !reader.send(std::mem::take(&mut text)).await {
                return;
            }
        }
        text.push_str("event: over\ndata:\n\n");
        reader.send(text).await;
    });
    body
}

/// The first `len` octets of a file.
pub fn content(file: File, len: u64) -> Channel<Bytes, io::Error> {
    let (mut reader, body) = Reader::new();
    tokio::spawn(async move {
        let mut file = tokio::fs::File::from_std(file).take(len);
        loop {
            let mut part = Vec::with_capacity(PART);
            match file.read_buf(&mut part).await {
                Ok(0) => return,
                Ok(_) if reader.send(part).await => {}
                Ok(_) => return,
                Err(e) => return reader.to.abort(e),
            }
        }
    });
    body
}
