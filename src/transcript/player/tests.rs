//! The player against a modem that is a table: what it answers to what was sent.

use super::*;
use crate::transcript::content::Want;
use crate::transcript::parse;

/// Plays `text`; `answers` are (what the host sends, what the module says at once), `later` (at which
/// second of turned time, what it says then).
struct Bench<'a> {
    answers: &'a [(&'a str, &'a str)],
    later: &'a [(u64, &'a str)],
}

impl Bench<'_> {
    fn play(&self, text: &str, bless: bool) -> (Action, Player, Vec<Action>) {
        let transcript = parse("t.at", text).unwrap();
        let mut player = Player::new(transcript, Options { bless, lines: true });
        let mut done = Vec::new();
        let mut clock = Duration::ZERO;
        loop {
            let action = player.next_action();
            match &action {
                Action::Settle => {}
                Action::Wait { .. } => player.gave_up(),
                Action::Turn(span) | Action::TurnUntilHeard(span) => {
                    let end = clock + *span;
                    let due = |(at, _): &&(u64, &str)| {
                        clock < Duration::from_secs(*at) && Duration::from_secs(*at) <= end
                    };
                    match self.later.iter().find(due) {
                        Some((at, said)) => {
                            let until = Duration::from_secs(*at);
                            player.heard(1, said.as_bytes());
                            player.turned(until - clock);
                            clock = if matches!(action, Action::Turn(_)) { end } else { until };
                        }
                        None => {
                            player.turned(*span);
                            clock = end;
                        }
                    }
                }
                Action::Send { port, content } => {
                    let sent: Vec<u8> = content.stream().collect();
                    for (_, said) in self.answers.iter().filter(|(to, _)| to.as_bytes() == sent) {
                        said.as_bytes().chunks(3).for_each(|chunk| player.heard(*port, chunk));
                    }
                }
                Action::Done | Action::Failed(_) => return (action, player, done),
                _ => {}
            }
            if !matches!(action, Action::Settle | Action::Wait { .. }) {
                done.push(action);
            }
        }
    }

    fn failure(&self, text: &str) -> Failure {
        match self.play(text, false).0 {
            Action::Failed(failure) => *failure,
            other => panic!("{other:?}"),
        }
    }

    fn passes(&self, text: &str) {
        let (end, ..) = self.play(text, false);
        assert_eq!(end, Action::Done, "{text}");
    }
}

const GET: Bench = Bench {
    answers: &[
        ("AT\r", "AT\r\r\nOK\r\n"),
        ("AT+FTPGET=1\r", "AT+FTPGET=1\r\r\nOK\r\n\r\n+FTPGET: 1,1\r\n"),
        ("AT+FTPGET=2,9\r", "AT+FTPGET=2,9\r\r\n+FTPGET: 2,3\r\nabc\r\nOK\r\n"),
    ],
    later: &[(10, "\r\n+FTPGET: 1,1\r\n")],
};

#[test]
fn a_transcript_that_says_what_happens_passes() {
    GET.passes(
        "profile sim7080\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,1\n~ 10s\n< +FTPGET: 1,1\n> AT+FTPGET=2,9\n\
         < +FTPGET: 2,3\n<= abc\n< OK\n",
    );
    GET.passes("> AT\n< OK\n~< 75s\n< +FTPGET: 1,1\n~ 65s\n> AT\n< OK\n");
    GET.passes("echo on\n> AT\n< OK\n");
    GET.passes(">= AT\\r\n<= AT\\r\n< OK\n");
}

#[test]
fn what_is_not_said_and_what_is_said_unexpectedly_both_fail() {
    let failure = GET.failure("profile sim7080\n> AT\n< OK\n< +X: 1\n");
    assert_eq!((failure.line, failure.written.as_str()), (4, "< +X: 1"));
    assert_eq!(failure.why, "nothing more was heard");

    let failure = GET.failure("> AT+FTPGET=1\n< OK\n> AT\n");
    assert_eq!(failure.line, 3);
    assert_eq!(failure.heard, r"\r\n+FTPGET: 1,1\r\n");
    assert!(failure.to_string().starts_with("t.at:3: something was heard on port 1"));

    let failure = GET.failure("> AT+FTPGET=1\n< OK\n< +FTPGET: 1,0\n");
    assert!(failure.why.contains("+FTPGET: 1,1") || failure.why.contains("differs"), "{failure}");
    assert!(GET.failure("> AT+FTPGET=1\n< OK\n< +FTPGET: 1,1\n~ 10s\n").why.contains("by the end"));
    assert!(GET.failure("> AT+FTPGET=1\n< OK\n~ 10s\n").why.contains("before this line"));
    assert!(GET.failure("> AT\n< OK\n~< 9s\n< +FTPGET: 1,1\n").why.contains("nothing more"));
    assert!(GET.failure("echo on\n> ATZ\n~ 1s\n").why.contains(r"the echo ATZ\r was not heard"));
}

