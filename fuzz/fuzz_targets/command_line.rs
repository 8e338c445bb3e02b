//! The parser of V.250 command lines, and of the arguments in them.
#![no_main]

use badline::at::{Arguments, Form, line, octets::text_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some(body) = line::body(input) else { return };
    let text = text_of(body);
    let mut rest = text.as_str();
    while let Ok(Some((call, after))) = line::next(rest) {
        assert!(after.len() < rest.len(), "a command takes at least one character");
        if let Form::Write(arguments) = call.form {
            let _ = Arguments::parse(arguments);
        }
        rest = after;
    }
});
