//! The vocabulary of faults: the one table that is parsed by, listed, and made into documentation and schema.

pub mod action;
mod bearer;
pub mod build;
mod ftp;
pub mod kind;
mod link;
mod module;
mod name;
mod storage;
mod uart;

use crate::fault::layer::kind::{FaultKind, Need, Param, Type};
use crate::fault::text::link::DIRECTIONS;

const fn must(name: &'static str, kind: Type, help: &'static str) -> Param {
    Param { name, kind, need: Need::Required, help }
}

const fn or(name: &'static str, kind: Type, literal: &'static str, help: &'static str) -> Param {
    Param { name, kind, need: Need::Default(literal), help }
}

const fn may(name: &'static str, kind: Type, help: &'static str) -> Param {
    Param { name, kind, need: Need::Optional, help }
}

const fn scope(name: &'static str, kind: Type, literal: &'static str, help: &'static str) -> Param {
    Param { name, kind, need: Need::Trigger(literal), help }
}

const WAY: Type = Type::Word(DIRECTIONS);
const PORT: Param = scope("port", Type::Int(1, 16), "", "the serial port, from 1; else every port");
const DOWN: Param = scope("direction", WAY, "\"down\"", "down is towards the host");
const FILE: Param = scope("file", Type::Pattern, "\"*\"", "the files (arguments of the verb) it is about");

const LAYERS: [&[FaultKind]; 7] =
    [uart::FAULTS, module::FAULTS, bearer::FAULTS, link::FAULTS, name::FAULTS, ftp::FAULTS, storage::FAULTS];

/// Every fault there is, by layer, from the host outwards.
pub const FAULTS: &[FaultKind] = &joined::<{ total() }>();

const fn total() -> usize {
    let (mut total, mut layer) = (0, 0);
    while layer < LAYERS.len() {
        total += LAYERS[layer].len();
        layer += 1;
    }
    total
}

const fn joined<const N: usize>() -> [FaultKind; N] {
    let mut all = [LAYERS[0][0]; N];
    let (mut n, mut layer) = (0, 0);
    while layer < LAYERS.len() {
        let mut row = 0;
        while row < LAYERS[layer].len() {
            all[n] = LAYERS[layer][row];
            (n, row) = (n + 1, row + 1);
        }
        layer += 1;
    }
    all
}
