//! `badline exec` as a CI job meets it: statuses, verdicts, reports, and no process left behind.

mod bench;
mod bundle;
mod expects;
#[path = "../common/guard.rs"]
mod guard;
#[path = "../common/hang_up.rs"]
mod hang_up;
mod many;
mod secrets;
mod seeds;

use bench::{Bench, ran, talk};
use guard::{GUARD, within};
use hang_up::hangs_up;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_status_of_the_host_is_that_of_exec() {
    for (host, status) in [("exit 0", 0), ("exit 5", 5), ("kill -KILL $$", 137)] {
        let ran = Bench::new().exec(&[], &talk(host));
        assert_eq!(ran.status, Some(status), "{host}: {}", ran.told);
        assert_eq!(ran.verdict()["host_status"], status);
        assert_eq!(ran.verdict()["passed"], status == 0);
    }
}

#[test]
fn a_mistake_is_status_2_and_starts_nothing() {
    let bench = Bench::new();
    let host = "touch \"$HERE/started\"";
    let nowhere = bench.path("no/such/folder/verdict.xml").display().to_string();
    let profile = bench.file("mine.toml", "extends = \"sim7080\"\nnonsense = 1\n");
    let wrong: &[&[&str]] = &[
        &["--profile", &profile],
        &["--profile", "sim9999"],
        &["--junit", &nowhere],
        &["--timeout", "soon"],
        &["--speed", "2.5"],
        &["--speed", "0"],
        &["--seeds", "9..1"],
        &["--seeds", "1..2", "--trace", "/dev/null"],
        &["--repeat", "0"],
    ];
    for options in wrong {
        let ran = bench.exec(options, host);
        assert_eq!(ran.status, Some(2), "{options:?}: {}", ran.told);
        assert!(ran.lines.is_empty(), "{options:?}");
        assert!(!ran.told.is_empty(), "{options:?}");
    }
    assert!(!bench.path("started").exists());
}

#[test]
fn a_host_that_cannot_be_started_is_status_2() {
    let bench = Bench::new();
    let junit = bench.path("verdict.xml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
    command.args(["exec", "--seeds", "1..3", "--junit"]).arg(&junit).args(["--", "/no/such/host"]);
    let ran = ran(command);
    assert_eq!(ran.status, Some(2));
    ran.tells("/no/such/host: No such file");
    let verdict = ran.verdict();
    assert_eq!((&verdict["status"], &verdict["passed"]), (&2.into(), &false.into()));
    assert_eq!(ran.lines[2]["failures"], 1);
    let xml = fs::read_to_string(junit).expect("a report");
    assert!(xml.contains("2 runs were not begun") && xml.contains("No such file"), "{xml}");
}

#[test]
fn a_modem_that_cannot_be_there_is_an_error_in_every_report() {
    let bench = Bench::new();
    let junit = bench.path("verdict.xml");
    let options = ["--seeds", "1..3", "--ftp-root", "/no/such/folder", "--junit"];
    let ran = bench.exec(&[&options[..], &[junit.to_str().expect("a path of letters")]].concat(), "exit 0");
    assert_eq!(ran.status, Some(2));
    ran.tells("/no/such/folder");
    assert_eq!((&ran.verdict()["end"], &ran.verdict()["passed"]), (&"broken".into(), &false.into()));
    let summary = ran.summary();
    assert_eq!(
        (&summary["runs"], &summary["failures"], &summary["status"], &summary["not_run"]),
        (&1.into(), &1.into(), &2.into(), &2.into())
    );
    let xml = fs::read_to_string(junit).expect("a report");
    assert!(xml.contains("2 runs were not begun") && xml.contains("/no/such/folder"), "{xml}");
}

#[test]
fn the_host_is_told_where_everything_is() {
    let bench = Bench::new();
    let host = r#"
        test -c "$BADLINE_PORT" || exit 10
        test "$1" = "at $BADLINE_PORT" || exit 11
        test -d "$BADLINE_FTP_ROOT" || exit 12
        case "$BADLINE_FTP" in 127.0.0.1:*) ;; *) exit 13;; esac
        test "$BADLINE_SEED" = 7 || exit 14
        test -c "$BADLINE_PORT_2" && test -L "$BADLINE_PORT_2" || exit 15
        test "$2" = "$BADLINE_PORT_2" || exit 18
        case "$BADLINE_CONTROL" in 127.0.0.1:*) ;; *) exit 16;; esac
        test "${#BADLINE_CONTROL_KEY}" = 32 || exit 17
        : <>"$BADLINE_PORT_2"
        echo "to standard output"
    "#;
    let mut command = bench.command(&["--seed", "7", "--ports", "2", "--control", "127.0.0.1:0"], host);
    command.args(["at {port}", "{port2}"]);
    let ran = ran(command);
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    assert_eq!(ran.lines[0]["event"], "ready");
    ran.tells("to standard output");
}

