//! The reference: a bare loop on a pseudo-terminal.

use rustix::pty::{self, OpenptFlags};
use rustix::termios::{self, OptionalActions};
use std::fs::File;
use std::io::{Read, Write};
use std::thread;

fn open() -> (File, String) {
    let master = pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    pty::grantpt(&master).expect("a pseudo-terminal");
    pty::unlockpt(&master).expect("a pseudo-terminal");
    let name = pty::ptsname(&master, vec![]).expect("its name").into_string().expect("its name");
    let mut settings = termios::tcgetattr(&master).expect("its settings");
    settings.make_raw();
    termios::tcsetattr(&master, OptionalActions::Now, &settings).expect("its settings");
    (master.into(), name)
}

/// Answers each line with what `answer` says; ends when the host closes the port.
pub fn answering(answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> String {
    let (mut master, name) = open();
    // Held open until the first line came, so that a host that is slow to open meets no hang-up.
    let keep = File::open(&name).ok();
    thread::spawn(move || {
        let mut keep = keep;
        let mut buffer = [0; 4096];
        let mut line = vec![];
        while let Ok(n) = master.read(&mut buffer) {
            for &byte in &buffer[..n] {
                match byte {
                    b'\r' => {
                        keep = None;
                        if master.write_all(&answer(&line)).is_err() {
                            return;
                        }
                        line.clear();
                    }
                    byte => line.push(byte),
                }
            }
        }
        drop(keep);
    });
    name
}
