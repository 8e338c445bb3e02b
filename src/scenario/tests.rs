//! Scenarios as people write them, and verdicts on them.

mod expectations;
mod keys;

use super::*;
use crate::fault::Files;
use crate::time::Now;
use crate::transcript::content::Content;
use proptest::prelude::*;
use std::time::Duration;

fn read(text: &str) -> Scenario {
    parse("s.toml", text, &Known::default()).unwrap_or_else(|m| panic!("{}", m[0]))
}

fn mistake(text: &str) -> Mistake {
    let known = Known { commands: &["+FTPGET", "+FTPQUIT"], ..Known::default() };
    parse("s.toml", text, &known).unwrap_err().remove(0)
}

const TUNNEL: &str = r#"
profile = "sim7080"
seed = 7

[hosts]
"echo.example" = "127.0.0.1:7007"
"gone.example" = "nxdomain"

[forward]
80 = "127.0.0.1:8080"

[server]
users = { anna = "secret" }
folder = "root"
quota = "64KiB"
greeting = "Welcome"
idle = "30s"

[server.files]
"simftp.txt" = "0123456789"
"big.bin" = { size = "10KiB" }
"raw.bin" = { hex = "00 ff" }
"from.bin" = { from = "data/from.bin" }

[network]
preset = "2g"
latency = "400ms"

[[radio]]
signal = 20
registration = "home"
[[radio]]
at = "20s"
signal = 3

[module]
bearer.segment = 512

[[fault]]
name = "tunnel"
when = { link = "ftp.data", after_bytes = 600 }
what = { stall = "down" }
for = "20s"

[[expect]]
host_sends = "AT+FTPQUIT"
within = "30s"
"#;

#[test]
fn a_scenario_is_read_whole() {
    let s = read(TUNNEL);
    assert_eq!(s.hosts["gone.example"], Target::NxDomain);
    assert_eq!(s.forward[&ModulePort(80)].port(), 8080);
    assert_eq!(s.server.files["raw.bin"], FileContent::Own(Content::Literal(vec![0, 0xff])));
    let octets = |file: &str, from: usize, most: usize| match &s.server.files[file] {
        FileContent::Own(content) => content.stream().skip(from).take(most).collect(),
        FileContent::From(_) => vec![],
    };
    assert_eq!(octets("big.bin", 255, 3), [255, 1, 2]);
    assert_eq!(octets("simftp.txt", 8, 100), b"89");
    let sources: Vec<_> = s.sources.iter().map(|s| (s.path.as_str(), &TUNNEL[s.span.clone()])).collect();
    assert_eq!(sources, [("root", "\"root\""), ("data/from.bin", "\"data/from.bin\"")]);
    let path = s.network.path();
    assert_eq!((path.latency, path.rate_up), (Duration::from_millis(400), Some(20_000)));
    let names: Vec<_> = s.rules.iter().filter_map(|r| r.name.as_deref()).collect();
    assert_eq!(names, ["tunnel", "network.jitter", "network.loss"]);
    assert_eq!(s.radio[0].registration.map(radio::Registration::number), Some(1));
    assert_eq!(s.expectations.len(), 1);
}

