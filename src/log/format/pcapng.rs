//! Captures of a USB or a serial interface, pcapng or pcap, and Badline's own.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::lines::Line;
use crate::log::pcapng::{Capture, Found, Front, is_capture};
use crate::log::sides::{Sides, begins_with_command};
use crate::log::stamp::Stamp;
use std::collections::BTreeMap;

/// Link types (tcpdump's list): those for private use, and USB as Linux and Windows capture it.
const USER: std::ops::RangeInclusive<u16> = 147..=162;
const USB_LINUX: u16 = 189;
const USB_LINUX_MMAPPED: u16 = 220;
const USBPCAP: u16 = 249;
/// What `epb_flags` says of a direction.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

#[derive(Default)]
struct Pcap {
    capture: Capture,
    octets: Vec<u8>,
    state: State,
    sides: Sides,
    /// Of each USB device, the end points from which and to which lines of a modem went.
    ends: BTreeMap<(u16, u8), [Vec<u8>; 2]>,
    /// Packets that were left aside.
    others: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// The first octets are still to come.
    #[default]
    Begin,
    Reading,
    /// It is no capture, or broken here.
    Over,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Pcap::default())
}

/// What a packet carries over a serial line.
struct Crossed {
    /// A USB device and its end point, whose highest bit says that it is towards the host; nothing for a serial interface.
    usb: Option<(u16, u8, u8)>,
    side: Option<Side>,
    data: Vec<u8>,
}

fn crossed(found: Found) -> Option<Crossed> {
    let octets = &found.data;
    match found.link_type {
        kind if USER.contains(&kind) => {
            let side = match found.flags & 3 {
                INBOUND => Some(Side::Module),
                OUTBOUND => Some(Side::Host),
                _ => None,
            };
            Some(Crossed { usb: None, side, data: found.data })
        }
        USB_LINUX | USB_LINUX_MMAPPED => {
            let header = if found.link_type == USB_LINUX { 48 } else { 64 };
            // `S` is submitted, `C` complete; 3 is a bulk transfer.
            let (event, kind, end, device) =
                (*octets.get(8)?, *octets.get(9)?, *octets.get(10)?, *octets.get(11)?);
            let bus = u16::from_le_bytes([*octets.get(12)?, *octets.get(13)?]);
            let towards_host = end & 0x80 != 0;
            let carries = kind == 3 && event == if towards_host { b'C' } else { b'S' };
            let data = octets.get(header..).filter(|data| carries && !data.is_empty())?.to_vec();
            usb(bus, device, end, data)
        }
        USBPCAP => {
            let header = usize::from(u16::from_le_bytes([*octets.first()?, *octets.get(1)?]));
            let bus = u16::from_le_bytes([*octets.get(17)?, *octets.get(18)?]);
            let device =
                u8::try_from(u16::from_le_bytes([*octets.get(19)?, *octets.get(20)?])).unwrap_or(u8::MAX);
            let (end, kind) = (*octets.get(21)?, *octets.get(22)?);
            let data = octets.get(header..).filter(|data| kind == 3 && !data.is_empty())?.to_vec();
            usb(bus, device, end, data)
        }
        _ => None,
    }
}

fn usb(bus: u16, device: u8, end: u8, data: Vec<u8>) -> Option<Crossed> {
    let side = if end & 0x80 != 0 { Side::Module } else { Side::Host };
    Some(Crossed { usb: Some((bus, device, end)), side: Some(side), data })
}

/// Whether what a module sent looks like lines of text.
fn looks_said(data: &[u8]) -> bool {
    let text = data.iter().filter(|b| (0x20..0x7f).contains(*b) || b"\r\n".contains(b)).count();
    text == data.len() && data.windows(2).any(|two| two == b"\r\n" || two == b"\r\r")
}

impl Pcap {
    /// The packets that are whole now.
    fn take(&mut self, line: &Line) -> Vec<Found> {
        self.octets.extend_from_slice(&line.raw);
        if self.state == State::Begin && self.octets.len() >= 4 {
            self.state = if is_capture(&self.octets) { State::Reading } else { State::Over };
        }
        let mut found = vec![];
        let mut at = 0;
        while self.state == State::Reading {
            match self.capture.front(&self.octets[at..]) {
                Front::Block(length, packet) => {
                    at += length;
                    found.extend(packet);
                }
                Front::Cut => break,
                Front::Broken => self.state = State::Over,
            }
        }
        self.octets.drain(..at);
        if self.state == State::Over {
            self.octets.clear();
        }
        found
    }

    fn event(&mut self, found: Found, to: &mut Sink) {
        let at = u64::try_from(found.at.as_micros()).unwrap_or(u64::MAX);
        let interface = found.interface;
        let Some(crossed) = crossed(found) else {
            self.others += 1;
            return;
        };
        let side = match (crossed.usb, crossed.side) {
            (Some((bus, device, end)), Some(side)) => {
                let known =
                    self.ends.get(&(bus, device)).map(|ends| &ends[usize::from(side == Side::Module)]);
                let Some(number) = known.and_then(|ends| ends.iter().position(|known| *known == end)) else {
                    self.others += 1;
                    return;
                };
                to.device(&if number == 0 {
                    format!("usb {bus}.{device}")
                } else {
                    format!("usb {bus}.{device} port {}", number + 1)
                });
                side
            }
            (_, Some(side)) => side,
            (_, None) => match self.sides.is_host(&interface.to_le_bytes()) {
                Some(true) => Side::Host,
                _ => Side::Module,
            },
        };
        to.at(Stamp::Date(at));
        to.bytes(side, crossed.data);
    }
}

impl Format for Pcap {
    fn look(&mut self, line: &Line) -> bool {
        for found in self.take(line) {
            let interface = found.interface;
            let Some(crossed) = crossed(found) else { continue };
            self.sides.look(&interface.to_le_bytes(), &crossed.data);
            let Some((bus, device, end)) = crossed.usb else { continue };
            let module = crossed.side == Some(Side::Module);
            let speaks = if module { looks_said(&crossed.data) } else { begins_with_command(&crossed.data) };
            let ends = &mut self.ends.entry((bus, device)).or_default()[usize::from(module)];
            if speaks && !ends.contains(&end) {
                ends.push(end);
            }
        }
        self.state == State::Reading
    }

    fn begin(&mut self) {
        self.ends.values_mut().flatten().for_each(|ends| ends.sort_unstable());
        (self.capture, self.octets, self.state) = (Capture::default(), vec![], State::Begin);
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let before = self.state;
        for found in self.take(line) {
            self.event(found, to);
        }
        match (before, self.state) {
            (State::Over, State::Over) => {}
            (_, State::Over) => {
                to.remark("the capture is broken here; what follows could not be read");
                to.placed();
            }
            _ => to.placed(),
        }
    }

    fn end(&mut self, to: &mut Sink) {
        if !self.octets.is_empty() {
            to.remark("the capture is cut off here, in the middle of a packet");
        }
        if self.others > 0 {
            to.remark("the capture has other packets, too, which crossed no serial line");
        }
    }
}
