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

mod act;
pub mod action;
pub mod amount;
mod build;
mod check;
mod count;
mod engine;
mod fact;
mod files;
mod kind;
mod link;
mod live;
mod moved;
mod pace;
mod pattern;
mod problem;
mod rule;
mod schema;
mod seam;
mod sense;
mod table;
#[cfg(test)]
mod tests;
mod trigger;
mod until;

pub use act::{Act, Event, Stage, Status};
pub use action::Action;
pub use amount::{Amount, Lasts};
pub use build::registration_number;
pub use check::{Known, Never, check, never_acts, never_happens, no_command, no_port};
pub use engine::Engine;
pub use fact::Observation;
pub use files::{Files, path_parts};
pub use kind::{FaultKind, Layer, Nature, Need, Param, Type, kind_named};
pub use link::{CONNECTIONS, DIRECTIONS, Direction, Link, LinkKind, Links, Way};
pub use pattern::Pattern;
pub use problem::{Problem, Weight};
pub use rule::{Request, Rule, WrittenRule};
pub use schema::{json, list, markdown};
pub use seam::{
    CommandVerdict, ConnectVerdict, Fate, Flip, LookupVerdict, PassiveVerdict, Piece, ReplyVerdict, Segment,
    StorageVerdict, UartVerdict, UrcVerdict, VerbVerdict,
};
pub use sense::{Against, doubts, no_urc, odd};
pub use table::FAULTS;
pub use trigger::{Count, STATES, Trigger, When, Which};
