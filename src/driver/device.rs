//! Plays a transcript as the host of a serial device, in real time: a real modem, or one of ours.

use super::play::PlayError;
use crate::transcript::Transcript;
use crate::transcript::player::{Action, Options, Player};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{self, OptionalActions};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, timeout_at};

/// How long an expected line may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing must be heard for the device to count as quiet.
const QUIET: Duration = Duration::from_millis(300);

/// Plays `transcript` on the device at `path`. Its header is not looked at: the modem is as it is.
///
/// # Errors
/// What the device refuses, or the first thing that did not go as the transcript says.
pub async fn play(transcript: Transcript, path: &Path, bless: bool) -> Result<Option<Transcript>, PlayError> {
    let mut device = Device::open(path)?;
    let mut player = Player::new(transcript, Options { bless, lines: false });
    loop {
        match player.next_action() {
            Action::Settle => {
                while let Some(bytes) = device.read_for(QUIET).await? {
                    player.heard(1, &bytes);
                }
            }
            Action::Wait { .. } => match device.read_for(PATIENCE).await? {
                Some(bytes) => player.heard(1, &bytes),
                None => player.gave_up(),
            },
            Action::Turn(span) => {
                let end = Instant::now() + span;
                while let Some(bytes) = device.read_until(end).await? {
                    player.heard(1, &bytes);
                }
            }
            Action::TurnUntilHeard(span) => {
                let start = Instant::now();
                if let Some(bytes) = device.read_for(span).await? {
                    player.heard(1, &bytes);
                }
                player.turned(start.elapsed().max(Duration::from_micros(1)));
            }
            Action::Send { port: 1, content } => {
                let mut stream = content.stream();
                loop {
                    let chunk = stream.take_chunk(4096);
                    if chunk.is_empty() {
                        break;
                    }
                    device.write(&chunk).await?;
                }
            }
            Action::SetBaud { port: 1, rate } => device.set_baud(rate)?,
            Action::Open { port: 1 } => device = Device::open(path)?,
            Action::Close { port: 1 } => device.close(),
            Action::Done => return Ok(player.blessed()),
            Action::Failed(failure) => return Err(PlayError::Failed(failure)),
            Action::Fault { .. } => player.refuse("a device has no faults to put in force"),
            Action::CheckFile { .. } => player.refuse("the server of a device cannot be looked at"),
            Action::SetLine { .. } => player.refuse("control lines cannot be set on this device"),
            _ => player.refuse("a device has one port"),
        }
    }
}

/// An open serial device, or one that the transcript has closed.
struct Device {
    fd: Option<AsyncFd<OwnedFd>>,
}

impl Device {
    fn open(path: &Path) -> io::Result<Device> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|e| io::Error::new(io::Error::from(e).kind(), format!("{}: {e}", path.display())))?;
        let mut settings = termios::tcgetattr(&fd)?;
        settings.make_raw();
        termios::tcsetattr(&fd, OptionalActions::Now, &settings)?;
        Ok(Device { fd: Some(AsyncFd::register(fd)?) })
    }

    fn close(&mut self) {
        self.fd = None;
    }

    fn opened(&self) -> io::Result<&AsyncFd<OwnedFd>> {
        self.fd
            .as_ref()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "the transcript has closed the port"))
    }

    fn set_baud(&mut self, rate: u32) -> io::Result<()> {
        let fd = self.opened()?.get_ref();
        let mut settings = termios::tcgetattr(fd)?;
        settings.set_speed(rate)?;
        Ok(termios::tcsetattr(fd, OptionalActions::Now, &settings)?)
    }

    async fn read_for(&mut self, span: Duration) -> io::Result<Option<Vec<u8>>> {
        self.read_until(Instant::now() + span).await
    }

    /// What is heard next, or nothing until `end`.
    async fn read_until(&mut self, end: Instant) -> io::Result<Option<Vec<u8>>> {
        let Some(fd) = &self.fd else {
            tokio::time::sleep_until(end).await;
            return Ok(None);
        };
        let read = async {
            loop {
                let mut guard = fd.readable().await?;
                let mut buffer = vec![0; 64 * 1024];
                if let Ok(result) = guard.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut buffer)?)) {
                    return result.map(|n| {
                        buffer.truncate(n);
                        buffer
                    });
                }
            }
        };
        match timeout_at(end, read).await {
            Err(_) => Ok(None),
            Ok(Ok(bytes)) if bytes.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => bytes.map(Some),
        }
    }

    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let fd = self.opened()?;
        while !bytes.is_empty() {
            let mut guard = fd.writable().await?;
            if let Ok(written) = guard.try_io(|fd| Ok(rustix::io::write(fd.get_ref(), bytes)?)) {
                bytes = &bytes[written?..];
            }
        }
        Ok(())
    }
}
