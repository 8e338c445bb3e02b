//! The kinds of finding: one table, which the findings, their help and `docs/findings.md` are made from.

use std::fmt::{self, Write as _};

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What it is called, in findings and in documents.
    pub code: &'static str,
    /// What happened, in a sentence.
    pub what: &'static str,
    /// What in the recording shows it.
    pub evidence: &'static str,
    /// What a good host does.
    pub host: &'static str,
    /// The fault that shows the same, as a scenario writes it; none where it was the host's doing.
    pub fault: Option<&'static str>,
}

macro_rules! kinds {
    ($($name:ident $code:literal { $what:literal, $evidence:literal, $host:literal, $fault:expr })*) => {
        /// What a finding is called.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $what] $name,)*
        }

        /// The kinds, in the order of [`Code`].
        pub const KINDS: &[Kind] = &[
            $(Kind { code: $code, what: $what, evidence: $evidence, host: $host, fault: $fault },)*
        ];
    };
}

kinds! {
    NoAnswer "no-answer" {
        "A command was never answered.",
        "No final result code came before the host's next command, or before the recording ends.",
        "Waits as long as the manual says, then probes with AT, and treats the command's effect as unknown.",
        Some("swallow = \"command\"")
    }
    ModuleSilent "module-silent" {
        "The module answered nothing for a while, whatever the host sent.",
        "Two or more commands in a row got no octet back.",
        "Counts unanswered commands, then uses the power key or the reset line, and begins anew.",
        Some("deaf = \"up\"")
    }
    LateAnswer "late-answer" {
        "The final result code came late.",
        "More than 10 s lie between the command and its result (60 s for commands that the manuals give minutes).",
        "Gives each command the time-out of its manual and sends nothing meanwhile.",
        Some("late = \"20s\"")
    }
    LateReport "late-report" {
        "The report that ends an operation came late.",
        "More than 20 s lie between the OK and the report.",
        "Waits for the report as long as the module's own time-out, and takes nothing else for it.",
        Some("late = \"30s\"")
    }
    MissingReport "missing-report" {
        "The report that was to end an operation never came.",
        "The command was answered OK; its report is not in the recording, and the host went on or gave up.",
        "Has a time-out of its own that is longer than the module's, then ends the session and begins it anew.",
        Some("swallow = \"answer\"")
    }
    TypedEarly "typed-early" {
        "The host typed before the result of its last command was there.",
        "A command follows another within a second, with no final result code between them.",
        "Waits for the final result code before the next command (V.250 section 5.6: typing aborts).",
        None
    }
    RetryStorm "retry-storm" {
        "The host repeated a command that kept failing.",
        "The same command four times or more, none with success, and nothing else between.",
        "Tries a few times with growing pauses, then goes back to the step before.",
        None
    }
    UrcInAnswer "urc-in-answer" {
        "A line that nobody asked for stands inside a command's answer.",
        "A known unsolicited line between the command and its final result code.",
        "Sorts lines by their name before it takes one for the answer.",
        Some("interject = \"\\r\\n+CREG: 2\\r\\n\"")
    }
    UrcBeforeEcho "urc-before-echo" {
        "A line that nobody asked for is glued before the echo of the command.",
        "The unsolicited line comes first, then the command's own text.",
        "Looks for the echo anywhere, or switches it off.",
        Some("interject = \"\\r\\n+CREG: 2\\r\\n\"")
    }
    UrcInData "urc-in-data" {
        "A line that nobody asked for stands in the middle of data.",
        "The block is longer than was announced by just this line.",
        "Counts octets, checks what it has fetched, and fetches it again.",
        Some("interject = \"\\r\\n+PDP: DEACT\\r\\n\"")
    }
    ResetBanner "reset-banner" {
        "The module reset by itself: its power-on lines came in mid-session.",
        "A power-on line that no command of the host had asked for.",
        "Takes a power-on line for a loss of everything: settings, echo, bearer, session.",
        Some("reset = \"banner\"")
    }
    ResetBare "reset-bare" {
        "The module reset by itself and said nothing (a brown-out): what the host had set up is gone.",
        "Silence in the middle of something, then answers again, with signal, registration or settings of a module that has just started.",
        "Asks for a setting that it made itself (ATE, CMEE, the bearer) when an answer was missing.",
        Some("reset = \"bare\"")
    }
    PowerOff "power-off" {
        "The module switched itself off.",
        "NORMAL POWER DOWN or its like, which no command of the host had asked for.",
        "Watches for the line, presses the power key, and waits for the banner.",
        Some("say = \"NORMAL POWER DOWN\"")
    }
    UnderVoltage "under-voltage" {
        "The supply is too weak: the module warned of it or went down for it.",
        "UNDER-VOLTAGE or OVER-VOLTAGE.",
        "Logs it; the board needs a larger capacitor or supply.",
        Some("say = \"UNDER-VOLTAGE POWER DOWN\"")
    }
    EchoBack "echo-back" {
        "The echo is on again, though the host had switched it off.",
        "The command's own text is heard behind an ATE0 that was answered OK.",
        "Takes an echo for a sign of a reset, and sends its settings again.",
        Some("reset = \"bare\"")
    }
    BearerLost "bearer-lost" {
        "The bearer went down by itself.",
        "+SAPBR 1: DEACT, +PDP: DEACT, +CGEV: NW PDN DEACT, +APP PDP: 0,DEACTIVE, +PDP DEACT or +WIPBR: 6,812, which no command had asked for.",
        "Knows each of the spellings; closes its session and opens the bearer again.",
        Some("pdp_drop = \"all\"")
    }
    BearerFailed "bearer-failed" {
        "The bearer could not be opened.",
        "The command that opens it ends with an error of the network or of PPP.",
        "Waits, checks registration and access point, and tries again.",
        Some("error = 148")
    }
    NoBearer "no-bearer" {
        "An operation failed because there was no bearer, or it was lost meanwhile.",
        "The maker's number for it in the report.",
        "Opens the bearer first, and again before it retries.",
        Some("pdp_drop = \"all\"")
    }
    NameFailed "name-failed" {
        "The server's name was not found, or the name server was silent.",
        "The maker's number for it.",
        "Tries again later; has a second server's address.",
        Some("nxdomain = \"*\"")
    }
    ConnectFailed "connect-failed" {
        "The connection to the server came to nothing.",
        "The maker's number for it, or CONNECT FAIL.",
        "Tries again later; changes between passive and active mode.",
        Some("refused = \"*\"")
    }
    ServerSilent "server-silent" {
        "The far end kept silent until the module gave up.",
        "The maker's number for a time-out.",
        "Ends the session, opens it again and goes on from the last octet.",
        Some("stall = \"down\"")
    }
    ServerClosed "server-closed" {
        "The server ended the session or the connection.",
        "The maker's number for it, CLOSED, or 421.",
        "Opens the session again and goes on from the last octet.",
        Some("cut = \"rst\"")
    }
    LoginRefused "login-refused" {
        "The server refused the login.",
        "The maker's number for USER and PASS, or the server's 530 or 532.",
        "Does not go on without looking: the password is wrong or the server full.",
        Some("reply = 530")
    }
    RequestRefused "request-refused" {
        "The server refused a request.",
        "The maker's number for it, or the server's own reply code.",
        "Reads the code: 4xx may be tried again, 5xx not.",
        Some("reply = 550")
    }
    BadReply "bad-reply" {
        "What the server sent was no reply.",
        "The maker's number for it.",
        "Ends the session and begins it anew.",
        Some("malformed = \"227 Entering\"")
    }
    TransferBroken "transfer-broken" {
        "A transfer was refused or broke off.",
        "The maker's number for an upload or a download that failed.",
        "Asks the server for the size, and goes on from there.",
        Some("stop = 600")
    }
    OperationFailed "operation-failed" {
        "An operation failed, and the module does not say why.",
        "The maker's number for an unknown error, or for failure alone.",
        "Treats it as any failure: ends the session, begins anew.",
        Some("force = -1")
    }
    HiddenReason "hidden-reason" {
        "A number that says the service is busy hides the real reason.",
        "The host repeated a command before the report on the first one: the answer is about the second.",
        "Waits for the first report before it repeats the command.",
        None
    }
    WrongOrder "wrong-order" {
        "The host sent a command at the wrong time.",
        "The maker's number for a state that does not allow it.",
        "Keeps to the order of the manual, and asks for the state where it is not sure.",
        Some("error = 3")
    }
    WrongArgument "wrong-argument" {
        "The host wrote a command's arguments wrongly.",
        "The number that the module gives for form, range, length or value.",
        "Asks with =? for what the module takes.",
        Some("error = 50")
    }
    UnknownCommand "unknown-command" {
        "The module does not have this command or this feature.",
        "The number for what is not implemented; or ERROR, for a command that the model of this module has not got.",
        "Asks AT+CGMM and AT+CLAC before it uses what is a maker's own.",
        Some("error = 4")
    }
    Refused "refused" {
        "A command was refused, with a number whose cause the recording does not show.",
        "+CME ERROR or +CMS ERROR.",
        "Reads the number and does not go on as if it were OK.",
        Some("error = 100")
    }
    PlainError "plain-error" {
        "A command was refused without a reason.",
        "ERROR alone.",
        "Sends AT+CMEE=1 first: then the module says why.",
        Some("answer = [\"ERROR\"]")
    }
    NoMemory "no-memory" {
        "The module has no memory, socket or index left.",
        "The number for it.",
        "Closes what it no longer uses; resets the module where that does not help.",
        Some("error = 836")
    }
    StorageFailed "storage-failed" {
        "The module's own store failed: no such file, no room, no access.",
        "The number for it.",
        "Lists the store, and deletes what is old.",
        Some("error = 20")
    }
    SimMissing "sim-missing" {
        "The SIM is missing or does not work.",
        "+CPIN: NOT INSERTED, +SIM DROP, or the number for it.",
        "Tells a person; asks again, for contacts recover.",
        Some("sim = \"out\"")
    }
    SimLocked "sim-locked" {
        "The SIM asks for a PIN or a PUK.",
        "+CPIN: SIM PIN, SIM PUK, or the number for it.",
        "Enters the PIN once, and never a second time by itself.",
        Some("error = 11")
    }
    RegistrationLost "registration-lost" {
        "The module lost its registration.",
        "+CREG, +CGREG or +CEREG told 1 or 5, and then 0, 2 or 4.",
        "Waits for it to come back, then opens the bearer again.",
        Some("registration = \"searching\"")
    }
    RegistrationDenied "registration-denied" {
        "The network refused the registration, or the service.",
        "+CREG, +CGREG or +CEREG with 3, or the number for it.",
        "Tells a person; waits long before the next attempt.",
        Some("registration = \"denied\"")
    }
    NotRegistered "not-registered" {
        "The module had no registration when it was asked to work, or found none for long.",
        "Registration 0, 2 or 4 for 30 s or more, or the number for it.",
        "Waits for registration before it opens a bearer.",
        Some("registration = \"searching\"")
    }
    Roaming "roaming" {
        "The module is in a foreign network.",
        "+CREG, +CGREG or +CEREG with 5.",
        "Takes 5 for registered, and knows what it costs.",
        Some("registration = \"roaming\"")
    }
    WeakSignal "weak-signal" {
        "The signal is weak or gone.",
        "+CSQ with 5 or less, or 99.",
        "Waits with transfers; expects losses.",
        Some("signal = 3")
    }
    WrongClock "wrong-clock" {
        "The module's clock is not set.",
        "+CCLK or a time with a year before 2015, or the year 2080.",
        "Asks the network or a time server before it uses the clock (TLS needs it).",
        None
    }
    DataShort "data-short" {
        "Fewer octets came than the module had announced.",
        "The result code, or something else, stands before the announced number was there.",
        "Counts, and fetches the block again.",
        Some("lose = 3")
    }
    DataDoubled "data-doubled" {
        "Octets came twice.",
        "The block is too long, and a run of it repeats what stands before it.",
        "Counts, compares lengths, and fetches the block again.",
        Some("duplicate = 128")
    }
    DataOverrun "data-overrun" {
        "More octets came than the module had announced.",
        "Data goes on behind the announced number.",
        "Counts, and fetches the block again; looks at flow control.",
        Some("duplicate = 128")
    }
    DataIncomplete "data-incomplete" {
        "A transfer ended as if whole, with fewer octets than there are.",
        "The size that the server or the report told, against what was counted.",
        "Compares with the size, and fetches the rest.",
        Some("lose = 40")
    }
    PayloadShort "payload-short" {
        "The host sent fewer octets than it had announced; what it typed next was taken for data.",
        "A command was typed where payload was due, and is not answered.",
        "Sends as many octets as it announced, without waiting for OK.",
        None
    }
    PayloadEarly "payload-early" {
        "The host sent payload before the module was ready for it.",
        "Octets that are no command, before the prompt or the announcement.",
        "Waits for the prompt, CONNECT or the announced number.",
        None
    }
    PromptUnanswered "prompt-unanswered" {
        "The module asked for input and got none.",
        "A prompt, and nothing from the host for 20 s or to the end.",
        "Sends what it has, or ESC.",
        None
    }
    DataModeStuck "data-mode-stuck" {
        "The host typed commands into data mode.",
        "Commands behind CONNECT without an end or an escape; they are data for the far end.",
        "Leaves data mode (+++ with its pauses, or the maker's end mark) before it types.",
        None
    }
    SessionLeftOpen "session-left-open" {
        "A session was opened a second time: it had never been closed.",
        "An open that the module refuses because one is on.",
        "Closes what it opens, also when something failed; closes before it opens.",
        None
    }
    CarrierLost "carrier-lost" {
        "The connection behind the data mode was lost.",
        "NO CARRIER, or DCD off, without an escape or a hang-up of the host.",
        "Watches DCD or NO CARRIER and dials again.",
        Some("line = \"dcd\"")
    }
    CallFailed "call-failed" {
        "A call did not come about.",
        "BUSY, NO ANSWER, NO DIALTONE or NO CARRIER behind a dial command.",
        "Tries later.",
        None
    }
    FlowStopped "flow-stopped" {
        "Flow control stopped the line and did not let it go on, or was switched off.",
        "XOFF without XON, or CTS off for 5 s or more.",
        "Looks at CTS, and at XON and XOFF in data.",
        Some("line = \"cts\"")
    }
    Garbage "garbage" {
        "Octets came that are no text: noise, or the wrong rate.",
        "Raw octets in command mode, most of them no characters.",
        "Passes over them, sends AT until OK comes, and fixes the rate with AT+IPR.",
        Some("noise = 12")
    }
    ParityDamage "parity-damage" {
        "Text came with bit 7 set: the parity or the number of data bits is wrong.",
        "Raw octets that are text without their highest bit.",
        "Sets 8N1, or AT+ICF as the module has it.",
        Some("garble = 2")
    }
    DamagedAnswer "damaged-answer" {
        "An answer came damaged: octets of it are lost or changed.",
        "A line that is nearly a result code, or ends without CR LF.",
        "Takes what it cannot read for no answer, and asks again.",
        Some("garble = 1")
    }
    HttpFailed "http-failed" {
        "An HTTP request failed.",
        "A status of 400 or more, or the maker's 6xx, in +HTTPACTION or +SHREQ.",
        "Reads the status: 6xx is the module's, 5xx the server's, 4xx its own.",
        None
    }
    MqttLost "mqtt-lost" {
        "The MQTT session came to nothing or was lost.",
        "+SMSTATE: 0 or +QMTSTAT, or a result other than 0.",
        "Connects and subscribes again.",
        None
    }
    SmsRefused "sms-refused" {
        "A short message was refused.",
        "+CMS ERROR.",
        "Reads the number; checks service centre and store.",
        Some("answer = [\"+CMS ERROR: 500\"]")
    }
}

