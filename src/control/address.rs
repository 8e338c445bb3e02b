//! Where the control socket is: a path or a loopback address, and the listener there.

use super::key::Key;
use crate::disk::{at, named};
use std::fmt;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tokio::net::{TcpListener, UnixListener};

/// An address as `--control` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket at this path.
    Unix(PathBuf),
    /// TCP.
    Tcp(SocketAddr),
}

impl FromStr for Address {
    type Err = String;
    /// `IP:PORT` and `localhost:PORT` are TCP, everything else is a path.
    fn from_str(text: &str) -> Result<Address, String> {
        let port = |text: &str| text.parse::<u16>().ok();
        if let Ok(address) = text.parse() {
            return Ok(Address::Tcp(address));
        }
        match text.rsplit_once(':') {
            _ if text.is_empty() => Err("write a path or IP:PORT".into()),
            Some(("localhost", number)) if port(number).is_some() => {
                Ok(Address::Tcp((Ipv4Addr::LOCALHOST, port(number).unwrap_or_default()).into()))
            }
            Some((host, number)) if !host.contains('/') && port(number).is_some() => {
                Err(format!("`{host}` is no IP address; write 127.0.0.1:{number}, or a path with a `/`"))
            }
            _ => Ok(Address::Unix(text.into())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Address::Unix(path) => path.display().fmt(f),
            Address::Tcp(address) => address.fmt(f),
        }
    }
}

/// A bound control socket. A Unix socket's path goes when this is dropped.
#[derive(Debug)]
pub struct Listener {
    pub(super) socket: Socket,
    address: Address,
    /// The folder that it is in, where that is there for such sockets alone.
    pub(super) folder: Option<PathBuf>,
}

#[derive(Debug)]
pub(super) enum Socket {
    Unix(UnixListener),
    Tcp(TcpListener, Key),
}

impl Listener {
    /// Binds. A path's socket is its owner's alone; one that nobody listens to any more is replaced. TCP has a key of its
    /// own. An address outside this machine is bound only with `anywhere`: what crosses the network can be read there,
    /// the key too.
    ///
    /// # Errors
    /// What the system refuses, in words for the user; `PermissionDenied` for an address outside
    /// this machine.
    pub async fn bind(address: &Address, anywhere: bool) -> io::Result<Listener> {
        let named = |e| named(format!("--control {address}"))(e);
        let (socket, address) = match address {
            Address::Unix(path) => {
                (Socket::Unix(unix(path).map_err(|e| at(path, e)).map_err(named)?), address.clone())
            }
            Address::Tcp(to) if !to.ip().is_loopback() && !anywhere => {
                let why = "others than this machine could reach it; take 127.0.0.1, or allow it with \
                           --control-anywhere";
                return Err(named(io::Error::new(io::ErrorKind::PermissionDenied, why)));
            }
            Address::Tcp(to) => {
                let listener = TcpListener::bind(to).await.map_err(named)?;
                let bound = listener.local_addr().map_err(named)?;
                (Socket::Tcp(listener, Key::new().map_err(named)?), Address::Tcp(bound))
            }
        };
        Ok(Listener { socket, address, folder: None })
    }

    /// Where it is: with the port that the system chose.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What a client must show first; none for a Unix socket, which the file system guards.
    pub fn key(&self) -> Option<&Key> {
        match &self.socket {
            Socket::Unix(_) => None,
            Socket::Tcp(_, key) => Some(key),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            // Somebody else may have removed it.
            let _ = fs::remove_file(path);
        }
        if let Some(folder) = &self.folder {
            // Other runs may have theirs in it.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn unix(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.file_type().is_socket() => {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "it is there, and is no socket; name a path that is free",
            ));
        }
        Ok(_) => match UnixStream::connect(path) {
            Ok(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::AddrInUse,
                    "another run listens there; end it, or name another path",
                ));
            }
            Err(_) => fs::remove_file(path)?,
        },
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}
