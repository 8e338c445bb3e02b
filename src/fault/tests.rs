//! The engine as its owner sees it.

mod anything;
mod language;
mod parameters;

use super::*;
use crate::time::Now;
use std::time::Duration;

const DATA: Link = Link { kind: LinkKind::Data, id: 4 };

fn rules(texts: &[&str]) -> Vec<Rule> {
    texts.iter().map(|t| Rule::parse(t).unwrap_or_else(|p| panic!("{t}: {p}"))).collect()
}

fn engine(texts: &[&str]) -> Engine {
    Engine::new(rules(texts), 7)
}

fn ms(n: u64) -> Now {
    Now::from_millis(n)
}

fn acts(e: &mut Engine) -> Vec<Act> {
    std::iter::from_fn(|| e.poll_act()).map(|(act, _)| act).collect()
}

fn heard(verdict: UartVerdict, sent: &[u8]) -> Vec<u8> {
    match verdict {
        UartVerdict::Pass => sent.to_vec(),
        UartVerdict::Deliver(pieces) => pieces.iter().flat_map(|p| p.bytes.to_vec()).collect(),
    }
}

#[test]
fn every_fault_of_the_table_is_read_from_its_example_in_any_order() {
    for kind in FAULTS.iter() {
        let rule = Rule::parse(kind.example).unwrap_or_else(|p| panic!("{}: {p}", kind.name));
        assert_eq!(rule.kind.name, kind.name, "{}", kind.example);
        assert_eq!(kind.params[0].name, kind.name);
        assert_eq!(FAULTS.iter().filter(|k| k.name == kind.name).count(), 1);
        let table: toml::Table = toml::from_str(kind.example).unwrap();
        let sorted = Rule::parse(&toml::to_string(&table).unwrap()).unwrap();
        assert_eq!((sorted.kind, &sorted.what), (rule.kind, &rule.what));
        assert_eq!(check(&[rule], &Known::default()), []);
    }
}

#[test]
fn a_tunnel_lets_exactly_600_bytes_pass_and_ends() {
    let mut e = engine(&[
        "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { stall = \"down\" }\nfor = \"20s\"",
    ]);
    let first = e.segment(ms(10), DATA, Way::Down, 512);
    assert_eq!((first.take, first.fate), (512, Fate::Pass));
    let second = e.segment(ms(20), DATA, Way::Down, 512);
    assert_eq!((second.take, second.fate), (88, Fate::Pass));
    assert!(e.poll_event().is_some_and(|event| event.stage == Stage::Applied && event.name == "stall"));
    assert_eq!(e.segment(ms(20), DATA, Way::Down, 424).fate, Fate::Hold(Some(ms(20_020))));
    assert_eq!(e.segment(ms(20), DATA, Way::Up, 5).fate, Fate::Pass);
    assert_eq!(e.held(ms(20), DATA, Way::Down), Some(Some(ms(20_020))));
    assert_eq!(e.poll_timeout(), Some(ms(20_020)));
    assert!(e.poll_event().is_some_and(|event| event.stage == Stage::Acted && event.at == ms(20)));
    e.handle_timeout(ms(20_020));
    assert!(e.poll_event().is_some_and(|event| event.stage == Stage::Lifted && event.at == ms(20_020)));
    assert_eq!(e.segment(ms(20_020), DATA, Way::Down, 424).fate, Fate::Pass);
    assert_eq!(e.poll_timeout(), None);
}

#[test]
fn a_cut_takes_the_connection_that_moved_the_bytes_and_drops_what_is_behind() {
    let mut e =
        engine(&["when = { link = \"ftp.data\", after_bytes = 600, nth = 2 }\nwhat = { cut = \"rst\" }"]);
    let other = Link { kind: LinkKind::Data, id: 9 };
    assert_eq!(e.segment(ms(1), other, Way::Down, 600).take, 600);
    assert_eq!(acts(&mut e), []);
    e.observe(ms(1), &Observation::Closed(other));
    assert_eq!(e.segment(ms(2), DATA, Way::Down, 1000).take, 600);
    assert_eq!(acts(&mut e), [Act::Cut { links: Links::Data, only: Some(DATA), end: End::Rst }]);
    assert_eq!(e.room(DATA, Way::Down, 400), 400);
    assert_eq!(e.segment(ms(2), DATA, Way::Down, 400).fate, Fate::Cut { end: End::Rst });
    e.observe(ms(3), &Observation::Closed(DATA));
    assert_eq!(e.segment(ms(4), DATA, Way::Down, 400).fate, Fate::Pass);
}

