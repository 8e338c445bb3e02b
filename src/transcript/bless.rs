//! Blessing: expectations rewritten from what was heard; comments, placeholders and order are kept.

use super::fit::fits;
use super::matcher::{Matcher, Verdict, first_step};
use super::text::{Part, Pattern};
use super::{Kind, Step};

/// Rewrites a run of steps that expect, on several ports perhaps, from what each port was heard to say.
///
/// Steps that still match stay as they are written, with their placeholders. A line that changed keeps
/// the placeholders that fit it still. What was heard beyond the last step is added after it.
pub(super) fn rewrite(steps: &[Step], heard: &[(usize, Vec<u8>)]) -> Vec<Step> {
    let mut before: Vec<Vec<Step>> = vec![Vec::new(); steps.len() + 1];
    let mut stays = vec![true; steps.len()];
    for (port, bytes) in heard {
        let olds: Vec<usize> =
            (0..steps.len()).filter(|&i| steps[i].kind.is_heard() && steps[i].port == *port).collect();
        olds.iter().for_each(|&i| stays[i] = false);
        let end = steps.iter().rposition(|step| !step.kind.is_prose()).map_or(0, |i| i + 1);
        let mut place = olds.first().copied().unwrap_or(end);
        for (old, step) in align(steps, &olds, *port, bytes) {
            match old {
                Some(i) if step.kind == steps[i].kind => stays[i] = true,
                Some(i) => before[i].push(step.clone()),
                None => before[place].push(step.clone()),
            }
            place = match old {
                Some(i) => olds.iter().copied().find(|&next| next > i).unwrap_or(end),
                None => place,
            };
        }
    }
    let mut out = Vec::new();
    for (i, new) in before.into_iter().enumerate() {
        out.extend(new);
        out.extend(steps.get(i).filter(|_| stays[i]).cloned());
    }
    out
}

/// What was heard as steps, each with the old step that it is or replaces.
fn align(steps: &[Step], olds: &[usize], port: usize, heard: &[u8]) -> Vec<(Option<usize>, Step)> {
    let mut out: Vec<(Option<usize>, Step)> = Vec::new();
    let mut rest = heard;
    let (mut next, mut unplaced) = (0, 0);
    while !rest.is_empty() {
        let known =
            olds[next..].iter().enumerate().find_map(|(n, &i)| Some((n, i, matched(&steps[i].kind, rest)?)));
        match known {
            Some((skipped, i, length)) => {
                replace(steps, &olds[next..next + skipped], &mut out[unplaced..]);
                out.push((Some(i), steps[i].clone()));
                (next, unplaced) = (next + skipped + 1, out.len());
                rest = &rest[length..];
            }
            None => {
                let Some((kind, length)) = first_step(rest) else { break };
                out.push((None, Step::new(port, kind)));
                rest = &rest[length..];
            }
        }
    }
    replace(steps, &olds[next..], &mut out[unplaced..]);
    out
}

fn matched(kind: &Kind, heard: &[u8]) -> Option<usize> {
    let mut matcher = Matcher::default();
    matcher.push(heard);
    match matcher.check(kind, true) {
        Verdict::Yes(length) => Some(length),
        _ => None,
    }
}

/// New steps between two that matched stand for the old ones there, in order.
fn replace(steps: &[Step], olds: &[usize], news: &mut [(Option<usize>, Step)]) {
    for (&i, (old, new)) in olds.iter().zip(news) {
        *old = Some(i);
        if let (Kind::Hear(was), Kind::Hear(is)) = (&steps[i].kind, &new.kind) {
            *new = Step::new(new.port, Kind::Hear(keep_holes(was, is)));
        }
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
        rewrite(&steps[1..], &[(1, heard.to_vec())]).iter().map(|s| format!("{s}\n")).collect()
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
            text in "((<|<=) (OK|\\+X: \\{int\\}|RDY|a)\n|# note\n|\n){0,6}",
        ) {
            let Ok(script) = super::super::parse("t", &format!("~ 1s\n{text}")) else { return Ok(()) };
            let new = rewrite(&script.steps[1..], &[(1, heard.clone().into_bytes())]);
            let printed: String = new.iter().map(|s| format!("{s}\n")).collect();
            let script = super::super::parse("t", &format!("~ 1s\n{printed}")).unwrap();
            let mut matcher = Matcher::default();
            matcher.push(heard.as_bytes());
            for step in &script.steps {
                prop_assert!(matches!(matcher.check(&step.kind, true), Verdict::Yes(_)), "{}\n{}", step, printed);
            }
            prop_assert_eq!(matcher.leftover(), b"");
        }
    }
}
