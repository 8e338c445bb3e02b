//! A line that comes over the control socket.
#![no_main]

use badline::control::Ask;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    let _ = Ask::parse(line);
});
