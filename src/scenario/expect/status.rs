//! `host_status`: the status with which the host program ends.

use super::kind::SubjectKind;
use super::written::wrong;
use super::{Subject, Watcher, doubt};
use crate::scenario::verdict::{End, Seen};
use crate::time::Now;

pub(super) const HOST_STATUS: SubjectKind = SubjectKind {
    key: "host_status",
    met: "when the host program ends with this status (under `badline exec`, whose own is 0 then)",
    with: &[],
    example: "host_status = 0",
    build: |written, _| {
        let status = written.host_status.unwrap_or_default();
        let Ok(number) = u8::try_from(status) else {
            let right = "write 0 to 255; a host that a signal ended has 128 and its number";
            return Err(wrong("host_status", format!("no program ends with status {status}"), right));
        };
        Ok((Subject::Status(number), format!("the host ends with status {number}")))
    },
    doubts: doubt::none,
};

#[derive(Clone, Debug)]
pub(super) struct Watched {
    wanted: u8,
    /// How the host ended, where one was run: none where it was stopped.
    ended: Option<Option<u8>>,
}

impl Watched {
    pub fn of(wanted: u8) -> Watched {
        Watched { wanted, ended: None }
    }
}

impl Watcher for Watched {
    fn seen(&mut self, _: Now, seen: Seen) {
        if let Seen::Ended(status) = seen {
            self.ended = Some(status);
        }
    }

    fn judge(&self, _: &mut End) -> (bool, String) {
        match self.ended {
            Some(Some(status)) => (status == self.wanted, format!("its status was {status}")),
            Some(None) => (false, "it was stopped".to_owned()),
            None => (false, "no host program has ended".to_owned()),
        }
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}
