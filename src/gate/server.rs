//! The server behind the gate, as its control connection shows it.

use super::GateOutput;
use crate::at::octets::octets_of;
use crate::ftp::{Malformed, Replies, Reply};
use bytes::Bytes;
use core::net::IpAddr;

#[derive(Debug)]
pub struct Server {
    /// Where it really is.
    pub address: IpAddr,
    /// It is libunftp.
    pub builtin: bool,
    /// The control connection to it speaks TLS. Then it answers PBSZ and PROT.
    pub tls: bool,
    /// Final replies that it still owes, the greeting among them.
    pub owed: usize,
    replies: Replies,
}

impl Server {
    pub fn new(address: IpAddr) -> Server {
        Server { address, builtin: false, tls: false, owed: 1, replies: Replies::default() }
    }

    /// A command for it; from here on it owes a reply.
    pub fn command(&mut self, line: String) -> GateOutput {
        self.owed += 1;
        let line = line + "\r\n";
        GateOutput::ToUpstream(match self.builtin {
            // libunftp takes UTF-8 alone: the storage turns names into their octets.
            true => line.into(),
            false => Bytes::from(octets_of(&line).into_owned()),
        })
    }

    /// The next reply in what it said.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Result<Reply, Malformed>> {
        match self.replies.next(bytes)? {
            // What a real server says wrongly is passed on: the module is to see it. It counts as a final reply.
            Err(Malformed::Line(line)) => Some(Ok(Reply::nonsense(line))),
            reply => Some(reply),
        }
    }

    /// Counts a reply that nobody is to hear, after the module has gone.
    pub fn unheard(&mut self, reply: &Result<Reply, Malformed>) {
        match reply {
            Ok(reply) if reply.is_preliminary() => {}
            Ok(_) => self.owed = self.owed.saturating_sub(1),
            Err(_) => self.owed = 0,
        }
    }

    /// The octets of the built-in server's reply as the module is to have them.
    pub fn decode(&self, reply: &mut Reply) {
        if self.builtin {
            for line in &mut reply.lines {
                *line = String::from_utf8_lossy(&octets_of(line)).into_owned();
            }
        }
    }
}
