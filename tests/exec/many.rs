//! Many scenarios in one call, several at once, on one machine or on several.

use crate::bench::{Bench, Ran, ran, talk};
use crate::guard::within;
use crate::{alive, pids};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A host that is content where the scenario is.
const ASKS: &str = "say ATE0; hear OK; say AT+CSQ; hear OK; echo \"under $BADLINE_SEED\"";

const WANTS: &str = "profile = \"sim7080\"\n\n[[expect]]\nhost_sends = \"AT+CSQ\"\n";
const WANTS_MORE: &str = "profile = \"sim7080\"\n\n[[expect]]\nhost_sends = \"AT+CFUN?\"\n";

/// A folder of scenarios, of which one is not met, and what lies beside them.
fn folder(bench: &Bench) -> String {
    fs::create_dir_all(bench.path("s/deep")).expect("a folder");
    for (name, text) in [("c.toml", WANTS), ("a.toml", WANTS), ("b.toml", WANTS_MORE), ("deep/d.toml", WANTS)]
    {
        bench.file(&format!("s/{name}"), text);
    }
    bench.file("s/module.toml", "extends = \"sim7080\"\n");
    bench.file("s/notes.txt", "no scenario");
    bench.path("s").display().to_string()
}

fn names(ran: &Ran) -> Vec<String> {
    let mut verdicts = ran.verdicts();
    verdicts.sort_by_key(|verdict| verdict["point"].as_u64());
    let name = |verdict: &&Value| {
        let scenario = verdict["scenario"].as_str().expect("a scenario");
        Path::new(scenario).file_stem().expect("a name").to_string_lossy().into_owned()
    };
    verdicts.iter().map(name).collect()
}

#[test]
fn a_folder_is_run_several_at_once_and_gives_one_report() {
    let bench = Bench::new();
    let (folder, junit) = (folder(&bench), bench.path("verdict.xml").display().to_string());
    let options = ["--scenario", &folder, "-j", "4", "--seeds", "1..2", "--junit", &junit];
    let ran = bench.exec(&options, &talk(ASKS));
    assert_eq!(ran.status, Some(3), "{}", ran.told);
    assert_eq!(names(&ran), ["a", "a", "b", "b", "c", "c"]);
    let summary = ran.summary();
    assert_eq!((&summary["runs"], &summary["failures"]), (&6.into(), &2.into()));
    let again = summary["failed"][0]["reproduce"].as_str().expect("words");
    assert!(again.ends_with("b.toml --seed 1"), "{again}");
    let slow: Vec<f64> =
        summary["slowest"].as_array().expect("a list").iter().filter_map(|s| s["seconds"].as_f64()).collect();
    assert!(slow.len() == 6 && slow.is_sorted_by(|a, b| a >= b), "{slow:?}");
    // The host of each has been told what is its own.
    let ready: Vec<&Value> = ran.lines.iter().filter(|line| line["event"] == "ready").collect();
    for key in ["port", "link", "control", "ftp", "ftp_root"] {
        let own: BTreeSet<String> = ready.iter().map(|line| line[key].to_string()).collect();
        assert!(own.len() > 1, "{key} is the same for all: {own:?}");
    }
    let xml = fs::read_to_string(junit).expect("a report");
    assert_eq!(xml.matches("<testsuite ").count(), 3);
    assert_eq!(
        xml.matches("the last").count() + xml.matches("command  AT+CSQ").count(),
        2,
        "once each: {xml}"
    );
    assert!(xml.contains("the host sends AT+CFUN? (seed 2)\"") && xml.contains("under 1"), "{xml}");
    assert!(xml.contains("file=\"") && xml.contains("line=\"3\""), "{xml}");
}

#[test]
fn scenarios_are_named_by_file_by_pattern_and_by_name_each_once() {
    let bench = Bench::new();
    let folder = folder(&bench);
    let (deep, file) = (format!("{folder}/**/*.toml"), format!("{folder}/c.toml"));
    let ran = bench.exec(&["--scenario", &file, "--scenario", &deep, "--scenario", "late-226"], &talk(ASKS));
    assert_eq!(names(&ran), ["c", "a", "b", "d", "late-226"]);
    for (wrong, what) in
        [("none*.toml", "no scenario matches"), ("deep", "no scenario lies"), ("x.toml", "no such scenario")]
    {
        let wrong = if wrong == "deep" {
            fs::create_dir_all(bench.path("empty")).map(|()| bench.path("empty")).expect("a folder")
        } else {
            bench.path(wrong)
        };
        let ran =
            bench.exec(&["--scenario", &file, "--scenario", wrong.to_str().expect("letters")], &talk(ASKS));
        assert_eq!(ran.status, Some(2), "{}", ran.told);
        assert!(ran.lines.is_empty());
        ran.tells(what);
    }
}

