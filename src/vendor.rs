//! vendor: one file per vendor, and the registry.

mod fibocom;
mod quectel;
mod simcom;
mod wavecom;

use crate::modem::{Personality, make};
use crate::profile::{Library, Profile};

type Make = fn(&Profile) -> Result<Box<dyn Personality>, (Vec<String>, String)>;

/// The behaviours, by the name that a profile's `vendor` gives.
pub const VENDORS: &[(&str, Make)] = &[
    ("fibocom", make::<fibocom::Fibocom>),
    ("quectel", make::<quectel::Quectel>),
    ("simcom", make::<simcom::Simcom>),
    ("wavecom", make::<wavecom::Wavecom>),
];

/// The profiles in the binary.
pub const PROFILES: Library = &[
    ("m10", include_str!("../profiles/m10.toml")),
    ("m95", include_str!("../profiles/m95.toml")),
    ("nl668", include_str!("../profiles/nl668.toml")),
    ("sim7080", include_str!("../profiles/sim7080.toml")),
    ("sim800", include_str!("../profiles/sim800.toml")),
    ("wipsoft", include_str!("../profiles/wipsoft.toml")),
    ("wismo228", include_str!("../profiles/wismo228.toml")),
];