#[test]
fn mistakes_name_line_and_column() {
    for (text, line, column, what) in [
        ("profil = \"x\"", 1, 1, "unknown key `profil`"),
        ("seed = \"x\"", 1, 8, "invalid type"),
        ("[hosts]\n\"a\" = \"nowhere\"", 2, 7, "no target"),
        ("[forward]\n0 = \"127.0.0.1:1\"", 2, 1, "no port"),
        ("[server.files]\na = { size = 1, text = \"x\" }", 2, 5, "one content"),
        ("[server.files]\na = { hex = \"0g\" }", 2, 5, "no hexadecimal"),
        ("[network]\npreset = \"5g\"", 2, 10, "none of the words"),
        ("[network]\nloss = 1.5", 2, 8, "no probability"),
        ("[[radio]]\nsignal = 40", 2, 10, "no signal strength"),
        ("[[fault]]\nwhat = { stal = 1 }", 2, 10, "no fault"),
        ("[[fault]]\nwhen = { command = \"AT+FTPGIT\" }\nwhat = { sim = \"out\" }", 2, 20, "never fire"),
        ("[[fault]]\nwhen = { verb = \"FETCH\" }\nwhat = { sim = \"out\" }", 2, 17, "never fire"),
        ("[[fault]]\nwhat = { reply = 550, verb = \"FETCH\" }", 2, 30, "never act"),
        ("[[fault]]\nwhat = { say = \"X\", port = 2 }", 2, 28, "one serial port"),
        ("ports = 0", 1, 9, "no number of ports"),
        ("ports = 99", 1, 9, "no number of ports"),
        ("ports = 2\n[[expect]]\nhost_sends = \"AT\"\nport = 3", 4, 1, "2 serial ports"),
        ("[server.files]\n\"../../etc/x\" = \"a\"", 2, 1, "no place on the server"),
        ("[server.files]\n\"/\" = \"a\"", 2, 1, "no place on the server"),
        ("[server.files]\na = \"1\"\n\"a/b\" = \"2\"", 3, 1, "`a` is a file"),
        ("[server.files]\n\"/a\" = \"1\"\na = \"2\"", 3, 1, "the same file"),
        ("[server]\nfolders = [\"a/b\"]\nfiles = { a = \"1\" }", 2, 1, "`a` is a file"),
        ("[server]\nfolders = [\"..\"]", 2, 1, "no place on the server"),
        (
            "[[fault]]\nwhat = { nxdomain = \"*\" }\n[[fault]]\nwhat = { dns_silence = \"a\" }",
            3,
            1,
            "contradicts",
        ),
        ("[[expect]]\nhost_sends = \"AT\"\n[[expect]]\nhost_never_sends = \"AT*\"", 3, 1, "forbids"),
        ("[[expect]]\nhost_sends_in_order = []", 2, 1, "no command"),
        ("[[expect]]\nfile = \"/a\"\nequals = \"a\"", 3, 1, "equals itself"),
        ("seed = 1\n[[expect]]\nwithin = \"1s\"", 2, 1, "no subject"),
        ("[[expect]]\nfile = \"a\"\n  within = \"1s\"", 3, 3, "`within` does not belong"),
        ("[[expect]]\nhost_sends = \"AT\"\nmodule_says = \"OK\"", 3, 1, "two subjects"),
        ("seed = 1\nspeed = 2.5", 2, 9, "2.5 is no speed"),
        ("speed = 0", 1, 9, "no speed"),
        ("speed = 1001", 1, 9, "no speed"),
        ("[[expect]]\nhost_sends = \"AT+FTPQUID\"", 2, 1, "knows no command"),
        ("[[expect]]\nhost_sends = \"AT\"\nat_least = 3\nat_most = 2", 4, 1, "contradict"),
        ("[[expect]]\nhost_sends = \"AT\"\nsince = \"x\"", 3, 1, "no fault is named"),
        ("[[expect]]\nfile = \"a\"\nsha256 = \"12\"", 3, 1, "no SHA-256"),
        ("[[expect]]\nfile = \"../a\"\nabsent = true", 2, 1, "no file on the server"),
        ("[[expect]]\nfile = \"a/../../*\"", 2, 1, "no file on the server"),
        ("[[expect]]\nfile = \"\"", 2, 1, "no file on the server"),
        ("[[expect]]\nfile = \"up/\"", 2, 1, "names a folder"),
        ("[[expect]]\nfile = \"a\"\nequals = \"../b\"", 3, 1, "no file on the server"),
        ("[[expect]]\nfile = \"a\"\nequals = \"/a\"", 3, 1, "equals itself"),
        ("[[expect]]\nfile = \"a\"\nsize = 3\ntext = \"four\"", 3, 1, "has 4 bytes"),
        (
            "[[expect]]\nfile = \"a\"\ntext = \"four\"\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"",
            4,
            1,
            "not the SHA-256",
        ),
    ] {
        let m = mistake(text);
        assert!(m.what.contains(what), "{text}: {m}");
        assert_eq!((m.line, m.column), (line, column), "{m}");
    }
}

