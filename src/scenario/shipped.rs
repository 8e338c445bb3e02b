//! The scenarios in the binary.

/// Their names and their texts, by name.
pub const SCENARIOS: &[(&str, &str)] = &[];
