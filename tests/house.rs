//! The house rules that a reviewer would otherwise hold by eye: which room imports which, what a pure
//! room may not touch, and where the serial line's bytes and a maker's words may stand.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The rooms, from the ground up: a room imports only rooms above it in this list.
const ROOMS: &[&str] = &[
    "time",
    "words",
    "at",
    "frame",
    "ftp",
    "fault",
    "profile",
    "transcript",
    "log",
    "modem",
    "maker",
    "scenario",
    "trace",
    "gate",
    "network",
    "world",
    "replay",
    "disk",
    "judge",
    "diagnose",
    "ftpd",
    "setup",
    "driver",
    "host",
    "play",
    "record",
    "campaign",
    "bench",
    "control",
    "cli",
];

/// The rooms that touch the world outside; all others are pure. (`trace` writes files and hands records to tasks.)
const IMPURE_ROOMS: &[&str] = &[
    "trace", "disk", "judge", "ftpd", "setup", "driver", "host", "play", "record", "campaign", "bench",
    "control", "cli",
];

/// What a pure room may not name: I/O, the clock, and whatever differs from one run to the next.
const IMPURE: &[&str] = &[
    "tokio",
    "std::net",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "Instant::now",
    "SystemTime",
    "HashMap",
    "HashSet",
];

/// Lines of a file beyond which it wants splitting.
const LONG: usize = 450;

/// One source file, without comments.
struct Source {
    path: String,
    room: String,
    /// The code with its string literals emptied.
    code: String,
    /// The string literals as they are written, outside tests.
    strings: Vec<String>,
    lines: usize,
    test: bool,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
}

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let mut files = vec![];
    walk(&root().join("src"), "rs", &mut files);
    assert!(files.len() > 20, "src is not where it was");
    files.iter().map(|file| read(file)).collect()
});

fn read(file: &Path) -> Source {
    let path = file.strip_prefix(root()).unwrap_or(file).display().to_string();
    let text = fs::read_to_string(file).expect("a source file is UTF-8");
    let inside = path.trim_start_matches("src/");
    let room = inside.split(['/', '.']).next().unwrap_or_default().to_string();
    let test = path.ends_with("/tests.rs") || path.contains("/tests/");
    let (code, _) = split(&text);
    let (_, strings) = split(before_tests(&text));
    Source { path, room, code, strings, lines: text.lines().count(), test }
}

/// The text up to its unit tests, which stand at a file's end.
fn before_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod tests {").map_or(text, |end| &text[..end])
}

/// Divides Rust text into code, its comments gone and its strings emptied, and its strings.
fn split(text: &str) -> (String, Vec<String>) {
    let (mut code, mut strings) = (String::new(), vec![]);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some((length, content)) = string(rest, &code) {
            strings.push(content.to_string());
            code.push_str("\"\"");
            length
        } else if let Some(length) = character(rest) {
            code.push_str("' '");
            length
        } else {
            code.push(c);
            c.len_utf8()
        };
        rest = &rest[taken..];
    }
    (code, strings)
}

/// A string literal at the start of `rest`: its length, and what stands between the quotes.
fn string<'a>(rest: &'a str, before: &str) -> Option<(usize, &'a str)> {
    let hashes = rest.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len());
    let in_word = before.ends_with(|c: char| c.is_alphanumeric() && c != 'b' || c == '_');
    match hashes.filter(|n| rest[1 + n..].starts_with('"') && !in_word) {
        Some(n) => {
            let close = format!("\"{}", "#".repeat(n));
            let content = &rest[n + 2..];
            let end = content.find(&close)?;
            Some((n + 2 + end + close.len(), &content[..end]))
        }
        None => {
            let content = rest.strip_prefix('"')?;
            let mut escaped = false;
            let end = content.find(|c| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            })?;
            Some((end + 2, &content[..end]))
        }
    }
}

