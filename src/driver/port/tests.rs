//! A host opens, closes and configures real ports. Every wait is for an event, under a wall guard.

mod settings;
mod streams;

use super::*;
use rustix::termios::{ControlModes, OptionalActions, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn run(test: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), test).await? })
}

/// Opens the port as a host does. Opening never blocks, so it may stand in the loop's own thread.
fn host(port: &Port) -> io::Result<File> {
    let path = port.path().ok_or(io::ErrorKind::NotFound)?;
    let flags = rustix::fs::OFlags::NOCTTY.bits() as i32;
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)
}

async fn next(port: &mut Port) -> (PortEvent, Vec<u8>) {
    let mut buf = [0; 4096];
    let event = port.event(&mut buf, false).await;
    let n = if let PortEvent::Bytes(n) = event { n } else { 0 };
    (event, buf[..n].to_vec())
}

async fn expect(port: &mut Port, event: PortEvent) {
    assert_eq!(next(port).await.0, event);
}

async fn expect_bytes(port: &mut Port, bytes: &[u8]) {
    let mut heard = vec![];
    while heard.len() < bytes.len() {
        let (event, more) = next(port).await;
        assert!(matches!(event, PortEvent::Bytes(_)), "{event:?} after {heard:?}");
        heard.extend(more);
    }
    assert_eq!(heard, bytes);
}

/// What the host can read at once.
fn waiting(host: &File) -> u64 {
    rustix::io::ioctl_fionread(host).unwrap_or(0)
}

#[test]
fn hosts_come_and_go() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        assert!(!port.is_open());
        assert_eq!(port.try_write(b"RDY\r\n")?, 5);
        for round in 0..50 {
            let mut file = host(&port)?;
            expect(&mut port, PortEvent::HostOpened).await;
            assert!(port.is_open());
            let text = format!("AT{round}\r");
            file.write_all(text.as_bytes())?;
            expect_bytes(&mut port, text.as_bytes()).await;
            assert_eq!(port.try_write(b"\r\nOK\r\n")?, 6);
            let mut answer = [0; 6];
            file.read_exact(&mut answer)?;
            assert_eq!(&answer, b"\r\nOK\r\n", "clean bytes, and nothing stale before them");
            file.write_all(b"AT+LAST\r")?;
            drop(file);
            expect_bytes(&mut port, b"AT+LAST\r").await;
            expect(&mut port, PortEvent::HostClosed).await;
            assert!(!port.is_open());
            assert_eq!(port.try_write(b"nobody hears this")?, 17);
        }
        Ok(())
    })
}

#[test]
fn a_host_that_comes_and_goes_in_between_is_noticed() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        for _ in 0..20 {
            drop(host(&port)?);
            expect(&mut port, PortEvent::HostOpened).await;
            expect(&mut port, PortEvent::HostClosed).await;
        }
        Ok(())
    })
}

#[test]
fn what_was_written_before_a_close_arrives_whole() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        let sent: Vec<u8> = (0..3000u32).map(|i| i as u8).collect();
        for _ in 0..20 {
            let mut file = host(&port)?;
            file.write_all(&sent)?;
            drop(file);
            expect(&mut port, PortEvent::HostOpened).await;
            expect_bytes(&mut port, &sent).await;
            expect(&mut port, PortEvent::HostClosed).await;
        }
        Ok(())
    })
}

#[test]
fn the_next_host_sees_nothing_stale() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        for reopen_at_once in [false, true].repeat(10) {
            let file = host(&port)?;
            expect(&mut port, PortEvent::HostOpened).await;
            assert_eq!(port.try_write(b"+FTPGET: 1,1\r\n")?, 14);
            drop(file);
            let early = if reopen_at_once { Some(host(&port)?) } else { None };
            expect(&mut port, PortEvent::HostClosed).await;
            let mut file = match early {
                Some(file) => file,
                None => host(&port)?,
            };
            expect(&mut port, PortEvent::HostOpened).await;
            assert_eq!(port.try_write(b"fresh")?, 5);
            let mut heard = [0; 5];
            file.read_exact(&mut heard)?;
            assert_eq!(&heard, b"fresh");
            assert_eq!(waiting(&file), 0);
            drop(file);
            expect(&mut port, PortEvent::HostClosed).await;
        }
        Ok(())
    })
}

#[test]
fn a_host_that_reopens_at_once_gets_its_answer() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        let file = host(&port)?;
        expect(&mut port, PortEvent::HostOpened).await;
        for _ in 0..20 {
            drop(host(&port)?);
        }
        drop(file);
        let mut file = host(&port)?;
        file.write_all(b"AT\r")?;
        let mut heard = vec![];
        while !heard.ends_with(b"AT\r") {
            heard.extend(next(&mut port).await.1);
        }
        assert!(port.is_open());
        port.try_write(b"OK")?;
        // A late notice of the first close would flush the answer.
        file.write_all(b"AT\r")?;
        expect_bytes(&mut port, b"AT\r").await;
        let mut answer = [0; 2];
        file.read_exact(&mut answer)?;
        assert_eq!(&answer, b"OK");
        Ok(())
    })
}

