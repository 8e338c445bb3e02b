//! Every unsolicited result code that a session of each profile brings about comes when `[urc]` says.

use badline::Bench;
use badline::time::Now;
use badline::trace::{Event, Record, Sink};
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const DELAY: Duration = Duration::from_secs(9);
/// How long the host waits for more of an answer.
const QUIET: Duration = Duration::from_secs(20);

/// What the host does with each profile: lines, and payload behind `=`.
const SESSIONS: &[(&str, &[&str])] = &[
    (
        "sim7080",
        &[
            "AT+CNACT=0,1",
            "AT+CNTP=\"pool.ntp.org\",0",
            "AT+CNTP",
            "AT+FTPSERV=\"ftp.example.com\";+FTPGETNAME=\"a.txt\";+FTPGETPATH=\"/\";+FTPPUTNAME=\"b.txt\";+FTPPUTPATH=\"/\"",
            "AT+FTPGET=1",
            "AT+FTPGET=2,100",
            "AT+FTPSIZE",
            "AT+FTPMDTM",
            "AT+FTPPUT=1",
            "AT+FTPPUT=2,3",
            "=abc",
            "AT+FTPPUT=2,0",
            "AT+FTPETPUT=1",
            "AT+FTPETPUT=2",
            "=abc\u{3}",
            "AT+FTPETGET=1",
            "AT+FTPEXTGET=1",
            "AT+FTPLIST=1",
            "AT+FTPLIST=2,1000",
            "AT+FTPDELE",
            "AT+FTPMKD",
            "AT+FTPSERV=\"\";+FTPGET=1",
            "AT+CNACT=0,0",
        ],
    ),
    (
        "sim800",
        &[
            "AT+CREG=2",
            "AT+CFUN=4",
            "AT+CFUN=1",
            "AT+CIPSTATUS",
            "AT+SAPBR=1,1",
            "AT+FTPCID=1;+FTPSERV=\"ftp.example.com\";+FTPGETNAME=\"a.txt\";+FTPGETPATH=\"/\";+FTPPUTNAME=\"b.txt\";+FTPPUTPATH=\"/\"",
            "AT+FTPGET=1",
            "AT+FTPGET=2,100",
            "AT+FTPPUT=1",
            "AT+FTPPUT=2,3",
            "=abc",
            "AT+FTPPUT=2,0",
            "AT+FTPGETTOFS=0,\"C:\\\\a.txt\"",
            "AT+FTPSIZE",
            "AT+CGATT=0",
        ],
    ),
    (
        "m10",
        &[
            "AT+QFTPCLOSE",
            "AT+QIREGAPP",
            "AT+QIACT",
            "AT+QISTAT",
            "AT+QFTPOPEN=\"ftp.example.com\",21",
            "AT+QFTPPATH=\"/\"",
            "AT+QFTPCFG=1,1",
            "AT+QFTPGET=\"a.txt\"",
            "AT+QFTPPUT=\"b.txt\",3,10",
            "=abc",
            "AT+QFTPGET=\"none\"",
            "AT+QFTPCLOSE",
        ],
    ),
    (
        "m95",
        &[
            "AT+QFTPOPEN=\"ftp.example.com\",21",
            "AT+QFTPPATH=\"/\"",
            "AT+QFTPCFG=4,\"/RAM/a.txt\"",
            "AT+QFTPGET=\"a.txt\"",
            "AT+QFTPSIZE=\"a.txt\"",
            "AT+QFTPMKDIR=\"d\"",
            "AT+QFTPRMDIR=\"d\"",
            "AT+QFTPRENAME=\"a.txt\",\"c.txt\"",
            "AT+QFTPDELETE=\"c.txt\"",
            "AT+QFTPCFG=4,\"/COM/\"",
            "AT+QFTPLIST",
            "AT+QFTPNLST",
            "AT+QFTPCLOSE",
        ],
    ),
    (
        "nl668",
        &[
            "AT+CREG=1",
            "AT+CFUN=4",
            "AT+CFUN=1",
            "AT+MIPCALL=1,\"badline\"",
            "AT+FTPOPEN=\"ftp.example.com\",\"a\",\"b\"",
            "AT+FTPPWD",
            "AT+FTPMKD=\"d\"",
            "AT+FTPCWD=\"d\"",
            "AT+FTPCDUP",
            "AT+FTPRMD=\"d\"",
            "AT+FTPSYST",
            "AT+FTPNOOP",
            "AT+FTPGET=\"a.txt\"",
            "AT+FTPRECV=3000",
            "AT+FTPRETR=\"a.txt\"",
            "AT+FTPSTOR=\"b.txt\"",
            "=abc\u{3}",
            "AT+FTPREN=\"b.txt\",\"c.txt\"",
            "AT+FTPDEL=\"c.txt\"",
            "AT+FTPCLOSE",
            "AT+MIPCALL=0",
        ],
    ),
    (
        "wipsoft",
        &[
            "AT+WIPCFG=1",
            "AT+WIPBR=1,6",
            "AT+WIPBR=4,6,0",
            "AT+WIPCREATE=2,1,\"ftp.example.com\",21",
            "AT+WIPCLOSE=2,1",
            "AT+WIPCREATE=2,1,\"ftp.example.com\",9",
            "AT+WIPCREATE=4,1,\"ftp.example.com\"",
            "AT+WIPCLOSE=4,1",
            "AT+CGACT=0,1",
        ],
    ),
    (
        "wismo228",
        &[
            "AT+WIPCFG=1",
            "AT+WIPBR=1,6",
            "AT+WIPBR=4,6,0",
            "AT+WIPCREATE=2,1,\"ftp.example.com\",21",
            "AT+WIPCLOSE=2,1",
            "AT+WIPCREATE=1,1,5000",
            "AT+WIPCLOSE=1,1",
        ],
    ),
];

