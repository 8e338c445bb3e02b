//! The SIM and its PIN (3GPP TS 27.007 section 8.3, TS 31.101 on tries).

use crate::at::ArgError;
use crate::fault::SimFault;
use crate::profile;

/// Where the SIM stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Absent,
    Pin { left: u8 },
    Puk { left: u8 },
    Ready,
    Dead,
}

/// A SIM card, or an empty slot.
#[derive(Clone, Debug)]
pub struct Sim {
    state: State,
    pin: String,
    asks: bool,
    puk: String,
    /// Whether it is busy with something else.
    busy: bool,
    /// How it was before a fault.
    before: Option<State>,
}

impl Sim {
    /// The SIM as the profile has it, just powered.
    pub fn new(from: &profile::Sim) -> Sim {
        let mut sim = Sim {
            state: State::Absent,
            pin: from.pin.clone().unwrap_or_else(|| "1234".into()),
            asks: from.pin.is_some(),
            puk: from.puk.clone(),
            busy: false,
            before: None,
        };
        sim.insert(from.present);
        sim
    }

    /// A card that is there, and asks for its PIN, or none.
    fn insert(&mut self, present: bool) {
        self.state = match (present, self.asks) {
            (false, _) => State::Absent,
            (true, true) => State::Pin { left: 3 },
            (true, false) => State::Ready,
        };
    }

    /// A fault has it be so, or (with none) it is as it was before; a code that was entered meanwhile counts.
    pub fn impose(&mut self, fault: Option<SimFault>) {
        self.busy = fault == Some(SimFault::Busy);
        let before = match fault {
            Some(_) => *self.before.get_or_insert(self.state),
            None => self.before.take().unwrap_or(self.state),
        };
        self.state = match (fault, self.state) {
            (Some(SimFault::Out), _) => State::Absent,
            (Some(SimFault::Pin), _) => State::Pin { left: 3 },
            (Some(SimFault::Puk), _) => State::Puk { left: 10 },
            (Some(SimFault::Busy), _) | (None, State::Ready) => self.state,
            // A card that is pushed in asks for its PIN again.
            (None, State::Absent) if before == State::Ready && self.asks => State::Pin { left: 3 },
            (None, _) => before,
        };
    }

    /// Power goes and comes back; a blocked card stays blocked.
    pub fn restart(&mut self) {
        self.state = match self.state {
            State::Ready if self.asks => State::Pin { left: 3 },
            state => state,
        };
    }

    /// Whether the card can be used.
    pub fn ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether a card is in the slot.
    pub fn present(&self) -> bool {
        self.state != State::Absent
    }

    /// What `+CPIN?` says, or the `+CME ERROR` it gives.
    ///
    /// # Errors
    /// 10 without a card, 13 with a card that is blocked for good, 14 with one that is busy.
    pub fn status(&self) -> Result<&'static str, u16> {
        match self.state {
            _ if self.busy => Err(14),
            State::Absent => Err(10),
            State::Pin { .. } => Ok("SIM PIN"),
            State::Puk { .. } => Ok("SIM PUK"),
            State::Ready => Ok("READY"),
            State::Dead => Err(13),
        }
    }

    /// Why a command that needs the card is refused.
    pub fn refusal(&self) -> Option<u16> {
        match self.state {
            _ if self.busy => Some(14),
            State::Ready => None,
            State::Absent => Some(10),
            State::Pin { .. } => Some(11),
            State::Puk { .. } => Some(12),
            State::Dead => Some(13),
        }
    }

    /// `AT+CPIN=code[,new]`. What cannot be the code that is asked for costs no try.
    ///
    /// # Errors
    /// The `+CME ERROR`: 3 where no code is asked for, 16 for a wrong one, 12 where the third wrong
    /// PIN blocks the card, 13 after the tenth wrong PUK; or what is wrong with the codes.
    pub fn enter(&mut self, code: &str, new: Option<&str>) -> Result<(), Denied> {
        match (self.state, new) {
            _ if self.busy => Err(Denied::Cme(14)),
            (State::Absent, _) => Err(Denied::Cme(10)),
            (State::Dead, _) => Err(Denied::Cme(13)),
            (State::Ready, _) => Err(Denied::Cme(3)),
            (State::Pin { .. }, Some(_)) => Err(Denied::Argument(ArgError::Extra)),
            (State::Pin { .. }, None) if !is_pin(code) => Err(Denied::Argument(ArgError::Range)),
            (State::Pin { .. }, None) if code == self.pin => {
                self.state = State::Ready;
                Ok(())
            }
            (State::Pin { left: 1 }, _) => {
                self.state = State::Puk { left: 10 };
                Err(Denied::Cme(12))
            }
            (State::Pin { left }, _) => {
                self.state = State::Pin { left: left - 1 };
                Err(Denied::Cme(16))
            }
            (State::Puk { .. }, None) => Err(Denied::Argument(ArgError::Missing)),
            (State::Puk { .. }, Some(new)) if !is_puk(code) || !is_pin(new) => {
                Err(Denied::Argument(ArgError::Range))
            }
            (State::Puk { .. }, Some(new)) if code == self.puk => {
                self.pin = new.into();
                self.state = State::Ready;
                Ok(())
            }
            (State::Puk { left: 1 }, _) => {
                self.state = State::Dead;
                Err(Denied::Cme(13))
            }
            (State::Puk { left }, _) => {
                self.state = State::Puk { left: left - 1 };
                Err(Denied::Cme(16))
            }
        }
    }
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// The `+CME ERROR`.
    Cme(u16),
    /// The codes are not such as are asked for.
    Argument(ArgError),
}

