//! How far it is, on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::borrow::Cow;

/// How often it is drawn in a second.
const RATE: u8 = 5;

/// What is told of something that lasts. Where standard error is no terminal, nothing is.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Of so many octets of a file.
    pub fn bytes(what: impl Into<Cow<'static, str>>, total: u64) -> Progress {
        Progress::new(what, total, "badline: {msg} {wide_bar} {bytes} of {total_bytes}, {eta} to go")
    }

    /// Of so many runs.
    pub fn runs(total: u64) -> Progress {
        Progress::new("", total, "badline: {pos} of {len} runs {wide_bar} {elapsed}, {eta} to go {msg}")
    }

    fn new(what: impl Into<Cow<'static, str>>, total: u64, template: &str) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(RATE));
        // The templates are the two above.
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_message(what);
        Progress(bar)
    }

    /// It has come so far.
    pub fn at(&self, done: u64) {
        self.0.set_position(done);
    }

    /// One more is done.
    pub fn more(&self, what: impl Into<Cow<'static, str>>) {
        self.0.set_message(what);
        self.0.inc(1);
    }

    /// Does what prints, with nothing of this on the terminal.
    pub fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
