//! The radio: functionality, registration and signal (3GPP TS 27.007 sections 7.2, 8.2 and 8.5).

use crate::profile;

/// `+CFUN`: how much of the module is awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Functionality {
    /// 0: minimum.
    Minimum,
    /// 1: full.
    Full,
    /// 4: radio off.
    Flight,
}

impl Functionality {
    /// The number that `+CFUN` uses.
    pub fn number(self) -> u8 {
        match self {
            Functionality::Minimum => 0,
            Functionality::Full => 1,
            Functionality::Flight => 4,
        }
    }
}

/// What the radio knows.
#[derive(Clone, Debug)]
pub struct Radio {
    /// `+CFUN`.
    pub functionality: Functionality,
    /// The status of `+CREG`: 0 off, 1 home, 2 searching, 3 denied, 5 roaming.
    pub status: u8,
    /// `+CGATT`: attached to the packet domain.
    pub attached: bool,
    /// The network was asked to attach the module, or to detach it.
    pub attaching: Option<bool>,
    /// `+CSQ` signal strength, 0 to 31, 99 unknown (3GPP TS 27.007 section 8.5).
    pub rssi: u8,
    /// `+CSQ` bit error rate, 0 to 7, 99 unknown.
    pub ber: u8,
    /// `+COPS` mode: 0 automatic, 1 manual, 2 deregistered.
    pub selection: u8,
    /// `+COPS` format: 0 long, 1 short, 2 numeric.
    pub format: u8,
    /// What the network would give: the status once registered.
    pub offered: u8,
    /// The network and the cell that serve the module.
    pub serving: Serving,
}

/// A network, and a cell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// `+COPS`: the operator's long name.
    pub operator: String,
    /// `+COPS`: the operator's number.
    pub operator_number: String,
    /// `+COPS`: access technology (3GPP TS 27.007 section 7.3), where it is printed.
    pub technology: Option<u8>,
    /// Location area, as `+CREG=2` prints it.
    pub area: String,
    /// Cell, as `+CREG=2` prints it.
    pub cell: String,
}

impl Serving {
    /// The one at power-on.
    pub fn new(from: &profile::Radio) -> Serving {
        Serving {
            operator: from.operator.clone(),
            operator_number: from.operator_number.clone(),
            technology: from.technology,
            area: from.area.clone(),
            cell: from.cell.clone(),
        }
    }
}

impl Radio {
    /// Powered, searching.
    pub fn new(from: &profile::Radio) -> Radio {
        Radio {
            functionality: Functionality::Full,
            status: 2,
            attached: false,
            attaching: None,
            rssi: from.rssi,
            ber: from.ber,
            selection: 0,
            format: 0,
            offered: from.status,
            serving: Serving::new(from),
        }
    }

    /// As it is when the module starts again: the network has not changed.
    pub fn restarted(&self, from: &profile::Radio) -> Radio {
        let serving = self.serving.clone();
        Radio { rssi: self.rssi, ber: self.ber, offered: self.offered, serving, ..Radio::new(from) }
    }

    /// The statuses of `+CREG`, `+CGREG` and `+CEREG`. The latter two are of the packet domain: 0 where the module is
    /// registered and has detached.
    pub fn statuses(&self) -> [u8; 3] {
        let packet = if self.registered() && !self.attached { 0 } else { self.status };
        [self.status, packet, packet]
    }

    /// Whether the host itself has taken the module off the network (`+CFUN`, `+COPS=2`), or off its packet
    /// domain (`+CGATT=0`).
    pub fn left_by_host(&self) -> bool {
        self.functionality != Functionality::Full
            || self.selection == 2
            || self.registered() && !self.attached
    }

    /// Home or roaming.
    pub fn registered(&self) -> bool {
        matches!(self.status, 1 | 5)
    }
}
