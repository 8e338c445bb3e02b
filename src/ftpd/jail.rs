//! Paths as clients write them.

use std::path::{Component, Path, PathBuf};

/// The absolute path that `path` means, seen from the root: `..` at the root stays there.
///
/// What keeps clients inside is the storage, which opens everything relative to the root's
/// descriptor; this only spares it paths that a server with its root at `/` would accept.
pub fn absolute(path: &Path) -> PathBuf {
    let mut found = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => found.push(name),
            Component::ParentDir => {
                found.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dots_are_resolved_and_the_root_holds() {
        for (given, meant) in [
            ("", "/"),
            ("/", "/"),
            ("a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/../../etc/passwd", "/etc/passwd"),
        ] {
            assert_eq!(absolute(Path::new(given)), Path::new(meant), "{given}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_names_is_left(path in "[a./]{0,30}") {
            let found = absolute(Path::new(&path));
            prop_assert!(found.is_absolute());
            prop_assert!(found.components().skip(1).all(|c| matches!(c, Component::Normal(_))));
        }
    }
}