/// What the module said, and when.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    /// The host typed a line.
    Typed,
    Result,
    Data,
    Urc(String),
}

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<(Now, Said)>>>);

impl Sink for Heard {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        let said = match &record.event {
            Event::CommandLine { .. } => Said::Typed,
            Event::Result { .. } => Said::Result,
            Event::State { state, .. } if state.starts_with("data mode") => Said::Data,
            Event::Urc { line, .. } => Said::Urc(line.clone()),
            _ => return Ok(()),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((Now::from_micros(record.t), said));
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The session of a profile in which `[module]` says something of a line.
async fn run(profile: &str, lines: &[&str], module: &str) -> Vec<(Now, Said)> {
    let text = format!("profile = \"{profile}\"\n{module}");
    let bench = Bench::scenario_text(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let bench = bench.file("/a.txt", "hello");
    let mut hand = bench.by_hand().await.unwrap();
    let heard = Heard::default();
    hand.trace_to(Box::new(heard.clone()));
    while hand.line(1, Duration::from_secs(60)).await.unwrap().is_some() {}
    for line in lines {
        match line.strip_prefix('=') {
            Some(payload) => hand.send(1, payload.as_bytes()).await.unwrap(),
            None => hand.send(1, format!("{line}\r").as_bytes()).await.unwrap(),
        }
        while hand.line(1, QUIET).await.unwrap().is_some() {}
    }
    heard.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// How long after the line that was typed last an unsolicited line came first, and whether that line was answered, and led to
/// data mode, before.
fn first(said: &[(Now, Said)], line: &str) -> Option<(Duration, Vec<Said>)> {
    let at = said.iter().position(|(_, said)| matches!(said, Said::Urc(said) if known_as(said) == line))?;
    let typed = said[..at].iter().rposition(|(_, said)| *said == Said::Typed);
    let from = typed.map_or(Now::ZERO, |typed| said[typed].0);
    let before = said[typed.map_or(0, |typed| typed + 1)..at].iter().map(|(_, said)| said.clone()).collect();
    Some((said[at].0.since(from), before))
}

/// Whether data mode follows a line at once.
fn opens_data(said: &[(Now, Said)], line: &str) -> bool {
    said.windows(2)
        .any(|pair| matches!(&pair[0].1, Said::Urc(said) if said == line) && pair[1].1 == Said::Data)
}

/// What `[urc]` can know a line as: one that tells the time of a file is another each time.
fn known_as(line: &str) -> &str {
    if line.starts_with("+FTPMDTM") { "+FTPMDTM" } else { line }
}

fn lines_of(said: &[(Now, Said)]) -> BTreeSet<String> {
    let urc = |(_, said): &(Now, Said)| match said {
        Said::Urc(line) => Some(known_as(line).to_owned()),
        _ => None,
    };
    said.iter().filter_map(urc).collect()
}

#[tokio::test]
async fn each_comes_as_late_as_its_delay_says_and_never_where_that_is_said() {
    let mut all = 0;
    let mut wrong = vec![];
    for (profile, lines) in SESSIONS {
        let plain = run(profile, lines, "").await;
        let urcs = lines_of(&plain);
        assert!(urcs.len() > 2, "{profile}: {plain:?}");
        for line in &urcs {
            all += 1;
            let key = line.replace('"', "\\\"");
            let late = run(profile, lines, &format!("[module.urc.\"{key}\"]\ndelay = \"9s\"\n")).await;
            match first(&late, line) {
                Some((after, _)) if after >= DELAY => {}
                other => wrong.push(format!("{profile}: {line} with a delay comes {other:?}")),
            }
            let silent = run(profile, lines, &format!("[module.urc.\"{key}\"]\nwhen = \"never\"\n")).await;
            if lines_of(&silent).contains(line) && !opens_data(&plain, line) {
                wrong.push(format!("{profile}: {line} comes, and never should"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {all}:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn with_a_result_it_stands_beside_the_result_of_its_command() {
    let mut all = 0;
    let mut wrong = vec![];
    for (profile, lines) in SESSIONS {
        let plain = run(profile, lines, "").await;
        for line in lines_of(&plain) {
            let Some((_, before)) = first(&plain, &line) else { continue };
            // What leads to data mode, or ends it, has no result to stand beside.
            let answered = before.iter().filter(|said| **said == Said::Result).count() == 1;
            let streams = before.contains(&Said::Data);
            let first_of_command = !before.iter().any(|said| matches!(said, Said::Urc(_)));
            if !answered || streams || !first_of_command {
                continue;
            }
            all += 1;
            let key = line.replace('"', "\\\"");
            let module = format!("[module.urc.\"{key}\"]\nwhen = \"before-result\"\ndelay = \"9s\"\n");
            let said = run(profile, lines, &module).await;
            match first(&said, &line) {
                Some((after, _)) if after >= DELAY => {}
                other => wrong.push(format!("{profile}: {line} before the result comes {other:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {all}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_cannot_be_moved_is_refused_where_it_stands() {
    use badline::setup::files::profile_mistakes;
    for (profile, rule, place) in [
        ("sim800", "\"+CSQ\" = { delay = \"1s\" }", Some((3, 20))),
        ("sim800", "\"+CBC\" = { when = \"never\" }", Some((3, 19))),
        ("sim7080", "\"+FTPETGET: 1,1\" = { when = \"with-result\" }", Some((3, 29))),
        ("nl668", "\"+FTPRETR: 2\" = { when = \"before-result\" }", Some((3, 26))),
        ("m10", "CONNECT = { when = \"never\" }", Some((3, 20))),
        ("wipsoft", "\"+CME ERROR: 840\" = { when = \"with-result\" }", Some((3, 30))),
        ("wipsoft", "\"+CME ERROR: 840\" = { when = \"never\", delay = \"1s\" }", None),
        ("m10", "CONNECT = { delay = \"1s\" }", None),
        ("m10", "\"+QFTPOPEN:0\" = { when = \"with-result\", delay = \"1s\" }", None),
        ("nl668", "\"+FTPRETR\" = { when = \"with-result\" }", None),
        ("sim800", "STATE = { delay = \"1s\" }", None),
        ("sim800", "\"+SAPBR 1: DEACT\" = { delay = \"1s\" }", None),
        ("sim800", "\"+CSQ\" = { separator = \":\" }", None),
    ] {
        let mistakes = profile_mistakes("p.toml", &format!("extends = \"{profile}\"\n[urc]\n{rule}\n"));
        assert_eq!(mistakes.first().map(|m| (m.line, m.column)), place, "{profile} {rule}: {mistakes:?}");
    }
}
