//! What a rule can say beside one event and one value: a condition, a jitter, octets, bursts, a rate.

use super::*;

const ANY: &str = "when = { command = \"AT+CSQ\", every = 1 }\n";

fn late(e: &mut Engine, at: u64) -> Option<Duration> {
    match e.command(ms(at), 1, "AT+CSQ") {
        CommandVerdict::Late(by) => Some(by),
        _ => None,
    }
}

#[test]
fn a_rule_waits_only_while_the_module_is_in_a_state() {
    let mut e = engine(&[&format!("{ANY}while = {{ state = \"bearer_up\" }}\nwhat = {{ late = \"1s\" }}")]);
    assert_eq!(late(&mut e, 1), None);
    e.observe(ms(2), &Observation::State(ModuleState::BearerUp));
    assert!(late(&mut e, 3).is_some());
    e.observe(ms(4), &Observation::State(ModuleState::BearerUp));
    e.observe(ms(5), &Observation::State(ModuleState::BearerDown));
    assert!(late(&mut e, 6).is_some(), "of two contexts one is left");
    e.observe(ms(7), &Observation::State(ModuleState::BearerDown));
    assert_eq!(late(&mut e, 8), None);
    e.observe(ms(9), &Observation::State(ModuleState::BearerUp));
    e.observe(ms(10), &Observation::Boot(2));
    assert_eq!(late(&mut e, 11), None, "a start takes all");
    // What is so from the start is so.
    let mut e =
        engine(&[&format!("{ANY}while = {{ state = \"command_mode\" }}\nwhat = {{ late = \"1s\" }}")]);
    assert!(late(&mut e, 1).is_some());
}

#[test]
fn what_happens_meanwhile_alone_counts() {
    let mut e = engine(&[
        "when = { command = \"AT+CSQ\", nth = 2 }\nwhile = { state = \"session_open\" }\nwhat = { late = \"1s\" }",
        "when = { each = \"1s\" }\nwhile = { state = \"session_open\" }\nwhat = { say = \"+X\" }",
        "when = { at = \"2500ms\" }\nwhile = { state = \"session_open\" }\nwhat = { say = \"+Y\" }",
    ]);
    assert_eq!(late(&mut e, 1), None);
    assert_eq!(late(&mut e, 2), None);
    e.handle_timeout(ms(2600));
    assert_eq!(acts(&mut e), []);
    e.observe(ms(2700), &Observation::State(ModuleState::SessionOpen));
    assert_eq!(late(&mut e, 2800), None);
    assert!(late(&mut e, 2900).is_some());
    e.handle_timeout(ms(4100));
    assert_eq!(acts(&mut e).len(), 2, "at 3 s and at 4 s");
}

#[test]
fn a_rule_waits_only_while_another_fault_holds() {
    let mut e = engine(&[
        "name = \"tunnel\"\nwhen = { at = \"5s\" }\nwhat = { stall = \"down\" }\nfor = \"5s\"",
        &format!("{ANY}while = {{ fault = \"tunnel\" }}\nwhat = {{ late = \"1s\" }}"),
    ]);
    assert_eq!(late(&mut e, 4000), None);
    assert!(late(&mut e, 6000).is_some());
    assert_eq!(late(&mut e, 11_000), None);
}

#[test]
fn a_condition_that_can_never_be_or_always_is_refused() {
    for (rule, what) in [
        ("while = { state = \"registered\" }\nwhat = { signal = 3 }", "stands beside `when`"),
        ("when = { at = \"1s\" }\nwhile = {}\nwhat = { signal = 3 }", "says nothing"),
        ("when = { at = \"1s\" }\nwhile = { state = \"powered\" }\nwhat = { signal = 3 }", "every module"),
        (
            "when = { state = \"registered\" }\nwhile = { state = \"registered\" }\nwhat = { signal = 3 }",
            "what is reached is so",
        ),
        (
            "when = { state = \"registered\" }\nwhile = { state = \"unregistered\" }\nwhat = { signal = 3 }",
            "never fire",
        ),
    ] {
        let problem = Rule::parse(rule).unwrap_err();
        assert!(problem.what.contains(what), "{rule}: {problem}");
    }
    let named = |name: &str, what: &str| {
        let said = format!("name = \"{name}\"\nwhen = {{ at = \"1s\" }}\nwhat = {{ {what} }}");
        let rules = rules(&[&said, &format!("{ANY}while = {{ fault = \"x\" }}\nwhat = {{ late = \"1s\" }}")]);
        check(&rules, &Known::default()).into_iter().map(|p| p.what).collect::<Vec<_>>()
    };
    assert!(named("y", "signal = 3")[0].contains("no fault is named `x`"));
    assert!(named("x", "reset = \"bare\"")[0].contains("never holds"));
    assert_eq!(named("x", "signal = 3"), [""; 0]);
}

