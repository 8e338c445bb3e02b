//! Each answer of each profile ends with a result, whatever the maker prints in the place of one.

use badline::maker::PROFILES;
use badline::modem::Notes;
use badline::modem::{Dce, Modem, Note, Output, PortId};
use badline::profile::Profile;
use badline::setup::files;
use badline::time::Now;
use std::sync::Arc;
use std::time::Duration;

const PORT: PortId = PortId(0);

/// A profile in the binary, by its name.
fn profile(name: &str) -> Arc<Profile> {
    let mut whole = files::profile(name).unwrap_or_else(|_| panic!("{name}"));
    Arc::make_mut(&mut whole).bearer.address = [10, 1, 2, 3].into();
    whole
}

/// A module, and its clock; the network behind it never answers.
struct Bench {
    modem: Modem,
    now: Now,
}

/// What came of a command line.
#[derive(Debug, Default)]
struct Heard {
    text: String,
    /// The result codes: as printed, and what each stands for.
    results: Vec<(String, String)>,
}

impl Bench {
    fn new(profile: Arc<Profile>) -> Bench {
        let behaviour = files::behaviour(&profile).unwrap_or_else(|_| panic!("no behaviour"));
        let mut modem = Modem::new(profile, behaviour, 1);
        modem.take_notes(Notes::Taken);
        modem.power_on(Now::ZERO);
        let mut bench = Bench { modem, now: Now::ZERO };
        bench.passes(Duration::from_secs(60));
        bench.types("ATE0");
        bench
    }

    /// The host types a line, and waits for what comes of it.
    fn types(&mut self, line: &str) -> Heard {
        self.modem.handle_uart(self.now, PORT, format!("{line}\r").as_bytes());
        self.passes(Duration::from_secs(20))
    }

    fn passes(&mut self, time: Duration) -> Heard {
        let (mut heard, end) = (Heard::default(), self.now + time);
        self.drain(&mut heard);
        while let Some(at) = self.modem.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.modem.handle_timeout(self.now);
            self.drain(&mut heard);
        }
        self.now = end;
        heard
    }

    fn drain(&mut self, heard: &mut Heard) {
        while let Some(output) = self.modem.poll_output() {
            match output {
                Output::Uart { bytes, port, .. } => {
                    heard.text.push_str(&String::from_utf8_lossy(&bytes));
                    self.modem.handle_sent(self.now, port, bytes.len());
                }
                Output::Note(Note::Result { text, cause, .. }) => {
                    heard.results.push((text.clone(), cause.unwrap_or(text)));
                }
                _ => {}
            }
        }
    }
}

/// Answers without OK: the profile, what goes before, the command, and what it prints under `V1`, `V0` and `V1Q1`.
const OWN: &[(&str, &[&str], &str, [&str; 3])] = &[
    ("sim800", &[], "AT+CIPSHUT", ["\r\nSHUT OK\r\n", "SHUT OK\r\n", ""]),
    (
        "sim800",
        &["AT+CSTT=\"a\"", "AT+CIICR"],
        "AT+CIFSR",
        ["\r\n10.1.2.3\r\n", "10.1.2.3\r\n", "\r\n10.1.2.3\r\n"],
    ),
    ("m10", &[], "AT+QIDEACT", ["\r\nDEACT OK\r\n", "DEACT OK\r\n", ""]),
    ("m95", &[], "AT+QIDEACT", ["\r\nDEACT OK\r\n", "DEACT OK\r\n", ""]),
    (
        "m10",
        &["AT+QIREGAPP", "AT+QIACT"],
        "AT+QILOCIP",
        ["\r\n10.1.2.3\r\n", "10.1.2.3\r\n", "\r\n10.1.2.3\r\n"],
    ),
    (
        "m95",
        &["AT+QIREGAPP", "AT+QIACT"],
        "AT+QILOCIP",
        ["\r\n10.1.2.3\r\n", "10.1.2.3\r\n", "\r\n10.1.2.3\r\n"],
    ),
    ("wipsoft", &[], "AT+CPIN?", ["\r\n+CPIN: READY\r\n", "+CPIN: READY\r\n", "\r\n+CPIN: READY\r\n"]),
    (
        "sim7080",
        &[],
        "AT+CPOWD=1",
        ["\r\nNORMAL POWER DOWN\r\n", "NORMAL POWER DOWN\r\n", "\r\nNORMAL POWER DOWN\r\n"],
    ),
];

