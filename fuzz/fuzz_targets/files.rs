//! The files that a user writes: a transcript, a profile, a scenario. A mistake has a place in the file.
#![no_main]

use badline::setup::files;
use badline::profile::mistake::Mistake;
use badline::transcript;
use libfuzzer_sys::fuzz_target;

fn placed<T>(text: &str, read: Result<T, Vec<Mistake>>) {
    let Err(mistakes) = read else { return };
    assert!(!mistakes.is_empty(), "a refusal says why");
    for mistake in mistakes {
        assert!(mistake.line <= text.lines().count() + 1, "{mistake}");
    }
}

fuzz_target!(|text: &str| {
    placed(text, transcript::parse("fuzz.at", text));
    placed(text, files::profile_from("fuzz.toml", text));
    placed(text, files::scenario_from("fuzz.toml", text, files::Instead::default()));
});
