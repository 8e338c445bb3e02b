//! Logs of other programs: whatever one holds, each of its lines is accounted for, and the recording can be read.
#![no_main]

use badline::at::Secrets;
use badline::log::import::{Import, Options, Source};
use badline::log::mask::Masker;
use badline::log::survey::survey;
use badline::transcript;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|log: &[u8]| {
    let found = survey(log, None, &mut |_| {}).expect("memory can be read");
    let source = Source::new("fuzz.log", log, found, None);
    let options = Options { masker: Masker::new(Secrets::default()), only: None };
    let mut import = Import::new(vec![source], options).expect("memory can be read");
    let mut text = String::from("recorded\nports 16\n> AT\n");
    while let Some(steps) = import.next_steps().expect("memory can be read") {
        steps.into_iter().for_each(|(_, step)| text += &format!("{step}\n"));
    }
    import.finish().into_iter().for_each(|(_, step)| text += &format!("{step}\n"));
    let counts = import.sources[0].counts();
    assert_eq!(counts.lines, counts.placed + counts.told + counts.unplaced);
    assert!(transcript::parse("fuzz.at", &text).is_ok(), "{text}");
});
