//! The escape from data mode: three escape characters (S2) with silence (S12) before and after.

use crate::time::Now;
use std::time::Duration;

/// The escape sequence is this long.
const LENGTH: usize = 3;

/// Watches what the host types in data mode for the escape sequence, and holds it back meanwhile.
///
/// Ahead of every [`Guard::feed`] the caller has [`Guard::handle_timeout`] see the same `now`.
#[derive(Clone, Debug)]
pub struct Guard {
    run: [u8; LENGTH],
    guard: Duration,
    /// When the host last typed something.
    last: Now,
    held: usize,
}

/// What is payload after all: first what had been held back, then what was typed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed<'a> {
    /// Escape characters that turned out to be payload.
    pub held: &'a [u8],
    /// The part of the input that is payload.
    pub data: &'a [u8],
}

/// What the silence after held escape characters means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired<'a> {
    /// The host leaves data mode.
    Escaped,
    /// Too few for an escape: they are payload.
    Payload(&'a [u8]),
}

impl Guard {
    /// S2 as V.250 hosts expect it.
    pub const PLUS: u8 = b'+';
    /// The usual S12: 50 units of 1/50 s.
    pub const SECOND: Duration = Duration::from_secs(1);

    /// A guard from `now` on, when the last character of the command was typed. `escape` is S2, of
    /// which a value above 127 never matches; see [`Guard::s12`] for `guard`.
    pub fn new(now: Now, escape: u8, guard: Duration) -> Guard {
        Guard { run: [escape; LENGTH], guard, last: now, held: 0 }
    }

    /// The guard time that an S12 of `units` (1/50 s each) stands for.
    pub fn s12(units: u8) -> Duration {
        Duration::from_millis(20) * u32::from(units)
    }

    /// The host typed `input`. A held escape and its silence that had gone unnoticed until now are
    /// payload.
    pub fn feed<'a>(&'a mut self, now: Now, input: &'a [u8]) -> Passed<'a> {
        let quiet = now.since(self.last) >= self.guard;
        if input.is_empty() {
            return Passed { held: &[], data: &[] };
        }
        self.last = now;
        let held = self.held;
        // Longer input cannot be an escape, so the common case costs one comparison.
        let escapes =
            input.len() <= LENGTH && self.run[0] < 0x80 && input.iter().all(|&byte| byte == self.run[0]);
        let begins = held == 0 && quiet;
        let goes_on = held > 0 && (!quiet || self.guard.is_zero()) && held + input.len() <= LENGTH;
        if escapes && (begins || goes_on) {
            self.held += input.len();
            return Passed { held: &[], data: &[] };
        }
        self.held = 0;
        Passed { held: &self.run[..held], data: input }
    }

    /// When the silence is long enough to tell.
    pub fn poll_timeout(&self) -> Option<Now> {
        // Without a guard time no silence is too long between escape characters.
        let waits = if self.guard.is_zero() { self.held == LENGTH } else { self.held > 0 };
        waits.then(|| self.last + self.guard)
    }

    /// `None` where nothing is due at `now`.
    pub fn handle_timeout(&mut self, now: Now) -> Option<Expired<'_>> {
        if self.poll_timeout()? > now {
            return None;
        }
        match std::mem::take(&mut self.held) {
            LENGTH => Some(Expired::Escaped),
            held => Some(Expired::Payload(&self.run[..held])),
        }
    }

    /// Data mode ends for another reason: what is still held back is payload.
    pub fn finish(&mut self) -> &[u8] {
        let held = std::mem::take(&mut self.held);
        &self.run[..held]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a host typed and when (ms), then what became payload and whether it escaped.
    fn run(typed: &[(u64, &[u8])], until: u64) -> (Vec<u8>, Option<u64>) {
        let mut guard = Guard::new(Now::ZERO, Guard::PLUS, Guard::SECOND);
        let mut out = vec![];
        let last = (until, &b""[..]);
        for &(at, bytes) in typed.iter().chain([&last]) {
            let at = Now::from_millis(at);
            while let Some(due) = guard.poll_timeout().filter(|due| *due <= at) {
                match guard.handle_timeout(due) {
                    Some(Expired::Escaped) => return (out, Some(due.as_micros() / 1000)),
                    Some(Expired::Payload(held)) => out.extend(held),
                    None => unreachable!(),
                }
            }
            let passed = guard.feed(at, bytes);
            out.extend(passed.held);
            out.extend(passed.data);
        }
        out.extend(guard.finish());
        (out, None)
    }

    #[test]
    fn three_with_silence_around_escape() {
        assert_eq!(run(&[(500, b"data"), (1500, b"+++")], 9000), (b"data".to_vec(), Some(2500)));
        assert_eq!(run(&[(1500, b"+"), (2000, b"+"), (2900, b"+")], 9000), (vec![], Some(3900)));
        assert_eq!(run(&[(1500, b"++"), (1600, b"+")], 9000), (vec![], Some(2600)));
    }

    #[test]
    fn anything_else_is_payload() {
        let cases: &[&[(u64, &[u8])]] = &[
            &[(1500, b"a+++b")],
            &[(1500, b"+++a")],
            &[(1500, b"++++")],
            &[(1500, b"+++"), (1600, b"+")],
            &[(1500, b"+++"), (2499, b"x")],
            &[(1000, b"data"), (1999, b"+++")],
            &[(999, b"+++")],
            &[(1500, b"+"), (2500, b"++")],
            &[(1500, b"++")],
            &[(1500, b"++"), (1510, b"a"), (1520, b"+")],
        ];
        for typed in cases {
            let all: Vec<u8> = typed.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
            assert_eq!(run(typed, 9000), (all, None), "{typed:?}");
        }
    }

    #[test]
    fn too_slow_a_start_can_begin_anew() {
        assert_eq!(run(&[(1500, b"+"), (2600, b"+++")], 9000), (b"+".to_vec(), Some(3600)));
    }

    #[test]
    fn another_escape_character_no_guard_and_none_at_all() {
        let mut guard = Guard::new(Now::ZERO, b'/', Guard::s12(0));
        for _ in 0..3 {
            assert_eq!(guard.handle_timeout(Now::ZERO), None);
            assert_eq!(guard.feed(Now::ZERO, b"/").data, b"");
        }
        assert_eq!(guard.handle_timeout(Now::ZERO), Some(Expired::Escaped));
        let mut off = Guard::new(Now::ZERO, 200, Guard::s12(50));
        assert_eq!(off.feed(Now::from_millis(5000), &[200, 200, 200]).data, [200, 200, 200]);
        assert_eq!(Guard::s12(50), Guard::SECOND);
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_or_added(
            typed in prop::collection::vec((0u64..1500, prop::collection::vec(prop::sample::select(&b"+++a"[..]), 0..5)), 0..12),
        ) {
            let mut at = 0;
            let typed: Vec<_> = typed.iter().map(|(gap, bytes)| { at += gap; (at, &bytes[..]) }).collect();
            let all: Vec<u8> = typed.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
            let (out, escaped) = run(&typed, at + 5000);
            match escaped {
                None => prop_assert_eq!(out, all),
                Some(_) => prop_assert!(all.starts_with(&[&out[..], b"+++"].concat())),
            }
        }
    }
}
