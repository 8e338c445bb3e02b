//! The login in a CONNECT packet of MQTT (OASIS MQTT 3.1.1 section 3.1, 5.0 section 3.1), which a host that speaks MQTT itself
//! sends over a socket.

use std::ops::Range;

/// Where the name and the password stand.
pub fn login(bytes: &[u8]) -> Option<[Option<Range<usize>>; 2]> {
    if *bytes.first()? != 0x10 {
        return None;
    }
    let length = bytes[1..].iter().take(4).position(|b| b & 0x80 == 0)? + 1;
    let mut at = 1 + length;
    let protocol = field(bytes, &mut at)?;
    if ![&b"MQTT"[..], b"MQIsdp"].contains(&bytes.get(protocol)?) {
        return None;
    }
    let (level, flags) = (*bytes.get(at)?, *bytes.get(at + 1)?);
    at += 4;
    if level == 5 {
        at += 1 + usize::from(*bytes.get(at)?);
    }
    // The client's name, then the will: its properties, topic and message.
    field(bytes, &mut at)?;
    if flags & 4 != 0 {
        if level == 5 {
            at += 1 + usize::from(*bytes.get(at)?);
        }
        field(bytes, &mut at)?;
        field(bytes, &mut at)?;
    }
    let name = if flags & 0x80 != 0 { field(bytes, &mut at) } else { None };
    let password = if flags & 0x40 != 0 { field(bytes, &mut at) } else { None };
    Some([name, password])
}

/// A text with its length before it.
fn field(bytes: &[u8], at: &mut usize) -> Option<Range<usize>> {
    let length = usize::from(u16::from_be_bytes(*bytes.get(*at..)?.first_chunk()?));
    let span = *at + 2..*at + 2 + length;
    *at = span.end;
    bytes.get(span.clone()).map(|_| span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_are_found() {
        let packet = b"\x10\x1c\x00\x04MQTT\x04\xc2\x00\x3c\x00\x03dev\x00\x03joe\x00\x04hush";
        let spans = login(packet).unwrap();
        let texts: Vec<&[u8]> = spans.into_iter().flatten().map(|span| &packet[span]).collect();
        assert_eq!(texts, [&b"joe"[..], b"hush"]);
        assert_eq!(login(b"\x10\x00"), None);
        assert_eq!(login(b"AT"), None);
    }
}
