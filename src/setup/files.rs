//! Profiles by name or by file, as the command line and transcripts name them.

use super::content;
use crate::at::ResultCode;
use crate::disk::{why, written};
use crate::fault::{Known, Pattern};
use crate::maker::{self, MAKERS, PROFILES};
use crate::modem::{Personality, Vocabulary};
use crate::network::Hosts;
use crate::profile::{self, Profile, Urc, mistake::Mistake, place};
use crate::scenario::{self, SCENARIOS, Scenario};
use crate::words::nearest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The text of a file, without the mark of its encoding.
///
/// # Errors
/// Where it cannot be read; where it is no UTF-8, with the place.
pub fn read(path: &Path) -> Result<String, Vec<Mistake>> {
    let name = path.display().to_string();
    let bytes = written(path)
        .map_err(|e| vec![Mistake::of_file(&name, format!("it cannot be read: {}", why(&e)))])?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let (at, text) = (e.utf8_error().valid_up_to(), String::from_utf8_lossy(e.as_bytes()));
        vec![Mistake::at(&name, &text, at..at + 1, "this is no UTF-8").right("save the file as UTF-8")]
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

/// The text of a profile and the name of its file: one of the binary's, or a file.
fn find(name: &str, beside: Option<&Path>) -> Option<(String, String)> {
    if let Some((name, text)) = PROFILES.iter().find(|(n, _)| *n == name) {
        return Some((format!("profiles/{name}.toml"), text.to_string()));
    }
    let path = match beside.and_then(Path::parent) {
        Some(folder) => folder.join(name),
        None => name.into(),
    };
    let text = read(&path).ok()?;
    Some((path.display().to_string(), text))
}

/// The files that a profile is read from: its own, and those that it extends.
pub fn profile_files(name: &str, beside: Option<&Path>) -> Vec<PathBuf> {
    let (mut name, mut beside) = (name.to_owned(), beside.map(Path::to_owned));
    let mut found: Vec<PathBuf> = vec![];
    while !PROFILES.iter().any(|(built_in, _)| *built_in == name)
        && let Some((file, text)) = find(&name, beside.as_deref()).or_else(|| find(&name, None))
        && !found.iter().any(|known| *known == *file)
    {
        found.push(PathBuf::from(&file));
        beside = Some(file.into());
        let table = text.parse::<toml::Table>().unwrap_or_default();
        match table.get("extends").and_then(toml::Value::as_str) {
            Some(extends) => name = extends.to_owned(),
            None => break,
        }
    }
    found
}

/// Reads a profile by the name of one in the binary, or by the path of a file; an `extends` is
/// looked for beside that file. One in the binary is read once.
///
/// # Errors
/// Every mistake in it, with its place; where there is no such profile, the names that there are.
pub fn profile(name: &str) -> Result<Arc<Profile>, Vec<Mistake>> {
    static READ: Mutex<BTreeMap<&str, Arc<Profile>>> = Mutex::new(BTreeMap::new());
    let Some(&(name, text)) = PROFILES.iter().find(|(built_in, _)| *built_in == name) else {
        return profile_file(name).map(Arc::new);
    };
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(profile) = read.get(name) {
        return Ok(profile.clone());
    }
    let profile = Arc::new(profile_from(&format!("profiles/{name}.toml"), text)?);
    read.insert(name, profile.clone());
    Ok(profile)
}

fn profile_file(name: &str) -> Result<Profile, Vec<Mistake>> {
    let Some((file, text)) = find(name, None) else {
        let names: Vec<&str> = PROFILES.iter().map(|(name, _)| *name).collect();
        let right = profile::mistake::suggest(name, &names, "profiles");
        return Err(match is_missing(Path::new(name)) {
            false => read(Path::new(name)).err().unwrap_or_default(),
            true => vec![Mistake::of_file(name, "there is no such profile, and no such file").right(right)],
        });
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
    let wrong = unfit(&profile);
    let mistakes: Vec<Mistake> =
        wrong.iter().map(|(path, what)| profile::wrong_in(file, text, &look, path, what)).collect();
    if mistakes.is_empty() { Ok(profile) } else { Err(mistakes) }
}

/// Every key of a profile that its behaviour does not take, and what is wrong with it: each is left out to see the next.
fn unfit(profile: &Profile) -> Vec<(Vec<String>, String)> {
    let (mut rest, mut found) = (profile.clone(), vec![]);
    while let Err((path, what)) = behaviour(&rest) {
        let key = path.get(1).filter(|_| path[0] == "settings");
        let left_out = key.and_then(|key| rest.settings.remove(key)).is_some();
        found.push((path, what));
        if !left_out {
            break;
        }
    }
    found
}

/// The behaviour that a profile names.
///
/// # Errors
/// The path of the wrong key, and what is wrong with it.
pub fn behaviour(profile: &Profile) -> Result<Box<dyn Personality>, (Vec<String>, String)> {
    match MAKERS.iter().find(|maker| maker.name == profile.vendor) {
        Some(maker) => (maker.make)(profile),
        None => {
            let names: Vec<&str> = MAKERS.iter().map(|maker| maker.name).collect();
            let what = format!("there is no vendor {:?}", profile.vendor);
            Err((
                vec!["vendor".into()],
                format!("{what}; {}", profile::mistake::suggest(&profile.vendor, &names, "vendors")),
            ))
        }
    }
}

/// What the command line says instead of a scenario.
#[derive(Clone, Copy, Debug, Default)]
pub struct Instead<'a> {
    /// The module: the name of a profile or its file.
    pub profile: Option<&'a str>,
    /// How many serial ports it has.
    pub ports: Option<usize>,
}

impl<'a> Instead<'a> {
    /// Another module, or none.
    pub fn profile(profile: Option<&'a str>) -> Instead<'a> {
        Instead { profile, ports: None }
    }
}

/// Reads the scenario in the file `path` (or the one in the binary with that name), and looks whether all is there that it names.
///
/// # Errors
/// Every mistake in it, with its place.
pub fn scenario(path: &Path, instead: Instead) -> Result<Scenario, Vec<Mistake>> {
    let file = path.display().to_string();
    if let Some((name, text)) = SCENARIOS.iter().find(|(name, _)| file == *name) {
        return scenario_from(&format!("scenarios/{name}.toml"), text, instead);
    }
    if is_missing(path) {
        return Err(vec![no_scenario(&file)]);
    }
    let text = read(path)?;
    scenario_from(&file, &text, instead)
}

/// Whether there is nothing at a path; what may not be looked at is there.
fn is_missing(path: &Path) -> bool {
    std::fs::metadata(path).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
}

/// Whether a scenario of this name is in the binary.
pub fn is_shipped(name: &str) -> bool {
    SCENARIOS.iter().any(|(shipped, _)| *shipped == name)
}

/// That there is no such scenario, and which one may have been meant.
fn no_scenario(file: &str) -> Mistake {
    let names: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
    let stem = Path::new(file).file_name().map_or(file.into(), |name| name.to_string_lossy());
    let right = match nearest(stem.strip_suffix(".toml").unwrap_or(&stem), names) {
        Some(near) => format!("did you mean `{near}`? `badline list scenarios` names those in the binary"),
        None => "`badline list scenarios` names those in the binary".to_owned(),
    };
    Mistake::of_file(file, "there is no such scenario, and no such file").right(right)
}

/// Reads a scenario from the text of the file `file`, as [`scenario()`] does.
///
/// # Errors
/// As [`scenario()`].
pub fn scenario_from(file: &str, text: &str, instead: Instead) -> Result<Scenario, Vec<Mistake>> {
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let Instead { profile, ports } = instead;
    let (unchecked, unread) = match scenario::read(file, text) {
        Ok(unchecked) => (unchecked, None),
        // A module that cannot be is told before what else is wrong.
        Err(mistakes) => match scenario::module_of(text) {
            Some(module) => (module, Some(mistakes)),
            None => return Err(mistakes),
        },
    };
    let profile = scenario_profile(&unchecked, folder, profile).map_err(|mistakes| {
        mistakes.into_iter().map(|m| in_scenario(file, text, &unchecked, m)).collect::<Vec<_>>()
    })?;
    let behaviour = behaviour(&profile).map_err(|(_, what)| {
        vec![Mistake::at(file, text, place::of(text, &["module"]).unwrap_or(0..0), what)]
    })?;
    if !unchecked.module.is_empty() && instead.profile.is_none() {
        strange(file, text, &unchecked.module, &profile)?;
    }
    if let Some(mistakes) = unread {
        return Err(mistakes);
    }
    let module = Vocabulary::new(behaviour.as_ref(), &profile);
    let mut scenario = with_known(module, |known| unchecked.checked(file, text, &Known { ports, ..*known }))?;
    let mut hosts = Hosts::default();
    for (name, target) in &scenario.hosts {
        if let Err(what) = hosts.add(name, *target) {
            let there = |name: &str| place::of(text, &["hosts", name]);
            let span = there(name).unwrap_or(0..0);
            let mistake = Mistake::at(file, text, span, format!("host `{name}`: {what}"));
            let first = scenario.hosts.keys().take_while(|other| *other != name);
            let first = first.into_iter().find(|other| Hosts::is_same(other, name));
            return Err(vec![match first.and_then(|first| there(first)) {
                Some(span) => mistake.beside(text, span, "the same host"),
                None => mistake,
            }]);
        }
    }
    let missing = scenario.sources.iter().filter(|source| !folder.join(&source.path).exists());
    let missing: Vec<Mistake> = missing
        .map(|source| {
            let what = format!("there is no `{}` beside the scenario", source.path);
            Mistake::at(file, text, source.span.clone(), what)
        })
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    locate(&mut scenario, file, text, folder);
    Ok(scenario)
}

/// Has the expectations of a scenario find what lies in `folder`, and warns of what does not.
fn locate(scenario: &mut Scenario, file: &str, text: &str, folder: &Path) {
    let mut laid = vec![];
    if let Some(begins) = &scenario.server.folder {
        content::paths(&folder.join(begins), "", &mut laid);
    }
    let place = |path: &str| folder.join(path).display().to_string();
    for (path, span) in scenario.locate(&place, &laid) {
        if !Path::new(&path).is_file() {
            let what = format!("there is no file `{path}` yet: the host must make it");
            scenario.warnings.push(Mistake::at(file, text, span, what).warning());
        }
    }
}

/// Whether a scenario's `[module]` is about lines and commands that its module has.
///
/// # Errors
/// Those that it has not, with their places.
fn strange(file: &str, text: &str, own: &toml::Table, profile: &Profile) -> Result<(), Vec<Mistake>> {
    let mut whole = profile.clone();
    whole.absent.clear();
    let Ok(behaviour) = behaviour(&whole) else { return Ok(()) };
    let module = Vocabulary::new(behaviour.as_ref(), &whole);
    let mistake = |(path, what, right): (Vec<String>, String, String)| {
        let path: Vec<&str> = std::iter::once("module").chain(path.iter().map(String::as_str)).collect();
        let value = place::value_of(text, &path).filter(|_| path.len() == 2);
        let span = value.or_else(|| place::nearest(text, &path)).unwrap_or(0..0);
        Mistake::at(file, text, span, what).right(right)
    };
    let mistakes: Vec<Mistake> = strangers(module, own).into_iter().map(mistake).collect();
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

/// What a module knows and says, for whoever checks what is said about it.
pub fn with_known<R>(module: Vocabulary, check: impl FnOnce(&Known) -> R) -> R {
    let (rows, secrets, urcs, codes) =
        (module.rows(), maker::secrets(Some(module)), module.urcs(), module.codes());
    let plain = module.profile().commands.keys().map(String::as_str);
    let commands: Vec<&str> = rows.iter().map(|row| row.name).chain(plain).collect();
    check(&Known {
        commands: &commands,
        secrets: Some(&secrets),
        urcs: &urcs,
        sent: module.sent(),
        codes: Some(&codes),
        signal: Some(module.profile().radio.rssi),
        status: Some(module.profile().radio.status),
        ..Known::default()
    })
}

/// The keys of `[urc]` in a profile, the text of the file `file`, that give a line a time or a place which it cannot have.
pub fn profile_mistakes(file: &str, text: &str) -> Vec<Mistake> {
    let Ok(profile) = profile_from(file, text) else { return vec![] };
    let Ok(behaviour) = behaviour(&profile) else { return vec![] };
    let module = Vocabulary::new(behaviour.as_ref(), &profile);
    let own: toml::Table = toml::from_str(text).unwrap_or_default();
    let urcs = own.get("urc").and_then(toml::Value::as_table).into_iter().flatten();
    let mut mistakes = vec![];
    for (key, rule) in urcs {
        for field in ["when", "delay"] {
            let Some(value) = rule.get(field) else { continue };
            let Some((what, right)) = immovable(module, key, value.as_str().filter(|_| field == "when"))
            else {
                continue;
            };
            let span = place::value_of(text, &["urc", key, field]).unwrap_or(0..0);
            mistakes.push(Mistake::at(file, text, span, what).right(right));
        }
    }
    mistakes
}

/// Why a line cannot be moved: to the place `when`, or in time.
fn immovable(module: Vocabulary, key: &str, when: Option<&str>) -> Option<(String, &'static str)> {
    let line = Urc::line(key);
    let name = line.split(':').next().unwrap_or(&line).to_owned();
    let (whole, named) = (Pattern::from(&*line), Pattern::from(format!("{line}:*").as_str()));
    let code = ResultCode::looks_like(&line);
    let said = code || module.urcs().iter().any(|urc| urc.meets(&whole) || urc.meets(&named));
    let plain = module.profile().commands.contains_key(&name);
    if !said && (plain || module.rows().iter().any(|row| row.name == name)) {
        let what = format!("`{key}` answers a command, and never comes unasked: this changes nothing");
        return Some((what, "`separator` alone acts on it"));
    }
    let opens =
        module.openings().contains(&&*line) || (code && line.to_ascii_uppercase().starts_with("CONNECT"));
    match when? {
        "after" => None,
        _ if opens => {
            let what = format!("data mode follows `{key}`, which so stands behind the answer, and is said");
            Some((what, "`delay` alone moves it"))
        }
        "never" => None,
        _ if code => {
            let what = format!("`{key}` is a result code, and cannot stand beside another");
            Some((what, "write \"after\" or \"never\""))
        }
        _ => None,
    }
}

/// What in a profile, the text of the file `file`, comes to nothing: keys about what the module does not have.
pub fn profile_warnings(file: &str, text: &str) -> Vec<Mistake> {
    let Ok(mut profile) = profile_from(file, text) else { return vec![] };
    let own: toml::Table = toml::from_str(text).unwrap_or_default();
    profile.absent.clear();
    let Ok(behaviour) = behaviour(&profile) else { return vec![] };
    let mut warnings = vec![];
    let mut warn = |path: &[&str], what: String, right: String| {
        let span = place::value_of(text, path).filter(|_| path.len() == 1 || path[0] != "urc");
        let span = span.or_else(|| place::of(text, path)).unwrap_or(0..0);
        warnings.push(Mistake::at(file, text, span, what).right(right));
    };
    for (path, what, right) in strangers(Vocabulary::new(behaviour.as_ref(), &profile), &own) {
        warn(&path.iter().map(String::as_str).collect::<Vec<_>>(), what, right);
    }
    let lines = own.get("power_on").and_then(toml::Value::as_array).into_iter().flatten().enumerate();
    for (i, line) in lines.filter_map(|(i, entry)| Some((i, entry.get("line")?.as_str()?))) {
        let names = line.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name);
        for name in names.filter(|name| !matches!(*name, "cpin" | "cfun")) {
            let what = format!("`{{{name}}}` is printed as it stands");
            warn(
                &["power_on", &i.to_string(), "line"],
                what,
                "only `{cpin}` and `{cfun}` stand for something".into(),
            );
        }
    }
    warnings
}

/// What a profile, or a part of one, says of lines and commands that the module does not have: the key, what is wrong, and
/// what would be right.
fn strangers(module: Vocabulary, own: &toml::Table) -> Vec<(Vec<String>, String, String)> {
    let mut found = vec![];
    let meant = |near: Option<&str>| {
        near.map_or_else(|| "take it out".to_owned(), |near| format!("did you mean `{near}`?"))
    };
    with_known(module, |known| {
        let name_of = |line: &str| line.split(':').next().unwrap_or(line).to_owned();
        let urcs: Vec<String> = known.urcs.iter().map(|urc| name_of(urc.as_str())).collect();
        for key in own.get("urc").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys) {
            let (line, named) = (Pattern::from(key.as_str()), Pattern::from(format!("{key}:*").as_str()));
            let said = known.urcs.iter().any(|urc| urc.meets(&line) || urc.meets(&named));
            if said || ResultCode::looks_like(key) || known.commands.contains(&name_of(key).as_str()) {
                continue;
            }
            let names: Vec<&str> = urcs.iter().map(String::as_str).filter(|urc| !urc.contains('*')).collect();
            let right = meant(nearest(&name_of(key), names.iter().copied()));
            found.push((vec!["urc".into(), key.clone()], format!("the module never says `{key}`"), right));
        }
        for name in own.get("absent").and_then(toml::Value::as_array).into_iter().flatten() {
            let Some(name) = name.as_str().filter(|name| !known.commands.contains(name)) else { continue };
            let right = meant(nearest(name, known.commands.iter().copied()));
            let what = format!("the module has no command `{name}` that could be absent");
            found.push((vec!["absent".into()], what, right));
        }
    });
    found
}

/// [`profile_warnings`] of a profile by its name or file.
pub fn warnings_of_profile(name: &str) -> Vec<Mistake> {
    find(name, None).map_or_else(Vec::new, |(file, text)| profile_warnings(&file, &text))
}

/// Keys that are only in profiles; `vendor` or `extends` is in each.
const PROFILE: [&str; 10] = [
    "vendor", "extends", "identity", "serial", "commands", "urc", "settings", "power_on", "absent", "bearer",
];

/// Whether a TOML file is a profile, and no scenario.
pub fn is_profile(text: &str) -> bool {
    let key = |line: &str| {
        line.trim_start_matches('[').split(['=', ']', '.', ' ']).next().unwrap_or_default().to_owned()
    };
    match text.parse::<toml::Table>() {
        Ok(table) => PROFILE.iter().any(|key| table.contains_key(*key)),
        Err(_) => text.lines().any(|line| PROFILE.contains(&key(line.trim()).as_str())),
    }
}

/// What stands for the file of a scenario's `[module]`.
const MODULE: &str = "[module]";

/// A scenario's `[module]` as a profile of its own, which extends another.
fn module_text(scenario: &Scenario, extends: &str) -> String {
    let mut table = scenario.module.clone();
    table.insert("extends".into(), extends.into());
    // What was read as TOML can be written as TOML.
    toml::to_string(&table).unwrap_or_default()
}

/// A mistake in what [`module_text`] gave, at the key of the scenario that it comes from.
fn in_scenario(file: &str, text: &str, scenario: &Scenario, mistake: Mistake) -> Mistake {
    if mistake.file != MODULE {
        return mistake;
    }
    let module = module_text(scenario, "");
    let lines: usize = module.split_inclusive('\n').take(mistake.line - 1).map(str::len).sum();
    let path = place::path_at(&module, lines + mistake.column - 1).unwrap_or_default();
    let path: Vec<&str> = match path.first().map(String::as_str) {
        Some("extends") => vec!["profile"],
        _ => ["module"].into_iter().chain(path.iter().map(String::as_str)).collect(),
    };
    let span = place::nearest(text, &path).unwrap_or(0..0);
    Mistake { right: mistake.right, ..Mistake::at(file, text, span, mistake.what) }
}

/// What a scenario's profile is called, or what stands `instead` of it.
pub fn scenario_profile_name<'a>(scenario: &'a Scenario, instead: Option<&'a str>) -> &'a str {
    instead.or(scenario.profile.as_deref()).unwrap_or("sim7080")
}

/// The profile of a scenario (or `instead` of it) with the scenario's `[module]` over it; a file is
/// looked for beside the scenario, in `folder`, then where the program was started.
///
/// # Errors
/// The mistakes in the profile; those in `[module]` are said to be in a file of that name.
pub fn scenario_profile(
    scenario: &Scenario,
    folder: &Path,
    instead: Option<&str>,
) -> Result<Arc<Profile>, Vec<Mistake>> {
    let name = scenario_profile_name(scenario, instead);
    if scenario.module.is_empty() && PROFILES.iter().any(|(built_in, _)| *built_in == name) {
        return profile(name);
    }
    let look = |name: &str| {
        let beside = folder.join("x");
        find(name, if instead.is_some() { None } else { Some(&beside) }).or_else(|| find(name, None))
    };
    let inner = |wanted: &str| match wanted == name {
        true => look(wanted),
        false => find(wanted, Some(Path::new(name))).or_else(|| look(wanted)),
    };
    let text = module_text(scenario, name);
    let mut profile = profile::load(MODULE, &text, &inner)?;
    let wrong = unfit(&profile);
    if !wrong.is_empty() {
        let mistake =
            |(path, what): &(Vec<String>, String)| profile::wrong_in(MODULE, &text, &inner, path, what);
        return Err(wrong.iter().map(mistake).collect());
    }
    let stem = Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
    profile.name = stem.into_owned();
    Ok(Arc::new(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_of_the_binary_is_read_once() {
        let first = profile("m95").unwrap();
        assert!(Arc::ptr_eq(&first, &profile("m95").unwrap()));
        let scenario = scenario_from("s", "profile = \"m95\"", Instead::default()).unwrap();
        assert!(Arc::ptr_eq(&first, &scenario_profile(&scenario, Path::new(""), None).unwrap()));
        let changed = "profile = \"m95\"\n[module.identity]\nmodel = \"other\"";
        let scenario = scenario_from("s", changed, Instead::default()).unwrap();
        assert_eq!(scenario_profile(&scenario, Path::new(""), None).unwrap().identity.model, "other");
        assert!(Arc::ptr_eq(&first, &profile("m95").unwrap()));
    }
}
