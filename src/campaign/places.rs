//! Places of this machine that only one run has at a time, such as the address of a `[forward]`.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, PoisonError};

/// Which places are taken.
#[derive(Debug, Default)]
pub struct Places {
    taken: Mutex<BTreeSet<String>>,
    freed: Condvar,
}

/// Places that are had until this is dropped.
#[derive(Debug)]
pub struct Held<'a> {
    of: &'a Places,
    places: Vec<String>,
}

impl Places {
    /// Takes all of these at once, as soon as they are free.
    pub fn take(&self, places: &[String]) -> Held<'_> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while places.iter().any(|place| taken.contains(place)) {
            taken = self.freed.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        taken.extend(places.iter().cloned());
        Held { of: self, places: places.to_vec() }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut taken = self.of.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|place| !self.places.contains(place));
        self.of.freed.notify_all();
    }
}
