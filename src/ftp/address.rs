//! The six numbers of a 227 reply and of a PORT command (RFC 959 sections 4.1.2 and 5.3.2).

use core::net::{Ipv4Addr, SocketAddrV4};

/// Finds the address in the text of a 227 reply (without its code), with or without parentheses.
///
/// RFC 1123 section 4.1.2.6: the text must be scanned for the first digit of the address, since
/// its format differs between servers. Port 0 is no address.
pub fn parse_passive(text: &str) -> Option<SocketAddrV4> {
    text.char_indices()
        .filter(|&(at, c)| c.is_ascii_digit() && !text[..at].ends_with(|c: char| c.is_ascii_digit()))
        .find_map(|(at, _)| six_numbers(&text[at..]))
}

/// The argument of PORT for `address`: `h1,h2,h3,h4,p1,p2`.
pub fn port_argument(address: SocketAddrV4) -> String {
    let [a, b, c, d] = address.ip().octets();
    let [high, low] = address.port().to_be_bytes();
    format!("{a},{b},{c},{d},{high},{low}")
}

fn six_numbers(text: &str) -> Option<SocketAddrV4> {
    let mut rest = text;
    let mut numbers = [0u8; 6];
    for (i, number) in numbers.iter_mut().enumerate() {
        if i > 0 {
            rest = rest.trim_start_matches(' ').strip_prefix(',')?.trim_start_matches(' ');
        }
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        *number = rest[..end].parse().ok()?;
        rest = &rest[end..];
    }
    let [a, b, c, d, high, low] = numbers;
    let port = u16::from_be_bytes([high, low]);
    (port != 0).then(|| SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn servers_print_the_address_in_many_ways() {
        let expected = Some(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 0x1F40));
        for text in [
            "Entering Passive Mode (127,0,0,1,31,64).",
            "Entering Passive Mode (127,0,0,1,31,64",
            "Entering Passive Mode 127,0,0,1,31,64",
            "=127, 0, 0, 1, 31, 64",
            "Mode 2 of 3, passive: 127,0,0,1,031,064",
        ] {
            assert_eq!(parse_passive(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "Entering", "(127,0,0,1,31)", "(256,0,0,1,31,64)", "(127,0,0,1,0,0)", "(1.2.3.4,5,6)"]
        {
            assert_eq!(parse_passive(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_survives_the_round_trip(ip: u32, port in 1u16.., before in "[a-z (=]{0,9}") {
            let address = SocketAddrV4::new(ip.into(), port);
            prop_assert_eq!(parse_passive(&format!("{before}{})", port_argument(address))), Some(address));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            parse_passive(&text);
        }
    }
}