#[test]
fn a_command_is_counted_and_its_answer_replaced_once() {
    let mut e = engine(&["when = { command = \"AT+FTPGET=2*\", nth = 2 }\nwhat = { swallow = \"command\" }"]);
    assert_eq!(e.command(ms(1), 1, "AT+FTPGET=2,512"), CommandVerdict::Pass);
    assert_eq!(e.command(ms(2), 1, "AT+CSQ"), CommandVerdict::Pass);
    assert_eq!(e.command(ms(3), 1, "at+ftpget=2,512"), CommandVerdict::Swallow { carried_out: false });
    assert_eq!(e.command(ms(4), 1, "AT+FTPGET=2,512"), CommandVerdict::Pass);
}

#[test]
fn an_error_holds_on_every_second_power_cycle() {
    let mut e = engine(&[kind_named("error").unwrap().example]);
    for boot in 1..=6 {
        e.observe(ms(boot * 100), &Observation::Boot(boot));
        for _ in 0..2 {
            let verdict = e.command(ms(boot * 100 + 1), 1, "AT+CPIN?");
            assert_eq!(verdict == CommandVerdict::Error(10), boot % 2 == 0, "boot {boot}");
        }
    }
}

#[test]
fn a_wait_loses_none_of_the_times_that_come_before_it_is_over() {
    let mut e = engine(&[
        "when = { command = \"AT+CSQ\", every = 1, wait = \"1s\" }\nwhat = { signal = 2 }",
        "when = { each = \"1s\", wait = \"1500ms\" }\nwhat = { say = \"X\" }",
    ]);
    for at in [0, 20, 60] {
        e.command(ms(at), 1, "AT+CSQ");
    }
    let mut applied = vec![];
    while let Some(due) = e.poll_timeout().filter(|due| *due < ms(5000)) {
        e.handle_timeout(due);
        applied.extend(std::iter::from_fn(|| e.poll_event()).map(|event| (event.at, event.name)));
    }
    let times =
        |name: &str| -> Vec<Now> { applied.iter().filter(|(_, n)| n == name).map(|(at, _)| *at).collect() };
    assert_eq!(times("signal"), [ms(1000), ms(1020), ms(1060)]);
    assert_eq!(times("say"), [ms(2500), ms(3500), ms(4500)]);
    e.command(ms(5000), 1, "AT+CSQ");
    assert!(e.lift(ms(5001), "signal"));
    while e.poll_event().is_some() {}
    e.handle_timeout(ms(6100));
    assert!(std::iter::from_fn(|| e.poll_event()).all(|event| event.name == "say"));
}

#[test]
fn what_was_added_and_is_spent_makes_room() {
    let mut e = engine(&["name = \"own\"\nwhen = { command = \"AT\" }\nwhat = { say = \"X\" }"]);
    let names = |e: &Engine| e.status().into_iter().map(|s| s.name).collect::<Vec<_>>();
    let add = |e: &mut Engine, text: &str| e.add(ms(1), rules(&[text]).remove(0));
    add(&mut e, "name = \"kept\"\nwhen = { inject = true }\nwhat = { say = \"X\" }");
    add(&mut e, "name = \"each\"\nwhen = { command = \"AT\", every = 1 }\nwhat = { say = \"X\" }");
    add(&mut e, "name = \"once\"\nwhen = { command = \"AT\" }\nwhat = { late = \"1s\" }");
    add(&mut e, "name = \"held\"\nwhat = { signal = 2 }");
    e.command(ms(2), 1, "AT");
    e.lift(ms(2), "held");
    assert_eq!(names(&e), ["own", "kept", "each", "once"]);
    e.observe(ms(3), &Observation::LetOut { port: 1 });
    for _ in 0..100 {
        add(&mut e, "what = { say = \"Y\" }");
    }
    assert_eq!(names(&e), ["own", "kept", "each", "say"]);
}

#[test]
fn a_urc_is_late_and_the_first_rule_in_the_file_wins() {
    let mut e = engine(&[
        "when = { urc = \"+FTPGET: 1,1\" }\nwhat = { late = \"3s\" }",
        "when = { urc = \"+FTPGET: 1,*\", every = 1 }\nwhat = { answer = \"+FTPGET: 1,64\" }",
    ]);
    assert_eq!(e.urc(ms(1), 1, "+FTPGET: 1,1"), UrcVerdict::Late(Duration::from_secs(3)));
    assert_eq!(e.urc(ms(2), 1, "+FTPGET: 1,1"), UrcVerdict::Replace(vec!["+FTPGET: 1,64".to_owned()]));
    assert_eq!(e.command(ms(3), 1, "AT"), CommandVerdict::Pass);
}

