//! `badline schema`: JSON Schema for editors.

use super::show;
use crate::campaign::merge;
use crate::control;
use crate::profile::Profile;
use crate::scenario::Scenario;
use crate::trace;
use clap::{Args, ValueEnum};
use schemars::Schema;
use schemars::transform::transform_subschemas;
use std::process::ExitCode;

/// Print the JSON Schema of a kind of file, for editors, or of the control socket
#[derive(Args, Debug)]
pub struct Print {
    /// The kind of file
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// A module's personality (TOML)
    Profile,
    /// What is on the network, and what goes wrong (TOML)
    Scenario,
    /// A line of what `--trace` writes (JSON Lines)
    Trace,
    /// The lines of a control socket: requests and answers
    Control,
    /// A line of what `exec` and `report` print: verdicts and their summary
    Verdict,
}

impl Print {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        let schema = match self.what {
            What::Profile => partial(schemars::schema_for!(Profile)),
            What::Scenario => schemars::schema_for!(Scenario),
            What::Trace => trace::schema(),
            What::Control => control::schema(),
            What::Verdict => schemars::schema_for!(merge::Line),
        };
        show(format_args!("{:#}\n", schema.as_value()))
    }
}

/// The same schema with nothing required: with `extends`, a profile may leave anything out.
fn partial(mut schema: Schema) -> Schema {
    fn loosen(schema: &mut Schema) {
        schema.remove("required");
        transform_subschemas(&mut loosen, schema);
    }
    loosen(&mut schema);
    schema
}
