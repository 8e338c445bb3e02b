//! The SIM and its PIN (3GPP TS 27.007 section 8.3, TS 31.101 on tries).

use crate::at::ArgError;
use crate::fault::Card;
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
}

impl Sim {
    /// The SIM as the profile has it, just powered.
    pub fn new(from: &profile::Sim) -> Sim {
        let mut sim = Sim {
            state: State::Absent,
            pin: from.pin.clone().unwrap_or_else(|| "1234".into()),
            asks: from.pin.is_some(),
            puk: from.puk.clone(),
        };
        sim.place(if from.present { Card::In } else { Card::Out });
        sim
    }

    /// Pulls the card out, or pushes it in, which asks for its PIN again.
    pub fn place(&mut self, card: Card) {
        self.state = match (card, self.asks) {
            (Card::Out, _) => State::Absent,
            (Card::In, true) => State::Pin { left: 3 },
            (Card::In, false) => State::Ready,
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
    /// 10 without a card, 13 with a card that is blocked for good.
    pub fn status(&self) -> Result<&'static str, u16> {
        match self.state {
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
