//! ARCHITECTURE.md and CONTRIBUTING.md hold: what they name is there, and what a recipe asks for is so
//! for everything that was added before.

use badline::fault::FAULTS;
use badline::log::FORMATS;
use badline::maker::{MAKERS, PROFILES};
use badline::scenario::{SCENARIOS, Scenario};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGES: [&str; 2] = ["ARCHITECTURE.md", "CONTRIBUTING.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What stands in `backticks` on a page, outside its examples.
fn named(page: &str) -> Vec<String> {
    let text = read(page);
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// The names in a folder, without the ends of files.
fn stems(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let stem = |path: PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
    entries.flatten().filter_map(|entry| stem(entry.path())).collect()
}

fn makers() -> Vec<String> {
    MAKERS.iter().map(|maker| maker.name.to_owned()).collect()
}

fn profiles() -> Vec<String> {
    PROFILES.iter().map(|(name, _)| (*name).to_owned()).collect()
}

fn layers() -> Vec<String> {
    let mut layers: Vec<String> = FAULTS.iter().map(|fault| fault.layer.to_string()).collect();
    layers.dedup();
    layers
}

/// The verbs of the program, as its help tells them.
fn verbs() -> Vec<String> {
    let help =
        Command::new(env!("CARGO_BIN_EXE_badline")).arg("--help").output().expect("the program starts");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let (_, verbs) = help.split_once("Commands:\n").expect("its help lists the verbs");
    let verbs = verbs.lines().take_while(|line| !line.is_empty());
    let verbs = verbs.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    verbs.filter(|verb| *verb != "help").map(str::to_owned).collect()
}

/// What a path with a word in capitals stands for: one path for each that there is.
fn each(path: &str) -> Vec<String> {
    let scenarios = || SCENARIOS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let formats = |path: &str| {
        let file =
            |name: &str| if path.starts_with("src/") { name.replace('-', "_") } else { name.to_owned() };
        FORMATS.iter().map(|kind| file(kind.name)).collect()
    };
    let all: [(&str, &dyn Fn() -> Vec<String>); 6] = [
        ("FORMAT", &|| formats(path)),
        ("MAKER", &makers),
        ("PROFILE", &profiles),
        ("LAYER", &layers),
        ("VERB", &verbs),
        ("SCENARIO", &scenarios),
    ];
    let known = all.into_iter().find(|(word, _)| path.contains(word));
    match known {
        Some((word, names)) => names().iter().map(|name| path.replace(word, name)).collect(),
        None => vec![path.to_owned()],
    }
}

/// Whether a name is that of a file or a folder, and none of code.
fn is_path(name: &str) -> bool {
    let folders = ["src/", "tests/", "docs/", "profiles/", "scenarios/", "fuzz/", "target/"];
    let files = [".rs", ".md", ".toml", ".at"];
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    plain
        && (folders.iter().any(|f| name.starts_with(f))
            || files.iter().any(|f| name.len() > 3 && name.ends_with(f)))
}

#[test]
fn every_file_that_is_named_exists() {
    let mut wrong = vec![];
    for page in PAGES {
        let paths: Vec<String> = named(page).into_iter().filter(|name| is_path(name)).collect();
        assert!(paths.len() > 20, "{page} names few files");
        for path in paths.iter().flat_map(|path| each(path)) {
            if !root().join(&path).exists() {
                wrong.push(format!("{page}: there is no {path}"));
            }
        }
    }
    none(wrong);
}

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("src").flatten() {
        match entry.path() {
            path if path.is_dir() => sources(&path, text),
            path => *text += &String::from_utf8_lossy(&fs::read(path).expect("it can be read")),
        }
    }
}

#[test]
fn every_name_of_code_is_one_of_the_source() {
    let mut text = String::new();
    sources(&root().join("src"), &mut text);
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut wrong = vec![];
    for page in PAGES {
        let names: Vec<String> = named(page)
            .into_iter()
            .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(part))
            .filter(|name| name.contains("::") || name.starts_with(char::is_uppercase))
            // What stands for one of many, and what a host reads.
            .filter(|name| each(name).len() == 1 && !["OK", "ERROR"].contains(&name.as_str()))
            .collect();
        for name in &names {
            if name.split("::").any(|part| !words.contains(part)) {
                wrong.push(format!("{page}: no code is called {name}"));
            }
        }
    }
    none(wrong);
}

