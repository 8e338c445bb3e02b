//! Where a machine's records go.

use super::world::World;
use crate::trace::Sink;
use std::io;

/// The sinks of a machine. One that fails is told about once, and dropped.
#[derive(Default)]
pub struct Sinks {
    sinks: Vec<Box<dyn Sink>>,
}

impl Sinks {
    /// None, or those that were created for a user.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Sinks {
        Sinks { sinks }
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
            self.each(|sink| sink.take(&record));
        }
        if any {
            self.each(|sink| sink.flush());
        }
    }

    fn each(&mut self, mut act: impl FnMut(&mut dyn Sink) -> io::Result<()>) {
        self.sinks.retain_mut(|sink| match act(sink.as_mut()) {
            Ok(()) => true,
            // A follower has gone.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
            Err(error) => {
                tracing::error!("the trace ends here: {error}");
                false
            }
        });
    }
}
