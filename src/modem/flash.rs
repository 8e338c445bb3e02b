//! The module's flash, and where it outlives the process.

use super::{Core, Cx};
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// What outlives a reset: texts by their key. It knows whether anything was stored since it was kept last.
#[derive(Clone, Debug, Default)]
pub struct Flash {
    texts: BTreeMap<String, String>,
    touched: bool,
}

impl Deref for Flash {
    type Target = BTreeMap<String, String>;
    fn deref(&self) -> &Self::Target {
        &self.texts
    }
}

impl DerefMut for Flash {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.touched = true;
        &mut self.texts
    }
}

impl PartialEq for Flash {
    fn eq(&self, other: &Flash) -> bool {
        self.texts == other.texts
    }
}

impl From<BTreeMap<String, String>> for Flash {
    fn from(texts: BTreeMap<String, String>) -> Flash {
        Flash { texts, touched: false }
    }
}

/// Where the flash outlives the process.
pub trait Keeper: Send {
    /// What it holds.
    fn kept(&self) -> &BTreeMap<String, String>;

    /// Takes what the module has stored; false where it cannot, and holds what it held.
    fn keep(&mut self, flash: &BTreeMap<String, String>) -> bool;
}

impl Core {
    /// Has what was stored since outlive the process; false where it cannot, and the flash holds again what it held.
    pub(super) fn keep_flash(&mut self) -> bool {
        let flash = &mut self.lasting.flash;
        if !std::mem::take(&mut flash.touched) {
            return true;
        }
        let Some(keeper) = &mut self.keeper else { return true };
        let kept = keeper.keep(flash);
        if !kept {
            self.lasting.flash = keeper.kept().clone().into();
        }
        kept
    }
}

impl Cx<'_> {
    /// Has what the command has stored kept before it answers; false where the module's store fails. A command that
    /// asks has an error of its own for that; else it is the one that the profile names.
    pub fn keep(&mut self) -> bool {
        self.core.keep_flash()
    }
}
