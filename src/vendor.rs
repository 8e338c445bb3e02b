//! vendor: one file per vendor, and the registry.

use crate::modem::Personality;
use crate::profile::{Library, Profile};

type Make = fn(&Profile) -> Result<Box<dyn Personality>, (Vec<String>, String)>;

/// The behaviours, by the name that a profile's `vendor` gives.
pub const VENDORS: &[(&str, Make)] = &[];

/// The profiles in the binary.
pub const PROFILES: Library = &[];
