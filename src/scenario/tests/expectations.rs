//! Verdicts of subjects that are about more than one line or one file.

use super::{at, judged};
use crate::fault::ModuleState::{self, *};
use crate::scenario::Seen::{self, *};

fn all(cases: &[(&str, bool)], seen: &[(u64, Seen)]) {
    for (expect, met) in cases {
        let outcome = judged(expect, seen);
        assert_eq!(outcome.met, *met, "{expect}: {} ({})", outcome.text, outcome.why);
    }
}

#[test]
fn the_pauses_between_commands() {
    let sent: Vec<(u64, Seen)> =
        [10, 12, 15, 20, 30].into_iter().map(|at| (at, Command(1, "AT+FTPGET=1"))).collect();
    let again = "between = \"AT+FTPGET=1\"\n";
    let cases = [
        ("not_before = \"2s\"", true),
        ("not_before = \"2500ms\"", false),
        ("within = \"10s\"", true),
        ("within = \"9s\"", false),
        ("growing = 1.5", true),
        ("growing = 1.6", false),
        ("growing = 1.5\nat_least = 4", true),
        ("growing = 1.5\nat_least = 5", false),
        ("not_before = \"1s\"\nat_most = 4", true),
        ("not_before = \"1s\"\nat_most = 3", false),
        ("not_before = \"1s\"\nport = 1", true),
    ];
    for (expect, met) in cases {
        all(&[(&format!("{again}{expect}"), met)], &sent);
    }
    // With one alone there is no pause, and with two nothing that grows.
    all(&[(&format!("{again}not_before = \"1s\""), false)], &sent[..1]);
    all(&[(&format!("{again}growing = 1.5"), false)], &sent[..2]);
    all(&[(&format!("{again}not_before = \"1s\"\nat_least = 0"), true)], &sent[..1]);
    let two = [
        (1, Command(1, "AT+FTPQUIT")),
        (2, Command(1, "AT+CSQ")),
        (4, Command(1, "AT+FTPGET=1")),
        (5, Command(1, "AT+FTPGET=1")),
        (6, Command(1, "AT+FTPQUIT")),
        (16, Command(1, "AT+FTPGET=1")),
    ];
    let between = "between = [\"AT+FTPQUIT\", \"AT+FTPGET=1\"]\n";
    for (expect, met) in [
        ("not_before = \"3s\"\nwithin = \"10s\"\nat_least = 2", true),
        ("not_before = \"4s\"", false),
        ("within = \"9s\"", false),
        ("not_before = \"3s\"\nat_least = 3", false),
    ] {
        all(&[(&format!("{between}{expect}"), met)], &two);
    }
    let since = [(0, sent[0].1), (1, sent[0].1), (2, Applied("f")), (3, sent[0].1), (9, sent[0].1)];
    all(
        &[
            (&format!("{again}not_before = \"5s\"\nsince = \"f\""), true),
            (&format!("{again}not_before = \"5s\""), false),
        ],
        &since,
    );
    all(&[(&format!("{again}not_before = \"1s\"\nsince = \"f\""), false)], &sent);
}

#[test]
fn what_was_refused_is_not_sent_again() {
    let pin = [
        (1, Command(1, "AT+CPIN=1111")),
        (2, Result(1, "ERROR", "+CME ERROR: 16")),
        (3, Command(1, "AT+CSQ")),
        (4, Result(1, "OK", "OK")),
        (5, Command(1, "at+cpin=1111")),
        (6, Result(1, "ERROR", "+CME ERROR: 16")),
    ];
    let after = "never_repeats_after = \"+CME ERROR: 16\"";
    all(&[(after, false), (&format!("{after}\nat_most = 1"), true)], &pin);
    all(&[(after, true)], &pin[..4]);
    all(&[(&format!("{after}\ncommand = \"AT+CSQ\""), false)], &pin);
    all(&[(&format!("{after}\ncommand = \"AT+CPIN=*\""), false)], &pin);
    // One that nobody refused has shown nothing.
    all(&[(after, false)], &pin[2..4]);
    all(
        &[("never_repeats_after = \"ERROR\"", false), ("never_repeats_after = \"+CME ERROR: 3\"", false)],
        &pin,
    );
}

#[test]
fn what_the_host_prints_and_how_it_ends() {
    let seen = [(1, Printed("start")), (2, Printed("upload complete\r")), (3, Ended(Some(3)))];
    all(
        &[
            ("host_prints = \"*complete\"", true),
            ("host_prints = \"complete\"", false),
            ("host_prints = \"start\"\nbefore = \"upload*\"", true),
            ("host_prints = \"upload*\"\nbefore = \"start\"", false),
            ("host_prints = \"upload*\"\nexactly = 1", true),
            ("host_never_prints = \"*Traceback*\"", true),
            ("host_never_prints = \"*complete*\"", false),
            ("host_status = 3", true),
            ("host_status = 0", false),
        ],
        &seen,
    );
    all(&[("host_status = 0", false)], &[(1, Ended(None))]);
    all(&[("host_status = 0", false)], &[]);
}

fn states(states: &[(u64, ModuleState)]) -> Vec<(u64, Seen<'static>)> {
    states.iter().map(|(at, state)| (*at, State(*state))).collect()
}