#[test]
fn what_stands_in_the_place_of_ok_is_a_result() {
    for (name, before, command, printed) in OWN {
        for (style, printed) in ["", "V0", "Q1"].into_iter().zip(printed) {
            let mut bench = Bench::new(profile(name));
            before.iter().for_each(|line| drop(bench.types(line)));
            bench.types(&format!("AT{style}"));
            let heard = bench.types(command);
            assert_eq!(heard.text, *printed, "{name} {command} {style}");
            let [(text, cause)] = heard.results.as_slice() else {
                panic!("{name} {command} {style}: {heard:?}")
            };
            assert_eq!(text, printed.trim(), "{name} {command} {style}");
            assert_eq!(cause, OWN.iter().find(|row| row.2 == *command).unwrap().3[0].trim());
        }
    }
}

#[test]
fn in_front_of_another_command_it_leaves_the_result_to_that() {
    for (name, before, command, [printed, ..]) in OWN {
        let mut bench = Bench::new(profile(name));
        before.iter().for_each(|line| drop(bench.types(line)));
        let heard = bench.types(&format!("{command};+CSQ"));
        assert_eq!(heard.text, format!("{printed}\r\n+CSQ: 27,99\r\n\r\nOK\r\n"), "{name} {command}");
        assert_eq!(heard.results, [("OK".to_owned(), "OK".to_owned())], "{name} {command}");
    }
}

#[test]
fn every_form_of_every_command_ends_with_a_result() {
    let mut forms = 0;
    for (name, _) in PROFILES {
        let whole = profile(name);
        let plain: Vec<String> = whole.commands.keys().cloned().collect();
        let rows: Vec<String> =
            Bench::new(whole.clone()).modem.vocabulary().rows().iter().map(|r| r.name.into()).collect();
        // What has the line speak otherwise, and what leaves it.
        let odd = ["Q", "V", "Z", "&F", "S3", "S4", "S5"];
        for command in rows.iter().chain(&plain).filter(|command| !odd.contains(&command.as_str())) {
            for form in ["", "?", "=?", "=1", "=0,1"] {
                let mut bench = Bench::new(whole.clone());
                let heard = bench.types(&format!("AT{command}{form}"));
                forms += 1;
                assert!(!heard.results.is_empty(), "{name}: AT{command}{form} gives {heard:?}");
            }
        }
    }
    assert!(forms > 2000, "{forms}");
}

#[test]
fn connect_with_its_text_is_connect() {
    for (style, printed) in [("V1", "\r\nCONNECT 3\r\nabc\r\nOK\r\n"), ("V0", "1\rabc0\r"), ("Q1", "abc")] {
        let mut bench = Bench::new(profile("m95"));
        bench.types("AT+QFUPL=\"RAM:a\",3,100");
        bench.types("abc");
        let opened = bench.types("AT+QFOPEN=\"RAM:a\"").text;
        let number = opened.lines().find_map(|line| line.strip_prefix("+QFOPEN:")).unwrap().trim().to_owned();
        bench.types(&format!("AT{style}"));
        let heard = bench.types(&format!("AT+QFREAD={number}"));
        assert_eq!(heard.text, printed, "{style}");
        let causes: Vec<&str> = heard.results.iter().map(|(_, cause)| cause.as_str()).collect();
        assert_eq!(causes, ["CONNECT 3", "OK"], "{style}");
    }
}
