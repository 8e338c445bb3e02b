//! at: command-line grammar, typed arguments, result codes.
