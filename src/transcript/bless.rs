//! Blessing: expectations rewritten from what was heard; comments, placeholders and order are kept.

use super::fit::{Reach, fits, progress};
use super::matcher::{LONGEST_RAW, Matcher, Verdict, first_step};
use super::text::{Part, Pattern};
use super::{Kind, Step};
use crate::transcript::matcher::Rest;

/// What became of a run of steps that expect.
pub(super) struct Rewritten {
    /// How many of them were rewritten; what the others expect is still to come.
    pub taken: usize,
    /// What stands in their place.
    pub steps: Vec<Step>,
}

/// Rewrites a run of steps that expect, on several ports perhaps, from what each port was heard to say.
///
/// Steps that still match stay as they are written, with their placeholders. A line that changed keeps
/// the placeholders that fit it still, and what was expected as bytes is bytes again. What was heard beyond the last
/// step is added after it. Behind the last step that was heard, those are left that may come yet: all where `more`
/// says so, else those that a `~<` gives time to.
pub(super) fn rewrite(steps: &[Step], heard: &[(usize, Vec<u8>)], more: bool) -> Rewritten {
    let aligned: Vec<_> = heard
        .iter()
        .map(|(port, bytes)| {
            let is_old = |i: &usize| steps[*i].kind.is_heard() && steps[*i].port == *port;
            let olds: Vec<usize> = (0..steps.len()).filter(is_old).collect();
            let news = align(steps, &olds, *port, bytes);
            (olds, news)
        })
        .collect();
    let used = aligned.iter().flat_map(|(_, news)| news).filter_map(|(old, _)| Some((*old)? + 1)).max();
    let used = used.unwrap_or(0);
    let taken = if more { used.max(1).min(steps.len()) } else { patience(steps, used) };

    let mut before: Vec<Vec<Step>> = vec![Vec::new(); taken + 1];
    let mut stays = vec![true; taken];
    let end = steps[..taken].iter().rposition(|step| !step.kind.is_prose()).map_or(0, |i| i + 1);
    for (olds, news) in aligned {
        let olds: Vec<usize> = olds.into_iter().filter(|i| *i < taken).collect();
        olds.iter().for_each(|&i| stays[i] = false);
        let mut place = olds.first().copied().unwrap_or(end);
        for (old, step) in news {
            match old {
                Some(i) if step.kind == steps[i].kind => stays[i] = true,
                Some(i) => before[i].push(step),
                None => before[place].push(step),
            }
            if let Some(i) = old {
                place = olds.iter().copied().find(|&next| next > i).unwrap_or(end);
            }
        }
    }
    let mut out = Vec::new();
    for (i, new) in before.into_iter().enumerate() {
        out.extend(new);
        out.extend(steps[..taken].get(i).filter(|_| stays[i]).cloned());
    }
    Rewritten { taken, steps: out }
}

/// The first step from `from` on that gives time to those behind it; all where there is none.
fn patience(steps: &[Step], from: usize) -> usize {
    let waits = |step: &Step| matches!(step.kind, Kind::Within(_));
    steps[from..].iter().position(waits).map_or(steps.len(), |i| from + i)
}

