//! What several machines found, put together: the lines of JSON that `badline exec` prints.

use super::run::MISTAKE;
use super::{Run, Shard, Summary};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

/// A line of a report may hold what a host printed, and no more.
const LONGEST: u64 = 4 << 20;

/// What one machine found.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its file.
    pub file: String,
    /// Its runs.
    pub runs: Vec<Run>,
    /// Its last line; none where that is missing.
    pub summary: Option<Summary>,
}

/// All that was found.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The runs, in the order of their plan.
    pub runs: Vec<Run>,
    /// What came of them.
    pub summary: Summary,
    /// What a person must know before he believes it.
    pub doubts: Vec<String>,
}

/// A line of what `exec` prints.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Line {
    /// A modem is ready for its host.
    Ready {},
    /// What came of a run.
    Verdict(Box<Run>),
    /// What came of all.
    Summary(Summary),
}

/// Reads what one machine found.
///
/// # Errors
/// What cannot be read, with the number of its line.
pub fn read(file: &str, mut from: impl BufRead) -> io::Result<Part> {
    let mut part = Part { file: file.to_owned(), runs: vec![], summary: None };
    for number in 1.. {
        let mut line = vec![];
        let mut limited = io::Read::take(&mut from, LONGEST);
        limited.read_until(b'\n', &mut line)?;
        let wrong = |what: String| {
            let text = format!("{file}:{number}: {what}; `badline exec --json` prints what `report` reads");
            io::Error::new(io::ErrorKind::InvalidData, text)
        };
        if line.is_empty() {
            break;
        }
        if line.len() as u64 == LONGEST {
            return Err(wrong("the line is longer than 4 MiB".into()));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        if part.summary.is_some() {
            return Err(wrong("there is more behind the summary; give each report a file of its own".into()));
        }
        match serde_json::from_slice(&line) {
            Ok(Line::Ready {}) => {}
            Ok(Line::Verdict(run)) => part.runs.push(*run),
            Ok(Line::Summary(summary)) => part.summary = Some(summary),
            // A machine that was switched off leaves a piece of a line.
            Err(_) if !line.ends_with(b"\n") => break,
            Err(error) => return Err(wrong(format!("this is no line of a report: {error}"))),
        }
    }
    if part.runs.is_empty() && part.summary.is_none() {
        let text =
            format!("{file}: there is no verdict in it; `badline exec --json` prints what `report` reads");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    Ok(part)
}

/// What is known of one plan.
#[derive(Default)]
struct Known {
    points: u64,
    /// The parts of which there is a whole report.
    shards: BTreeSet<Shard>,
    runs: BTreeMap<u64, (Run, String)>,
}

/// Puts the parts together.
pub fn merge(parts: Vec<Part>) -> Merged {
    let (mut plans, mut doubts) = (BTreeMap::<String, Known>::new(), vec![]);
    let (mut seconds, mut cut) = (0.0, 0);
    for part in parts {
        let Part { file, runs, summary } = part;
        match &summary {
            Some(summary) => seconds += summary.seconds,
            None => {
                cut += 1;
                doubts.push(format!("{file} has no summary: it is cut off, and runs may be missing"));
            }
        }
        // What is cut off belongs to the one plan that the others have, where they have one.
        let id = summary.as_ref().map(|summary| summary.plan.clone());
        let id = id.or_else(|| plans.keys().next().cloned()).unwrap_or_default();
        let known = plans.entry(id).or_default();
        if let Some(summary) = &summary {
            known.points = summary.points;
            if !known.shards.insert(summary.shard) {
                doubts.push(format!("{file}: shard {} is there twice", summary.shard));
            }
        }
        for run in runs {
            known.take(run, &file, &mut doubts);
        }
    }
    let several = plans.len() > 1;
    if several {
        doubts.push(format!(
            "the reports are of {} plans: their scenarios, seeds or repetitions differ",
            plans.len()
        ));
    }
    let (mut runs, mut points, mut missing, mut id) = (vec![], 0, 0, String::new());
    for (name, known) in plans {
        let lacking = known.points.saturating_sub(known.runs.len() as u64);
        if lacking > 0 {
            doubts.push(format!("{lacking} of {} runs are missing{}", known.points, known.missing()));
        }
        (points, missing, id) = (points + known.points, missing + lacking, name);
        runs.extend(known.runs.into_values().map(|(run, _)| run));
    }
    if several {
        runs.iter_mut().zip(1..).for_each(|(run, number)| run.point = number);
    }
    let mut summary = Summary::of(&runs, seconds, id, points.max(runs.len() as u64), Shard::WHOLE);
    summary.stopped(missing, "no report has them");
    if cut > 0 && summary.status == 0 {
        summary.status = MISTAKE;
    }
    Merged { runs, summary, doubts }
}

impl Known {
    /// Takes a run; of two for one point, the one that failed.
    fn take(&mut self, run: Run, file: &str, doubts: &mut Vec<String>) {
        let Some((other, first)) = self.runs.get(&run.point) else {
            self.runs.insert(run.point, (run, file.to_owned()));
            return;
        };
        let differ = if other.status == run.status {
            String::new()
        } else {
            format!(", with status {} and {}: the failure counts", other.status, run.status)
        };
        let turn = run.turn();
        doubts.push(format!("{} {turn} is in {first} and in {file}{differ}", run.name()));
        if other.passed && !run.passed {
            self.runs.insert(run.point, (run, file.to_owned()));
        }
    }

    /// Which shards are missing, where the others say how many there are.
    fn missing(&self) -> String {
        let Some(of) = self.shards.first().map(|shard| shard.of) else { return String::new() };
        let missing = (1..=of).map(|index| Shard { index, of }).filter(|shard| !self.shards.contains(shard));
        let missing: Vec<String> = missing.take(20).map(|shard| shard.to_string()).collect();
        match missing.as_slice() {
            [] => String::new(),
            one_or_more => format!(": there is no report of shard {}", one_or_more.join(", ")),
        }
    }
}
