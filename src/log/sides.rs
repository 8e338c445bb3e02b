//! Which of two directions is the host's, where a log names them and does not say: the one that types a command first.
//! (The other may echo it.)

use super::shape;

/// Learns it in the first pass.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    host: Option<Vec<u8>>,
    seen: Vec<Vec<u8>>,
}

impl Sides {
    /// These bytes went that way.
    pub fn look(&mut self, way: &[u8], bytes: &[u8]) {
        if !self.seen.iter().any(|seen| seen == way) && self.seen.len() < 16 {
            self.seen.push(way.to_vec());
        }
        if self.host.is_none() && begins_with_command(bytes) {
            self.host = Some(way.to_vec());
        }
    }

    /// Whether it is the host's way; nothing where no command was ever typed.
    pub fn is_host(&self, way: &[u8]) -> Option<bool> {
        self.host.as_ref().map(|host| host == way)
    }

    /// How many ways there are.
    pub fn count(&self) -> usize {
        self.seen.len()
    }
}

/// Whether bytes begin with a command line.
pub fn begins_with_command(bytes: &[u8]) -> bool {
    let line = bytes.trim_ascii_start().split(|b| b"\r\n".contains(b)).next().unwrap_or_default();
    shape::is_command(line)
}
