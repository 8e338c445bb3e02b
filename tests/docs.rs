//! The documents hold: their examples run, their tables are those of the program, their links lead
//! somewhere. `BLESS=1 cargo test --test docs` writes the tables anew.
//!
//! What an example is, its fence says: `at` is a transcript that can be read, with `play` one that
//! plays, with `live` one that plays at the port of a `badline run`; `toml` is a file that `badline
//! check` accepts, unless it is `wrong`; `console` is a command and what it prints, where `[..]` is
//! anything in a line, `...` any lines, and `? 2` the status; `sh run` is a piece of a job that runs in every
//! shell, and ends. `written=NAME` is what a command has written to that file. `file=NAME` gives a block to what stands below it as a file; `profile=NAME` is the modem that
//! a `live` session is typed at.

mod common;

use common::{Running, within};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

struct Block {
    /// The file and the line of the fence, for a failure.
    place: String,
    /// The words behind the fence.
    info: Vec<String>,
    text: String,
}

impl Block {
    fn is(&self, language: &str) -> bool {
        self.info.first().is_some_and(|word| word == language)
    }

    fn has(&self, word: &str) -> bool {
        self.info.iter().any(|w| w == word)
    }

    fn file(&self) -> Option<&str> {
        self.info.iter().find_map(|word| word.strip_prefix("file="))
    }

    fn written(&self) -> Option<&str> {
        self.info.iter().find_map(|word| word.strip_prefix("written="))
    }

