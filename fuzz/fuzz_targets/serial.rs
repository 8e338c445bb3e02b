//! Every module against a host that types anything: it answers, and asks for no time in the past.
#![no_main]

use badline::setup::files;
use badline::modem::{Dce, Modem, Output, PortId};
use badline::time::Now;
use badline::maker::PROFILES;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const PORT: PortId = PortId(0);

fn drain(modem: &mut Modem, now: Now) {
    while let Some(output) = modem.poll_output() {
        if let Output::Uart { port, bytes, .. } = output {
            modem.handle_sent(now, port, bytes.len());
        }
    }
}

fuzz_target!(|input: (u8, Vec<&[u8]>)| {
    let (which, typed) = input;
    let (name, _) = PROFILES[usize::from(which) % PROFILES.len()];
    let profile = files::profile(name).expect("it is built in");
    let vendor = files::behaviour(&profile).expect("it is built in");
    let mut modem = Modem::new(profile, vendor, 1);
    let mut now = Now::ZERO;
    modem.power_on(now);
    drain(&mut modem, now);
    for octets in typed {
        modem.handle_uart(now, PORT, octets);
        drain(&mut modem, now);
        if let Some(at) = modem.poll_timeout() {
            now = now.max(at);
            modem.handle_timeout(now);
            drain(&mut modem, now);
        }
    }
});
