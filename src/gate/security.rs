//! AUTH, PBSZ, PROT and CCC (RFC 4217): TLS ends at the network, not at the server.

use super::speech::Queued;
use super::{Command, Gate, Job, reply};
use crate::time::Now;

impl Gate {
    pub(super) fn security(&mut self, now: Now, command: Command) {
        let argument = command.argument.trim().to_ascii_uppercase();
        let tls = self.session.tls;
        let (code, text) = match (command.verb.as_str(), argument.as_str()) {
            ("AUTH", _) if tls => (503, "Already in TLS."),
            ("AUTH", "TLS" | "TLS-C" | "SSL") => (234, "Proceed with negotiation."),
            ("AUTH", _) => (504, "Unknown AUTH type."),
            ("CCC", _) => (533, "The control connection stays protected."),
            _ if !tls => (503, "Not in TLS."),
            ("PBSZ", "") | ("PROT", "") => (501, "An argument is missing."),
            ("PBSZ", _) => (200, "PBSZ=0"),
            ("PROT", "P") => (200, "Data connections are protected."),
            ("PROT", "C") => (200, "Data connections are clear."),
            ("PROT", "S" | "E") => (536, "Not supported by TLS."),
            _ => (504, "Unknown protection level."),
        };
        if command.verb == "PROT" && code == 200 {
            self.session.protected = argument == "P";
        }
        self.answer(now, &command, reply::line(code, text));
        if code == 234 {
            self.start_tls(now);
        }
    }

    /// The module has been told that AUTH is accepted: what it sent in the clear behind AUTH is thrown away.
    pub(super) fn start_tls(&mut self, now: Now) {
        self.session.tls = true;
        self.commands.forget();
        if !matches!(self.job, Job::Ending | Job::Storing | Job::Closed) {
            self.queue.push(now, Queued::StartTls);
            self.send_due(now);
        }
    }
}
