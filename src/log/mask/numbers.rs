//! Long numbers: IMEI (3GPP TS 23.003 section 6.2), IMSI (2.2), ICCID (ITU-T E.118), telephone numbers (E.164).

/// The longest of them.
const LONGEST: usize = 22;

/// Whether all of a text is hexadecimal.
pub fn is_hex(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_hexdigit)
}

/// A text in which each long number is what `mask` makes of it: those of `shortest` digits or more, and of 7 and more behind
/// a plus.
pub fn long_numbers(text: &[u8], shortest: usize, mask: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if !text[at].is_ascii_alphanumeric() {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let end = at + text[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        let plus = at > 0 && text[at - 1] == b'+' && (at < 2 || !text[at - 2].is_ascii_digit());
        let fraction = at > 1 && text[at - 1] == b'.' && text[at - 2].is_ascii_digit()
            || text.get(end) == Some(&b'.') && text.get(end + 1).is_some_and(u8::is_ascii_digit);
        word(&text[at..end], if plus { shortest.min(7) } else { shortest }, fraction, mask, &mut out);
        at = end;
    }
    out
}

/// Letters and digits without anything between them.
fn word(
    word: &[u8],
    shortest: usize,
    fraction: bool,
    mask: &mut dyn FnMut(&[u8]) -> Vec<u8>,
    out: &mut Vec<u8>,
) {
    let letters = word.iter().filter(|b| b.is_ascii_alphabetic()).count();
    // An ICCID may hold letters of hexadecimal, and ends with F where its number of digits is odd.
    let card = word.starts_with(b"89") && (18..=LONGEST).contains(&word.len()) && is_hex(word);
    // An IMSI or an ICCID as the card's file holds it has its digits swapped.
    let swapped = word.starts_with(b"98") && word.len() == 20 && is_hex(word);
    if card || swapped {
        let digits =
            word.iter().rposition(|b| !b.eq_ignore_ascii_case(&b'F')).map_or(word.len(), |last| last + 1);
        let plain: Vec<u8> =
            word[..digits].iter().map(|b| if b.is_ascii_digit() { *b } else { b'0' }).collect();
        out.extend(mask(&plain));
        out.extend_from_slice(&word[digits..]);
        return;
    }
    if fraction || letters > 0 && is_hex(word) || word.len() > 64 {
        out.extend_from_slice(word);
        return;
    }
    let mut at = 0;
    while at < word.len() {
        let digits = word[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let run = &word[at..at + digits];
        match digits {
            0 => out.push(word[at]),
            _ if (shortest..=LONGEST).contains(&digits) && !is_date(run) => out.extend(mask(run)),
            _ => out.extend_from_slice(run),
        }
        at += digits.max(1);
    }
}

/// `20261127211504`, perhaps with milliseconds.
fn is_date(digits: &[u8]) -> bool {
    let two = |at: usize| u32::from(digits[at] - b'0') * 10 + u32::from(digits[at + 1] - b'0');
    [14, 17].contains(&digits.len())
        && [19, 20].contains(&two(0))
        && (1..=12).contains(&two(4))
        && (1..=31).contains(&two(6))
        && two(8) < 24
        && two(10) < 60
        && two(12) < 62
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        String::from_utf8(long_numbers(text.as_bytes(), 14, &mut |number| vec![b'#'; number.len()])).unwrap()
    }

    #[test]
    fn numbers_of_people_and_cards_are_found() {
        for (text, shown) in [
            ("861234567890123", "###############"),
            ("+CCID: \"89014103211118510720\"", "+CCID: \"####################\""),
            ("8986011F2A3456789012", "####################"),
            ("898600112233445566F", "##################F"),
            ("IMEI861234567890123", "IMEI###############"),
            ("call +4930123456 now", "call +########## now"),
            ("+FTPMDTM: 1,0,20261127211504", "+FTPMDTM: 1,0,20261127211504"),
            ("52.5200065432109876", "52.5200065432109876"),
            ("01230123456789AB", "01230123456789AB"),
            ("+CSQ: 27,99", "+CSQ: 27,99"),
            ("26/11/27,21:15:04+04", "26/11/27,21:15:04+04"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
