//! What is wrong with a file that describes faults, and where.

use std::ops::Range;

/// A mistake at a place in a text: the diagnostics turn it into file, line and column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}{right}", if right.is_empty() { "" } else { "; " })]
pub struct Problem {
    /// The bytes of the text that are wrong.
    pub span: Range<usize>,
    /// What is wrong.
    pub what: String,
    /// What would be right; empty where that cannot be told.
    pub right: String,
    /// The key that is wrong, where it is one of a rule: the rule's number from 0, its table, the key there.
    pub key: Option<(usize, &'static str, &'static str)>,
    /// How much it weighs.
    pub weight: Weight,
    /// What it is held against, where two places contradict: where that stands, and what it is.
    pub other: Option<Box<(Range<usize>, String)>>,
}

/// How much a problem weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The file cannot be used.
    #[default]
    Mistake,
    /// The file can be used, and is likely not to say what was meant.
    Warning,
}

impl Problem {
    /// A problem at `span`.
    pub fn new(span: Range<usize>, what: impl Into<String>, right: impl Into<String>) -> Problem {
        Problem {
            span,
            what: what.into(),
            right: right.into(),
            key: None,
            weight: Weight::Mistake,
            other: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(span: Range<usize>, what: impl Into<String>, right: impl Into<String>) -> Problem {
        Problem { weight: Weight::Warning, ..Problem::new(span, what, right) }
    }

    /// The same, held against what stands at another place.
    #[must_use]
    pub fn beside(self, span: Range<usize>, what: impl Into<String>) -> Problem {
        Problem { other: Some(Box::new((span, what.into()))), ..self }
    }

    /// The problem that `toml` found.
    pub fn from_toml(error: &toml::de::Error) -> Problem {
        Problem::new(error.span().unwrap_or(0..0), error.message(), "")
    }
}
