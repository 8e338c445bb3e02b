//! What a run was given, as the files that give it again: what is saved of it begins so.

use super::options::Options;
use super::run::SAMPLE;
use crate::control::with_key;
use crate::maker::PROFILES;
use crate::scenario::SCENARIOS;
use crate::setup::Setup;
use crate::setup::files;
use std::path::{Path, absolute};

/// The scenario of a run, with what the options say in the place of it.
pub fn base(options: &Options, setup: &Setup) -> String {
    let mut text = match &options.scenario {
        Some(file) => written(file),
        None => String::new(),
    };
    // Each goes before those that are there.
    if let Some(speed) = options.speed {
        text = with_key(&text, "speed", &speed.to_string());
    }
    if options.ports.is_some() {
        text = with_key(&text, "ports", &setup.ports.to_string());
    }
    if options.seed.is_some() || options.scenario.is_none() {
        text = with_key(&text, "seed", &setup.seed.to_string());
    }
    if let Some(profile) =
        profile(options).filter(|_| options.scenario.is_none() || options.profile.is_some())
    {
        text = with_key(&text, "profile", &quoted(&profile));
    }
    match &options.ftp_root {
        _ if options.scenario.is_some() => {}
        Some(root) => text += &format!("\n[server]\nfolder = {}\n", quoted(&whole(root))),
        None => text += &format!("\n[server.files]\n{} = {}\n", quoted(SAMPLE.0), quoted(SAMPLE.1)),
    }
    if !options.ftp_user.is_empty() {
        text += "\n# The logins of --ftp-user are not written here: give them again.\n";
    }
    text
}

/// The header of its recordings.
pub fn head(options: &Options, setup: &Setup) -> String {
    let mut text = String::new();
    match &options.scenario {
        Some(file) if is_shipped(file) => text += &format!("scenario {}\n", file.display()),
        Some(file) => text += &format!("scenario {}\n", whole(file)),
        None => {}
    }
    // A recording is replayed by its profile, also where that is the scenario's own.
    let own =
        || Some(setup.profile.name.clone()).filter(|name| PROFILES.iter().any(|(known, _)| known == name));
    let module =
        if options.scenario.is_none() || options.profile.is_some() { profile(options) } else { own() };
    module.into_iter().for_each(|profile| text += &format!("profile {profile}\n"));
    text += &format!("seed {}\nrecorded badline save\n", setup.seed);
    if setup.ports > 1 {
        text += &format!("ports {}\n", setup.ports);
    }
    text
}

/// The text of a scenario: that of its file, or of the binary.
pub fn written(file: &Path) -> String {
    let shipped = SCENARIOS.iter().find(|(name, _)| Path::new(name) == file);
    // It was read before.
    shipped.map(|(_, text)| (*text).to_owned()).or(files::read(file).ok()).unwrap_or_default()
}

fn is_shipped(file: &Path) -> bool {
    SCENARIOS.iter().any(|(name, _)| Path::new(name) == file)
}

/// The module, as another run finds it from wherever it is started.
fn profile(options: &Options) -> Option<String> {
    let name = options.profile.clone().unwrap_or_else(|| "sim7080".to_owned());
    Some(if Path::new(&name).exists() { whole(Path::new(&name)) } else { name })
}

fn whole(path: &Path) -> String {
    absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
