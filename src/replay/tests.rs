//! Hosts that follow a recording, and hosts that do not.

use super::*;
use crate::fault::{Observation, PowerOn};
use crate::modem::Modem;
use crate::setup::files;
use crate::transcript::parse;

/// A SIM800 whose signal was 9, which registers late, and whose connection is refused.
const RECORDED: &str = "profile sim800
recorded
> ATE0
< OK
~ 1s
> AT+CSQ
< +CSQ: 9,99
< OK
> AT+CREG?
< +CREG: 0,2
< OK
~< 3s
< +CREG: 1
> AT+CSTT=\"xxxxxxxx\"
< OK
> AT+CIPSEND=3
<= \\r\\n>\\x20
>= abc
~< 700ms
< SEND OK
~< 2s
< CLOSED
> AT+CIICR
~< 85s
< +PDP: DEACT
< ERROR
";

struct NoFaults;

impl FaultHook for NoFaults {
    fn is_idle(&self) -> bool {
        true
    }
    fn command(&mut self, _: Now, _: PortId, _: &str) -> CommandVerdict {
        CommandVerdict::Pass
    }
    fn result(&mut self, _: Now, _: PortId, _: &str, _: &str) -> ResultVerdict {
        ResultVerdict::Pass
    }
    fn urc(&mut self, _: Now, _: PortId, _: &str) -> UrcVerdict {
        UrcVerdict::Pass
    }
    fn observe(&mut self, _: Now, _: &dyn Fn() -> Observation) {}
    fn poll_event(&mut self) -> Option<crate::fault::Event> {
        None
    }
}

/// A recording with a host at it.
struct Host {
    replay: Replay,
    report: Report,
    now: Now,
}

impl Host {
    fn at(recorded: &str) -> Host {
        let transcript = parse("r.at", recorded).unwrap();
        let profile = files::profile(transcript.profile().unwrap()).unwrap();
        let behaviour = files::behaviour(&profile).unwrap();
        let recording = Recording::new("r.at", &transcript);
        let modem = Box::new(Modem::new(profile, behaviour, 1));
        let mut replay = Replay::new(modem, &recording, || Box::new(NoFaults));
        replay.power_on(Now::ZERO);
        let mut host = Host { replay, report: recording.report, now: Now::ZERO };
        host.wait(Duration::from_secs(10));
        host
    }

    /// Sends, and hears what comes in so long, each line with its time in milliseconds where that is not 0.
    fn sends(&mut self, bytes: &str, span: Duration) -> Vec<String> {
        self.replay.handle_uart(self.now, PortId(0), bytes.as_bytes());
        self.wait(span)
    }

    fn types(&mut self, line: &str) -> Vec<String> {
        self.sends(&format!("{line}\r"), Duration::from_secs(100))
    }

    fn wait(&mut self, span: Duration) -> Vec<String> {
        let (begin, end) = (self.now, self.now + span);
        let mut heard = vec![];
        loop {
            while let Some(output) = self.replay.poll_output() {
                if let Output::Uart { bytes, .. } = output {
                    self.replay.handle_sent(self.now, PortId(0), bytes.len());
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let millis = self.now.since(begin).as_millis();
                    let lines = text.split("\r\n").filter(|line| !line.is_empty());
                    heard.extend(lines.map(|line| match millis {
                        0 => line.to_owned(),
                        n => format!("{n} {line}"),
                    }));
                }
            }
            match self.replay.poll_timeout().filter(|at| *at <= end) {
                Some(at) => {
                    self.now = self.now.max(at);
                    self.replay.handle_timeout(self.now);
                }
                None => break,
            }
        }
        self.now = end;
        heard
    }
}

#[test]
fn a_host_that_follows_is_answered_from_the_recording_with_its_times() {
    let mut host = Host::at(RECORDED);
    assert_eq!(host.types("ATE0"), ["ATE0\r", "OK"]);
    assert_eq!(host.types("at+csq"), ["+CSQ: 9,99", "OK"]);
    assert_eq!(host.types("AT+CREG?"), ["+CREG: 0,2", "OK", "3000 +CREG: 1"]);
    assert_eq!(host.types("AT+CSTT=\"internet\""), ["OK"]);
    assert_eq!(host.types("AT+CIPSEND=3"), ["> "]);
    assert_eq!(host.sends("xyz", Duration::from_secs(5)), ["700 SEND OK", "2700 CLOSED"]);
    assert_eq!(host.types("AT+CIICR"), ["85000 +PDP: DEACT", "85000 ERROR"]);
    let sums = host.report.sums();
    assert_eq!((sums.recorded, sums.modelled, sums.differed, sums.left), (6, 0, 0, 0));
}

