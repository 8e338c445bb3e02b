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

/// Sends `length` octets of the pattern once the host has typed something.
pub fn sending(length: u64) -> String {
    let (mut master, name) = open();
    let keep = File::open(&name).ok();
    thread::spawn(move || {
        let mut buffer = [0; 16];
        if master.read(&mut buffer).is_err() {
            return;
        }
        drop(keep);
        let mut at = 0;
        while at < length {
            let n = (length - at).min(65536);
            if master.write_all(&super::host::block(at, n as usize)).is_err() {
                return;
            }
            at += n;
        }
        // What the host has not read goes with the port: it is closed after the host.
        let _ = master.read(&mut buffer);
    });
    name
}

/// Takes `length` octets and says OK.
pub fn taking(length: u64) -> String {
    let (mut master, name) = open();
    let keep = File::open(&name).ok();
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        let mut left = length;
        while left > 0 {
            match master.read(&mut buffer) {
                Ok(n) => left -= n as u64,
                Err(_) => return,
            }
        }
        drop(keep);
        // The host may have gone by then.
        let _ = master.write_all(b"\r\nOK\r\n");
        let _ = master.read(&mut buffer);
    });
    name
}

/// A TCP server that sends back what it gets; its address.
pub fn echo() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = stream.set_nodelay(true);
            thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    address
}
