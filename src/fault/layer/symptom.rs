//! What a person sees go wrong, and which faults show it: the index to the vocabulary for who does not know its words.

use super::FAULTS;
use super::kind::FaultKind;
use std::fmt::Write;

/// A symptom, in the words of who sees it, with a rule that shows it.
macro_rules! symptoms {
    ($($name:ident: $words:literal, $example:literal;)+) => {
        /// What a person sees go wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Symptom {
            $(
                #[doc = $words]
                $name,
            )+
        }

        impl Symptom {
            /// All, from the host outwards.
            pub const ALL: &[Symptom] = &[$(Symptom::$name),+];

            /// It in words.
            pub fn words(self) -> &'static str {
                match self {
                    $(Symptom::$name => $words,)+
                }
            }

            /// A rule that shows it, as the lines below `[[fault]]`.
            pub fn example(self) -> &'static str {
                match self {
                    $(Symptom::$name => $example,)+
                }
            }
        }
    };
}

symptoms! {
    Hangs: "the module hangs and answers nothing",
        "when = { command = \"AT+FTPGET=1\" }\nwhat = { deaf = \"up\" }\nfor = \"1m\"";
    NoAnswer: "an answer, an OK or a prompt never comes",
        "when = { result = \"OK\", nth = 3 }\nwhat = { swallow = \"answer\" }";
    Slow: "the module answers late", "what = { late = \"8s\", command = \"AT+COPS*\" }";
    Resets: "the module resets by itself (a brown-out, a watchdog)",
        "when = { at = \"30s\" }\nwhat = { reset = \"bare\", dead = \"2s\" }";
    WrongAnswer: "the module answers something else",
        "when = { command = \"AT+CSQ\" }\nwhat = { answer = [\"+CSQ: 99,99\", \"OK\"] }";
    Refuses: "the module refuses a command with an error",
        "when = { command = \"AT+FTPGET=1\" }\nwhat = { error = 100 }";
    Clock: "the clock is wrong",
        "what = { answer = ['+CCLK: \"80/01/06,00:00:12+00\"', \"OK\"], command = \"AT+CCLK?\" }";
    UrcStorm: "a storm of URCs",
        "when = { each = \"50ms\" }\nwhat = { say = \"+CREG: 2\" }";
    UrcInAnswer: "a URC stands in the middle of an answer or of data",
        "when = { command = \"AT+FTPGET=2*\" }\nwhat = { interject = \"\\r\\n+CREG: 2\\r\\n\", skip = 20 }";
    UrcMissing: "a URC is missing, late or wrong",
        "what = { swallow = \"answer\", urc = \"+FTPGET: 1,1\" }";
    Garbage: "garbage on the serial line (noise, the wrong rate)",
        "when = { state = \"powered\" }\nwhat = { noise = 40 }";
    BytesLost: "bytes of the serial line are lost, doubled or changed (an overrun)",
        "when = { command = \"AT+FTPGET=2*\" }\nwhat = { lose = 3, skip = 20 }";
    Pieces: "an answer comes in pieces", "what = { pieces = 5, gap = \"40ms\" }";
    PortGone: "the serial port disappears",
        "when = { at = \"20s\" }\nwhat = { unplug = \"5s\" }";
    Carrier: "a control line falls (carrier lost, CTS off)",
        "when = { state = \"data_mode\" }\nwhat = { line = \"dcd\", on = false }";
    Sim: "the SIM is missing, locked or busy", "when = { at = \"1m\" }\nwhat = { sim = \"out\" }\nfor = \"20s\"";
    Signal: "the signal is weak (a lift, a cellar)",
        "when = { at = \"20s\" }\nwhat = { signal = 2 }\nfor = \"30s\"";
    Registration: "the registration is lost or denied",
        "when = { verb = \"RETR\" }\nwhat = { registration = \"searching\" }\nfor = \"40s\"";
    Bearer: "the bearer goes down by itself",
        "when = { link = \"ftp.data\", after_bytes = \"2KiB\" }\nwhat = { pdp_drop = \"all\" }";
    NetworkSlow: "the network is slow or loses much", "what = { latency = \"2s\", jitter = \"1s\" }";
    Tunnel: "nothing moves for a while (a tunnel)",
        "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { stall = \"down\" }\nfor = \"20s\"";
    ConnectionLost: "a connection breaks",
        "when = { link = \"ftp.data\", after_bytes = 600 }\nwhat = { cut = \"rst\" }";
    Damaged: "what arrives is damaged, though the transfer ends well",
        "when = { link = \"ftp.data\", after_bytes = 600, direction = \"down\" }\nwhat = { corrupt = 2 }";
    Name: "the name is not found (DNS)", "what = { nxdomain = \"ftp.example\" }";
    NoConnection: "the server cannot be reached", "what = { connect_silence = \"*\", to_port = 21 }";
    Tls: "TLS fails (a certificate, a handshake)", "what = { tls_fails = \"*\" }";
    Firewall: "a firewall or NAT blocks the data connections",
        "what = { pasv_unserved = \"silent\" }";
    Login: "the login is refused", "what = { reply = 530, verb = \"PASS\" }";
    ServerSlow: "the server is slow", "what = { late_reply = \"30s\", verb = \"STOR\" }";
    ServerSilent: "the server does not answer", "when = { verb = \"RETR\" }\nwhat = { no_reply = true }";
    ServerFull: "the server is full", "when = { verb = \"STOR\" }\nwhat = { full = \"64KiB\" }";
    ServerRefuses: "the server refuses a file or a verb",
        "what = { denied = \"*.cfg\", code = 550 }";
    ServerNonsense: "the server says something unexpected",
        "when = { verb = \"PASV\" }\nwhat = { malformed = \"227 Entering\" }";
    ServerHangsUp: "the server ends the session (421)",
        "when = { link = \"ftp.control\", quiet = \"30s\" }\nwhat = { hang_up = 421 }";
    TransferStops: "a transfer stops in the middle",
        "when = { verb = \"STOR\" }\nwhat = { stop = 600, code = 451 }";
    FileGone: "a file vanishes, or is not there", "when = { verb = \"RETR\" }\nwhat = { vanish = 600 }";
}

