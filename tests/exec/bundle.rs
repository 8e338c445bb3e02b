//! `--bundle` and `rerun`: a run that is seen again elsewhere.

use crate::bench::{Bench, ran, talk};
use std::fs;
use std::process::{Command, Stdio};

/// A scenario that needs files beside it, and a folder above.
const SCENARIO: &str = "profile = \"../mine.toml\"\nseed = 5\nspeed = 3\n[server.files]\na = { from = \"../data/a.bin\" }\n\
                        [[expect]]\nhost_sends = \"AT+CSQ\"\n";

const HOST: &str = "test \"$BADLINE_SPEED\" = 3 && test \"$(cat \"$BADLINE_FTP_ROOT/a\")\" = content || exit 8; say AT+CSQ; hear OK; exit $WITH";

#[test]
fn a_bundle_is_run_again_where_nothing_of_it_was() {
    let bench = Bench::new();
    for folder in ["s", "data", "there"] {
        fs::create_dir(bench.path(folder)).expect("a folder");
    }
    bench.file("data/a.bin", "content");
    bench.file("mine.toml", "extends = \"m95\"\n");
    let scenario = bench.file("s/x.toml", SCENARIO);
    let host = talk(&HOST.replace("$WITH", "${WITH:-4}"));
    let zip = bench.path("out.zip").display().to_string();
    let options = ["--scenario", &scenario, "--seeds", "5..6", "-j", "2", "--bundle", &zip];
    let first = bench.exec(&options[..], &host);
    assert_eq!(first.status, Some(4), "{}", first.told);

    // The files are gone, and it is somewhere else.
    for gone in ["s", "data"] {
        fs::remove_dir_all(bench.path(gone)).expect("it was there");
    }
    let again = |with: &str, zip: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_badline"));
        command.arg("rerun").arg(zip).args(["--", "sh"]).arg(bench.path("host.sh")).env("WITH", with);
        command.current_dir(bench.path("there")).env("TMPDIR", bench.path("there")).stdin(Stdio::null());
        command.env_remove("GITHUB_ACTIONS").env_remove("GITLAB_CI").env_remove("XDG_RUNTIME_DIR");
        ran(command)
    };
    let second = again("4", &zip);
    assert_eq!(second.status, Some(4), "{}", second.told);
    second.tells("the status is 4, as in the bundle");
    assert_eq!(second.summary()["plan"], first.summary()["plan"]);
    assert_eq!(second.verdicts().len(), 2);
    let mended = again("0", &zip);
    assert_eq!(mended.status, Some(0), "{}", mended.told);
    mended.tells("the status is 0, and in the bundle: 4");
    assert_eq!(fs::read_dir(bench.path("there")).expect("a folder").count(), 0);

    // One octet of it is another.
    let whole = fs::read(&zip).expect("the bundle");
    for (at, name) in [(whole.len() / 2, "half.zip"), (0, "none.zip")] {
        fs::write(bench.path(name), &whole[..at]).expect("a file");
        let refused = again("0", &bench.path(name).display().to_string());
        assert_eq!(refused.status, Some(2), "{name}");
        assert!(refused.lines.is_empty() && refused.told.contains(name), "{}", refused.told);
    }
    let mut changed = whole;
    let name = changed.windows(7).position(|window| window == b"needed/").expect("it is there");
    // The content follows the name and the extra field, whose lengths stand before the name (APPNOTE.TXT 4.3.7).
    let length = |at: usize| usize::from(u16::from_le_bytes([changed[at], changed[at + 1]]));
    let at = name + length(name - 4) + length(name - 2);
    changed[at] ^= 1;
    fs::write(bench.path("changed.zip"), changed).expect("a file");
    assert_eq!(again("0", &bench.path("changed.zip").display().to_string()).status, Some(2));
}

#[test]
fn a_full_disk_under_a_bundle_is_told_and_no_pass() {
    let ran = Bench::new().exec(&["--bundle", "/dev/full"], &talk("say AT; hear OK"));
    assert_eq!(ran.status, Some(2), "{}", ran.told);
    ran.tells("/dev/full");
}
