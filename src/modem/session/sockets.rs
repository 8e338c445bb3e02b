//! The FTP session on the module's sockets: what they tell the client, and what it asks of them.

use super::{DataConnection, Session};
use crate::ftp::{Cause, Input, Output, Security};
use crate::modem::client::{Client, Service};
use crate::modem::net::{Failure, NetRequest, Purpose, Socket};
use crate::modem::socket::SocketEvent;
use crate::modem::{Core, Event};
use ::core::net::{Ipv4Addr, SocketAddrV4};

impl Session {
    pub(super) fn socket_event(&mut self, core: &mut Core, socket: Socket, event: SocketEvent) {
        let input = if Some(socket) == self.control {
            self.control_event(event)
        } else if Some(socket) == self.data.socket() {
            self.data_event(event)
        } else {
            None
        };
        let Some(input) = input else { return };
        let sent = matches!(input, Input::DataSent(_));
        self.input(core, input);
        if sent && self.unsent() == 0 {
            core.happened(Event::FtpDrained);
        }
    }

    fn control_event(&mut self, event: SocketEvent) -> Option<Input> {
        Some(match event {
            SocketEvent::Open(local) => {
                self.client.settings_mut().local = *local.ip();
                Input::ControlConnected
            }
            SocketEvent::Secured => Input::ControlSecured,
            SocketEvent::Failed(why) => Input::ControlFailed(cause(why)),
            SocketEvent::PeerShutdown => Input::ControlClosed,
            SocketEvent::Reset => Input::ControlReset,
            SocketEvent::Accepted(..) | SocketEvent::Arrived | SocketEvent::Sent(_) | SocketEvent::Lost => {
                return None;
            }
        })
    }

    fn data_event(&self, event: SocketEvent) -> Option<Input> {
        Some(match event {
            SocketEvent::Open(local) => match self.data {
                DataConnection::Listener(_) => Input::DataListening { port: local.port() },
                DataConnection::None | DataConnection::Connection(_) => Input::DataConnected,
            },
            SocketEvent::Failed(why) => Input::DataFailed(cause(why)),
            SocketEvent::PeerShutdown => Input::DataClosed,
            SocketEvent::Reset => Input::DataReset,
            SocketEvent::Sent(n) => Input::DataSent(n),
            SocketEvent::Secured | SocketEvent::Accepted(..) | SocketEvent::Arrived | SocketEvent::Lost => {
                return None;
            }
        })
    }

    pub(super) fn dial(&mut self, core: &mut Core, address: Ipv4Addr) {
        let target = &self.target;
        let implicit = self.client.settings().security == Security::Implicit;
        let request = |socket| NetRequest::Connect {
            socket,
            to: SocketAddrV4::new(address, target.port),
            name: target.host.parse::<Ipv4Addr>().is_err().then(|| target.host.clone()),
            from_port: target.from_port,
            purpose: Purpose::FtpControl,
            tls: target.tls.clone().filter(|_| implicit),
        };
        self.control = Some(core.open_for(Service::Ftp, request));
    }

    pub(super) fn output(&mut self, core: &mut Core, output: Output) {
        let (control, data) = (self.control, self.data.socket());
        match output {
            Output::Connect => match core.resolve(&self.target.host) {
                Ok(address) => self.dial(core, address),
                Err(query) => self.query = Some(query),
            },
            Output::SendControl(bytes) => control.into_iter().for_each(|s| core.send(s, bytes.clone())),
            Output::StartTls => {
                if let (Some(socket), Some(tls)) = (control, self.target.tls.clone()) {
                    core.net(NetRequest::StartTls { socket, tls });
                }
            }
            Output::CloseControl => {
                self.control = None;
                control.into_iter().for_each(|s| core.close(s));
            }
            Output::ConnectData(to) => {
                let from_port = self.client.settings_mut().source_data_port;
                let tls = self.target.tls.clone();
                let request = |socket| {
                    let purpose = Purpose::FtpData;
                    NetRequest::Connect { socket, to, name: None, from_port, purpose, tls }
                };
                self.data = DataConnection::Connection(core.open_for(Service::Ftp, request));
            }
            Output::ListenData { port } => {
                let tls = self.target.tls.clone();
                let request = |socket| NetRequest::Listen { socket, port, purpose: Purpose::FtpData, tls };
                self.data = DataConnection::Listener(core.open_for(Service::Ftp, request));
            }
            Output::SendData(bytes) => data.into_iter().for_each(|s| core.send(s, bytes.clone())),
            Output::ShutdownData => {
                data.into_iter().for_each(|socket| core.net(NetRequest::Shutdown { socket }));
            }
            Output::CloseData => {
                self.data = DataConnection::None;
                data.into_iter().for_each(|s| core.close(s));
            }
            Output::AbortData => {
                self.data = DataConnection::None;
                data.into_iter().for_each(|s| core.abort(s));
            }
            Output::Event(event) => self.event(core, event),
        }
    }
}

fn cause(why: Failure) -> Cause {
    match why {
        Failure::Refused => Cause::Refused,
        Failure::Unreachable | Failure::PortInUse => Cause::Unreachable,
        Failure::Tls(_) => Cause::Tls,
    }
}
