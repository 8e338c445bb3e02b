//! cli: one file per verb.
