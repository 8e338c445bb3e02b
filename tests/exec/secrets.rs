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

fn keeps(text: &str, place: &str) {
    for secret in ["hushhush", "73160482"] {
        let at = text.find(secret);
        assert!(at.is_none(), "{place}: {}", &text[at.unwrap_or(0).saturating_sub(80)..]);
    }
}
