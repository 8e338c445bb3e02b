//! Values that have the right type, and that no module can have all the same.

use super::Profile;
use std::ops::RangeInclusive;

impl Profile {
    /// The first value that no module can have: its path, what is wrong with it, and what would be right.
    pub(super) fn unusable(&self) -> Option<(Vec<String>, String)> {
        let digits = |text: &str, length: RangeInclusive<usize>| {
            length.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
        };
        let (serial, radio, bearer) = (&self.serial, &self.radio, &self.bearer);
        let pin = self.sim.pin.as_deref().is_none_or(|pin| digits(pin, 4..=8));
        let values = [
            ("serial.line_max", serial.line_max >= 16, "no command fits into such a line; write 16 or more"),
            ("serial.cmee", serial.cmee <= 2, "`AT+CMEE` has no such value; write 0, 1 or 2"),
            ("serial.dcd", serial.dcd <= 1, "`AT&C` has no such value; write 0 or 1"),
            ("serial.dtr", serial.dtr <= 2, "`AT&D` has no such value; write 0, 1 or 2"),
            ("sim.pin", pin, "this is no PIN; write 4 to 8 digits"),
            ("sim.puk", digits(&self.sim.puk, 8..=8), "this is no PUK; write 8 digits"),
            (
                "radio.rssi",
                matches!(radio.rssi, 0..=31 | 99),
                "`AT+CSQ` has no such value; write 0 to 31, or 99",
            ),
            ("radio.ber", matches!(radio.ber, 0..=7 | 99), "`AT+CSQ` has no such value; write 0 to 7, or 99"),
            (
                "radio.status",
                matches!(radio.status, 1 | 5),
                "this is not registered; write 1 (home) or 5 (roaming)",
            ),
            ("bearer.contexts", bearer.contexts > 0, "there must be a context; write 1 or more"),
            ("bearer.segment", bearer.segment > 0, "a segment has octets; write 1460, say"),
        ];
        let wrong = values.into_iter().find(|(_, right, _)| !right);
        if let Some((path, _, what)) = wrong {
            return Some((path.split('.').map(str::to_owned).collect(), what.to_owned()));
        }
        let name = |name: &&String| {
            !name.starts_with(['+', '*', '$', '#', '^', '%']) || name.chars().any(|c| c.is_ascii_lowercase())
        };
        let name = self.commands.keys().find(name)?;
        let what = "no command line can name this; write it as `+NAME`, without AT and in capitals";
        Some((vec!["commands".to_owned(), name.clone()], what.to_owned()))
    }
}
