//! What a maker's numbers mean: how an operation ended, and why.

/// The sort of thing that a number says, for those who read a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The host wrote an argument wrongly.
    Argument,
    /// It is not the time for this command.
    State,
    /// The module has no such command, option or feature.
    Absent,
    /// No SIM, or one that does not work.
    Sim,
    /// The SIM asks for a PIN or a PUK.
    Pin,
    /// No registration, or the network says no.
    Network,
    /// The bearer (PDP context, PPP) failed or went down.
    Bearer,
    /// The name server.
    Name,
    /// The connection was refused or came to nothing.
    Connection,
    /// The far end kept silent until a time-out.
    Silence,
    /// The far end closed or reset the session.
    Closed,
    /// The server refused the login.
    Login,
    /// The server refused a request.
    Refused,
    /// The number is the server's own reply, or its negative.
    Reply,
    /// What came was no reply.
    Malformed,
    /// A transfer was refused or broke off.
    Transfer,
    /// The module's own store.
    Storage,
    /// The module's memory or sockets.
    Memory,
    /// The host had it end.
    Aborted,
    /// The module does not say.
    Unknown,
}

/// A number, or a run of numbers, that an operation ends with.
#[derive(Clone, Copy, Debug)]
pub struct Meaning {
    /// The first number.
    pub from: i32,
    /// The last number.
    pub to: i32,
    /// In the maker's words.
    pub words: &'static str,
    /// The sort.
    pub reason: Reason,
}

impl Meaning {
    /// One number.
    pub const fn one(number: i32, words: &'static str, reason: Reason) -> Meaning {
        Meaning { from: number, to: number, words, reason }
    }

    /// Several numbers that mean the same.
    pub const fn run(from: i32, to: i32, words: &'static str, reason: Reason) -> Meaning {
        Meaning { from, to, words, reason }
    }
}

/// How a module tells that an operation has ended.
#[derive(Clone, Copy, Debug)]
pub struct Outcomes {
    /// The commands that begin one, in patterns with `*`.
    pub commands: &'static [&'static str],
    /// How the names of the reports begin (`+FTP`); the number follows the colon and `before`.
    pub reports: &'static [&'static str],
    /// What stands before the number: `1,` in `+FTPGET: 1,63`.
    pub before: &'static str,
    /// Numbers that say that data may move now: the operation is not over.
    pub opens: &'static [i32],
    /// What the numbers mean; those that are not here mean no failure.
    pub numbers: &'static [Meaning],
}

impl Outcomes {
    /// The number that a line tells, where it is a report of this kind.
    pub fn number(&self, line: &str) -> Option<i32> {
        let (name, value) = line.split_once(':')?;
        let value = value.trim_start().strip_prefix(self.before)?;
        let digits = value.split([',', ' ']).next()?;
        self.reports.iter().any(|begin| name.starts_with(begin)).then(|| digits.parse().ok())?
    }

    /// What a number means, where it means a failure.
    pub fn meaning(&self, number: i32) -> Option<&Meaning> {
        self.numbers.iter().find(|m| (m.from..=m.to).contains(&number))
    }
}

/// Numbers of `+CME ERROR`, the first and the last, and their sort; the words are the profile's, or those of 27.007.
pub type Sorted = (u16, u16, Reason);

/// The sorts of the numbers of 3GPP TS 27.007 section 9.2; a maker's own come first.
pub const CME_REASONS: &[Sorted] = &[
    (3, 3, Reason::State),
    (4, 4, Reason::Absent),
    (5, 7, Reason::Pin),
    (10, 10, Reason::Sim),
    (11, 12, Reason::Pin),
    (13, 15, Reason::Sim),
    (16, 19, Reason::Pin),
    (20, 20, Reason::Memory),
    (21, 21, Reason::Argument),
    (22, 23, Reason::Storage),
    (24, 27, Reason::Argument),
    (30, 32, Reason::Network),
    (40, 48, Reason::Pin),
    (50, 50, Reason::Argument),
    (103, 117, Reason::Network),
    (132, 135, Reason::Bearer),
    (148, 150, Reason::Bearer),
];
