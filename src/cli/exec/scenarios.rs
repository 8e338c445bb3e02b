//! Which scenarios there are: `--scenario` again and again, files, folders, patterns, and names of the binary's own.

use crate::profile::mistake::Mistake;
use crate::scenario::SCENARIOS;
use crate::setup::files::is_profile;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Scenarios and folders hold no more than this: a pattern such as `/**` is a slip.
const MOST: usize = 100_000;

/// The scenarios that these name, in this order, each once; those of a folder and of a pattern by their names.
///
/// # Errors
/// Where one names none.
pub fn named(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Mistake>> {
    let (mut found, mut seen, mut mistakes) = (vec![], BTreeSet::new(), vec![]);
    for argument in arguments {
        match meant(argument) {
            Ok(files) => {
                for file in files {
                    // A link, or another way to write the path, is the same file.
                    if seen.insert(fs::canonicalize(&file).unwrap_or_else(|_| file.clone())) {
                        found.push(file);
                    }
                }
            }
            Err(mistake) => mistakes.push(*mistake),
        }
    }
    if mistakes.is_empty() { Ok(found) } else { Err(mistakes) }
}

/// The scenarios that one argument names.
fn meant(argument: &Path) -> Result<Vec<PathBuf>, Box<Mistake>> {
    let text = argument.display().to_string();
    let wrong = |what: &str, right: &str| {
        Box::new(Mistake::of_file(&format!("--scenario {text}"), what.to_owned()).right(right.to_owned()))
    };
    if SCENARIOS.iter().any(|(name, _)| *name == text) {
        return Ok(vec![argument.to_owned()]);
    }
    if argument.is_dir() {
        let entries = fs::read_dir(argument).map_err(|e| wrong(&crate::disk::why(&e), "name its files"))?;
        let mut files: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|p| is_scenario(p)).collect();
        files.sort();
        return match files.is_empty() {
            true => Err(wrong(
                "no scenario lies in that folder",
                "a scenario is a file NAME.toml; those in folders below are found by a pattern such as 'FOLDER/**/*.toml'",
            )),
            false => Ok(files),
        };
    }
    if argument.exists() || !text.contains(['*', '?', '[']) {
        return Ok(vec![argument.to_owned()]);
    }
    let pattern = glob::Pattern::new(&text)
        .map_err(|e| wrong(&format!("this is no pattern: {}", e.msg), "quote it"))?;
    let paths = glob::glob(&text).into_iter().flatten().flatten().take(MOST);
    let mut files: Vec<PathBuf> = paths.filter(|path| is_scenario(path)).collect();
    if files.is_empty() {
        let own = SCENARIOS.iter().filter(|(name, _)| pattern.matches(name));
        files.extend(own.map(|(name, _)| PathBuf::from(name)));
    }
    match files.is_empty() {
        true => Err(wrong("no scenario matches", "a pattern is such as 'scenarios/*.toml'")),
        false => Ok(files),
    }
}

/// Whether a file of a folder is a scenario, and none of the profiles that lie beside scenarios.
fn is_scenario(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let toml = path.extension().is_some_and(|end| end == "toml");
    toml && !hidden && path.is_file() && !fs::read_to_string(path).is_ok_and(|text| is_profile(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_a_pattern_and_a_name_are_scenarios() {
        let here = tempfile::tempdir().unwrap();
        let at = |name: &str| here.path().join(name);
        fs::create_dir(at("deep")).unwrap();
        for name in ["b.toml", "a.toml", "deep/c.toml", ".hidden.toml", "notes.txt"] {
            fs::write(at(name), "seed = 1\n").unwrap();
        }
        fs::write(at("module.toml"), "extends = \"sim7080\"\n").unwrap();
        fs::create_dir(at("empty")).unwrap();
        assert_eq!(named(&[here.path().to_owned()]).unwrap(), [at("a.toml"), at("b.toml")]);
        assert_eq!(named(&[at("**/*.toml")]).unwrap(), [at("a.toml"), at("b.toml"), at("deep/c.toml")]);
        let twice = [at("b.toml"), at("deep/../b.toml"), here.path().to_owned()];
        assert_eq!(named(&twice).unwrap(), [at("b.toml"), at("a.toml")]);
        assert_eq!(
            named(&["late-226".into(), "pasv-re*".into()]).unwrap(),
            [PathBuf::from("late-226"), "pasv-refused".into()]
        );
        for none in [at("empty"), at("x*.toml"), at("[.toml")] {
            assert!(named(std::slice::from_ref(&none)).is_err(), "{}", none.display());
        }
        // What is not there is for whoever reads it to tell.
        assert_eq!(named(&[at("none.toml")]).unwrap(), [at("none.toml")]);
    }
}