/// What was heard as steps, each with the old step that it is or replaces.
fn align(steps: &[Step], olds: &[usize], port: usize, heard: &[u8]) -> Vec<(Option<usize>, Step)> {
    let mut out: Vec<(Option<usize>, Step)> = Vec::new();
    let mut rest = heard;
    let (mut next, mut unplaced) = (0, 0);
    while !rest.is_empty() {
        // What has come and is not placed yet stands for as many old steps.
        let place = (next + out.len() - unplaced).min(olds.len());
        // Bytes are not passed over for a line that could be anything, so long as they end where that line begins.
        let raw = raw_head(steps, &olds[place..], rest);
        let may_be = |i: usize| raw.is_none() || place > next && anchors(&steps[i].kind);
        let known = olds[next..]
            .iter()
            .enumerate()
            .filter(|(_, i)| may_be(**i))
            .find_map(|(n, &i)| Some((n, i, matched(&steps[i].kind, rest)?)));
        match (known, raw) {
            (Some((skipped, i, length)), _) => {
                replace(steps, &olds[next..next + skipped], &mut out[unplaced..]);
                out.push((Some(i), steps[i].clone()));
                (next, unplaced) = (next + skipped + 1, out.len());
                rest = &rest[length..];
            }
            (None, Some(length)) => {
                replace(steps, &olds[next..place], &mut out[unplaced..]);
                let old = olds[place];
                for (n, piece) in rest[..length].chunks(LONGEST_RAW).enumerate() {
                    let kind = Kind::Receive(Pattern::literal(piece));
                    let kind = if length > LONGEST_RAW { kind } else { with_holes(&steps[old].kind, kind) };
                    out.push((Some(old).filter(|_| n == 0), Step::new(port, kind)));
                }
                (next, unplaced) = (place + 1, out.len());
                rest = &rest[length..];
            }
            (None, None) => {
                let Some((kind, length)) = first_step(rest) else { break };
                out.push((None, Step::new(port, kind)));
                rest = &rest[length..];
            }
        }
    }
    let last = olds[..next].last().map_or(0, |i| i + 1);
    let due = patience(steps, last);
    let left = olds[next..].iter().take_while(|i| **i < due).count();
    replace(steps, &olds[next..next + left], &mut out[unplaced..]);
    out
}

/// How many bytes stand in the place of a first old step that expects others: up to where an old step behind it is met.
fn raw_head(steps: &[Step], olds: &[usize], heard: &[u8]) -> Option<usize> {
    let (first, behind) = olds.split_first()?;
    if !is_raw(&steps[*first].kind) || matched(&steps[*first].kind, heard).is_some() {
        return None;
    }
    // Nothing of it came where the next step is met at once.
    let anchor = behind.iter().find(|i| anchors(&steps[**i].kind));
    let met = |at: usize| {
        let window = &heard[at..heard.len().min(at + WINDOW)];
        anchor.is_some_and(|i| matched(&steps[*i].kind, window).is_some())
    };
    if met(0) {
        return None;
    }
    let is_line = anchor.is_some_and(|i| matches!(steps[*i].kind, Kind::Hear(_)));
    let begins = |at: &usize| !is_line || heard[*at..].starts_with(b"\r\n");
    if let Some(at) = (1..heard.len().min(FARTHEST)).filter(begins).find(|at| met(*at)) {
        return Some(at);
    }
    // Where the step behind it is not to be found either, bytes go on to the end of their line.
    match heard.windows(2).position(|two| two == b"\r\n") {
        Some(0) => None,
        Some(at) => Some(at),
        None => Some(heard.len()),
    }
}

/// So far is looked for the end of bytes that are not those which were expected, and so much is held against a step.
const FARTHEST: usize = 64 * 1024;
const WINDOW: usize = 1024;

fn is_raw(kind: &Kind) -> bool {
    matches!(kind, Kind::Receive(_) | Kind::ReceiveGenerated(_))
}

/// Whether it is met where it should be alone: it begins with a text.
fn anchors(kind: &Kind) -> bool {
    match kind {
        Kind::Hear(pattern) | Kind::Receive(pattern) => {
            matches!(pattern.parts.first(), Some(Part::Literal(text)) if !text.is_empty())
        }
        _ => false,
    }
}

fn matched(kind: &Kind, heard: &[u8]) -> Option<usize> {
    let mut matcher = Matcher::default();
    matcher.push(heard);
    match matcher.check(kind, Rest::Over) {
        Verdict::Yes(length) => Some(length),
        _ => None,
    }
}

/// New steps between two that matched stand for the old ones there, in order.
fn replace(steps: &[Step], olds: &[usize], news: &mut [(Option<usize>, Step)]) {
    for (&i, (old, new)) in olds.iter().zip(news) {
        *old = Some(i);
        *new = Step::new(new.port, with_holes(&steps[i].kind, new.kind.clone()));
    }
}