    fn profile(&self) -> Option<&str> {
        self.info.iter().find_map(|word| word.strip_prefix("profile="))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).expect("docs").flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    files.extend(
        ["README.md", "CHANGELOG.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root().join(name)),
    );
    files.sort();
    files
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

fn short(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

fn blocks(file: &Path) -> Vec<Block> {
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (vec![], None);
    for (number, line) in read(file).lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let info = info.split_whitespace().map(String::from).collect();
                open = Some(Block {
                    place: format!("{}:{}", short(file), number + 1),
                    info,
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

fn badline(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
    command.env_remove("XDG_RUNTIME_DIR").current_dir(folder).env("TMPDIR", folder);
    command.args(arguments).output().expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn every_transcript_and_every_toml_file_is_right() {
    let here = folder();
    // What the scenarios of the documents take from the disk.
    for path in ["files/hello.txt", "data/firmware.bin", "server.pem", "server.key"]
        .map(|path| here.path().join(path))
    {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, "hello").expect("a file");
    }
    for block in documents().iter().flat_map(|file| blocks(file)) {
        let name = match (block.is("at"), block.is("toml") && !block.has("wrong")) {
            (true, _) => block.file().unwrap_or("example.at"),
            (_, true) if block.written().is_none() => block.file().unwrap_or("example.toml"),
            _ => continue,
        };
        fs::write(here.path().join(name), &block.text).expect("a file");
        let out = badline(&["check", name], here.path());
        assert!(out.status.success(), "{}:\n{}", block.place, said(&out));
        if block.has("play") {
            let out = badline(&["play", name], here.path());
            assert!(out.status.success(), "{}:\n{}", block.place, said(&out));
        }
    }
}

#[test]
fn the_sessions_play_at_a_running_modem() {
    let live = documents().into_iter().flat_map(|file| blocks(&file)).filter(|block| block.has("live"));
    for (n, block) in live.enumerate() {
        let here = folder();
        let profile = block.profile().unwrap_or("sim7080");
        let run = Running::start(&["--profile", profile], here.path());
        fs::write(here.path().join("live.at"), &block.text).expect("a file");
        let out = badline(&["play", "--port", run.told("link"), "live.at"], here.path());
        assert!(out.status.success(), "{} (session {n}):\n{}", block.place, said(&out));
    }
}

/// A host of the README's: it fetches until the module gives up, or uploads, or hangs, or fails.
const HOST: &str = r#"#!/bin/sh
exec 3<>"$2"
say() { printf '%s\r' "$1" >&3; }
hear() { while read -r line <&3; do case "$line" in "$1"*) return 0;; esac; done; return 1; }
case "$DOES" in
hangs) exec sleep 1000;;
fails) exit 7;;
uploads) say AT; hear OK; printf hi > server/upload.bin; exit 0;;
esac
for line in ATE0 AT+CNACT=0,1 'AT+FTPSERV="x"' 'AT+FTPGETNAME="firmware.bin"' 'AT+FTPGETPATH="/"' AT+FTPGET=1; do
    say "$line"; hear OK
done
hear '+FTPGET: 1,64'
say AT+CNACT=0,0
hear OK
"#;

/// Runs the pieces of the README in a shell; gives the status of the last.
fn job(shell: &[&str], script: &str, does: &str, here: &Path) -> Option<i32> {
    let path = format!("{}:{}", here.join("bin").display(), std::env::var("PATH").expect("a path"));
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["-c", script]).current_dir(here);
    command.env("PATH", path).env("DOES", does).env("TMPDIR", here).stdin(Stdio::null());
    within(move || command.output().expect("the shell starts").status.code())
}

#[test]
fn the_jobs_end_whatever_happens_in_every_shell() {
    let shells: [&[&str]; 3] = [&["sh"], &["dash", "-e"], &["bash", "-e"]];
    let there = |shell: &&&[&str]| Command::new(shell[0]).args(["-c", ":"]).output().is_ok();
    let readme = blocks(&root().join("README.md"));
    let pieces: Vec<&str> = readme.iter().filter(|b| b.is("sh") && b.has("run")).map(|b| &*b.text).collect();
    let piece = |with: &str| *pieces.iter().find(|p| p.contains(with)).unwrap_or_else(|| panic!("no {with}"));
    // The same in less time than its reader has.
    let exec = piece("badline exec").replace("badline exec", "badline exec --speed 200");
    let run = piece("badline run").replace("-k 5 60", "-k 5 1");
    for shell in shells.iter().filter(there) {
        let here = folder();
        let write = |name: &str, text: &str| {
            fs::create_dir_all(here.path().join("bin")).expect("a folder");
            fs::write(here.path().join(name), text).expect("a file");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(here.path().join(name), mode).expect("it is ours");
        };
        write("my-host", HOST);
        write("expected.bin", "hi");
        for block in readme.iter().filter(|block| block.is("toml")) {
            block.file().into_iter().for_each(|name| write(name, &block.text));
        }
        let program = here.path().join("bin/badline");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_badline"), &program).expect("a link");
        let status = |script: &str, does: &str| job(shell, script, does, here.path());
        assert_eq!(status(&exec, ""), Some(0), "{shell:?}");
        assert!(read(&here.path().join("verdict.xml")).contains("+FTPGET: 1,64"), "{shell:?}");
        for piece in pieces.iter().filter(|piece| piece.contains("schema")) {
            assert_eq!(status(piece, ""), Some(0), "{shell:?}");
        }
        // Twice: what the first has left does not fool the second.
        for (does, ends) in [("uploads", 0), ("uploads", 0), ("fails", 7), ("hangs", 124)] {
            assert_eq!(status(&run, does), Some(ends), "{shell:?} {does}");
            assert!(!here.path().join("modem").is_symlink(), "{shell:?} {does}: the modem still runs");
        }
        fs::remove_file(&program).expect("it is there");
        write("bin/badline", "#!/bin/sh\nexit 2\n");
        assert_eq!(status(&run, "uploads"), Some(1), "{shell:?}: without a modem");
        write("bin/badline", "#!/bin/sh\nexec sleep 1000\n");
        let run = run.replace("-gt 100", "-gt 5");
        assert_eq!(status(&run, "uploads"), Some(1), "{shell:?}: with one that says nothing");
    }
}

#[test]
fn the_commands_print_what_is_shown() {
    for file in documents() {
        let here = folder();
        for block in blocks(&file) {
            if let Some(name) = block.file() {
                fs::write(here.path().join(name), &block.text).expect("a file");
            }
            if let Some(name) = block.written() {
                let (right, written) = (lines(&block.text), lines(&read(&here.path().join(name))));
                assert!(fits(&right, &written), "{}: it holds\n{}", block.place, written.join("\n"));
            }
            if block.is("console") {
                console(&block, here.path());
            }
        }
    }
}

/// One command and what it prints.
fn console(block: &Block, here: &Path) {
    let (command, expected) = block.text.split_once('\n').expect("a command and its output");
    let command = command.strip_prefix("$ badline ").unwrap_or_else(|| panic!("{}: {command}", block.place));
    let (command, piped) = match command.strip_suffix(" | cat") {
        Some(command) => (command, true),
        None => (command, false),
    };
    let arguments: Vec<&str> = command.split_whitespace().collect();
    let (status, expected) = match expected.strip_prefix("? ").and_then(|rest| rest.split_once('\n')) {
        Some((status, expected)) => (status.parse().expect("a status"), expected),
        None => (0, expected),
    };
    if arguments[0] == "run" && status == 0 {
        let heard = first_lines(&arguments, piped, here, expected.lines().count());
        assert_eq!(without_chance(&heard), without_chance(expected), "{}", block.place);
        return;
    }
    let out = badline(&arguments, here);
    assert_eq!(out.status.code(), Some(status), "{}:\n{}", block.place, said(&out));
    let heard = said(&out);
    assert!(fits(&lines(expected), &lines(&heard)), "{}: it prints\n{heard}", block.place);
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(String::from).collect()
}

/// Whether lines are as expected, `...` being any.
fn fits(expected: &[String], heard: &[String]) -> bool {
    match (expected.split_first(), heard.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "..." => (0..=heard.len()).any(|n| fits(rest, &heard[n..])),
        (Some((first, expected)), Some((line, heard))) => fits_line(first, line) && fits(expected, heard),
        _ => false,
    }
}

/// Whether a line is as expected, `[..]` being anything.
fn fits_line(expected: &str, heard: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected.trim_end() == heard.trim_end(),
        Some((head, tail)) => heard.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|n| rest.get(n..).is_some_and(|rest| fits_line(tail, rest)))
        }),
    }
}

