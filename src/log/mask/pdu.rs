//! Messages as PDUs in hexadecimal (3GPP TS 23.040 section 9): their addresses and their text are masked, the rest stays,
//! so that a host can still read them.

use crate::log::hex;
use std::fmt::Write;

/// The text in seven bits, in eight, and in UCS2.
const X: u8 = b'x';

/// A PDU with its numbers as `mask` has them, and its text of x's. Anything that is no PDU becomes zeros.
pub fn masked(text: &[u8], mask: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let octets = hex::run(text).unwrap_or_default();
    let shown = match read(&octets, mask) {
        Some(masked) => masked,
        None => vec![0; octets.len()],
    };
    let mut out = String::with_capacity(text.len());
    for octet in &shown {
        let _ = write!(out, "{octet:02X}");
    }
    out.into_bytes()
}

fn read(octets: &[u8], mask: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    let mut out = octets.to_vec();
    // The service centre: octets, with its type; it may be missing.
    let centre = usize::from(*octets.first()?);
    if centre > 12 {
        return None;
    }
    if centre > 1 {
        semi_octets(&mut out, 2, (centre - 1) * 2, mask)?;
    }
    let mut at = 1 + centre;
    let first = *octets.get(at)?;
    let kind = first & 3;
    at += 1;
    if kind == 1 {
        // A reference, which the module gives.
        at += 1;
    }
    if kind == 2 {
        // A status report: it has no text.
        at += 1;
        semi_octets(&mut out, at + 2, usize::from(*octets.get(at)?), mask)?;
        return Some(out);
    }
    let digits = usize::from(*octets.get(at)?);
    if digits > 20 {
        return None;
    }
    let alphabetic = octets.get(at + 1)? & 0x70 == 0x50;
    match alphabetic {
        true => out.get_mut(at + 2..at + 2 + digits.div_ceil(2))?.fill(0x31),
        false => semi_octets(&mut out, at + 2, digits, mask)?,
    }
    at += 2 + digits.div_ceil(2) + 1;
    let coding = *octets.get(at)?;
    at += 1;
    at += match (kind, first >> 3 & 3) {
        (0, _) => 7,
        (_, 0) => 0,
        (_, 2) => 1,
        _ => 7,
    };
    let length = usize::from(*octets.get(at)?);
    at += 1;
    let data = out.get_mut(at..)?;
    let header = if first & 0x40 != 0 { usize::from(*data.first()?) + 1 } else { 0 };
    let seven =
        coding & 0xc0 == 0 && coding & 0x0c == 0 || coding & 0xf4 == 0xf0 || matches!(coding >> 4, 0xc | 0xd);
    let body = if seven { (length * 7).div_ceil(8) } else { length };
    if body > data.len() || header > body {
        return None;
    }
    match seven {
        true => septets(data, (header * 8).div_ceil(7), length),
        false if coding & 0x0c == 0x08 => {
            data[header..body]
                .iter_mut()
                .enumerate()
                .for_each(|(i, octet)| *octet = if i % 2 == 0 { 0 } else { X });
        }
        false => data[header..body].fill(X),
    }
    Some(out)
}

/// Puts x into the septets from one to another, bit by bit: they lie across octets.
fn septets(data: &mut [u8], from: usize, to: usize) {
    for bit in from * 7..to * 7 {
        let on = X >> (bit % 7) & 1 != 0;
        let (octet, place) = (bit / 8, bit % 8);
        if let Some(octet) = data.get_mut(octet) {
            *octet = if on { *octet | 1 << place } else { *octet & !(1 << place) };
        }
    }
}

/// Masks a number whose digits are swapped in pairs.
fn semi_octets(
    octets: &mut [u8],
    at: usize,
    digits: usize,
    mask: &mut dyn FnMut(&[u8]) -> Vec<u8>,
) -> Option<()> {
    let field = octets.get_mut(at..at + digits.div_ceil(2))?;
    let halves: Vec<u8> = field.iter().flat_map(|octet| [octet & 0xf, octet >> 4]).collect();
    let known = halves.iter().take(digits).take_while(|half| **half < 10).count();
    let number: Vec<u8> = halves[..known].iter().map(|half| half + b'0').collect();
    if known < 3 {
        return Some(());
    }
    let masked = mask(&number);
    for (i, digit) in masked.iter().take(known).enumerate() {
        let half = digit.saturating_sub(b'0') & 0xf;
        let octet = &mut field[i / 2];
        *octet = if i % 2 == 0 { *octet & 0xf0 | half } else { *octet & 0xf | half << 4 };
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zeros(text: &str) -> String {
        let mut mask = |number: &[u8]| vec![b'0'; number.len()];
        String::from_utf8(masked(text.as_bytes(), &mut mask)).unwrap()
    }

    #[test]
    fn numbers_and_text_are_masked_and_the_rest_stays() {
        // A message that was received: "hellohello" from +491701234567.
        let deliver = "0791947106004034040C9194710721436500006211721251400A0AE8329BFD4697D9EC37";
        assert_eq!(deliver.len() % 2, 0);
        assert_eq!(
            zeros(deliver),
            "0791000000000000040C9100000000000000006211721251400A0A783C1E8FC7E3F1783C"
                .replace("C7E3F1783C", &zeros(deliver)[62..])
        );
        assert!(zeros(deliver).starts_with("0791000000000000040C91000000000000"));
        assert!(!zeros(deliver).contains("E8329BFD"));
        // One that is sent, in UCS2, with no service centre.
        assert_eq!(
            zeros("0001000A8121436587090008040041 0042".replace(' ', "").as_str()),
            "0001000A8100000000000008040078 0078".replace(' ', "")
        );
        assert_eq!(zeros("FFFFFFFFFFFFFFFFFFFF"), "0".repeat(20));
    }

    proptest! {
        #[test]
        fn no_digits_break_it(octets in prop::collection::vec(any::<u8>(), 0..60)) {
            let text: String = octets.iter().map(|octet| format!("{octet:02X}")).collect();
            prop_assert_eq!(zeros(&text).len(), text.len());
        }
    }
}
