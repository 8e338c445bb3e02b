//! The words that faults, expectations and traces share: patterns, lines and ways, mistakes with their place.

pub mod files;
pub mod link;
pub mod octets;
pub mod pattern;
pub mod problem;
