//! The bench: a modem for a test, in the same process.
//!
//! A [`Bench`] says what the modem is made of. [`Bench::start`] runs it as a task of the current tokio
//! runtime, in real time or faster, on ports that a host program can have ([`Live`]).
//! [`Bench::by_hand`] gives one whose clock the test itself turns ([`Hand`]): hours of time-outs take no
//! time, and every run with the same seed is the same. Nothing is shared between two modems.

mod guard;
mod hand;
mod live;
mod mistakes;
mod records;
#[cfg(test)]
mod tests;
mod waiting;

pub use guard::FaultGuard;
pub use hand::Hand;
use live::HostEnd;
pub use live::Live;
pub use mistakes::Mistakes;
pub use records::Records;

use crate::disk::Temporary;
use crate::driver::machine::Machine;
use crate::driver::port::Port;
use crate::fault::Fault;
use crate::judge::coverage::Coverage;
use crate::judge::{Judge, Watch};
use crate::setup::files::{self, Instead};
use crate::setup::{self, Content, Server, Setup};
use crate::transcript::content as transcript;
use crate::world::World;
use std::io;
use std::path::Path;

/// What a modem for a test is made of.
///
/// ```
/// use badline::Bench;
///
/// let bench = Bench::profile("sim7080")?.file("simftp.txt", "0123456789").seed(7).speed(20);
/// # Ok::<(), badline::Mistakes>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bench {
    setup: Setup,
    speed: u32,
    pty: bool,
}

impl Bench {
    /// A modem by the name of a profile (`badline list profiles`) or the path of one, on a good network
    /// that leads to an empty server of its own.
    ///
    /// # Errors
    /// The mistakes in the profile, with their places.
    pub fn profile(name: &str) -> Result<Bench, Mistakes> {
        Ok(Bench::of(Setup::new(files::profile(name).map_err(Mistakes)?)))
    }

    /// The modem, the network, the faults and the expectations of a scenario's file.
    ///
    /// # Errors
    /// The mistakes in the scenario, with their places.
    pub fn scenario(file: impl AsRef<Path>) -> Result<Bench, Mistakes> {
        let scenario = files::scenario(file.as_ref(), Instead::default()).map_err(Mistakes)?;
        let folder = file.as_ref().parent().unwrap_or(Path::new(""));
        let mut setup = Setup::from_scenario(&scenario, folder).map_err(Mistakes)?;
        setup.scenario = Some(file.as_ref().display().to_string());
        Ok(Bench::of(setup))
    }

    /// The same from a scenario's text; files that it names lie beside the current folder's files.
    ///
    /// # Errors
    /// The mistakes in the scenario, with their places.
    pub fn scenario_text(text: &str) -> Result<Bench, Mistakes> {
        let scenario = files::scenario_from("scenario", text, Instead::default()).map_err(Mistakes)?;
        let setup = Setup::from_scenario(&scenario, Path::new("")).map_err(Mistakes)?;
        Ok(Bench::of(setup))
    }

    fn of(mut setup: Setup) -> Bench {
        setup.trace = true;
        let speed = setup.speed.unwrap_or(1);
        Bench { setup, speed, pty: false }
    }

    /// The seed of everything that is drawn.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Bench {
        self.setup.seed = seed;
        self
    }

    /// How many times faster than real time the clock of a [`Live`] modem runs.
    #[must_use]
    pub fn speed(mut self, speed: u32) -> Bench {
        self.speed = speed;
        self
    }

    /// How many serial ports the module has, 1 to 16.
    #[must_use]
    pub fn ports(mut self, ports: usize) -> Bench {
        self.setup.ports = ports.clamp(1, 16);
        self
    }

    /// Has a [`Live`] modem on pseudo-terminals, which a host opens by [path](Live::path), in place of
    /// [streams](Live::port) in memory.
    #[must_use]
    pub fn pty(mut self) -> Bench {
        self.pty = true;
        self
    }

    /// Lays a file on the server.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Bench {
        let content = Content::File(transcript::Content::Literal(content.into()));
        self.setup.files.push((path.to_owned(), content));
        self
    }

    /// A login of the server; without one every login is accepted.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str) -> Bench {
        self.setup.users.push((name.to_owned(), password.to_owned()));
        self
    }

    /// A [`Fault`], or the lines of a `[[fault]]` of a scenario.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fault(mut self, fault: impl Into<Fault>) -> Result<Bench, Mistakes> {
        self.setup.rules.push(Mistakes::rule(fault)?);
        Ok(self)
    }

    /// Applies power, and runs the modem as a task of the current tokio runtime until the [`Live`] is dropped.
    ///
    /// # Errors
    /// What this machine refuses.
    pub async fn start(&self) -> io::Result<Live> {
        let (world, server, watch) = self.build(false)?;
        let links = if self.pty { Some(Temporary::new()?) } else { None };
        let (mut ports, mut hosts) = (vec![], vec![]);
        for n in 1..=self.setup.ports {
            let (port, host) = match &links {
                Some(links) => {
                    let (mut port, path) = (Port::pty()?, links.path().join(format!("modem-{n}")));
                    port.link(&path)?;
                    (port, HostEnd::Path(path))
                }
                None => Port::memory().map(|(port, host)| (port, HostEnd::Stream(Some(host))))?,
            };
            ports.push(port);
            hosts.push(host);
        }
        let machine = Machine::new(world, ports, self.speed, false);
        Ok(Live::start(machine, server, hosts, links, watch))
    }

    /// Applies power to a modem whose clock stands still until the test turns it.
    ///
    /// # Errors
    /// What this machine refuses.
    pub async fn by_hand(&self) -> io::Result<Hand> {
        let (world, server, watch) = self.build(true)?;
        let mut hand = Hand::new(world, server, self.setup.ports, watch);
        hand.power_on().await?;
        Ok(hand)
    }

    fn build(&self, by_hand: bool) -> io::Result<(World, Server, Watch)> {
        let (world, server) = setup::build(&Setup { by_hand, ..self.setup.clone() })?;
        let coverage =
            world.modem().map(|modem| Coverage::new(modem, &self.setup.profile)).unwrap_or_default();
        let watch = Watch::new(Judge::new(&self.setup.expectations, coverage));
        Ok((world, server, watch))
    }
}