#[test]
fn a_jitter_is_drawn_from_the_seed_and_lies_as_it_is_said() {
    let drawn = |what: &str| -> Vec<Duration> {
        let mut e = engine(&[&format!("{ANY}what = {{ late = \"1s\", {what} }}")]);
        (1..=2000).filter_map(|at| late(&mut e, at)).collect()
    };
    let second = Duration::from_secs(1);
    let uniform = drawn("jitter = \"1s\"");
    assert_eq!(uniform, drawn("jitter = \"1s\""));
    assert!(uniform.iter().all(|by| (second..=2 * second).contains(by)));
    let below = |all: &[Duration], limit: Duration| all.iter().filter(|by| **by < limit).count();
    assert!((850..1150).contains(&below(&uniform, 3 * second / 2)), "{}", below(&uniform, 3 * second / 2));
    let log_normal = drawn("jitter = \"1s\", spread = \"log-normal\"");
    assert!((850..1150).contains(&below(&log_normal, 2 * second)), "{}", below(&log_normal, 2 * second));
    let long = log_normal.len() - below(&log_normal, 6 * second);
    assert!((20..250).contains(&long), "a few are long: {long}");
    let mut e = engine(&["what = { hold = \"1s\", jitter = \"1s\" }\nfor = \"ever\""]);
    let mut held = |at| match e.uart(ms(at), 1, Way::Down, b"OK") {
        UartVerdict::Deliver(pieces) => pieces[0].after,
        UartVerdict::Pass => Duration::ZERO,
    };
    let (first, second) = (held(1), held(2));
    assert!(first != second && first >= Duration::from_secs(1), "{first:?} {second:?}");
}

#[test]
fn octets_are_said_as_they_are() {
    let mut e = engine(&["when = { at = \"1s\" }\nwhat = { say = { hex = \"ff 41\" } }"]);
    e.handle_timeout(ms(1000));
    let said = acts(&mut e);
    let [Act::Say { text, .. }] = &said[..] else { panic!("{said:?}") };
    assert_eq!(*crate::at::octets::octets_of(text), [0xff, 0x41]);
    let mut e = engine(&["what = { interject = { hex = \"ff ff\" }, skip = 1 }"]);
    assert_eq!(heard(e.uart(ms(1), 1, Way::Down, b"OK"), b"OK"), b"O\xff\xffK");
    let rule = Rule::parse("what = { answer = [{ hex = \"80\" }, \"OK\"] }").unwrap();
    assert_eq!(rule.text, "answer = [{ hex = \"80\" }, \"OK\"]");
}

#[test]
fn what_comes_faster_than_it_is_taken_up_is_lost() {
    // 9600 bit/s are 960 octets a second.
    let mut e = engine(&["what = { overrun = \"9600bit/s\", buffer = 10, direction = \"up\" }"]);
    let sent: Vec<u8> = (0..40).collect();
    assert_eq!(heard(e.uart(ms(0), 1, Way::Up, &sent), &sent), &sent[..10]);
    assert_eq!(heard(e.uart(ms(0), 1, Way::Up, &sent), &sent), b"");
    assert_eq!(heard(e.uart(ms(5), 1, Way::Up, &sent), &sent), &sent[..4]);
    assert_eq!(heard(e.uart(ms(1000), 1, Way::Up, &sent[..10]), &sent[..10]), &sent[..10]);
    assert_eq!(heard(e.uart(ms(1000), 1, Way::Down, &sent), &sent), sent, "the other way is free");
    assert_eq!(heard(e.uart(ms(1000), 2, Way::Up, &sent), &sent), &sent[..10], "each port by itself");
}

#[test]
fn bursts_lose_many_one_after_the_other() {
    let run = |rule: &str| -> Vec<bool> {
        let mut e = engine(&[rule]);
        (0..20_000).map(|at| !e.segment(ms(at), DATA, Way::Down, 100).delay.is_zero()).collect()
    };
    let lost = run("what = { bursts = 0.02, ends = 0.2 }");
    assert_eq!(lost, run("what = { bursts = 0.02, ends = 0.2 }"));
    let share = lost.iter().filter(|lost| **lost).count();
    assert!((1300..2400).contains(&share), "one in eleven: {share}");
    let begun = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count();
    let long = share as f64 / begun as f64;
    assert!((4.0..6.5).contains(&long), "five in a row: {long}");
    let half = run("what = { bursts = 0.02, ends = 0.2, lost = 0.5 }");
    assert!(half.iter().filter(|lost| **lost).count() < share * 2 / 3);
}

