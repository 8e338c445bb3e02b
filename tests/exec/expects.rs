//! What is expected beside lines: the host's own status, the module's state, and what holds over many seeds.

use crate::bench::{Bench, Ran, talk};

const UNLUCKY: &str = "\
[[fault]]
name = \"unlucky\"
when = { command = \"AT+CSQ\", probability = 0.5 }
what = { error = 10 }
[[expect]]
fault_applied = \"unlucky\"
over_seeds = \"sometimes\"
[[expect]]
host_sends = \"AT+CSQ\"
over_seeds = \"always\"
[[expect]]
host_sends = \"AT+COPS?\"
over_seeds = \"sometimes\"
";

const ASKS: &str = "say ATE0; hear OK; say AT+CSQ; hear OK || true";

#[test]
fn what_holds_over_many_seeds_is_judged_over_all_of_them() {
    let bench = Bench::new();
    let host = ASKS.replace("hear OK || true", "read -r line <&3; read -r line <&3");
    let scenario = bench.file("scenario.toml", UNLUCKY);
    let ran = bench.exec(&["--scenario", &scenario, "--seeds", "1..8"], &talk(&host));
    assert_eq!(ran.status, Some(3), "{}", ran.told);
    let summary = ran.lines.last().expect("a summary");
    assert_eq!(summary["failures"], 0, "each run alone passes");
    let held = summary["expectations"].as_array().expect("a list");
    let met: Vec<bool> = held.iter().map(|one| one["met"] == true).collect();
    assert_eq!(met, [true, true, false], "{summary}");
    assert_eq!((&held[1]["times"], &held[1]["runs"]), (&8.into(), &8.into()));
    ran.tells("not met: sometimes the host sends AT+COPS?: met in none of 8 runs");
}

#[test]
fn one_run_alone_is_a_campaign() {
    let sends = |over: &str| {
        let scenario = format!("[[expect]]\nhost_sends = \"AT+COPS?\"\nover_seeds = \"{over}\"\n");
        Bench::new().scenario(&scenario, &talk("say ATE0; hear OK")).status
    };
    assert_eq!(sends("sometimes"), Some(3));
    assert_eq!(sends("always"), Some(3));
}

fn ends(scenario: &str, host: &str) -> Ran {
    Bench::new().scenario(scenario, &talk(host))
}

#[test]
fn a_status_that_is_expected_is_a_pass() {
    let ran = ends("[[expect]]\nhost_status = 5\n", "exit 5");
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    assert_eq!((&ran.verdict()["host_status"], &ran.verdict()["passed"]), (&5.into(), &true.into()));
    for (host, status) in [("exit 0", 3), ("exit 4", 4)] {
        let ran = ends("[[expect]]\nhost_status = 5\n", host);
        assert_eq!(ran.status, Some(status), "{}", ran.told);
    }
    assert_eq!(ends("[[expect]]\nhost_status = 0\n", "exit 0").status, Some(0));
}

#[test]
fn what_the_host_prints_is_heard_and_passed_on() {
    let host = "echo starting; say AT; hear OK; echo upload complete >&2; printf 'no end'";
    for (expect, status) in [
        ("host_prints = \"upload complete\"", 0),
        ("host_prints = \"starting\"\nbefore = \"upload*\"\nwithin = \"1m\"", 0),
        ("host_prints = \"no end\"", 0),
        ("host_prints = \"upload failed\"", 3),
        ("host_prints = \"*\"\nexactly = 3", 0),
        ("host_never_prints = \"*complete\"", 3),
        ("host_never_prints = \"*Traceback*\"", 0),
    ] {
        let ran = ends(&format!("[[expect]]\n{expect}\n"), host);
        assert_eq!(ran.status, Some(status), "{expect}: {}", ran.told);
        ran.tells("starting\n");
        ran.tells("upload complete\nno end");
    }
    // Of much nothing is kept, and what a process holds that has escaped is not waited for.
    let much = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; say AT; hear OK";
    let ran = ends("[[expect]]\nhost_prints = \"line *\"\nexactly = 20000\n", much);
    assert_eq!(ran.status, Some(0), "{}", &ran.told[ran.told.len().saturating_sub(500)..]);
}

#[test]
fn the_state_of_the_module_in_the_end_is_seen() {
    let up = "profile = \"sim7080\"\nspeed = 20\n";
    let host = "say ATE0; hear OK; say AT+CNACT=0,1; hear +APP; ";
    for (state, more, status) in [
        ("bearer_up", "", 0),
        ("bearer_down", "", 3),
        ("bearer_down", "say AT+CNACT=0,0; hear +APP", 0),
        ("registered", "", 0),
        ("session_closed", "", 3),
    ] {
        let ran = ends(&format!("{up}[[expect]]\nmodule_state = \"{state}\"\n"), &format!("{host}{more}"));
        assert_eq!(ran.status, Some(status), "{state}: {}", ran.told);
    }
}

#[test]
fn a_host_that_sets_all_up_again_after_a_reset_recovers() {
    let scenario = "profile = \"sim7080\"\nspeed = 20\n[[fault]]\nname = \"watchdog\"\nwhen = { command = \"AT+CSQ\" }\n\
                    what = { reset = \"banner\" }\n[[expect]]\nrecovers_within = \"10m\"\n";
    let tools = "got() { while read -r line <&3; do case \"$line\" in OK*) return 0;; ERROR*|+CME*) return 1;; esac; done; exit 9; }; ";
    let up = "say ATE0; got; until say AT+CNACT=0,1 && got; do :; done; ";
    let reset = "say AT+CSQ; hear 'SMS Ready'; ";
    let ran = ends(scenario, &format!("{tools}{up}hear +APP; {reset}{up}hear +APP; say AT; got"));
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    let ran = ends(scenario, &format!("{tools}{up}hear +APP; {reset}say AT; got"));
    assert_eq!(ran.status, Some(3), "{}", ran.told);
    ran.tells("no bearer was up again");
}

#[test]
fn a_file_of_the_disk_is_compared() {
    let bench = Bench::new();
    bench.file("data.bin", "123");
    let scenario = |expect: &str| {
        format!("[server.files]\n\"up.bin\" = \"123\"\n\"other\" = \"9\"\n[[expect]]\n{expect}\n")
    };
    for (expect, status) in [
        ("file = \"up.bin\"\nequals = { local = \"data.bin\" }", 0),
        ("file = \"other\"\nequals = { local = \"data.bin\" }", 3),
        ("file = \"other\"\nunchanged = true", 0),
        ("no_other_files = \"*\"", 0),
    ] {
        let ran = bench.scenario(&scenario(expect), &talk("say AT; hear OK"));
        assert_eq!(ran.status, Some(status), "{expect}: {}", ran.told);
    }
    let adds =
        "say AT; hear OK; echo x > \"$BADLINE_FTP_ROOT/up.bin.part\"; echo 4 > \"$BADLINE_FTP_ROOT/other\"";
    for expect in ["no_other_files = \"*\"", "file = \"other\"\nunchanged = true"] {
        let ran = bench.scenario(&scenario(expect), &talk(adds));
        assert_eq!(ran.status, Some(3), "{expect}: {}", ran.told);
    }
}
