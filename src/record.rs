//! record: between a host and a real device, writing down what crosses the line.
//!
//! The host opens a pseudo-terminal of ours; whatever it sends goes to the device, and back, at once and unchanged. What is
//! to be seen on the way becomes the steps of a recording: bytes with their times, the rate that the host sets, the port
//! opened and closed, the device's lines, and the device gone and back.

pub mod device;
mod tape;
#[cfg(test)]
mod tests;

pub use device::Target;
pub use tape::Tape;

use crate::driver::port::{Port, PortEvent};
use crate::time::Now;
use crate::transcript::{Kind, Signal};
use device::{Device, Settings};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval};

/// How much is read at once, and kept for whoever does not take it, in octets.
const BUFFER: usize = 64 * 1024;
/// How often the recording is brought to the disk, the device's lines are looked at, and a device that has gone is looked for.
const TICK: Duration = Duration::from_millis(100);

/// Passes bytes between `port` and `target` and records them, until dropped or the recording cannot be written.
///
/// A device that is not there, or vanishes, is looked for until it comes; meanwhile what the host sends is lost, as on a cable
/// that is unplugged.
///
/// # Errors
/// The recording cannot be written.
pub async fn record<W: Write + Send + 'static>(
    port: &mut Port,
    target: &Target,
    tape: &mut Tape<W>,
) -> io::Result<()> {
    let mut between = Between::new(target.clone());
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut from_host, mut from_device) = (vec![0; BUFFER], vec![0; BUFFER]);
    loop {
        let room = BUFFER.saturating_sub(between.to_device.len());
        let hears = between.to_host.len() < BUFFER;
        tokio::select! {
            event = port.event(&mut from_host[..room], !between.to_host.is_empty()) => {
                between.host(event, &from_host, port, tape);
            }
            read = between.link.read(&mut from_device, hears) => between.device(read, &from_device, port, tape),
            wrote = between.link.write(&between.to_device) => match wrote {
                Ok(n) => drop(between.to_device.drain(..n)),
                Err(error) => between.lost(&error, tape),
            },
            _ = ticks.tick() => {
                between.look(tape).await;
                tape.idle()?;
            }
        }
    }
}

/// What stands between host and device.
struct Between {
    target: Target,
    link: Link,
    /// What the host has set, for a device that comes back.
    settings: Settings,
    to_device: VecDeque<u8>,
    to_host: VecDeque<u8>,
}

/// The device, where it is there.
enum Link {
    There(Box<Device>),
    /// It was never there, or has gone.
    Gone {
        /// Whether that was told.
        told: bool,
    },
}

impl Link {
    async fn read(&self, buffer: &mut [u8], hears: bool) -> io::Result<usize> {
        match self {
            Link::There(device) if hears => device.read(buffer).await,
            _ => std::future::pending().await,
        }
    }

    async fn write(&self, bytes: &VecDeque<u8>) -> io::Result<usize> {
        match self {
            Link::There(device) if !bytes.is_empty() => device.write(bytes.as_slices().0).await,
            _ => std::future::pending().await,
        }
    }
}

impl Between {
    fn new(target: Target) -> Between {
        let (to_device, to_host) = (VecDeque::new(), VecDeque::new());
        Between {
            target,
            link: Link::Gone { told: false },
            settings: Settings::default(),
            to_device,
            to_host,
        }
    }

    /// The host did something.
    fn host<W: Write + Send + 'static>(
        &mut self,
        event: PortEvent,
        buffer: &[u8],
        port: &mut Port,
        tape: &mut Tape<W>,
    ) {
        match event {
            PortEvent::Bytes(n) => {
                tape.typed(&buffer[..n]);
                if matches!(self.link, Link::There(_)) {
                    self.to_device.extend(&buffer[..n]);
                }
            }
            PortEvent::HostOpened => tape.note(Kind::Open),
            PortEvent::HostClosed => {
                self.to_host.clear();
                tape.note(Kind::Close);
            }
            PortEvent::Baud(rate) => {
                tape.note(Kind::Baud(rate));
                self.set_up(tape, Settings { baud: Some(rate), ..self.settings.clone() });
            }
            PortEvent::Dtr(level) => {
                let on = level.is_on();
                tape.note(Kind::Line { signal: Signal::Dtr, on });
                self.set_up(tape, Settings { dtr: Some(on), ..self.settings.clone() });
            }
            PortEvent::FlowControl { rtscts, xon } => {
                self.set_up(tape, Settings { rtscts, xon, ..self.settings.clone() });
            }
            PortEvent::Writable => self.deliver(port),
        }
    }

    /// The device said something, or has gone.
    fn device<W: Write + Send + 'static>(
        &mut self,
        read: io::Result<usize>,
        buffer: &[u8],
        port: &mut Port,
        tape: &mut Tape<W>,
    ) {
        match read {
            Ok(0) => self.lost(&io::ErrorKind::UnexpectedEof.into(), tape),
            Ok(n) => {
                tape.heard(&buffer[..n]);
                self.to_host.extend(&buffer[..n]);
                self.deliver(port);
            }
            Err(error) => self.lost(&error, tape),
        }
    }

    /// Hands the host what it takes. A port that nobody has open takes all: nobody hears it.
    fn deliver(&mut self, port: &mut Port) {
        while !self.to_host.is_empty() {
            match port.try_write(self.to_host.as_slices().0) {
                Ok(0) | Err(_) => return,
                Ok(n) => drop(self.to_host.drain(..n)),
            }
        }
    }

    /// Looks for a device that is not there, and at the lines of one that is.
    async fn look<W: Write + Send + 'static>(&mut self, tape: &mut Tape<W>) {
        match &mut self.link {
            Link::There(device) => {
                device.lines().into_iter().for_each(|(signal, on)| tape.note(Kind::Line { signal, on }))
            }
            Link::Gone { told } => match Device::open(&self.target, &self.settings).await {
                Ok(device) => {
                    if *told {
                        tape.note(Kind::Comment(format!(" the device is there again: {}", self.target)));
                    }
                    self.link = Link::There(Box::new(device));
                }
                Err(error) if !*told => {
                    *told = true;
                    tape.note(Kind::Comment(format!(" the device is not there: {}: {error}", self.target)));
                }
                Err(_) => {}
            },
        }
    }

    fn lost<W: Write + Send + 'static>(&mut self, error: &io::Error, tape: &mut Tape<W>) {
        tape.note(Kind::Comment(format!(" the device has gone: {}: {error}", self.target)));
        self.to_device.clear();
        self.link = Link::Gone { told: true };
    }

    /// Has the device do as the host has set it. Where nothing has changed it is left alone: a host sets its port up
    /// each time that it opens it, and a device may lose what is on its way then.
    fn set_up<W: Write + Send + 'static>(&mut self, tape: &mut Tape<W>, wanted: Settings) {
        let same = wanted.same(&self.settings);
        self.settings = wanted;
        if same {
            return;
        }
        if let Link::There(device) = &mut self.link
            && let Err(error) = device.set(&self.settings)
        {
            tape.note(Kind::Comment(format!(" the device does not take what the host has set: {error}")));
        }
    }
}

/// The time since `start`, as steps bear it.
fn since(start: Instant) -> Now {
    Now::from_micros(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
}
