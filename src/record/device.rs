//! The device that is recorded: a serial port of this machine, or a TCP port that passes bytes.

use crate::transcript::Signal;
use serial2_tokio::{FlowControl, SerialPort};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a device over TCP may take to answer a call.
const CALL: Duration = Duration::from_secs(3);
/// The rate of a device that nobody has named one for, in bit/s.
const BAUD: u32 = 115_200;

/// Where the device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `TTY[@BAUD]`
    Tty {
        /// The device's file.
        path: PathBuf,
        /// The rate, in bit/s, that it keeps; else the host's.
        baud: Option<u32>,
    },
    /// `HOST:PORT`
    Tcp(String),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let right = "write a serial device such as /dev/ttyUSB0 or /dev/ttyUSB0@115200, or HOST:PORT";
        if text.is_empty() {
            return Err(format!("nothing is named; {right}"));
        }
        if !text.contains('/')
            && let Some((host, port)) = text.rsplit_once(':')
        {
            return match (host.is_empty(), port.parse::<u16>()) {
                (false, Ok(1..)) => Ok(Target::Tcp(text.to_owned())),
                _ => Err(format!("`{text}` is no address; {right}")),
            };
        }
        match text.rsplit_once('@') {
            Some((path, baud)) if !path.is_empty() && !baud.contains('/') => match baud.parse::<u32>() {
                Ok(rate @ 1..) => Ok(Target::Tty { path: path.into(), baud: Some(rate) }),
                _ => Err(format!("`{baud}` is no rate in bit/s; {right}")),
            },
            _ => Ok(Target::Tty { path: text.into(), baud: None }),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Target::Tty { path, baud: None } => write!(f, "{}", path.display()),
            Target::Tty { path, baud: Some(baud) } => write!(f, "{}@{baud}", path.display()),
            Target::Tcp(address) => f.write_str(address),
        }
    }
}

/// What the host has set on its port.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// In bit/s.
    pub baud: Option<u32>,
    /// Data terminal ready.
    pub dtr: Option<bool>,
    /// RTS and CTS.
    pub rtscts: bool,
    /// XON and XOFF.
    pub xon: bool,
}

impl Settings {
    /// Whether a device that is set up in one way is so in the other, too.
    pub fn same(&self, other: &Settings) -> bool {
        let rate = |settings: &Settings| settings.baud.unwrap_or(BAUD);
        rate(self) == rate(other) && (self.dtr, self.rtscts, self.xon) == (other.dtr, other.rtscts, other.xon)
    }
}

/// A device that is open.
pub enum Device {
    /// A serial port.
    Tty {
        /// The port.
        port: SerialPort,
        /// The rate that it keeps, whatever the host sets.
        fixed: Option<u32>,
        /// Its lines when they were last looked at; nothing where it has none.
        lines: Option<[(Signal, bool); 4]>,
    },
    /// A TCP connection.
    Tcp(TcpStream),
}

impl Device {
    /// Opens it, set up as the host wants it.
    ///
    /// # Errors
    /// It is not there, or is no serial port.
    pub async fn open(target: &Target, settings: &Settings) -> io::Result<Device> {
        let mut device = match target {
            Target::Tty { path, baud } => {
                let port = SerialPort::open(path, |mut set: serial2_tokio::Settings| {
                    set.set_raw();
                    set.set_baud_rate(baud.or(settings.baud).unwrap_or(BAUD))?;
                    Ok(set)
                })?;
                let lines = lines_of(&port).ok();
                Device::Tty { port, fixed: *baud, lines }
            }
            Target::Tcp(address) => {
                let stream = timeout(CALL, TcpStream::connect(address)).await??;
                stream.set_nodelay(true)?;
                Device::Tcp(stream)
            }
        };
        device.set(settings)?;
        Ok(device)
    }

    /// Sets it up as the host wants it. A TCP port has nothing to be set.
    ///
    /// # Errors
    /// The device does not take it.
    pub fn set(&mut self, settings: &Settings) -> io::Result<()> {
        let Device::Tty { port, fixed, .. } = self else { return Ok(()) };
        let mut set = port.get_configuration()?;
        if let Some(rate) = fixed.or(settings.baud) {
            set.set_baud_rate(rate)?;
        }
        set.set_flow_control(match settings {
            Settings { rtscts: true, .. } => FlowControl::RtsCts,
            Settings { xon: true, .. } => FlowControl::XonXoff,
            _ => FlowControl::None,
        });
        port.set_configuration(&set)?;
        match settings.dtr {
            // A pseudo-terminal has no such line.
            Some(on) => port.set_dtr(on).or(Ok(())),
            None => Ok(()),
        }
    }

    /// Reads what it says; 0 where it has hung up.
    ///
    /// # Errors
    /// It has gone.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Device::Tty { port, .. } => port.read(buffer).await,
            Device::Tcp(stream) => loop {
                stream.readable().await?;
                match stream.try_read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    read => return read,
                }
            },
        }
    }

    /// Writes what it takes.
    ///
    /// # Errors
    /// It has gone.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Device::Tty { port, .. } => port.write(bytes).await,
            Device::Tcp(stream) => loop {
                stream.writable().await?;
                match stream.try_write(bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    wrote => return wrote,
                }
            },
        }
    }

    /// Which of its lines have changed since it was asked last.
    pub fn lines(&mut self) -> Vec<(Signal, bool)> {
        let Device::Tty { port, lines: Some(before), .. } = self else { return vec![] };
        // A device that has gone tells that when it is read.
        let Ok(now) = lines_of(port) else { return vec![] };
        let before = std::mem::replace(before, now);
        now.into_iter().zip(before).filter(|(now, before)| now != before).map(|(now, _)| now).collect()
    }
}

fn lines_of(port: &SerialPort) -> io::Result<[(Signal, bool); 4]> {
    Ok([
        (Signal::Dcd, port.read_cd()?),
        (Signal::Dsr, port.read_dsr()?),
        (Signal::Cts, port.read_cts()?),
        (Signal::Ri, port.read_ri()?),
    ])
}
