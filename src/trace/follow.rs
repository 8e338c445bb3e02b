//! Following the trace of a machine that runs. A follower that falls behind loses records, and is
//! told how many; the machine waits for none.

use crate::trace::{Event, Record, Sink};
use std::io;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

/// How many records may wait for a follower.
const WAITING: usize = 4096;

/// A sink that hands records to a [`Receiver`].
#[derive(Debug)]
pub struct Follower {
    to: Sender<Record>,
    lost: u64,
}

/// A sink for [`Machine::trace_to`](crate::driver::machine::Machine::trace_to), and where its records come out.
pub fn follow() -> (Follower, Receiver<Record>) {
    let (to, records) = channel(WAITING);
    (Follower { to, lost: 0 }, records)
}

impl Follower {
    fn hand(&mut self, record: Record) -> io::Result<bool> {
        match self.to.try_send(record.now()) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(_)) => Ok(false),
            Err(TrySendError::Closed(_)) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl Sink for Follower {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        if self.lost > 0 {
            let text = format!("{} records are missing here: they were not read in time", self.lost);
            let gap = Record { t: record.t, ..Record::new(crate::time::Now::ZERO, Event::Note { text }) };
            if self.hand(gap)? {
                self.lost = 0;
            }
        }
        if self.lost > 0 || !self.hand(record.clone())? {
            self.lost += 1;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Now;

    fn note(n: u64) -> Record {
        Record::new(Now::from_micros(n), Event::Note { text: n.to_string() })
    }

    #[test]
    fn who_reads_too_late_is_told_how_much_is_missing() {
        let (mut sink, mut records) = follow();
        for n in 0..WAITING as u64 + 10 {
            sink.take(&note(n)).unwrap();
        }
        let mut next = || {
            let record = records.try_recv().unwrap();
            assert!(record.wall.is_some());
            Record { wall: None, ..record }
        };
        for n in 0..WAITING as u64 {
            assert_eq!(next(), note(n));
        }
        sink.take(&note(9_999)).unwrap();
        let gap = next();
        assert!(matches!(gap.event, Event::Note { text } if text.starts_with("10 records are missing")));
        assert_eq!(next(), note(9_999));
        drop(records);
        assert_eq!(sink.take(&note(1)).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
