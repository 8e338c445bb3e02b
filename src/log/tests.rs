//! The way through a whole log, whatever it holds.

use super::event::Counts;
use super::format::FORMATS;
use super::import::{Import, Options, Source};
use super::mask::Masker;
use super::survey::survey;
use crate::transcript::{Kind, parse};
use proptest::prelude::*;

/// The recordings of a log, and what became of its lines.
fn imported(log: &[u8], format: Option<&str>) -> (Vec<String>, Counts) {
    let kind = format.map(|name| super::format::named(name).unwrap());
    let survey = survey(log, kind, &mut |_| {}).unwrap();
    let source = Source::new("a.log", log, survey, None);
    let mut import = Import::new(vec![source], Options { masker: Masker::off(), only: None }).unwrap();
    let mut texts: Vec<String> = vec![];
    let mut take = |found: Vec<super::import::Found>| {
        for (number, step) in found {
            texts.resize(texts.len().max(number + 1), String::new());
            texts[number] += &format!("{step}\n");
        }
    };
    while let Some(found) = import.next_steps().unwrap() {
        take(found);
    }
    take(import.finish());
    (texts, import.sources[0].counts())
}

fn steps(log: &str) -> String {
    imported(log.as_bytes(), None).0.concat()
}

#[test]
fn what_is_missing_is_filled_in_and_marked() {
    let text = steps(">>> AT+CFSWFILE=0,\"ca.pem\",0,1265,10000\n<<< DOWNLOAD\n<<< OK\n");
    let right = "# (import) the log does not hold the 1265 bytes that were sent here\n>= 1265 zero\n";
    assert!(text.contains(right) && text.ends_with("< OK\n"), "{text}");
}

#[test]
fn a_host_that_ends_its_lines_with_cr_lf_types_commands() {
    let text = steps("(ttyUSB2): --> 'AT+CSQ<CR><LF>'\n(ttyUSB2): <-- '<CR><LF>OK<CR><LF>'\n");
    assert!(text.contains("> AT+CSQ\n") && text.contains("< OK\n") && !text.contains(">="), "{text}");
}

#[test]
fn two_loggers_that_heard_the_same_are_one() {
    let twice: String = ["send (AT^M)", "expect (OK)", "AT^M^M", "OK", " -- got it"]
        .iter()
        .map(|said| format!("Nov 17 12:15:40 gate chat[1]: {said}\n").repeat(2))
        .collect();
    let text = steps(&twice);
    assert_eq!((text.matches("> AT\n").count(), text.matches("< OK\n").count()), (1, 1), "{text}");
}

#[test]
fn a_dump_that_is_there_again_with_more_takes_the_place_of_the_first() {
    let text = steps(
        "I (1) TX: 0x3fca0000   41 54 0d  |AT.|\nI (2) RX: 0x3fcb0000   0d 0a 4f  |..O|\nI (3) RX: 0x3fcb0000   0d 0a 4f 4b 0d 0a  |..OK..|\n",
    );
    assert_eq!(text, "> AT\n< OK\n");
}

#[test]
fn a_comment_does_not_divide_a_line() {
    let text = steps(
        "AT RX (2): <cr><ln>\n[1ms][INFO][CELL]: AT TX (2): AT\n[1ms][INFO][CELL]: AT TX (1): <cr>\n[2ms][INFO][CELL]: AT RX (4): <cr><ln>O\n[3ms][INFO][x]: meanwhile\n[4ms][INFO][CELL]: AT RX (3): K<cr><ln>\n",
    );
    assert!(text.contains("< OK\n# [3ms][INFO][x]: meanwhile"), "{text}");
}

#[test]
fn a_descriptor_is_another_one_each_time_it_is_opened() {
    let text = steps(
        "1 00:00:01 openat(AT_FDCWD, \"/lib/libc.so\", O_RDONLY) = 3\n1 00:00:01 read(3, \"\\177ELF\", 9) = 4\n1 00:00:02 openat(AT_FDCWD, \"/tmp/modem\", O_RDWR) = 3\n1 00:00:03 write(3, \"AT\\r\", 3) = 3\n1 00:00:03 read(3, \"\\r\\nOK\\r\\n\", 9) = 6\n",
    );
    assert!(text.contains("> AT\n< OK\n") && !text.contains("<= "), "{text}");
}

