//! `[[radio]]`: signal and registration over time.

pub use crate::fault::Registration;
use crate::time::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// The radio from a point in time on. What is not given stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Radio {
    /// From when on, since power-on.
    #[serde(default)]
    pub at: Span,
    /// Signal strength as in `+CSQ`: 0 to 31, 99 unknown (3GPP TS 27.007 section 8.5).
    pub signal: Option<Signal>,
    /// Bit error rate as in `+CSQ`: 0 to 7, 99 unknown.
    pub ber: Option<Errors>,
    /// Registration as in `+CREG` (3GPP TS 27.007 section 7.2).
    pub registration: Option<Registration>,
    /// The operator's name, as `+COPS?` tells it.
    pub operator: Option<String>,
    /// The operator's number, as `+COPS?` tells it.
    pub operator_number: Option<String>,
    /// The access technology as in `+COPS?` (3GPP TS 27.007 section 7.3): 0 GSM, 2 UTRAN, 7 E-UTRAN, 9 NB-IoT.
    pub technology: Option<Technology>,
    /// The location area, as `+CREG: 2,...` tells it.
    pub area: Option<String>,
    /// The cell, as `+CREG: 2,...` tells it.
    pub cell: Option<String>,
}

impl Radio {
    /// Whether it says anything of the network and the cell.
    pub fn serves(&self) -> bool {
        let words = [&self.operator, &self.operator_number, &self.area, &self.cell];
        self.technology.is_some() || words.into_iter().any(Option::is_some)
    }
}

/// An access technology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u64")]
pub struct Technology(#[schemars(range(min = 0, max = 13))] pub u8);

impl TryFrom<u64> for Technology {
    type Error = String;
    fn try_from(n: u64) -> Result<Technology, String> {
        match n {
            0..=13 => Ok(Technology(n as u8)),
            _ => Err(format!("`{n}` is no access technology; write 0 to 13, such as 7 for LTE")),
        }
    }
}

/// A signal strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u64")]
pub struct Signal(#[schemars(range(min = 0, max = 99))] pub u8);

impl TryFrom<u64> for Signal {
    type Error = String;
    fn try_from(n: u64) -> Result<Signal, String> {
        match n {
            0..=31 | 99 => Ok(Signal(n as u8)),
            _ => Err(format!("`{n}` is no signal strength; write 0 to 31, or 99 for unknown")),
        }
    }
}

/// A bit error rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u64")]
pub struct Errors(#[schemars(range(min = 0, max = 99))] pub u8);

impl TryFrom<u64> for Errors {
    type Error = String;
    fn try_from(n: u64) -> Result<Errors, String> {
        match n {
            0..=7 | 99 => Ok(Errors(n as u8)),
            _ => Err(format!("`{n}` is no bit error rate; write 0 to 7, or 99 for unknown")),
        }
    }
}
