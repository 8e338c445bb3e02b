//! The bench as a test uses it.

use super::{Bench, Hand};
use crate::fault::{Fault, LinkKind, Way, When};
use crate::trace::{Circuit, Event, Record};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const SECOND: Duration = Duration::from_secs(1);

/// A SIM7080 host that fetches a file and stops at the first thing that goes wrong.
async fn download(hand: &mut Hand) -> io::Result<Result<Vec<u8>, String>> {
    for line in ["AT", "AT+CNACT=0,1", "AT+FTPSERV=\"x\"", "AT+FTPGETNAME=\"a\"", "AT+FTPGETPATH=\"/\""] {
        hand.command(1, line, &["OK", "ERROR"], 9 * SECOND).await?;
    }
    hand.send(1, b"AT+FTPGET=1\r").await?;
    let mut got = vec![];
    while let Some(line) = hand.line(1, 200 * SECOND).await? {
        match line.strip_prefix("+FTPGET: ") {
            Some("1,1") => hand.send(1, b"AT+FTPGET=2,1024\r").await?,
            Some("1,0") => return Ok(Ok(got)),
            Some(code) if code.starts_with("1,") => return Ok(Err(line)),
            Some(length) => {
                let n = length.strip_prefix("2,").and_then(|n| n.parse().ok()).unwrap_or_default();
                got.extend_from_slice(&hand.bytes(1, n, SECOND).await?.unwrap_or_default());
            }
            None => {}
        }
    }
    Ok(Err("silence".into()))
}

#[tokio::test]
async fn a_host_turns_the_clock() {
    let content: Vec<u8> = (0..5000u32).map(|n| n as u8).collect();
    let bench = Bench::profile("sim7080").unwrap().file("a", content.clone());
    let mut hand = bench.by_hand().await.unwrap();
    assert_eq!(download(&mut hand).await.unwrap(), Ok(content));
}

