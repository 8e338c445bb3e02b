//! Plays a transcript as the host of a serial device, in real time: a real modem, or one of ours.

use super::PlayError;
use crate::disk::named;
use crate::transcript::Transcript;
use crate::transcript::player::{Action, Options, Player};
use rustix::event::{self, PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{self, OptionalActions};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long an expected line may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing must be heard for the device to count as quiet.
const QUIET: Duration = Duration::from_millis(300);

/// Plays `transcript` on the device at `path`. Its header is not looked at: the modem is as it is.
///
/// # Errors
/// What the device refuses, or the first thing that did not go as the transcript says.
pub fn play(transcript: Transcript, path: &Path, bless: bool) -> Result<Option<Transcript>, PlayError> {
    let mut device = Device::open(path)?;
    let mut player = Player::new(transcript, Options { bless, lines: false });
    loop {
        match player.next_action() {
            Action::Settle => {
                while let Some(bytes) = device.read_for(QUIET)? {
                    player.heard(1, &bytes);
                }
            }
            Action::Wait { .. } => match device.read_for(PATIENCE)? {
                Some(bytes) => player.heard(1, &bytes),
                None => player.gave_up(),
            },
            Action::Turn(span) => {
                let end = Instant::now() + span;
                while let Some(bytes) = device.read_until(end)? {
                    player.heard(1, &bytes);
                }
            }
            Action::TurnUntilHeard(span) => {
                let start = Instant::now();
                if let Some(bytes) = device.read_for(span)? {
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
                    if !device.write(&chunk, |heard| player.heard(1, heard))? {
                        player
                            .refuse(format!("the device takes no more bytes, for {} s", PATIENCE.as_secs()));
                        break;
                    }
                }
            }
            Action::SetBaud { port: 1, rate } => device.set_baud(rate)?,
            Action::Open { port: 1 } => device = Device::open(path)?,
            Action::Close { port: 1 } => device.fd = None,
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
    fd: Option<OwnedFd>,
}

impl Device {
    fn open(path: &Path) -> io::Result<Device> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let of = || named(format!("--port {}", path.display()));
        let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| of()(e.into()))?;
        let named = |e| match e {
            Errno::NOTTY | Errno::INVAL => {
                of()(io::Error::other("it is no serial port; name a device such as /dev/ttyUSB0"))
            }
            e => of()(e.into()),
        };
        let mut settings = termios::tcgetattr(&fd).map_err(named)?;
        settings.make_raw();
        termios::tcsetattr(&fd, OptionalActions::Now, &settings).map_err(named)?;
        Ok(Device { fd: Some(fd) })
    }

    fn opened(&self) -> io::Result<&OwnedFd> {
        let closed = || io::Error::new(io::ErrorKind::NotConnected, "the transcript has closed the port");
        self.fd.as_ref().ok_or_else(closed)
    }

    fn set_baud(&mut self, rate: u32) -> io::Result<()> {
        let fd = self.opened()?;
        let mut settings = termios::tcgetattr(fd)?;
        settings.set_speed(rate)?;
        Ok(termios::tcsetattr(fd, OptionalActions::Now, &settings)?)
    }

    fn read_for(&mut self, span: Duration) -> io::Result<Option<Vec<u8>>> {
        self.read_until(Instant::now() + span)
    }

    /// What is heard next, or nothing until `end`.
    fn read_until(&mut self, end: Instant) -> io::Result<Option<Vec<u8>>> {
        let left =
            Timespec::try_from(end.saturating_duration_since(Instant::now())).map_err(io::Error::other)?;
        let Some(fd) = &self.fd else {
            event::poll(&mut [], Some(&left))?;
            return Ok(None);
        };
        if event::poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&left))? == 0 {
            return Ok(None);
        }
        let mut buffer = vec![0; 64 * 1024];
        match rustix::io::read(fd, &mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                buffer.truncate(n);
                Ok(Some(buffer))
            }
        }
    }

    /// Sends `bytes`, and hands on what is heard meanwhile: a device that waits for its host to read would never take
    /// the rest. False where it takes nothing for long.
    fn write(&mut self, mut bytes: &[u8], mut heard: impl FnMut(&[u8])) -> io::Result<bool> {
        let fd = self.opened()?;
        let patience = Timespec::try_from(PATIENCE).map_err(io::Error::other)?;
        let mut buffer = vec![0; 64 * 1024];
        while !bytes.is_empty() {
            let mut polled = [PollFd::new(fd, PollFlags::IN | PollFlags::OUT)];
            if event::poll(&mut polled, Some(&patience))? == 0 {
                return Ok(false);
            }
            if polled[0].revents().contains(PollFlags::IN) {
                match rustix::io::read(fd, &mut buffer)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    n => heard(&buffer[..n]),
                }
            }
            match rustix::io::write(fd, bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(Errno::AGAIN) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(true)
    }
}