/// A PIN has 4 to 8 digits (TS 51.011 section 9.3).
fn is_pin(code: &str) -> bool {
    (4..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit())
}

/// A PUK has 8.
fn is_puk(code: &str) -> bool {
    code.len() == 8 && is_pin(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_wrong_pins_block_and_the_puk_unblocks() {
        let mut sim = Sim::new(&profile::Sim { pin: Some("0000".into()), ..profile::Sim::default() });
        assert_eq!(sim.status(), Ok("SIM PIN"));
        let wrong = [16, 16, 12].map(|n| Err(Denied::Cme(n)));
        assert_eq!([(); 3].map(|()| sim.enter("9999", None)), wrong);
        assert_eq!(sim.status(), Ok("SIM PUK"));
        assert_eq!(sim.enter("11111111", Some("2222")), Err(Denied::Cme(16)));
        assert_eq!(sim.enter("12345678", Some("4321")), Ok(()));
        assert!(sim.ready());
        sim.restart();
        assert_eq!(sim.enter("4321", None), Ok(()));
    }

    #[test]
    fn what_a_fault_does_to_it_is_over_with_the_fault_unless_a_code_was_entered() {
        let mut sim = Sim::new(&profile::Sim::default());
        for (fault, status) in [
            (SimFault::Out, Err(10)),
            (SimFault::Pin, Ok("SIM PIN")),
            (SimFault::Puk, Ok("SIM PUK")),
            (SimFault::Busy, Err(14)),
        ] {
            sim.impose(Some(fault));
            assert_eq!(sim.status(), status);
            assert_eq!(sim.ready(), fault == SimFault::Busy, "a busy card keeps the network");
            assert!(sim.refusal().is_some());
            sim.impose(None);
            assert_eq!((sim.status(), sim.refusal()), (Ok("READY"), None));
        }
        sim.impose(Some(SimFault::Pin));
        assert_eq!(sim.enter("1234", None), Ok(()));
        assert!(sim.ready());
        sim.impose(None);
        assert!(sim.ready());
        // One that was never there does not come with the end of a fault.
        let mut none = Sim::new(&profile::Sim { present: false, ..profile::Sim::default() });
        none.impose(Some(SimFault::Busy));
        none.impose(None);
        assert!(!none.present());
        // One that asks for a PIN asks again when it is pushed in.
        let mut asks = Sim::new(&profile::Sim { pin: Some("0000".into()), ..profile::Sim::default() });
        assert_eq!(asks.enter("0000", None), Ok(()));
        asks.impose(Some(SimFault::Out));
        asks.impose(None);
        assert_eq!(asks.status(), Ok("SIM PIN"));
    }

    #[test]
    fn a_code_that_cannot_be_one_costs_no_try() {
        use ArgError::{Extra, Missing, Range};
        let mut sim = Sim::new(&profile::Sim { pin: Some("0000".into()), ..profile::Sim::default() });
        for (code, new, error) in [
            ("0", None, Range),
            ("00a0", None, Range),
            ("000000000", None, Range),
            ("0000", Some("1111"), Extra),
        ] {
            assert_eq!(sim.enter(code, new), Err(Denied::Argument(error)), "{code} {new:?}");
            assert_eq!(sim.state, State::Pin { left: 3 });
        }
        while sim.enter("9999", None) != Err(Denied::Cme(12)) {}
        for (code, new, error) in
            [("12345678", None, Missing), ("1234", Some("4321"), Range), ("12345678", Some("9"), Range)]
        {
            assert_eq!(sim.enter(code, new), Err(Denied::Argument(error)), "{code} {new:?}");
            assert_eq!(sim.state, State::Puk { left: 10 });
        }
    }
}
