//! Rows of hexadecimal dumps.

/// Octets in hexadecimal, one or two blanks between them, at the start of a text; and how long they are.
///
/// They end at the first thing that is no octet, and at three blanks: there the column of the text begins.
pub fn octets(text: &[u8]) -> (Vec<u8>, usize) {
    let mut bytes = vec![];
    let mut at = 0;
    loop {
        let blanks = text[at..].iter().take_while(|b| **b == b' ').count();
        if !bytes.is_empty() && !(1..=2).contains(&blanks) {
            break;
        }
        let start = at + blanks;
        let Some(byte) = octet(&text[start..]) else { break };
        if text.get(start + 2).is_some_and(|b| !b" \t|\r\n".contains(b)) {
            break;
        }
        bytes.push(byte);
        at = start + 2;
    }
    (bytes, at)
}

/// Two hexadecimal digits.
pub fn octet(text: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let (high, low) = (digit(*text.first()?)?, digit(*text.get(1)?)?);
    u8::try_from(high * 16 + low).ok()
}

/// Octets without blanks between them; nothing where there is anything else.
pub fn run(text: &[u8]) -> Option<Vec<u8>> {
    let pairs = text.chunks(2).map(|pair| octet(pair).filter(|_| pair.len() == 2));
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_where_the_text_begins() {
        assert_eq!(octets(b" 41 54 2b  43 0d        AT+C."), (b"AT+C\r".to_vec(), 16));
        assert_eq!(octets(b"41 54|AT").0, b"AT");
        assert_eq!(octets(b"41 54\tAT").0, b"AT");
        assert_eq!(octets(b"AT+CSQ").0, b"");
        assert_eq!(octets(b"41 545 4").0, b"A");
        assert_eq!(run(b"41540d"), Some(b"AT\r".to_vec()));
        assert_eq!(run(b"415"), None);
        assert_eq!(run(b""), Some(vec![]));
    }
}
