//! Many runs of one host.

use crate::bench::{Bench, talk};
use serde_json::Value;
use std::fs;

#[test]
fn many_seeds_tell_which_of_them_fail() {
    let bench = Bench::new();
    let junit = bench.path("verdict.xml");
    let options = ["--seeds", "1..3", "--repeat", "2", "--junit", junit.to_str().expect("a path of letters")];
    let ran = bench.exec(&options, &talk(r#"test "$BADLINE_SEED" != 2 || exit 9"#));
    assert_eq!(ran.status, Some(9), "{}", ran.told);
    let verdicts: Vec<(&Value, &Value)> =
        ran.lines.iter().filter(|l| l["event"] == "verdict").map(|l| (&l["seed"], &l["status"])).collect();
    let wanted = [(1, 0), (1, 0), (2, 9), (2, 9), (3, 0), (3, 0)];
    assert!(
        verdicts.iter().map(|(s, t)| (s.as_i64(), t.as_i64())).eq(wanted.map(|(s, t)| (Some(s), Some(t))))
    );
    let summary = ran.lines.last().expect("a summary");
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["runs"], 6);
    assert_eq!(summary["failures"], 2);
    assert_eq!(summary["failed"][0]["reproduce"], "--seed 2");
    let xml = fs::read_to_string(junit).expect("a report");
    // One suite for what was run; each run is a case in it.
    assert_eq!(xml.matches("<testsuite ").count(), 1);
    for turn in ["(seed 1, run 1)", "(seed 2, run 2)", "(seed 3, run 2)"] {
        let name = format!("name=\"the host ends with status 0 {turn}\"");
        assert_eq!(xml.matches(&name).count(), 1, "{name} in {xml}");
    }
}

const UNLUCKY: &str = "\
[[fault]]
name = \"unlucky\"
when = { command = \"AT+CSQ\", probability = 0.5 }
what = { error = 10 }
";

#[test]
fn a_fault_depends_on_the_seed_and_on_nothing_else() {
    let bench = Bench::new();
    let scenario = bench.file("scenario.toml", UNLUCKY);
    let host = talk("say ATE0; hear OK; say AT+CMEE=1; hear OK; say AT+CSQ; hear +CSQ");
    let host = host.replace("\"$1\"*) return 0;;", "\"$1\"*) return 0;; +CME*) exit 9;;");
    let ran = bench.exec(&["--scenario", &scenario, "--seeds", "1..8", "--repeat", "2"], &host);
    let verdicts: Vec<&Value> = ran.lines.iter().filter(|line| line["event"] == "verdict").collect();
    assert_eq!(verdicts.len(), 16);
    for pair in verdicts.chunks(2) {
        assert_eq!(pair[0]["status"], pair[1]["status"], "seed {}", pair[0]["seed"]);
        let met = match pair[0]["status"].as_i64() {
            Some(9) => serde_json::json!([{"command": "+CSQ", "result": "+CME ERROR: 10", "times": 1}]),
            _ => serde_json::json!([]),
        };
        assert_eq!(pair[0]["coverage"]["errors"], met);
        assert_eq!(pair[0]["coverage"]["faults"].as_array().map(Vec::len), met.as_array().map(Vec::len));
    }
    let failed = verdicts.iter().filter(|v| v["status"] == 9).count();
    assert!((1..16).contains(&failed), "{failed} of 16 failed");
    ran.tells("unlucky applied");
}

/// A port of this machine that is free.
fn free() -> String {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("its address").to_string()
}

/// Finds everything where it is said to be.
const LOOKS: &str = r#"
test -S "$HERE/control" || exit 8
test "$(readlink "$HERE/link")" -ef "$BADLINE_PORT" || exit 7
"#;

#[test]
fn what_has_one_place_is_there_in_every_run() {
    let bench = Bench::new();
    let (control, link) = (bench.path("control"), bench.path("link"));
    let (control, link) = (control.display().to_string(), link.display().to_string());
    let (tcp, ftp) = (free(), free());
    let junit = bench.path("verdict.xml").display().to_string();
    let once = ["--control", &control, "--link", &link, "--tcp", &tcp, "--ftp-listen", &ftp];
    let options = [&once[..], &["--seeds", "1..4", "--repeat", "3", "--junit", &junit]].concat();
    let ran = bench.exec(&options, &talk(LOOKS));
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    let runs = ran.lines.iter().filter(|line| line["event"] == "verdict").count();
    assert_eq!(runs, 12);
    assert!(ran.lines.iter().filter(|l| l["event"] == "ready").all(|l| l["control"] == control.as_str()));
    let tests = fs::read_to_string(junit).expect("a report");
    assert_eq!(tests.matches("<testcase name=\"the host ends with status 0").count(), 12);
    for left in ["control", "link"] {
        assert!(!bench.path(left).exists(), "{left} is left");
    }
}