#[test]
fn the_gate_is_told_replies_late_ones_and_wrong_addresses() {
    let mut e = engine(&[
        "when = { verb = \"STOR\", nth = 2, file = \"*.log\" }\nwhat = { reply = 425, then = \"close\" }",
        "when = { verb = \"RETR\", reply = \"226\" }\nwhat = { late_reply = \"30s\" }",
        "what = { pasv_address = \"192.168.1.10\" }",
    ]);
    assert_eq!(e.verb(ms(1), "STOR", "/a.bin"), VerbVerdict::Pass);
    assert_eq!(e.verb(ms(1), "STOR", "/a.log"), VerbVerdict::Pass);
    let VerbVerdict::Reply(reply) = e.verb(ms(1), "STOR", "/a.log") else { panic!("no reply") };
    assert_eq!((reply.code, reply.then), (425, Then::Close));
    assert_eq!(e.verb(ms(2), "RETR", "x"), VerbVerdict::Pass);
    assert_eq!(e.reply(ms(2), "RETR", "x", 150, "150 Here."), ReplyVerdict::Pass);
    assert_eq!(e.reply(ms(2), "RETR", "x", 226, "226 Done."), ReplyVerdict::Late(Duration::from_secs(30)));
    for _ in 0..2 {
        assert!(matches!(e.passive(ms(3)), PassiveVerdict::Address { port: None, .. }));
    }
}

#[test]
fn a_rate_makes_each_segment_wait_for_the_one_before() {
    let mut e = engine(&["what = { rate = \"8kbit/s\" }"]);
    let delays: Vec<_> = (0..3).map(|_| e.segment(ms(0), DATA, Way::Down, 500).delay.as_millis()).collect();
    assert_eq!(delays, [500, 1000, 1500]);
    assert_eq!(e.segment(ms(5000), DATA, Way::Down, 500).delay.as_millis(), 500);
}

#[test]
fn names_connections_and_storage() {
    let mut e = engine(&[
        "when = { lookup = \"*\", first = 2 }\nwhat = { nxdomain = \"*\" }",
        "what = { refused = \"ftp.example\", to_port = 21 }",
        "what = { tls_fails = \"*\" }",
        "when = { verb = \"STOR\" }\nwhat = { full = \"1KiB\" }",
        "what = { denied = \"*.cfg\", op = \"read\" }",
    ]);
    assert_eq!(e.lookup(ms(1), "a"), LookupVerdict::NoSuchName);
    assert_eq!(e.lookup(ms(1), "a"), LookupVerdict::NoSuchName);
    assert_eq!(e.lookup(ms(1), "a"), LookupVerdict::Pass);
    assert_eq!(e.connect(ms(1), &["10.0.0.1", "ftp.example"], 21, Handshake::None), ConnectVerdict::Refused);
    assert_eq!(e.connect(ms(1), &["10.0.0.1", "ftp.example"], 22, Handshake::None), ConnectVerdict::Pass);
    assert_eq!(e.connect(ms(1), &["10.0.0.1"], 990, Handshake::Tls), ConnectVerdict::TlsFails);
    assert_eq!(e.storage(ms(1), StorageOp::Write, "/a"), StorageVerdict::Pass);
    e.verb(ms(1), "STOR", "a");
    let full = StorageVerdict::FailAfter { bytes: 1024, code: 552, vanishes: false };
    assert_eq!(e.storage(ms(1), StorageOp::Write, "/a"), full);
    assert_eq!(e.storage(ms(1), StorageOp::Write, "/a"), StorageVerdict::Pass);
    assert_eq!(e.storage(ms(1), StorageOp::Read, "/d/x.cfg"), StorageVerdict::Fail(550));
    assert_eq!(e.storage(ms(1), StorageOp::Write, "/d/x.cfg"), StorageVerdict::Pass);
}

#[test]
fn the_serial_line_loses_doubles_and_interjects_where_it_is_told() {
    let sent = b"0123456789";
    for (fault, expected) in [
        ("lose = 3, skip = 2", &b"0156789"[..]),
        ("duplicate = 2, skip = 4", b"012345456789"),
        ("interject = \"\\r\\n+PDP: DEACT\\r\\n\", skip = 5", b"01234\r\n+PDP: DEACT\r\n56789"),
        ("deaf = \"down\"", b""),
        ("deaf = \"up\"", b"0123456789"),
        ("pieces = 3", b"0123456789"),
    ] {
        let rule = format!("when = {{ command = \"AT\" }}\nwhat = {{ {fault} }}");
        let mut e = engine(&[&rule]);
        assert_eq!(e.uart(ms(0), 1, Way::Down, sent), UartVerdict::Pass);
        e.command(ms(1), 1, "AT");
        let verdict = e.uart(ms(1), 1, Way::Down, sent);
        assert_eq!(heard(verdict, sent), expected, "{fault}");
        if !fault.starts_with("deaf") {
            assert_eq!(e.uart(ms(2), 1, Way::Down, sent), UartVerdict::Pass, "{fault}");
        }
    }
}

