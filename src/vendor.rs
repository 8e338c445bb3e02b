//! vendor: one file per vendor, and the registry.

mod fibocom;
mod quectel;
mod simcom;
mod wavecom;

use crate::at::Secrets;
use crate::modem::{Modem, Personality, make, secrets_of};
use crate::profile::{Library, Profile};

type Make = fn(&Profile) -> Result<Box<dyn Personality>, (Vec<String>, String)>;

/// The behaviours, by the name that a profile's `vendor` gives.
pub const VENDORS: &[(&str, Make)] = &[
    ("fibocom", make::<fibocom::Fibocom>),
    ("quectel", make::<quectel::Quectel>),
    ("simcom", make::<simcom::Simcom>),
    ("wavecom", make::<wavecom::Wavecom>),
];

/// What is kept out of traces of a module: what it knows as secret, and what others do of the commands that
/// it does not know, for a host may have been written for another.
pub fn secrets(modem: &Modem) -> Secrets {
    let mut secrets = modem.secrets();
    let own = modem.rows();
    let all = [
        secrets_of::<fibocom::Fibocom>(),
        secrets_of::<quectel::Quectel>(),
        secrets_of::<simcom::Simcom>(),
        secrets_of::<wavecom::Wavecom>(),
    ];
    secrets.0.extend(all.into_iter().flatten().filter(|(name, _)| own.iter().all(|row| row.name != *name)));
    secrets
}

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
