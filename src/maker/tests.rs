//! What holds of every profile in the binary.

mod results;

use super::PROFILES;
use crate::modem::{Modem, Note, Output, PortId};
use crate::profile::Profile;
use crate::time::Now;
use std::sync::Arc;
use std::time::Duration;

const PORT: PortId = PortId(0);

/// A profile in the binary, by its name.
fn profile(name: &str) -> Profile {
    let find = |name: &str| {
        let profile = PROFILES.iter().find(|(n, _)| *n == name);
        profile.map(|(n, text)| (format!("{n}.toml"), text.to_string()))
    };
    let (file, text) = find(name).unwrap();
    let mut profile = crate::profile::load(&file, &text, &find).unwrap();
    profile.bearer.address = [10, 1, 2, 3].into();
    profile
}

/// A module, and its clock; the network behind it never answers.
struct Bench {
    modem: Modem,
    now: Now,
}

/// What came of a command line.
#[derive(Debug, Default)]
struct Heard {
    text: String,
    /// The result codes: as printed, and what each stands for.
    results: Vec<(String, String)>,
}

impl Bench {
    fn new(profile: Profile) -> Bench {
        let profile = Arc::new(profile);
        let maker = super::MAKERS.iter().find(|maker| maker.name == profile.vendor).unwrap();
        let mut modem = Modem::new(profile.clone(), (maker.make)(&profile).unwrap(), 1);
        modem.take_notes(true);
        modem.power_on(Now::ZERO);
        let mut bench = Bench { modem, now: Now::ZERO };
        bench.passes(Duration::from_secs(60));
        bench.types("ATE0");
        bench
    }

    /// The host types a line, and waits for what comes of it.
    fn types(&mut self, line: &str) -> Heard {
        self.modem.handle_uart(self.now, PORT, format!("{line}\r").as_bytes());
        self.passes(Duration::from_secs(20))
    }

    fn passes(&mut self, time: Duration) -> Heard {
        let (mut heard, end) = (Heard::default(), self.now + time);
        self.drain(&mut heard);
        while let Some(at) = self.modem.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.modem.handle_timeout(self.now);
            self.drain(&mut heard);
        }
        self.now = end;
        heard
    }

    fn drain(&mut self, heard: &mut Heard) {
        while let Some(output) = self.modem.poll_output() {
            match output {
                Output::Uart { bytes, port, .. } => {
                    heard.text.push_str(&String::from_utf8_lossy(&bytes));
                    self.modem.handle_sent(self.now, port, bytes.len());
                }
                Output::Note(Note::Result { text, cause, .. }) => {
                    heard.results.push((text.clone(), cause.unwrap_or(text)));
                }
                _ => {}
            }
        }
    }
}