#[test]
fn a_lost_count_runs_over_several_writes_and_starts_at_its_byte() {
    let mut e =
        engine(&["when = { link = \"serial\", after_bytes = 6, direction = \"down\" }\nwhat = { lose = 4 }"]);
    let mut out = vec![];
    for chunk in b"0123456789ABCDEF".chunks(4) {
        out.extend(heard(e.uart(ms(1), 1, Way::Down, chunk), chunk));
    }
    assert_eq!(out, b"012345ABCDEF");
}

#[test]
fn pieces_and_held_bytes_come_in_order() {
    let mut e = engine(&["what = { pieces = 3, gap = \"50ms\" }"]);
    let UartVerdict::Deliver(pieces) = e.uart(ms(1), 1, Way::Down, b"0123456") else { panic!("no pieces") };
    let shown: Vec<_> = pieces.iter().map(|p| (p.after.as_millis(), &p.bytes[..])).collect();
    assert_eq!(shown, [(0, &b"012"[..]), (50, b"345"), (100, b"6")]);
}

#[test]
fn faults_follow_times_silence_and_each_other() {
    let mut e = engine(&[
        "name = \"fade\"\nwhen = { at = \"10s\" }\nwhat = { signal = 2 }\nfor = \"5s\"",
        "when = { after = \"fade\", wait = \"2s\" }\nwhat = { registration = \"searching\" }",
        "when = { lifted = \"fade\" }\nwhat = { reset = \"bare\", dead = \"1s\" }",
        "when = { link = \"ftp.control\", quiet = \"30s\" }\nwhat = { hang_up = 421 }",
    ]);
    let control = Link { kind: LinkKind::Control, id: 1 };
    e.observe(ms(0), &Observation::Opened(control));
    e.handle_timeout(ms(12_000));
    assert_eq!(acts(&mut e), [Act::Signal(Some((2, 99))), Act::Registration(Some(2))]);
    e.segment(ms(14_000), control, Way::Up, 6);
    e.handle_timeout(ms(43_000));
    assert_eq!(
        acts(&mut e),
        [Act::Signal(None), Act::Reset { start: PowerOn::Bare, dead: Duration::from_secs(1) }]
    );
    e.handle_timeout(ms(44_000));
    assert!(matches!(&acts(&mut e)[..], [Act::Speak(s)] if s.code == 421 && s.then == Then::Close));
    assert_eq!(e.poll_timeout(), None);
}

#[test]
fn of_faults_that_hold_on_one_state_the_first_in_the_file_wins_and_the_next_inherits() {
    let mut e = engine(&[
        "name = \"weak\"\nwhen = { inject = true }\nwhat = { signal = 2 }",
        "name = \"fair\"\nwhen = { inject = true }\nwhat = { signal = 9 }",
        "name = \"off\"\nwhen = { inject = true }\nwhat = { registration = \"off\" }",
    ]);
    let (weak, fair) = (Act::Signal(Some((2, 99))), Act::Signal(Some((9, 99))));
    e.inject(ms(1), "fair");
    e.inject(ms(1), "off");
    e.inject(ms(1), "weak");
    assert_eq!(acts(&mut e), [fair.clone(), Act::Registration(Some(0)), weak.clone()]);
    e.lift(ms(2), "weak");
    assert_eq!(acts(&mut e), [fair]);
    e.inject(ms(3), "weak");
    e.lift(ms(3), "fair");
    assert_eq!(acts(&mut e), [weak]);
    e.inject(ms(4), "fair");
    assert_eq!(acts(&mut e), []);
    e.lift_all(ms(5));
    assert_eq!(acts(&mut e).last(), Some(&Act::Registration(None)));
}

#[test]
fn what_is_lifted_waits_for_nothing_any_more() {
    for when in [
        "each = \"100ms\"",
        "at = \"3s\"",
        "command = \"AT\", every = 1",
        "command = \"AT\", nth = 9",
        "command = \"AT\", wait = \"3s\"",
        "result = \"OK\", every = 1",
        "urc = \"RING\", first = 99",
        "state = \"registered\", every = 1",
        "opened = \"ftp.data\", every = 2",
        "link = \"ftp.data\", total_bytes = 900",
        "quiet = \"3s\", link = \"ftp.data\"",
        "after = \"other\", every = 1",
        "boot = 2",
    ] {
        for all in [false, true] {
            let text = format!("name = \"n\"\nwhen = {{ {when} }}\nwhat = {{ say = \"X\" }}");
            let mut e =
                engine(&[&text, "name = \"other\"\nwhen = { inject = true }\nwhat = { say = \"Y\" }"]);
            let happen = |e: &mut Engine, at: u64| {
                e.observe(ms(at), &Observation::Opened(DATA));
                e.segment(ms(at), DATA, Way::Down, 800);
                e.command(ms(at), 1, "AT");
                e.urc(ms(at), 1, "RING");
                let (text, cause) = ("OK".to_owned(), "OK".to_owned());
                e.observe(ms(at), &Observation::Result { port: 1, text, cause });
                e.observe(ms(at), &Observation::State(ModuleState::Registered));
                e.inject(ms(at), "other");
            };
            happen(&mut e, 50);
            acts(&mut e);
            match all {
                true => e.lift_all(ms(60)),
                false => assert!(e.lift(ms(60), "n"), "{when}"),
            }
            for at in [70, 1000, 5000, 9000] {
                happen(&mut e, at);
                e.observe(ms(at), &Observation::Boot(2));
            }
            e.handle_timeout(ms(60_000));
            let said = |act: &Act| matches!(act, Act::Say { text, .. } if text == "X");
            assert!(!acts(&mut e).iter().any(said), "{when}");
            assert_eq!(e.status().iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["other"], "{when}");
            assert!(!e.lift(ms(60_001), "n"), "{when}");
            // It comes again by request, and leaves its name to what takes it.
            assert!(e.inject(ms(60_001), "n"));
            e.handle_timeout(ms(63_001));
            assert!(acts(&mut e).iter().any(said), "{when}");
            assert_eq!(e.add(ms(63_002), rules(&[&text]).remove(0)), "n", "{when}");
        }
    }
}