/// The first lines of a modem that runs until interrupted.
fn first_lines(arguments: &[&str], piped: bool, here: &Path, count: usize) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
    command.args(arguments).current_dir(here).env("TMPDIR", here).stdin(Stdio::null());
    let (child, out): (Child, File) = if piped {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let out = child.stdout.take().expect("it is piped");
        (child, File::from(std::os::fd::OwnedFd::from(out)))
    } else {
        let (ours, theirs) = terminal();
        (command.stdout(theirs).spawn().expect("the program starts"), ours)
    };
    // Its first lines tell no more than it needs; the rest of a `Running` ends it.
    let _run = Running { child, ready: serde_json::Value::Null };
    let lines = move || BufReader::new(out).lines().take(count).collect::<Result<Vec<_>, _>>();
    within(lines).expect("its lines can be read").join("\n")
}

/// The two ends of a terminal.
fn terminal() -> (File, File) {
    let ours = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY)
        .expect("a pseudo-terminal");
    rustix::pty::grantpt(&ours).expect("it is ours");
    rustix::pty::unlockpt(&ours).expect("it opens");
    let name = rustix::pty::ptsname(&ours, vec![]).expect("it has a name");
    let theirs = File::options().read(true).write(true).open(name.to_str().expect("a path of letters"));
    (File::from(ours), theirs.expect("its other end"))
}

/// The same without what differs from run to run: numbers, and the name of the temporary folder.
fn without_chance(text: &str) -> String {
    let marks = |c: char| " \"(),:{}\n\r".contains(c);
    let word = |word: &str| {
        let (body, mark) = word.split_at(word.trim_end_matches(marks).len());
        let body = match body.split_once("badline-") {
            // Named by its user and its process.
            _ if body.ends_with(".sock") => "SOCKET".into(),
            Some((_, random)) => format!("TMP/{}", random.get(6..).unwrap_or_default()),
            // The port of the page, and its key.
            None if body.contains("/?key=") => "N/?key=KEY".into(),
            None if body.starts_with("/dev/pts/") => "/dev/pts/N".into(),
            None if !body.is_empty() && body.bytes().all(|b| b.is_ascii_digit()) => "N".into(),
            None => body.into(),
        };
        body + mark.trim_end_matches('\r')
    };
    text.trim_end().split_inclusive(marks).map(word).collect()
}

#[test]
fn the_support_tables_are_the_programs() {
    for file in documents() {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if read(&file).contains("<!-- commands:begin -->") {
            between(&file, "commands", &support(stem));
        }
    }
}

/// The commands of a profile as a Markdown table.
fn support(profile: &str) -> String {
    let out = badline(&["list", "commands", "--profile", profile], root());
    assert!(out.status.success(), "{}", said(&out));
    let mut table = String::from("| command | forms | support |\n| --- | --- | --- |\n");
    for line in String::from_utf8_lossy(&out.stdout).lines() {
        let (name, rest) = line.split_once(' ').expect("a command and its forms");
        let support =
            ["implemented", "implemented in part", "answered only"].into_iter().find(|s| rest.ends_with(s));
        let support = support.unwrap_or_else(|| panic!("{line}: what support is that?"));
        let forms = rest.trim_end_matches(support).split_whitespace().collect::<Vec<_>>().join(", ");
        table += &format!("| `{name}` | {forms} | {support} |\n");
    }
    table
}

#[test]
fn the_readme_lists_the_profiles_and_each_has_a_page() {
    let out = badline(&["list", "profiles"], root());
    let mut list = String::new();
    for line in String::from_utf8_lossy(&out.stdout).lines() {
        let (name, summary) = line.split_once(' ').expect("a name and a summary");
        list += &format!("- [`{name}`](docs/{name}.md): {}\n", summary.trim());
        assert!(root().join(format!("docs/{name}.md")).exists(), "docs/{name}.md is missing");
    }
    between(&root().join("README.md"), "profiles", &list);
}

