//! Other things than a live modem behind the serial ports.

use super::World;
use crate::fault::Rule;
use crate::modem::{BACKLOG, Dce, Output, PortId};
use crate::setup::{Server, Setup, build, files};
use crate::time::Now;
use crate::trace::Event;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

const PORT: PortId = PortId(0);

fn world(faults: &[&str]) -> (World, Server) {
    let mut setup = Setup::new(files::profile("sim7080").unwrap());
    setup.trace = true;
    setup.rules = faults.iter().map(|text| Rule::parse(text).unwrap()).collect();
    build(&setup).unwrap()
}

/// All that waits for the host.
fn read(world: &mut World, now: Now) -> String {
    let mut text = vec![];
    while let Some(write) = world.outgoing(PORT) {
        let bytes = write.bytes.clone();
        text.extend_from_slice(&bytes);
        world.sent(now, PORT, bytes.len());
    }
    String::from_utf8(text).unwrap()
}

/// Lets time pass for as long as something is due.
fn until(world: &mut World, end: Now) {
    while let Some(at) = world.poll_timeout().filter(|at| *at <= end) {
        world.timeout(at);
    }
}

/// Answers one command line as it was recorded, and leaves all others to the modem behind it.
struct Recorded {
    modem: Box<dyn Dce>,
    command: &'static [u8],
    answer: &'static [u8],
    out: VecDeque<Output>,
}

impl Dce for Recorded {
    fn behind(&self) -> Option<&dyn Dce> {
        Some(self.modem.as_ref())
    }
    fn behind_mut(&mut self) -> Option<&mut dyn Dce> {
        Some(self.modem.as_mut())
    }
    fn handle_uart(&mut self, now: Now, port: PortId, bytes: &[u8]) {
        match bytes == self.command {
            true => self.out.push_back(Output::Uart { port, bytes: self.answer.into(), apart: false }),
            false => self.modem.handle_uart(now, port, bytes),
        }
    }
    fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front().or_else(|| self.modem.poll_output())
    }
}

#[test]
fn a_recording_answers_in_front_of_the_live_modem() {
    let (world, _server) = world(&[]);
    let mut world = world.behind(|modem| {
        let (command, answer) = (&b"AT+CSQ\r"[..], &b"\r\n+CSQ: 7,0\r\n\r\nOK\r\n"[..]);
        Box::new(Recorded { modem, command, answer, out: VecDeque::new() })
    });
    world.power_on(Now::ZERO);
    let now = Now::from_millis(10_000);
    until(&mut world, now);
    read(&mut world, now);
    world.typed(now, PORT, b"AT+CSQ\r");
    assert_eq!(read(&mut world, now), "\r\n+CSQ: 7,0\r\n\r\nOK\r\n");
    world.typed(now, PORT, b"AT+CGMI\r");
    assert!(read(&mut world, now).contains("SIMCOM"));
    assert_eq!(world.modem().map(|modem| modem.profile().name.as_str()), Some("sim7080"));
}

/// A real device at the end of a wire: what it says comes from elsewhere, and of its insides nothing is known.
#[derive(Clone, Default)]
struct Device {
    said: Arc<Mutex<VecDeque<&'static [u8]>>>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Dce for Device {
    fn behind(&self) -> Option<&dyn Dce> {
        None
    }
    fn behind_mut(&mut self) -> Option<&mut dyn Dce> {
        None
    }
    fn handle_uart(&mut self, _: Now, _: PortId, bytes: &[u8]) {
        self.heard.lock().unwrap().extend_from_slice(bytes);
    }
    fn poll_output(&mut self) -> Option<Output> {
        let bytes = self.said.lock().unwrap().pop_front()?;
        Some(Output::Uart { port: PORT, bytes: Bytes::from_static(bytes), apart: false })
    }
    fn uart_window(&self, _: PortId) -> usize {
        BACKLOG
    }
}

#[test]
fn a_device_speaks_through_the_same_wire_with_its_faults_and_its_trace() {
    let device = Device::default();
    let (world, _server) = world(&["what = { hold = \"2s\", direction = \"down\" }"]);
    let mut world = world.behind(|_| Box::new(device.clone()));
    world.power_on(Now::ZERO);
    let now = Now::from_millis(1000);
    world.typed(now, PORT, b"AT+CPWD=\"SC\",1234,5678\r");
    assert_eq!(*device.heard.lock().unwrap(), b"AT+CPWD=\"SC\",1234,5678\r");
    device.said.lock().unwrap().push_back(b"\r\nOK\r\n");
    world.act(now);
    assert_eq!(read(&mut world, now), "", "the fault holds it back");
    let late = Now::from_millis(3000);
    until(&mut world, late);
    assert_eq!(read(&mut world, late), "\r\nOK\r\n");
    assert!(world.modem().is_none());
    let serial = std::iter::from_fn(|| world.poll_record()).filter_map(|record| match record.event {
        Event::Serial { bytes, .. } => Some(String::from_utf8(bytes.0).unwrap()),
        _ => None,
    });
    let told: String = serial.collect();
    assert!(told.ends_with("\r\nOK\r\n") && !told.contains("1234"), "{told}");
}
