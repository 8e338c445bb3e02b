//! Commands that are answered once the packet domain has done what they ask for (3GPP TS 27.007 sections 10.1.9 and
//! 10.1.10).

use super::bearer::State;
use super::core::{Core, Timer};
use super::port::PortId;
use super::{Event, Reply};

/// A command that waits for its answer.
#[derive(Debug)]
pub(super) struct Asked {
    port: PortId,
    what: What,
}

/// What it waits for.
#[derive(Debug)]
enum What {
    /// To be attached, and then for the contexts that are to be active.
    Attached(Vec<u8>),
    /// All of them active.
    Active(Vec<u8>),
    /// All of them inactive.
    Inactive(Vec<u8>),
}

impl Core {
    /// `+CGATT=1`, and `+CGACT=1` with the contexts that are to be active behind it: attaches first where the module is
    /// not attached.
    pub(super) fn ask_for(&mut self, port: PortId, cids: Vec<u8>) -> Reply {
        if let Some(refusal) = self.sim.refusal() {
            return Reply::Cme(refusal);
        }
        if self.radio.registered() && !self.radio.attached {
            self.attach(true);
        }
        self.wait(port, What::Attached(cids))
    }

    /// `+CGACT=0`.
    pub(super) fn ask_off(&mut self, port: PortId, cids: Vec<u8>) -> Reply {
        for cid in &cids {
            self.deactivate(*cid);
        }
        self.wait(port, What::Inactive(cids))
    }

    fn wait(&mut self, port: PortId, what: What) -> Reply {
        match self.progress(what) {
            Ok(None) => Reply::Ok,
            Ok(Some(what)) => {
                self.asked.push(Asked { port, what });
                Reply::Pending
            }
            Err(code) => Reply::Cme(code),
        }
    }

    /// How far it is: what is still waited for, or the `+CME ERROR` that ends the wait.
    fn progress(&mut self, what: What) -> Result<Option<What>, u16> {
        match what {
            What::Attached(cids) if self.radio.attached => {
                for cid in &cids {
                    if !matches!(self.bearers.state(*cid), State::Up(_)) {
                        self.activate(*cid)?;
                    }
                }
                self.progress(What::Active(cids))
            }
            What::Attached(_) if self.timers.deadline(Timer::Register).is_none() => Err(NO_SERVICE),
            What::Attached(cids) => Ok(Some(What::Attached(cids))),
            What::Active(cids) => {
                let states: Vec<State> = cids.iter().map(|cid| self.bearers.state(*cid)).collect();
                match () {
                    () if states.iter().all(|state| matches!(state, State::Up(_))) => Ok(None),
                    () if !states.iter().any(|state| matches!(state, State::Down | State::Deactivating)) => {
                        Ok(Some(What::Active(cids)))
                    }
                    () if self.radio.registered() => Err(UNSPECIFIED),
                    () => Err(NO_SERVICE),
                }
            }
            What::Inactive(cids) => {
                let over = cids.iter().all(|cid| self.bearers.state(*cid) == State::Down);
                Ok((!over).then_some(What::Inactive(cids)))
            }
        }
    }

    /// Something has become of the registration or of a context: answers what waited for it.
    pub(super) fn answer_asked(&mut self) {
        for Asked { port, what } in std::mem::take(&mut self.asked) {
            let reply = match self.progress(what) {
                Ok(Some(what)) => {
                    self.asked.push(Asked { port, what });
                    continue;
                }
                Ok(None) => Reply::Ok,
                Err(code) => Reply::Cme(code),
            };
            self.events.push_back(Event::Finished { port, reply });
        }
    }
}

/// `+CME ERROR`: no network service (section 9.2.1).
const NO_SERVICE: u16 = 30;
/// `+CME ERROR`: unspecified GPRS error (section 9.2.2).
const UNSPECIFIED: u16 = 148;
