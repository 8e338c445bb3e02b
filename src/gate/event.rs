//! What happens to a gate, and what it wants done.

use bytes::Bytes;
use core::net::{SocketAddr, SocketAddrV4};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateInput {
    /// The module sent on the control connection.
    ModuleBytes(Bytes),
    /// The module sends nothing more on the control connection.
    ModuleFin,
    /// The module reset the control connection, or is out of reach.
    ModuleReset,
    /// The module has connected to the announced port, or accepted the dialled connection; with
    /// `data_protected`, TLS is up.
    DataOpened,
    /// The module refused the dialled connection, or its TLS.
    DataRefused,
    /// The module sent data, within the credit of [`GateOutput::AllowModuleData`].
    DataBytes(Bytes),
    /// The module sends no more data. During a download it means that the module has closed.
    DataFin,
    /// The module reset the data connection.
    DataReset,
    /// So many octets of [`GateOutput::DataToModule`] are on their way.
    DataSent(usize),
    /// Octets have arrived at the module, and it does not take them.
    DataUnread,
    /// All data, and the FIN of [`GateOutput::DataFinModule`], have been handed to the module.
    DataDelivered,
    /// The server has accepted the control connection.
    UpstreamOpened,
    /// The server cannot be reached.
    UpstreamFailed,
    /// The server sent on the control connection.
    UpstreamBytes(Bytes),
    /// The server closed the control connection.
    UpstreamFin,
    /// The server reset the control connection.
    UpstreamReset,
    /// The server has accepted the data connection.
    UpstreamDataOpened,
    /// Where it is to speak TLS, as `data_protected` says: TLS is up.
    UpstreamDataSecured,
    /// The server's data port cannot be reached, or its TLS has failed.
    UpstreamDataFailed,
    /// The server sent data, within the credit of [`GateOutput::AllowUpstreamData`].
    UpstreamDataBytes(Bytes),
    /// The server sends no more data.
    UpstreamDataFin,
    /// The server reset the data connection.
    UpstreamDataReset,
    /// So many octets of [`GateOutput::DataToUpstream`] are on their way.
    UpstreamDataSent(usize),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateOutput {
    /// Send to the module on the control connection.
    ToModule(Bytes),
    /// Start TLS on the module's control connection, as its server, behind what was sent.
    StartTls,
    /// Close the control connection behind what was sent. The gate is done with the module.
    FinModule,
    /// Reset the control connection. The gate is done with the module.
    ResetModule,
    /// Accept one data connection of the module, at the server's address.
    ListenData {
        /// The port.
        port: u16,
    },
    /// Leave connection requests to the port unanswered, at the server's address.
    SilenceData {
        /// The port.
        port: u16,
    },
    /// Forget the port of `ListenData` or `SilenceData`; nobody has come.
    StopListen,
    /// Connect to the module.
    DialData(SocketAddrV4),
    /// Send data to the module.
    DataToModule(Bytes),
    /// Close the data connection behind what was sent. Answered by [`GateInput::DataDelivered`] or
    /// [`GateInput::DataReset`], behind which no event of that connection follows.
    DataFinModule,
    /// Reset the data connection, or give up dialling. No event of that connection follows.
    DataResetModule,
    /// Connect to the server.
    OpenUpstream,
    /// Send to the server on the control connection.
    ToUpstream(Bytes),
    /// Close the control connection. No event of the server follows, but data that was sent, and its
    /// FIN, still go out.
    CloseUpstream,
    /// Open a data connection to the server.
    OpenUpstreamData(SocketAddr),
    /// Send data to the server.
    DataToUpstream(Bytes),
    /// Close the data connection behind what was sent.
    DataFinUpstream,
    /// Reset the data connection, or give up connecting. No event of it follows.
    DataAbortUpstream,
    /// So many octets more may be read from the server's data connection.
    AllowUpstreamData(usize),
    /// So many octets more may be taken from the module's data connection.
    AllowModuleData(usize),
}
