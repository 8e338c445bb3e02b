//! vendor: one file per vendor, and the registry.