#[test]
fn what_is_withheld_is_said_in_its_order_once_it_may_be_and_a_reset_loses_it() {
    let rule = "when = { at = \"1s\" }\nwhat = { withhold = \"+A*\" }\nfor = \"10s\"";
    let urc = |e: &mut Engine, at, text: &str| e.urc(ms(at), 1, text);
    let mut e = engine(&[rule]);
    assert_eq!(urc(&mut e, 500, "+A: 0"), UrcVerdict::Pass);
    for text in ["+A: 1", "+A: 2"] {
        assert_eq!(urc(&mut e, 2000, text), UrcVerdict::Swallow);
    }
    assert_eq!(urc(&mut e, 2000, "+B: 1"), UrcVerdict::Pass);
    assert_eq!(acts(&mut e), []);
    e.handle_timeout(ms(11_000));
    let said = |text: &str| Act::Say { port: Some(1), text: text.to_owned() };
    assert_eq!(acts(&mut e), [said("+A: 1"), said("+A: 2")]);
    assert_eq!(urc(&mut e, 12_000, "+A: 3"), UrcVerdict::Pass);

    let mut e = engine(&[rule]);
    assert_eq!(urc(&mut e, 2000, "+A: 1"), UrcVerdict::Swallow);
    e.observe(ms(3000), &Observation::Boot(2));
    assert_eq!(urc(&mut e, 4000, "+A: 2"), UrcVerdict::Swallow);
    e.handle_timeout(ms(11_000));
    assert_eq!(acts(&mut e), [said("+A: 2")]);
}

#[test]
fn a_reply_is_met_by_its_code_or_by_its_text() {
    for (pattern, met) in [
        ("550", true),
        ("5*", true),
        ("550 *quota*", true),
        ("550 Over quota", true),
        ("*quota", true),
        ("550 *denied*", false),
        ("450 *quota*", false),
        ("quota*", false),
    ] {
        let rule = format!("when = {{ verb = \"STOR\", reply = \"{pattern}\" }}\nwhat = {{ relabel = 452 }}");
        let mut e = engine(&[&rule]);
        let verdict = e.reply(ms(1), "STOR", "x", 550, "550 Over quota");
        assert_eq!(verdict != ReplyVerdict::Pass, met, "{pattern}: {verdict:?}");
    }
    for (pattern, can_be) in
        [("550 *x*", true), ("*x", true), ("5*x", true), ("600 *", false), ("x*", false), ("550x*", false)]
    {
        let rule = format!("when = {{ reply = \"{pattern}\" }}\nwhat = {{ say = \"+X\" }}");
        let problems = check(&[Rule::parse(&rule).unwrap()], &Known::default());
        assert_eq!(problems.is_empty(), can_be, "{pattern}: {problems:?}");
    }
}

#[test]
fn a_payload_is_met_wherever_its_bytes_are_divided() {
    let rule = "when = { payload = \"+++\", link = \"ftp.data\", direction = \"up\", every = 1 }\n\
                what = { say = \"+X\" }";
    let met = |writes: &[&[u8]], way| {
        let mut e = engine(&[rule]);
        e.observe(ms(1), &Observation::Opened(DATA));
        writes.iter().for_each(|bytes| e.carried(ms(2), DATA, way, bytes));
        acts(&mut e).len()
    };
    assert_eq!(met(&[b"a+++b"], Way::Up), 1);
    assert_eq!(met(&[b"+", b"+", b"+"], Way::Up), 1);
    assert_eq!(met(&[b"a++", b"+b", b"c", b"+++"], Way::Up), 2);
    assert_eq!(met(&[b"+++", b"a", b"b"], Way::Up), 1, "what was met is over");
    assert_eq!(met(&[&[b'x'; 5000], b"++", b"+"], Way::Up), 1);
    assert_eq!(met(&[b"++a+"], Way::Up), 0);
    assert_eq!(met(&[b"+++"], Way::Down), 0);
    for wrong in
        ["payload = \"\"", "payload = { hex = \"f\" }", "payload = 3", "payload = \"x\", at = \"1s\""]
    {
        let rule = format!("when = {{ {wrong} }}\nwhat = {{ say = \"+X\" }}");
        assert!(Rule::parse(&rule).is_err(), "{wrong}");
    }
}
