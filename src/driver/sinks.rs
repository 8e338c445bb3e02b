//! Where a machine's records go.

use crate::trace::{Record, Sink};
use crate::world::World;
use std::io;

/// The sinks of a machine. One that fails is told about once, and dropped.
#[derive(Default)]
pub struct Sinks {
    sinks: Vec<Box<dyn Sink>>,
    /// Whether one has gone.
    left: bool,
    /// How many records there were.
    count: u64,
    time: Time,
}

/// Which times records bear beside the modem's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Time {
    /// None: the modem's clock has nothing to do with the wall's.
    #[default]
    Modem,
    /// The wall's, when they are handed over.
    Wall,
}

impl Sinks {
    /// None, or those that were created for a user.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Sinks {
        Sinks { sinks, ..Sinks::default() }
    }

    /// None yet, of a modem whose clock follows the wall's: each record bears the time there.
    pub fn live() -> Sinks {
        Sinks { time: Time::Wall, ..Sinks::default() }
    }

    /// One more.
    pub fn add(&mut self, sink: Box<dyn Sink>) {
        self.sinks.push(sink);
    }

    /// Hands over what the world has recorded.
    pub fn drain(&mut self, world: &mut World) {
        let mut any = false;
        while let Some(record) = world.poll_record() {
            any = true;
            self.count += 1;
            let record = Record { number: self.count, ..record };
            let record = if self.time == Time::Wall { record.now() } else { record };
            self.each(|sink| sink.take(&record));
        }
        if any {
            self.each(|sink| sink.flush());
        }
        if self.left && self.sinks.is_empty() {
            self.left = false;
            world.untrace();
        }
    }

    fn each(&mut self, mut act: impl FnMut(&mut dyn Sink) -> io::Result<()>) {
        let before = self.sinks.len();
        self.sinks.retain_mut(|sink| match act(sink.as_mut()) {
            Ok(()) => true,
            // A follower has gone.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
            Err(error) => {
                tracing::error!("the trace ends here: {error}");
                false
            }
        });
        self.left |= self.sinks.len() < before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modem::PortId;
    use crate::setup::files;
    use crate::setup::{Setup, build};
    use crate::time::Now;
    use crate::trace::follow::follow;

    #[test]
    fn nothing_is_recorded_once_the_last_follower_has_gone() {
        let setup = Setup::new(files::profile("sim7080").unwrap());
        let (mut world, _server) = build(&setup).unwrap();
        world.trace();
        let (follower, mut records) = follow();
        let mut sinks = Sinks::default();
        sinks.add(Box::new(follower));
        world.power_on(Now::ZERO);
        sinks.drain(&mut world);
        assert!(records.try_recv().is_ok());
        drop(records);
        world.typed(Now::from_millis(1), PortId(0), b"AT\r");
        sinks.drain(&mut world);
        world.typed(Now::from_millis(2), PortId(0), b"AT\r");
        assert!(world.poll_record().is_none());
        world.trace();
        world.typed(Now::from_millis(3), PortId(0), b"AT\r");
        assert!(world.poll_record().is_some());
    }
}
