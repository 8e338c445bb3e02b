//! The FTP session on the module's sockets: what they tell the client, and what it asks of them.

use super::Leg;
use crate::ftp::{Cause, Input, Output, Security};
use crate::modem::net::{Failure, NetRequest, Purpose, Query, Socket};
use crate::modem::socket::{Owner, SocketEvent};
use crate::modem::{Core, Event};
use ::core::net::{Ipv4Addr, SocketAddrV4};
use bytes::Bytes;

impl Core {
    pub(in crate::modem) fn ftp_resolved(&mut self, query: Query, address: Option<Ipv4Addr>) -> bool {
        let Some(session) = self.ftp.as_mut().filter(|s| s.query == Some(query)) else { return false };
        session.query = None;
        match address {
            Some(address) => self.ftp_dial(address),
            None => self.ftp_input(Input::ControlFailed(Cause::NoName)),
        }
        true
    }

    pub(in crate::modem) fn ftp_accepted(&mut self, listener: Socket, socket: Socket) {
        let Some(session) = self.ftp.as_mut().filter(|s| s.data == Leg::Listener(listener)) else {
            return self.abort(socket);
        };
        session.data = Leg::Connection(socket);
        self.close(listener);
        self.ftp_input(Input::DataConnected);
    }

    pub(in crate::modem) fn ftp_bytes(&mut self, socket: Socket, bytes: Bytes) {
        match self.ftp_which(socket) {
            Some(Owner::FtpControl) => self.ftp_input(Input::ControlBytes(bytes)),
            Some(Owner::FtpData) => self.ftp_input(Input::DataBytes(bytes)),
            _ => {}
        }
    }

    pub(in crate::modem) fn ftp_socket(&mut self, socket: Socket, event: SocketEvent) {
        let Some(owner) = self.ftp_which(socket) else { return };
        let input = match (owner, event) {
            (Owner::FtpControl, SocketEvent::Open(local)) => {
                if let Some(session) = &mut self.ftp {
                    session.client.settings_mut().local = *local.ip();
                }
                Input::ControlConnected
            }
            (Owner::FtpControl, SocketEvent::Secured) => Input::ControlSecured,
            (Owner::FtpControl, SocketEvent::Failed(why)) => Input::ControlFailed(cause(why)),
            (Owner::FtpControl, SocketEvent::PeerShutdown) => Input::ControlClosed,
            (Owner::FtpControl, SocketEvent::Reset) => Input::ControlReset,
            (Owner::FtpData, SocketEvent::Open(local)) => match self.ftp.as_ref().map(|s| s.data) {
                Some(Leg::Listener(_)) => Input::DataListening { port: local.port() },
                _ => Input::DataConnected,
            },
            (Owner::FtpData, SocketEvent::Failed(why)) => Input::DataFailed(cause(why)),
            (Owner::FtpData, SocketEvent::PeerShutdown) => Input::DataClosed,
            (Owner::FtpData, SocketEvent::Reset) => Input::DataReset,
            (Owner::FtpData, SocketEvent::Sent(n)) => Input::DataSent(n),
            _ => return,
        };
        let sent = matches!(input, Input::DataSent(_));
        self.ftp_input(input);
        if sent && self.ftp_backlog() == 0 {
            self.events.push_back(Event::FtpDrained);
        }
    }

    fn ftp_which(&self, socket: Socket) -> Option<Owner> {
        let session = self.ftp.as_ref()?;
        match Some(socket) {
            s if s == session.control => Some(Owner::FtpControl),
            s if s == session.data.socket() => Some(Owner::FtpData),
            _ => None,
        }
    }

    fn ftp_dial(&mut self, address: Ipv4Addr) {
        let Some(session) = &self.ftp else { return };
        let target = session.target.clone();
        let implicit = session.client.settings().security == Security::Implicit;
        let tls = target.tls.filter(|_| implicit);
        let name = target.host.parse::<Ipv4Addr>().is_err().then(|| target.host.clone());
        let socket = self.open_for(Owner::FtpControl, |socket| NetRequest::Connect {
            socket,
            to: SocketAddrV4::new(address, target.port),
            name,
            from_port: target.from_port,
            purpose: Purpose::FtpControl,
            tls,
        });
        if let Some(session) = &mut self.ftp {
            session.control = Some(socket);
        }
    }

    pub(super) fn ftp_output(&mut self, output: Output) {
        let Some(session) = &mut self.ftp else { return };
        let (control, data) = (session.control, session.data.socket());
        match output {
            Output::Connect => {
                let host = session.target.host.clone();
                match self.resolve(&host) {
                    Ok(address) => self.ftp_dial(address),
                    Err(query) => self.ftp.iter_mut().for_each(|s| s.query = Some(query)),
                }
            }
            Output::SendControl(bytes) => control.into_iter().for_each(|s| self.send(s, bytes.clone())),
            Output::StartTls => {
                if let (Some(socket), Some(tls)) = (control, session.target.tls.clone()) {
                    self.net(NetRequest::StartTls { socket, tls });
                }
            }
            Output::CloseControl => {
                session.control = None;
                control.into_iter().for_each(|s| self.close(s));
            }
            Output::ConnectData(to) => {
                let from_port = session.client.settings_mut().source_data_port;
                let tls = session.target.tls.clone();
                let socket = self.open_for(Owner::FtpData, |socket| NetRequest::Connect {
                    socket,
                    to,
                    name: None,
                    from_port,
                    purpose: Purpose::FtpData,
                    tls,
                });
                self.ftp.iter_mut().for_each(|s| s.data = Leg::Connection(socket));
            }
            Output::ListenData { port } => {
                let tls = session.target.tls.clone();
                let socket = self.open_for(Owner::FtpData, |socket| NetRequest::Listen {
                    socket,
                    port,
                    purpose: Purpose::FtpData,
                    tls,
                });
                self.ftp.iter_mut().for_each(|s| s.data = Leg::Listener(socket));
            }
            Output::SendData(bytes) => data.into_iter().for_each(|s| self.send(s, bytes.clone())),
            Output::ShutdownData => {
                data.into_iter().for_each(|socket| self.net(NetRequest::Shutdown { socket }));
            }
            Output::CloseData => {
                session.data = Leg::None;
                data.into_iter().for_each(|s| self.close(s));
            }
            Output::AbortData => {
                session.data = Leg::None;
                data.into_iter().for_each(|s| self.abort(s));
            }
            Output::Event(event) => self.ftp_event(event),
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