#[test]
fn the_port_is_closed_when_the_last_of_two_hosts_has_gone() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        let one = host(&port)?;
        expect(&mut port, PortEvent::HostOpened).await;
        let mut two = host(&port)?;
        two.write_all(b"2")?;
        expect_bytes(&mut port, b"2").await;
        drop(one);
        two.write_all(b"22")?;
        expect_bytes(&mut port, b"22").await;
        drop(two);
        expect(&mut port, PortEvent::HostClosed).await;
        Ok(())
    })
}

/// The system refuses parity where nothing else is new.
#[test]
fn a_host_with_parity_comes_back() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        for _ in 0..3 {
            let file = host(&port)?;
            let mut termios = tcgetattr(&file)?;
            assert!(!termios.control_modes.contains(ControlModes::CLOCAL), "there is nothing new to set");
            termios.make_raw();
            termios.set_speed(9600)?;
            termios.control_modes |= ControlModes::PARENB | ControlModes::CLOCAL;
            tcsetattr(&file, OptionalActions::Now, &termios)?;
            drop(file);
            while next(&mut port).await.0 != PortEvent::HostClosed {}
        }
        Ok(())
    })
}

/// Only a user who may not override the claim (not root) sees the terminal replaced.
#[test]
fn a_host_that_claims_the_port_does_not_lock_the_next_one_out() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        for _ in 0..3 {
            let mut file = host(&port)?;
            rustix::termios::ioctl_tiocexcl(&file)?;
            let mut termios = tcgetattr(&file)?;
            termios.set_speed(38_400)?;
            tcsetattr(&file, OptionalActions::Now, &termios)?;
            file.write_all(b"AT\r")?;
            drop(file);
            let mut heard = vec![];
            loop {
                match next(&mut port).await {
                    (PortEvent::HostClosed, _) => break,
                    (_, more) => heard.extend(more),
                }
            }
            assert_eq!(heard, b"AT\r");
            assert_eq!(tcgetattr(host(&port)?)?.output_speed(), 38_400);
        }
        Ok(())
    })
}

#[test]
fn a_host_without_a_word() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        drop(host(&port)?);
        let mut file = host(&port)?;
        expect(&mut port, PortEvent::HostOpened).await;
        file.write_all(b"AT\r")?;
        let mut heard = vec![];
        while heard != b"AT\r" {
            heard.extend(next(&mut port).await.1);
        }
        Ok(())
    })
}

#[test]
fn a_close_is_noticed_while_nothing_is_read() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        let file = host(&port)?;
        expect(&mut port, PortEvent::HostOpened).await;
        drop(file);
        assert_eq!(port.event(&mut [], false).await, PortEvent::HostClosed);

        let mut file = host(&port)?;
        file.write_all(b"unread")?;
        assert_eq!(port.event(&mut [], false).await, PortEvent::HostOpened);
        while port.try_write(&[b'x'; 4096]).is_ok() {}
        drop(file);
        assert_eq!(port.event(&mut [], true).await, PortEvent::Writable, "output need not wait any more");
        assert_eq!(port.try_write(b"x")?, 1);
        expect_bytes(&mut port, b"unread").await;
        expect(&mut port, PortEvent::HostClosed).await;
        Ok(())
    })
}

/// Echoes everything until the host closes, with no more than `limit` bytes in hand.
async fn echo(port: &mut Port, limit: usize) -> io::Result<u64> {
    let (mut buf, mut held, mut total) = (vec![0; limit], 0, 0);
    loop {
        let room = if held == 0 { limit } else { 0 };
        let mut nothing = [];
        let space = if room > 0 { &mut buf[..] } else { &mut nothing[..] };
        match port.event(space, held > 0).await {
            PortEvent::Bytes(n) => (held, total) = (n, total + n as u64),
            PortEvent::HostClosed => return Ok(total),
            _ => (),
        }
        while held > 0 {
            match port.try_write(&buf[..held]) {
                Ok(n) => {
                    buf.copy_within(n..held, 0);
                    held -= n;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Sends `size` bytes from one thread and checks their echo in this one, in odd pieces.
fn talk(mut writer: File, mut reader: File, size: usize) -> io::Result<()> {
    let byte = |i: usize| (i * 7 + i / 251) as u8;
    let sender = thread::spawn(move || {
        let all: Vec<u8> = (0..size).map(byte).collect();
        all.chunks(997).try_for_each(|piece| writer.write_all(piece))
    });
    let (mut buf, mut at) = ([0; 1777], 0);
    while at < size {
        let n = reader.read(&mut buf)?;
        assert!(n > 0);
        for &heard in &buf[..n] {
            assert_eq!(heard, byte(at), "at {at}");
            at += 1;
        }
    }
    sender.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

#[test]
fn back_pressure_loses_nothing() -> Outcome {
    run(async {
        let mut port = Port::pty()?;
        let (writer, reader) = (host(&port)?, host(&port)?);
        let host = thread::spawn(move || talk(writer, reader, 2 << 20));
        let echoed = echo(&mut port, 1460).await;
        drop(port);
        assert_eq!(echoed?, 2 << 20);
        host.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
        Ok(())
    })
}

#[test]
fn the_link_leads_to_the_port() -> Outcome {
    run(async {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("modem");
        let mut port = Port::pty()?;
        port.link(&path)?;
        let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
        file.write_all(b"AT\r")?;
        expect(&mut port, PortEvent::HostOpened).await;
        expect_bytes(&mut port, b"AT\r").await;
        drop(port);
        assert!(std::fs::symlink_metadata(&path).is_err());
        Ok(())
    })
}
