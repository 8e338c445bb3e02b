//! Reading, printing and mistakes.

use super::*;
use crate::transcript::content::Rule;
use crate::transcript::hole::{Hole, HoleKind};
use crate::transcript::{Echo, Signal};
use proptest::prelude::*;
use std::time::Duration;

const WHOLE: &str = "# tests/get.at -- section 5.1\nprofile sim7080\nscenario ../x.toml\nseed 7\nports 2\necho on\n\
host echo.example = 127.0.0.1:7007\nforward 80 = 127.0.0.1:8080\nfile /simftp.txt = 0123\\n\nfile /big.bin = 10MiB seq\n\
file /empty =\ndir /a\\x20b\nuser me:se:cret\nset ftp.remind = \"20s\"\n\n> AT+FTPGET=1\n@2 > AT\n>= a<ETX><DLE>\n\
>= 64KiB seq from 1460 escaping ETX DLE\n< +CNACT: {int},\"{ip}\"\n<\n<= {any:3}b\n<= 50 digits\n~ 10s\n~< 1500ms\n\
! { link = \"ftp.data\" }\n? file /a = text\n? file /a absent\n? file /a present\n? file /a size 50\n? dir /d\n\
^ DCD on\n@2 ^ DTR off\n^ open\n^ close\n^ baud 9600\n% < WIPREADY: 1,1\n# a note\n\n>\n";

#[test]
fn a_transcript_is_printed_as_it_was_read() {
    let transcript = parse("get.at", WHOLE).unwrap();
    assert_eq!(transcript.to_string(), WHOLE);
    assert_eq!((transcript.profile(), transcript.seed(), transcript.ports()), (Some("sim7080"), Some(7), 2));
    assert_eq!((transcript.scenario(), transcript.echo()), (Some("../x.toml"), Echo::On));
    for heading in &transcript.header {
        assert_eq!(Heading { line: heading.line, ..Heading::new(heading.setting.clone()) }, *heading);
    }
    for step in &transcript.steps {
        assert_eq!(Step { line: step.line, ..Step::new(step.port, step.kind.clone()) }, *step);
    }
    assert_eq!(transcript.steps[0].line, 16);
    let absent = |what: &str| parse("t", &format!("? {what} /d absent")).unwrap().steps.remove(0).kind;
    assert_eq!(absent("dir"), absent("file"));
}

#[test]
fn crlf_files_are_read_too() {
    assert_eq!(parse("t", &WHOLE.replace('\n', "\r\n")).unwrap(), parse("t", WHOLE).unwrap());
}

#[test]
fn each_mistake_names_its_place_and_what_is_right() {
    for (text, column, what, right) in [
        ("profil sim7080", 1, "unknown", "did you mean `profile`"),
        ("profile", 8, "says nothing", "profile NAME"),
        ("seed x", 6, "no number", "seed 7"),
        ("seed 1\nseed 2", 1, "line 1 has set this", "leave one"),
        ("ports 0", 7, "0 ports", "from 1 to"),
        ("echo onn", 6, "unknown", "`on`"),
        ("file a = b", 6, "no path", "begin it with `/`"),
        ("file /a b", 9, "`=` is missing", "CONTENT"),
        ("file /a = \\q", 11, "no escape", "backslash"),
        ("set a = 20s", 9, "", "as in the profile"),
        ("host a", 6, "sets nothing", "host NAME = TARGET"),
        (">AT", 1, "not set off", "blank after `>`"),
        ("= AT", 1, "no sign", "begins with"),
        ("> AT\nprofile x", 1, "after the first step", "before"),
        ("@2 > AT", 1, "1 port", "ports 2"),
        ("@0 > AT", 2, "no port", "count from 1"),
        ("@1 ~ 10s", 1, "no port", "leave"),
        ("> {ip}", 3, "expected", "{{"),
        ("< a\\rb", 3, "no CR", "`<=`"),
        ("<= {any}", 4, "where `{any}` ends", "{any:20}"),
        ("<= ", 4, "no bytes", "`<` alone"),
        ("~ 10", 3, "no duration", "20s"),
        ("!", 2, "no fault", "scenario"),
        ("? file /a is there", 11, "says nothing", "absent"),
        ("? file /a sha256 12", 18, "no SHA-256", "64"),
        ("lossy very", 7, "alone", "nothing behind"),
        ("times guessed", 7, "unknown", "`invented`"),
        ("^ DCT on", 3, "no line", "`DCD`"),
        ("^ DCD up", 7, "unknown", "`on`"),
        ("^ baud fast", 8, "no rate", "9600"),
    ] {
        let mistakes = parse("t.at", text).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{text}");
        let mistake = &mistakes[0];
        let shown = mistake.to_string();
        assert_eq!(mistake.line, text.lines().count(), "{shown}");
        assert_eq!(mistake.column, if text == "<= {any}" { 4 } else { column }, "{shown}");
        assert!(mistake.what.contains(what), "{shown}");
        assert!(mistake.right.as_ref().is_some_and(|r| r.contains(right)), "{shown}");
    }
    let twice = parse("t.at", "seed 1\necho off\nseed 2\n> AT\n").unwrap_err();
    let shown = "1 | seed 1\n  | ------ set here\n2 | echo off\n3 | seed 2\n  | ^^^^^^\n";
    assert!(twice[0].to_string().contains(shown), "{}", twice[0]);
    let both = parse("t.at", "> AT\\q\n< OK\n~ soon\n").unwrap_err();
    assert_eq!(both.iter().map(|m| m.line).collect::<Vec<_>>(), [1, 3]);
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let hole = prop_oneof![
        (Just(HoleKind::Any), (1usize..2000).prop_map(Some)),
        (Just(HoleKind::Int), Just(None)),
        (Just(HoleKind::Ip), Just(None)),
        (Just(HoleKind::Listed), Just(None)),
    ]
    .prop_map(|(kind, length)| Part::Hole(Hole { kind, length }));
    let bytes = prop::collection::vec(any::<u8>().prop_filter("a line", |b| !b"\r\n".contains(b)), 1..12);
    let text = "[{}<>a-zETX\\\\ ]{1,8}".prop_map(String::into_bytes);
    let part = prop_oneof![bytes.prop_map(Part::Literal), text.prop_map(Part::Literal), hole];
    prop::collection::vec(part, 0..5).prop_map(|parts| {
        let mut pattern = Pattern::default();
        for part in parts {
            match part {
                Part::Literal(bytes) => pattern.push_bytes(&bytes),
                hole => pattern.parts.push(hole),
            }
        }
        pattern
    })
}

