//! fault: rules -> verdicts, seeded.
//!
//! A [`Rule`] says when ([`Trigger`]), what ([`Action`], a row of [`FAULTS`]) and how long. The
//! [`Engine`] holds the rules of a run. The places where things happen ask it: the serial port
//! ([`Engine::uart`]), the module ([`Engine::command`], [`Engine::urc`]), the link
//! ([`Engine::segment`]), the name server ([`Engine::lookup`], [`Engine::connect`]), the FTP gate
//! ([`Engine::verb`], [`Engine::reply`], [`Engine::passive`]) and the storage ([`Engine::storage`]).
//! What nobody asks is told with [`Engine::observe`]; what a rule does by itself comes out of
//! [`Engine::poll_act`].
//!
//! Where several rules have a say in one thing, the first in the file whose verdict is not `Pass` wins.
//! Each rule draws from a stream of its own, so adding one shifts no other.

mod build;
mod engine;
mod layer;
mod rule;
mod standing;
#[cfg(test)]
mod tests;
mod text;

pub use build::Fault;
pub use engine::Engine;
pub use engine::act::{Act, Event, Stage, Status};
pub use engine::fact::Observation;
pub use layer::bearer::{Bearer, Registration, SimFault};
pub use layer::ftp::{
    Ftp, FtpFault, PassiveVerdict, ReplyVerdict, Scripted, Stop, Then, Unserved, VerbVerdict,
};
pub use layer::kind::{FaultKind, Layer, Nature, Need, Param};
pub use layer::link::{Delivery, Fate, Flip, LinkFault, OnLink, Segment};
pub use layer::module::{CommandVerdict, Module, ModuleFault, PowerOn, ResultVerdict, Swallowed, UrcVerdict};
pub use layer::name::{ConnectVerdict, Handshake, LookupVerdict, Name, NameFault};
pub use layer::param::{Delay, End, Spread};
pub use layer::storage::{Change, Ops, Storage, StorageFault, StorageOp, StorageVerdict};
pub use layer::symptom::{Symptom, index, symptoms_markdown};
pub use layer::uart::{ControlLine, Piece, Uart, UartFault, UartVerdict};
pub use layer::{Action, FAULTS, kind_named};
pub use rule::amount::{Amount, Lasts};
pub use rule::check::{
    Known, Never, check, listed, never_acts, never_happens, no_command, no_port, no_result,
};
pub use rule::form::form;
pub use rule::schema::{describe, json, list, markdown};
pub use rule::sense::{Against, DOUBTS, doubts, no_urc, odd};
pub use rule::trigger::{Count, ModuleState, Trigger, When, Which};
pub use rule::{During, Request, Rule, WrittenRule};
pub use standing::Standing;
pub use text::files::{Files, path_parts};
pub use text::link::{CONNECTIONS, Direction, Link, LinkKind, Links, Way};
pub use text::octets::{Octets, no_hex};
pub use text::pattern::Pattern;
pub use text::problem::{Problem, Weight};
