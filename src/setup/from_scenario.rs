//! From a scenario to what a modem is made of.

use super::files;
use super::{Content, PROFILE, Setup};
use crate::ftpd::Listing;
use crate::network::{Forward, Hosts, TlsFiles};
use crate::profile::mistake::Mistake;
use crate::scenario::server::{List, MADE};
use crate::scenario::{FileContent, Scenario};
use std::path::Path;

impl Setup {
    /// The modem, the network and the server of a scenario; `folder` is the one that its file lies in.
    /// What it says of the server's files is not looked at before [`build`](super::build).
    ///
    /// # Errors
    /// The mistakes in its profile, in its `[module]` and in its `[hosts]`.
    pub fn from_scenario(scenario: &Scenario, folder: &Path) -> Result<Setup, Vec<Mistake>> {
        Setup::from_scenario_with(scenario, folder, None)
    }

    /// The same with another profile than the scenario names.
    ///
    /// # Errors
    /// As [`Setup::from_scenario`].
    pub fn from_scenario_with(
        scenario: &Scenario,
        folder: &Path,
        profile: Option<&str>,
    ) -> Result<Setup, Vec<Mistake>> {
        let mut setup = Setup::new(files::scenario_profile(scenario, folder, profile)?);
        let name = files::scenario_profile_name(scenario, profile);
        let beside = folder.join("x");
        let own = files::profile_files(name, profile.is_none().then_some(&*beside));
        setup.reads.extend(own.into_iter().map(|file| (PROFILE, file)));
        let sources =
            scenario.sources.iter().map(|source| ("what the scenario names", folder.join(&source.path)));
        setup.reads.extend(sources);
        setup.ports = scenario.ports.unwrap_or(1).clamp(1, 16);
        setup.seed = scenario.seed.unwrap_or(0);
        setup.speed = scenario.speed;
        let mut hosts = Hosts::default();
        for (name, target) in &scenario.hosts {
            let wrong = |what: String| vec![Mistake::at(name, "", 0..0, format!("host `{name}`: {what}"))];
            hosts.add(name, *target).map_err(wrong)?;
        }
        setup.hosts = hosts;
        setup.forward = scenario.forward.iter().map(|(port, at)| Forward { port: port.0, at: *at }).collect();
        let server = &scenario.server;
        setup.users = server.users.iter().map(|(n, p)| (n.clone(), p.clone())).collect();
        setup.quota = server.quota.map(|size| size.0);
        setup.listing = match server.list {
            List::Plain => Listing::Plain,
            List::Padded => Listing::Padded,
        };
        setup.greeting = server.greeting.clone();
        setup.ftp_idle = server.idle.map(|idle| idle.0).or(setup.ftp_idle);
        let pem = |path: &String| files::read(&folder.join(path));
        setup.tls = TlsFiles {
            server: match (&server.certificate, &server.key) {
                (Some(certificate), Some(key)) => Some((pem(certificate)?, pem(key)?)),
                _ => None,
            },
            roots: server.trusted.as_ref().filter(|path| *path != MADE).map(pem).transpose()?,
        };
        setup.trust_made = server.trusted.as_deref() == Some(MADE);
        let copied = server.folder.iter().map(|from| (String::new(), Content::Copy(folder.join(from))));
        let folders = server.folders.iter().map(|path| (path.clone(), Content::Folder));
        let files = server.files.iter().map(|(path, content)| {
            let content = match content {
                FileContent::From(from) => Content::Copy(folder.join(from)),
                FileContent::Own(content) => Content::File(content.clone()),
            };
            (path.clone(), content)
        });
        setup.files = copied.chain(folders).chain(files).collect();
        let path = scenario.network.path();
        setup.link.latency = path.latency;
        (setup.link.rate_up, setup.link.rate_down) = (path.rate_up, path.rate_down);
        if let Some(segment) = scenario.network.segment {
            setup.link.segment = usize::try_from(segment.0).unwrap_or(setup.link.segment);
        }
        setup.radio = scenario.radio.clone();
        setup.rules = scenario.rules.clone();
        setup.expectations = scenario.expectations.clone();
        setup.warnings = scenario.warnings.clone();
        Ok(setup)
    }
}