/// The first cells of the rows of a table between two markers.
fn rows(page: &str, what: &str) -> Vec<Vec<String>> {
    let text = read(page);
    let (begin, end) = (format!("<!-- {what}:begin -->"), format!("<!-- {what}:end -->"));
    let table = text.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    let (table, _) = table.unwrap_or_else(|| panic!("{page}: no {begin}"));
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The names in quotes between `const NAME` and its end, in tests/house.rs.
fn house(name: &str) -> Vec<String> {
    let text = read("tests/house.rs");
    let (_, rest) = text.split_once(&format!("const {name}: &[&str] =")).expect("the list is there");
    let (list, _) = rest.split_once("];").expect("the list ends");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_rooms_are_those_of_the_house() {
    let impure = house("IMPURE_ROOMS");
    let row = |room: &String| {
        let pure = if impure.contains(room) { "" } else { "pure" };
        (format!("`src/{room}.rs`"), pure.to_owned())
    };
    let told: Vec<(String, String)> =
        rows("ARCHITECTURE.md", "rooms").into_iter().map(|row| (row[0].clone(), row[2].clone())).collect();
    assert_eq!(told, house("ROOMS").iter().map(row).collect::<Vec<_>>());
    let front = read("src/lib.rs");
    let front: String = front.lines().filter(|line| line.starts_with("//!")).collect();
    none(
        ["ARCHITECTURE.md", "CONTRIBUTING.md"]
            .into_iter()
            .filter(|page| !front.contains(&format!("`{page}`")))
            .map(|page| format!("src/lib.rs does not lead to {page}"))
            .collect(),
    );
}

#[test]
fn the_layers_are_those_of_the_faults() {
    let told: Vec<String> = rows("ARCHITECTURE.md", "layers").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(told, layers());
}

#[test]
fn every_maker_has_what_its_recipe_asks_for() {
    assert_eq!(stems("src/maker"), BTreeSet::from_iter(makers()), "src/maker, and MAKERS");
    let page = read("docs/profile.md");
    let mut wrong = vec![];
    for maker in makers() {
        let first = read(&format!("src/maker/{maker}.rs"));
        if !first.lines().next().is_some_and(|line| line.starts_with("//! ") && line.contains(", after \"")) {
            wrong.push(format!("src/maker/{maker}.rs: the first line does not say what document it follows"));
        }
        let vendor = format!("vendor = \"{maker}\"");
        if !page.contains(&format!("### `{vendor}`")) {
            wrong.push(format!("docs/profile.md: no settings of {vendor}"));
        }
        if !PROFILES.iter().any(|(_, text)| text.lines().any(|line| line == vendor)) {
            wrong.push(format!("no profile has {vendor}"));
        }
    }
    none(wrong);
}

#[test]
fn every_profile_has_what_its_recipe_asks_for() {
    assert_eq!(stems("profiles"), BTreeSet::from_iter(profiles()), "profiles, and PROFILES");
    let mut folders = BTreeSet::from_iter(profiles());
    folders.extend(["base", "faults", "scenarios"].map(String::from));
    assert_eq!(stems("tests/transcripts"), folders);
    none(
        profiles()
            .into_iter()
            .filter(|name| !read(&format!("docs/{name}.md")).contains("<!-- commands:begin -->"))
            .map(|name| format!("docs/{name}.md has no table of the commands"))
            .collect(),
    );
}

#[test]
fn every_fault_is_declared_in_the_file_of_its_layer() {
    let folder = stems("src/fault/layer");
    let mut wrong: Vec<String> = layers()
        .into_iter()
        .filter(|layer| !folder.contains(layer))
        .map(|l| format!("no file of {l}"))
        .collect();
    for fault in FAULTS.iter() {
        let file = format!("src/fault/layer/{}.rs", fault.layer);
        let text = read(&file);
        if !text.lines().any(|line| line.trim_start().starts_with(&format!("{}: ", fault.name))) {
            wrong.push(format!("{file} has no parameter {}", fault.name));
        }
    }
    none(wrong);
}

#[test]
fn every_fault_is_played_to_a_host() {
    let mut played = String::new();
    for folder in ["tests", "scenarios"] {
        sources(&root().join(folder), &mut played);
    }
    none(
        FAULTS
            .iter()
            .filter(|fault| !played.contains(&format!("{} = ", fault.name)))
            .map(|fault| {
                format!("no transcript, no scenario and no test of the program shows {}", fault.name)
            })
            .collect(),
    );
}

#[test]
fn every_format_has_what_its_recipe_asks_for() {
    let names: BTreeSet<String> = FORMATS.iter().map(|kind| kind.name.replace('-', "_")).collect();
    assert_eq!(stems("src/log/format"), names, "src/log/format, and FORMATS");
}

/// What a new service would find in its way: a room that its recipe does not name, and that knows FTP by name.
#[test]
fn a_service_is_its_client_its_rows_and_its_server() {
    let client = read("src/modem/client.rs");
    let (_, variants) = client.split_once("pub enum Service {").expect("the services are listed");
    let (variants, _) = variants.split_once('}').expect("the list ends");
    let services = variants.lines().filter_map(|line| line.trim().strip_suffix(','));
    let names: Vec<String> = services.map(|service| format!("Service::{service}")).collect();
    assert!(!names.is_empty(), "src/modem/client.rs lists no service");
    let mut wrong = vec![];
    for room in ["network", "gate", "driver", "world", "setup", "fault"] {
        let mut text = read(&format!("src/{room}.rs"));
        sources(&root().join("src").join(room), &mut text);
        let known = names.iter().filter(|name| text.contains(name.as_str()));
        wrong.extend(known.map(|name| format!("src/{room} knows {name}, which is the modem's")));
    }
    none(wrong);
}

#[test]
fn every_key_of_an_expectation_is_on_its_page() {
    let schema = schemars::schema_for!(Scenario);
    let keys = schema.as_value()["$defs"]["Expect"]["properties"].as_object().expect("its keys").keys();
    let page = read("docs/scenario.md");
    let told = |key: &&String| ["`", " "].iter().any(|end| page.contains(&format!("`{key}{end}")));
    none(
        keys.filter(|key| !told(key))
            .map(|key| format!("docs/scenario.md says nothing about `{key}`"))
            .collect(),
    );
}

#[test]
fn every_verb_is_on_a_page() {
    // Pictures lie beside the pages.
    let all = stems("docs").into_iter().map(|name| format!("docs/{name}.md"));
    let mut pages: Vec<String> = all.filter(|page| root().join(page).exists()).collect();
    pages.push("README.md".into());
    let text: String = pages.iter().map(|page| read(page)).collect();
    let missing = |verb: &String| !text.contains(&format!("badline {verb}"));
    none(
        verbs().into_iter().filter(missing).map(|verb| format!("no page tells of badline {verb}")).collect(),
    );
}
