//! The vocabulary of faults, a file for each layer: what is written (parameters, help, an example), what is done, and
//! what becomes of the thing that it is done to.

pub mod bearer;
pub mod ftp;
pub mod kind;
pub mod link;
pub mod module;
pub mod name;
pub mod param;
pub mod read;
mod shape;
pub mod storage;
pub mod symptom;
pub mod uart;

use bearer::Bearer;
use ftp::Ftp;
use kind::{FaultKind, Layer};
use link::OnLink;
use module::Module;
use name::Name;
use std::sync::LazyLock;
use storage::Storage;
use uart::Uart;

/// What a rule does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// To the bytes on a serial port.
    Uart(Uart),
    /// To a command, an answer, a URC, or the module itself.
    Module(Module),
    /// To the radio and the SIM.
    Bearer(Bearer),
    /// To a connection.
    Link(OnLink),
    /// To a look-up or a connection attempt.
    Name(Name),
    /// To the FTP dialogue.
    Ftp(Ftp),
    /// To the server's files.
    Storage(Storage),
}

impl Action {
    /// Where it acts.
    pub fn layer(&self) -> Layer {
        match self {
            Action::Uart(_) => Layer::Uart,
            Action::Module(_) => Layer::Module,
            Action::Bearer(_) => Layer::Bearer,
            Action::Link(_) => Layer::Link,
            Action::Name(_) => Layer::Name,
            Action::Ftp(_) => Layer::Ftp,
            Action::Storage(_) => Layer::Storage,
        }
    }
}

/// Every fault there is, by layer, from the host outwards: what is parsed by, listed, and made into documentation and
/// schema.
pub static FAULTS: LazyLock<Vec<FaultKind>> = LazyLock::new(|| {
    let layers = [
        uart::faults(),
        module::faults(),
        bearer::faults(),
        link::faults(),
        name::faults(),
        ftp::faults(),
        storage::faults(),
    ];
    layers.into_iter().flatten().collect()
});

/// The fault with that name.
pub fn kind_named(name: &str) -> Option<&'static FaultKind> {
    FAULTS.iter().find(|k| k.name == name)
}
