//! `badline import` as its users meet it: a log of each format, and logs that are none. `BLESS=1 cargo test --test import`
//! writes the recordings anew.

use badline::log::FORMATS;
use badline::transcript;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn logs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs")
}

fn import(arguments: &[&str], here: &Path) -> Output {
    let program = env!("CARGO_BIN_EXE_badline");
    Command::new(program).arg("import").args(arguments).current_dir(here).output().expect("it runs")
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

fn recording(out: &Output) -> String {
    assert!(out.status.success(), "{}", said(out));
    String::from_utf8(out.stdout.clone()).expect("a recording is UTF-8")
}

/// A log of these bytes, imported.
fn of(log: &[u8], options: &[&str]) -> Output {
    let here = tempfile::tempdir().expect("a folder");
    fs::write(here.path().join("a.log"), log).expect("a log");
    import(&[&["a.log"], options].concat(), here.path())
}

#[test]
fn a_log_of_each_format_becomes_a_recording() {
    let mut wrong = vec![];
    let others = [("sscom-gbk", "sscom")];
    for (file, format) in FORMATS.iter().map(|kind| (kind.name, kind.name)).chain(others) {
        let log = format!("{file}.log");
        let times = logs().join(format!("{file}.tim"));
        let times = if times.exists() { vec![format!("{file}.tim")] } else { vec![] };
        let files: Vec<&str> = [log.as_str()].into_iter().chain(times.iter().map(String::as_str)).collect();
        let out = import(&files, &logs());
        let text = recording(&out);
        assert!(said(&out).contains(&format!("{log}: looks like {format} (")), "{}", said(&out));
        let read =
            transcript::parse(file, &text).unwrap_or_else(|mistakes| panic!("{file}: {}", mistakes[0]));
        assert_eq!(read.recorded(), Some(format));
        let right = logs().join(format!("{file}.at"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&right, &text).expect("the recording");
        }
        if fs::read_to_string(&right).unwrap_or_default() != text {
            wrong.push(format!("{file}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_log_of_a_modem_is_told_as_that() {
    for (log, what) in [
        (&b""[..], "the log is empty"),
        (b"the quick brown fox\njumps over\n", "nothing in the log's 2 lines is said to a modem or by one"),
        (b"\x00\xff\xfe\x01\x02\x03\n\x80\x81\n", "nothing in the log's 2 lines"),
    ] {
        let out = of(log, &[]);
        assert_eq!(out.status.code(), Some(2), "{}", said(&out));
        assert!(said(&out).contains(what), "{}", said(&out));
        assert!(out.stdout.is_empty());
    }
}

#[test]
fn one_exchange_is_enough_whatever_stands_around_it() {
    let noise = [
        b"\x00\xff\x80junk\n".repeat(50),
        b"AT+CSQ\r\r\n+CSQ: 21,0\r\n\r\nOK\r\n".into(),
        b"\xc3\x28\nAT+C".into(),
    ]
    .concat();
    let out = of(&noise, &[]);
    let text = recording(&out);
    assert!(text.contains("> AT+CSQ\n") && text.contains("< +CSQ: 21,0\n< OK\n"), "{text}");
    assert_eq!(text.matches("# unplaced: ").count(), 51, "{text}");
    assert!(said(&out).contains("51 unplaced"), "{}", said(&out));
}

#[test]
fn a_log_is_not_written_over() {
    let here = tempfile::tempdir().expect("a folder");
    let log = here.path().join("a.log");
    fs::write(&log, "AT\r\r\nOK\r\n").expect("a log");
    let out = import(&["a.log", "-o", "a.log"], here.path());
    assert_eq!(out.status.code(), Some(2));
    assert!(said(&out).contains("that is a log that is read"), "{}", said(&out));
    assert_eq!(fs::read(&log).expect("the log"), b"AT\r\r\nOK\r\n");
    fs::write(here.path().join("mine.at"), "> AT\n").expect("a transcript");
    assert!(said(&import(&["a.log", "-o", "mine.at"], here.path())).contains("is no recording"));
    for _ in 0..2 {
        let out = import(&["a.log", "-o", "new.at"], here.path());
        assert!(out.status.success() && out.stdout.is_empty(), "{}", said(&out));
    }
}

#[test]
fn two_modems_in_one_log_are_two_recordings() {
    let here = tempfile::tempdir().expect("a folder");
    let line = |tty: &str, said: &str| format!("ModemManager[1]: <debug> ({tty}): {said}\n");
    let log = [
        line("ttyUSB2", "--> 'AT+CSQ<CR>'"),
        line("ttyUSB5", "--> 'AT+CPIN?<CR>'"),
        line("ttyUSB2", "<-- '<CR><LF>+CSQ: 21,0<CR><LF><CR><LF>OK<CR><LF>'"),
        line("ttyUSB5", "<-- '<CR><LF>+CPIN: READY<CR><LF><CR><LF>OK<CR><LF>'"),
    ];
    fs::write(here.path().join("a.log"), log.concat()).expect("a log");
    let out = import(&["a.log"], here.path());
    assert_eq!(out.status.code(), Some(2));
    assert!(said(&out).contains("2 modems: ttyUSB2, ttyUSB5"), "{}", said(&out));
    assert!(import(&["a.log", "-o", "r.at"], here.path()).status.success());
    let first = fs::read_to_string(here.path().join("r.at")).expect("the first");
    let second = fs::read_to_string(here.path().join("r-2.at")).expect("the second");
    assert!(first.contains("> AT+CSQ\n") && !first.contains("CPIN"), "{first}");
    assert!(second.contains("> AT+CPIN?\n") && !second.contains("CSQ"), "{second}");
    let out = import(&["a.log", "--device", "ttyUSB5"], here.path());
    assert!(recording(&out).contains("> AT+CPIN?\n"));
    assert!(said(&out).contains("left out: device ttyUSB2"), "{}", said(&out));
    let out = import(&["a.log", "--device", "ttyUSB9"], here.path());
    assert!(said(&out).contains("there is no device ttyUSB9"), "{}", said(&out));
}

#[test]
fn logs_of_one_session_are_joined_by_their_times() {
    let here = tempfile::tempdir().expect("a folder");
    fs::write(
        here.path().join("new"),
        "[00:00:01.000] AT+CREG?\n[00:00:01.100] +CREG: 0,1\n[00:00:01.100] OK\n",
    )
    .expect("a log");
    fs::write(
        here.path().join("old"),
        "[23:59:59.000] AT+CSQ\n[23:59:59.100] +CSQ: 21,0\n[23:59:59.100] OK\n",
    )
    .expect("a log");
    let text = recording(&import(&["new", "old"], here.path()));
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(at("AT+CSQ") < at("AT+CREG?"), "{text}");
    assert!(text.contains("~ 1900ms\n> AT+CREG?"), "{text}");
}

#[test]
fn a_line_without_end_eats_no_memory() {
    let program = env!("CARGO_BIN_EXE_badline");
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -v 300000; exec \"$0\" import -", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut log = child.stdin.take().expect("its input");
    log.write_all(b"AT\r\r\nOK\r\n").expect("the log");
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..6 {
        log.write_all(&piece).expect("the log");
    }
    drop(log);
    let out = child.wait_with_output().expect("it ends");
    assert!(out.status.success(), "{}", said(&out));
}

#[test]
fn a_format_and_a_profile_can_be_said() {
    let log = b"-> AT+CSQ\n<- +CSQ: 21,0\n<- OK\n";
    let text = recording(&of(log, &["--format", "arrows", "--profile", "m95"]));
    assert!(text.contains("recorded arrows\n") && text.contains("profile m95\n"), "{text}");
    // The side that types is the host, whatever its mark.
    assert!(text.contains("> AT+CSQ\n") && text.contains("< +CSQ: 21,0\n"), "{text}");
    let out = of(log, &["--format", "arows"]);
    assert!(said(&out).contains("did you mean `arrows`"), "{}", said(&out));
    let out = of(log, &["--profile", "m96"]);
    assert_eq!(out.status.code(), Some(2));
}

#[test]
fn what_is_personal_is_masked_unless_it_is_wanted() {
    let log = b"AT+CGSN\r\r\n867000012345678\r\n\r\nOK\r\nAT+CPIN=\"4321\"\r\r\nOK\r\n";
    let text = recording(&of(log, &[]));
    assert!(!text.contains("867000012345678") && !text.contains("4321"), "{text}");
    let text = recording(&of(log, &["--unmasked"]));
    assert!(text.contains("< 867000012345678\n") && text.contains("\"4321\""), "{text}");
}
