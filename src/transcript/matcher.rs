//! What was heard on one serial port, matched step by step as it comes.

use std::iter::Peekable;

use super::content::{Content, Generated, Stream};
use super::fit::{Reach, fits, progress};
use super::text::{Pattern, quote};
use super::{Echo, Kind};

/// Whether an expectation is met by the head of what was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is, and so many bytes are taken off the head.
    Yes(usize),
    /// So far; more must be heard.
    NeedMore,
    /// It never will be.
    No(String),
}

/// The bytes heard on one port and not yet expected.
///
/// Lines are framed after ITU-T V.250 section 5.7.1: `<` takes one CR LF before the text where there
/// is one, the text, and the CR LF after it. After a text of digits alone a CR ends the line (ATV0).
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    heard: Vec<u8>,
    policy: Echo,
    echo: Vec<u8>,
    /// A numeric line ended with CR; its LF, should it come, belongs to it.
    lf_due: bool,
    progress: Option<Progress>,
}

/// Whether more is coming behind what was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It may.
    MayCome,
    /// That was all.
    Over,
}

impl Matcher {
    /// A port on which nothing was heard yet.
    pub fn new(policy: Echo) -> Matcher {
        Matcher { policy, ..Matcher::default() }
    }

    /// These bytes were heard.
    pub fn push(&mut self, mut bytes: &[u8]) {
        if let (true, Some(first)) = (self.lf_due, bytes.first()) {
            bytes = if *first == b'\n' { &bytes[1..] } else { bytes };
            self.lf_due = false;
        }
        self.heard.extend_from_slice(bytes);
    }

    /// The host types this line and a CR, whose echo is to come unless the policy says otherwise.
    pub fn typed(&mut self, line: &[u8]) {
        if self.policy != Echo::Off {
            self.echo = [line, b"\r"].concat();
        }
    }

    /// The host sends raw bytes: no echo is looked for until it types again.
    pub fn sent(&mut self) {
        self.echo.clear();
    }

    /// What was heard and not yet expected, an echo that is due left out.
    pub fn leftover(&mut self) -> &[u8] {
        self.shed_echo();
        &self.heard
    }

    /// The echo that must still come; only [`Echo::On`] owes one.
    pub fn echo_owed(&mut self) -> Option<&[u8]> {
        self.shed_echo();
        (self.policy == Echo::On && !self.echo.is_empty()).then_some(&self.echo)
    }

    /// Takes everything that was heard and not expected, a generated expectation's beginning included; forgets the echo.
    pub fn take(&mut self) -> Vec<u8> {
        self.shed_echo();
        self.echo.clear();
        let mut taken = match self.progress.take() {
            Some(progress) => progress.content.stream().take_chunk(progress.done),
            None => Vec::new(),
        };
        taken.append(&mut self.heard);
        taken
    }

    /// Takes the echo off the head; true where what is there may be its beginning.
    fn shed_echo(&mut self) -> bool {
        if self.echo.is_empty() {
            return false;
        }
        if self.heard.starts_with(&self.echo) {
            self.heard.drain(..self.echo.len());
            self.echo.clear();
            return false;
        }
        !self.heard.is_empty() && self.echo.starts_with(&self.heard)
    }

    /// Matches a `<` or `<=` step with the head of what was heard and takes off what it matched.
    ///
    /// Where nothing more is coming, what might be the beginning of an echo is none.
    /// Steps that expect nothing to be heard are met at once.
    pub fn check(&mut self, step: &Kind, rest: Rest) -> Verdict {
        if self.shed_echo() && rest == Rest::MayCome {
            return Verdict::NeedMore;
        }
        if self.policy == Echo::On && !self.echo.is_empty() {
            return match self.heard.is_empty() && rest == Rest::MayCome {
                true => Verdict::NeedMore,
                false => Verdict::No(format!("the echo {} must come first", quote(&self.echo))),
            };
        }
        let verdict = match step {
            Kind::Hear(pattern) => self.line(pattern),
            Kind::Receive(pattern) => self.raw(pattern),
            Kind::ReceiveGenerated(generated) => self.generated(generated),
            _ => Verdict::Yes(0),
        };
        if let Verdict::Yes(n) = verdict {
            self.heard.drain(..n);
        }
        verdict
    }