#[test]
fn coverage_tells_what_the_host_used_and_met() {
    let host = talk("say ATE0; hear OK; say AT+CSQ; hear OK; say AT+CSQ; hear OK; say AT+NOSUCH; hear ERROR");
    let ran = Bench::new().exec(&[], &host);
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    let coverage = &ran.verdict()["coverage"];
    let used = coverage["used"].as_array().expect("a list");
    assert!(used.contains(&serde_json::json!({"name": "+CSQ", "form": "exec", "times": 2})), "{coverage}");
    assert_eq!(coverage["unknown"], serde_json::json!([{"name": "+NOSUCH", "form": "exec", "times": 1}]));
    assert_eq!(
        coverage["errors"],
        serde_json::json!([{"command": "+NOSUCH", "result": "ERROR", "times": 1}])
    );
    assert!(coverage["forms"].as_u64() > Some(used.len() as u64));
}

#[test]
fn a_result_code_is_told_as_the_host_read_it_and_with_its_cause() {
    let scenario = r#"
[[fault]]
what = { error = 10, command = "AT+CSQ" }
[[fault]]
name = "seen"
when = { result = "ERROR" }
what = { say = "+SEEN" }
[[expect]]
module_says = "ERROR"
exactly = 1
[[expect]]
module_says = "+CME ERROR: 10"
exactly = 2
[[expect]]
module_says = "0"
[[expect]]
module_never_says = "+CME ERROR: 10"
[[expect]]
fault_applied = "seen"
"#;
    let bench = Bench::new();
    let host = talk(
        "say ATE0+CMEE=0; hear OK; say AT+CSQ; hear ERROR; say AT+CMEE=2; hear OK; say AT+CSQ; hear +CME; \
         say ATV0; dd bs=1 count=1 <&3 >/dev/null",
    );
    let (scenario, trace) = (bench.file("scenario.toml", scenario), bench.path("trace.jsonl"));
    let options = ["--scenario", &scenario, "--trace", trace.to_str().expect("a path of letters")];
    let ran = bench.exec(&options, &host);
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    assert_eq!(
        ran.verdict()["coverage"]["errors"],
        serde_json::json!([
            {"command": "+CSQ", "result": "+CME ERROR: SIM not inserted", "cause": "+CME ERROR: 10", "times": 1},
            {"command": "+CSQ", "result": "ERROR", "cause": "+CME ERROR: 10", "times": 1},
        ])
    );
    let trace = fs::read_to_string(trace).expect("a trace");
    let results: Vec<Value> = trace
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a record"))
        .filter(|record| record["event"] == "result")
        .map(|record| serde_json::json!([record["text"], record["cause"]]))
        .collect();
    assert_eq!(results[1], serde_json::json!(["ERROR", "+CME ERROR: 10"]));
    assert_eq!(results[3], serde_json::json!(["+CME ERROR: SIM not inserted", "+CME ERROR: 10"]));
    assert_eq!(results[4], serde_json::json!(["0", "OK"]));
    assert_eq!(results[0], serde_json::json!(["OK", null]));
}