#[test]
fn the_state_of_the_module_in_the_end() {
    let cases = |state: &str, seen: &[(u64, ModuleState)], met: bool| {
        all(&[(&format!("module_state = \"{state}\""), met)], &states(seen));
    };
    let up = [(0, Powered), (1, Registered), (2, BearerUp), (3, SessionOpen)];
    cases("registered", &up, true);
    cases("bearer_up", &up, true);
    cases("session_open", &up, true);
    cases("session_closed", &up, false);
    cases("bearer_down", &up, false);
    let down = [&up[..], &[(4, SessionClosed), (5, BearerDown)]].concat();
    cases("session_closed", &down, true);
    cases("bearer_down", &down, true);
    cases("registered", &down, true);
    cases("unregistered", &down, false);
    // Of two contexts one is left.
    cases("bearer_down", &[(0, BearerUp), (1, BearerUp), (2, BearerDown)], false);
    // What never was open was not closed.
    cases("session_closed", &[(0, Powered), (1, Registered)], false);
    cases("bearer_down", &[(0, Powered)], false);
    cases("command_mode", &[(0, Powered)], false);
    cases("command_mode", &[(0, DataMode), (1, CommandMode)], true);
    cases("data_mode", &[(0, DataMode)], true);
    cases("transfer_over", &[(0, TransferBegun)], false);
    cases("transfer_over", &[(0, TransferBegun), (1, TransferOver)], true);
    // A reset takes all.
    let reset = [&up[..], &[(4, Powered)]].concat();
    cases("session_open", &reset, false);
    cases("bearer_up", &reset, false);
    cases("session_closed", &reset, true);
}

#[test]
fn a_host_recovers_once_all_is_there_again_and_it_is_answered() {
    let (ask, ok) = (Command(1, "AT"), Result(1, "0", "OK"));
    let up = states(&[(0, Powered), (1, Registered), (2, BearerUp), (3, SessionOpen)]);
    let lost = [&up[..], &[(10, Applied("f")), (10, State(Powered)), (12, State(Registered))]].concat();
    let back = [&lost[..], &[(20, ask), (20, ok), (21, State(BearerUp)), (30, State(SessionOpen))]].concat();
    let cases = [
        ("20s", &back[..], true),
        ("19s", &back, false),
        ("20s", &back[..back.len() - 1], false),
        ("20s", &lost, false),
        ("20s", &up, false),
    ];
    for (limit, seen, met) in cases {
        all(&[(&format!("recovers_within = \"{limit}\""), met)], seen);
        all(&[(&format!("recovers_within = \"{limit}\"\nsince = \"f\""), met)], seen);
    }
    // A command that was answered before the fault is none that was answered after it.
    let silent = [&up[..], &[(9, ask), (9, ok), (10, Applied("f"))]].concat();
    all(&[("recovers_within = \"1m\"", false)], &silent);
    // Nor is the answer to a command that was sent before it.
    let late = [&up[..], &[(9, ask), (10, Applied("f")), (11, ok)]].concat();
    all(&[("recovers_within = \"1m\"", false)], &late);
    // A session that is closed once the host was answered is not missed.
    let done = [&silent[..], &[(11, ask), (11, ok), (12, State(SessionClosed))]].concat();
    all(&[("recovers_within = \"1m\"", true)], &done);
    // A transfer that was under way has to come to its end.
    let moving = [&up[..], &[(4, State(TransferBegun)), (10, Applied("f")), (11, ask), (11, ok)]].concat();
    all(&[("recovers_within = \"1m\"", false)], &moving);
    let over = [&moving[..], &[(50, State(TransferOver))]].concat();
    all(&[("recovers_within = \"40s\"", true), ("recovers_within = \"39s\"", false)], &over);
}

#[test]
fn from_a_fault_that_ends_it_counts_from_its_end() {
    let text = "[[fault]]\nname = \"t\"\nwhen = { at = \"10s\" }\nwhat = { stall = \"down\" }\nfor = \"20s\"\n\
                [[expect]]\nrecovers_within = \"5s\"\n";
    let s = super::read(text);
    let (ask, ok) = (Command(1, "AT"), Result(1, "OK", "OK"));
    for (seen, met) in [
        (vec![(10, Applied("t")), (11, ask), (11, ok), (30, Lifted("t")), (34, ask), (34, ok)], true),
        (vec![(10, Applied("t")), (11, ask), (11, ok), (30, Lifted("t")), (36, ask), (36, ok)], false),
        (vec![(10, Applied("t")), (11, ask), (11, ok), (30, Lifted("t"))], false),
        (vec![(10, Applied("t")), (11, ask), (11, ok)], false),
    ] {
        let mut verdict = crate::scenario::Verdict::new(&s.expectations);
        seen.iter().for_each(|(secs, seen)| verdict.observe(at(*secs), *seen));
        let outcome = verdict.finish(at(100), &mut super::There).remove(0);
        assert_eq!(outcome.met, met, "{}", outcome.why);
    }
}

#[test]
fn what_is_so_only_over_many_seeds_is_said_so() {
    let outcome = judged("host_sends = \"AT+CSQ\"\nover_seeds = \"sometimes\"", &[]);
    assert_eq!(outcome.text, "sometimes the host sends AT+CSQ");
    assert!(!outcome.met && !outcome.fails());
    let outcome = judged("host_sends = \"AT+CSQ\"\nover_seeds = \"always\"", &[]);
    assert!(!outcome.met && outcome.fails());
}