#[test]
fn how_the_network_is_cannot_be_lifted() {
    let mut slow = rules(&["what = { latency = \"1s\", link = \"all\" }"]);
    slow[0].silent = true;
    let mut e = Engine::new(slow, 7);
    e.lift_all(ms(1));
    assert!(!e.lift(ms(1), "latency"));
    assert_eq!(e.segment(ms(2), DATA, Way::Down, 5).delay, Duration::from_secs(1));
}

#[test]
fn until_knows_the_clock_silence_and_a_while_after() {
    let held = |until: &str, at: u64| {
        let mut e =
            engine(&[&format!("when = {{ at = \"1s\" }}\nwhat = {{ signal = 2 }}\nuntil = {{ {until} }}")]);
        e.observe(ms(500), &Observation::Opened(DATA));
        e.handle_timeout(ms(1000));
        e.segment(ms(1500), DATA, Way::Down, 10);
        e.command(ms(2000), 1, "AT");
        e.handle_timeout(ms(at));
        e.status()[0].active
    };
    for (until, lifted) in [
        ("at = \"4s\"", 4000),
        ("each = \"2s\"", 3000),
        ("each = \"2s\", nth = 2", 5000),
        ("link = \"ftp.data\", quiet = \"1s\"", 2500),
        ("command = \"AT\", wait = \"3s\"", 5000),
    ] {
        assert_eq!((held(until, lifted - 1), held(until, lifted)), (true, false), "{until}");
    }
}

#[test]
fn what_does_not_narrow_an_event_is_a_mistake() {
    for (when, what) in [
        ("command = \"AT\", file = \"x\"", "`file`"),
        ("command = \"AT\", link = \"socket\"", "`link`"),
        ("quiet = \"3s\", direction = \"up\"", "`direction`"),
        ("at = \"1s\", port = 1", "`port`"),
        ("link = \"socket\", after_bytes = 3, port = 1", "`port`"),
        ("urc = \"RING\", per_file = true", "`per_file`"),
        ("command = \"AT\", port = 0", "counted from 1"),
        ("at = \"3s\", nth = 2", "happens once"),
        ("boot = 2, every = 2", "happens once"),
        ("opened = \"serial\"", "port_open"),
    ] {
        let wrong = Rule::parse(&format!("when = {{ {when} }}\nwhat = {{ signal = 2 }}")).unwrap_err();
        assert!(wrong.to_string().contains(what), "{when}: {wrong}");
    }
}

#[test]
fn requests_inject_lift_and_add() {
    let mut e = engine(&["name = \"gone\"\nwhen = { inject = true }\nwhat = { sim = \"out\" }"]);
    assert_eq!(acts(&mut e), []);
    assert_eq!(e.request(ms(1), Request::parse("inject gone").unwrap()), Ok("gone".to_owned()));
    assert!(e.status()[0].active);
    assert!(e.request(ms(2), Request::parse("lift gone").unwrap()).is_ok());
    assert!(e.request(ms(2), Request::parse("lift gone").unwrap()).is_err());
    assert_eq!(acts(&mut e), [Act::Sim(Some(SimFault::Out)), Act::Sim(None)]);
    let added = Request::parse(" stall = \"down\", link = \"ftp.data\", for = \"20s\"").unwrap();
    assert_eq!(e.request(ms(5), added), Ok("stall".to_owned()));
    assert_eq!(e.held(ms(6), DATA, Way::Down), Some(Some(ms(20_005))));
    let json =
        serde_json::json!({"name": "x", "when": {"verb": "PASV"}, "what": {"reply": 425, "late": "1s"}});
    assert_eq!(Rule::from_json(&json).unwrap().kind.name, "reply");
}

