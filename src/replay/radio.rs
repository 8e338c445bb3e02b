//! What a recorded answer tells of the radio, so that the live model's stands as the module's did.

use crate::modem::net::Radio;

/// What a line says: `+CSQ: rssi,ber` (3GPP TS 27.007 section 8.5), `+CREG: stat` and `+CREG: n,stat` (section 7.2).
pub fn told(line: &str) -> Option<Radio> {
    let (name, values) = line.split_once(':')?;
    let numbers: Vec<Option<u8>> = values.split(',').map(|value| value.trim().parse().ok()).collect();
    match (name, numbers.as_slice()) {
        ("+CSQ", [Some(rssi @ (0..=31 | 99)), Some(ber @ (0..=7 | 99))]) => {
            Some(Radio::Signal { rssi: *rssi, ber: *ber })
        }
        // Behind a number comes the status; behind the status a location in quotes.
        (
            "+CREG",
            [_, Some(status @ 0..=5), ..] | [Some(status @ 0..=5)] | [Some(status @ 0..=5), None, ..],
        ) => Some(Radio::Registration(*status)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signal_and_registration_are_read() {
        assert_eq!(told("+CSQ: 9,99"), Some(Radio::Signal { rssi: 9, ber: 99 }));
        assert_eq!(told("+CREG: 0,2"), Some(Radio::Registration(2)));
        assert_eq!(told("+CREG: 2,1,\"1A2B\",\"3C4D\""), Some(Radio::Registration(1)));
        assert_eq!(told("+CREG: 5"), Some(Radio::Registration(5)));
        assert_eq!(told("+CREG: 1,\"1A2B\",\"3C4D\""), Some(Radio::Registration(1)));
        for other in ["+CSQ: 77,99", "+CREG: (0-2)", "+CGREG: 0,1", "OK", "+CREG: 9"] {
            assert_eq!(told(other), None, "{other}");
        }
    }
}
