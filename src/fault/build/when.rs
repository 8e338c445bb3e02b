//! What a fault waits for, made in Rust.

use crate::fault::rule::amount::Amount;
use crate::fault::rule::trigger::{ModuleState, When};
use crate::fault::text::link::{Direction, Links};
use crate::fault::text::octets::Octets;
use crate::time::units::Span;
use std::time::Duration;

/// The events.
impl When {
    /// A command line that matches, such as `AT+FTPGET=1`.
    pub fn command(pattern: &str) -> When {
        When { command: Some(pattern.into()), ..When::default() }
    }

    /// A final result code that matches, such as `+CME ERROR*`.
    pub fn result(pattern: &str) -> When {
        When { result: Some(pattern.into()), ..When::default() }
    }

    /// An unsolicited line that matches, such as `+FTPGET: 1,1`.
    pub fn urc(pattern: &str) -> When {
        When { urc: Some(pattern.into()), ..When::default() }
    }

    /// An FTP verb reaches the server, such as `RETR`.
    pub fn verb(pattern: &str) -> When {
        When { verb: Some(pattern.into()), ..When::default() }
    }

    /// The server's reply has a code that matches, such as `226` or `5*`.
    pub fn reply(pattern: &str) -> When {
        When { reply: Some(pattern.into()), ..When::default() }
    }

    /// So many bytes have moved on one of these links; exactly so many pass before the fault.
    pub fn after_bytes(links: Links, bytes: u64) -> When {
        When { after_bytes: Some(Amount(bytes)), link: Some(links), ..When::default() }
    }

    /// So many bytes have moved on all of these links together.
    pub fn total_bytes(links: Links, bytes: u64) -> When {
        When { total_bytes: Some(Amount(bytes)), link: Some(links), ..When::default() }
    }

    /// This text has moved on one of these links, one way.
    pub fn payload(links: Links, text: &str) -> When {
        When { payload: Some(Octets(text.as_bytes().to_vec())), link: Some(links), ..When::default() }
    }

    /// Nothing has moved on one of these links for so long.
    pub fn quiet(links: Links, span: Duration) -> When {
        When { quiet: Some(Span(span)), link: Some(links), ..When::default() }
    }

    /// A connection opens.
    pub fn opened(links: Links) -> When {
        When { opened: Some(links), ..When::default() }
    }

    /// A host name that matches is looked up.
    pub fn lookup(pattern: &str) -> When {
        When { lookup: Some(pattern.into()), ..When::default() }
    }

    /// A connection to a name or address that matches is attempted.
    pub fn connect(pattern: &str) -> When {
        When { connect: Some(pattern.into()), ..When::default() }
    }

    /// So long after the start.
    pub fn at(span: Duration) -> When {
        When { at: Some(Span(span)), ..When::default() }
    }

    /// Again and again, so long after one another.
    pub fn each(span: Duration) -> When {
        When { each: Some(Span(span)), ..When::default() }
    }

    /// The fault with this name is applied.
    pub fn after(fault: &str) -> When {
        When { after: Some(fault.to_owned()), ..When::default() }
    }

    /// The fault with this name is lifted.
    pub fn lifted(fault: &str) -> When {
        When { lifted: Some(fault.to_owned()), ..When::default() }
    }

    /// The module reaches this state.
    pub fn state(state: ModuleState) -> When {
        When { state: Some(state), ..When::default() }
    }

    /// The module starts for the n-th time; 1 is power-on.
    pub fn boot(n: u64) -> When {
        When { boot: Some(n), ..When::default() }
    }

    /// Nothing but a request for the fault by its name.
    pub fn inject() -> When {
        When { inject: Some(true), ..When::default() }
    }
}

/// What narrows and counts an event.
impl When {
    /// Only on this serial port, from 1.
    #[must_use]
    pub fn port(mut self, port: usize) -> When {
        self.port = Some(port);
        self
    }

    /// Only where the verb's argument matches.
    #[must_use]
    pub fn file(mut self, pattern: &str) -> When {
        self.file = Some(pattern.into());
        self
    }

    /// Only bytes that move this way.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> When {
        self.direction = Some(direction);
        self
    }

    /// Only the n-th time, in place of the first.
    #[must_use]
    pub fn nth(mut self, n: u64) -> When {
        self.nth = Some(n);
        self
    }

    /// Every n-th time; 1 is each time.
    #[must_use]
    pub fn every(mut self, n: u64) -> When {
        self.every = Some(n);
        self
    }

    /// Each of the first n times.
    #[must_use]
    pub fn first(mut self, n: u64) -> When {
        self.first = Some(n);
        self
    }

    /// Each time that a die falls so, from 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> When {
        self.probability = Some(probability);
        self
    }

    /// The times are counted per file.
    #[must_use]
    pub fn per_file(mut self) -> When {
        self.per_file = Some(true);
        self
    }

    /// The fault is applied so long after.
    #[must_use]
    pub fn wait(mut self, span: Duration) -> When {
        self.wait = Some(Span(span));
        self
    }
}
