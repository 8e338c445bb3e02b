//! profile: profiles/*.toml -> typed values, all validation.

pub mod mistake;
