//! What commands have set in a session of the module, and AUTH, PBSZ, PROT and CCC (RFC 4217): TLS ends at the network, not at
//! the server.

use super::Command;
use super::port::Refused;
use super::server::Server;
use crate::ftp::Reply;

#[derive(Debug)]
pub struct Session {
    pub logged_in: bool,
    pub user: String,
    /// The built-in server's working directory; absolute.
    pub directory: String,
    /// The control connection speaks TLS.
    pub tls: bool,
    /// Data connections opened from now on do, too.
    pub protected: bool,
}

impl Session {
    pub fn new(tls: bool) -> Session {
        Session { logged_in: false, user: String::new(), directory: "/".into(), tls, protected: false }
    }

    /// Learns from the server's final reply to a command.
    pub fn learn(&mut self, command: &Command, reply: &Reply, server: &Server) {
        match (command.verb.as_str(), reply.code) {
            ("USER", _) => self.user = command.argument.clone(),
            ("PROT", 200..=299) => self.protected = command.argument.trim().eq_ignore_ascii_case("P"),
            ("REIN", 220) => self.logged_in = false,
            ("CWD" | "CDUP", 200..=299) if server.builtin => self.directory = command.argument.clone(),
            _ => {}
        }
        if let ("USER" | "PASS" | "ACCT", 202 | 230 | 232) = (command.verb.as_str(), reply.code) {
            self.logged_in = true;
        }
    }

    /// How the gate itself answers a command about TLS. After 234, TLS starts.
    pub fn secure(&mut self, command: &Command) -> Refused {
        let argument = command.argument.trim().to_ascii_uppercase();
        let (code, text) = match (command.verb.as_str(), argument.as_str()) {
            ("AUTH", _) if self.tls => (503, "Already in TLS."),
            ("AUTH", "TLS" | "TLS-C" | "SSL") => (234, "Proceed with negotiation."),
            ("AUTH", _) => (504, "Unknown AUTH type."),
            ("CCC", _) => (533, "The control connection stays protected."),
            _ if !self.tls => (503, "Not in TLS."),
            ("PBSZ", "") | ("PROT", "") => (501, "An argument is missing."),
            ("PBSZ", _) => (200, "PBSZ=0"),
            ("PROT", "P") => (200, "Data connections are protected."),
            ("PROT", "C") => (200, "Data connections are clear."),
            ("PROT", "S" | "E") => (536, "Not supported by TLS."),
            _ => (504, "Unknown protection level."),
        };
        if command.verb == "PROT" && code == 200 {
            self.protected = argument == "P";
        }
        (code, text)
    }

    /// What STAT says of the login.
    pub fn login(&self) -> String {
        match self.logged_in {
            true => format!(" Logged in as {}", self.user),
            false => " Not logged in".to_owned(),
        }
    }
}