/// A character literal at the start of `rest`, which a lifetime is not.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    match inside.strip_prefix('\\') {
        Some(escape) => escape[1..].find('\'').map(|end| end + 4 - 1),
        None => {
            let first = inside.chars().next()?.len_utf8();
            inside[first..].starts_with('\'').then_some(first + 2)
        }
    }
}

fn rank(room: &str) -> Option<usize> {
    ROOMS.iter().position(|r| *r == room)
}

fn pure(room: &str) -> bool {
    rank(room).is_some() && !IMPURE_ROOMS.contains(&room)
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The rooms that code names: `crate::room`, `crate::{room::..., room}`, and `super::` up to the root.
fn imports(source: &Source) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for (at, _) in source.code.match_indices("crate::") {
        let after = &source.code[at + "crate::".len()..];
        match after.strip_prefix('{') {
            None => drop(found.insert(word(after))),
            Some(group) => found.extend(group_heads(group)),
        }
    }
    let depth = source.path.trim_end_matches(".rs").matches('/').count();
    let climb = "super::".repeat(depth);
    for (at, _) in source.code.match_indices(&climb) {
        found.insert(word(&source.code[at + climb.len()..]));
    }
    found.retain(|name| rank(name).is_some() && *name != source.room);
    found
}

/// The first words of the members of `{a::b, c::{d, e}}`, given from behind the opening brace.
fn group_heads(group: &str) -> Vec<&str> {
    let (mut heads, mut depth, mut start) = (vec![], 0, 0);
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(word(group[start..i].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(word(group[start..i].trim_start()));
                start = i + 1;
            }
            _ => {}
        }
    }
    heads
}

fn names(code: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name)
        .any(|(at, _)| !code[..at].ends_with(part) && !code[at + name.len()..].starts_with(part))
}

fn none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_room_imports_only_rooms_above_it() {
    let mut wrong = vec![];
    for source in SOURCES.iter() {
        let Some(own) = rank(&source.room) else { continue };
        // A room's tests may set it up beside the real servers.
        for import in imports(source).into_iter().filter(|_| !source.test) {
            if rank(import).is_some_and(|other| other > own) {
                wrong.push(format!(
                    "{}: {} may not import {import}, which is below it",
                    source.path, source.room
                ));
            }
            if source.room == "ftpd" {
                wrong.push(format!("{}: ftpd imports nothing of ours, and it imports {import}", source.path));
            }
        }
    }
    none(wrong);
}

#[test]
fn every_module_of_the_crate_is_a_room() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    none(
        modules.filter(|m| rank(m).is_none()).map(|m| format!("{m} has no place among the rooms")).collect(),
    );
}

#[test]
fn a_pure_room_touches_nothing_outside() {
    let mut wrong = vec![];
    for source in SOURCES.iter() {
        if source.test || !pure(&source.room) {
            continue;
        }
        let (code, _) = split(before_tests(&source.code));
        for name in IMPURE.iter().filter(|name| names(&code, name)) {
            wrong.push(format!("{}: {} is pure, and {name} is not", source.path, source.room));
        }
    }
    none(wrong);
}

#[test]
fn makers_do_not_know_each_other() {
    let lib = fs::read_to_string(root().join("src/maker.rs")).expect("src/maker.rs");
    let makers: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
    assert!(!makers.is_empty());
    let mut wrong = vec![];
    for source in SOURCES.iter() {
        let Some(inside) = source.path.strip_prefix("src/maker/") else { continue };
        let own = inside.split(['/', '.']).next().unwrap_or_default();
        for other in makers.iter().filter(|v| **v != own) {
            if names(&source.code, other) {
                wrong.push(format!("{}: {own} names {other}", source.path));
            }
        }
    }
    none(wrong);
}

#[test]
fn the_serial_lines_cr_lf_is_not_written_by_a_maker() {
    let makers = SOURCES.iter().filter(|s| s.room == "maker" && !s.test);
    none(
        makers
            .filter(|s| s.strings.iter().any(|text| text.contains(r"\r\n")))
            .map(|s| format!("{}: a string holds \\r\\n; let `modem` frame the line", s.path))
            .collect(),
    );
}