/// What is heard now, with the placeholders of what was, where it is of the same kind.
fn with_holes(was: &Kind, is: Kind) -> Kind {
    match (was, is) {
        (Kind::Hear(was), Kind::Hear(is)) => Kind::Hear(keep_holes(was, &is)),
        (Kind::Receive(was), Kind::Receive(is)) => {
            let kept = keep_holes(was, &is);
            // Bytes have no end of their own: the fewest that will do are taken.
            match is.parts.as_slice() {
                [Part::Literal(bytes)] if !matches!(progress(&kept, bytes), Reach::Yes(n) if n == bytes.len()) => {
                    Kind::Receive(is)
                }
                _ => Kind::Receive(kept),
            }
        }
        (_, is) => is,
    }
}

/// The new line with the old one's placeholders where the text around them is still the same.
fn keep_holes(was: &Pattern, is: &Pattern) -> Pattern {
    let [Part::Literal(text)] = is.parts.as_slice() else { return is.clone() };
    let mut out = Pattern::default();
    let mut from = 0;
    for (i, part) in was.parts.iter().enumerate() {
        let Part::Hole(hole) = part else { continue };
        let left = literal(i.checked_sub(1).and_then(|i| was.parts.get(i)));
        let right = literal(was.parts.get(i + 1));
        let fitting = (from..=text.len()).find_map(|at| {
            let (ends, _) = hole.ends(text, at);
            let end = ends.into_iter().rev().find(|&end| borders(&text[end..], right, <[u8]>::first))?;
            borders(&text[from..at], left, <[u8]>::last).then_some((at, end))
        });
        if let Some((at, end)) = fitting {
            out.push_bytes(&text[from..at]);
            out.parts.push(Part::Hole(*hole));
            from = end;
        }
    }
    out.push_bytes(&text[from..]);
    if fits(&out, text) { out } else { is.clone() }
}

fn literal(part: Option<&Part>) -> &[u8] {
    match part {
        Some(Part::Literal(bytes)) => bytes,
        _ => &[],
    }
}

