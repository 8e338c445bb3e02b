//! What the host has set on a pseudo-terminal: baud rate, DTR (B0) and flow control.
//!
//! The settings are read through the master whenever there is something else to do, and a few times
//! a second. Packet mode (`TIOCPKT`) would report a change at once, but no safe binding has it.

use super::PortEvent;
use crate::modem::Level;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::termios::{ControlModes, InputModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io;

/// Bits per second until a host sets its own.
pub const BAUD: u32 = 115_200;

/// The settings that matter to a modem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineSettings {
    baud: u32,
    dtr: bool,
    rtscts: bool,
    xon: bool,
}

impl Default for LineSettings {
    fn default() -> Self {
        LineSettings { baud: BAUD, dtr: true, rtscts: false, xon: false }
    }
}

impl LineSettings {
    /// Takes over what `master` says now, and tells what is new about it.
    pub(super) fn update(&mut self, master: BorrowedFd) -> impl Iterator<Item = PortEvent> + use<> {
        let old = *self;
        if let Ok(termios) = tcgetattr(master) {
            *self = LineSettings::read(&termios, old.baud);
        }
        let new = *self;
        let flow = PortEvent::FlowControl { rtscts: new.rtscts, xon: new.xon };
        [
            (old.dtr != new.dtr).then_some(PortEvent::Dtr(Level::new(new.dtr))),
            (old.baud != new.baud).then_some(PortEvent::Baud(new.baud)),
            ((old.rtscts, old.xon) != (new.rtscts, new.xon)).then_some(flow),
        ]
        .into_iter()
        .flatten()
    }

    /// The host is gone; the next one raises DTR by opening.
    pub(super) fn hang_up(&mut self) {
        self.dtr = true;
    }

    fn read(termios: &Termios, baud: u32) -> LineSettings {
        let speed = termios.output_speed();
        LineSettings {
            baud: if speed == 0 { baud } else { speed },
            dtr: speed != 0,
            rtscts: termios.control_modes.contains(ControlModes::CRTSCTS),
            xon: termios.input_modes.intersects(InputModes::IXON | InputModes::IXOFF),
        }
    }
}

/// Clean bytes for a host that sets nothing: no echo, no line editing, no translation.
pub(super) fn make_raw(master: impl AsFd) -> io::Result<()> {
    let mut termios = tcgetattr(&master)?;
    termios.make_raw();
    termios.control_modes |= ControlModes::CREAD;
    termios.control_modes -= ControlModes::CLOCAL;
    termios.set_speed(BAUD)?;
    Ok(tcsetattr(master, OptionalActions::Now, &termios)?)
}

/// Gives the next host something to change. The system refuses it parity and seven data bits, which no pseudo-terminal
/// has, only where nothing else of what it sets is new; every host sets CLOCAL, and nothing here depends on it.
pub(super) fn forget(master: impl AsFd) -> io::Result<()> {
    let mut termios = tcgetattr(&master)?;
    termios.control_modes -= ControlModes::CLOCAL;
    Ok(tcsetattr(master, OptionalActions::Now, &termios)?)
}

/// The settings of `old` on `new`.
pub(super) fn copy(old: impl AsFd, new: impl AsFd) -> io::Result<()> {
    Ok(tcsetattr(new, OptionalActions::Now, &tcgetattr(old)?)?)
}