#[test]
fn where_two_places_contradict_both_are_told() {
    for (text, line, other) in [
        ("seed = 1\nports = 1\nseed = 2", 3, 1),
        ("[hosts]\n\"a\" = \"refused\"\n\"a\" = \"refused\"", 3, 2),
        ("[[radio]]\nat = \"1s\"\nsignal = 4\n[[radio]]\nat = \"1s\"\nsignal = 5", 5, 2),
        ("[[radio]]\nat = \"2s\"\nsignal = 4\n[[radio]]\nat = \"1s\"\nsignal = 5", 5, 2),
        (
            "[[fault]]\nname = \"f\"\nwhat = { sim = \"out\" }\n[[fault]]\nname = \"f\"\nwhat = { signal = 2 }",
            4,
            1,
        ),
        ("[[fault]]\nwhat = { nxdomain = \"*\" }\n[[fault]]\nwhat = { dns_silence = \"a\" }", 3, 1),
        ("[[expect]]\nhost_sends = \"AT\"\n[[expect]]\nhost_never_sends = \"AT*\"", 3, 1),
        ("[[expect]]\nhost_sends = \"AT\"\nat_least = 3\nat_most = 2", 4, 3),
        ("[[expect]]\nhost_sends = \"AT\"\nexactly = 3\nat_most = 2", 3, 4),
        ("[[expect]]\nhost_sends = \"AT\"\nnot_before = \"3s\"\nwithin = \"2s\"", 3, 4),
    ] {
        let m = mistake(text);
        assert_eq!((m.line, m.other.as_ref().map(|o| o.line)), (line, Some(other)), "{text}\n{m}");
        assert!(m.to_string().contains('^') && m.to_string().contains("--"), "{m}");
    }
    let text = "[[radio]]\nat = \"1s\"\nsignal = 3\n[[radio]]\nat = \"1s\"\nber = 4";
    let warning = read(text).warnings.remove(0);
    assert!(warning.to_string().starts_with("s.toml:5:6: warning: "), "{warning}");
    assert_eq!(warning.other.map(|o| o.line), Some(2));
}

fn at(secs: u64) -> Now {
    Now::from_millis(secs * 1000)
}

fn judged(expect: &str, seen: &[(u64, Seen)]) -> Outcome {
    let fault = "[[fault]]\nname = \"f\"\nwhen = { inject = true }\nwhat = { sim = \"out\" }\n[[expect]]\n";
    let s = read(&format!("{fault}{expect}"));
    let mut verdict = Verdict::new(&s.expectations);
    for (secs, seen) in seen {
        verdict.observe(at(*secs), *seen);
    }
    verdict.finish(at(100), &mut There).remove(0)
}

/// A few files.
struct There;

impl There {
    const FILES: [(&str, &str); 5] =
        [("a", "0123"), ("b", "0123"), ("c", "x"), ("up/1.part", "x"), ("up/2.part", "0123")];

    fn text(path: &str) -> &'static str {
        There::FILES.iter().find(|(name, _)| *name == path).map_or("", |(_, text)| text)
    }
}

impl Disk for There {
    fn find(&mut self, files: &Files) -> Vec<(String, FileFacts)> {
        let named = There::FILES.iter().filter(|(path, _)| files.hold(path));
        named.map(|(path, text)| ((*path).to_owned(), FileFacts::of(text.as_bytes()))).collect()
    }

    fn begins(&mut self, path: &str, most: usize) -> Vec<u8> {
        There::text(path).bytes().take(most).collect()
    }

    fn holds(&mut self, path: &str, part: &[u8]) -> bool {
        super::expect::file::holds(There::text(path).bytes(), part)
    }

    fn local(&mut self, path: &str) -> Option<FileFacts> {
        (path == "data.bin").then(|| FileFacts::of(b"0123"))
    }
}

