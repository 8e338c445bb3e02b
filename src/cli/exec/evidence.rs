//! `--bundle`: what was run and what came of it, in one file.

use super::{Case, Exec};
use crate::campaign::bundle::{Choices, Manifest, NEEDED, Packed, Packer, Simplified};
use crate::campaign::{Point, Run, Summary, junit};
use crate::cli::list;
use crate::cli::options::{TraceFiles, Written};
use crate::disk::{Output, Outputs, Temporary, named};
use crate::trace::Sink;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf, absolute};

/// What is gathered for a bundle.
pub struct Evidence {
    out: Output,
    /// The traces and captures, until all is known.
    folder: Temporary,
    manifest: Manifest,
    /// What the runs need: where it is in the archive, and on the disk.
    needed: BTreeMap<String, PathBuf>,
}

impl Evidence {
    /// Of these scenarios, to be written to `out`.
    ///
    /// # Errors
    /// Where no temporary folder can be had.
    pub fn new(exec: &Exec, cases: &[Case], out: Output) -> io::Result<Evidence> {
        let (mut manifest, mut needed) = (Manifest::default(), BTreeMap::new());
        let mut profiles = BTreeSet::new();
        for (number, case) in cases.iter().enumerate() {
            let places = Places::of(case, &format!("{NEEDED}/{number}"));
            let packed = |path: &Path| places.of_file(path).filter(|_| path.exists());
            if let Some(scenario) = &case.options.scenario {
                manifest.scenarios.push(Packed { name: case.name().to_owned(), file: packed(scenario) });
            }
            if let Some(profile) = &case.options.profile {
                manifest.options.profile = packed(Path::new(profile)).or_else(|| Some(profile.clone()));
            }
            if let Some(recording) = &case.options.replay {
                manifest.options.replay = packed(recording);
            }
            for (_, path) in &case.setup.reads {
                gather(&places, path, &mut needed)?;
            }
            if profiles.insert(case.setup.profile.name.clone()) {
                let commands = list::rows(&case.setup.profile);
                let commands = commands.into_iter().filter(|[_, _, support]| support != list::IMPLEMENTED);
                manifest.simplified.push(Simplified {
                    profile: case.setup.profile.name.clone(),
                    commands: commands.collect(),
                });
            }
        }
        exec.choices(&mut manifest.options);
        manifest.left_out = exec.left_out();
        for what in &manifest.left_out {
            tracing::warn!("--bundle: {what}");
        }
        Ok(Evidence { out, folder: Temporary::new()?, manifest, needed })
    }

    /// Has a run written down.
    ///
    /// # Errors
    /// What this machine refuses.
    pub fn sinks(&self, point: &Point) -> io::Result<(Vec<Box<dyn Sink>>, Written)> {
        let file = |end: &str| Some(self.folder.path().join(format!("{}.{end}", point.number)));
        TraceFiles { trace: file("jsonl"), pcap: file("pcapng") }.create(&mut Outputs::default())
    }

    /// Writes the bundle.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(mut self, runs: &[Run], summary: &Summary) -> io::Result<()> {
        let mut packer = Packer::new(BufWriter::new(self.out.clone()));
        let mut verdicts: String = runs.iter().map(|run| run.json() + "\n").collect();
        verdicts += &(summary.json() + "\n");
        packer.add("verdict.jsonl", verdicts.as_bytes())?;
        packer.add("junit.xml", &junit::text(runs, summary)?[..])?;
        for run in runs {
            for (name, end) in [("trace", "jsonl"), ("capture", "pcapng")] {
                // One that could not begin has none.
                if let Ok(file) = File::open(self.folder.path().join(format!("{}.{end}", run.point))) {
                    packer.add(&format!("runs/{}/{name}.{end}", run.point), file)?;
                }
            }
        }
        for (path, file) in &self.needed {
            packer.add(path, File::open(file).map_err(named(format!("--bundle: {}", file.display())))?)?;
        }
        self.manifest.status = summary.status;
        packer.finish(self.manifest)?;
        self.out.flush()?;
        self.out.finish()
    }
}

/// Where the files of a scenario are in the archive: as they are to each other.
struct Places {
    /// The folder that holds them all.
    root: PathBuf,
    prefix: String,
}

impl Places {
    fn of(case: &Case, prefix: &str) -> Places {
        let folders = case.setup.reads.iter().map(|(_, path)| {
            let path = plain(path);
            path.parent().map_or(path.clone(), Path::to_owned)
        });
        Places { root: folders.reduce(|a, b| common(&a, &b)).unwrap_or_default(), prefix: prefix.to_owned() }
    }

    fn of_file(&self, path: &Path) -> Option<String> {
        let whole = plain(path);
        let inside = whole.strip_prefix(&self.root).ok()?;
        Some(format!("{}/{}", self.prefix, inside.to_str()?))
    }
}

/// Takes a file, or all that is in a folder.
fn gather(places: &Places, path: &Path, to: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    let of = || named(format!("--bundle: {}", path.display()));
    // A scenario of the binary has no file.
    let Ok(there) = fs::metadata(path) else { return Ok(()) };
    if !there.is_dir() {
        to.extend(places.of_file(path).map(|place| (place, path.to_owned())));
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(of())? {
        let entry = entry.map_err(of())?;
        // A link to a folder may lead back.
        if !entry.file_type().map_err(of())?.is_symlink() || entry.path().is_file() {
            gather(places, &entry.path(), to)?;
        }
    }
    Ok(())
}

/// The whole path, without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

fn common(a: &Path, b: &Path) -> PathBuf {
    a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

impl Exec {
    /// What makes the runs what they are.
    fn choices(&self, to: &mut Choices) {
        let Choices { profile, replay, .. } = std::mem::take(to);
        *to = Choices {
            profile,
            replay,
            ports: self.options.ports,
            seed: self.options.seed,
            seeds: self.seeds.map(|seeds| seeds.to_string()),
            repeat: self.repeat,
            shard: self.shard,
            speed: self.options.speed,
            pace: self.options.pace,
            strict: self.strict,
            timeout_ms: u64::try_from(self.timeout.0.as_millis()).unwrap_or(u64::MAX),
        };
    }

    /// What a run needs and a bundle does not hold.
    fn left_out(&self) -> Vec<String> {
        let left_out = [
            ("what lies in --ftp-root is not in it", self.options.ftp_root.is_some()),
            ("what the module keeps in --state is not in it", self.options.state.is_some()),
            ("the logins of --ftp-user are not in it", !self.options.ftp_user.is_empty()),
        ];
        left_out.into_iter().filter(|(_, is)| *is).map(|(what, _)| what.to_owned()).collect()
    }
}