#[test]
fn what_the_host_sent_last_counts() {
    let scenario = "[[expect]]\nhost_sends = \"AT+CSQ\"\n";
    let ran = Bench::new().scenario(scenario, r#"printf 'AT+CSQ\r' > "$BADLINE_PORT""#);
    assert_eq!(ran.status, Some(0), "{}", ran.told);
}

const EXPECTATIONS: &str = "\
seed = 3
[[expect]]
host_sends = \"AT+CSQ\"
[[expect]]
host_never_sends = \"AT+CFUN=*\"
[[expect]]
file = \"/up.txt\"
text = \"hi\"
";

#[test]
fn expectations_that_are_met_are_status_0() {
    let host = talk("say ATE0; hear OK; say AT+CSQ; hear OK; printf hi > \"$BADLINE_FTP_ROOT/up.txt\"");
    let ran = Bench::new().scenario(EXPECTATIONS, &host);
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    let expectations = ran.verdict()["expectations"].as_array().expect("a list");
    assert_eq!(expectations.len(), 3);
    assert!(expectations.iter().all(|e| e["met"] == true), "{expectations:?}");
    assert!(!ran.told.contains("the last of the trace"), "{}", ran.told);
}

#[test]
fn a_fault_that_was_never_applied_is_told() {
    let scenario = "profile = \"sim7080\"\n[[fault]]\nwhen = { verb = \"STOR\", file = \"upp.bin\" }\nwhat = { reply = 550 }\n\
                    [[fault]]\nname = \"used\"\nwhen = { command = \"AT+CSQ\" }\nwhat = { late = \"1ms\" }\n";
    let bench = Bench::new();
    let (scenario, junit) = (bench.file("scenario.toml", scenario), bench.path("verdict.xml"));
    let options = ["--scenario", &scenario, "--junit", junit.to_str().expect("a path of letters")];
    let ran = bench.exec(&options, &talk("say AT+CSQ; hear OK"));
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    assert_eq!(ran.verdict()["never_applied"], serde_json::json!(["reply"]));
    ran.tells("the fault reply was never applied");
    let xml = fs::read_to_string(junit).expect("a report");
    assert!(xml.contains("the fault reply is applied") && xml.contains("<skipped"), "{xml}");
}

#[test]
fn a_fault_that_found_nothing_to_act_on_is_told_and_strict_fails_either() {
    let idle = "profile = \"sim7080\"\n[[fault]]\nname = \"idle\"\nwhat = { reply = 550, verb = \"STOR\" }\n\
                [[fault]]\nname = \"state\"\nwhat = { signal = 3 }\n";
    let never = "profile = \"sim7080\"\n[[fault]]\nname = \"never\"\nwhen = { verb = \"STOR\" }\nwhat = { reply = 550 }\n";
    let used =
        "profile = \"sim7080\"\n[[fault]]\nwhen = { result = \"OK\", nth = 2 }\nwhat = { late = \"1ms\" }\n";
    let bench = Bench::new();
    let host = talk("say AT+CSQ; hear OK; say AT+CSQ; hear OK");
    let junit = bench.path("verdict.xml");
    let cases = [
        (idle, 3, "never_acted", "idle"),
        (never, 3, "never_applied", "never"),
        (used, 0, "never_acted", ""),
    ];
    for (scenario, strict, list, name) in cases {
        let scenario = bench.file("scenario.toml", scenario);
        let options = ["--scenario", &scenario, "--junit", junit.to_str().expect("a path of letters")];
        let ran = bench.exec(&options, &host);
        assert_eq!(ran.status, Some(0), "{}", ran.told);
        let names: Vec<_> = Some(name).filter(|name| !name.is_empty()).into_iter().collect();
        assert_eq!(ran.verdict()[list], serde_json::json!(names));
        let ran = bench.exec(&[&options[..], &["--strict"]].concat(), &host);
        assert_eq!(ran.status, Some(strict), "{}", ran.told);
        let xml = fs::read_to_string(&junit).expect("a report");
        assert_eq!(xml.contains("<failure"), strict == 3, "{xml}");
    }
}

#[test]
fn one_that_is_not_met_is_status_3_and_shows_the_trace() {
    let host = talk("say AT+CFUN=1; hear OK");
    let bench = Bench::new();
    let scenario = bench.file("scenario.toml", EXPECTATIONS);
    let junit = bench.path("verdict.xml");
    let options = ["--scenario", &scenario, "--junit", junit.to_str().expect("a path of letters")];
    let ran = bench.exec(&options, &host);
    assert_eq!(ran.status, Some(3), "{}", ran.told);
    assert_eq!(ran.verdict()["seed"], 3);
    let expectations = ran.verdict()["expectations"].as_array().expect("a list");
    assert!(expectations.iter().all(|e| e["met"] == false), "{expectations:?}");
    ran.tells("the last of the trace (seed 3)");
    ran.tells("command  AT+CFUN=1\n");
    ran.tells("NOT MET: the host sends AT+CSQ: never");
    ran.tells("not met: the file /up.txt holds \"hi\": it is not there");

    let xml = fs::read_to_string(junit).expect("a report");
    for part in [
        r#"tests="4""#,
        r#"failures="3""#,
        r#"<property name="seed" value="3"/>"#,
        r#"<testcase name="the host ends with status 0""#,
        r#"<testcase name="the host never sends AT+CFUN=*""#,
        r#"<failure message="never""#,
        "command  AT+CFUN=1",
    ] {
        assert!(xml.contains(part), "no {part} in {xml}");
    }
}

#[test]
fn the_hosts_own_status_goes_before_expectations() {
    assert_eq!(Bench::new().scenario(EXPECTATIONS, "exit 7").status, Some(7));
}

#[test]
fn a_host_that_never_opens_the_port_does_not_pass() {
    let bench = Bench::new();
    let junit = bench.path("verdict.xml");
    let ran = bench.exec(&["--junit", junit.to_str().expect("a path of letters")], "exit 0");
    assert_eq!(ran.status, Some(3), "{}", ran.told);
    let verdict = ran.verdict();
    assert_eq!((&verdict["passed"], &verdict["port_opened"]), (&Value::Bool(false), &Value::Bool(false)));
    assert_eq!(verdict["reason"], "the host ended with status 0; it never opened the port");
    ran.tells("not met: the host opens the serial port: it never did");
    let xml = fs::read_to_string(junit).expect("a report");
    assert!(xml.contains(r#"<testcase name="the host opens the serial port""#), "{xml}");
    assert!(xml.contains(r#"failures="1""#), "{xml}");
    // Its own status goes before.
    assert_eq!(Bench::new().exec(&[], "exit 5").status, Some(5));
    // Another port will do, and so will a moment.
    assert_eq!(Bench::new().exec(&["--ports", "2"], ": <>\"$BADLINE_PORT_2\"").status, Some(0));
}

#[test]
fn a_host_may_open_the_port_late() {
    let scenario = "[[expect]]\nhost_sends = \"AT\"\nnot_before = \"5s\"\n";
    let bench = Bench::new();
    let scenario = bench.file("scenario.toml", scenario);
    let host = talk("say AT; hear OK").replace("exec 3", "sleep 0.2; exec 3");
    let ran = bench.exec(&["--speed", "50", "--scenario", &scenario], &host);
    assert_eq!(ran.status, Some(0), "{}", ran.told);
}

/// Whether a process is there and has not ended.
fn alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn pids(bench: &Bench) -> Vec<String> {
    let text = fs::read_to_string(bench.path("pids")).expect("the host wrote its processes down");
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_host_that_hangs_is_killed_with_all_that_it_started() {
    let bench = Bench::new();
    let host = r#"
        trap "" TERM
        setsid sh -c 'echo $$ >> "$HERE/pids"; exec sleep 600' &
        sh -c 'echo $$ >> "$HERE/pids"; exec sleep 600' &
        echo $$ >> "$HERE/pids"
        wait
        while :; do sleep 600; done
    "#;
    let ran = bench.exec(&["--timeout", "1s"], host);
    assert_eq!(ran.status, Some(3), "{}", ran.told);
    assert_eq!(ran.verdict()["timed_out"], true);
    assert_eq!(ran.verdict()["host_status"], Value::Null);
    ran.tells("did not end within 1s (--timeout)");
    ran.tells("never opened the port");
    let pids = pids(&bench);
    assert_eq!(pids.len(), 3);
    assert!(!pids.iter().any(|pid| alive(pid)), "{pids:?}");
}

#[test]
fn what_a_host_leaves_behind_is_killed() {
    let bench = Bench::new();
    let host = r#"
        sh -c 'echo $$ > "$HERE/pids"; exec sleep 600' &
        until test -s "$HERE/pids"; do :; done
    "#;
    let ran = bench.exec(&[], &talk(host));
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    assert!(!pids(&bench).iter().any(|pid| alive(pid)));
}

#[test]
fn a_signal_ends_the_host_too() {
    let signals = [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129), (Signal::QUIT, 131)];
    for (signal, status) in signals.into_iter().filter(|(signal, _)| *signal != Signal::HUP || hangs_up()) {
        let bench = Bench::new();
        let mut command = bench.command(&[], "echo $$ > \"$HERE/pids\"; echo started; exec sleep 600");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut told = BufReader::new(child.stderr.take().expect("it is piped"));
        let told = within(move || {
            let mut line = String::new();
            told.read_line(&mut line).expect("standard error can be read");
            (line, told)
        });
        assert_eq!(told.0, "started\n");
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        let mut rest = told.1;
        let (code, said) = within(move || {
            let mut said = String::new();
            rest.read_to_string(&mut said).expect("standard error can be read");
            (child.wait().expect("it ends").code(), said)
        });
        assert_eq!(code, Some(status), "{said}");
        assert!(said.contains("interrupted by signal"), "{said}");
        assert!(!pids(&bench).iter().any(|pid| alive(pid)));
    }
}

#[test]
fn a_hang_up_that_is_ignored_as_by_nohup_ends_nothing() {
    for (trap, status) in [("trap '' HUP;", 0), ("", if hangs_up() { 129 } else { 0 })] {
        let mut command = Command::new("sh");
        let host = r#"kill -HUP $PPID; sleep 0.3; : <>"$BADLINE_PORT""#;
        command.args(["-c", &format!(r#"{trap} exec "$@""#), "sh", env!("CARGO_BIN_EXE_badline")]);
        command.args(["exec", "--", "sh", "-c", host]).stdin(Stdio::null());
        let ran = ran(command);
        assert_eq!(ran.status, Some(status), "{}", ran.told);
    }
}

#[test]
fn a_run_that_is_too_long_for_its_scenario_is_stopped_at_once() {
    let scenario = "[[expect]]\nends_within = \"300ms\"\n";
    let ran = Bench::new().scenario(scenario, "sleep 600");
    assert_eq!(ran.status, Some(3), "{}", ran.told);
    ran.tells("did not end within 300ms (ends_within)");
    assert_eq!(ran.verdict()["expectations"][0]["met"], false);
    assert!(ran.verdict()["seconds"].as_f64() < Some(GUARD.as_secs_f64()));
}

#[test]
fn a_mistake_in_the_scenario_is_shown_where_it_stands() {
    let ran = Bench::new().scenario("seed = 1\n[[expect]]\nhost_sends = \"AT+NOSUCH=1\"\n", "exit 0");
    assert_eq!(ran.status, Some(2));
    assert!(ran.lines.is_empty());
    ran.tells("scenario.toml:3:1: ");
}

#[test]
fn a_mistake_about_the_module_is_shown_at_its_key() {
    for (module, place) in [
        ("[module]\nat = 1\nbearer.segmen = 512\n", "4:8: unknown key"),
        ("[module]\nbearer = { apn = \"x\", segment = \"big\" }\n", "3:23: "),
        ("[module.bearer]\napn = \"x\"\n[module.settings]\nfirst_bearer = \"x\"\n", "5:1: "),
        ("[module]\nbearer.apn = \"x\"\nvendor = \"nobody\"\n", "4:1: there is no vendor"),
    ] {
        let module = module.replace("at = 1\n", "bearer.apn = \"x\"\n");
        let ran = Bench::new().scenario(&format!("seed = 1\n{module}"), "exit 0");
        assert_eq!(ran.status, Some(2), "{}", ran.told);
        ran.tells(&format!("scenario.toml:{place}"));
    }
    let ran = Bench::new().scenario("seed = 1\n  profile = \"sim9999\"\n", "exit 0");
    ran.tells("scenario.toml:2:3: ");
}

#[test]
fn the_trace_tells_the_verdict_too() {
    let bench = Bench::new();
    let (scenario, trace) = (bench.file("scenario.toml", EXPECTATIONS), bench.path("trace.jsonl"));
    let options = ["--scenario", &scenario, "--trace", trace.to_str().expect("a path of letters")];
    assert_eq!(bench.exec(&options, &talk("exit 0")).status, Some(3));
    let trace = fs::read_to_string(trace).expect("a trace");
    let events: Vec<Value> = trace.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told = events.iter().filter(|e| e["event"] == "expectation").count();
    assert_eq!(told, 3);
    assert_eq!(events.last().expect("an end")["event"], "end");
}

#[test]
fn no_name_of_a_fault_breaks_the_reports() {
    let bench = Bench::new();
    let scenario = "profile = \"sim7080\"\n[[fault]]\nname = \"a\\u202E\\u001b\\uFFFE\"\nwhen = { verb = \"STOR\" }\n\
                    what = { reply = 550 }\n";
    let (scenario, junit) = (bench.file("scenario.toml", scenario), bench.path("verdict.xml"));
    let options = ["--scenario", &scenario, "--junit", junit.to_str().expect("a path of letters")];
    let ran = bench.exec(&options, "exit 0");
    let xml = fs::read_to_string(junit).expect("a report");
    assert!(xml.contains("is applied"), "{xml}");
    for text in [&xml, &ran.told] {
        assert!(!text.contains(['\u{202e}', '\u{1b}', '\u{fffe}']), "{text}");
    }
}
