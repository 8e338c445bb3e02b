//! usbmon's text (Documentation/usb/usbmon.rst of Linux): `ffff88003b7a6a80 3575914555 S Bo:1:005:2 -115 7 = 41542b43 53510d`.
//! What goes out is there when it is submitted, what comes in when it is completed. At most 32 octets of each are shown.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::sides::begins_with_command;
use crate::log::stamp::Stamp;
use std::collections::BTreeSet;

#[derive(Default)]
struct Usbmon {
    /// Devices, without the endpoint, on which commands are typed.
    modems: BTreeSet<Vec<u8>>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Usbmon::default())
}

struct Transfer<'a> {
    at: u64,
    /// Who sent it; nothing for what only asks for data or confirms it.
    side: Option<Side>,
    device: &'a [u8],
    announced: usize,
    data: Vec<u8>,
}

fn transfer(text: &[u8]) -> Option<Transfer<'_>> {
    let words: Vec<&[u8]> = text.split(|b| *b == b' ').filter(|word| !word.is_empty()).collect();
    let [urb, at, event, address, rest @ ..] = &words[..] else { return None };
    let known = urb.len() >= 8 && urb.iter().all(u8::is_ascii_hexdigit) && event.len() == 1;
    let at = std::str::from_utf8(at).ok()?.parse().ok()?;
    let (kind, address) = address.split_at_checked(3).filter(|_| known)?;
    let endpoint = address.iter().rposition(|b| *b == b':')?;
    let side = match (event[0], kind) {
        (b'S', b"Bo:" | b"Io:") => Some(Side::Host),
        (b'C', b"Bi:" | b"Ii:") => Some(Side::Module),
        (b'S' | b'C' | b'E', [b'B' | b'I' | b'C' | b'Z', b'i' | b'o', b':']) => None,
        _ => return None,
    };
    let mark = rest.iter().position(|word| *word == b"=");
    let data = mark.map(|mark| rest[mark + 1..].concat()).unwrap_or_default();
    let announced =
        mark.and_then(|mark| std::str::from_utf8(rest.get(mark.checked_sub(1)?)?).ok()?.parse().ok());
    Some(Transfer {
        at,
        side,
        device: &address[..endpoint],
        announced: announced.unwrap_or(0),
        data: hex::run(&data)?,
    })
}

impl Format for Usbmon {
    fn look(&mut self, line: &Line) -> bool {
        let Some(transfer) = transfer(line.text()) else { return false };
        if transfer.side == Some(Side::Host) && begins_with_command(&transfer.data) && self.modems.len() < 16
        {
            self.modems.insert(transfer.device.to_vec());
        }
        true
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let Some(transfer) = transfer(line.text()) else {
            to.told(line.text());
            return;
        };
        to.at(Stamp::Since(transfer.at));
        match transfer.side.filter(|_| self.modems.contains(transfer.device)) {
            Some(side) if !transfer.data.is_empty() => {
                to.device(&String::from_utf8_lossy(transfer.device));
                let cut = transfer.data.len() < transfer.announced;
                to.bytes(side, transfer.data);
                if cut {
                    to.remark("usbmon shows 32 octets of a transfer: the rest of this one is missing");
                }
            }
            _ => to.placed(),
        }
    }
}