#[test]
fn rules_that_wait_for_each_other_come_to_an_end() {
    let ring = [
        "name = \"a\"\nwhen = { lifted = \"b\", every = 1 }\nwhat = { interject = \"x\" }",
        "name = \"b\"\nwhen = { lifted = \"a\", every = 1 }\nwhat = { interject = \"y\" }",
    ];
    assert!(check(&rules(&ring), &Known::default()).iter().all(|p| p.what.contains("waits for itself")));
    let mut e = engine(&ring);
    assert!(e.inject(ms(1), "a"));
    assert!(heard(e.uart(ms(1), 1, Way::Down, b"0"), b"0").len() < 10);
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, at, what) in [
        ("what = { stal = \"down\" }", "stal", "`stal` is no fault"),
        ("what = { }", "{ }", "`what` names no fault"),
        ("what = { stall = \"sideways\" }", "\"sideways\"", "wrong value of `stall`"),
        ("what = { stall = \"down\", code = 5 }", "code", "the fault `stall` has no `code`"),
        ("what = { line = \"dcd\" }", "{ line = \"dcd\" }", "`on` is missing"),
        ("what = { reset = \"bare\" }\nfor = \"20s\"", "\"20s\"", "contradicts"),
        ("when = { nth = 2 }\nwhat = { sim = \"out\" }", "{ nth = 2 }", "no event"),
        ("when = { at = \"1s\", boot = 2 }\nwhat = { sim = \"out\" }", "{ at", "two events"),
        ("when = { boot = 1, nth = 0 }\nwhat = { sim = \"out\" }", "{ boot", "never fire"),
        ("when = { total_bytes = 9, nth = 2 }\nwhat = { sim = \"out\" }", "{ total", "never fire"),
        ("when = { boot = 1, nth = 2, every = 2 }\nwhat = { sim = \"out\" }", "{ boot", "contradict"),
        ("when = { state = \"happy\" }\nwhat = { sim = \"out\" }", "\"happy\"", "unknown variant"),
        ("when = { cmd = \"AT\" }\nwhat = { sim = \"out\" }", "cmd", "unknown field"),
        ("what = { sim = \"out\" }\nfor = \"20\"", "\"20\"", "no duration"),
    ] {
        let problem = Rule::parse(text).unwrap_err();
        assert!(problem.what.contains(what), "{text}: {problem}");
        assert!(text[problem.span.start..].starts_with(at), "{text}: {:?}", &text[problem.span.clone()]);
    }
    let line = "stall = \"sideways\"";
    assert_eq!(&line[Request::parse(line).unwrap_err().span], "\"sideways\"");
}

#[test]
fn rules_that_cannot_be_are_found_together() {
    let known = Known { commands: &["+FTPGET", "+FTPPUT", "E", "&F"], ports: Some(1), ..Known::default() };
    let found = |texts: &[&str]| -> Vec<String> {
        check(&rules(texts), &known).into_iter().map(|p| format!("{}; {}", p.what, p.right)).collect()
    };
    let sim = "what = { sim = \"out\" }";
    for good in [
        "AT+FTPGET=1",
        "AT+FTP*",
        "ATE0",
        "AT&F",
        "AT",
        "*GET*",
        "at+ftpput?",
        "AT*<&*",
        "AT+FTPGET = 1",
        "AT+F*,1",
    ] {
        assert_eq!(found(&[&format!("when = {{ command = \"{good}\" }}\n{sim}")]), [""; 0], "{good}");
    }
    for bad in ["AT+FTPGETS=1", "FTPGET", "AT+X*", "ATQ0"] {
        assert_eq!(found(&[&format!("when = {{ command = \"{bad}\" }}\n{sim}")]).len(), 1, "{bad}");
    }
    assert!(
        found(&[&format!("when = {{ command = \"AT+FTPGEX=1\" }}\n{sim}")])[0]
            .contains("did you mean AT+FTPGET?")
    );
    for good in ["OK", "*ERROR*", "+CME*", "+CME ERROR: SIM*", "4", "*"] {
        assert_eq!(found(&[&format!("when = {{ result = \"{good}\" }}\n{sim}")]), [""; 0], "{good}");
    }
    assert!(found(&[&format!("when = {{ verb = \"FETCH\" }}\n{sim}")])[0].contains("no FTP verb"));
    assert!(found(&[&format!("when = {{ after = \"x\" }}\n{sim}")])[0].contains("no fault is named"));
    for (bad, why) in [
        ("when = { result = \"NOPE\" }\nwhat = { sim = \"out\" }", "`NOPE` is no final result code"),
        ("when = { command = \"AT\", port = 2 }\nwhat = { sim = \"out\" }", "one serial port, and no 2"),
        ("what = { say = \"X\", port = 2 }", "never act: the module has one serial port"),
        ("what = { deaf = \"up\", port = 2 }", "never act: the module has one serial port"),
        ("when = { verb = \"USER\" }\nwhat = { stop = 5 }", "`USER` moves no data"),
        ("when = { at = \"3s\" }\nwhat = { sim = \"out\" }\nuntil = { at = \"1s\" }", "can never be lifted"),
        ("what = { late = \"1s\", command = \"AT+QFTPGET*\" }", "can never act: the module knows no command"),
        (
            "when = { verb = \"STOR\" }\nwhat = { reply = 550, verb = \"FETCH\" }",
            "can never act: there is no FTP verb",
        ),
        (
            "when = { verb = \"RETR\", reply = \"999\" }\nwhat = { late_reply = \"1s\" }",
            "no server answers `999`",
        ),
    ] {
        assert!(found(&[bad]).iter().any(|p| p.contains(why)), "{bad}: {:?}", found(&[bad]));
    }
    let urc = "when = { urc = \"+FTPGET: 1,1\" }\nwhat = { late = \"1s\" }";
    assert_eq!(found(&[urc]), [""; 0]);
    let twice = [
        "when = { verb = \"STOR\" }\nwhat = { reply = 425 }",
        "when = { verb = \"STOR\" }\nwhat = { reply = 426 }",
    ];
    assert!(found(&twice)[0].contains("contradicts"));
    assert!(
        found(&["name = \"a\"\nwhat = { sim = \"out\" }", "name = \"a\"\nwhat = { loss = 0.1 }"])[0]
            .contains("two faults")
    );
}