/// Whether the byte next to a placeholder is what it was, or the line's edge where it was the edge.
fn borders(text: &[u8], was: &[u8], edge: impl Fn(&[u8]) -> Option<&u8>) -> bool {
    edge(text) == edge(was)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blessed(text: &str, heard: &[u8]) -> String {
        let steps = super::super::parse("t", &format!("~ 1s\n{text}")).unwrap().steps;
        rewrite(&steps[1..], &[(1, heard.to_vec())], false).steps.iter().map(|s| format!("{s}\n")).collect()
    }

    #[test]
    fn lines_that_match_stay_and_the_others_follow_what_was_heard() {
        let heard = b"\r\n+FTPGET: 2,4\r\nabcd\r\nOK\r\n\r\n+FTPGET: 1,0\r\n";
        let text = "# the first chunk\n< +FTPGET: 2,{int}\n<= abc\n< OK\n# done\n\n";
        assert_eq!(
            blessed(text, heard),
            "# the first chunk\n< +FTPGET: 2,{int}\n<= abc\n< d\n< OK\n< +FTPGET: 1,0\n# done\n\n"
        );
        assert_eq!(blessed("< A\n< B\n", b"\r\nB\r\n"), "< B\n");
        assert_eq!(blessed("< A\n% note\n< B\n", b""), "% note\n");
    }

    #[test]
    fn bytes_stay_bytes_and_the_lines_behind_them_stay() {
        let chunk = |data: &str| format!("\r\n+FTPGET: 2,3\r\n{data}\r\nOK\r\n").into_bytes();
        let head = "% the note has a blank\n< +FTPGET: 2,3\n";
        for (was, data, is) in [
            ("<= abd", "abc", "<= abc"),
            ("<= abd", "a\r\nc", "<= a\\r\\nc"),
            ("<= abd", "abc\r\n", "<= abc\\r\\n"),
            ("<= abd", "\u{1}\u{2}", "<= \\x01\\x02"),
            ("<= 1KiB seq", "abcd", "<= abcd"),
            ("<= a{any:1}e", "abc", "<= abc"),
            ("<= {int}d", "17c", "<= 17c"),
            ("<= x{any:2}d", "x12d", "<= x{any:2}d"),
            ("<= x{int};y", "x12;z", "<= x{int};z"),
        ] {
            let text = format!("{head}{was}\n% note\n< OK\n");
            assert_eq!(blessed(&text, &chunk(data)), format!("{head}{is}\n% note\n< OK\n"), "{was} {data:?}");
        }
        // So it is where the line before them changed, too.
        let both = "< +FTPGET: 2,4\n<= abd\n% note\n< OK\n";
        assert_eq!(blessed(both, &chunk("abc")), "< +FTPGET: 2,3\n<= abc\n% note\n< OK\n");
        assert_eq!(
            blessed("< +FTPGET: 2,4\n< NEW\n<= abd\n< OK\n", &chunk("abc")),
            "< +FTPGET: 2,3\n< abc\n< OK\n",
            "a line that is not there any more has its place taken"
        );
        // A line that could be anything does not take the place of the bytes before it.
        assert_eq!(blessed("<= abd\n< {any}\n", b"abc\r\nOK\r\n"), "<= abc\n< {any}\n");
        assert_eq!(blessed("<= abd\n< OK\n", b"\r\nOK\r\n"), "< OK\n");
        assert_eq!(
            blessed("<= abd\n<= <ETX>\n< OK\n", b"a\r\nc\x03\r\nOK\r\n"),
            "<= a\\r\\nc\n<= <ETX>\n< OK\n"
        );
        assert_eq!(blessed("<= abd\n< OK\n", b"abc\r\nERROR\r\n"), "<= abc\n< ERROR\n");
    }

    #[test]
    fn what_a_line_gives_time_to_is_left_to_come() {
        let rewritten = |text: &str, heard: &[u8], more| {
            let steps = super::super::parse("t", &format!("~ 1s\n{text}")).unwrap().steps;
            let new = rewrite(&steps[1..], &[(1, heard.to_vec())], more);
            (new.taken, new.steps.iter().map(|s| format!("{s}\n")).collect::<String>())
        };
        let text = "<= abd\n< OK\n% note\n~< 20s\n< +FTPGET: 1,0\n";
        assert_eq!(rewritten(text, b"abc\r\nOK\r\n", false), (3, "<= abc\n< OK\n% note\n".into()));
        assert_eq!(rewritten(text, b"", false), (3, "% note\n".into()));
        assert_eq!(rewritten("< A\n~< 9s\n< B\n", b"\r\nX\r\n\r\nY\r\n", false), (1, "< X\n< Y\n".into()));
        assert_eq!(rewritten("< A\n~< 9s\n< B\n", b"\r\nB\r\n", false), (3, "~< 9s\n< B\n".into()));
        assert_eq!(rewritten("< A\n< B\n", b"\r\nX\r\n", true), (1, "< X\n".into()));
    }

    #[test]
    fn placeholders_are_kept_where_they_fit() {
        assert_eq!(
            blessed("< +CNACT: 0,1,\"{ip}\"\n", b"+CNACT: 0,2,\"10.0.0.1\"\r\n"),
            "< +CNACT: 0,2,\"{ip}\"\n"
        );
        assert_eq!(blessed("< +X: {int}\n", b"\r\nERROR\r\n"), "< ERROR\n");
    }

    proptest! {
        #[test]
        fn what_is_blessed_matches_what_was_heard(
            heard in "(\r\n(OK|\\+X: [0-9]{1,3}|RDY)\r\n|[a-d\r]){0,6}",
            text in "((<|<=) (OK|\\+X: \\{int\\}|RDY|a|\\{any:2\\})\n|<= 3 seq\n|# note\n|% note\n|\n){0,6}",
        ) {
            let Ok(script) = super::super::parse("t", &format!("~ 1s\n{text}")) else { return Ok(()) };
            let new = rewrite(&script.steps[1..], &[(1, heard.clone().into_bytes())], false);
            let printed: String = new.steps.iter().map(|s| format!("{s}\n")).collect();
            let script = super::super::parse("t", &format!("~ 1s\n{printed}")).unwrap();
            let mut matcher = Matcher::default();
            matcher.push(heard.as_bytes());
            for step in &script.steps {
                prop_assert!(matches!(matcher.check(&step.kind, Rest::Over), Verdict::Yes(_)), "{}\n{}", step, printed);
            }
            prop_assert_eq!(matcher.leftover(), b"");
        }
    }
}
