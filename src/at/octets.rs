//! Octets as text and back, none lost: what the host types is UTF-8 mostly, and GBK or ISO 8859-1 at times.

use std::borrow::Cow;

/// An octet that is no UTF-8 stands as the character this far above it, the last of the private ones, which nobody types.
const ABOVE: u32 = 0x10_FF00;
/// How these characters begin in UTF-8; few others do.
const FIRST: u8 = 0xf4;

/// The octet that a character stands for which [`text_of`] has put in its place.
pub(super) fn escaped(c: char) -> Option<u8> {
    u8::try_from(u32::from(c).checked_sub(ABOVE)?).ok().filter(|octet| !octet.is_ascii())
}

/// Octets as text. [`octets_of`] gives them back.
pub fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let escape = |octet: u8, text: &mut String| text.extend(char::from_u32(ABOVE + u32::from(octet)));
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match escaped(c) {
                None => text.push(c),
                Some(_) => c.encode_utf8(&mut [0; 4]).bytes().for_each(|octet| escape(octet, &mut text)),
            }
        }
        chunk.invalid().iter().for_each(|octet| escape(*octet, &mut text));
    }
    text
}

/// The octets that a text stands for.
pub fn octets_of(text: &str) -> Cow<'_, [u8]> {
    if !text.as_bytes().contains(&FIRST) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match escaped(c) {
            Some(octet) => bytes.push(octet),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn utf8_is_text_as_it_is() {
        assert_eq!(text_of("caf\u{e9} \u{1f600}".as_bytes()), "caf\u{e9} \u{1f600}");
        assert_ne!(text_of(b"\xe9"), text_of(b"\xc3\xa9"));
    }

    proptest! {
        #[test]
        fn no_octet_is_lost(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let text = text_of(&bytes);
            prop_assert_eq!(&octets_of(&text)[..], bytes);
        }

        #[test]
        fn not_even_those_that_look_escaped(chars in "[\u{10ff7e}-\u{10ffff}a]{0,9}") {
            let text = text_of(chars.as_bytes());
            prop_assert_eq!(&octets_of(&text)[..], chars.as_bytes());
        }
    }
}
