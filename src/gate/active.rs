//! PASV, EPSV, PORT and EPRT (RFC 959 section 4.1.2, RFC 2428): they end here.

use super::{Command, Data, Gate, GateOutput, reply};
use crate::fault::{PassiveVerdict, Unserved};
use crate::ftp::{parse_passive, port_argument};
use crate::time::Now;
use core::net::SocketAddrV4;

impl Gate {
    pub(super) fn passive(&mut self, now: Now, command: Command, verdict: PassiveVerdict) {
        let refusal = match (command.verb.as_str(), command.argument.trim()) {
            ("PASV", _) | ("EPSV", "" | "1") => None,
            ("EPSV", all) if all.eq_ignore_ascii_case("ALL") => Some((200, "EPSV ALL ok.")),
            ("EPSV", "2") => Some((522, "Network protocol not supported, use (1)")),
            _ => Some((501, "No network protocol.")),
        };
        if let Some((code, text)) = refusal {
            return self.answer(now, &command, reply::line(code, text));
        }
        self.release_data();
        let port = self.config.next_port();
        let right = SocketAddrV4::new(*self.server.ip(), port);
        self.session.stall = verdict == PassiveVerdict::Unserved(Unserved::Stalled);
        self.data = Data::Listening;
        let (announced, output) = match verdict {
            // The announced address is wrong on purpose, and nothing listens at the right one.
            PassiveVerdict::Address { address, port: other } => {
                (SocketAddrV4::new(address, other.unwrap_or(port)), None)
            }
            PassiveVerdict::Unserved(Unserved::Refused) => (right, None),
            PassiveVerdict::Unserved(Unserved::Silent) => (right, Some(GateOutput::SilenceData { port })),
            // The connection is accepted and 150 is said, but no data moves.
            PassiveVerdict::Unserved(Unserved::Stalled) | PassiveVerdict::Pass => {
                (right, Some(GateOutput::ListenData { port }))
            }
        };
        self.out.extend(output);
        let reply = match command.verb.as_str() {
            "EPSV" => {
                let text = format!("Entering Extended Passive Mode (|||{}|)", announced.port());
                reply::line(229, &text)
            }
            _ => reply::line(227, &format!("Entering Passive Mode ({}).", port_argument(announced))),
        };
        self.answer(now, &command, reply);
    }

    /// Keeps the address that the host gave: the gate connects to it when there is data to move.
    pub(super) fn active(&mut self, now: Now, command: Command) {
        let named = match command.verb.as_str() {
            "PORT" => port(&command.argument),
            _ => extended_port(&command.argument),
        };
        let (code, text) = match named {
            Ok(address) => {
                self.release_data();
                self.session.stall = false;
                self.data = Data::Port(address);
                (200, format!("{} command successful.", command.verb))
            }
            Err((code, text)) => (code, text.to_owned()),
        };
        self.answer(now, &command, reply::line(code, &text));
    }
}

type Refused = (u16, &'static str);

const NO_ADDRESS: Refused = (501, "No address and port.");

fn port(argument: &str) -> Result<SocketAddrV4, Refused> {
    let plain = argument.chars().all(|c| c.is_ascii_digit() || c == ',' || c == ' ');
    parse_passive(argument).filter(|_| plain).ok_or(NO_ADDRESS)
}

/// `|1|132.235.1.2|6275|`; the bar may be any character.
fn extended_port(argument: &str) -> Result<SocketAddrV4, Refused> {
    let bar = argument.chars().next().ok_or(NO_ADDRESS)?;
    let fields: Vec<&str> = argument.split(bar).collect();
    match fields[..] {
        ["", "1", address, port, ""] => match (address.parse(), port.parse()) {
            (Ok(address), Ok(port)) if port != 0 => Ok(SocketAddrV4::new(address, port)),
            _ => Err(NO_ADDRESS),
        },
        ["", "1", ..] => Err(NO_ADDRESS),
        ["", protocol, ..] if protocol.parse::<u16>().is_ok() => {
            Err((522, "Network protocol not supported, use (1)"))
        }
        _ => Err(NO_ADDRESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ports_are_read() {
        let named = |text: &str| Ok(text.parse::<SocketAddrV4>().unwrap());
        assert_eq!(port("166,129,120,246,11,45"), named("166.129.120.246:2861"));
        assert_eq!(port("10, 0, 0, 2, 4, 1"), named("10.0.0.2:1025"));
        for wrong in ["", "1,2,3,4,5", "1,2,3,4,0,0", "1,2,3,4,5,256", "to 1,2,3,4,5,6"] {
            assert_eq!(port(wrong), Err(NO_ADDRESS), "{wrong}");
        }
        assert_eq!(extended_port("|1|132.235.1.2|6275|"), named("132.235.1.2:6275"));
        assert_eq!(extended_port("!1!132.235.1.2!6275!"), named("132.235.1.2:6275"));
        assert_eq!(extended_port("|2|::1|6275|").map_err(|e| e.0), Err(522));
        for wrong in ["", "|", "|1|::1|6275|", "|1|1.2.3.4|0|", "|1|1.2.3.4|6275", "|x|1.2.3.4|6275|"] {
            assert_eq!(extended_port(wrong), Err(NO_ADDRESS), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_argument_panics(argument in "\\PC*|[|1.,0-9]*") {
            let _ = (port(&argument), extended_port(&argument));
        }
    }
}