/// The faults that show a symptom.
fn faults(symptom: Symptom) -> impl Iterator<Item = &'static FaultKind> {
    FAULTS.iter().filter(move |kind| kind.symptoms.contains(&symptom))
}

/// The index of `badline list faults --symptom`: the symptoms with all of these words in them or in their faults' names.
pub fn index(words: &str) -> String {
    let words: Vec<String> = words.split_whitespace().map(str::to_ascii_lowercase).collect();
    let mut out = String::new();
    for symptom in Symptom::ALL {
        let names: Vec<&str> = faults(*symptom).map(|kind| kind.name).collect();
        let text = format!("{} {}", symptom.words(), names.join(" ")).to_ascii_lowercase();
        if words.iter().all(|word| text.contains(word.as_str())) {
            let gap = if out.is_empty() { "" } else { "\n" };
            // A String never fails to be written to.
            let _ = writeln!(out, "{gap}{}\n  faults: {}", symptom.words(), names.join(", "));
            for line in std::iter::once("[[fault]]").chain(symptom.example().lines()) {
                let _ = writeln!(out, "    {line}");
            }
        }
    }
    out
}

/// The same as a table in Markdown.
pub fn symptoms_markdown() -> String {
    let mut out = "| what is seen | faults | for example |\n| --- | --- | --- |\n".to_owned();
    for symptom in Symptom::ALL {
        let names: Vec<String> = faults(*symptom).map(|kind| format!("[`{0}`](#{0})", kind.name)).collect();
        let example: Vec<String> = symptom.example().lines().map(|line| format!("`{line}`")).collect();
        let _ = writeln!(out, "| {} | {} | {} |", symptom.words(), names.join(", "), example.join("<br>"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Rule;

    #[test]
    fn every_symptom_is_shown_by_its_example_and_every_fault_has_one() {
        for symptom in Symptom::ALL {
            let rule = Rule::parse(symptom.example()).unwrap_or_else(|p| panic!("{}: {p}", symptom.words()));
            assert!(rule.kind.symptoms.contains(symptom), "{}: {}", symptom.words(), rule.kind.name);
        }
        for kind in FAULTS.iter() {
            assert!(!kind.symptoms.is_empty(), "{}", kind.name);
        }
    }

    #[test]
    fn the_index_is_searched_by_words() {
        for (words, told) in
            [("hangs", "the module hangs"), ("server FULL", "the server is full"), ("clock", "+CCLK")]
        {
            assert!(index(words).contains(told), "{words}: {}", index(words));
        }
        assert!(!index("hangs").contains("clock"));
        assert_eq!(index("no such thing"), "");
        assert!(index("").lines().count() > 3 * Symptom::ALL.len());
    }
}