    fn line(&mut self, pattern: &Pattern) -> Verdict {
        let Some(start) = line_start(&self.heard, pattern.parts.is_empty()) else {
            return match self.heard.starts_with(b"\r") || self.heard.is_empty() {
                true => Verdict::NeedMore,
                false => Verdict::No("no empty line was heard".into()),
            };
        };
        if pattern.parts.is_empty() {
            return Verdict::Yes(start);
        }
        let rest = &self.heard[start..];
        let Some(text) = rest.iter().position(|b| *b == b'\r').map(|end| &rest[..end]) else {
            return match progress(pattern, rest) {
                Reach::No(at) => no(pattern, rest, at),
                _ => Verdict::NeedMore,
            };
        };
        if !fits(pattern, text) {
            return match progress(pattern, text) {
                Reach::No(at) => no(pattern, text, at),
                _ => Verdict::No(format!("the line is {}", shown(text))),
            };
        }
        match line_end(&rest[text.len()..], text) {
            Some(end) => {
                self.lf_due = end == 1 && rest.len() == text.len() + 1;
                Verdict::Yes(start + text.len() + end)
            }
            None if rest.len() == text.len() + 1 => Verdict::NeedMore,
            None => Verdict::No("the line ends with CR and no LF".into()),
        }
    }

    fn raw(&mut self, pattern: &Pattern) -> Verdict {
        match progress(pattern, &self.heard) {
            Reach::Yes(end) => Verdict::Yes(end),
            Reach::More => Verdict::NeedMore,
            Reach::No(at) => no(pattern, &self.heard, at),
        }
    }

    /// Taken off as it comes, so that a long transfer is never held.
    fn generated(&mut self, generated: &Generated) -> Verdict {
        let progress = self.progress.get_or_insert_with(|| Progress::new(generated));
        let mut stream = progress.stream.clone();
        let same = self.heard.iter().take_while(|byte| stream.next_if_eq(*byte).is_some()).count();
        match (stream.peek(), self.heard.get(same)) {
            (None, _) => {
                self.progress = None;
                Verdict::Yes(same)
            }
            (Some(_), None) => {
                (progress.stream, progress.done) = (stream, progress.done + same);
                self.heard.clear();
                Verdict::NeedMore
            }
            (Some(want), Some(byte)) => {
                let at = progress.done + same;
                Verdict::No(format!("byte {at} is \\x{byte:02x} where \\x{want:02x} was expected"))
            }
        }
    }
}

/// How far a generated expectation has come.
#[derive(Clone, Debug)]
struct Progress {
    content: Content,
    stream: Peekable<Stream>,
    done: usize,
}

impl Progress {
    fn new(generated: &Generated) -> Progress {
        let content = Content::Generated(generated.clone());
        Progress { stream: content.stream().peekable(), content, done: 0 }
    }
}

/// Where a line's text starts: behind one CR LF, if there is one. `None` where that cannot be told yet,
/// or where an empty line is wanted and there is none.
fn line_start(heard: &[u8], empty: bool) -> Option<usize> {
    match heard {
        [b'\r', b'\n', ..] => Some(2),
        [] | [b'\r'] => None,
        _ if empty => None,
        _ => Some(0),
    }
}

/// How many bytes end a line after its text; `None` where they are not there.
fn line_end(rest: &[u8], text: &[u8]) -> Option<usize> {
    let numeric = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match rest {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r', ..] if numeric => Some(1),
        _ => None,
    }
}

