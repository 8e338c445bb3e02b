//! ftpd: libunftp and unftp-sbe-fs; imports nothing of ours.
//!
//! The built-in FTP server. All servers of a process share a thread. A server's listener is plain libunftp, for clients on
//! this machine that look at the files; the FTP gate connects to the same listener, knows it by its
//! greeting ([`Config::greeting`]), and asks a SITE command ([`Config::check`]) before each transfer, because
//! libunftp says 150 before it has looked at the file.
//!
//! `TYPE A` is accepted and converts nothing, as in libunftp, unless a fault says so.

mod binder;
mod check;
mod faults;
mod jail;
mod line_ends;
mod listing;
mod login;
mod quota;
mod shared;
mod storage;
mod upload;

use binder::SmallBuffers;
use check::Check;
use libunftp::{Server, ServerBuilder};
pub use listing::Listing;
use login::Logins;
use quota::Quota;
use rustix::fs::{Mode, OFlags};
use shared::Stop;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};
use storage::{Disk, Storage};
use unftp_core::auth::DefaultUser;
use unftp_sbe_fs::Filesystem;

pub use faults::{Change, Failing, NoFaults, Refusal, StorageFault, StorageFaults, StorageOp};
/// libunftp has timers of its own, in real seconds; time-outs are the gate's, on the modem's clock.
const NEVER_SECONDS: u64 = 24 * 60 * 60;

/// What the server serves, and to whom.
pub struct Config {
    /// The directory that clients see as `/`. Nothing outside it can be reached.
    pub root: PathBuf,
    /// Names and passwords; where there is none, every login is accepted.
    pub users: Vec<(String, String)>,
    /// Where to listen; port 0 has the system pick one.
    pub listen: SocketAddr,
    /// The storage's faults.
    pub faults: Arc<dyn StorageFaults>,
    /// How many octets its files may hold together.
    pub quota: Option<u64>,
    /// The octets of the name on disk that a client's path stands for.
    pub names: Names,
    /// How the lines of its lists look.
    pub listing: Listing,
    /// The text of the server's own 220.
    pub greeting: &'static str,
    /// The word of the SITE command that says, before any 150, whether a transfer would be refused:
    /// `SITE <word> <verb> <absolute path>`, answered by 200 or by the refusal. With the verb STOU the
    /// text of the 200 is the path that was found free. With SIZE the answer is that of SIZE itself.
    pub check: &'static str,
}

/// See [`Config::names`].
pub type Names = fn(&str) -> Vec<u8>;

impl Config {
    /// Serves `root` to everybody, on a free port of the loopback interface, without faults.
    pub fn new(root: impl Into<PathBuf>) -> Config {
        Config {
            root: root.into(),
            users: vec![],
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            faults: Arc::new(NoFaults),
            quota: None,
            names: |path| path.as_bytes().to_vec(),
            listing: Listing::default(),
            greeting: "FTP server ready",
            check: "CHECK",
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.users.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Config")
            .field("root", &self.root)
            .field("users", &names)
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

/// The running server. Dropping it ends its sessions.
#[derive(Debug)]
pub struct FtpServer {
    address: SocketAddr,
    stop: Stop,
}

impl FtpServer {
    /// Opens the root and the listener, and serves until dropped.
    ///
    /// # Errors
    ///
    /// Where the root cannot be opened, the address cannot be bound, or no thread can be had.
    pub fn start(config: Config) -> io::Result<FtpServer> {
        let files = Arc::new(Filesystem::new(&config.root)?);
        let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = Arc::new(rustix::fs::open(&config.root, folder, Mode::empty())?);
        let listener = TcpListener::bind(config.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let stop = Stop::new(shared::runtime()?);
        let sessions = Sessions {
            disk: Disk {
                files,
                root,
                faults: config.faults,
                quota: config.quota.map(|limit| Arc::new(Quota { root: config.root, limit })),
                names: config.names,
                listing: config.listing,
                stop: stop.clone(),
            },
            logins: Arc::new(Logins::new(config.users)),
            greeting: config.greeting,
            check: config.check,
        };
        let listener = stop.within(|| tokio::net::TcpListener::from_std(listener))?;
        stop.spawn(serve(listener, sessions, stop.clone()));
        Ok(FtpServer { address, stop })
    }

    /// The address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to connect to from this machine: [`address`](Self::address), on the loopback
    /// interface where every interface was bound.
    pub fn local_address(&self) -> SocketAddr {
        let mut address = self.address;
        match address {
            SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        address
    }
}

impl Drop for FtpServer {
    fn drop(&mut self) {
        self.stop.now();
    }
}

/// What every session is made of.
struct Sessions {
    disk: Disk,
    logins: Arc<Logins>,
    greeting: &'static str,
    check: &'static str,
}

impl Sessions {
    /// A server for one connection: libunftp's `Binder` is taken by a server's first session.
    fn server(&self) -> Option<Server<Storage, DefaultUser>> {
        let disk = self.disk.clone();
        let storage = move || Storage::new(disk.clone());
        ServerBuilder::with_authenticator(Box::new(storage), self.logins.clone())
            .greeting(self.greeting)
            .idle_session_timeout(NEVER_SECONDS)
            .binder(SmallBuffers)
            .site_command(self.check, Check)
            .build()
            .inspect_err(|error| tracing::error!(%error, "the FTP server cannot serve"))
            .ok()
    }
}

async fn serve(listener: tokio::net::TcpListener, sessions: Sessions, stop: Stop) {
    loop {
        match (listener.accept().await, sessions.server()) {
            (Ok((stream, _)), Some(server)) => {
                // Replies are short and awaited one by one; without effect where it fails.
                let _ = stream.set_nodelay(true);
                stop.spawn(server.service(stream));
            }
            (Ok(_), None) => {}
            (Err(error), _) => {
                tracing::warn!(%error, "the FTP server could not accept a connection");
                // Out of descriptors, most likely: a loop without a pause would spin.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
