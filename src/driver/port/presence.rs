//! Who opens and closes the host's side of a pseudo-terminal, by inotify.
//!
//! The master shows that no host is there (a hang-up), but not that one has come, nor that one has
//! gone and another has come between two looks. Equal events coalesce, so that the count kept here
//! is only believed where the master does not say otherwise.

use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
use std::io;
use std::mem::MaybeUninit;
use std::path::Path;
use std::task::{Context, Poll, ready};
use tokio::net::unix::pipe::Receiver;

/// A watch on the host's side.
#[derive(Debug)]
pub(super) struct Presence {
    // A pipe by name only: tokio's own wrapper for any descriptor cannot be made without `unsafe`.
    inotify: Receiver,
    count: Count,
}

/// How often the host's side is open, as far as is known.
#[derive(Debug, Default)]
struct Count {
    handles: usize,
    /// The master has shown a host whose opening is still to be told.
    owed: bool,
}

/// What a look at the watch showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// Something, but the same host was there all the time.
    Some,
    /// A host has come when there was none, as far as can be told.
    New,
}

impl Presence {
    /// Watches `path`.
    pub(super) fn watch(path: &Path) -> io::Result<Presence> {
        let inotify = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        add_watch(&inotify, path, WatchFlags::OPEN | WatchFlags::CLOSE_WRITE | WatchFlags::CLOSE_NOWRITE)?;
        Ok(Presence { inotify: Receiver::from_owned_fd_unchecked(inotify)?, count: Count::default() })
    }

    /// The master says that a host is there (or none): the count is corrected where it differs.
    pub(super) fn correct(&mut self, here: bool) {
        let Count { handles, owed } = self.count;
        self.count.owed = here && (handles == 0 || owed);
        self.count.handles = if here { handles.max(1) } else { 0 };
    }

    /// Waits for opens and closes.
    pub(super) fn poll_change(&mut self, cx: &mut Context) -> Poll<Change> {
        loop {
            if ready!(self.inotify.poll_read_ready(cx)).is_err() {
                return Poll::Pending;
            }
            if let Some(change) = self.look() {
                return Poll::Ready(change);
            }
            let _ = self.inotify.try_io(|| Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
    }

    /// All that has happened up to now, if anything has.
    pub(super) fn look(&mut self) -> Option<Change> {
        let (mut buf, mut change) = ([MaybeUninit::uninit(); 1024], None);
        // Past the reactor, which learns of an event only when it is polled.
        let mut events = Reader::new(&self.inotify, &mut buf);
        while let Ok(event) = events.next() {
            change = change.max(Some(self.count.take(event.events())));
        }
        change
    }
}

impl Count {
    fn take(&mut self, event: ReadFlags) -> Change {
        if event.contains(ReadFlags::OPEN) && self.owed {
            self.owed = false;
        } else if event.contains(ReadFlags::OPEN) {
            self.handles += 1;
            if self.handles == 1 {
                return Change::New;
            }
        } else if event.intersects(ReadFlags::CLOSE_WRITE | ReadFlags::CLOSE_NOWRITE) {
            // What has been closed was opened before: that event went into an equal one.
            self.owed = false;
            self.handles = self.handles.saturating_sub(1);
        }
        Change::Some
    }
}
