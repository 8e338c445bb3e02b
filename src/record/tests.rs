//! Recordings of modems of our own.

use super::*;
use crate::log::mask::Masker;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::net::UnixStream;
use tokio::sync::Notify;

/// A file that can be looked at while it is written.
#[derive(Clone, Default)]
struct Paper(Arc<(Mutex<Vec<u8>>, Notify)>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.0.lock().unwrap().extend_from_slice(bytes);
        self.0.1.notify_one();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    /// What was written, without its times.
    fn text(&self) -> String {
        let bytes = self.0.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().filter(|line| !line.starts_with('~')).map(|line| format!("{line}\n")).collect()
    }
}

/// A host, a device over TCP, and the recording between them.
struct Bench {
    host: UnixStream,
    listener: TcpListener,
    paper: Paper,
    task: tokio::task::JoinHandle<()>,
}

async fn bench() -> Bench {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target: Target = listener.local_addr().unwrap().to_string().parse().unwrap();
    let (mut port, host) = Port::memory().unwrap();
    let paper = Paper::default();
    let mut tape = Tape::begin(paper.clone(), String::new(), Masker::off()).unwrap();
    let task = tokio::spawn(async move { record(&mut port, &target, &mut tape).await.unwrap() });
    Bench { host, listener, paper, task }
}

async fn until(paper: &Paper, wanted: &str) {
    while !paper.text().contains(wanted) {
        paper.0.1.notified().await;
    }
}

#[test]
fn a_device_is_a_tty_with_a_rate_or_an_address() {
    let tty = |path: &str, baud| Target::Tty { path: path.into(), baud };
    assert_eq!("/dev/ttyUSB0".parse(), Ok(tty("/dev/ttyUSB0", None)));
    assert_eq!("/dev/ttyUSB0@9600".parse(), Ok(tty("/dev/ttyUSB0", Some(9600))));
    assert_eq!("/tmp/a@b/modem".parse(), Ok(tty("/tmp/a@b/modem", None)));
    assert_eq!("[::1]:99".parse(), Ok(Target::Tcp("[::1]:99".into())));
    assert_eq!("localhost:99".parse(), Ok(Target::Tcp("localhost:99".into())));
    for wrong in
        ["", "localhost:", ":99", "localhost:99999", "/dev/ttyUSB0@", "/dev/ttyUSB0@0", "/dev/ttyUSB0@fast"]
    {
        assert!(wrong.parse::<Target>().is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn what_crosses_the_line_is_passed_on_and_written_down() {
    let mut bench = bench().await;
    let (mut device, _) = bench.listener.accept().await.unwrap();
    let mut said = [0; 64];
    bench.host.write_all(b"AT+CSQ\r").await.unwrap();
    let n = device.read(&mut said).await.unwrap();
    assert_eq!(&said[..n], b"AT+CSQ\r");
    let answer = b"AT+CSQ\r\r\n+CSQ: 9,99\r\n\r\nOK\r\n";
    device.write_all(answer).await.unwrap();
    let mut heard = vec![0; answer.len()];
    bench.host.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, answer);
    // A prompt has no end, and is written all the same.
    device.write_all(b"\r\n> ").await.unwrap();
    until(&bench.paper, ">\\x20").await;
    let text = bench.paper.text();
    assert!(text.contains("> AT+CSQ\n< +CSQ: 9,99\n< OK\n<= \\r\\n>\\x20\n"), "{text}");
    bench.task.abort();
}

#[tokio::test]
async fn a_device_that_vanishes_is_told_and_looked_for() {
    let mut bench = bench().await;
    let (device, _) = bench.listener.accept().await.unwrap();
    drop(device);
    until(&bench.paper, "# the device has gone: 127.0.0.1:").await;
    let (mut device, _) = bench.listener.accept().await.unwrap();
    until(&bench.paper, "# the device is there again: 127.0.0.1:").await;
    bench.host.write_all(b"AT\r").await.unwrap();
    let mut said = [0; 64];
    let n = device.read(&mut said).await.unwrap();
    assert_eq!(&said[..n], b"AT\r");
    bench.task.abort();
}

#[tokio::test]
async fn data_of_every_value_is_exact_both_ways() {
    let bench = bench().await;
    let (mut device, _) = bench.listener.accept().await.unwrap();
    let all: Vec<u8> = (0..1024 * 1024u32).map(|n| (n + n / 256) as u8).collect();
    let (from_host, from_device) = (all.clone(), all.clone());
    let (mut reads, mut writes) = bench.host.into_split();
    let up = tokio::spawn(async move { writes.write_all(&from_host).await.map(|()| writes) });
    let echo = tokio::spawn(async move {
        let mut got = vec![0; 1024 * 1024];
        device.read_exact(&mut got).await.unwrap();
        device.write_all(&from_device).await.unwrap();
        (got, device)
    });
    let mut down = vec![0; all.len()];
    reads.read_exact(&mut down).await.unwrap();
    let (up, echo) = (up.await.unwrap(), echo.await.unwrap());
    assert!(up.is_ok() && echo.0 == all && down == all);
    bench.task.abort();
}
