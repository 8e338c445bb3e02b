//! vendor: one file per vendor, and the registry.

mod fibocom;
mod simcom;

use crate::modem::{Personality, make};
use crate::profile::{Library, Profile};

type Make = fn(&Profile) -> Result<Box<dyn Personality>, (Vec<String>, String)>;

/// The behaviours, by the name that a profile's `vendor` gives.
pub const VENDORS: &[(&str, Make)] =
    &[("simcom", make::<simcom::Simcom>), ("fibocom", make::<fibocom::Fibocom>)];

/// The profiles in the binary.
pub const PROFILES: Library = &[
    ("sim7080", include_str!("../profiles/sim7080.toml")),
    ("sim800", include_str!("../profiles/sim800.toml")),
    ("nl668", include_str!("../profiles/nl668.toml")),
];
