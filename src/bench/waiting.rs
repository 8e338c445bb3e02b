//! Records of the trace that wait for a test.

use crate::time::Now;
use crate::trace::{Event, Record, Sink};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How many may wait; the oldest make room for new ones.
const MOST: usize = 4096;

/// A sink, and where its records come out.
pub(super) fn queue() -> (Kept, Waiting) {
    let shared = Arc::<Shared>::default();
    (Kept(shared.clone()), Waiting(shared))
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Default)]
struct Queue {
    records: VecDeque<Record>,
    /// How many have made room, and the time of the last that was taken.
    lost: u64,
    last: Now,
    /// There will be no more.
    ended: bool,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps records for a test.
pub(super) struct Kept(Arc<Shared>);

impl Sink for Kept {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        // Nobody else has it: the test has gone.
        if Arc::strong_count(&self.0) == 1 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let mut queue = self.0.queue();
        if queue.records.len() == MOST {
            queue.records.pop_front();
            queue.lost += 1;
        }
        queue.records.push_back(record.clone());
        self.0.changed.notify_one();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.queue().ended = true;
        self.0.changed.notify_one();
    }
}

/// The test's end.
pub(super) struct Waiting(Arc<Shared>);

impl Waiting {
    /// The next record, or a note of how many are missing here; `None` once there will be no more.
    pub async fn next(&mut self) -> Option<Record> {
        loop {
            if let Some(next) = self.0.queue().next() {
                return next;
            }
            self.0.changed.notified().await;
        }
    }
}

impl Queue {
    /// `None` where it is to be waited for.
    fn next(&mut self) -> Option<Option<Record>> {
        if self.lost > 0 {
            let text = format!("{} records are missing here: they were not taken in time", self.lost);
            self.lost = 0;
            return Some(Some(Record::new(self.last, Event::Note { text })));
        }
        match self.records.pop_front() {
            Some(record) => {
                self.last = Now::from_micros(record.t);
                Some(Some(record))
            }
            None => self.ended.then_some(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_make_room_and_their_number_is_told() {
        let record = |n: u64| Record::new(Now::from_micros(n), Event::Note { text: n.to_string() });
        let (mut kept, mut waiting) = queue();
        kept.take(&record(0)).unwrap();
        assert_eq!(waiting.next().await, Some(record(0)));
        for n in 1..=MOST as u64 + 3 {
            kept.take(&record(n)).unwrap();
        }
        let told = waiting.next().await.unwrap();
        assert!(matches!(told.event, Event::Note { text } if text.starts_with("3 records are missing here")));
        assert_eq!(waiting.next().await, Some(record(4)));
        drop(kept);
        for n in 5..=MOST as u64 + 3 {
            assert_eq!(waiting.next().await, Some(record(n)));
        }
        assert_eq!(waiting.next().await, None);
        let (mut kept, waiting) = queue();
        drop(waiting);
        assert_eq!(kept.take(&record(1)).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
