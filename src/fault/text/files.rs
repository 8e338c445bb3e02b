//! Files of the server, as expectations and transcripts name them: one by its path, or all that a pattern matches.

use crate::fault::text::pattern::Pattern;
use std::fmt;

/// Files of the server: one by its path from the root, or, where a `*` is in it, each that it matches as
/// `file` of a fault does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Files {
    /// The file at this path.
    One(String),
    /// Those whose path, or whose name alone, matches.
    Matching(Pattern),
}

impl Files {
    /// Whether it can be more than one.
    pub fn are_many(&self) -> bool {
        matches!(self, Files::Matching(_))
    }

    /// Whether the file at this path is one of them.
    pub fn hold(&self, path: &str) -> bool {
        match self {
            Files::One(one) => one.trim_matches('/') == path.trim_matches('/'),
            Files::Matching(pattern) => file_matches(pattern, &format!("/{}", path.trim_matches('/'))),
        }
    }
}

impl From<&str> for Files {
    fn from(text: &str) -> Files {
        match text.contains('*') {
            true => Files::Matching(text.into()),
            false => Files::One(text.to_owned()),
        }
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Files::One(path) => f.write_str(path),
            Files::Matching(pattern) => pattern.fmt(f),
        }
    }
}

/// Whether a path matches as written, without its leading slash, or by its last part.
pub fn file_matches(pattern: &Pattern, path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or(path);
    pattern.matches(path) || pattern.matches(path.trim_start_matches('/')) || pattern.matches(last)
}

/// The names on the way to a file, from the server's root; `None` for a path that is none of a file there.
pub fn path_parts(path: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let inside =
        !parts.is_empty() && !path.contains('\0') && parts.iter().all(|part| !matches!(*part, "." | ".."));
    inside.then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_in_a_name_and_for_folders_too() {
        for (text, path, held) in [
            ("*.part", "/a.part", true),
            ("*.part", "/up/load/a.PART", true),
            ("a*.part", "/up/ab.part", true),
            ("up/*.part", "/up/a.part", true),
            ("up/*.part", "up/deep/a.part", true),
            ("/up/**/a", "/up/x/y/a", true),
            ("up/*.part", "/down/a.part", false),
            ("/up/*.part", "up/a.part", true),
            ("*", "/a", true),
            ("a.part", "/a.part", true),
            ("/a.part/", "a.part", true),
            ("a.part", "/up/a.part", false),
            ("a.part", "/A.part", false),
        ] {
            assert_eq!(Files::from(text).hold(path), held, "{text} {path}");
        }
    }
}