fn content() -> impl Strategy<Value = Content> {
    let rule = prop_oneof![Just(Rule::Seq), Just(Rule::Digits), Just(Rule::Zero)];
    let escaping = prop::collection::vec(prop_oneof![Just(3u8), Just(16)], 0..3);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..40).prop_map(Content::Literal),
        (1u64.., rule, any::<u64>(), escaping)
            .prop_map(|(size, rule, from, escaping)| Generated { size, rule, from, escaping })
            .prop_map(Content::Generated),
    ]
}

fn step_strategy() -> impl Strategy<Value = Step> {
    let span = || (0u64..u64::from(u32::MAX)).prop_map(Duration::from_micros);
    let path = || "/[a-z =\u{e4}\\\\{<]{0,8}".prop_map(|path| path);
    let want = prop_oneof![
        content().prop_map(Want::Content),
        any::<u64>().prop_map(Want::Size),
        any::<[u8; 32]>().prop_map(Want::Sha256),
        Just(Want::Present),
        Just(Want::Absent),
        Just(Want::Directory),
    ];
    let of_port = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..30).prop_map(Kind::Type),
        content().prop_map(Kind::Send),
        pattern().prop_map(Kind::Hear),
        (pattern(), any::<u8>()).prop_map(|(mut p, end)| {
            p.push_bytes(&[end]);
            Kind::Receive(p)
        }),
        (any::<bool>()).prop_map(|on| Kind::Line { signal: Signal::Ri, on }),
        Just(Kind::Open),
        Just(Kind::Close),
        (1u32..).prop_map(Kind::Baud),
    ];
    let of_none = prop_oneof![
        span().prop_map(Kind::Turn),
        span().prop_map(Kind::Within),
        "[!-~][ -~]{0,20}".prop_map(Kind::Fault),
        (path(), want).prop_map(|(path, want)| Kind::File { path, want }),
        "[ -~]{0,20}".prop_map(Kind::Comment),
        "[ -~]{0,20}".prop_map(Kind::Misprint),
        Just(Kind::Blank),
    ];
    prop_oneof![
        (1usize..4, of_port).prop_map(|(port, kind)| Step::new(port, kind)),
        of_none.prop_map(|kind| Step::new(1, kind)),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(steps in prop::collection::vec(step_strategy(), 0..8)) {
        let header = vec![Heading::new(Setting::Ports(3))];
        let mut transcript = Transcript { name: "t".into(), header, steps };
        transcript.steps.insert(0, Step::new(1, Kind::Open));
        transcript.renumber();
        prop_assert_eq!(parse("t", &transcript.to_string()), Ok(transcript));
    }

    #[test]
    fn what_was_read_is_printed_unchanged(text in "((>|<|>=|<=|~|\\?|\\^|@2 >|%|#|!|) [ -~]{0,20}\n){0,6}") {
        if let Ok(transcript) = parse("t", &text) {
            prop_assert_eq!(transcript.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\PC\n\r\t\0]{0,200}", line in "(file|set|\\? file|\\^|@|>=|<=) [\\PC]{0,40}") {
        for text in [&text, &line] {
            if let Err(mistakes) = parse("t", text) {
                prop_assert!(!mistakes.is_empty());
                mistakes.iter().for_each(|m| assert!(m.to_string().contains('^')));
            }
        }
    }
}

#[test]
fn every_example_of_the_documentation_reads() {
    let page = include_str!("../../../docs/transcript.md");
    let examples: Vec<&str> =
        page.split("```at\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() > 5);
    for example in examples {
        if let Err(mistakes) = parse("docs/transcript.md", example) {
            panic!("{}", mistakes.iter().map(|m| format!("{m}\n")).collect::<String>());
        }
    }
}

#[test]
fn a_recording_says_that_it_is_one() {
    let text = "recorded socat\nlossy\ntimes invented\nprofile m95\n\n> AT\n< OK\n";
    let read = parse("t.at", text).unwrap();
    assert_eq!(read.to_string(), text);
    assert_eq!((read.recorded(), read.is_lossy(), read.times_are_invented()), (Some("socat"), true, true));
    let plain = parse("t.at", "recorded\n> AT\n").unwrap();
    assert_eq!((plain.recorded(), plain.is_lossy(), plain.times_are_invented()), (Some(""), false, false));
    assert_eq!(parse("t.at", "> AT\n").unwrap().recorded(), None);
    assert!(parse("t.at", "lossy\nlossy\n").is_err());
}
