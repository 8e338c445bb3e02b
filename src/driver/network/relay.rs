//! What the network knows of the FTP gate: bytes and events in, bytes and wishes out.

use crate::time::Now;
use bytes::Bytes;
use std::net::{SocketAddr, SocketAddrV4};

/// The relay of one FTP control connection, as the network drives it.
pub trait Relay {
    /// Hands it one event.
    fn handle(&mut self, now: Now, input: GateInput);
    /// Lets it act on its timers that have expired by `now`.
    fn handle_timeout(&mut self, now: Now);
    /// The next thing it wants done.
    fn poll_output(&mut self) -> Option<GateOutput>;
    /// When it wants [`handle_timeout`](Relay::handle_timeout).
    fn poll_timeout(&self) -> Option<Now>;
    /// Whether it awaits something of the real server.
    fn busy(&self) -> bool;
    /// Whether data connections speak TLS (PROT P, RFC 4217 section 9).
    fn data_protected(&self) -> bool;
}

/// Makes the relay of a new control connection.
pub type MakeRelay = Box<dyn FnMut(Call) -> Box<dyn Relay + Send> + Send>;

/// A new control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The server's address as the module dialled it.
    pub server: SocketAddrV4,
    /// The module's own end.
    pub module: SocketAddrV4,
    /// The real server behind the relay.
    pub upstream: SocketAddr,
    /// The control connection speaks TLS from its start.
    pub tls: bool,
}

/// What happens to a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateInput {
    /// The module sent octets on the control connection.
    ModuleBytes(Bytes),
    /// The module sends nothing more on the control connection.
    ModuleFin,
    /// The control connection is dead.
    ModuleReset,
    /// The module connected to the announced port, or accepted our dial.
    DataOpened,
    /// The module refused our dial.
    DataRefused,
    /// The module sent octets on the data connection.
    DataBytes(Bytes),
    /// The module sends nothing more on the data connection.
    DataFin,
    /// The data connection is dead.
    DataReset,
    /// The link took so many octets of `DataToModule`.
    DataSent(usize),
    /// All data and the FIN behind it have been handed to the module.
    DataDelivered,
    /// The control connection to the real server is up.
    UpstreamOpened,
    /// The real server could not be reached.
    UpstreamFailed,
    /// The real server sent octets on the control connection.
    UpstreamBytes(Bytes),
    /// The real server sends nothing more.
    UpstreamFin,
    /// The real server reset the control connection.
    UpstreamReset,
    /// The data connection to the real server is up.
    UpstreamDataOpened,
    /// The data connection to the real server came to nothing.
    UpstreamDataFailed,
    /// The real server sent data.
    UpstreamDataBytes(Bytes),
    /// The real server's data is complete.
    UpstreamDataFin,
    /// The real server reset the data connection.
    UpstreamDataReset,
    /// So many octets of `DataToUpstream` have gone out.
    UpstreamDataSent(usize),
}

/// What a gate wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateOutput {
    /// Send to the module on the control connection.
    ToModule(Bytes),
    /// Speak TLS on the control connection from here on, as its server (RFC 4217 section 4).
    StartTls,
    /// FIN on the control connection.
    FinModule,
    /// RST on the control connection.
    ResetModule,
    /// Let the module's next connection to this port of the server's address be the data connection.
    ListenData {
        /// The port that was announced.
        port: u16,
    },
    /// Let the module's connections to this port of the server's address get no answer.
    SilenceData {
        /// The port that was announced.
        port: u16,
    },
    /// Nothing is announced any more.
    StopListen,
    /// Dial the module (PORT).
    DialData(SocketAddrV4),
    /// Send to the module on the data connection.
    DataToModule(Bytes),
    /// FIN on the data connection.
    DataFinModule,
    /// RST on the data connection.
    DataResetModule,
    /// Connect to the real server.
    OpenUpstream,
    /// Send to the real server.
    ToUpstream(Bytes),
    /// Close the control connection to the real server.
    CloseUpstream,
    /// Open a data connection to the real server.
    OpenUpstreamData(SocketAddr),
    /// Send data to the real server.
    DataToUpstream(Bytes),
    /// FIN on the real data connection.
    DataFinUpstream,
    /// RST on the real data connection.
    DataAbortUpstream,
    /// So many more octets may be read from the real data connection.
    AllowUpstreamData(usize),
    /// So many more octets of the module's data may be handed in.
    AllowModuleData(usize),
}
