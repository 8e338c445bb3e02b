//! Mistakes in files as an error of a test.

use crate::fault::{Fault, Rule};
use crate::profile::mistake::{Mistake, together};
use std::fmt;

/// Mistakes in what a modem is made from, as one error.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", together(.0))]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Debug for Mistakes {
    /// As for a person: it is what a test that returns it prints.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl Mistakes {
    /// The rule that a fault is.
    pub(super) fn rule(fault: impl Into<Fault>) -> Result<Rule, Mistakes> {
        let text = fault.into().to_string();
        Rule::parse(&text).map_err(|problem| Mistakes(vec![Mistake::of_problem("fault", &text, problem)]))
    }
}
