//! The module's side of a data connection: PASV, EPSV, PORT and EPRT (RFC 959 section 4.1.2, RFC 2428) end here.

use super::{Command, GateOutput, reply};
use crate::fault::{PassiveVerdict, Unserved};
use crate::ftp::{Reply, parse_passive, port_argument};
use core::net::SocketAddrV4;

/// The data connection on the module's side.
#[derive(Debug, Default)]
pub struct DataPort {
    pub state: Data,
    /// The passive connection is to be accepted and not served.
    pub stalls: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub enum Data {
    #[default]
    None,
    /// PASV was answered and nobody has come; also a port that stays silent.
    Listening,
    /// PORT was accepted; the address is dialled when there is something to transfer.
    Port(SocketAddrV4),
    Dialling,
    Open,
    /// The module has closed its half.
    Ended,
}

impl DataPort {
    /// PASV or EPSV: gives the reply, and what is to be done on the port that is announced. `right` is the address of
    /// that port.
    pub fn announce(
        &mut self,
        command: &Command,
        verdict: PassiveVerdict,
        right: SocketAddrV4,
    ) -> (Option<GateOutput>, Reply) {
        let port = right.port();
        self.stalls = verdict == PassiveVerdict::Unserved(Unserved::Stalled);
        self.state = Data::Listening;
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
        let reply = match command.verb.as_str() {
            "EPSV" => {
                let text = format!("Entering Extended Passive Mode (|||{}|)", announced.port());
                reply::line(229, &text)
            }
            _ => reply::line(227, &format!("Entering Passive Mode ({}).", port_argument(announced))),
        };
        (output, reply)
    }

    /// PORT or EPRT: keeps the address that the host gave. The gate connects to it when there is data to move.
    pub fn keep(&mut self, address: SocketAddrV4) {
        self.stalls = false;
        self.state = Data::Port(address);
    }

    /// Whether a connection is awaited.
    pub fn is_awaited(&self) -> bool {
        matches!(self.state, Data::Listening | Data::Dialling)
    }

    /// Whether the module is connected, or was until it closed its half.
    pub fn is_there(&self) -> bool {
        matches!(self.state, Data::Open | Data::Ended)
    }

    /// The connection, or its port, is not wanted any more. Gives what is to be done about it.
    pub fn release(&mut self) -> Option<GateOutput> {
        match std::mem::take(&mut self.state) {
            Data::None | Data::Port(_) => None,
            Data::Listening => Some(GateOutput::StopListen),
            Data::Dialling | Data::Open | Data::Ended => Some(GateOutput::DataResetModule),
        }
    }
}

/// A code and a text of the gate's own.
pub type Refused = (u16, &'static str);

/// Why PASV or EPSV announces no port; none where it does.
pub fn announces_none(command: &Command) -> Option<Refused> {
    match (command.verb.as_str(), command.argument.trim()) {
        ("PASV", _) | ("EPSV", "" | "1") => None,
        ("EPSV", all) if all.eq_ignore_ascii_case("ALL") => Some((200, "EPSV ALL ok.")),
        ("EPSV", "2") => Some((522, "Network protocol not supported, use (1)")),
        _ => Some((501, "No network protocol.")),
    }
}

/// The address that PORT or EPRT gives.
pub fn named(command: &Command) -> Result<SocketAddrV4, Refused> {
    match command.verb.as_str() {
        "PORT" => port(&command.argument),
        _ => extended_port(&command.argument),
    }
}

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
