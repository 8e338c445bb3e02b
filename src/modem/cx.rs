//! What a handler of a command or of an event sees.

use super::core::Task;
use super::port::PortId;
use super::{Core, DataMode, Reply};
use crate::at::ResultCode;
use crate::profile::UrcWhen;
use std::fmt::Display;
use std::ops::{Deref, DerefMut};

/// A handler's view: the core, the port that the command came from, and the command's name.
pub struct Cx<'a> {
    /// Everything else.
    pub core: &'a mut Core,
    /// The port that the command came from, or that the event is about.
    pub port: PortId,
    /// The name of the command, as its table has it; empty in an event.
    pub name: &'a str,
}

impl Deref for Cx<'_> {
    type Target = Core;
    fn deref(&self) -> &Core {
        self.core
    }
}

impl DerefMut for Cx<'_> {
    fn deref_mut(&mut self) -> &mut Core {
        self.core
    }
}

impl Cx<'_> {
    /// A line of information text: `NAME: values`.
    pub fn info(&mut self, values: impl Display) {
        let line = self.worded(values);
        self.line(&line);
    }

    fn worded(&self, values: impl Display) -> String {
        let rule = self.core.rule(self.name, &format!("{}: {values}", self.name));
        let separator = rule.separator.as_deref().unwrap_or(&self.core.profile.serial.separator);
        format!("{}{separator}{values}", self.name)
    }

    /// A line of information text as it is.
    pub fn line(&mut self, text: &str) {
        let port = &mut self.core.running.ports[self.port.0];
        port.writing.line(port.style(), text);
    }

    /// A block of octets behind a line of information text.
    pub fn block(&mut self, bytes: &[u8]) {
        self.core.running.ports[self.port.0].writing.raw(bytes);
    }

    /// A block of octets that is information text of its own.
    pub fn text(&mut self, bytes: &[u8]) {
        let port = &mut self.core.running.ports[self.port.0];
        port.writing.text(port.style(), bytes);
    }

    /// The reply of a command that ends with this line of information text, `NAME: values`, in place of a result code.
    pub fn last(&mut self, values: impl Display) -> Reply {
        Reply::Line(self.worded(values))
    }

    /// An intermediate result code, such as CONNECT.
    pub fn intermediate(&mut self, code: &ResultCode) {
        self.core.intermediate(self.port, code);
    }

    /// The reply of a command that goes back to the data mode that `+++` left (V.250 section 6.3.7).
    pub fn go_online(&mut self) -> Reply {
        self.intermediate(&ResultCode::Connect);
        Reply::Resume
    }

    /// An unsolicited result code on this port: `NAME: values`.
    pub fn urc(&mut self, name: &str, values: impl Display) {
        self.core.urc_to(self.port, name, values);
    }

    /// An unsolicited result code on this port that ends an operation ([`Core::end_to`]).
    pub fn end(&mut self, name: &str, values: impl Display) {
        self.core.end_to(self.port, name, values);
    }

    /// An unsolicited result code on this port that refuses one ([`Core::refuse_to`]).
    pub fn refuse_later(&mut self, name: &str, values: impl Display) {
        self.core.refuse_to(self.port, name, values);
    }

    /// The reply of a command that an unsolicited result code follows: OK at once, or OK beside that
    /// code once it is said, where the profile wants the two in one write.
    pub fn reply_with(&mut self, name: &str, values: impl Display) -> Reply {
        match self.core.rule(name, &format!("{name}: {values}")).when {
            UrcWhen::WithResult | UrcWhen::BeforeResult => {
                self.core.running.ports[self.port.0].awaits = Some(name.into());
                Reply::Pending
            }
            UrcWhen::After | UrcWhen::AtOnce | UrcWhen::Never => Reply::Ok,
        }
    }

    /// Ends the command that answered [`Reply::Pending`] on this port.
    pub fn finish(&mut self, reply: Reply) {
        let port = self.port;
        self.core.running.tasks.push_back(Task::Finish { port, reply });
    }

    /// Leaves data mode on this port, or gives up a suspended one; the maker's `on_data_end` is
    /// called with [`DataEnd::Left`](super::DataEnd::Left) and says what is printed.
    pub fn leave_data(&mut self) {
        let port = self.port;
        self.core.running.tasks.push_back(Task::Leave(port));
    }

    /// Takes back the data mode that `+++` left (`ATO`).
    pub fn resume(&mut self) -> Option<DataMode> {
        self.core.running.ports[self.port.0].suspended.as_ref().map(|running| running.mode.clone())
    }
}