#[test]
fn the_faults_are_the_programs() {
    between(&root().join("docs/faults.md"), "faults", &badline::fault::markdown());
}

#[test]
fn the_expectations_are_the_programs() {
    between(&root().join("docs/scenario.md"), "expectations", &badline::scenario::expect::markdown());
}

#[test]
fn the_symptoms_are_the_programs() {
    between(&root().join("docs/faults.md"), "symptoms", &badline::fault::symptoms_markdown());
}

#[test]
fn the_findings_are_the_programs() {
    between(&root().join("docs/findings.md"), "findings", &badline::diagnose::kind::markdown());
}

#[test]
fn the_formats_are_the_programs() {
    let mut table = String::from(
        "| format | written by | direction | times | lossy |\n| --- | --- | --- | --- | --- |\n",
    );
    for kind in badline::log::FORMATS {
        let lossy = if kind.lossy { "yes" } else { "" };
        let [about, direction, times] = [kind.about, kind.direction, kind.times];
        table += &format!("| `{}` | {about} | {direction} | {times} | {lossy} |\n", kind.name);
    }
    between(&root().join("docs/import.md"), "formats", &table);
}

/// Holds, or with `BLESS` writes, what stands between two markers.
fn between(file: &Path, what: &str, right: &str) {
    let (begin, end) = (format!("<!-- {what}:begin -->\n"), format!("<!-- {what}:end -->"));
    let text = read(file);
    let parts = text.split_once(&begin).and_then(|(head, rest)| Some((head, rest.split_once(&end)?)));
    let (head, (middle, tail)) = parts.unwrap_or_else(|| panic!("{}: no {begin}", short(file)));
    if middle == right {
        return;
    }
    assert!(std::env::var_os("BLESS").is_some(), "{}: BLESS=1 writes this anew:\n{right}", short(file));
    fs::write(file, format!("{head}{begin}{right}{end}{tail}")).expect("the document can be written");
}

#[test]
fn every_key_of_a_profile_is_explained() {
    let text = read(&root().join("docs/profile.md"));
    let schema = schemars::schema_for!(badline::profile::Profile);
    let mut keys = vec![];
    properties(schema.as_value(), &mut keys);
    for file in fs::read_dir(root().join("profiles")).expect("profiles").flatten() {
        let profile: toml::Table = toml::from_str(&read(&file.path())).expect("a profile is TOML");
        keys.extend(profile["settings"].as_table().into_iter().flatten().map(|(key, _)| key.clone()));
    }
    assert!(keys.len() > 40, "the schema is not what it was");
    for key in keys.iter().filter(|key| *key != "name") {
        let told = [format!("`{key}`"), format!("[{key}]"), format!("[{key}.")];
        assert!(told.iter().any(|t| text.contains(t)), "docs/profile.md says nothing about `{key}`");
    }
}

/// The names of the properties anywhere in a schema.
fn properties(schema: &serde_json::Value, keys: &mut Vec<String>) {
    for (name, inner) in schema.as_object().into_iter().flatten() {
        if name == "properties" {
            keys.extend(inner.as_object().into_iter().flatten().map(|(key, _)| key.clone()));
        }
        properties(inner, keys);
    }
}

#[test]
fn every_link_leads_to_a_file() {
    for file in documents() {
        for link in read(&file).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                let target = file.parent().unwrap_or(root()).join(target);
                assert!(target.exists(), "{}: {link} leads nowhere", short(&file));
            }
        }
    }
}

#[test]
fn every_option_is_one_of_the_programs() {
    let mut known = String::from("--release --profile --open --path --all-targets --lib --test ");
    // Of the programs whose logs are read.
    known += "--script --timing-print --ascii --debug ";
    // Of maturin, and of pytest where the plugin is.
    known += "--zig --compatibility ";
    known += &read(&root().join("python/badline/pytest_plugin.py"));
    let verbs = said(&badline(&["--help"], root()));
    let verbs = verbs.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    for verb in verbs.filter(|verb| verb.bytes().all(|b| b.is_ascii_lowercase())) {
        known += &said(&badline(&[verb, "--help"], root()));
    }
    known += &said(&badline(&["list", "faults", "--help"], root()));
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let known: Vec<&str> = known.split(|c| !part(c)).collect();
    for file in documents() {
        for word in read(&file).split(|c| !part(c)) {
            let option =
                word.strip_prefix("--").is_some_and(|w| w.starts_with(|c: char| c.is_ascii_lowercase()));
            assert!(!option || known.contains(&word), "{}: there is no {word}", short(&file));
        }
    }
}
