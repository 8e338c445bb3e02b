//! Profiles by name or by file, as the command line and transcripts name them.

use crate::modem::Personality;
use crate::profile::{self, Profile, mistake::Mistake};
use crate::vendor::{PROFILES, VENDORS};
use std::fs;
use std::path::Path;

/// The text of a profile and the name of its file: one of the binary's, or a file.
fn find(name: &str, beside: Option<&Path>) -> Option<(String, String)> {
    if let Some((name, text)) = PROFILES.iter().find(|(n, _)| *n == name) {
        return Some((format!("profiles/{name}.toml"), text.to_string()));
    }
    let path = match beside.and_then(Path::parent) {
        Some(folder) => folder.join(name),
        None => name.into(),
    };
    let text = fs::read_to_string(&path).ok()?;
    Some((path.display().to_string(), text))
}

/// Reads a profile by the name of one in the binary, or by the path of a file; an `extends` is
/// looked for beside that file.
///
/// # Errors
/// Every mistake in it, with its place; where there is no such profile, the names that there are.
pub fn profile(name: &str) -> Result<Profile, Vec<Mistake>> {
    let Some((file, text)) = find(name, None) else {
        let names: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
        let right = profile::mistake::suggest(name, &names, "profiles");
        return Err(vec![
            Mistake::at(name, "", 0..0, "there is no such profile, and no such file").right(right),
        ]);
    };
    profile_from(&file, &text)
}

/// Reads a profile from the text of the file `file`.
///
/// # Errors
/// As [`profile()`].
pub fn profile_from(file: &str, text: &str) -> Result<Profile, Vec<Mistake>> {
    let look = |name: &str| find(name, Some(Path::new(file)));
    let profile = profile::load(file, text, &look)?;
    behaviour(&profile).map_err(|(path, what)| vec![profile::wrong_in(file, text, &look, &path, &what)])?;
    Ok(profile)
}

/// The behaviour that a profile names.
///
/// # Errors
/// The path of the wrong key, and what is wrong with it.
pub fn behaviour(profile: &Profile) -> Result<Box<dyn Personality>, (Vec<String>, String)> {
    match VENDORS.iter().find(|(name, _)| *name == profile.vendor) {
        Some((_, make)) => make(profile),
        None => {
            let names: Vec<&str> = VENDORS.iter().map(|(name, _)| *name).collect();
            let what = format!("there is no vendor {:?}", profile.vendor);
            Err((
                vec!["vendor".into()],
                format!("{what}; {}", profile::mistake::suggest(&profile.vendor, &names, "vendors")),
            ))
        }
    }
}