#[test]
fn the_mistakes_of_all_scenarios_are_told_before_one_is_run() {
    let bench = Bench::new();
    let folder = folder(&bench);
    bench.file("s/c.toml", "profil = \"sim7080\"\n");
    bench.file("s/d.toml", "seed = -1\n");
    let ran = bench.exec(&["--scenario", &folder, "-j", "2"], "touch \"$HERE/started\"");
    assert_eq!(ran.status, Some(2));
    ran.tells("c.toml:1:1: ");
    ran.tells("d.toml:1:");
    assert!(!bench.path("started").exists());
}

#[test]
fn shards_put_together_are_the_whole() {
    let bench = Bench::new();
    let folder = folder(&bench);
    let host = talk(ASKS);
    let options = ["--scenario", &folder, "--seeds", "1..3", "--repeat", "2"];
    let shard = |n: u64| {
        let of = format!("{n}/4");
        let mut command = bench.command(&[&options[..], &["--shard", &of, "-j", "2"]].concat(), &host);
        let out = within(move || command.output().expect("the program starts"));
        let name = format!("{n}.json");
        fs::write(bench.path(&name), out.stdout).expect("a file");
        name
    };
    let parts: Vec<String> = (1..=4).map(shard).collect();
    let report = |parts: &[String], more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command.arg("report").args(parts).args(more).current_dir(bench.here.path());
        command.env_remove("GITHUB_ACTIONS").env_remove("GITLAB_CI").stdin(Stdio::null());
        ran(command)
    };
    let whole = report(&parts, &["--junit", "all.xml", "--html", "all.html"]);
    assert_eq!(whole.status, Some(3), "{}", whole.told);
    assert_eq!(whole.told, "");
    assert_eq!((&whole.summary()["runs"], &whole.summary()["failures"]), (&18.into(), &6.into()));
    let points: Vec<u64> = whole.verdicts().iter().filter_map(|v| v["point"].as_u64()).collect();
    assert!(points.into_iter().eq(1..=18));
    let xml = fs::read_to_string(bench.path("all.xml")).expect("a report");
    assert_eq!(xml.matches("<testcase name=\"the host ends with status 0").count(), 18);
    let page = fs::read_to_string(bench.path("all.html")).expect("a page");
    assert!(page.contains("18 runs, 6 failed") && page.matches("FAILED").count() == 6, "{page}");
    // The same again, from what the report has printed itself.
    fs::write(
        bench.path("whole.json"),
        whole.lines.iter().map(|line| format!("{line}\n")).collect::<String>(),
    )
    .expect("a file");
    assert_eq!(report(&["whole.json".into()], &[]).summary()["runs"], 18);

    let ran = report(&parts[..3], &[]);
    assert_eq!(ran.status, Some(3));
    ran.tells("4 of 18 runs are missing: there is no report of shard 4/4");
    assert_eq!(ran.summary()["not_run"], 4);
    let ran = report(&[&parts[..], &parts[1..2]].concat(), &[]);
    ran.tells("2.json: shard 2/4 is there twice");
    assert_eq!(ran.summary()["runs"], 18);
    let text = fs::read_to_string(bench.path("1.json")).expect("a report");
    fs::write(bench.path("cut.json"), &text[..text.len() - 20]).expect("a file");
    let ran = report(&[&parts[1..], &["cut.json".to_owned()]].concat(), &[]);
    ran.tells("cut.json has no summary: it is cut off");
    for (wrong, told) in [
        ("", "there is no verdict"),
        ("{\"event\":\"verdict\"}\n", "wrong.json:1: "),
        ("noise\n", "wrong.json:1: "),
    ] {
        fs::write(bench.path("wrong.json"), wrong).expect("a file");
        let ran = report(&["wrong.json".into()], &[]);
        assert_eq!(ran.status, Some(2));
        ran.tells(told);
    }
}

