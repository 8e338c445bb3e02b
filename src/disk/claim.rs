//! A name that one run has at a time.

use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;

/// The claim to the path of a link, as long as this lives; it goes with the process, however that ends.
///
/// It is a socket in Linux's abstract namespace, which leaves no file behind.
#[derive(Debug)]
pub struct Claim {
    _socket: UnixListener,
}

impl Claim {
    /// Claims a path.
    ///
    /// # Errors
    /// `AddrInUse` where another run has it.
    pub fn take(path: &Path) -> io::Result<Claim> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let whole = fs::canonicalize(folder)?.join(path.file_name().unwrap_or_default());
        // A name there is no longer than 107 octets.
        let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
        let name: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        let address = SocketAddr::from_abstract_name(format!("badline/link/{name}"))?;
        let socket = UnixListener::bind_addr(&address).map_err(|e| match e.kind() {
            io::ErrorKind::AddrInUse => io::Error::new(
                e.kind(),
                "another run has that link; end it, or give each a --link of its own",
            ),
            _ => e,
        })?;
        Ok(Claim { _socket: socket })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time_by_whatever_way_it_is_named() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("modem");
        fs::create_dir(here.path().join("a")).unwrap();
        let first = Claim::take(&path).unwrap();
        let error = Claim::take(&here.path().join("a/../modem")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        Claim::take(&here.path().join("modem-2")).unwrap();
        drop(first);
        Claim::take(&path).unwrap();
    }
}