#[test]
fn a_command_more_is_answered_by_the_model_in_a_state_that_fits() {
    let mut host = Host::at(RECORDED);
    host.types("ATE0");
    assert_eq!(host.types("AT+CMEE=2"), ["OK"]);
    assert_eq!(host.types("AT+CMEE?"), ["+CMEE: 2", "OK"]);
    assert_eq!(host.types("AT+CSQ"), ["+CSQ: 9,99", "OK"]);
    // The model has heard how strong the signal was, that the module searched, and that it is registered now.
    assert_eq!(host.types("AT+CSQ;+CMEE?"), ["+CSQ: 9,99", "+CMEE: 2", "OK"]);
    assert_eq!(host.types("AT+CREG?"), ["+CREG: 0,2", "OK", "3000 +CREG: 1"]);
    assert_eq!(host.types("AT+CREG?;+CMEE?"), ["+CREG: 0,1", "+CMEE: 2", "OK"]);
    let sums = host.report.sums();
    assert_eq!((sums.recorded, sums.modelled, sums.differed), (3, 4, 4));
    let first = &sums.differences[0];
    assert_eq!((first.line, first.recorded.as_str(), first.host.as_str()), (Some(6), "AT+CSQ", "AT+CMEE=2"));
    assert_eq!(first.shown("r.at"), "r.at:6: the host leaves the recording\n- AT+CSQ\n+ AT+CMEE=2");
}

#[test]
fn a_command_fewer_is_passed_over() {
    let mut host = Host::at(RECORDED);
    host.types("ATE0");
    assert_eq!(host.types("AT+CREG?"), ["+CREG: 0,2", "OK", "3000 +CREG: 1"]);
    let sums = host.report.sums();
    assert_eq!((sums.recorded, sums.modelled, sums.differed, sums.passed_over), (2, 0, 1, 1));
    // And sent after all, it is answered as it was.
    assert_eq!(host.types("AT+CSQ"), ["+CSQ: 9,99", "OK"]);
    assert_eq!(host.types("AT+CSTT=\"internet\""), ["OK"]);
}

#[test]
fn a_host_that_is_quick_waits_for_the_answer_before() {
    let mut host = Host::at("profile sim800\n> AT+CSQ\n~< 400ms\n< +CSQ: 9,99\n< OK\n> AT\n< OK\n");
    let heard = host.sends("AT+CSQ\rAT\r", Duration::from_secs(10));
    let said: Vec<&str> = heard.iter().map(String::as_str).filter(|line| !line.contains("AT")).collect();
    assert_eq!(said, ["400 +CSQ: 9,99", "400 OK", "400 OK"]);
}

#[test]
fn a_silence_of_the_recording_is_kept() {
    let mut host = Host::at("profile sim800\n> ATE0\n< OK\n> AT+CIICR\n> AT\n< OK\n");
    host.types("ATE0");
    assert_eq!(host.types("AT+CIICR"), Vec::<String>::new());
    assert_eq!(host.types("AT"), ["OK"]);
}

#[test]
fn a_module_that_is_reset_is_silent_and_then_starts_as_the_live_one_does() {
    let mut host = Host::at(RECORDED);
    host.types("ATE0");
    let dead = Duration::from_secs(3);
    host.replay.handle_fault(host.now, DceFault::Reset { start: PowerOn::Banner, dead });
    let heard = host.types("AT+CSQ");
    assert_eq!(heard.first().map(String::as_str), Some("3000 RDY"), "{heard:?}");
    // The live model answers first, its echo is on again, and then the recording goes on.
    assert_eq!(host.types("AT"), ["AT\r", "OK"]);
    assert_eq!(host.types("AT+CSQ"), ["AT+CSQ\r", "+CSQ: 9,99", "OK"]);
    let sums = host.report.sums();
    assert_eq!((sums.recorded, sums.modelled), (2, 1));
}

#[test]
fn a_signal_that_a_fault_forces_stands_in_recorded_answers() {
    let mut host = Host::at(RECORDED);
    host.types("ATE0");
    host.replay.handle_net(host.now, NetEvent::Radio(Radio::Signal { rssi: 3, ber: 0 }));
    assert_eq!(host.types("AT+CSQ"), ["+CSQ: 3,0", "OK"]);
}