#[test]
fn a_makers_command_stands_in_its_own_file() {
    let mut commands = BTreeSet::new();
    for source in SOURCES.iter().filter(|s| s.room == "maker") {
        let text = fs::read_to_string(root().join(&source.path)).expect("a source file");
        for line in text.lines().map(str::trim_start) {
            let Some((name, row)) = line.strip_prefix("\"+").and_then(|line| line.split_once('"')) else {
                continue;
            };
            if row.trim_start().starts_with(['[', '{']) {
                commands.insert(format!("+{name}"));
            }
        }
    }
    assert!(commands.len() > 20, "the command tables are not where they were");
    let mut wrong = vec![];
    for source in SOURCES.iter().filter(|s| {
        matches!(s.room.as_str(), "at" | "frame" | "ftp" | "modem" | "gate" | "network" | "world" | "driver")
    }) {
        for name in source.strings.iter().filter(|text| !source.test && commands.contains(*text)) {
            wrong.push(format!("{}: {name} is a maker's command", source.path));
        }
    }
    none(wrong);
}

#[test]
fn a_profiles_name_stands_in_no_pure_room_but_the_registry() {
    let mut profiles = vec![];
    walk(&root().join("profiles"), "toml", &mut profiles);
    let profiles: Vec<String> =
        profiles.iter().filter_map(|p| Some(p.file_stem()?.to_str()?.to_string())).collect();
    let mut wrong = vec![];
    for source in SOURCES.iter() {
        if source.test || source.path == "src/maker.rs" || !pure(&source.room) {
            continue;
        }
        for name in source.strings.iter().filter(|text| profiles.contains(text)) {
            wrong.push(format!(
                "{}: {name:?}: what differs between models is a value of the profile",
                source.path
            ));
        }
    }
    none(wrong);
}

#[test]
fn lints_and_tests_are_not_switched_off() {
    let mut files = vec![];
    for folder in ["src", "tests", "benches", "examples"] {
        walk(&root().join(folder), "rs", &mut files);
    }
    let mut wrong = vec![];
    for source in files.iter().map(|file| read(file)) {
        for name in ["#[allow(", "#![allow(", "#[ignore"] {
            if source.code.contains(name) {
                wrong.push(format!("{}: {name}...", source.path));
            }
        }
    }
    none(wrong);
}

/// Tells, and does not fail: a table or a list may be long and still be read at once.
#[test]
fn long_files_are_told() {
    for source in SOURCES.iter().filter(|s| s.lines > LONG) {
        eprintln!("{}: {} lines; is it one thing?", source.path, source.lines);
    }
}

#[test]
fn the_rules_see_what_they_are_to_see() {
    let text = "use crate::{driver::a, at}; // crate::cli\nlet s = \"crate::ftpd \\\" \\r\\n\"; let c = '\"'; f::<'a>(r#\"tokio\"#)";
    let (code, strings) = split(text);
    assert_eq!(strings, [r#"crate::ftpd \" \r\n"#, "tokio"]);
    assert!(!code.contains("cli") && !code.contains("tokio") && code.contains("f::<'a>"));
    let source =
        Source { path: "src/at/x.rs".into(), room: "at".into(), code, strings, lines: 2, test: false };
    assert_eq!(imports(&source), BTreeSet::from(["driver"]));
    let climbing = Source { code: "use super::super::modem::Cx;".into(), ..source };
    assert_eq!(imports(&climbing), BTreeSet::from(["modem"]));
}

#[test]
fn every_scenario_is_in_the_binary() {
    let mut files = vec![];
    walk(&root().join("scenarios"), "toml", &mut files);
    let stems = files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()));
    let there: Vec<String> = stems.collect();
    let shipped: Vec<&str> = badline::scenario::SCENARIOS.iter().map(|(name, _)| *name).collect();
    assert_eq!(there, shipped, "src/scenario/shipped.rs lists what the folder holds, by name");
}
