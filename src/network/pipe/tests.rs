//! One direction of a link, octet by octet.

use super::*;
use proptest::prelude::*;

#[derive(Default)]
struct Judge {
    verdicts: VecDeque<(usize, Fate)>,
    seen: Vec<usize>,
}

impl Watch for Judge {
    fn depart(&mut self, bytes: &Bytes) -> Segment {
        self.seen.push(bytes.len());
        let (take, fate) = self.verdicts.pop_front().unwrap_or((bytes.len(), Fate::Pass));
        Segment { fate, ..Segment::pass(take) }
    }
    fn depart_end(&mut self, _: End) -> Segment {
        Segment::pass(0)
    }
    fn arrive(&mut self, _: Now, _: &Piece) {}
}

fn line() -> LineProfile {
    LineProfile {
        segment: 100,
        flush: Duration::from_millis(20),
        latency: Duration::ZERO,
        rate: None,
        separate: true,
    }
}

fn drain(pipe: &mut Pipe) -> Vec<usize> {
    std::iter::from_fn(|| pipe.take(usize::MAX).map(|b| b.len())).collect()
}

const T: fn(u64) -> Now = Now::from_millis;

#[test]
fn segments_do_not_depend_on_the_chunks() {
    let (mut pipe, mut judge) = (Pipe::default(), Judge::default());
    for n in [30, 120, 1, 99, 10] {
        pipe.write(T(0), Bytes::from(vec![7; n]), Leaves::InFullSegments);
        pipe.pump(T(0), &line(), &mut judge);
    }
    assert_eq!(drain(&mut pipe), [100, 100]);
    assert_eq!(pipe.poll_timeout(&line()), Some(T(20)));
    pipe.pump(T(20), &line(), &mut judge);
    assert_eq!(drain(&mut pipe), [60]);
}

#[test]
fn a_fin_or_a_push_does_not_wait() {
    let (mut pipe, mut judge) = (Pipe::default(), Judge::default());
    pipe.write(T(0), Bytes::from(vec![7; 110]), Leaves::AtOnce);
    pipe.pump(T(0), &line(), &mut judge);
    assert_eq!(drain(&mut pipe), [100, 10]);
    pipe.write(T(0), Bytes::from(vec![7; 5]), Leaves::InFullSegments);
    pipe.finish(End::Fin);
    pipe.pump(T(0), &line(), &mut judge);
    assert_eq!(pipe.ended(), None);
    assert_eq!(drain(&mut pipe), [5]);
    assert_eq!(pipe.ended(), Some(End::Fin));
    assert_eq!(pipe.poll_timeout(&line()), None);
}

#[test]
fn bursts_are_whole_segments() {
    let burst = LineProfile { separate: false, ..line() };
    let (mut pipe, mut judge) = (Pipe::default(), Judge::default());
    pipe.write(T(0), Bytes::from(vec![7; 350]), Leaves::InFullSegments);
    pipe.write(T(0), Bytes::from(vec![7; 160]), Leaves::InFullSegments);
    pipe.pump(T(0), &burst, &mut judge);
    assert_eq!(drain(&mut pipe), [300, 100, 100]);
    assert!(judge.seen.is_empty());
}

#[test]
fn latency_and_rate_are_on_the_given_clock() {
    let slow = LineProfile { latency: Duration::from_millis(50), rate: Some(8000), ..line() };
    let (mut pipe, mut judge) = (Pipe::default(), Judge::default());
    pipe.write(T(0), Bytes::from(vec![7; 200]), Leaves::AtOnce);
    let mut arrivals = vec![];
    while let Some(at) = pipe.poll_timeout(&slow) {
        pipe.pump(at, &slow, &mut judge);
        arrivals.extend(drain(&mut pipe).into_iter().map(|n| (at.as_micros() / 1000, n)));
    }
    // 100 octets at 1000 octets per second, and the second segment behind the first.
    assert_eq!(arrivals, [(150, 100), (250, 100)]);
}

#[test]
fn a_split_lets_a_stall_begin_within_a_segment() {
    let (mut pipe, mut judge) = (Pipe::default(), Judge::default());
    judge.verdicts = [(60, Fate::Pass), (40, Fate::Hold(Some(T(500))))].into();
    pipe.write(T(0), Bytes::from(vec![7; 100]), Leaves::InFullSegments);
    pipe.finish(End::Fin);
    pipe.pump(T(0), &line(), &mut judge);
    assert_eq!(drain(&mut pipe), [60]);
    assert_eq!(pipe.ended(), None);
    assert_eq!(pipe.poll_timeout(&line()), Some(T(500)));
    pipe.pump(T(500), &line(), &mut judge);
    assert_eq!(drain(&mut pipe), [40]);
    assert_eq!(pipe.ended(), Some(End::Fin));
}

#[test]
fn the_window_holds_the_sender_back() {
    let (mut pipe, mut judge) = (Pipe::default(), Judge::default());
    let burst = LineProfile { separate: false, ..line() };
    pipe.write(T(0), Bytes::from(vec![7; 3 * WINDOW]), Leaves::AtOnce);
    pipe.pump(T(0), &burst, &mut judge);
    assert_eq!((pipe.confirm(), pipe.confirm()), (WINDOW, 0));
    let mut left = WINDOW;
    while let Some(bytes) = pipe.take(left) {
        left -= bytes.len();
    }
    assert_eq!((pipe.confirm(), pipe.confirm()), (WINDOW, 0));
    drain(&mut pipe);
    assert_eq!((pipe.confirm(), pipe.confirm()), (WINDOW, 0));
}

#[test]
fn a_reset_overtakes_what_has_not_left() {
    let (mut pipe, mut judge) = (Pipe::default(), Judge::default());
    pipe.write(T(0), Bytes::from(vec![7; 150]), Leaves::InFullSegments);
    pipe.pump(T(0), &line(), &mut judge);
    pipe.finish(End::Rst);
    pipe.pump(T(0), &line(), &mut judge);
    assert_eq!(drain(&mut pipe), [100]);
    assert_eq!(pipe.ended(), Some(End::Rst));
}

proptest! {
    #[test]
    fn every_octet_arrives_in_order(
        chunks in prop::collection::vec(0usize..400, 0..40),
        separate: bool, push: bool, latency in 0u64..30, rate in prop::option::of(1000u64..1_000_000),
    ) {
        let line = LineProfile { separate, latency: Duration::from_millis(latency), rate, ..line() };
        let (mut pipe, mut judge) = (Pipe::default(), Judge::default());
        let (mut sent, mut got, mut next) = (vec![], vec![], 0u8);
        for n in chunks {
            let chunk: Vec<u8> = (0..n).map(|_| { next = next.wrapping_add(1); next }).collect();
            sent.extend_from_slice(&chunk);
            pipe.write(T(0), chunk.into(), if push { Leaves::AtOnce } else { Leaves::InFullSegments });
            pipe.pump(T(0), &line, &mut judge);
        }
        pipe.finish(End::Fin);
        let mut now = T(0);
        loop {
            pipe.pump(now, &line, &mut judge);
            while let Some(bytes) = pipe.take(77) { got.extend_from_slice(&bytes) }
            match pipe.poll_timeout(&line) { Some(at) => now = at.max(now), None => break }
        }
        prop_assert_eq!(sent, got);
        prop_assert_eq!(pipe.ended(), Some(End::Fin));
    }
}
