//! What the world tells: records for the trace, where one is written, and notices for its owner.

use super::Notice;
use super::recorder::Recorder;
use crate::modem::PortId;
use crate::time::Now;
use crate::trace::{Circuit, Event};
use std::collections::VecDeque;

#[derive(Default)]
pub(super) struct Reports {
    pub recorder: Option<Box<Recorder>>,
    notices: VecDeque<Notice>,
}

impl Reports {
    /// Adds to the trace, where there is one.
    pub fn record(&mut self, now: Now, event: impl FnOnce() -> Event) {
        if let Some(recorder) = &mut self.recorder {
            recorder.push(now, event());
        }
    }

    /// The level of a line, for the trace.
    pub fn line(&mut self, now: Now, port: PortId, line: Circuit, on: bool) {
        if let Some(recorder) = &mut self.recorder {
            recorder.line(now, port, line, on);
        }
    }

    pub fn notice(&mut self, notice: Notice) {
        self.notices.push_back(notice);
    }

    /// Warns of something about a port, in the trace, too.
    pub fn warn(&mut self, now: Now, port: PortId, what: &str) {
        let text = format!("port {}: {what}", port.number());
        self.record(now, || Event::Note { text: text.clone() });
        self.notice(Notice::Warning(text));
    }

    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }
}
