//! The same transcript gives the same trace, apart from the wall clock, and no secret is in it.

use badline::Bench;
use badline::play;
use badline::trace::pcap::Capture;
use badline::trace::{Event, Record, Sink, Writer};
use badline::transcript;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SESSION: &str = "\
profile sim7080
seed 7
user simcomtest:hushhush
file /simftp.txt = 01234567890123456789012345678901234567890123456789
> AT+CNACT=0,1
< OK
~< 1s
< +APP PDP: 0,ACTIVE
> AT+FTPSERV=\"ftp.example\"
< OK
> AT+FTPUN=\"simcomtest\"
< OK
> AT+FTPPW=\"hushhush\"
< OK
> AT+FTPPW?
< +FTPPW: \"hushhush\"
< OK
> AT+FTPGETNAME=\"simftp.txt\"
< OK
> AT+FTPGETPATH=\"/\"
< OK
> AT+FTPGET=1
< OK
~< 1s
< +FTPGET: 1,1
> AT+FTPGET=2,1024
< +FTPGET: 2,50
<= 01234567890123456789012345678901234567890123456789
< OK
~< 1s
< +FTPGET: 1,0
~ 1s
> AT+NONSENSE
< ERROR
";

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Record>>>);

impl Sink for Kept {
    fn take(&mut self, record: &Record) -> io::Result<()> {
        self.0.lock().unwrap().push(record.clone());
        Ok(())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Played {
    records: Vec<Record>,
    trace: Vec<u8>,
    capture: Vec<u8>,
}

impl Played {
    fn of(kept: Kept, trace: Shared, capture: Shared) -> Played {
        let bytes = |shared: Shared| std::mem::take(&mut *shared.0.lock().unwrap());
        let records = std::mem::take(&mut *kept.0.lock().unwrap());
        Played { records, trace: bytes(trace), capture: bytes(capture) }
    }
}

fn played() -> Played {
    play(SESSION)
}

fn play(text: &str) -> Played {
    let (kept, trace, capture) = (Kept::default(), Shared::default(), Shared::default());
    let sinks: Vec<Box<dyn Sink>> = vec![
        Box::new(kept.clone()),
        Box::new(Writer::new(trace.clone())),
        Box::new(Capture::new(capture.clone()).unwrap()),
    ];
    let transcript = transcript::parse("session.at", text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let played = runtime.block_on(play::play_traced(transcript, None, false, sinks));
    played.unwrap_or_else(|e| panic!("{e}"));
    Played::of(kept, trace, capture)
}

#[test]
fn the_same_transcript_gives_the_same_trace() {
    let (one, two) = (played(), played());
    assert_eq!(one.records, two.records);
    assert_eq!(one.capture, two.capture);
    assert_eq!(one.records.len(), one.trace.split(|b| *b == b'\n').count() - 1);
}

#[test]
fn the_trace_tells_the_whole_session() {
    let events: Vec<Event> = played().records.into_iter().map(|record| record.event).collect();
    let told = |wanted: &dyn Fn(&Event) -> bool| assert!(events.iter().any(wanted), "{events:#?}");
    told(&|e| matches!(e, Event::Start { profile, seed: 7, .. } if profile == "sim7080"));
    told(&|e| matches!(e, Event::LookUp { name, .. } if name == "ftp.example"));
    told(&|e| matches!(e, Event::FtpVerb { line } if line == "RETR simftp.txt"));
    told(&|e| matches!(e, Event::FtpReply { code: 226, .. }));
    told(&|e| matches!(e, Event::Segment { len: 50, .. }));
    told(&|e| matches!(e, Event::Command { name, known: false, .. } if name == "+NONSENSE"));
    told(&|e| matches!(e, Event::Urc { line, .. } if line == "+FTPGET: 1,0"));
    let verb = |e: &Event| matches!(e, Event::FtpVerb { line } if line == "TYPE I");
    let reply = |e: &Event| matches!(e, Event::FtpReply { lines, .. } if lines[0].contains("Type set"));
    assert!(events.iter().position(verb) < events.iter().position(reply));
}

#[test]
fn the_rate_of_the_line_is_told_whenever_it_changes() {
    let rates = |text: &str| -> Vec<u32> {
        let rate = |record: Record| match record.event {
            Event::Baud { rate, .. } => Some(rate),
            _ => None,
        };
        play(text).records.into_iter().filter_map(rate).collect()
    };
    let ok = |commands: &[&str]| commands.iter().map(|c| format!("> {c}\n< OK\n")).collect::<String>();
    // The factory's, what is stored, and what a reset brings back.
    let found_out = "profile sim7080\nset power_on = []\n".to_string();
    let set = ["AT+IPR=9600", "AT+IPR=9600", "AT&F", "AT+IPR=19200;&W", "AT+IPR=0", "ATZ", "AT+IPR=4800"];
    assert_eq!(
        rates(&(found_out + &ok(&set) + &ok(&["AT+CFUN=1,1"]))),
        [9600, 0, 19200, 0, 19200, 4800, 19200]
    );
    let fixed = "profile sim7080\nset serial.baud = 9600\n> AT+IPR?\n< +IPR: 9600\n< OK\n".to_string();
    assert_eq!(rates(&(fixed + &ok(&["AT+IPR=0", "AT&F"]))), [9600, 0, 9600]);
}

#[test]
fn no_secret_is_in_a_trace() {
    let played = played();
    let secret = |bytes: &[u8]| bytes.windows(8).any(|window| window == b"hushhush");
    assert!(!secret(&played.trace));
    assert!(!secret(&played.capture));
}

/// What each module's own commands bear, as typed, repeated, garbled by a line that breaks off, and read back.
const TYPED: &[(&str, &[&str])] = &[
    (
        "sim7080",
        &[
            "AT+CNCFG=0,1,\"apn\",\"me\",\"hushhush\",1",
            "AT+CNCFG?",
            "AT+FTPPW=hushhush;+FTPPW?",
            "ate0+ftp pw = hushhush",
        ],
    ),
    (
        "sim7080",
        &[
            "AT+FTPPX\x08W=\"hushhush\"",
            "AT+FTPPW=\"hushhush",
            "AT+FTPPW=a\"hushhush\"",
            "AT+FTPPW=a;hushhush",
        ],
    ),
    (
        "sim800",
        &[
            "AT+SAPBR=3,1,\"PWD\",\"hushhush\"",
            "AT+SAPBR=4,1",
            "AT+SAPBR=3,1,PWD,hushhush",
            "AT+CSTT=\"a\",\"u\",\"hushhush\"",
            "AT+FTPPW=\"hushhush\";+FTPSCONT",
            "AT+FTPSCONT?",
        ],
    ),
    (
        "m10",
        &[
            "AT+QFTPPASS=\"hushhush\"",
            "AT+QFTPPASS?",
            "AT+QICSGP=1,\"apn\",\"me\",\"hushhush\"",
            "AT+QICSGP?",
            "AT+QIREGAPP=\"apn\",\"me\",\"hushhush\"",
            "AT+QIREGAPP?",
        ],
    ),
    ("m10", &["AT+QICSGP=0,\"123\",\"me\",\"hushhush\",4", "AT+QICSGP?", "AT+QFTPPASS=\"hu\",\"hushhush\""]),
    (
        "nl668",
        &["AT+FTPOPEN=\"host\",\"me\",\"hushhush\",\"hushhush\",,990,,1", "AT+FTPOPEN=\"me\",\"hushhush\""],
    ),
    ("nl668", &["AT+MIPCALL=1,\"apn\",\"me\",\"hushhush\"", "AT+MIPCALL=1,\"me\",\"hushhush\""]),
    (
        "wipsoft",
        &["AT+WIPBR=1,6", "AT+WIPBR=2,6,1,\"hushhush\"", "AT+WIPBR=3,6,1", "AT+WIPBR=2,6,0,\"hushhush\""],
    ),
    (
        "wipsoft",
        &["AT+WIPBR=4,5,1,\"me\",\"hushhush\"", "AT+WIPCREATE=4,1,\"host\",\"me\",\"hushhush\"", "A/"],
    ),
    (
        "wismo228",
        &[
            "AT+WIPCREATE=4,1,\"host\",21,\"me\",\"hushhush\"",
            "AT+WIPCREATE=4,1,\"host\",,\"me\",\"hushhush\"",
        ],
    ),
    ("sim7080", &["AT+CPIN=73167316", "AT+CPIN=\"73167316\",\"73167316\"", "AT+CSQ;+CPIN=73167316;+CSQ"]),
];

/// A modem whose host types lines one after the other, whatever comes.
async fn typed(profile: &str, lines: &[&str]) -> io::Result<Played> {
    let (kept, trace, capture) = (Kept::default(), Shared::default(), Shared::default());
    let mut hand = Bench::profile(profile).unwrap().by_hand().await?;
    hand.trace_to(Box::new(kept.clone()));
    hand.trace_to(Box::new(Writer::new(trace.clone())));
    hand.trace_to(Box::new(Capture::new(capture.clone())?));
    for line in lines {
        hand.turn(Duration::from_secs(30)).await?;
        let end = if *line == "A/" { "" } else { "\r" };
        hand.send(1, format!("{line}{end}").as_bytes()).await?;
    }
    hand.turn(Duration::from_secs(30)).await?;
    Ok(Played::of(kept, trace, capture))
}

#[test]
fn no_secret_of_any_module_is_in_a_trace() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (profile, lines) in TYPED {
        let played = runtime.block_on(typed(profile, lines)).unwrap();
        let told = played.records.iter().filter(|r| matches!(r.event, Event::CommandLine { .. })).count();
        assert_eq!(told, lines.len(), "{profile} {lines:?}");
        for written in [&played.trace, &played.capture] {
            let written = String::from_utf8_lossy(written);
            let shown: String = played.records.iter().map(|r| badline::trace::show(r) + "\n").collect();
            for secret in ["hushhush", "73167316"] {
                assert!(!written.contains(secret) && !shown.contains(secret), "{profile} {lines:?}\n{shown}");
                assert!(!format!("{:?}", played.records).contains(secret), "{profile} {lines:?}");
            }
        }
    }
}