#[test]
fn what_passes_and_is_not_whole_does_not_pass() {
    let bench = Bench::new();
    let scenario = bench.file("a.toml", WANTS);
    let mut command =
        bench.command(&["--scenario", &scenario, "--seeds", "1..3", "--shard", "1/2"], &talk(ASKS));
    let out = within(move || command.output().expect("the program starts"));
    assert_eq!(out.status.code(), Some(0));
    fs::write(bench.path("1.json"), out.stdout).expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
    command.args(["report", "1.json", "--plain"]).current_dir(bench.here.path());
    let out = command.output().expect("the program starts");
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stdout).contains("1 were not run: no report has them"));
}

#[test]
fn the_status_of_many_is_that_of_the_worst() {
    let bench = Bench::new();
    let folder = folder(&bench);
    // The first that failed has an expectation that was not met, and a later host a status of its own.
    let host = talk(&format!("{ASKS}; case \"$BADLINE_SCENARIO\" in *c.toml) exit 9;; esac"));
    assert_eq!(bench.exec(&["--scenario", &folder, "-j", "3"], &host).status, Some(9));
}

#[test]
fn what_has_one_place_is_refused_where_several_run_at_once() {
    let bench = Bench::new();
    let link = bench.path("link").display().to_string();
    let root = bench.here.path().display().to_string();
    let one = [
        ["--link", &link],
        ["--tcp", "127.0.0.1:2222"],
        ["--ftp-listen", "127.0.0.1:2121"],
        ["--control", &link],
        ["--http", "127.0.0.1:8080"],
        ["--ftp-root", &root],
        ["--state", &root],
    ];
    for option in one {
        let ran =
            bench.exec(&[&option[..], &["-j", "2", "--seeds", "1..2"]].concat(), "touch \"$HERE/started\"");
        assert_eq!(ran.status, Some(2), "{option:?}");
        ran.tells(&format!("{} names one place", option[0]));
    }
    assert!(!bench.path("started").exists());
}

#[test]
fn scenarios_that_want_the_same_address_are_told_and_do_not_run_at_once() {
    let bench = Bench::new();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("its address").to_string();
    drop(socket);
    let text = format!("{WANTS}[forward]\n21 = \"{address}\"\n");
    let text = format!(
        "[forward]\n21 = \"{address}\"\n{}",
        &text[text.find("[[expect").expect("one")..text.find("[forward").expect("one")]
    );
    let (a, b) = (bench.file("a.toml", &text), bench.file("b.toml", &text));
    let ran = bench.exec(&["--scenario", &a, "--scenario", &b, "-j", "2", "--repeat", "3"], &talk(ASKS));
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    ran.tells("do not run at once");
    assert_eq!(ran.verdicts().len(), 6);
}

#[test]
fn the_hosts_of_others_are_left_alone_and_no_process_stays() {
    let bench = Bench::new();
    // One leaves its group and its parent; another its environment, too. The quick ones end while the slow ones run.
    let host = talk(
        r#"
        own="$HERE/pids$BADLINE_SEED"
        setsid sh -c "echo \$\$ >> '$own'; exec sleep 600" &
        (env -i setsid sh -c "echo \$\$ >> '$own'; exec sleep 600" &)
        until test "$(wc -l < "$own" 2>/dev/null)" -ge 2; do :; done
        cat "$own" >> "$HERE/pids"
        case "$BADLINE_SEED" in 1|2) sleep 1.2;; esac
        say AT; hear OK
        "#,
    );
    let ran = bench.exec(&["--seeds", "1..6", "-j", "3"], &host);
    assert_eq!(ran.status, Some(0), "{}", ran.told);
    let pids = pids(&bench);
    assert_eq!(pids.len(), 12);
    assert!(!pids.iter().any(|pid| alive(pid)), "{pids:?}");
}

#[test]
fn a_host_reads_nothing_and_may_print_without_end() {
    let bench = Bench::new();
    let junit = bench.path("verdict.xml").display().to_string();
    let host = talk(
        "cat; say AT; hear OK; echo first; head -c 30000000 /dev/zero | tr '\\0' x; echo; echo last; exit 4",
    );
    let mut command = bench.command(&["--junit", &junit, "--seeds", "1..2", "-j", "2"], &host);
    command.stdin(Stdio::piped());
    let ran = ran(command);
    assert_eq!(ran.status, Some(4), "{}", ran.told.len());
    let xml = fs::read_to_string(junit).expect("a report");
    assert!(xml.contains("first") && xml.contains("last") && xml.contains("bytes are left out]"));
    assert!(xml.len() < 400_000, "{}", xml.len());
    assert!(ran.told.len() < 400_000);
}