#[test]
fn blessing_rewrites_only_what_was_wrong() {
    let text = "# note\n> AT+FTPGET=1\n< OK\n\n# then\n> AT+FTPGET=2,9\n# data\n< +FTPGET: 2,4\n<= abc\n< OK\n< +X: 1\n";
    let (end, player, _) = GET.play(text, true);
    assert_eq!(end, Action::Done);
    let blessed = player.blessed().unwrap();
    let right = "# note\n> AT+FTPGET=1\n< OK\n< +FTPGET: 1,1\n\n# then\n> AT+FTPGET=2,9\n# data\n< +FTPGET: 2,3\n<= abc\n< OK\n";
    assert_eq!(blessed.to_string(), right);
    assert_eq!(blessed, parse("t.at", right).unwrap());
    GET.passes(right);
    assert_eq!(GET.play(right, true).1.blessed(), None);
}

#[test]
fn blessing_waits_for_what_a_line_gives_time_to() {
    for (wrong, right) in [
        (
            "> AT+FTPGET=2,9\n< +FTPGET: 2,3\n<= abd\n% note\n< OK\n~< 75s\n% later\n< +FTPGET: 1,1\n> AT\n< OK\n",
            "> AT+FTPGET=2,9\n< +FTPGET: 2,3\n<= abc\n% note\n< OK\n~< 75s\n% later\n< +FTPGET: 1,1\n> AT\n< OK\n",
        ),
        (
            "> AT+FTPGET=2,9\n< +FTPGET: 2,3\n<= 9 seq\n< OK\n~< 75s\n< +FTPGET: 1,{int}\n",
            "> AT+FTPGET=2,9\n< +FTPGET: 2,3\n<= abc\n< OK\n~< 75s\n< +FTPGET: 1,{int}\n",
        ),
        (
            "> AT\n~< 75s\n< ERROR\n< +FTPGET: 1,1\n> AT\n< OK\n",
            "> AT\n~< 75s\n< OK\n< +FTPGET: 1,1\n> AT\n< OK\n",
        ),
    ] {
        let (end, player, _) = GET.play(wrong, true);
        assert_eq!(end, Action::Done);
        assert_eq!(player.blessed().unwrap().to_string(), right);
        GET.passes(right);
    }
}

#[test]
fn the_other_steps_are_handed_to_the_driver() {
    let text = "ports 2\n! when = 1\n? file /a absent\n@2 ^ DTR off\n@2 ^ close\n^ baud 9600\n@2 ^ open\n";
    let (end, _, done) = GET.play(text, false);
    assert_eq!(end, Action::Done);
    assert_eq!(
        done,
        [
            Action::Fault { line: 2, text: "when = 1".into() },
            Action::CheckFile { path: "/a".into(), want: Want::Absent },
            Action::SetLine { port: 2, signal: Signal::Dtr, on: false },
            Action::Close { port: 2 },
            Action::SetBaud { port: 1, rate: 9600 },
            Action::Open { port: 2 },
        ]
    );
    let mut player = Player::new(parse("t.at", text).unwrap(), Options { bless: false, lines: true });
    while !matches!(player.next_action(), Action::CheckFile { .. }) {}
    player.refuse("it is there");
    let Action::Failed(failure) = player.next_action() else { panic!("it goes on") };
    assert_eq!((failure.line, failure.why.as_str()), (3, "it is there"));
}

#[test]
fn a_control_line_is_met_by_a_change_or_by_its_state() {
    let play = |changes: &[bool], text: &str| {
        let mut player = Player::new(parse("t.at", text).unwrap(), Options { bless: false, lines: true });
        loop {
            match player.next_action() {
                Action::Send { .. } => changes.iter().for_each(|on| player.line(1, Signal::Dcd, *on)),
                Action::Wait { .. } => player.gave_up(),
                Action::Done => return true,
                Action::Failed(_) => return false,
                _ => {}
            }
        }
    };
    assert!(play(&[true, false], "> A\n^ DCD on\n^ DCD off\n"));
    assert!(play(&[], "> A\n^ DCD off\n"));
    assert!(play(&[true], "> A\n^ DCD on\n^ DCD on\n"));
    assert!(!play(&[], "> A\n^ DCD on\n"));
    assert!(!play(&[true], "> A\n^ DCD off\n"));
    assert!(!play(&[true, false], "> A\n^ DCD on\n~ 1s\n^ DCD on\n"));
}
