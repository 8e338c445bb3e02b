//! A command that is repeated and keeps failing.

use super::kind::Code;
use super::port::Asked;
use super::{World, spoken};
use std::time::Duration;

/// So many failures in a row are a storm.
const MANY: u32 = 4;

/// The command that failed last, and how often in a row.
#[derive(Debug, Default)]
pub(super) struct Storm {
    first: Option<Asked>,
    last: Duration,
    failed: u32,
}

impl Storm {
    /// A command was typed.
    pub fn typed(&mut self, world: &mut World, asked: &Asked) {
        match &self.first {
            Some(first) if first.text == asked.text => self.last = world.now,
            _ => {
                self.end(world);
                *self = Storm { first: Some(asked.clone()), last: world.now, failed: 0 };
            }
        }
    }

    /// The last command failed.
    pub fn failed(&mut self, _: &World) {
        self.failed += 1;
    }

    /// The operation of a command failed.
    pub fn failed_of(&mut self, world: &World, command: &str) {
        if self.first.as_ref().is_some_and(|first| first.text == command) {
            self.failed(world);
        }
    }

    /// The last command was answered OK; where a report is to come, that decides.
    pub fn succeeded(&mut self, asked: &Asked, reported: bool) {
        if !reported {
            self.succeeded_of(&asked.text);
        }
    }

    /// The operation of a command succeeded.
    pub fn succeeded_of(&mut self, command: &str) {
        if self.first.as_ref().is_some_and(|first| first.text == command) {
            self.failed = 0;
        }
    }

    /// Something else is typed, or nothing more.
    pub fn end(&mut self, world: &mut World) {
        let Some(first) = self.first.take() else { return };
        if self.failed >= MANY {
            let span = self.last.saturating_sub(first.at);
            let sentence =
                format!("`{}` failed {} times in a row, within {}", first.text, self.failed, spoken(span));
            world.find(first.line, Code::RetryStorm, sentence, vec![]);
        }
        self.failed = 0;
    }
}
