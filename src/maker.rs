//! maker: one file per maker, and the registry.

mod fibocom;
mod quectel;
mod simcom;
mod wavecom;

use crate::at::{Secret, Secrets};
use crate::modem::outcome::{Outcomes, Sorted};
use crate::modem::{Maker, Personality, Vocabulary, base, make, names_of, secrets_of};
use crate::profile::{Library, Profile};

type Make = fn(&Profile) -> Result<Box<dyn Personality>, (Vec<String>, String)>;

/// One behaviour.
pub struct Behaviour {
    /// What a profile's `vendor` calls it.
    pub name: &'static str,
    /// Makes one with a profile's settings; else the path of the key that is wrong, and what is wrong with it.
    pub make: Make,
    /// What is secret in its commands.
    secrets: fn() -> Vec<(&'static str, &'static [Secret])>,
    /// Its commands.
    names: fn() -> Vec<&'static str>,
    /// How its operations end.
    pub outcomes: &'static [Outcomes],
    /// The sorts of its own error numbers.
    pub reasons: &'static [Sorted],
}

const fn behaviour<V: Maker + 'static>(name: &'static str) -> Behaviour {
    Behaviour {
        name,
        make: make::<V>,
        secrets: secrets_of::<V>,
        names: names_of::<V>,
        outcomes: V::OUTCOMES,
        reasons: V::REASONS,
    }
}

/// The behaviours.
pub const MAKERS: &[Behaviour] = &[
    behaviour::<fibocom::Fibocom>("fibocom"),
    behaviour::<quectel::Quectel>("quectel"),
    behaviour::<simcom::Simcom>("simcom"),
    behaviour::<wavecom::Wavecom>("wavecom"),
];

/// What is kept out of traces of a module: what it knows as secret, and what others do of the commands that
/// it does not know, for a host may have been written for another. Of what nobody here knows it is guessed, as is all
/// that a module does of which there is no model.
pub fn secrets(module: Option<Vocabulary>) -> Secrets {
    let mut secrets = module.map_or_else(of_any, |module| module.secrets());
    let own = module.map(|module| module.rows()).unwrap_or_default();
    let all = MAKERS.iter().flat_map(|maker| (maker.secrets)()).chain(NOBODYS.iter().copied());
    secrets.list.extend(all.filter(|(name, _)| own.iter().all(|row| row.name != *name)));
    secrets.plain.extend(MAKERS.iter().flat_map(|maker| (maker.names)()));
    secrets
}

/// What every module knows as secret.
fn of_any() -> Secrets {
    Secrets { list: base::secrets().collect(), plain: base::rows().iter().map(|row| row.name).collect() }
}

/// Commands of 3GPP TS 27.007 that bear passwords and that no module here has (sections 7.4 and 7.5).
const NOBODYS: &[(&str, &[Secret])] =
    &[("+CLCK", &[Secret::at(3)]), ("+CPWD", &[Secret::at(2), Secret::at(3)])];

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
