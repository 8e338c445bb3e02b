//! The file that a recording is written to, as it comes.

use super::since;
use crate::log::mask::{Context, Masker};
use crate::log::module::{Candidate, Evidence, Guess};
use crate::transcript::record::Recorder;
use crate::transcript::{Kind, Step};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Shorter pauses than this are not told.
const PAUSE: Duration = Duration::from_millis(1);
/// What was heard is written so long after its last byte, also where it may yet become a line.
const QUIET: Duration = Duration::from_millis(400);

/// A recording that grows. What crosses the line is handed to a thread that writes: the disk never holds the line up.
pub struct Tape<W> {
    start: Instant,
    recorder: Recorder,
    masker: Masker,
    context: Context,
    evidence: Evidence,
    /// The last command line.
    command: Option<Vec<u8>>,
    writer: Option<(Sender<String>, JoinHandle<io::Result<W>>)>,
}

impl<W: Write + Send + 'static> Tape<W> {
    /// Begins a recording: `header` goes first.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn begin(mut file: W, header: String, masker: Masker) -> io::Result<Tape<W>> {
        let (sender, texts) = mpsc::channel::<String>();
        let work = move || {
            texts.iter().try_for_each(|text| file.write_all(text.as_bytes()).and_then(|()| file.flush()))?;
            Ok(file)
        };
        let thread = thread::Builder::new().name("recording".to_owned()).spawn(work)?;
        // The thread is there until the sender is dropped, or it tells its error when it is next asked.
        let _ = sender.send(header);
        Ok(Tape {
            start: Instant::now(),
            recorder: Recorder::new(1, PAUSE),
            masker,
            context: Context::default(),
            evidence: Evidence::default(),
            command: None,
            writer: Some((sender, thread)),
        })
    }

    /// The host sent these bytes.
    pub fn typed(&mut self, bytes: &[u8]) {
        self.recorder.typed(since(self.start), 1, bytes);
        self.hand_over();
    }

    /// The device sent these bytes.
    pub fn heard(&mut self, bytes: &[u8]) {
        self.recorder.heard(since(self.start), 1, bytes);
        self.hand_over();
    }

    /// Something that is no bytes.
    pub fn note(&mut self, kind: Kind) {
        self.recorder.note(since(self.start), 1, kind);
        self.hand_over();
    }

    /// Brings what is whole, or will hardly become more, to the disk.
    ///
    /// # Errors
    /// The recording could not be written.
    pub fn idle(&mut self) -> io::Result<()> {
        self.recorder.idle(since(self.start), QUIET);
        self.hand_over();
        match &self.writer {
            // Only an error ends it before its time.
            Some((_, thread)) if thread.is_finished() => self.end().map(drop),
            _ => Ok(()),
        }
    }

    /// Ends the recording; all of it is written then.
    ///
    /// # Errors
    /// It could not be written.
    pub fn finish(mut self) -> io::Result<W> {
        let rest = std::mem::replace(&mut self.recorder, Recorder::new(1, PAUSE)).finish();
        self.write(rest);
        self.end()
    }

    /// Which module it seems to be.
    pub fn guess(&self, candidates: &[Candidate]) -> Guess {
        self.evidence.guess(candidates)
    }

    fn end(&mut self) -> io::Result<W> {
        let over = || io::Error::other("it has ended already");
        let (sender, thread) = self.writer.take().ok_or_else(over)?;
        drop(sender);
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that writes it has panicked")))
    }

    fn hand_over(&mut self) {
        let steps = self.recorder.take();
        self.write(steps);
    }

    fn write(&mut self, steps: Vec<Step>) {
        let mut text = String::new();
        for step in steps {
            self.look_at(&step);
            let step = self.masker.step(&mut self.context, step);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{step}");
        }
        if let Some((sender, _)) = self.writer.as_ref().filter(|_| !text.is_empty()) {
            // A thread that has failed is noticed by `idle`.
            let _ = sender.send(text);
        }
    }

    /// What tells of the module is remembered.
    fn look_at(&mut self, step: &Step) {
        match &step.kind {
            Kind::Type(line) => {
                self.evidence.typed(line);
                self.command = Some(line.clone());
            }
            Kind::Hear(_) => {
                let text = step.to_string();
                self.evidence.said(self.command.as_deref(), text.trim_start_matches("< ").as_bytes());
            }
            _ => {}
        }
    }
}
