//! How near the models are to the modules of `tests/recordings/`. The figures stand in docs/fidelity.md, and a model may come
//! nearer, not farther away. `BLESS=1 cargo test --test fidelity` writes them anew.

use badline::play::compare::{Compared, compare};
use badline::transcript;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn recordings() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/recordings")).expect("recordings").flatten();
    let mut files: Vec<PathBuf> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "at")).collect();
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn compared(file: &Path) -> Compared {
    let text = fs::read_to_string(file).expect("a recording");
    let recording = transcript::parse(&file.display().to_string(), &text).expect("it can be read");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(compare(&recording, None, vec![])).expect("it can be played")
}

/// What is pinned: the lines that are the same, and those that are so but for their values.
fn row(table: &str, name: &str) -> Option<(usize, usize)> {
    let row = table.lines().find(|line| line.starts_with(&format!("| [`{name}`]")))?;
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    Some((cells.get(4)?.parse().ok()?, cells.get(5)?.parse().ok()?))
}

#[test]
fn the_models_come_no_farther_away_from_the_modules() {
    const MARKS: (&str, &str) = ("<!-- figures:begin -->\n", "<!-- figures:end -->");
    let page = root().join("docs/fidelity.md");
    let text = fs::read_to_string(&page).expect("the page");
    let (head, rest) = text.split_once(MARKS.0).expect("where the figures begin");
    let (pinned, tail) = rest.split_once(MARKS.1).expect("where they end");
    let mut table = String::from(
        "| recording | model | lines | same | other values |\n| --- | --- | --- | --- | --- |\n",
    );
    let mut worse = String::new();
    for file in recordings() {
        let (name, compared) = (name(&file), compared(&file));
        let counts = compared.counts();
        eprintln!(
            "{name}: {} of {} lines same, {} with other values",
            counts.same, counts.lines, counts.values
        );
        let (same, values) = (counts.same, counts.values);
        let _ = writeln!(
            table,
            "| [`{name}`](../tests/recordings/{name}.at) | `{}` | {} | {same} | {values} |",
            compared.profile, counts.lines
        );
        match row(pinned, &name) {
            Some((was, with)) if same < was || same + values < was + with => {
                let _ = writeln!(
                    worse,
                    "{name}: {same} lines same and {values} with other values; it was {was} and {with}"
                );
                for line in compared.lines.iter().filter(|line| line.recorded != line.said) {
                    let _ = writeln!(worse, "    {line:?}");
                }
            }
            None if std::env::var_os("BLESS").is_none() => {
                let _ = writeln!(worse, "{name} is not in docs/fidelity.md: BLESS=1 writes it there");
            }
            _ => {}
        }
    }
    assert!(worse.is_empty(), "{worse}");
    if std::env::var_os("BLESS").is_some() && table != pinned {
        fs::write(&page, format!("{head}{}{table}{}{tail}", MARKS.0, MARKS.1)).expect("it can be written");
    }
}

#[test]
fn each_recording_names_its_source_and_nobody() {
    for file in recordings() {
        let text = fs::read_to_string(&file).expect("a recording");
        let recording = transcript::parse(&file.display().to_string(), &text).expect("it can be read");
        let name = name(&file);
        assert!(text.lines().any(|line| line.starts_with("# Source: ")), "{name}: no source");
        assert!(recording.recorded().is_some_and(|by| !by.is_empty()), "{name}: not `recorded` by anything");
        assert!(recording.profile().is_some(), "{name}: no profile");
        // An IMEI, an IMSI, an ICCID or a telephone number that is masked begins with noughts.
        let longs = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() >= 9);
        let personal: Vec<&str> = longs.filter(|digits| !digits.starts_with("000")).collect();
        assert!(personal.is_empty(), "{name}: {personal:?}");
    }
}