/// Lines as logs have them, and what they should not have.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        Just("AT+CSQ\r\r\n".to_owned()),
        Just("AT+CSQ\n".to_owned()),
        Just("+CSQ: 27,99\r\n".to_owned()),
        Just("OK\r\n".to_owned()),
        Just("OK\n".to_owned()),
        Just("> 2026/11/27 21:15:03.000185980  length=7 from=0 to=6\n".to_owned()),
        Just(" 41 54 2b 43 53 51 0d                             AT+CSQ.\n".to_owned()),
        Just("000000.000 TX   0000  41 54 0D    AT.\n".to_owned()),
        Just("[15:37:11.116]\u{53d1}\u{2192}\u{25c7}AT\r\n".to_owned()),
        Just("30579 21:15:02.335678 write(3, \"AT\\r\", 3) = 3\n".to_owned()),
        Just("w 0 AT^M\n".to_owned()),
        Just("SENDING frame type 0x00/length 0x03/3\n41A|54T|0D     AT.\n".to_owned()),
        Just("(ttyHS2): --> 'AT<CR>'\n".to_owned()),
        Just("<- AT\n".to_owned()),
        Just("-> OK\n".to_owned()),
        Just("Nov 17 12:15:40 gate chat[1]: send (AT^M)\n".to_owned()),
        Just("I (5) TX: 0x3fca76fc   41 54 0d  |AT.|\n".to_owned()),
        Just("### AT   [8 ms]\n".to_owned()),
        Just("---\n".to_owned()),
        Just("\n".to_owned()),
        "[ -~]{0,30}\n",
        "\\PC{0,12}",
    ];
    prop_oneof![9 => text.prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..40)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_log_breaks_it_and_no_line_is_lost(lines in prop::collection::vec(line(), 0..25), format in 0..FORMATS.len() * 2) {
        let log = lines.concat();
        let format = FORMATS.get(format).map(|kind| kind.name);
        let (texts, counts) = imported(&log, format);
        let count = log.split_inclusive(|b| *b == b'\n').count() as u64;
        prop_assert_eq!(counts.lines, count);
        prop_assert_eq!(counts.placed + counts.told + counts.unplaced, count);
        for text in texts {
            let read = parse("t.at", &format!("recorded\nports 16\n> AT\n{text}"));
            prop_assert!(read.is_ok(), "{}: {}", read.unwrap_err()[0], text);
        }
    }

    #[test]
    fn what_was_not_placed_is_there_to_be_read(lines in prop::collection::vec("[b-z][a-z]{2,8} [a-z]{1,9}", 1..12)) {
        let log = format!("AT\r\r\nOK\r\n{}", lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        let (texts, _) = imported(log.as_bytes(), None);
        let read = parse("t.at", &format!("> AT\n{}", texts.concat())).unwrap();
        let told: Vec<&str> = read.steps.iter().filter_map(|step| match &step.kind {
            Kind::Comment(text) => Some(text.trim_start()),
            _ => None,
        }).collect();
        prop_assert_eq!(told, lines.iter().map(|line| line.trim()).collect::<Vec<_>>());
    }
}