#[test]
fn the_trigger_keys_are_those_of_the_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(WrittenRule)).unwrap();
    assert_eq!(schema["properties"]["what"]["anyOf"].as_array().map(Vec::len), Some(FAULTS.len()));
    assert!(schema["$defs"]["When"]["properties"]["after_bytes"]["description"].is_string());
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(json().as_array().map(Vec::len), Some(FAULTS.len()));
    for kind in FAULTS.iter() {
        assert!(list().contains(kind.name) && markdown().contains(kind.example));
    }
}

const CHANCE: &[&str] = &[
    "name = \"a\"\nwhat = { loss = 0.3 }",
    "when = { command = \"*\", probability = 0.4 }\nwhat = { swallow = \"answer\" }",
    "what = { latency = \"10ms\", jitter = \"500ms\" }",
    "when = { link = \"serial\", after_bytes = 5 }\nwhat = { garble = 9 }",
];

/// The stages that the faults of an engine have come to, in their order.
fn stages(e: &mut Engine) -> Vec<Stage> {
    std::iter::from_fn(|| e.poll_event()).map(|event| event.stage).collect()
}

#[test]
fn a_late_answer_is_over_once_it_is_let_out_or_lost() {
    use Stage::{Acted, Applied, Lifted};
    let late = "when = { command = \"AT+CSQ\", every = 1 }\nwhat = { late = \"1s\" }";
    let mut e = engine(&[late]);
    assert_eq!(e.command(ms(0), 1, "AT+CSQ"), CommandVerdict::Late(Duration::from_secs(1)));
    assert_eq!(stages(&mut e), [Applied, Acted]);
    assert_eq!(e.command(ms(1), 1, "AT"), CommandVerdict::Pass, "it has acted");
    e.observe(ms(1000), &Observation::LetOut { port: 2 });
    assert_eq!(stages(&mut e), []);
    e.observe(ms(1000), &Observation::LetOut { port: 1 });
    assert_eq!(stages(&mut e), [Lifted]);
    e.command(ms(2000), 1, "AT+CSQ");
    e.observe(ms(2100), &Observation::Boot(2));
    assert_eq!(stages(&mut e), [Applied, Acted, Lifted]);
}

#[test]
fn what_goes_on_for_a_while_is_lifted_when_it_is_over() {
    use Stage::{Acted, Applied, Lifted};
    let mut e = engine(&["when = { urc = \"+X: 1\" }\nwhat = { late = \"3s\" }"]);
    e.urc(ms(0), 1, "+X: 1");
    assert_eq!(stages(&mut e), [Applied, Acted]);
    assert_eq!(e.poll_timeout(), Some(ms(3000)));
    e.handle_timeout(ms(3000));
    assert_eq!(stages(&mut e), [Lifted]);
    let mut e = engine(&["when = { at = \"1ms\" }\nwhat = { hold = \"2s\" }"]);
    e.uart(ms(1), 1, Way::Down, b"abc");
    e.uart(ms(2), 1, Way::Down, b"def");
    assert_eq!(stages(&mut e), [Applied, Acted]);
    e.handle_timeout(ms(2001));
    assert_eq!(stages(&mut e), [Lifted]);
}

