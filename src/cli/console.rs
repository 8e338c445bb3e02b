//! What is told live on standard error: all of it with `-v`, else what a person is not to miss. The modem waits for no
//! reader: what that does not take in time is dropped, and told.

use super::complain;
use crate::at::visible;
use crate::maker::PROFILES;
use crate::trace::follow::{Follower, follow};
use crate::trace::{Detail, Event, Record, Sink, show};
use std::collections::BTreeSet;
use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long the last lines may take at the end.
const END: Duration = Duration::from_millis(500);
/// So many commands that the module does not know are told; a host that types noise must not fill the memory.
const UNKNOWN: usize = 500;

/// The one that is told; who prints it ends with this.
pub struct Console {
    to: Option<Follower>,
    wanted: Detail,
    done: Receiver<()>,
}

impl Console {
    /// Tells of a modem of this profile, as often as `-v` was given; of one of many runs, with its label.
    ///
    /// # Errors
    /// Where no thread can be had.
    pub fn new(verbose: u8, profile: &str, label: Option<String>) -> io::Result<Console> {
        let wanted = match verbose {
            0 => Detail::Alarm,
            1 => Detail::Dialogue,
            _ => Detail::Bytes,
        };
        let (to, mut records) = follow();
        let (tell, done) = channel();
        let label = label.map_or(String::new(), |label| format!("[{label}] "));
        let mut printer = Printer { wanted, profile: profile.to_owned(), label, told: BTreeSet::new() };
        let print = move || {
            while let Some(record) = records.blocking_recv() {
                printer.print(&record);
            }
            // Who waits for it may have given up.
            let _ = tell.send(());
        };
        thread::Builder::new().name("console".into()).spawn(print)?;
        Ok(Console { to: Some(to), wanted, done })
    }
}

impl Sink for Console {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        match &mut self.to {
            Some(to) if record.event.detail() <= self.wanted => to.take(record),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.to = None;
        // A terminal that takes nothing is not waited for.
        let _ = self.done.recv_timeout(END);
    }
}

struct Printer {
    wanted: Detail,
    profile: String,
    /// What stands before each line.
    label: String,
    /// The commands that were told as unknown.
    told: BTreeSet<(String, String)>,
}

impl Printer {
    fn print(&mut self, record: &Record) {
        if self.wanted > Detail::Alarm {
            complain(format_args!("{}{}", self.label, show(record)));
        }
        match &record.event {
            Event::Command { name, form, known: false, .. } => self.unknown(name, form),
            Event::FaultApplied { name, layer, what } if self.wanted == Detail::Alarm => {
                complain(format_args!("badline: the fault {name} is applied, layer {layer}: {what}"));
            }
            // Records that this reader has missed.
            Event::Note { text } if self.wanted == Detail::Alarm => {
                complain(format_args!("badline: {text}"));
            }
            _ => {}
        }
    }

    /// Told once for each: hosts ask again.
    fn unknown(&mut self, name: &str, form: &str) {
        if self.told.len() < UNKNOWN && self.told.insert((name.to_owned(), form.to_owned())) {
            let (name, profile) = (visible(name), &self.profile);
            let page = match PROFILES.iter().any(|(built_in, _)| built_in == profile) {
                true => format!(
                    "`badline list commands --profile {profile}` and docs/{profile}.md tell what it has"
                ),
                false => "`badline list commands --profile FILE` tells what it has".to_owned(),
            };
            let label = &self.label;
            complain(format_args!("{label}badline: the module does not know AT{name} ({form}); {page}"));
        }
    }
}