#[test]
fn expectations_about_commands() {
    use Seen::*;
    let seen = [
        (1, Command(1, "AT+CSQ")),
        (2, Command(1, "AT+FTPQUIT")),
        (10, Applied("f")),
        (11, Said(1, "+FTPGET: 1,64")),
        (12, Result(1, "ERROR", "+CME ERROR: 3")),
        (15, Command(1, "AT+FTPQUIT")),
        (16, Command(2, "AT+CSQ")),
        (17, Command(1, "at+csq")),
    ];
    for (expect, met) in [
        ("host_sends = \"AT+FTPQUIT\"\nexactly = 2", true),
        ("host_sends = \"AT+FTPQUIT\"\nat_least = 3", false),
        ("host_sends = \"AT+CSQ\"\nat_most = 2", false),
        ("host_sends = \"AT+CSQ\"\nport = 1\nat_most = 2", true),
        ("host_sends = \"AT+X\"\nat_most = 2", true),
        ("host_sends = \"AT+FTPQUIT\"\nwithin = \"5s\"", true),
        ("host_sends = \"AT+FTPQUIT\"\nwithin = \"4s\"", false),
        ("host_sends = \"AT+FTPQUIT\"\nwithin = \"4s\"\nsince = \"start\"", true),
        ("host_sends = \"AT+CSQ\"\nnot_before = \"6s\"\nwithin = \"6s\"", true),
        ("host_sends = \"AT+CSQ\"\nnot_before = \"7s\"", false),
        ("host_sends = \"AT+CSQ\"\nsince = \"f\"\nexactly = 2", true),
        ("host_sends = \"AT+CSQ\"\nbefore = \"AT+FTPQUIT\"", true),
        ("host_sends = \"AT+FTPQUIT\"\nbefore = \"AT+CSQ\"", false),
        ("host_never_sends = \"AT+CFUN*\"", true),
        ("host_never_sends = \"AT+CSQ\"", false),
        ("host_sends_in_order = [\"AT+CSQ\", \"AT+FTPQUIT\", \"AT+FTPQUIT\"]", true),
        ("host_sends_in_order = [\"AT+FTPQUIT\", \"AT+FTPQUIT\", \"AT+FTPQUIT\"]", false),
        ("module_says = \"+FTPGET: 1,64\"\nwithin = \"1s\"", true),
        ("module_never_says = \"+FTPGET: 1,6*\"", false),
        ("module_says = \"ERROR\"\nexactly = 1", true),
        ("module_says = \"+CME ERROR: 3\"\nexactly = 1", true),
        ("module_says = \"*ERROR*\"\nexactly = 1", true),
        ("module_never_says = \"+CME ERROR*\"", true),
        ("module_never_says = \"ERROR\"", false),
        ("fault_applied = \"f\"", true),
        ("ends_within = \"100s\"", true),
        ("ends_within = \"99s\"", false),
    ] {
        let outcome = judged(expect, &seen);
        assert_eq!(outcome.met, met, "{expect}: {} ({})", outcome.text, outcome.why);
    }
    assert!(!judged("fault_applied = \"f\"", &[]).met);
    assert!(!judged("host_sends = \"AT\"\nsince = \"f\"", &[(1, Command(1, "AT"))]).met);
}

#[test]
fn what_is_told_is_told_in_plain_units() {
    let told = |expect: &str| judged(expect, &[]);
    assert_eq!(told("ends_within = \"99s\"").why, "the run took 100.000 s");
    assert_eq!(told("host_sends = \"AT\"\nwithin = \"90s\"").text, "the host sends AT within 90s");
    assert_eq!(told("file = \"a\"\nsize = 5").text, "the file a has 5 bytes");
    assert_eq!(told("file = \"a\"\nsize = 1024").text, "the file a has 1024 bytes (1KiB)");
    let s = read("[[fault]]\nwhat = { interject = \"\\r\\n+PDP: DEACT\\r\\n\", skip = 30 }");
    assert_eq!(s.rules[0].text, "interject = \"\\r\\n+PDP: DEACT\\r\\n\", skip = 30");
}

#[test]
fn a_folder_that_is_copied_may_hold_more() {
    read("[server]\nfolders = [\"d\", \"/d/e\"]\n[server.files]\nd = { from = \"data\" }\n\"d/x\" = \"1\"");
}

