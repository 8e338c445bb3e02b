//! Mistakes in files as an error of a test.

use crate::fault::{Fault, Rule};
use crate::profile::mistake::Mistake;
use std::fmt;

/// Mistakes in what a modem is made from, as one error.
#[derive(Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (i, mistake) in self.0.iter().enumerate() {
            write!(f, "{}{mistake}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mistakes {
    /// As for a person: it is what a test that returns it prints.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "\n{self}")
    }
}

impl std::error::Error for Mistakes {}

impl Mistakes {
    /// The rule that a fault is.
    pub(super) fn rule(fault: impl Into<Fault>) -> Result<Rule, Mistakes> {
        let text = fault.into().to_string();
        Rule::parse(&text).map_err(|problem| {
            let mistake = Mistake::at("fault", &text, problem.span, problem.what);
            Mistakes(vec![if problem.right.is_empty() { mistake } else { mistake.right(problem.right) }])
        })
    }
}
