//! A program's log that shows both sides and marks neither: a tag stands before each line, `[modem1] AT+CSQ`,
//! `gsm: +CSQ: 27,99`. Several numbered tags are several modems.

use super::Format;
use crate::log::echo::Echo;
use crate::log::event::Sink;
use crate::log::lines::Line;
use crate::log::peel::{self, plain};
use crate::log::shape;
use crate::log::tag::{Devices, is_level, places};
use std::collections::{BTreeMap, BTreeSet};

/// More tags are none of modems.
const MOST: usize = 64;

#[derive(Default)]
struct Tagged {
    devices: Devices,
    /// The tags of lines that are a modem's dialogue; an empty one where lines have none but a level.
    tags: BTreeSet<Vec<u8>>,
    /// What is under way on each device.
    echoes: BTreeMap<Vec<u8>, Echo>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Tagged::default())
}

/// A line that can be a modem's: how many places stand before it, its last tag that names something, and the line.
fn message(rest: &[u8]) -> Option<(usize, &[u8], &[u8])> {
    let (mut depth, mut name, mut last) = (0, &b""[..], rest);
    for (place, (tag, rest)) in places(rest).enumerate() {
        (depth, last) = (place, rest);
        if !tag.is_empty() && !is_level(tag) {
            name = tag;
        }
        if shape::is_command(rest.trim_ascii()) || shape::is_modules(rest) {
            break;
        }
    }
    (depth > 0).then_some((depth, name, last))
}

impl Tagged {
    /// The device of a line whose tags stand before that depth.
    fn device<'a>(&'a self, rest: &'a [u8], depth: usize) -> Option<&'a [u8]> {
        self.devices.of(places(rest).take(depth + 1).map(|(tag, _)| tag))
    }
}

impl Format for Tagged {
    fn look(&mut self, line: &Line) -> bool {
        let text = plain(line.text());
        let (_, rest) = peel::stamped(&text);
        let Some((depth, name, said)) = message(rest) else { return false };
        let said = said.trim_ascii();
        let command = shape::is_command(said);
        if !command && !shape::is_modules(said) {
            return false;
        }
        if command && self.tags.len() < MOST {
            self.tags.insert(name.to_vec());
        }
        let tags = places(rest).take(depth + 1).map(|(tag, _)| tag);
        self.devices.look(tags, command, shape::is_final(said));
        true
    }

    fn begin(&mut self) {
        self.devices.begin();
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = plain(line.text());
        let (stamp, rest) = peel::stamped(&text);
        stamp.into_iter().for_each(|stamp| to.at(stamp));
        let found =
            message(rest).filter(|(_, name, said)| self.tags.contains(*name) || shape::is_modules(said));
        let Some((depth, _, said)) = found else {
            to.told(&text);
            return;
        };
        let device = self.device(rest, depth).unwrap_or_default().to_vec();
        if !device.is_empty() {
            to.device(&String::from_utf8_lossy(&device));
        }
        let echo = self.echoes.entry(device).or_insert_with(|| {
            let mut echo = Echo::default();
            echo.begin_lossy();
            echo
        });
        echo.read(said, line.ends(), to);
    }
}
