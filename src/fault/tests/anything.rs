//! Whatever the seed, the rules and the bytes are.

use super::*;
use proptest::prelude::*;

fn story(mut e: Engine) -> Vec<String> {
    let mut out = vec![];
    for n in 0..60 {
        let segment = e.segment(ms(n * 10), DATA, Way::Down, 100);
        out.push(format!("{:?} {:?}", segment.delay, segment.fate));
        out.push(format!("{:?}", e.command(ms(n * 10 + 1), 1, "AT")));
        out.push(format!("{:?}", e.uart(ms(n * 10 + 2), 1, Way::Up, b"abc")));
    }
    out
}

proptest! {
    #[test]
    fn the_same_seed_gives_the_same_verdicts(seed in any::<u64>()) {
        let run = |seed| story(Engine::new(rules(CHANCE), seed));
        prop_assert_eq!(run(seed), run(seed));
        prop_assert_ne!(run(seed), run(seed.wrapping_add(1)));
    }

    #[test]
    fn a_rule_more_shifts_no_other(seed in any::<u64>(), place in 0usize..=4) {
        let mut more = rules(CHANCE);
        more.insert(place, rules(&["when = { lookup = \"*\", probability = 0.5 }\nwhat = { nxdomain = \"*\" }"])[0].clone());
        prop_assert_eq!(story(Engine::new(rules(CHANCE), seed)), story(Engine::new(more, seed)));
    }

    #[test]
    fn any_cut_of_a_stream_lets_the_same_bytes_pass(n in 1u64..3000, sizes in prop::collection::vec(1usize..700, 1..30)) {
        let mut e = engine(&[&format!("when = {{ link = \"ftp.data\", after_bytes = {n} }}\nwhat = {{ cut = \"fin\" }}")]);
        let mut passed = 0u64;
        for len in &sizes {
            let mut left = *len;
            while left > 0 {
                let s = e.segment(ms(1), DATA, Way::Down, left);
                if s.fate == Fate::Pass {
                    passed += s.take as u64;
                }
                left -= s.take;
            }
        }
        prop_assert_eq!(passed, n.min(sizes.iter().sum::<usize>() as u64));
    }

    #[test]
    fn serial_faults_never_lose_their_way(
        fault in prop::sample::select(vec!["lose = 3", "duplicate = 2", "garble = 5", "pieces = 4", "hold = \"1s\""]),
        skip in 0usize..20,
        lasts in prop::sample::select(vec!["", "\nfor = \"1s\"", "\nfor = \"ever\""]),
        writes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..8),
    ) {
        let skip = if fault.starts_with("pieces") { String::new() } else { format!(", skip = {skip}") };
        let mut e = engine(&[&format!("when = {{ at = \"0s\" }}\nwhat = {{ {fault}{skip} }}{lasts}")]);
        let mut last = Duration::ZERO;
        for write in &writes {
            if let UartVerdict::Deliver(pieces) = e.uart(ms(1), 1, Way::Down, write) {
                prop_assert!(pieces.is_sorted_by_key(|p| p.after));
                last = last.max(pieces.last().map_or(Duration::ZERO, |p| p.after));
            }
        }
        prop_assert!(last <= Duration::from_secs(1));
    }

    #[test]
    fn what_is_noted_of_the_rules_is_what_they_say(
        triggers in prop::collection::vec(0usize..12, 1..8),
        steps in prop::collection::vec((0usize..9, 0u64..1500), 1..40),
    ) {
        let when = |n: &usize| [
            "", "when = { at = \"1s\" }", "when = { each = \"700ms\" }", "when = { command = \"AT*\", every = 1, wait = \"1s\" }",
            "when = { quiet = \"1s\", link = \"ftp\", every = 1 }", "when = { after = \"f0\" }", "when = { lifted = \"f1\", wait = \"10ms\" }",
            "when = { state = \"registered\" }", "when = { inject = true }", "when = { link = \"ftp.data\", after_bytes = 300 }",
            "when = { boot = 1 }", "when = { each = \"1s\", wait = \"3s\" }",
        ][*n];
        let what = |n: &usize| match n % 6 {
            0 => "what = { signal = 3 }\nfor = \"1s\"",
            1 => "what = { stall = \"down\" }\nuntil = { quiet = \"2s\", link = \"ftp\" }",
            2 => "what = { late = \"2s\", command = \"AT*\" }",
            3 => "what = { noise = 3 }",
            4 => "what = { hold = \"2s\" }\nuntil = { each = \"900ms\", wait = \"50ms\" }",
            _ => "what = { corrupt = 1 }\nfor = \"ever\"",
        };
        let text = |(i, n): (usize, &usize)| format!("name = \"f{i}\"\n{}\n{}", when(n), what(&(i + n)));
        let texts: Vec<String> = triggers.iter().enumerate().map(text).collect();
        let mut e = engine(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let mut now = 0;
        for (step, later) in steps {
            now += later;
            match step {
                0 => e.observe(ms(now), &Observation::Boot(1)),
                1 => e.observe(ms(now), &Observation::Opened(DATA)),
                2 => e.observe(ms(now), &Observation::Closed(DATA)),
                3 => e.observe(ms(now), &Observation::LetOut { port: 1 }),
                4 => drop(e.command(ms(now), 1, "AT")),
                5 => drop(e.segment(ms(now), DATA, Way::Down, 100)),
                6 => drop(e.uart(ms(now), 1, Way::Up, b"abc")),
                7 => drop(e.inject(ms(now), "f0") | e.lift(ms(now), "f1")),
                _ => drop(e.add(ms(now), rules(&[&text((9, &0))])[0].clone())),
            }
            prop_assert!(e.is_consistent(), "after step {step} at {now}");
        }
        e.lift_all(ms(now));
        prop_assert!(e.is_consistent());
    }

    #[test]
    fn no_text_makes_a_rule_panic(text in "[ -~\n]{0,60}", tail in "[a-z_\" ={}0-9,.*]{0,40}") {
        let _ = Rule::parse(&text);
        let _ = Rule::parse(&format!("when = {{ {tail} }}\nwhat = {{ {tail} }}"));
        let _ = Request::parse(&text);
        let _ = Request::parse(&tail);
    }

    #[test]
    fn any_values_of_the_right_keys_never_panic(
        kind in 0..FAULTS.len(),
        value in prop::sample::select(vec!["0", "-1", "1", "\"down\"", "\"0s\"", "\"20s\"", "true", "[]", "9223372036854775807", "1.5", "\"all\"", "\"9999999999999h\""]),
        key in prop::sample::select(vec!["after_bytes", "at", "each", "quiet", "nth", "boot", "command", "probability", "wait"]),
    ) {
        let name = FAULTS[kind].name;
        if let Ok(rule) = Rule::parse(&format!("when = {{ {key} = {value} }}\nwhat = {{ {name} = {value} }}")) {
            let _ = check(std::slice::from_ref(&rule), &Known::default());
            let mut e = Engine::new(vec![rule], 1);
            e.handle_timeout(ms(100));
            e.command(ms(100), 1, "AT");
            e.segment(ms(101), DATA, Way::Down, 2000);
            e.uart(ms(102), 1, Way::Down, &[7; 300]);
            e.observe(ms(103), &Observation::Boot(1));
            e.lift_all(ms(104));
        }
    }
}
