//! Faults of the radio, the SIM and the PDP contexts. Nobody asks about them: they are told to the module.

use super::Action;
use super::kind::{Declared, FaultKind, Layer, Nature};
use super::param::Within;
use super::symptom::Symptom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A state of the radio or the SIM that a rule imposes.
#[derive(Clone, Debug, PartialEq)]
pub enum Bearer {
    /// Signal strength and bit error rate, as `+CSQ` gives them (3GPP TS 27.007 section 8.5).
    Signal {
        /// 0-31, 99 unknown.
        rssi: u8,
        /// 0-7, 99 unknown.
        ber: u8,
    },
    /// The `+CREG` status (3GPP TS 27.007 section 7.2).
    Registration(u8),
    /// The network drops a PDP context, or all.
    PdpDrop(Option<u8>),
    /// The SIM cannot be used.
    Sim(SimFault),
}

/// What is the matter with the SIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SimFault {
    /// It is out.
    Out,
    /// It asks for its PIN (again).
    Pin,
    /// It asks for its PUK.
    Puk,
    /// It is busy: commands that need it are refused, and the network is kept.
    Busy,
}

/// A registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Registration {
    /// Not registered, and not searching (0).
    Off,
    /// Registered at home (1).
    Home,
    /// Searching (2).
    Searching,
    /// Denied (3).
    Denied,
    /// Unknown (4).
    Unknown,
    /// Roaming (5).
    Roaming,
}

impl Registration {
    /// The number in `+CREG` (3GPP TS 27.007 section 7.2).
    pub fn number(self) -> u8 {
        match self {
            Registration::Off => 0,
            Registration::Home => 1,
            Registration::Searching => 2,
            Registration::Denied => 3,
            Registration::Unknown => 4,
            Registration::Roaming => 5,
        }
    }
}

pub(super) fn faults() -> Vec<FaultKind> {
    const HERE: Layer = Layer::Bearer;
    vec![
        FaultKind::of::<Signal>(HERE),
        FaultKind::of::<Registered>(HERE),
        FaultKind::of::<PdpDrop>(HERE),
        FaultKind::of::<Sim>(HERE),
    ]
}

type Figure = Within<u8, 0, 99>;

/// The signal falls or rises to this strength.
#[derive(Deserialize, JsonSchema)]
struct Signal {
    /// 0..31 as in +CSQ, 99 unknown
    signal: Figure,
    /// the bit error rate, 0..7, 99 unknown
    #[serde(default = "unknown")]
    ber: Figure,
}

fn unknown() -> Figure {
    Within(99)
}

impl Declared for Signal {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Signal];
    const EXAMPLE: &'static str = "when = { at = \"20s\" }\nwhat = { signal = 2 }\nfor = \"30s\"";

    fn action(self) -> Action {
        Action::Bearer(Bearer::Signal { rssi: self.signal.0, ber: self.ber.0 })
    }
}

/// The network changes the registration (+CREG).
#[derive(Deserialize, JsonSchema)]
struct Registered {
    /// the state
    registration: Registration,
}

impl Declared for Registered {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Registration];
    const EXAMPLE: &'static str =
        "when = { verb = \"RETR\" }\nwhat = { registration = \"searching\" }\nfor = \"10s\"";

    fn action(self) -> Action {
        Action::Bearer(Bearer::Registration(self.registration.number()))
    }
}

/// The network drops a PDP context.
#[derive(Deserialize, JsonSchema)]
struct PdpDrop {
    /// which, by its number in AT+CGDCONT
    pdp_drop: Context,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Context {
    Number(Within<u8, 0, 16>),
    All(All),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum All {
    All,
}

impl Declared for PdpDrop {
    const NATURE: Nature = Nature::Instant;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Bearer];
    const EXAMPLE: &'static str =
        "when = { link = \"ftp.data\", after_bytes = \"2KiB\" }\nwhat = { pdp_drop = \"all\" }";

    fn action(self) -> Action {
        Action::Bearer(Bearer::PdpDrop(match self.pdp_drop {
            Context::Number(Within(cid)) => Some(cid),
            Context::All(All::All) => None,
        }))
    }
}

/// The SIM is gone, asks for its PIN or PUK, or is busy. A code that the host enters meanwhile counts.
#[derive(Deserialize, JsonSchema)]
struct Sim {
    /// which
    sim: SimFault,
}

impl Declared for Sim {
    const NATURE: Nature = Nature::State;
    const SYMPTOMS: &'static [Symptom] = &[Symptom::Sim, Symptom::Registration];
    const EXAMPLE: &'static str = "when = { at = \"1m\" }\nwhat = { sim = \"out\" }\nfor = \"20s\"";

    fn action(self) -> Action {
        Action::Bearer(Bearer::Sim(self.sim))
    }
}
