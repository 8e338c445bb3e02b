//! Badline: a cellular modem that fails on cue.
//!
//! The program `badline` gives a host program a serial port with an emulated cellular module behind it. This
//! crate is the same for tests in Rust: the modem runs in the test's own process, and fails when the test
//! says so.
//!
//! # A modem beside a test
//!
//! A [`Bench`] says what the modem is made of: a profile by name ([`Bench::profile`]) or a whole scenario
//! ([`Bench::scenario`]). [`Bench::start`] applies power and gives a [`Live`] modem, a task of the current tokio
//! runtime that ends when it is dropped. The host under test gets a stream in memory ([`Live::port`]) or the
//! path of a pseudo-terminal ([`Bench::pty`], [`Live::path`]). The module's FTP commands lead to a real
//! FTP server with a folder of its own ([`Live::root`]).
//!
//! ```
//! use badline::{Bench, trace::Event};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")] // in a test: #[tokio::test]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A SIM7080 whose clock runs twenty times as fast as the wall's.
//! let bench = Bench::profile("sim7080")?.file("hello.txt", "Hello").seed(7).speed(20);
//! let mut modem = bench.start().await?;
//! let mut host = modem.port(1).expect("it has one port, and nobody has taken it");
//!
//! // Faults come and go, in the words of a scenario's [[fault]].
//! let weak = modem.inject("what = { signal = 3 }").await?;
//! host.write_all(b"ATE0+CSQ\r").await?;
//!
//! // Whatever happens is a record of the trace, to be awaited.
//! modem.wait_for(|record| matches!(&record.event, Event::Result { text, .. } if text == "OK")).await;
//! let mut said = [0; 256];
//! let n = host.read(&mut said).await?;
//! assert!(String::from_utf8_lossy(&said[..n]).contains("+CSQ: 3,"));
//! modem.lift(&weak).await;
//! # Ok(())
//! # }
//! ```
//!
//! # A clock that is turned by hand
//!
//! [`Bench::by_hand`] gives a modem whose clock stands still ([`Hand`]). The host is written as a function
//! that sends and listens, and time passes only while it listens, from one event to the next: a time-out of
//! 75 s takes no time, and the same seed gives the same run, to the byte. So a host meets a thousand seeds in
//! a few seconds; a scenario's expectations give the verdict.
//!
//! ```
//! use badline::Bench;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bench = Bench::scenario_text(
//!     r#"
//!     profile = "sim7080"
//!
//!     [[fault]]
//!     when = { command = "AT+CSQ" }
//!     what = { late = "30s" }
//!
//!     [[expect]]
//!     host_sends = "AT+CSQ"
//!     exactly = 1
//!     "#,
//! )?;
//! for seed in 0..10 {
//!     let mut modem = bench.clone().seed(seed).by_hand().await?;
//!     let said = modem.command(1, "AT+CSQ", &["OK", "ERROR"], Duration::from_secs(60)).await?;
//!     assert_eq!(said.last().map(String::as_str), Some("OK"));
//!     assert!(modem.now().as_micros() >= 30_000_000);
//!     assert!(modem.verdict().iter().all(|outcome| outcome.met), "{:#?}", modem.explanation());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `examples/download.rs` is a whole host on a clock turned by hand, `examples/upload_m10.rs` one beside a live
//! modem. Nothing is shared between two modems, and nothing leaves this machine unless a scenario's `[hosts]`
//! says so.
//!
//! # Faults
//!
//! A [`Fault`] is made by the word for it, with its parameters as types, or from the text of a `[[fault]]`. What it waits for is a
//! [`When`]. [`Live::fault`] gives a guard that lifts it when it is dropped.
//!
//! ```
//! use badline::{Bench, Direction, Fault, Links, When};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let late = Fault::late(Duration::from_secs(3)).when(When::urc("+FTPGET: 1,1"));
//! let modem = Bench::profile("sim7080")?.fault(late)?.start().await?;
//! {
//!     let tunnel = Fault::stall(Direction::Down).link(Links::Data);
//!     let _tunnel = modem.fault(tunnel).await?;
//!     // Here nothing comes from the network.
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What happened, and the verdict
//!
//! [`trace`] is what happened, a [`Record`](trace::Record) for each thing, on the modem's [clock](time::Now).
//! [`Live::verdict`] and [`Hand::verdict`] tell how each expectation of the scenario has fared ([`Outcome`]).
//!
//! # For those who change Badline
//!
//! `ARCHITECTURE.md` beside this crate's `Cargo.toml` names the rooms of the house and follows one byte and one fault through them;
//! `CONTRIBUTING.md` tells how to build, test and measure, and how to add a maker, a command, a fault, an expectation, a
//! verb, a service or a log format. What they and the tests reach beyond this page is hidden here, and changes without notice.

pub mod time;
pub mod trace;

// Rooms that the program, the tests and the fuzz targets reach, and that are no part of the API.
#[doc(hidden)]
pub mod at;
#[doc(hidden)]
pub mod bench;
#[doc(hidden)]
pub mod campaign;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod control;
#[doc(hidden)]
pub mod diagnose;
#[doc(hidden)]
pub mod disk;
#[doc(hidden)]
pub mod driver;
#[doc(hidden)]
pub mod fault;
#[doc(hidden)]
pub mod frame;
#[doc(hidden)]
pub mod ftp;
#[doc(hidden)]
pub mod ftpd;
#[doc(hidden)]
pub mod gate;
#[doc(hidden)]
pub mod host;
#[doc(hidden)]
pub mod judge;
#[doc(hidden)]
pub mod log;
#[doc(hidden)]
pub mod maker;
#[doc(hidden)]
pub mod modem;
#[doc(hidden)]
pub mod network;
#[doc(hidden)]
pub mod play;
#[doc(hidden)]
pub mod profile;
#[doc(hidden)]
pub mod record;
#[doc(hidden)]
pub mod replay;
#[doc(hidden)]
pub mod scenario;
#[doc(hidden)]
pub mod setup;
#[doc(hidden)]
pub mod transcript;
#[doc(hidden)]
pub mod words;
#[doc(hidden)]
pub mod world;

pub use bench::{Bench, FaultGuard, Hand, Live, Mistakes, Records};
pub use fault::{
    Change, ControlLine, Delivery, Direction, End, Fault, Layer, Link, LinkKind, Links, ModuleState, Ops,
    PowerOn, Registration, Stage, Status as FaultStatus, Swallowed, Then, Unserved, Way, When,
};
pub use profile::mistake::Mistake;
pub use scenario::Outcome;
