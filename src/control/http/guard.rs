//! Who is let in: whoever shows the key, at an address that is this server's own, from no page but its own.

use super::super::answer::Wrong;
use super::super::key::Key;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, ORIGIN};
use hyper::http::request::Parts;
use std::io;
use std::net::SocketAddr;

/// The server's address and its key.
#[derive(Clone, Debug)]
pub struct Guard {
    address: SocketAddr,
    key: Key,
}

impl Guard {
    /// With a new key.
    ///
    /// # Errors
    /// The system has no random octets.
    pub fn new(address: SocketAddr) -> io::Result<Guard> {
        Ok(Guard { address, key: Key::new()? })
    }

    /// The address for a browser, with its key.
    pub fn url(&self) -> String {
        format!("http://{}/?key={}", self.address, self.key.text())
    }

    /// Lets a request in.
    ///
    /// # Errors
    /// Why it is not let in.
    pub fn admits(&self, head: &Parts) -> Result<(), Wrong> {
        let right = "open the address that the run has printed, with its key";
        let host = only(&head.headers, &HOST).or(head.uri.authority().map(|own| own.as_str()));
        // A name that somebody has lead here is not ours: his page would pass for this one.
        if !host.is_some_and(|host| self.is_own(host)) {
            return Err(Wrong::new("this is not the address of this server", right));
        }
        let foreign = match (head.headers.contains_key(ORIGIN), only(&head.headers, &ORIGIN)) {
            (false, _) => false,
            (true, origin) => !origin.and_then(|o| o.strip_prefix("http://")).is_some_and(|o| self.is_own(o)),
        };
        if foreign {
            return Err(Wrong::new("another page asks for this", right));
        }
        let bearer = only(&head.headers, &AUTHORIZATION).and_then(|shown| shown.strip_prefix("Bearer "));
        // Only the page itself is asked for by an address that a person can open.
        let query = head.uri.query().filter(|_| head.uri.path() == "/");
        let shown =
            bearer.or(query.and_then(|query| query.split('&').find_map(|one| one.strip_prefix("key="))));
        match shown {
            Some(shown) if self.key.opens(shown) => Ok(()),
            Some(_) => Err(Wrong::new("this is not the key", right)),
            None if head.uri.path() == "/" => Err(Wrong::new("the key is missing", right)),
            None => Err(Wrong::new("the key is missing", "send `Authorization: Bearer KEY`")),
        }
    }

    /// Whether `HOST:PORT` names this server by an address, or as this machine.
    fn is_own(&self, authority: &str) -> bool {
        let (ip, port) = (self.address.ip(), self.address.port());
        // The port of HTTP may be left out.
        let whole = if port == 80 { format!("{authority}:80") } else { authority.to_owned() };
        let is = |text: &str| match text.parse::<SocketAddr>() {
            Ok(named) if ip.is_unspecified() => named.port() == port,
            Ok(named) => named == self.address,
            Err(_) => {
                (ip.is_loopback() || ip.is_unspecified())
                    && text.eq_ignore_ascii_case(&format!("localhost:{port}"))
            }
        };
        is(authority) || is(&whole)
    }
}

/// A field that stands there once, as text.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next().filter(|_| headers.get_all(name).iter().nth(1).is_none());
    first.and_then(|value| value.to_str().ok())
}
