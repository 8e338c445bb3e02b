//! The control socket's server.

use super::address::{Listener, Socket};
use super::answer::{Answer, Wrong, line};
use super::ask::Ask;
use super::status::Status;
use crate::driver::accept;
use crate::driver::desk::{Desk, Gone};
use crate::driver::machine::Machine;
use crate::fault::{Known, Never, Request, Trigger, never_acts, never_happens};
use crate::time::Now;
use crate::trace::Record;
use crate::trace::follow::follow;
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

/// The longest line that is read, in octets with its end.
pub const LONGEST: usize = 64 * 1024;

/// Serves whoever connects, until dropped.
pub async fn serve(listener: Listener, desk: Desk) {
    let mut clients = JoinSet::new();
    loop {
        while clients.try_join_next().is_some() {}
        let accepted = match &listener.socket {
            Socket::Unix(socket) => socket.accept().await.map(|(stream, _)| {
                clients.spawn(one(stream, desk.clone()));
            }),
            Socket::Tcp(socket) => socket.accept().await.map(|(stream, _)| {
                // Lines are short and awaited one by one; without effect where it fails.
                let _ = stream.set_nodelay(true);
                clients.spawn(one(stream, desk.clone()));
            }),
        };
        if let Err(error) = accepted {
            accept::failed("the control socket", &error).await;
        }
    }
}

/// Serves one client until it goes.
async fn one(stream: impl AsyncRead + AsyncWrite, desk: Desk) {
    // A client that goes in the middle of a line is no error.
    let _ = talk(stream, desk).await;
}

async fn talk(stream: impl AsyncRead + AsyncWrite, desk: Desk) -> io::Result<()> {
    let (input, mut output) = tokio::io::split(stream);
    let mut input = BufReader::new(input);
    let mut buffer = vec![];
    let mut followed: Option<(Receiver<Record>, Vec<String>)> = None;
    loop {
        tokio::select! {
            read = read_line(&mut input, &mut buffer) => {
                let more = read?;
                if !more {
                    return Ok(());
                }
                let asked = std::mem::take(&mut buffer);
                if asked.trim_ascii().is_empty() {
                    continue;
                }
                let (id, ask) = match asked.len() {
                    ..=LONGEST => Ask::parse(&asked),
                    _ => (None, Err(Wrong::new(format!("the line is longer than {LONGEST} octets"), ""))),
                };
                let answer = match ask {
                    Ok(Ask::Follow(events)) => begin(&desk).await.map(|records| {
                        followed = Some((records, events));
                        Answer::Done {}
                    }),
                    Ok(ask) => carry_out(&desk, ask).await,
                    Err(wrong) => Err(wrong),
                };
                let line = line(id, &answer) + "\n";
                output.write_all(line.as_bytes()).await?;
            }
            record = next(&mut followed) => match record {
                Some(line) => output.write_all(line.as_bytes()).await?,
                None => return Ok(()),
            }
        }
    }
}

/// Reads on until a line is whole; false at the end. What was read stays where this is dropped. Of a line that is too
/// long one octet too many is kept.
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
        if whole {
            return Ok(true);
        }
    }
}

/// The next record that the client wants, as a line; for ever where it follows nothing.
async fn next(followed: &mut Option<(Receiver<Record>, Vec<String>)>) -> Option<String> {
    let Some((records, events)) = followed else { return std::future::pending().await };
    loop {
        let value = serde_json::to_value(records.recv().await?).ok()?;
        let wanted = |event: &String| value["event"] == **event;
        if events.is_empty() || events.iter().any(wanted) {
            return Some(format!("{value}\n"));
        }
    }
}

async fn begin(desk: &Desk) -> Result<Receiver<Record>, Wrong> {
    let (sink, records) = follow();
    desk.ask(|machine, _| machine.trace_to(Box::new(sink))).await?;
    Ok(records)
}

async fn carry_out(desk: &Desk, ask: Ask) -> Result<Answer, Wrong> {
    desk.ask(move |machine, now| act(machine, now, ask)).await?
}

fn act(machine: &mut Machine, now: Now, ask: Ask) -> Result<Answer, Wrong> {
    match ask {
        Ask::Fault(request) => {
            possible(machine, &request)?;
            let faults = machine.world().faults();
            let done = faults.request(now, request);
            let names: Vec<String> = faults.status().into_iter().map(|f| f.name).collect();
            machine.world_mut().act(now);
            done.map(Answer::fault).map_err(|what| Wrong::new(what, there(&names)))
        }
        Ask::List => Ok(Answer::Faults { faults: machine.world().faults().status() }),
        Ask::Status => Ok(Answer::Status(Box::new(Status::of(machine, now)))),
        Ask::Speed(speed) => {
            machine.clock().set_speed(speed);
            Ok(Answer::Done {})
        }
        // It is begun where the records are read.
        Ask::Follow(_) => Ok(Answer::Done {}),
    }
}

/// Refuses a fault that could never be applied.
fn possible(machine: &mut Machine, request: &Request) -> Result<(), Wrong> {
    let Request::Rule(rule) = request else { return Ok(()) };
    let modem = machine.world().modem();
    let rows = modem.rows();
    let mut commands: Vec<&str> = rows.iter().map(|row| row.name).collect();
    commands.extend(modem.core().profile.commands.keys().map(String::as_str));
    let (ports, boots) = (Some(modem.core().port_ids().count()), u64::from(modem.core().boots));
    let known = Known { commands: &commands, ports, boots, ..Known::default() };
    let faults: Vec<String> = machine.world().faults().status().into_iter().map(|f| f.name).collect();
    let until = rule.until.as_ref().map(|(trigger, _)| trigger);
    let never = [Some(&rule.when), until].into_iter().flatten().find_map(|trigger| match trigger {
        Trigger::After(name) | Trigger::Lifted(name) if !faults.contains(name) => {
            let (what, right) = (format!("no fault is named `{name}`"), there(&faults));
            Some(Never { key: "", what, right })
        }
        _ => never_happens(trigger, &known),
    });
    if let Some(Never { what, right, .. }) = never {
        return Err(Wrong::new(format!("the fault can never be applied or lifted: {what}"), right));
    }
    if let Some(Never { what, right, .. }) = never_acts(&rule.what, &known) {
        return Err(Wrong::new(format!("the fault can never act: {what}"), right));
    }
    Ok(())
}

/// Which faults there are.
fn there(names: &[String]) -> String {
    match names {
        [] => "there are no faults; inject one with \"fault\": {\"what\": {..}}".to_owned(),
        names => format!("the names are {}", names.join(", ")),
    }
}

impl From<Gone> for Wrong {
    fn from(gone: Gone) -> Wrong {
        Wrong::new(gone.to_string(), "")
    }
}