#[test]
fn a_signal_ends_all_at_once_and_every_report_says_so() {
    let bench = Bench::new();
    let junit = bench.path("verdict.xml").display().to_string();
    let host = "echo $$ >> \"$HERE/pids\"; trap '' TERM; : <>\"$BADLINE_PORT\"; while :; do sleep 600; done";
    let mut command = bench.command(&["--seeds", "1..9", "-j", "3", "--junit", &junit], host);
    let temporary = bench.path("tmp");
    fs::create_dir(&temporary).expect("a folder");
    command
        .env("TMPDIR", &temporary)
        .env_remove("XDG_RUNTIME_DIR")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    let pids_file = bench.path("pids");
    within(move || {
        while fs::read_to_string(&pids_file).unwrap_or_default().lines().count() < 3 {
            std::thread::yield_now();
        }
    });
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    let out = within(move || child.wait_with_output().expect("it ends"));
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(130), "{told}");
    let lines: Vec<Value> = String::from_utf8_lossy(&out.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let summary = lines.last().expect("a summary");
    assert_eq!(
        (&summary["status"], &summary["runs"], &summary["not_run"]),
        (&130.into(), &3.into(), &6.into())
    );
    let xml = fs::read_to_string(junit).expect("a report");
    assert!(xml.contains("6 runs were not begun: interrupted by signal 2"), "{xml}");
    assert!(!pids(&bench).iter().any(|pid| alive(pid)));
    assert_eq!(fs::read_dir(temporary).expect("a folder").count(), 0);
}

#[test]
fn a_full_disk_under_a_report_is_told_and_no_pass() {
    let bench = Bench::new();
    for option in ["--junit", "--html", "--code-quality"] {
        let ran = bench.exec(&[option, "/dev/full", "--seeds", "1..2"], &talk(ASKS));
        assert_eq!(ran.status, Some(2), "{option}");
        ran.tells(&format!("{option} /dev/full: no space left on device"));
        assert_eq!(ran.summary()["status"], 2);
    }
    let mut command = bench.command(&["--seeds", "1..2"], &talk(ASKS));
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut child = command.stdout(full).stderr(Stdio::null()).spawn().expect("it starts");
    assert_eq!(within(move || child.wait().expect("it ends").code()), Some(2));
}

#[test]
fn the_forges_are_told_in_their_words() {
    let bench = Bench::new();
    let folder = folder(&bench);
    let summary = bench.path("summary.md");
    let mut command = bench.command(&["--scenario", &folder, "--plain"], &talk(ASKS));
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", bench.here.path())
        .env("GITHUB_STEP_SUMMARY", &summary);
    let out = within(move || command.output().expect("the program starts"));
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(3));
    assert!(told.contains("\n::error file=s/b.toml,line=3,title="), "{told}");
    assert!(told.contains("::the host sends AT+CFUN?: never\n"), "{told}");
    assert_eq!((told.matches("::group::").count(), told.matches("::endgroup::").count()), (1, 1));
    let text = fs::read_to_string(&summary).expect("a summary");
    assert!(
        text.starts_with("## ❌ Badline: 3 runs, 1 failed\n")
            && text.contains("- line 3: the host sends AT+CFUN?: never"),
        "{text}"
    );
    assert!(String::from_utf8_lossy(&out.stdout).contains("3 runs, 1 failed, in "));

    let quality = bench.path("quality.json");
    let mut command = bench
        .command(&["--scenario", &folder, "--code-quality", quality.to_str().expect("letters")], &talk(ASKS));
    command.env("GITLAB_CI", "true").env("CI_PROJECT_DIR", bench.here.path());
    let out = within(move || command.output().expect("the program starts"));
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        told.contains("\x1b[0Ksection_start:") && told.contains(":badline_2[collapsed=true]\r\x1b[0K"),
        "{told}"
    );
    let issues: Value = serde_json::from_str(&fs::read_to_string(quality).expect("a report")).expect("JSON");
    assert_eq!(issues[0]["location"], serde_json::json!({"path": "s/b.toml", "lines": {"begin": 3}}));
}

#[test]
fn the_host_knows_the_speed_the_turn_and_each_port() {
    let host = talk(
        r#"test "$BADLINE_SPEED" = 7 || exit 10
        test "$BADLINE_TURN" = 1 && test "$BADLINE_PORT_1" = "$BADLINE_PORT" || exit 11
        test -S "$BADLINE_CONTROL" || exit 12"#,
    );
    let ran = Bench::new().exec(&["--speed", "7"], &host);
    assert_eq!(ran.status, Some(0), "{}", ran.told);
}
