//! What `badline check` finds: what can never be is a mistake with its place, what was hardly meant a warning.

use badline::play;
use badline::profile::mistake::Mistake;
use badline::setup::files::{self, Instead};
use badline::transcript;

/// The mistakes, or else the warnings, of a scenario for the SIM7080, and whether they are mistakes.
fn scenario(text: &str) -> (bool, Vec<Mistake>) {
    let text = format!("profile = \"sim7080\"\n{text}");
    match files::scenario_from("s.toml", &text, Instead::default()) {
        Ok(scenario) => (false, scenario.warnings),
        Err(mistakes) => (true, mistakes),
    }
}

fn expect(text: &str) -> String {
    format!("[[expect]]\n{text}\n")
}

fn fault(when: &str, what: &str) -> String {
    format!("[[fault]]\nwhen = {{ {when} }}\nwhat = {{ {what} }}\n")
}

/// One thing alone is told of each, at this place.
fn told(wrong: bool, cases: &[(String, usize, usize, &str)]) {
    for (text, line, column, part) in cases {
        let (mistakes, told) = scenario(text);
        let shown = told.iter().map(|m| m.to_string() + "\n").collect::<String>();
        assert_eq!((mistakes, told.len()), (wrong, 1), "{text}\n{shown}");
        assert_eq!((told[0].line, told[0].column), (*line, *column), "{shown}");
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn a_file_that_the_server_cannot_hold_is_a_mistake_in_a_fault_of_its_disk() {
    for path in ["../x", "/a/../../x", "*/../x", "..", "a/./b", "a//b", "logs/", "./x"] {
        let what = "is no path on the server";
        told(
            true,
            &[
                (fault("verb = \"STOR\"", &format!("denied = \"{path}\"")), 4, 19, what),
                (fault("verb = \"STOR\"", &format!("full = 10, file = \"{path}\"")), 4, 28, what),
                (fault("verb = \"RETR\"", &format!("vanish = 10, file = \"{path}\"")), 4, 30, what),
            ],
        );
    }
    // A client may say it all the same.
    let said = fault("verb = \"STOR\", file = \"../x\"", "reply = 550");
    told(false, &[(said, 3, 32, "is no path on the server")]);
    for path in ["/", "/a", "a/b", "*", "*.log", "a/*", "/a/**/b", "..."] {
        let (mistakes, told) = scenario(&fault("verb = \"STOR\"", &format!("denied = \"{path}\"")));
        assert!(!mistakes && told.is_empty(), "{path}: {told:?}");
    }
}

#[test]
fn expectations_that_no_run_can_fail_or_meet_are_mistakes() {
    told(
        true,
        &[
            (expect("module_says = \"+FTPGTE: 1,1\""), 3, 1, "did you mean `+FTPGET`"),
            (expect("module_never_says = \"+CSQ: 1,1\""), 3, 1, "nothing can fail this"),
            (expect("module_says = \"+FTPGET\""), 3, 1, "write `+FTPGET*`"),
            (expect("host_never_sends = \"AT+FTPGET=[12]\""), 3, 1, "`[12]` stands for itself"),
            (expect("host_sends = \"AT\\r\""), 3, 1, "without their ends"),
            (expect("host_never_sends = \"\""), 3, 1, "matches nothing"),
            (expect("host_never_sends = \"AT+CSQ \""), 3, 1, "a blank"),
            (expect("host_never_sends = \"AT+CSQ|AT+CREG?\""), 3, 1, "knows no command"),
            (expect("host_sends = \"AT+CSQ\"\nbefore = \"AT+CSQ\""), 4, 1, "comes before none"),
            (expect("host_sends = \"AT*\"\nbefore = \"AT+CSQ\""), 4, 1, "comes before none"),
            (expect("module_says = \"OK\"\nbefore = \"AT+CSQ\""), 4, 1, "everything comes before this"),
            (expect("host_sends = \"AT\"\nbefore = \"AT+CSW\""), 4, 1, "knows no command"),
            (expect("host_sends = \"AT\"\nwithin = \"0s\""), 4, 1, "in no time"),
            (expect("host_sends = \"AT\"\nnot_before = \"0s\""), 4, 1, "before this"),
            (expect("ends_within = \"0s\""), 3, 1, "no run ends in no time"),
            (expect("host_sends = \"AT\"\nat_least = 0"), 4, 1, "every run meets this"),
            (expect("host_sends = \"AT\"\nexactly = 0\nwithin = \"3s\""), 5, 1, "none can be in time"),
            (expect("host_sends = \"AT\"\nat_most = 0\nbefore = \"AT+CSQ\""), 5, 1, "none can be in time"),
            (
                expect("ends_within = \"2m\"") + &expect("host_sends = \"AT\"\nnot_before = \"5m\""),
                4,
                1,
                "no run can meet this",
            ),
            (
                expect("file = \"a\"\nabsent = true") + &expect("file = \"/a\"\nsize = 3"),
                5,
                1,
                "no file can be",
            ),
            (
                expect("file = \"a\"\nsize = 4") + &expect("file = \"a\"\ntext = \"123\""),
                5,
                1,
                "no file can be",
            ),
            (
                expect("file = \"*.bin\"\nabsent = true") + &expect("file = \"up.bin\""),
                5,
                1,
                "no file `*.bin`",
            ),
        ],
    );
}

#[test]
fn faults_that_can_never_be_are_mistakes() {
    let late = fault("at = \"10m\"", "cut = \"rst\"") + &expect("ends_within = \"2m\"");
    told(
        true,
        &[
            (fault("urc = \"+FTPGTE: 1,1\"", "late = \"1s\""), 3, 16, "did you mean `+FTPGET`"),
            (fault("at = \"1s\"", "late = \"1s\", urc = \"+FTPGTE*\""), 4, 29, "can never act"),
            (fault("urc = \"+FTPGET: [12],1\"", "late = \"1s\""), 3, 16, "`[12]` stands for itself"),
            (fault("urc = \"+FTPGET: 1,1\\r\\n\"", "late = \"1s\""), 3, 16, "without their ends"),
            (fault("command = \"AT+CSQ\"", "answer = \"OK\\r\\n\""), 4, 19, "has its own"),
            (fault("command = \"AT\"", "late = \"0s\""), 4, 17, "does nothing"),
            (fault("at = \"1s\"", "say = \"\""), 4, 16, "nothing to say"),
            (fault("lookup = \"192.0.2.1\"", "nxdomain = \"*\""), 3, 19, "not looked up"),
            (fault("lookup = \"ftp://h/\"", "nxdomain = \"*\""), 3, 19, "no name of a host"),
            (fault("connect = \"h.example:21\"", "refused = \"*\""), 3, 20, "without scheme and port"),
            ("[[fault]]\nwhat = { nxdomain = \"192.0.2.1\" }\n".to_owned(), 3, 21, "not looked up"),
            ("[[fault]]\nwhat = { loss = 0.0 }\n".to_owned(), 3, 17, "does nothing"),
            ("[[fault]]\nname = \"start\"\nwhat = { sim = \"out\" }\n".to_owned(), 2, 1, "since = \"start\""),
            (fault("verb = \"PASV\", file = \"a.bin\"", "reply = 425"), 3, 32, "without a file"),
            (late, 3, 15, "in a run that passes"),
            (
                fault("each = \"5m\"", "say = \"X\"") + &expect("ends_within = \"2m\""),
                3,
                17,
                "in a run that passes",
            ),
            (
                fault("link = \"all\", quiet = \"5m\"", "cut = \"rst\"") + &expect("ends_within = \"2m\""),
                3,
                32,
                "in a run that passes",
            ),
            (fault("at = \"1s\"", "pieces = 3, gap = \"0s\""), 4, 19, "with no time between"),
            (fault("at = \"1s\"", "unplug = \"0s\""), 4, 19, "for no time"),
            (fault("at = \"1s\"", "line = \"cts\", on = true"), 4, 17, "only a fault has it off"),
            (fault("verb = \"RETR\", reply = \"226\"", "relabel = 226"), 4, 20, "this code already"),
            (fault("at = \"1s\"", "signal = 20") + "[[radio]]\nsignal = 20\n", 4, 19, "is 20 all the time"),
            (fault("at = \"1s\"", "registration = \"home\""), 4, 25, "is this all the time"),
            (
                fault("at = \"1s\"", "rate = \"1Mbit/s\"") + "[network]\npreset = \"2g\"\n",
                4,
                17,
                "slower than this",
            ),
            (
                "[hosts]\n\"a.example\" = \"refused\"\n".to_owned()
                    + &fault("at = \"1s\"", "refused = \"a.example\""),
                6,
                20,
                "already",
            ),
        ],
    );
}

#[test]
fn expectations_that_test_nothing_are_mistakes() {
    let laid = |content: &str, wanted: &str| {
        format!("[server.files]\na = {content}\nb = {content}\n") + &expect(&format!("file = {wanted}"))
    };
    let nothing = "a host that does nothing meets this";
    let hash = "a665a45920422f9d417e4867efdc4fb8a04a1f3fff1fa07e998e86f7f7a27ae3";
    let always = |when: &str| {
        format!("[[fault]]\nname = \"f\"\n{when}what = {{ sim = \"out\" }}\n")
            + &expect("fault_applied = \"f\"")
    };
    let tunnel =
        "[[fault]]\nname = \"f\"\nwhen = { at = \"5s\" }\nwhat = { stall = \"down\" }\nfor = \"9s\"\n";
    told(
        true,
        &[
            (expect("host_sends = \"*\""), 3, 1, "every host that sends anything"),
            (expect("host_sends = \"AT*\""), 3, 1, "every host that sends anything"),
            (expect("host_sends = \"A*\"\nat_least = 1"), 3, 1, "every host that sends anything"),
            (expect("host_sends = \"*\"\nsince = \"start\""), 3, 1, "every host that sends anything"),
            (expect("module_says = \"*\""), 3, 1, "every module that says anything"),
            (expect("module_says = \"**\""), 3, 1, "every module that says anything"),
            (expect("module_never_says = \"*\""), 3, 1, "no run can meet this"),
            (expect("host_prints = \"*\""), 3, 1, "every host that prints anything"),
            (expect("host_prints = \"x\"\nat_least = 0"), 4, 1, "every run meets this"),
            (expect("host_prints = \"\""), 3, 1, "matches nothing"),
            (expect("host_prints = \"a\\n\""), 3, 1, "without their ends"),
            (expect("host_sends = \"AT\"\nat_most = 2000000"), 4, 1, "none has so many"),
            (expect("host_sends = \"AT\"\nat_least = 2000000"), 4, 1, "none has so many"),
            (expect("host_sends_in_order = [\"*\", \"AT*\"]"), 3, 1, "always in this order"),
            (expect("host_status = 256"), 3, 1, "no program ends with status 256"),
            (expect("host_status = -1"), 3, 1, "no program ends with status -1"),
            (expect("module_state = \"powered\""), 3, 1, "every module has started"),
            (expect("module_state = \"port_open\""), 3, 1, "the host is gone"),
            (expect("module_state = \"port_closed\""), 3, 1, "the host is gone"),
            (expect("recovers_within = \"1m\""), 2, 1, "no fault to recover from"),
            (tunnel.to_owned() + &expect("recovers_within = \"0s\""), 8, 1, "in no time"),
            (
                tunnel.to_owned() + &expect("recovers_within = \"1m\"\nsince = \"start\""),
                9,
                1,
                "nothing to recover from",
            ),
            (
                tunnel.to_owned() + &expect("recovers_within = \"1m\"\nsince = \"g\""),
                9,
                1,
                "no fault is named",
            ),
            (tunnel.to_owned() + &expect("recovers_within = \"1m\"\nat_least = 2"), 9, 1, "does not belong"),
            (expect("between = \"AT+CSQ\""), 3, 1, "says nothing of the time"),
            (expect("between = \"AT+CSW\"\nwithin = \"1s\""), 3, 1, "knows no command"),
            (expect("between = \"*\"\nwithin = \"1s\""), 3, 1, "between any two commands"),
            (expect("between = [\"AT+C*\", \"AT+CSQ\"]\nwithin = \"1s\""), 3, 1, "at once"),
            (expect("between = \"AT+CSQ\"\ngrowing = 0.5"), 4, 1, "do not grow"),
            (expect("between = \"AT+CSQ\"\ngrowing = 1.5\nat_least = 1"), 5, 1, "one pause alone"),
            (expect("between = \"AT+CSQ\"\ngrowing = 1.5\nat_most = 1"), 5, 1, "leaves no room"),
            (expect("between = \"AT+CSQ\"\nnot_before = \"0s\""), 4, 1, "before this"),
            (expect("between = \"AT+CSQ\"\nnot_before = \"9s\"\nwithin = \"3s\""), 4, 1, "contradict"),
            (expect("never_repeats_after = \"OK\""), 3, 1, "answered OK"),
            (expect("never_repeats_after = \"*\""), 3, 1, "answered OK"),
            (expect("never_repeats_after = \"+FTPGET: 1,1\""), 3, 1, "no final result code"),
            (expect("never_repeats_after = \"ERROR\"\ncommand = \"AT+CPUN=*\""), 4, 1, "knows no command"),
            (laid("\"123\"", "\"a\""), 5, 1, nothing),
            (laid("\"123\"", "\"a\"\nsize = 3"), 5, 1, nothing),
            (laid("\"123\"", "\"a\"\ntext = \"123\""), 5, 1, nothing),
            (laid("\"123\"", &format!("\"a\"\nsha256 = \"{hash}\"")), 5, 1, nothing),
            (laid("\"123\"", "\"a\"\ncontains = \"23\""), 5, 1, nothing),
            (laid("\"123\"", "\"a\"\nstarts_with = \"12\""), 5, 1, nothing),
            (laid("\"123\"", "\"a\"\nequals = \"b\""), 5, 1, nothing),
            (laid("\"123\"", "\"*\""), 5, 1, nothing),
            (laid("{ size = \"1KiB\" }", "\"a\"\nsize = \"1KiB\""), 5, 1, nothing),
            (expect("file = \"a\"\ncontains = \"\""), 4, 1, "nothing to look for"),
            (expect("file = \"a\"\nstarts_with = { hex = \"\" }"), 4, 1, "nothing to look for"),
            (expect("file = \"a\"\ncontains = \"1234\"\nsize = 3"), 4, 1, "longer than the file"),
            (expect("file = \"a\"\ntext = \"123\"\ncontains = \"4\""), 5, 1, "not in `text`"),
            (expect("file = \"a\"\ntext = \"123\"\nstarts_with = \"1\""), 5, 1, "says this already"),
            (expect("file = \"a\"\nabsent = false"), 4, 1, "says nothing"),
            (expect("file = \"a\"\nabsent = true\ncontains = \"4\""), 4, 1, "has no content"),
            (expect("file = \"a\"\nunchanged = true"), 2, 1, "from the start"),
            (laid("\"123\"", "\"a\"\nunchanged = true\nsize = 3"), 7, 1, "says all"),
            (laid("\"123\"", "\"a\"\nunchanged = false"), 7, 1, "only true"),
            (laid("\"123\"", "\"*\"\nunchanged = true"), 7, 1, "about one file"),
            (expect("file = \"a\"\nequals = { local = \"\" }"), 4, 1, "an empty path"),
            (expect("no_other_files = \"a.bin\""), 3, 1, "one file alone"),
            (expect("no_other_files = \"../*\""), 3, 1, "no place on the server"),
            (
                expect("no_other_files = \"up/*\"") + &expect("file = \"up/*\"\nsize = 3"),
                2,
                1,
                "nothing can fail this",
            ),
            (always(""), 6, 1, "every run meets this"),
            (always("when = { boot = 1 }\n"), 7, 1, "every run meets this"),
            (always("when = { at = \"0s\" }\n"), 7, 1, "every run meets this"),
            (always("when = { state = \"powered\" }\n"), 7, 1, "every run meets this"),
            (expect("ends_within = \"1m\"") + &expect("ends_within = \"2m\""), 4, 1, "never fails first"),
            (
                expect("host_sends = \"AT+CSQ\"\nat_least = 3")
                    + &expect("host_sends = \"AT+C*\"\nat_most = 2"),
                5,
                1,
                "more of `AT+C*` than another allows",
            ),
            (
                expect("host_sends_in_order = [\"AT+CSQ\", \"AT+CREG?\"]")
                    + &expect("host_never_sends = \"AT+CREG*\""),
                2,
                1,
                "a command of this order is forbidden",
            ),
            (
                expect("module_says = \"+FTPGET: 1,1\"") + &expect("module_never_says = \"+FTPGET*\""),
                4,
                1,
                "forbids it",
            ),
            (
                expect("module_state = \"bearer_up\"") + &expect("module_state = \"bearer_down\""),
                4,
                1,
                "both of these",
            ),
            (expect("host_status = 0") + &expect("host_status = 3"), 4, 1, "both of these"),
            (
                "[server]\nquota = \"1KiB\"\n".to_owned() + &expect("file = \"a\"\nsize = \"2KiB\""),
                4,
                1,
                "all together hold no more",
            ),
        ],
    );
    told(
        false,
        &[
            (expect("host_never_sends = \"*\""), 3, 1, "never says anything"),
            (
                expect("ends_within = \"1m\"") + &expect("host_sends = \"AT\"\nwithin = \"1m\""),
                4,
                1,
                "`within` says nothing",
            ),
            (expect("host_sends = \"AT\"") + &expect("host_sends = \"AT\""), 4, 1, "says the same"),
            (expect("file = \"a\"\ntext = \"*\""), 4, 1, "a letter here"),
            (expect("file = \"a\"\ncontains = \"*ok*\""), 4, 1, "a letter here"),
            (expect("file = \"a\"\nequals = { local = \"nowhere.bin\" }"), 2, 1, "the host must make it"),
            (
                expect(
                    "file = \"a\"\nsha256 = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
                ),
                4,
                1,
                "an empty file",
            ),
            (
                tunnel.to_owned() + &expect("recovers_within = \"2m\"") + &expect("ends_within = \"1m\""),
                7,
                1,
                "the time says nothing",
            ),
        ],
    );
    // What can be false is none of these.
    for text in [
        "host_sends = \"*\"\nat_most = 9",
        "host_sends = \"*\"\nwithin = \"5s\"",
        "host_sends = \"*\"\nport = 1",
        "host_never_prints = \"*\"",
        "module_state = \"session_closed\"",
        "no_other_files = \"*\"",
        "host_sends = \"AT+CSQ\"\nover_seeds = \"sometimes\"\n[[expect]]\nhost_never_sends = \"AT+CSQ\"\nover_seeds = \"sometimes\"",
        "between = \"AT+CSQ\"\ngrowing = 1.0",
    ] {
        let (mistakes, told) = scenario(&expect(text));
        assert!(!mistakes && told.is_empty(), "{text}: {told:?}");
    }
}

#[test]
fn what_was_hardly_meant_is_a_warning() {
    let held = "[[fault]]\nname = \"x\"\nwhat = { sim = \"out\" }\n".to_owned()
        + &fault("lifted = \"x\"", "cut = \"rst\"");
    told(
        false,
        &[
            (fault("command = \"AT+CSQ\"", "answer = \"+CSQ: 3,0\""), 4, 19, "no final result code"),
            (held, 6, 19, "holds to the end"),
            ("[server]\nquota = \"0\"\n".to_owned(), 3, 9, "nothing can ever be stored"),
            (
                "[server]\nquota = \"3B\"\nfiles = { a = \"12345\" }\n".to_owned(),
                3,
                9,
                "from the start are 5",
            ),
            ("[network]\nretransmit = \"3s\"\n".to_owned(), 3, 14, "nothing is lost"),
            (expect("host_sends_in_order = [\"AT\"]"), 3, 1, "write two or more"),
            (expect("file = \"a?.bin\"\nabsent = true"), 3, 1, "`?` stands for itself"),
            (expect("file = \"a[12].bin\"\nabsent = true"), 3, 1, "`[12]` stands for itself"),
            (expect("host_sends = 'AT+FTPPUTNAME=\"a[1].txt\"'"), 3, 1, "`[1]` stands for itself"),
            (expect("module_never_says = \"+FTPGET: 1,.*\""), 3, 1, "no regular expression"),
        ],
    );
}

#[test]
fn the_server_and_the_radio_are_looked_at_too() {
    told(
        true,
        &[
            ("[server]\ncertificate = \"x.pem\"\n".to_owned(), 3, 15, "without `key`"),
            ("[server]\nidle = \"0s\"\n".to_owned(), 3, 8, "before its first verb"),
            ("[server]\ngreeting = \"a\\nb\"\n".to_owned(), 3, 12, "one line"),
            (
                "[[radio]]\nat = \"9s\"\nsignal = 3\n[[radio]]\nat = \"2s\"\nsignal = 9\n".to_owned(),
                6,
                6,
                "before",
            ),
            ("[[radio]]\nat = \"9s\"\n".to_owned(), 3, 6, "changes nothing"),
            (
                "[[radio]]\nat = \"9s\"\nsignal = 3\n[[radio]]\nat = \"9000ms\"\nsignal = 9\n".to_owned(),
                6,
                6,
                "number 1, is at 9s, too",
            ),
            ("[module.urc.\"+FTPGTE\"]\ndelay = \"1s\"\n".to_owned(), 2, 13, "did you mean `+FTPGET`"),
            ("[module]\nabsent = [\"+FTPGTE\"]\n".to_owned(), 3, 10, "did you mean `+FTPGET`"),
            ("[module.urc.\"+FTPGET\"]\ndlay = \"1s\"\n".to_owned(), 3, 1, "did you mean `delay`"),
        ],
    );
}

#[test]
fn what_faults_say_counts_as_said() {
    let said = fault("at = \"1s\"", "say = \"+NEW: 1\"") + &expect("module_says = \"+NEW*\"");
    assert_eq!(scenario(&said), (false, vec![]));
}

#[test]
fn the_faults_of_a_transcript_are_looked_at() {
    for (step, what) in [
        ("! when = { command = \"AT+FTPGTE\" }, late = \"1s\"", "did you mean AT+FTPGET?"),
        ("! lift nothing", "no fault is named"),
        ("! inject x", "no fault is named"),
        ("! when = { after = \"zz\" }, cut = \"rst\"", "no fault is named"),
        ("! stal = \"down\"", "did you mean `stall`?"),
        ("! when = { urc = \"+FTPGTE: 1\" }, late = \"1s\"", "did you mean `+FTPGET`?"),
        ("! when = { command = \"AT\", port = 3 }, late = \"1s\"", "one serial port"),
        ("! when = { verb = \"RETTR\" }, reply = 550", "no FTP verb"),
        ("! late = \"0s\"", "does nothing"),
    ] {
        let text = format!("profile sim7080\n> AT\n< OK\n{step}\n");
        let transcript = transcript::parse("t.at", &text).unwrap_or_else(|m| panic!("{}", m[0]));
        let mistakes = play::check(&transcript).expect_err(step);
        assert!(mistakes[0].line == 4 && mistakes[0].column == 3, "{}", mistakes[0]);
        assert!(mistakes[0].to_string().contains(what), "{}", mistakes[0]);
    }
    let text = "profile sim7080\n! name = \"x\", stall = \"down\"\n! lift x\n! cut = \"rst\"\n! lift cut\n";
    let transcript = transcript::parse("t.at", text).unwrap_or_else(|m| panic!("{}", m[0]));
    assert_eq!(play::check(&transcript), Ok(vec![]));
}

#[test]
fn a_profile_that_speaks_of_what_the_module_has_not_is_warned_about() {
    let text = "extends = \"sim7080\"\nabsent = [\"+FTPGTE\"]\n[urc.\"+FTPGTE\"]\ndelay = \"1s\"\n[urc.\"+FTPGET\"]\n\
                delay = \"1s\"\n[[power_on]]\nline = \"+CPIN: {cpn}\"\n";
    let told: Vec<_> =
        files::profile_warnings("p.toml", text).iter().map(|m| (m.line, m.what.clone())).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().map(|(line, _)| *line).eq([3, 2, 8]), "{told:?}");
}

#[test]
fn the_scenarios_of_the_binary_are_found_by_name() {
    let read = |name: &str| files::scenario(name.as_ref(), Instead::default());
    assert!(read("brown-out").is_ok());
    assert!(read("brown-oot").unwrap_err()[0].to_string().contains("did you mean `brown-out`?"));
    let transcript = transcript::parse("t.at", "scenario brown-out\n> AT\n< OK\n").unwrap_or_default();
    assert!(play::prepare(&transcript, None).is_ok());
}

#[test]
fn a_file_without_an_end_is_told_and_not_read_for_ever() {
    for verb in [&["check"][..], &["play"], &["run", "--scenario"], &["run", "--profile"], &["trace"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_badline"));
        let ran = command.args(verb).arg("/dev/zero").output().expect("the program starts");
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{verb:?}: {told}");
        assert!(told.contains("it is longer than"), "{verb:?}: {told}");
    }
}
