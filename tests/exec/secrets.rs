//! What is matched is what the host sent; what is written down has no password and no PIN in it.

use crate::bench::{Bench, talk};
use serde_json::json;
use std::fs;

const SCENARIO: &str = r#"
[[fault]]
name = "no network"
when = { command = 'AT+WIPCREATE=4,1,"ftp.example","me","hush*"' }
what = { error = 820, command = 'AT+WIPCREATE=*"hushhush"' }
[[expect]]
host_sends = 'AT+WIPCREATE=4,1,"ftp.example"*'
exactly = 2
[[expect]]
host_sends = 'AT+WIPCREATE=4,1,"ftp.example","me","hushhush"'
[[expect]]
host_sends = "AT+CPIN=73160482"
[[expect]]
host_sends_in_order = ["AT+CPIN=73160482", 'AT+WIPBR=2,6,1,"hushhush"', "AT+CSQ", 'AT+WIPBR=2,6,1,"hushhush"']
[[expect]]
fault_applied = "no network"
"#;

const HOST: &str = r#"
ask() { say "$1"; while read -r line <&3; do case "$line" in OK*|ERROR*|+CM*) return 0;; esac; done; }
ask ATE0
ask at+cpin=73160482
ask 'AT+WIPBR=2,6,1,"hushhush"'
ask 'AT+CSQ;+WIPBR=2,6,1,"hushhush"'
ask 'AT+CPIN="73160482'
ask 'AT+WIPCREATE=4,1,"ftp.example","me"hushhush"'
ask 'AT+WIPCREATE=4,1,"ftp.example","me","hushhush"'
ask 'AT+FTPPW="hushhush"'
"#;

const UNKNOWN: &str = r#"
ask() { say "$1"; while read -r line <&3; do case "$line" in OK*|ERROR*|+CM*) return 0;; esac; done; }
ask ATE0
ask 'AT+CGAUTH=1,1,"me","hushhush"'
ask 'at ^authdata = 1,2,"hushhush","me"'
ask 'AT+CSQ;#PASSW="hushhush"'
ask 'AT+XAPN=1,"IP","web","me","hushhush"'
ask 'AT*XPIN=73160482'
ask 'AT+CLCK="SC",1,"73160482"'
ask 'AT+XYZ="me","hushhush'
ask 'ATD**04*73160482*73160482*73160482#;'
"#;

#[test]
fn secrets_are_matched_and_never_written_down() {
    let bench = Bench::new();
    let file = |name: &str| bench.path(name).display().to_string();
    let (trace, pcap, junit) = (file("trace.jsonl"), file("run.pcapng"), file("verdict.xml"));
    let scenario = bench.file("scenario.toml", SCENARIO);
    let options = ["--scenario", &scenario, "--profile", "wipsoft", "--trace", &trace, "--pcap", &pcap];
    let ran = bench.exec(&[&options[..], &["--junit", &junit, "-vvv"]].concat(), &talk(HOST));
    assert_eq!(ran.status, Some(3), "{}", ran.told);

    let expectations = ran.verdict()["expectations"].as_array().expect("a list");
    let met: Vec<bool> = expectations.iter().map(|e| e["met"] == true).collect();
    assert_eq!(met, [true, true, true, false, true], "{expectations:?}");
    let pin = json!({"name": "+CPIN", "form": "write", "times": 1});
    assert!(ran.verdict()["coverage"]["used"].as_array().expect("a list").contains(&pin));
    assert_eq!(expectations[1]["text"], "the host sends AT+WIPCREATE=4,1,\"ftp.example\",\"me\",***");
    ran.tells("command  AT+WIPCREATE=4,1,\"ftp.example\",\"me\",***\n");
    ran.tells("command  AT+WIPBR=2,6,1,***\n");
    ran.tells("command  AT+CSQ;+WIPBR=2,6,1,***\n");
    ran.tells("command  at+cpin=***\n");
    // Another vendor's command, for which this module has an error only.
    ran.tells("command  AT+FTPPW=***\n");

    let said: String = ran.lines.iter().map(ToString::to_string).collect();
    for written in [&trace, &pcap, &junit] {
        let bytes = fs::read(written).expect("a file");
        assert!(!bytes.is_empty(), "{written}");
        keeps(&String::from_utf8_lossy(&bytes), written);
    }
    keeps(&ran.told, "standard error");
    keeps(&said, "standard output");
}

#[test]
fn of_commands_that_nobody_knows_what_looks_like_a_secret_is_masked() {
    for profile in ["sim7080", "m10", "nl668", "wipsoft"] {
        let bench = Bench::new();
        let file = |name: &str| bench.path(name).display().to_string();
        let (trace, pcap, junit) = (file("trace.jsonl"), file("run.pcapng"), file("verdict.xml"));
        let options = ["--profile", profile, "--trace", &trace, "--pcap", &pcap, "--junit", &junit, "-vvv"];
        // A host that fails has the last of the trace told.
        let ran = bench.exec(&options, &talk(&format!("{UNKNOWN}exit 9")));
        assert_eq!(ran.status, Some(9), "{}", ran.told);
        ran.tells("command  AT+CGAUTH=1,1,***,***\n");
        ran.tells("command  AT+XAPN=1,\"IP\",\"web\",***,***\n");
        for written in [&trace, &pcap, &junit] {
            keeps(&String::from_utf8_lossy(&fs::read(written).expect("a file")), written);
        }
        keeps(&ran.told, "standard error");
    }
}

/// Escape sequences (C0 and C1), letters turned round, characters that are none, octets that are no UTF-8, a NUL.
const HOSTILE: &str = r#"
say ATE0; hear OK
printf 'AT+X="\033[2J\302\233\342\200\256\357\277\276\357\277\277\000\377\001]]>&<\r' >&3
hear ERROR
"#;

#[test]
fn what_a_host_says_breaks_no_report_and_moves_no_cursor() {
    let bench = Bench::new();
    let file = |name: &str| bench.path(name).display().to_string();
    let (trace, junit) = (file("trace.jsonl"), file("verdict.xml"));
    let scenario = "[[expect]]\nhost_sends = \"AT+CMEE=\\u202e\\ufffe\"\n";
    let scenario = bench.file("scenario.toml", scenario);
    let options = ["--scenario", &scenario, "--trace", &trace, "--junit", &junit];
    let ran = bench.exec(&options, &talk(HOSTILE));
    assert_eq!(ran.status, Some(3), "{}", ran.told);
    ran.tells("not met: the host sends AT+CMEE=\\u{202e}\\u{fffe}");
    let xml = fs::read(junit).expect("a report");
    let xml = String::from_utf8(xml).expect("XML is UTF-8");
    assert!(xml.contains("AT+CMEE=\\u{202e}\\u{fffe}"), "{xml}");
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_badline")).args(["trace", &trace]).output();
    let shown = program.expect("the program starts").stdout;
    let shown = String::from_utf8(shown).expect("it is text");
    for (place, text) in [("JUnit", &xml), ("standard error", &ran.told), ("badline trace", &shown)] {
        let raw = |c: &char| c.is_control() && *c != '\n' || "\u{202e}\u{fffe}\u{ffff}\u{fffd}".contains(*c);
        let raw: Vec<char> = text.chars().filter(raw).collect();
        assert_eq!(raw, [], "{place}: {text}");
    }
}

fn keeps(text: &str, place: &str) {
    for secret in ["hushhush", "73160482"] {
        let at = text.find(secret);
        assert!(at.is_none(), "{place}: {}", &text[at.unwrap_or(0).saturating_sub(80)..]);
    }
}