impl Code {
    /// Its row of the table.
    pub fn kind(self) -> &'static Kind {
        &KINDS[self as usize]
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.kind().code)
    }
}

/// The table as Markdown.
pub fn markdown() -> String {
    let mut out = String::new();
    for kind in KINDS {
        let _ = writeln!(out, "### `{}`\n\n{}\n", kind.code, kind.what);
        let _ = writeln!(out, "- Evidence: {}", kind.evidence);
        let _ = writeln!(out, "- A good host: {}", kind.host);
        let _ = match kind.fault {
            Some(fault) => writeln!(out, "- The same by a fault: `what = {{ {fault} }}`\n"),
            None => writeln!(
                out,
                "- No fault: it is the host's doing, or nothing that a fault of today changes.\n"
            ),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Request;

    #[test]
    fn codes_are_many_and_each_has_one_name() {
        assert!(KINDS.len() >= 30);
        let mut codes: Vec<&str> = KINDS.iter().map(|k| k.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), KINDS.len());
        assert_eq!(Code::SmsRefused.kind().code, "sms-refused");
    }

    #[test]
    fn each_fault_of_the_table_is_one() {
        for kind in KINDS {
            let Some(fault) = kind.fault else { continue };
            let rest = if fault.starts_with("line = ") { ", on = false" } else { "" };
            let written = format!("when = {{ command = \"AT\" }}, what = {{ {fault}{rest} }}");
            assert!(Request::parse(&written).is_ok(), "{}: {written}", kind.code);
        }
    }
}