#[test]
fn expectations_about_files() {
    let hash = super::expect::hex(&FileFacts::of(b"0123").sha256);
    for (expect, met) in [
        ("file = \"a\"".to_owned(), true),
        ("file = \"z\"".to_owned(), false),
        ("file = \"z\"\nabsent = true".to_owned(), true),
        ("file = \"a\"\nabsent = true".to_owned(), false),
        ("file = \"a\"\nsize = 4\nequals = \"b\"".to_owned(), true),
        ("file = \"a\"\nsize = \"1KiB\"".to_owned(), false),
        ("file = \"a\"\nequals = \"c\"".to_owned(), false),
        ("file = \"*.part\"".to_owned(), true),
        ("file = \"*.part\"\nabsent = true".to_owned(), false),
        ("file = \"up/*.part\"\nabsent = true".to_owned(), false),
        ("file = \"up/**\"\nabsent = true".to_owned(), false),
        ("file = \"1.pa*\"\nabsent = true".to_owned(), false),
        ("file = \"*.tmp\"\nabsent = true".to_owned(), true),
        ("file = \"*.tmp\"".to_owned(), false),
        ("file = \"*.tmp\"\nsize = 4".to_owned(), false),
        ("file = \"up/2*\"\nsize = 4".to_owned(), true),
        ("file = \"up/*\"\nsize = 4".to_owned(), false),
        ("file = \"up/2*\"\nequals = \"a\"".to_owned(), true),
        ("file = \"up/*\"\nequals = \"a\"".to_owned(), false),
        // A file is not its own proof.
        ("file = \"a*\"\nequals = \"a\"".to_owned(), false),
        ("file = \"c*\"\nequals = \"c\"".to_owned(), false),
        ("file = \"up/*\"\nequals = \"*\"".to_owned(), true),
        ("file = \"up/2*\"\nequals = \"up/*\"".to_owned(), false),
        ("file = \"a\"\nequals = \"z\"".to_owned(), false),
        ("file = \"a\"\ntext = \"0123\"".to_owned(), true),
        ("file = \"a\"\ncontains = \"12\"".to_owned(), true),
        ("file = \"a\"\ncontains = \"13\"".to_owned(), false),
        ("file = \"a\"\ncontains = { hex = \"31 32 33\" }".to_owned(), true),
        ("file = \"a\"\nstarts_with = \"01\"\nsize = 4".to_owned(), true),
        ("file = \"a\"\nstarts_with = \"12\"".to_owned(), false),
        ("file = \"a\"\nstarts_with = \"01234\"".to_owned(), false),
        ("file = \"up/*\"\nstarts_with = \"x\"".to_owned(), false),
        ("file = \"a\"\nequals = { local = \"data.bin\" }".to_owned(), true),
        ("file = \"c\"\nequals = { local = \"data.bin\" }".to_owned(), false),
        ("file = \"a\"\nequals = { local = \"nothing.bin\" }".to_owned(), false),
        ("no_other_files = \"*\"".to_owned(), false),
        ("no_other_files = \"down/*\"".to_owned(), true),
        ("no_other_files = \"up/*\"\n[[expect]]\nfile = \"up/1.part\"".to_owned(), false),
        ("no_other_files = \"up/*\"\n[[expect]]\nfile = \"*.part\"".to_owned(), true),
        ("no_other_files = \"up/1*\"\n[server.files]\n\"up/1.part\" = \"x\"".to_owned(), true),
        ("file = \"a\"\nunchanged = true\n[server.files]\na = \"0123\"".to_owned(), true),
        ("file = \"a\"\nunchanged = true\n[server.files]\na = \"other\"".to_owned(), false),
        ("file = \"a\"\nunchanged = true\n[server.files]\na = { from = \"data.bin\" }".to_owned(), true),
        (format!("file = \"a\"\nsha256 = \"{hash}\""), true),
        (format!("file = \"c\"\nsha256 = \"{hash}\""), false),
    ] {
        let outcome = judged(&expect, &[]);
        assert_eq!(outcome.met, met, "{expect}: {}", outcome.why);
    }
}

#[test]
fn the_schema_knows_every_part() {
    let schema = serde_json::to_value(schemars::schema_for!(Scenario)).unwrap();
    for key in ["profile", "hosts", "server", "network", "radio", "module", "fault", "expect"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    assert!(schema["properties"].get("rules").is_none());
    assert_eq!(schema["additionalProperties"], false);
    let fault = &schema["$defs"]["Fault"]["properties"];
    assert!(fault["what"]["anyOf"].is_array() && fault["for"].is_object());
    let when = &schema["$defs"]["When"]["properties"];
    assert_eq!((&when["nth"]["minimum"], &when["port"]["maximum"]), (&1.into(), &16.into()));
    let duration = schema["$defs"]["Span"]["pattern"].as_str().unwrap();
    assert_eq!(duration, r"^\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*(us|ms|s|m|h)\s*$");
}

proptest! {
    #[test]
    fn no_text_makes_a_scenario_panic(text in "[ -~\n\u{e4}]{0,80}") {
        let _ = parse("s.toml", &text, &Known::default());
    }

    #[test]
    fn no_edit_of_a_scenario_makes_it_panic(from in 0..TUNNEL.len(), n in 0usize..40, with in "[ -~\n]{0,12}") {
        let end = (from + n).min(TUNNEL.len());
        let text = format!("{}{with}{}", &TUNNEL[..from], &TUNNEL[end..]);
        let known = Known { commands: &["+FTPQUIT"], ..Known::default() };
        match parse("s.toml", &text, &known) {
            Ok(_) => {}
            Err(mistakes) => prop_assert!(mistakes.iter().all(|m| m.to_string().contains("s.toml:"))),
        }
    }
}

#[test]
fn the_examples_of_the_pages_are_right() {
    let pages = [include_str!("../../docs/scenario.md"), include_str!("../../docs/faults.md")];
    let examples = pages.iter().flat_map(|page| page.split("```toml\n").skip(1));
    for example in examples.map(|rest| rest.split("```").next().unwrap_or_default()) {
        read(example);
    }
}