#[test]
fn a_host_that_polls_less_is_found_behind_the_polls() {
    let polls = "> AT+CREG?\n< +CREG: 0,2\n< OK\n> AT+CSQ\n< +CSQ: 9,99\n< OK\n".repeat(9);
    let recorded = format!("profile sim800\n> ATE0\n< OK\n{polls}> AT+CGMR\n< Revision:9\n< OK\n");
    let mut host = Host::at(&recorded);
    host.types("ATE0");
    assert_eq!(host.types("AT+CREG?"), ["+CREG: 0,2", "OK"]);
    assert_eq!(host.types("AT+CGMR"), ["Revision:9", "OK"]);
    // And one that polls more, from the same.
    assert_eq!(host.types("AT+CSQ"), ["+CSQ: 9,99", "OK"]);
    assert_eq!(host.report.sums().modelled, 0);
}

#[test]
fn a_host_that_was_lost_finds_its_way_back() {
    let middle: String =
        ["AT+CGATT?", "AT+CSCA?", "AT+CMGF=1", "AT+CNMI?", "AT+CSMS?", "AT+COPS?", "AT+CPIN?"]
            .map(|command| format!("> {command}\n< ERROR\n"))
            .concat();
    let recorded = format!(
        "profile sim800\n> ATE0\n< OK\n{middle}> AT+CMEE=1\n< OK\n> AT+CSQ\n< +CSQ: 8,99\n< OK\n> AT+CGMM\n< X\n< OK\n"
    );
    let mut host = Host::at(&recorded);
    host.types("ATE0");
    // Nowhere near: the model answers. With the next it is plain where the host is.
    assert_eq!(host.types("AT+CMEE=1"), ["OK"]);
    assert_eq!(host.types("AT+CSQ"), ["+CSQ: 8,99", "OK"]);
    assert_eq!(host.types("AT+CGMM"), ["X", "OK"]);
    let sums = host.report.sums();
    assert_eq!((sums.recorded, sums.modelled), (3, 1));
}

#[test]
fn a_value_that_is_masked_is_the_hosts_own_and_stays_so() {
    let mut host = Host::at(
        "profile sim800\n> ATE0\n< OK\n> AT+CPIN=0001\n< +CME ERROR: 16\n> AT+CPIN=0002\n< OK\n> AT+CMEE=1\n< OK\n",
    );
    host.types("ATE0");
    assert_eq!(host.types("AT+CPIN=1111"), ["+CME ERROR: 16"]);
    // The same again is refused again.
    assert_eq!(host.types("AT+CPIN=1111"), ["+CME ERROR: 16"]);
    assert_eq!(host.types("AT+CPIN=2222"), ["OK"]);
    assert_eq!(host.report.sums().modelled, 0);
}

/// Power is lost in mid-poll; the recording's host types into the void, and presses the power key.
const LOST: &str = "profile sim7080
recorded
> AT+CMEE=2
< OK
~ 10s
> AT+CSQ
< +CSQ: 20,99
< OK
~< 2s
< NORMAL POWER DOWN
~ 8s
> AT+CSQ
~ 30s
> AT
~ 1s
>= +++
~< 5s
< RDY
~< 2s
< SMS Ready
~ 1s
> AT+CGMM
< X
< OK
";

#[test]
fn a_module_without_power_comes_back_whatever_the_host_does() {
    let mut host = Host::at(LOST);
    host.types("AT+CMEE=2");
    // From here on the host waits.
    assert_eq!(
        host.types("AT+CSQ"),
        ["AT+CSQ\r", "+CSQ: 20,99", "OK", "2000 NORMAL POWER DOWN", "46000 RDY", "48000 SMS Ready"]
    );
    assert_eq!(host.types("AT+CGMM"), ["AT+CGMM\r", "X", "OK"]);
    // And what was set before is lost.
    assert_eq!(host.types("AT+CMEE?"), ["AT+CMEE?\r", "+CMEE: 0", "OK"]);

    let mut other = Host::at(LOST);
    other.types("AT+CMEE=2");
    other.sends("AT+CSQ\r", Duration::from_secs(20));
    // While it is off, nothing is answered or echoed, in the recording or not.
    for line in ["AT+CSQ\r", "AT+CPIN?\r", "AT\r", "AT+CGMM"] {
        assert_eq!(other.sends(line, Duration::from_secs(2)), Vec::<String>::new(), "{line}");
    }
}
