//! The echo: whether the host had it switched off, and whether it is heard all the same.

/// What is known of the echo of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Echo {
    /// Nothing was said about it.
    #[default]
    Unknown,
    /// The host switched it off.
    Off,
    /// It was heard though it was off; that has been told.
    Back,
}

impl Echo {
    /// A command line was answered OK.
    pub fn set(&mut self, command: &str) {
        let upper = command.to_ascii_uppercase();
        let Some(body) = upper.strip_prefix("AT") else { return };
        let basic = body.split(['+', ';']).next().unwrap_or_default();
        if basic.contains("E0") {
            *self = Echo::Off;
        } else if basic.contains("E1") || basic.starts_with('Z') || basic.starts_with("&F") {
            *self = Echo::Unknown;
        }
    }

    /// An echo was heard; true where it was off, for the first time.
    pub fn heard(&mut self) -> bool {
        let back = *self == Echo::Off;
        if back {
            *self = Echo::Back;
        }
        back
    }
}