/// The line at the head of `heard`, as a step that matches it, and how many bytes that is.
///
/// Where no line of text is there, raw bytes up to the next CR LF; `None` only if nothing was heard.
pub(super) fn first_step(heard: &[u8]) -> Option<(Kind, usize)> {
    if heard.is_empty() {
        return None;
    }
    if let Some(start) = line_start(heard, false) {
        let rest = &heard[start..];
        let text = &rest[..rest.iter().position(|b| *b == b'\r').unwrap_or(rest.len())];
        match line_end(&rest[text.len()..], text) {
            Some(end) if is_text(text) => {
                return Some((Kind::Hear(Pattern::literal(text)), start + text.len() + end));
            }
            _ if start == 2 && !(is_text(text) && rest.len() <= text.len() + 1 && !text.is_empty()) => {
                return Some((Kind::Hear(Pattern::default()), 2));
            }
            _ => {}
        }
    }
    let from = if heard.starts_with(b"\r\n") { 2 } else { 1 };
    let end = heard[from.min(heard.len())..]
        .windows(2)
        .position(|w| w == b"\r\n")
        .map_or(heard.len(), |i| i + from);
    let end = end.min(LONGEST_RAW);
    Some((Kind::Receive(Pattern::literal(&heard[..end])), end))
}

/// Raw bytes are broken into steps of this length at most.
pub(super) const LONGEST_RAW: usize = 1024;

fn is_text(text: &[u8]) -> bool {
    !text.is_empty() && std::str::from_utf8(text).is_ok_and(|t| !t.chars().any(char::is_control))
}

fn no(pattern: &Pattern, bytes: &[u8], at: usize) -> Verdict {
    let from = &bytes[at.min(bytes.len())..];
    let what = if pattern.has_holes() { "it does not fit" } else { "it differs" };
    match from.is_empty() {
        true => Verdict::No(format!("{what} where it ends, after {at} bytes")),
        false => Verdict::No(format!("{what} from byte {at} on: {}", shown(from))),
    }
}

