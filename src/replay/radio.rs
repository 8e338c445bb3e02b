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

/// What faults and the scenario's `[[radio]]` have made of the radio: recorded answers say that, in place of what was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Forced {
    /// What the radio was at power-on, where it is left as it was recorded.
    usual: (Option<(u8, u8)>, Option<u8>),
    signal: Option<(u8, u8)>,
    status: Option<u8>,
}

impl Forced {
    /// Nothing is forced; the live model's radio is like this at power-on.
    pub fn new(signal: Option<(u8, u8)>, status: Option<u8>) -> Forced {
        Forced { usual: (signal, status), ..Forced::default() }
    }

    /// The radio has changed, and no recording has told so.
    pub fn hear(&mut self, radio: &Radio) {
        match radio {
            Radio::Signal { rssi, ber } => {
                self.signal = Some((*rssi, *ber)).filter(|now| self.usual.0 != Some(*now));
            }
            Radio::Registration(status) => {
                self.status = Some(*status).filter(|now| self.usual.1 != Some(*now))
            }
            _ => {}
        }
    }

    /// A recorded line as it is said now.
    pub fn said(&self, line: String) -> String {
        match (told(&line), self.signal, self.status) {
            (Some(Radio::Signal { .. }), Some((rssi, ber)), _) => format!("+CSQ: {rssi},{ber}"),
            (Some(Radio::Registration(_)), _, Some(status)) => {
                let values = line.trim_start_matches("+CREG:").trim();
                match values.split(',').next().filter(|first| first.len() < values.len()) {
                    // Where it is not registered, it knows no location.
                    Some(mode)
                        if told(&format!("+CREG: {mode}")).is_some() && values.matches(',').count() != 2 =>
                    {
                        format!("+CREG: {mode},{status}")
                    }
                    _ => format!("+CREG: {status}"),
                }
            }
            _ => line,
        }
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

    #[test]
    fn what_is_forced_stands_in_recorded_answers() {
        let mut forced = Forced::new(Some((27, 99)), Some(1));
        assert_eq!(forced.said("+CSQ: 9,99".into()), "+CSQ: 9,99");
        forced.hear(&Radio::Signal { rssi: 3, ber: 0 });
        forced.hear(&Radio::Registration(2));
        assert_eq!(forced.said("+CSQ: 9,99".into()), "+CSQ: 3,0");
        assert_eq!(forced.said("+CREG: 0,1".into()), "+CREG: 0,2");
        assert_eq!(forced.said("+CREG: 2,1,\"1A2B\",\"3C4D\"".into()), "+CREG: 2,2");
        assert_eq!(forced.said("+CREG: 1".into()), "+CREG: 2");
        assert_eq!(forced.said("+CREG: 1,\"1A2B\",\"3C4D\"".into()), "+CREG: 2");
        assert_eq!(forced.said("OK".into()), "OK");
        // The fault is over.
        forced.hear(&Radio::Signal { rssi: 27, ber: 99 });
        assert_eq!(forced.said("+CSQ: 9,99".into()), "+CSQ: 9,99");
    }
}
