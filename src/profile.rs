//! profile: profiles/*.toml -> typed values, all validation.