#[tokio::test]
async fn a_stall_ends_in_the_modules_own_time_out_at_once() {
    let scenario = "
        profile = \"sim7080\"
        [server.files]
        a = { size = 5000 }
        [[fault]]
        name = \"tunnel\"
        when = { link = \"ftp.data\", after_bytes = 600 }
        what = { stall = \"down\" }
        for = \"10m\"
        [[expect]]
        host_sends = \"AT+FTPGET=1\"
        exactly = 1
        [[expect]]
        host_never_sends = \"AT+FTPGETPATH=*\"";
    let bench = Bench::scenario_text(scenario).unwrap();
    let mut runs = vec![];
    for _ in 0..2 {
        let mut hand = bench.by_hand().await.unwrap();
        let records = hand.records();
        assert_eq!(download(&mut hand).await.unwrap(), Err("+FTPGET: 1,64".into()));
        assert_eq!(hand.verdict().iter().map(|o| o.met).collect::<Vec<_>>(), [true, false]);
        assert!(hand.faults().iter().any(|f| f.name == "tunnel" && f.active));
        assert!(hand.now().as_micros() > 60_000_000);
        runs.push(records.take());
    }
    assert!(!runs[0].is_empty());
    assert_eq!(runs[0], runs[1], "the same seed is the same run");
}

#[tokio::test]
async fn the_result_of_a_plain_command_is_counted_and_calls_faults() {
    let scenario = "
        profile = \"sim7080\"
        [[fault]]
        name = \"third\"
        when = { result = \"OK\", nth = 3 }
        what = { say = \"+THIRD\" }
        [[expect]]
        module_says = \"OK\"
        exactly = 4
        [[expect]]
        fault_applied = \"third\"";
    let bench = Bench::scenario_text(scenario).unwrap();
    let mut hand = bench.by_hand().await.unwrap();
    for line in ["ATE0", "AT+CNTP?", "AT+CNTP", "AT"] {
        hand.command(1, line, &["OK", "ERROR"], SECOND).await.unwrap();
    }
    assert_eq!(hand.verdict().iter().map(|o| o.met).collect::<Vec<_>>(), [true, true]);
}

#[tokio::test]
async fn a_fault_stands_in_the_trace_before_what_comes_of_it() {
    let scenario = "
        profile = \"sim7080\"
        [[fault]]
        name = \"wrong\"
        when = { command = \"AT+CSQ\" }
        what = { error = 3 }
        [[fault]]
        name = \"other\"
        when = { urc = \"+FTPGET: 1,*\" }
        what = { answer = \"+FTPGET: 1,77\" }";
    let bench = Bench::scenario_text(scenario).unwrap();
    let mut hand = bench.by_hand().await.unwrap();
    let records = hand.records();
    hand.command(1, "AT+CSQ", &["ERROR"], SECOND).await.unwrap();
    assert!(download(&mut hand).await.unwrap().is_err());
    let told = |record: &Record| match &record.event {
        Event::CommandLine { line, .. } => Some(line.clone()),
        Event::FaultApplied { name, .. } | Event::FaultLifted { name, .. } => Some(name.clone()),
        Event::Result { text, .. } | Event::Urc { line: text, .. } => Some(text.clone()),
        _ => None,
    };
    let story: Vec<String> = records.take().iter().filter_map(told).collect();
    assert_eq!(story[..4], ["AT+CSQ", "wrong", "wrong", "ERROR"]);
    let other = story.iter().position(|told| told == "other").unwrap();
    assert_eq!(story[other..other + 3], ["other", "other", "+FTPGET: 1,77"]);
}

#[tokio::test]
async fn faults_that_lead_to_each_other_come_to_an_end() {
    let at_once = "profile = \"sim7080\"\n[module]\nreset_takes = \"0s\"";
    let ring = "when = { state = \"powered\", every = 1 }\nwhat = { reset = \"bare\" }";
    let mut hand = Bench::scenario_text(at_once).unwrap().fault(ring).unwrap().by_hand().await.unwrap();
    assert!(hand.faults()[0].missed > 0);
    assert!(hand.command(1, "AT", &["OK"], SECOND).await.unwrap().contains(&"OK".to_owned()));
}

#[tokio::test]
async fn a_port_in_data_mode_keeps_a_thousand_lines_for_later() {
    let bench = Bench::profile("m95").unwrap();
    let mut hand = bench.by_hand().await.unwrap();
    hand.turn(20 * SECOND).await.unwrap();
    hand.command(1, "AT+QFOPEN=\"a\",0", &["OK"], SECOND).await.unwrap();
    hand.command(1, "AT+QFWRITE=12451840,2,600", &["CONNECT"], SECOND).await.unwrap();
    let records = hand.records();
    hand.inject("when = { each = \"100ms\" }\nwhat = { say = \"RING\" }").unwrap();
    hand.turn(200 * SECOND).await.unwrap();
    hand.lift_all();
    hand.send(1, b"ab").await.unwrap();
    let mut rings = 0;
    while let Some(line) = hand.line(1, SECOND).await.unwrap() {
        rings += usize::from(line == "RING");
    }
    assert_eq!(rings, 1000);
    let told = |r: &Record| matches!(&r.event, Event::Note { text } if text.contains("were dropped"));
    assert!(records.take().iter().any(told));
}

#[tokio::test]
async fn a_live_modem_speaks_on_a_stream() {
    let bench = Bench::profile("sim7080").unwrap().speed(20);
    let mut live = bench.start().await.unwrap();
    let mut host = BufReader::new(live.port(1).unwrap());
    assert!(live.port(1).is_none() && live.path(1).is_none());
    host.write_all(b"AT\r").await.unwrap();
    let record = live.wait_for(|r| matches!(r.event, Event::Result { .. })).await;
    assert!(matches!(record.event, Event::Result { text, .. } if text == "OK"));
    let mut lines = host.lines();
    while lines.next_line().await.unwrap().unwrap() != "OK" {}
    let name = live.inject("what = { signal = 3 }\nname = \"weak\"").await.unwrap();
    assert_eq!(name, "weak");
    assert!(live.inject("what = { sygnal = 3 }").await.unwrap_err().to_string().contains("sygnal"));
    live.wait_for(|r| matches!(r.event, Event::FaultApplied { .. })).await;
    assert!(live.faults().await[0].active);
    assert!(live.lift("weak").await && !live.lift("weak").await);
    assert!(live.inject_named("weak").await && !live.inject_named("strong").await);
    live.set_speed(1000).await;
    let before = live.now().await;
    assert!(live.now().await >= before);
    assert!(live.verdict().await.is_empty());
}

#[tokio::test]
async fn two_modems_share_nothing() {
    let bench = Bench::profile("m10").unwrap().pty();
    let (one, two) = (bench.start().await.unwrap(), bench.start().await.unwrap());
    // A modem may be handed to another thread's runtime.
    fn sent<T: Send>(_: &T) {}
    sent(&one);
    assert_ne!(one.path(1), two.path(1));
    assert_ne!(one.root(), two.root());
    assert_ne!(one.ftp(), two.ftp());
}

#[tokio::test]
async fn an_unplugged_modem_comes_back_by_its_path() {
    let live = Bench::profile("m10").unwrap().pty().start().await.unwrap();
    let path = live.path(1).unwrap();
    let until = async |there: bool| {
        let seen = async {
            while path.exists() != there {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(9 * SECOND, seen).await.unwrap();
    };
    until(true).await;
    live.inject("what = { unplug = \"1h\" }").await.unwrap();
    until(false).await;
    live.set_speed(10_000).await;
    until(true).await;
}

#[test]
fn a_mistake_is_shown_at_its_place() {
    let mistakes = Bench::scenario_text("profile = \"sim7080\"\nsed = 7\n").unwrap_err();
    assert!(mistakes.to_string().starts_with("scenario:2:1: unknown key `sed`"), "{mistakes}");
    let twice =
        Bench::scenario_text("[hosts]\n\"a.example\" = \"refused\"\n\"A.example.\" = \"unreachable\"\n");
    let mistakes = twice.unwrap_err().to_string();
    assert!(mistakes.starts_with("scenario:2:1: host `a.example`: is there twice"), "{mistakes}");
    assert!(
        mistakes.contains("3 | \"A.example.\" = \"unreachable\"\n  | ------------ the same host"),
        "{mistakes}"
    );
    assert!(Bench::profile("sim708").unwrap_err().to_string().contains("sim7080"));
    assert!(Bench::profile("m10").unwrap().fault("what = { cut = \"fn\" }").is_err());
}

#[tokio::test]
async fn a_live_modem_keeps_the_last_records_only() {
    let mut live = Bench::profile("sim7080").unwrap().start().await.unwrap();
    let mut host = BufReader::new(live.port(1).unwrap());
    let mut line = String::new();
    for _ in 0..2000 {
        host.write_all(b"AT+CSQ\r").await.unwrap();
        while !line.starts_with("OK") {
            line.clear();
            host.read_line(&mut line).await.unwrap();
        }
        line.clear();
    }
    let asks = |r: &Record| matches!(&r.event, Event::CommandLine { line, .. } if line.ends_with("CSQ"));
    let gap = live.record().await;
    assert!(matches!(gap.event, Event::Note { text } if text.contains("records are missing")));
    let mut kept = 0;
    while tokio::time::timeout(SECOND / 10, live.wait_for(asks)).await.is_ok() {
        kept += 1;
    }
    assert!((1..2000).contains(&kept), "{kept}");
}

#[tokio::test]
async fn the_trace_shows_a_forced_line() {
    use Circuit::{Cts, Dcd, Dsr, Ri};
    let mut hand = Bench::profile("sim7080").unwrap().by_hand().await.unwrap();
    let records = hand.records();
    hand.turn(SECOND).await.unwrap();
    records.take();
    for line in ["dsr", "cts", "dcd", "ri"] {
        let fault = format!("what = {{ line = \"{line}\", on = {} }}\nfor = \"5s\"", line == "ri");
        hand.inject(&fault).unwrap();
    }
    hand.turn(10 * SECOND).await.unwrap();
    let seen = records.take().into_iter().filter_map(|record| match record.event {
        Event::Line { port: 1, line, on } => Some((record.t / 1_000_000, line, on)),
        _ => None,
    });
    let seen: Vec<_> = seen.collect();
    let forced = [(1, Dsr, false), (1, Cts, false), (1, Dcd, false), (1, Ri, true)];
    assert_eq!(seen[..4], forced);
    for (_, line, on) in forced {
        assert!(seen[4..].contains(&(6, line, !on && line != Dcd)), "{seen:?}");
    }
}

/// Downloads `/a`, of which `fault` is to let a number of octets pass; gives how many passed.
async fn passed(profile: &str, n: usize, what: &str) -> usize {
    let scenario = format!(
        "profile = \"{profile}\"
        [network]
        latency = \"150ms\"
        rate_down = \"100kbit/s\"
        [server.files]
        a = {{ size = 9000 }}
        [[fault]]
        when = {{ link = \"ftp.data\", after_bytes = {n} }}
        what = {{ {what} }}"
    );
    let mut hand = Bench::scenario_text(&scenario).unwrap().by_hand().await.unwrap();
    let records = hand.records();
    let lines: &[&str] = match profile {
        "m10" => &["AT+QFTPOPEN=\"ftp.example\",21", "AT+QFTPGET=\"a\""],
        _ => &[
            "AT+CNACT=0,1",
            "AT+FTPSERV=\"ftp.example\"",
            "AT+FTPGETPATH=\"/\"",
            "AT+FTPGETNAME=\"a\"",
            "AT+FTPGET=1",
        ],
    };
    for line in lines {
        hand.command(1, line, &["OK"], Duration::from_secs(5)).await.unwrap();
        hand.turn(Duration::from_secs(5)).await.unwrap();
    }
    let mut data = None;
    let octets = records.take().into_iter().filter_map(|record| match record.event {
        Event::LinkOpened { link, kind: LinkKind::Data, .. } => {
            data = Some(link);
            None
        }
        Event::Segment { link, way: Way::Down, len } if Some(link) == data => Some(len),
        _ => None,
    });
    octets.sum()
}

#[tokio::test]
async fn what_a_number_of_bytes_calls_for_lets_exactly_these_pass() {
    let whats = [
        "pdp_drop = \"all\"",
        "reset = \"bare\"",
        "cut = \"rst\"",
        "cut = \"fin\"",
        "cut = \"rst\", link = \"ftp\"",
        "cut = \"rst\", link = \"ftp.control\"",
    ];
    for profile in ["sim7080", "m10"] {
        for what in whats {
            for n in [1, 700, 1460, 2000] {
                assert_eq!(passed(profile, n, what).await, n, "{profile}: {what}");
            }
        }
    }
}

#[tokio::test]
async fn a_fault_ends_with_its_guard() {
    let modem = Bench::profile("sim7080").unwrap().start().await.unwrap();
    let guard = modem.fault(Fault::signal(3).named("weak")).await.unwrap();
    assert_eq!(guard.name(), "weak");
    assert!(modem.faults().await.iter().all(|fault| fault.active));
    drop(guard);
    assert!(!modem.faults().await.iter().any(|fault| fault.active));
    drop(modem.fault(Fault::signal(2).named("later").when(When::command("AT+CSQ"))).await.unwrap());
    assert!(!modem.lift("later").await, "it waits no more");
    let wrong = modem.fault(Fault::sim().jitter(SECOND)).await.unwrap_err().to_string();
    assert!(
        wrong.contains("what = { sim = \"out\", jitter = \"1s\" }") && wrong.contains("has no `jitter`"),
        "{wrong}"
    );
}
