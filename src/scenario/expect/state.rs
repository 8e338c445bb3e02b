//! `module_state`: how the module stands when the run is over.

use super::kind::{Built, SubjectKind};
use super::written::{WrittenExpectation, wrong};
use super::{Subject, Watcher, doubt};
use crate::fault::{Known, ModuleState, Standing};
use crate::scenario::verdict::{End, Seen, shown};
use crate::time::Now;

pub(super) const MODULE_STATE: SubjectKind = SubjectKind {
    key: "module_state",
    met: "when the module is in this state in the end: a state of `when`. What is closed, down or over must have been open, up or begun before",
    with: &[],
    example: "module_state = \"session_closed\"",
    build,
    doubts: doubt::none,
};

/// A state in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtEnd(ModuleState);

fn build(written: &WrittenExpectation, _: &Known) -> Built {
    let state = written.module_state.unwrap_or(ModuleState::Registered);
    let text = match state {
        ModuleState::Registered => "the module is registered in the end",
        ModuleState::Unregistered => "the module is not registered in the end",
        ModuleState::BearerUp => "a bearer is up in the end",
        ModuleState::BearerDown => "the bearer is down in the end",
        ModuleState::SessionOpen => "the FTP session is open in the end",
        ModuleState::SessionClosed => "the FTP session is closed in the end",
        ModuleState::TransferBegun => "a transfer is under way in the end",
        ModuleState::TransferOver => "the transfer is over in the end",
        ModuleState::DataMode => "the module is in data mode in the end",
        ModuleState::CommandMode => "the module is back in command mode in the end",
        ModuleState::Powered => {
            return Err(wrong("module_state", "every module has started", "name another state"));
        }
        _ => {
            let what = "the host is gone in the end, and the port is closed";
            return Err(wrong("module_state", what, "name another state"));
        }
    };
    Ok((Subject::State(AtEnd(state)), text.to_owned()))
}

impl AtEnd {
    /// What must have been before this can have come about.
    fn before(self) -> Option<(ModuleState, &'static str)> {
        match self.0 {
            ModuleState::Unregistered => Some((ModuleState::Registered, "it never was registered")),
            ModuleState::BearerDown => Some((ModuleState::BearerUp, "no bearer ever was up")),
            ModuleState::SessionClosed => Some((ModuleState::SessionOpen, "no session ever was open")),
            ModuleState::TransferOver => Some((ModuleState::TransferBegun, "no transfer ever began")),
            ModuleState::CommandMode => Some((ModuleState::DataMode, "it never was in data mode")),
            _ => None,
        }
    }

    /// Whether the module cannot be in both.
    pub(super) fn excludes(self, other: AtEnd) -> bool {
        let before = |state: AtEnd| state.before().map(|(before, _)| before);
        before(self) == Some(other.0) || before(other) == Some(self.0)
    }

    pub(super) fn watcher(self) -> Watched {
        Watched { wanted: self, standing: Standing::default(), since: None, been: self.before().is_none() }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Watched {
    wanted: AtEnd,
    standing: Standing,
    /// When the state changed last.
    since: Option<Now>,
    /// Whether the module was where it must have been before.
    been: bool,
}

impl Watcher for Watched {
    fn seen(&mut self, now: Now, seen: Seen) {
        let Seen::State(state) = seen else { return };
        let was = self.standing.is(self.wanted.0);
        self.standing.reach(state);
        self.been |= self.wanted.before().is_some_and(|(before, _)| self.standing.is(before));
        if self.standing.is(self.wanted.0) != was {
            self.since = Some(now);
        }
    }

    fn judge(&self, _: &mut End) -> (bool, String) {
        let since = self.since.map_or("from the start".to_owned(), |at| format!("from {} on", shown(at)));
        match (self.standing.is(self.wanted.0), self.wanted.before()) {
            (true, Some((_, never))) if !self.been => (false, never.to_owned()),
            (true, _) => (true, format!("it was so {since}")),
            (false, _) => (false, format!("it was not so {since}")),
        }
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}
