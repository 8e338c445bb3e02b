//! What has happened so far, kept for those who come late.

use super::{Event, Record, Sink, Typed};
use std::collections::VecDeque;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How many octets the records may take; then the oldest go.
const ROOM: usize = 8 << 20;

/// The last records of a run; clones hold the same.
#[derive(Clone, Debug, Default)]
pub struct History(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<Kept>,
    /// Somebody may wait for more.
    more: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<Arc<Record>>,
    size: usize,
    /// The number of the last one that had to go.
    gone: u64,
}

/// What is left of a history.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// How many of the wanted records had to go before the first of these.
    pub missing: u64,
    /// The records, in their order.
    pub records: Vec<Arc<Record>>,
}

impl History {
    /// The records whose [`number`](Record::number) is greater than this one; 0 gives all that are left.
    pub fn since(&self, number: u64) -> Past {
        self.part(number, usize::MAX)
    }

    /// The first of them, at most so many.
    pub fn part(&self, number: u64, most: usize) -> Past {
        let kept = self.kept();
        let from = kept.records.partition_point(|record| record.number <= number);
        Past {
            missing: kept.gone.saturating_sub(number),
            records: kept.records.iter().skip(from).take(most).cloned().collect(),
        }
    }

    /// Waits until there is a record behind this number.
    pub async fn beyond(&self, number: u64) {
        loop {
            let mut more = pin!(self.0.more.notified());
            // From here on nothing is missed.
            more.as_mut().enable();
            if self.kept().records.back().is_some_and(|record| record.number > number) {
                return;
            }
            more.await;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, record: Record) {
        self.size += size(&record);
        self.records.push_back(Arc::new(record));
        while self.size > ROOM
            && let Some(oldest) = self.records.pop_front()
        {
            self.size -= size(&oldest);
            self.gone = oldest.number;
        }
    }
}

/// How many octets a record takes, near enough.
fn size(record: &Record) -> usize {
    const SELF: usize = size_of::<Record>() + 64;
    SELF + match &record.event {
        Event::Serial { bytes, .. } => bytes.0.len(),
        Event::CommandLine { line, .. } | Event::Urc { line, .. } | Event::FtpVerb { line } => line.len(),
        Event::FtpReply { lines, .. } => lines.iter().map(String::len).sum(),
        Event::Note { text } | Event::Result { text, .. } => text.len(),
        _ => 0,
    }
}

impl Sink for History {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        // Payloads and secrets are of no use to who looks back.
        let mut record = Record { payload: bytes::Bytes::new(), ..record.clone() };
        if let Event::CommandLine { typed, .. } = &mut record.event {
            *typed = Typed::default();
        }
        self.kept().push(record);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.more.notify_waiters();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Now;

    fn note(number: u64, text: String) -> Record {
        Record { number, ..Record::new(Now::from_micros(number), Event::Note { text }) }
    }

    #[test]
    fn the_oldest_go_and_that_is_told() {
        let mut history = History::default();
        for number in 1..=20 {
            history.take(&note(number, "x".repeat(1 << 20))).unwrap();
        }
        let past = history.since(0);
        let first = past.records[0].number;
        assert!(first > 10 && past.missing == first - 1, "{first} {}", past.missing);
        assert_eq!(past.records.last().map(|record| record.number), Some(20));
        let past = history.since(19);
        assert_eq!((past.missing, past.records.len()), (0, 1));
        assert!(history.since(20).records.is_empty());
    }
}
