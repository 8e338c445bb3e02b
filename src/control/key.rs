//! The key of a control socket that others than this user could reach.

use std::fmt;
use std::io;
use subtle::ConstantTimeEq;

/// What a client of the TCP form shows before anything is done for it: every program of this machine can connect there,
/// and a browser does so for any page that asks it to.
#[derive(Clone)]
pub struct Key(String);

impl Key {
    /// A new one: 128 bits of the system's, in hexadecimal digits.
    ///
    /// # Errors
    /// The system has no random octets.
    pub fn new() -> io::Result<Key> {
        let mut octets = [0; 16];
        getrandom::fill(&mut octets).map_err(io::Error::other)?;
        Ok(Key(octets.iter().map(|octet| format!("{octet:02x}")).collect()))
    }

    /// As it is told to those who may know it.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether it is this one; how long that takes tells nothing about how far it is.
    pub fn opens(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Key(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_for_itself_alone() {
        let (key, other) = (Key::new().unwrap(), Key::new().unwrap());
        assert_eq!(key.text().len(), 32);
        assert!(key.opens(key.text()));
        let close = key.text()[..31].to_owned() + if key.text().ends_with('0') { "1" } else { "0" };
        for wrong in ["", other.text(), &key.text()[..31], &format!("{}0", key.text()), &close] {
            assert!(!key.opens(wrong), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "Key(***)");
    }
}
