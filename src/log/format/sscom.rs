//! SSCOM: `[15:37:11.116]发→◇AT+CSQ`, `[15:37:11.141]收←◆...`, UTF-8 or GBK. What was sent or heard goes on up to the next
//! stamp; SSCOM ends it with a line end of its own, so that the last one of the data cannot be known.

use super::Format;
use crate::log::event::{Side, Sink};
use crate::log::hex;
use crate::log::lines::Line;
use crate::log::peel::decoded;
use crate::log::stamp::{self, Stamp};

#[derive(Default)]
struct Sscom {
    begun: bool,
    /// Whose chunk it is, and its lines so far.
    chunk: Option<(Side, Vec<Vec<u8>>)>,
}

pub fn make() -> Box<dyn Format> {
    Box::new(Sscom::default())
}

fn header(text: &[u8]) -> Option<(Stamp, Side, &[u8])> {
    let (stamp, length) = stamp::take(text).filter(|_| text.starts_with(b"["))?;
    let text = std::str::from_utf8(&text[length..]).unwrap_or_else(|wrong| {
        std::str::from_utf8(&text[length..length + wrong.valid_up_to()]).unwrap_or_default()
    });
    let side = match text.chars().next()? {
        '发' => Side::Host,
        '收' => Side::Module,
        _ => return None,
    };
    let marks = text.chars().take_while(|c| "发收送到→←◇◆".contains(*c)).map(char::len_utf8).sum::<usize>();
    Some((stamp, side, &text.as_bytes()[marks..]))
}

impl Sscom {
    fn flush(&mut self, to: &mut Sink) {
        let Some((side, lines)) = self.chunk.take() else { return };
        // Shown in hexadecimal.
        let octets: Option<Vec<u8>> = match &lines[..] {
            [line, rest @ ..] if rest.iter().all(|line| line.trim_ascii().is_empty()) => {
                let (octets, length) = hex::octets(line.trim_ascii());
                (octets.len() > 2 && length == line.trim_ascii().len()).then_some(octets)
            }
            _ => None,
        };
        if let Some(octets) = octets {
            to.bytes(side, octets);
            return;
        }
        for line in lines.iter().map(|line| line.trim_ascii_end()).filter(|line| !line.is_empty()) {
            to.line(side, line);
        }
    }
}

impl Format for Sscom {
    fn look(&mut self, line: &Line) -> bool {
        let text = decoded(line.text());
        self.begun |= header(&text).is_some();
        self.begun
    }

    fn read(&mut self, line: &Line, to: &mut Sink) {
        let text = decoded(line.text());
        match (header(&text), &mut self.chunk) {
            (Some((stamp, side, said)), _) => {
                self.flush(to);
                to.at(stamp);
                to.placed();
                self.chunk = Some((side, vec![without_end(said).to_vec()]));
            }
            (None, Some((_, lines))) => {
                to.placed();
                lines.push(without_end(&text).to_vec());
                if lines.len() > 4096 {
                    let side = self.chunk.as_ref().map_or(Side::Module, |(side, _)| *side);
                    self.flush(to);
                    self.chunk = Some((side, vec![]));
                }
            }
            (None, None) => to.told(&text),
        }
    }

    fn end(&mut self, to: &mut Sink) {
        self.flush(to);
    }
}

/// Without the box that stands where what was sent ends.
fn without_end(text: &[u8]) -> &[u8] {
    text.strip_suffix("□".as_bytes()).unwrap_or(text)
}
