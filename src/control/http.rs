//! The page of a run, and its API: the control socket's vocabulary over HTTP, on a thread of its own, so that no browser
//! takes time from the modem. The address that is told bears a key; whoever comes without it, or from another page, is refused.

mod body;
mod files;
mod guard;
mod reply;
mod route;
mod stream;
#[cfg(test)]
mod tests;

pub use guard::Guard;

use self::reply::Reply;
use super::answer::Wrong;
use super::steer::Control;
use crate::disk::{named, why};
use crate::driver::accept;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

/// How many connections are served at once.
pub const MOST: usize = 64;
/// How long the head of a request may take, and how long a connection may lie idle.
const HEAD: Duration = Duration::from_secs(15);
/// How long a client may take nothing of what it is sent.
const STUCK: Duration = Duration::from_secs(60);
/// How large it may be, in octets, and in fields.
const HEAD_SIZE: (usize, usize) = (16 * 1024, 64);
/// How long, and how much, is read of what a client still sends that is not served: unread octets would have the system
/// take back the answer.
const FAREWELL: (Duration, u64) = (Duration::from_secs(1), 1024 * 1024);

/// What is served.
#[derive(Clone)]
pub enum Subject {
    /// A modem that runs.
    Live(Control),
    /// The trace of a run that is over.
    Over(PathBuf),
}

/// An address with its key, bound, and not served yet.
#[derive(Debug)]
pub struct Place {
    listener: TcpListener,
    guard: Guard,
    /// How long the head of a request may take.
    patience: Duration,
    /// How long a client may take nothing.
    stuck: Duration,
}

impl Place {
    /// Binds. An address outside this machine is bound only with `anywhere`: what crosses the network can be read there, the
    /// key too.
    ///
    /// # Errors
    /// What the system refuses, in words for the user; `PermissionDenied` for an address outside this machine.
    pub fn bind(address: SocketAddr, anywhere: bool) -> io::Result<Place> {
        let named = |e| named(format!("--http {address}"))(e);
        if !address.ip().is_loopback() && !anywhere {
            let why =
                "others than this machine could reach it; take 127.0.0.1, or allow it with --http-anywhere";
            return Err(named(io::Error::new(io::ErrorKind::PermissionDenied, why)));
        }
        let listener = TcpListener::bind(address).map_err(named)?;
        listener.set_nonblocking(true).map_err(named)?;
        let bound = listener.local_addr().map_err(named)?;
        Ok(Place { listener, guard: Guard::new(bound).map_err(named)?, patience: HEAD, stuck: STUCK })
    }

    /// The address for a browser, with its key.
    pub fn url(&self) -> String {
        self.guard.url()
    }
}

/// The server on its thread. It ends with this.
#[derive(Debug)]
pub struct Server {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves with a runtime of its own.
    ///
    /// # Errors
    /// Where no thread can be had.
    pub fn start(place: Place, subject: Subject, runtime: Runtime) -> io::Result<Server> {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(place, subject) => {}
                    () = stopped.cancelled() => {}
                }
            });
            // A disk that hangs is not waited for.
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("http".into()).spawn(serve)?;
        Ok(Server { stop, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        // Whatever became of it, it is over.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Whom and what the requests are about.
pub(super) struct Site {
    guard: Guard,
    subject: Subject,
    patience: Duration,
    stuck: Duration,
}

/// Serves whoever connects, until dropped.
pub async fn serve(place: Place, subject: Subject) {
    let listener = match tokio::net::TcpListener::from_std(place.listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("the page is not served: {}", why(&error)),
    };
    let site = Arc::new(Site { guard: place.guard, subject, patience: place.patience, stuck: place.stuck });
    let (mut served, mut refused) = (JoinSet::new(), JoinSet::new());
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                while served.try_join_next().is_some() {}
                while refused.try_join_next().is_some() {}
                // Answers are short; without effect where it fails.
                let _ = stream.set_nodelay(true);
                if served.len() < MOST {
                    served.spawn(one(stream, site.clone()));
                } else if refused.len() < MOST {
                    refused.spawn(refuse(stream));
                }
            }
            Err(error) => accept::failed("the page's server", &error).await,
        }
    }
}

/// Tells one client too many why it is not served.
async fn refuse(mut stream: TcpStream) {
    let wrong = Wrong::new(format!("{MOST} connections are open already"), "close one");
    let head =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    let text = format!("{head}{}", reply::refusal_text(&wrong));
    if stream.write_all(text.as_bytes()).await.is_ok() && stream.shutdown().await.is_ok() {
        let (limit, most) = FAREWELL;
        let _ = timeout(limit, copy(&mut stream.take(most), &mut sink())).await;
    }
}

/// Serves one connection until it ends, or until its client takes no more of what it is sent.
async fn one(stream: TcpStream, site: Arc<Site>) {
    let mut stream = Box::pin(TimeoutStream::new(stream));
    stream.as_mut().set_write_timeout_pinned(Some(site.stuck));
    let answer = service_fn(|request| {
        let site = site.clone();
        async move { Ok::<Reply, Infallible>(route::answer(&site, request).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(site.patience);
    server.max_buf_size(HEAD_SIZE.0).max_headers(HEAD_SIZE.1);
    // A client that goes in the middle of an answer is no error.
    let _ = server.serve_connection(TokioIo::new(stream), answer).await;
}