/// Each recording's commands and answers, without times and comments.
fn dialogues(log: &[u8]) -> Vec<String> {
    let (texts, _) = imported(log, None);
    let shown = |text: &String| {
        let lines = text.lines().filter(|line| !line.starts_with(['#', '~']));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    texts.iter().map(shown).filter(|text| !text.is_empty()).collect()
}

#[test]
fn marks_are_read_whatever_a_logger_puts_around_them() {
    for log in [
        "12:00:00.100 -> AT+CSQ\n12:00:00.120 <- +CSQ: 20,0\n12:00:00.121 <- OK\n",
        "DEBUG Sending: AT+CSQ\nDEBUG Received: +CSQ: 20,0\nDEBUG Received: OK\n",
        "D/at: SEND(7): \"AT+CSQ\"\nD/at: RECV(11): \"+CSQ: 20,0\"\nD/at: RECV(2): \"OK\"\n",
        "1 DEBUG Sending command: \"b\"AT+CSQ\\r\"\"\n2 DEBUG Received response: \"b\"+CSQ: 20,0\"\"\n3 DEBUG Received OK\n",
        "DEBUG: write: AT+CSQ\nDEBUG: response: ['AT+CSQ\\r', '+CSQ: 20,0', 'OK']\n",
        "ndm: Mobile::TtyDevice: \"UsbLte0\": tty0 <-- \"AT+CSQ\" (expect \"OK\").\nndm: Mobile::TtyDevice: \"UsbLte0\": tty0 --> \"+CSQ: 20,0\".\nndm: Mobile::TtyDevice: \"UsbLte0\": tty0 --> \"OK\" (got it).\n",
        "DEBUG[25]: at_queue.c:191 at_write: [dongle0] [AT+CSQ\r]\nDEBUG[24]: at_read.c:80 at_read: [dongle0] receive 4 byte, used 4\nDEBUG[24]: at_read.c:95 at_read: [dongle0] [\r\n+CSQ: 20,0\r\n\r\nOK\r\n]\n",
        "ofonod[4140]: Setup: > AT+CSQ\\r\nofonod[4140]: Setup: < \\r\\n+CSQ: 20,0\\r\\n\\r\\nOK\\r\\n\n",
        "11-27 21:15:03.123    52   335 D AT      : AT> AT+CSQ\n11-27 21:15:03.143    52   335 D AT      : AT< +CSQ: 20,0\nD/AT      (   30): AT< OK\n",
        "2022-11-16 18:22:58.297 | W |  7 | 41 54 2B 43 53 51 0D\n2022-11-16 18:22:58.397 | R | 20 | 0D 0A 2B 43 53 51 3A 20 32 30 2C 30 0D 0A 0D 0A 4F 4B 0D 0A\n",
        "[10:49:54][D][uart_debug:158]: >>> \"AT+CSQ\\r\\n\"\n[10:49:54][D][uart_debug:158]: <<< \"AT+CSQ\\r\\r\\n+CSQ: 20,0\\r\\n\\r\\nOK\\r\\n\"\n",
        "17:13:36.627 -> TX: AT+CSQ\n17:13:36.647 -> RX: +CSQ: 20,0\n17:13:36.647 -> RX: OK\n",
        "RX: AT+CSQ\nTX: +CSQ: 20,0\nTX: OK\n",
    ] {
        assert_eq!(dialogues(log.as_bytes()), ["> AT+CSQ\n< +CSQ: 20,0\n< OK\n"], "{log}");
    }
}

#[test]
fn a_line_may_end_as_it_likes_and_be_written_in_any_code() {
    for log in [
        &b"AT+CSQ\r+CSQ: 20,0\rOK\r"[..],
        b"# x\nAT+CSQ\r+CSQ: 20,0\rOK\r\n",
        b"\x1b]0;me@host: ~\x07AT+CSQ\r\r\n\x1b[0m+CSQ: 20,0\r\n\r\nOK\x1b(B\r\n",
        b"\xb4\xf2\xbf\xaa\nAT+CSQ\n+CSQ: 20,0\n\nOK\n",
        b"[modem] AT+CSQ\n[wifi] scanning\n[modem] +CSQ: 20,0\n[modem] OK\n",
    ] {
        assert_eq!(dialogues(log), ["> AT+CSQ\n< +CSQ: 20,0\n< OK\n"], "{}", String::from_utf8_lossy(log));
    }
    let (texts, counts) = imported(b"\xb4\xf2\xbf\xaa\nAT\nOK\n", None);
    assert!(texts[0].contains("# \u{6253}\u{5f00}\n") && counts.unplaced == 0, "{}", texts[0]);
}

#[test]
fn tags_tell_two_modems_apart() {
    for [first, second] in [
        ["[modem1] TX: AT+CSQ\n", "[modem2] TX: AT+CREG?\n"],
        ["[A] AT+CSQ\n", "[B] AT+CREG?\n"],
        ["ttyUSB2: >> AT+CSQ\n", "ttyUSB3: >> AT+CREG?\n"],
        [
            "DEBUG[1]: at.c:1 at_write: [gsm0] [AT+CSQ\r]\n",
            "DEBUG[1]: at.c:1 at_write: [gsm1] [AT+CREG?\r]\n",
        ],
    ] {
        let answer = |line: &str, said: &str| {
            let line = line.replace("TX", "RX").replace(">>", "<<").replace("at_write", "at_read");
            let at = line.find("AT+").unwrap();
            let end = if line.contains("\r]") { "\r]\n" } else { "\n" };
            format!("{}{said}{end}", &line[..at])
        };
        let log = [
            first.to_owned(),
            second.to_owned(),
            answer(first, "+CSQ: 20,0"),
            answer(second, "+CREG: 0,1"),
            answer(first, "OK"),
            answer(second, "OK"),
        ];
        assert_eq!(
            dialogues(log.concat().as_bytes()),
            ["> AT+CSQ\n< +CSQ: 20,0\n< OK\n", "> AT+CREG?\n< +CREG: 0,1\n< OK\n"],
            "{}",
            log.concat()
        );
    }
}
