//! The `+CME ERROR` numbers of FILE V1.5, chapter 3, each from its cause.
//!
//! The chapter lists them without a word on which command says which. What is known: `AT+QFMOV` says 3921 (its
//! section 5.2.1), and modules have said 4010 for a file that is not there and 4013 for `AT+QFDEL="RAM:*"` with
//! nothing there. So 3915 to 3925 are taken for `AT+QFMOV`'s, which is the oldest, and 4000 to 4016 for the rest.

use super::storage::Place;
use crate::at::ArgError;
use crate::modem::{Cx, Reply};

/// Why a file command cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// An argument is missing, too many, no number, or out of its range.
    Value,
    /// A name over its length.
    NameTooLong,
    /// No such store.
    NoPlace,
    /// No name.
    NoName,
    /// A name that no file can have.
    BadName,
    /// The slot for the SD card is empty.
    NoCard,
    /// No file of that name.
    NotFound,
    /// No file that the pattern names.
    NothingThere,
    /// There is a file of that name already.
    Exists,
    /// The file is open, or a transfer is at it.
    InUse,
    /// As many files are open as can be.
    TooManyOpen,
    /// No file is open by this handle.
    NoHandle,
    /// The file was opened to be read only.
    ReadOnly,
    /// The store has no room for it now.
    Full(Place),
    /// More than the store could hold at all.
    TooLarge,
    /// More than was set aside for the file in `RAM:`.
    OverLimit,
    /// The host kept silent before it had sent what it announced.
    Silence,
    /// A place behind the file's end.
    BeyondEnd,
    /// Nothing can be moved to `RAM:` from elsewhere (2.2.6).
    IntoRam,
}

impl From<ArgError> for Trouble {
    fn from(error: ArgError) -> Trouble {
        match error {
            ArgError::TooLong => Trouble::NameTooLong,
            ArgError::Syntax | ArgError::Missing | ArgError::Extra | ArgError::Range => Trouble::Value,
        }
    }
}

impl Trouble {
    /// The number that a command gives for it.
    pub fn number(self, command: &str) -> u16 {
        use Trouble as T;
        match (self, command) {
            (T::Value, _) => 3765,
            (_, "+QFMOV") => self.number_of_move(),
            (T::NoCard, "+QFLDS") => 4007,
            (T::NoCard, "+QFLST") => 4005,
            (T::NoCard | T::InUse, "+QFDEL") => 4006,
            (T::NoCard, _) => 4014,
            (T::NameTooLong | T::OverLimit, _) => 4000,
            (T::InUse | T::TooManyOpen, _) => 4001,
            (T::Full(_), _) => 4008,
            (T::Silence, _) => 4009,
            (T::NotFound, _) => 4010,
            (T::TooLarge, _) => 4011,
            (T::Exists, _) => 4012,
            (T::NoPlace | T::NoName | T::NoHandle | T::NothingThere | T::BeyondEnd | T::IntoRam, _) => 4013,
            (T::BadName, _) => 4015,
            (T::ReadOnly, _) => 4016,
        }
    }

    fn number_of_move(self) -> u16 {
        use Trouble as T;
        match self {
            T::NoPlace => 3915,
            T::Full(Place::Ufs) => 3916,
            T::Full(Place::Ram | Place::Sd) | T::TooLarge | T::OverLimit => 3917,
            T::NoCard => 3918,
            T::NotFound | T::NothingThere => 3919,
            T::NoName | T::BadName | T::NameTooLong => 3920,
            T::Exists => 3921,
            T::IntoRam => 3922,
            T::InUse => 3924,
            T::Value | T::TooManyOpen | T::NoHandle | T::ReadOnly | T::Silence | T::BeyondEnd => 3765,
        }
    }
}

/// The reply of a file command that may fail.
pub fn tried(cx: &mut Cx, act: impl FnOnce(&mut Cx) -> Result<Reply, Trouble>) -> Reply {
    let name = cx.name;
    act(cx).unwrap_or_else(|trouble| Reply::Cme(trouble.number(name)))
}