#[test]
fn a_fault_is_told_to_act_once_for_each_time_it_is_applied() {
    use Stage::{Acted, Applied, Lifted};
    let mut e = engine(&["when = { at = \"1s\" }\nwhat = { lose = 3 }", "what = { latency = \"1s\" }"]);
    assert_eq!(stages(&mut e), [Applied]);
    let link = Link { kind: LinkKind::Socket, id: 1 };
    for n in 0..3 {
        e.segment(ms(n), link, Way::Up, 10);
    }
    assert_eq!(stages(&mut e), [Acted]);
    assert_eq!(e.never_acted(), []);
    e.handle_timeout(ms(1000));
    assert_eq!(e.never_acted(), [("lose".to_owned(), "lose = 3".to_owned())]);
    e.uart(ms(1001), 1, Way::Down, b"a");
    e.uart(ms(1002), 1, Way::Down, b"b");
    assert_eq!(stages(&mut e), [Applied, Acted]);
    e.uart(ms(1003), 1, Way::Down, b"c");
    assert_eq!(stages(&mut e), [Lifted]);
    assert_eq!(e.never_acted(), []);
}

#[test]
fn however_many_faults_come_at_once_each_comes_and_those_that_call_for_each_other_are_cut_off() {
    let mut texts: Vec<String> = (0..12_000)
        .map(|n| {
            let when = ["", "when = { at = \"1s\" }\n", "when = { boot = 1 }\n"][n % 3];
            format!("{when}what = {{ say = \"+X: {n}\" }}")
        })
        .collect();
    // One that repeats is not behind, however many come beside it.
    texts.push("when = { each = \"1s\" }\nwhat = { noise = 1 }".to_owned());
    let mut e = engine(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    e.set_speed(ms(0), 1);
    e.observe(ms(0), &Observation::Boot(1));
    e.handle_timeout(ms(1000));
    assert_eq!(acts(&mut e).len(), 12_001);
    assert!(e.status().iter().all(|status| (status.fired, status.missed) == (1, 0)));

    let ring = [
        "name = \"a\"\nwhen = { after = \"b\", every = 1 }\nwhat = { say = \"A\" }",
        "name = \"b\"\nwhen = { after = \"a\", every = 1 }\nwhat = { say = \"B\" }",
    ];
    let mut e = engine(&ring);
    for _ in 0..10_000 {
        e.inject(ms(5), "a");
    }
    assert!((5000..5010).contains(&acts(&mut e).len()));
    assert!(e.status().iter().any(|status| status.missed > 0));
}

#[test]
fn what_has_acted_for_the_last_time_is_too_late_to_be_lifted_and_says_so() {
    let late = "name = \"late\"\nwhen = { command = \"AT+CSQ\" }\nwhat = { late = \"5s\" }";
    let mut e = engine(&[late]);
    assert_eq!(e.command(ms(1), 1, "AT+CSQ"), CommandVerdict::Late(Duration::from_secs(5)));
    let why = e.request(ms(2), Request::Lift("late".into())).unwrap_err();
    assert!(why.starts_with("too late to lift `late`"), "{why}");
    e.lift_all(ms(3));
    let stages = |e: &mut Engine| std::iter::from_fn(|| e.poll_event()).map(|e| e.stage).collect::<Vec<_>>();
    assert_eq!(stages(&mut e), [Stage::Applied, Stage::Acted], "the answer is still to come");
    e.observe(ms(5001), &Observation::LetOut { port: 1 });
    assert_eq!(stages(&mut e), [Stage::Lifted]);
    // Before it has acted, nothing is too late.
    let mut e = engine(&[late]);
    assert_eq!(e.request(ms(2), Request::Lift("late".into())), Ok("late".into()));
    assert_eq!(e.command(ms(3), 1, "AT+CSQ"), CommandVerdict::Pass);
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let stall = "name = \"k\"\nwhat = { stall = \"down\" }";
    let mut e = engine(&[stall]);
    let request = || Request::Rule(Box::new(rules(&[stall])[0].clone()));
    let why = e.request(ms(1), request()).unwrap_err();
    assert!(why.starts_with("a fault is named `k` already"), "{why}");
    assert_eq!(e.status().len(), 1);
    e.request(ms(2), Request::Lift("k".into())).unwrap();
    assert_eq!(e.request(ms(3), request()), Ok("k".into()));
    // One that has come and gone has left its name.
    let said = || Request::Rule(Box::new(rules(&["name = \"s\"\nwhat = { say = \"X\" }"])[0].clone()));
    assert_eq!((e.request(ms(4), said()), e.request(ms(5), said())), (Ok("s".into()), Ok("s".into())));
    // Without a name of its own it is numbered.
    let unnamed = || Request::Rule(Box::new(rules(&["what = { stall = \"up\" }"])[0].clone()));
    assert_eq!(
        (e.request(ms(6), unnamed()), e.request(ms(7), unnamed())),
        (Ok("stall".into()), Ok("stall-2".into()))
    );
}
