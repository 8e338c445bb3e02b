//! `badline rerun`: do again what a bundle holds.

use super::exec::{Exec, reports};
use super::{complain, show_refusal};
use crate::campaign::bundle::{self, Choices, Manifest};
use crate::disk::{Temporary, named, sweep};
use clap::{Args, Parser};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Do again what a bundle of `badline exec --bundle` holds
///
/// The scenarios, seeds, module and speed are those of the bundle; the host is given here. What the bundle says of itself is looked at first: a
/// file in it that was changed is told. Where it was made by another version, that is said.
#[derive(Args, Debug)]
pub struct Rerun {
    /// The bundle
    #[arg(value_name = "BUNDLE.zip")]
    bundle: PathBuf,
    #[command(flatten)]
    reports: reports::Files,
    /// So many runs at once
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    jobs: u16,
    /// One JSON object per line on standard output, even on a terminal
    #[arg(long)]
    json: bool,
    /// A summary for a person, also where standard output is no terminal
    #[arg(long, conflicts_with = "json")]
    plain: bool,
    /// Tell live on standard error what happens; twice: the bytes, too
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// The host program and its arguments, as for `exec`
    #[arg(last = true, required = true, value_name = "HOST-COMMAND")]
    host: Vec<OsString>,
}

/// The command line of `exec`, alone.
#[derive(Parser)]
struct Again {
    #[command(flatten)]
    exec: Exec,
}

impl Rerun {
    /// Runs it.
    pub fn main(self) -> ExitCode {
        sweep();
        let of = || named(self.bundle.display());
        let unpacked = Temporary::new().and_then(|folder| {
            let to = folder.folder("bundle")?;
            let manifest = bundle::unpack(&self.bundle, &to).map_err(of())?;
            let arguments = self.arguments(&manifest, &to).map_err(of())?;
            Ok((folder, manifest, arguments))
        });
        // The folder goes when the runs are over.
        let (_folder, manifest, arguments) = match unpacked {
            Ok(unpacked) => unpacked,
            Err(error) => return show_refusal(&error),
        };
        let (was, is) = (format!("{} ({})", manifest.badline, manifest.build), env!("CARGO_PKG_VERSION"));
        if manifest.badline != is || manifest.build != bundle::build() {
            complain(format_args!(
                "badline: the bundle was made by version {was}, and this is {is} ({}): the runs may differ",
                bundle::build()
            ));
        }
        manifest.left_out.iter().for_each(|what| complain(format_args!("badline: of the bundle: {what}")));
        let mut again = match Again::try_parse_from(arguments) {
            Ok(again) => again.exec,
            Err(wrong) => return show_refusal(&of()(io::Error::other(wrong.to_string()))),
        };
        again.reports = self.reports;
        again.names = manifest.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
        match again.run() {
            Ok(status) => {
                let word = if status == manifest.status { "as in the bundle" } else { "and in the bundle" };
                complain(format_args!("badline: the status is {status}, {word}: {}", manifest.status));
                ExitCode::from(status)
            }
            Err(status) => status,
        }
    }

    /// What `exec` is told.
    fn arguments(&self, manifest: &Manifest, folder: &Path) -> io::Result<Vec<OsString>> {
        let Choices { profile, ports, seed, seeds, repeat, shard, speed, pace, strict, timeout_ms, replay } =
            &manifest.options;
        let mut told: Vec<OsString> = vec!["exec".into()];
        let mut option = |name: &str, value: Option<OsString>| {
            told.extend(value.map(|value| {
                let mut word = OsString::from(format!("--{name}="));
                word.push(value);
                word
            }));
        };
        let file = |path: &str| bundle::inside(path).map(|path| OsString::from(folder.join(path)));
        let word = |value: Option<String>| value.map(OsString::from);
        for scenario in &manifest.scenarios {
            let place = scenario.file.as_deref().map(file).transpose()?;
            option("scenario", place.or_else(|| Some(scenario.name.clone().into())));
        }
        let packed =
            profile.as_deref().filter(|name| name.starts_with(bundle::NEEDED)).map(file).transpose()?;
        option("profile", packed.or_else(|| word(profile.clone())));
        option("replay", replay.as_deref().map(file).transpose()?);
        option("ports", word(ports.map(|n| n.to_string())));
        option("seed", word(seed.filter(|_| seeds.is_none()).map(|n| n.to_string())));
        option("seeds", word(seeds.clone()));
        option("repeat", word(Some(repeat.to_string())));
        option("shard", word(shard.map(|shard| shard.to_string())));
        option("speed", word(speed.map(|n| n.to_string())));
        option("timeout", word(Some(format!("{timeout_ms}ms"))));
        option("jobs", word(Some(self.jobs.to_string())));
        let flags =
            [("--pace", *pace), ("--strict", *strict), ("--json", self.json), ("--plain", self.plain)];
        told.extend(flags.into_iter().filter(|(_, on)| *on).map(|(flag, _)| flag.into()));
        told.extend((0..self.verbose).map(|_| "-v".into()));
        told.push("--".into());
        told.extend(self.host.iter().cloned());
        Ok(told)
    }
}