/// Heard bytes for a person, cut to one screen line or two.
pub fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 160;
    match bytes.len() {
        0 => "nothing".to_owned(),
        n if n > MOST => format!("{} ... ({n} bytes)", quote(&bytes[..MOST])),
        _ => quote(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(line: &str) -> Kind {
        super::super::parse("t", line).unwrap().steps.remove(0).kind
    }

    fn feed(matcher: &mut Matcher, line: &str) -> Verdict {
        matcher.check(&kind(line), Rest::MayCome)
    }

    fn run(heard: &[u8], lines: &[&str]) -> Vec<u8> {
        let mut matcher = Matcher::default();
        matcher.push(heard);
        for line in lines {
            assert!(matches!(feed(&mut matcher, line), Verdict::Yes(_)), "{line}: {:?}", matcher.heard);
        }
        matcher.take()
    }

    #[test]
    fn lines_are_framed_as_in_v250() {
        assert_eq!(run(b"\r\n+CSQ: 27,99\r\n\r\nOK\r\n", &["< +CSQ: 27,99", "< OK"]), b"");
        assert_eq!(run(b"\r\nA\r\nB\r\n\r\nOK\r\n", &["< A", "< B", "< OK"]), b"");
        assert_eq!(run(b"\r\n+X: 2,3\r\nabc\r\nOK\r\n", &["< +X: 2,3", "<= abc", "< OK"]), b"");
        assert_eq!(run(b"\r\nOK\r\n\r\n\r\n+X\r\n", &["< OK", "<", "< +X"]), b"");
        assert_eq!(run(b"0\r4\r", &["< 0", "< 4"]), b"");
        assert_eq!(run(b"\r\nOK\r\n\n", &["< OK"]), b"\n");
    }

    #[test]
    fn a_stray_empty_line_or_a_missing_lf_is_no_line() {
        for heard in [&b"\r\n\r\nOK\r\n"[..], b"\nOK\r\n", b"OK\rX", b"\r\nOKAY\r\n", b"\r\nO\r\n"] {
            let mut matcher = Matcher::default();
            matcher.push(heard);
            assert!(matches!(feed(&mut matcher, "< OK"), Verdict::No(_)), "{heard:?}");
        }
    }

    #[test]
    fn bytes_may_come_one_by_one() {
        let mut matcher = Matcher::default();
        for byte in b"\r\nOK\r" {
            assert_eq!(feed(&mut matcher, "< OK"), Verdict::NeedMore);
            matcher.push(&[*byte]);
        }
        assert_eq!(feed(&mut matcher, "< OK"), Verdict::NeedMore);
        matcher.push(b"\n");
        assert_eq!(feed(&mut matcher, "< OK"), Verdict::Yes(6));
        matcher.push(b"12\r");
        assert_eq!(feed(&mut matcher, "< 12"), Verdict::Yes(3));
        matcher.push(b"\n");
        assert_eq!(matcher.leftover(), b"");
    }

    #[test]
    fn the_echo_is_passed_over_demanded_or_refused() {
        let heard = |policy, bytes: &[u8]| {
            let mut matcher = Matcher::new(policy);
            matcher.typed(b"AT");
            matcher.push(bytes);
            feed(&mut matcher, "< OK")
        };
        assert!(matches!(heard(Echo::Auto, b"AT\r\r\nOK\r\n"), Verdict::Yes(6)));
        assert!(matches!(heard(Echo::Auto, b"\r\nOK\r\n"), Verdict::Yes(6)));
        assert!(matches!(heard(Echo::On, b"AT\r\r\nOK\r\n"), Verdict::Yes(6)));
        assert!(matches!(heard(Echo::On, b"\r\nOK\r\n"), Verdict::No(_)));
        assert!(matches!(heard(Echo::Off, b"AT\r\r\nOK\r\n"), Verdict::No(_)));
        assert_eq!(heard(Echo::Auto, b"A"), Verdict::NeedMore);
    }

    #[test]
    fn placeholders_match_what_varies() {
        let line = b"\r\n+CNACT: 0,1,\"10.94.36.44\"\r\n";
        assert_eq!(run(line, &["< +CNACT: {int},{any},\"{ip}\""]), b"");
        assert_eq!(run(b"drw 0 Oct 12 14:58 .\r\n", &["< drw {int} {listed} ."]), b"");
        assert_eq!(run(b"abc\x03OK", &["<= {any}<ETX>", "<= {any:1}K"]), b"");
        assert_eq!(run(b"\r\n{any}\r\n", &["< {{any}"]), b"");
    }

    #[test]
    fn generated_bytes_are_not_held() {
        let mut matcher = Matcher::default();
        let step = "<= 1KiB seq";
        let bytes: Vec<u8> = Content::parse("1KiB seq").unwrap().stream().collect();
        matcher.push(&bytes[..700]);
        assert_eq!(feed(&mut matcher, step), Verdict::NeedMore);
        assert!(matcher.heard.is_empty());
        matcher.push(&bytes[700..]);
        matcher.push(b"\r\nOK\r\n");
        assert!(matches!(feed(&mut matcher, step), Verdict::Yes(324)));
        assert!(matches!(feed(&mut matcher, "< OK"), Verdict::Yes(6)));
        matcher.push(&[0, 1, 3]);
        assert!(matches!(feed(&mut matcher, step), Verdict::No(why) if why.contains("byte 2")));
    }

    proptest! {
        #[test]
        fn the_first_step_of_what_was_heard_matches_it(heard in prop_oneof![
            prop::collection::vec(any::<u8>(), 1..80),
            "[\r\nOK0-9{}a]{1,30}".prop_map(String::into_bytes),
            "(\r\n(OK|\\+X: 1|7)?\r\n?){0,4}[a-c\r\n]{1,3}".prop_map(String::into_bytes),
        ]) {
            let (step, length) = first_step(&heard).unwrap();
            let mut matcher = Matcher::default();
            matcher.push(&heard);
            prop_assert_eq!(matcher.check(&step, Rest::Over), Verdict::Yes(length));
        }

        #[test]
        fn chunks_do_not_matter(cut in 0usize..30, line in "< (\\+X: \\{int\\},\"\\{ip\\}\"|\\{any\\}\"|OK)") {
            let heard = b"\r\n+X: 42,\"10.0.0.1\"\r\n";
            let whole = { let mut m = Matcher::default(); m.push(heard); feed(&mut m, &line) };
            let mut parts = Matcher::default();
            let (a, b) = heard.split_at(cut.min(heard.len()));
            parts.push(a);
            let mut verdict = feed(&mut parts, &line);
            if verdict == Verdict::NeedMore {
                parts.push(b);
                verdict = feed(&mut parts, &line);
            }
            prop_assert_eq!(matches!(verdict, Verdict::Yes(_)), matches!(whole, Verdict::Yes(_)));
        }
    }
}
