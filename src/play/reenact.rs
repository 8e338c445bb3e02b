//! Finds the faults with which the model does what the module of a recording did: each set is played, and the one with
//! which the host gets the same answers is taken.

use super::{PlayError, play_at};
use crate::at::ResultCode;
use crate::diagnose::scenario::Around;
use crate::diagnose::{Finding, Proposed, Stock, radio, scenario};
use crate::disk::Temporary;
use crate::setup::files::{self, Instead};
use crate::transcript::text::{Part, Pattern};
use crate::transcript::{Kind, Setting, Transcript};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// More often than this nothing is played.
const PLAYS: usize = 80;
/// A report may be so much later than in the recording.
const SLACK: Duration = Duration::from_millis(600);
/// So often what still differs is written down as answers.
const ROUNDS: usize = 4;
/// So many answers at most are written down.
const ANSWERS: usize = 64;

/// A scenario, and how much of the recording it shows.
#[derive(Debug)]
pub struct Reenacted {
    /// The scenario's text; `badline check` accepts it.
    pub scenario: String,
    /// How many of the host's steps got the same answers.
    pub same: usize,
    /// How many steps of the host there are.
    pub steps: usize,
    /// Those that got others.
    pub differ: Vec<Difference>,
}

/// A step of the host that got another answer.
#[derive(Debug)]
pub struct Difference {
    /// Its line in the recording.
    pub line: usize,
    /// What the recording has behind it.
    pub recorded: Vec<u8>,
    /// What the model said.
    pub said: Vec<u8>,
}

/// What the host did, and what it heard then.
#[derive(Debug, PartialEq, Eq)]
struct Exchange {
    line: usize,
    command: Option<String>,
    heard: Vec<u8>,
    /// The lines of it, where it is lines and nothing else.
    lines: Option<Vec<String>>,
}

/// Looks for the faults of `findings` that show what `recording` shows.
///
/// # Errors
/// This machine refused something.
pub async fn reenact(
    recording: &Transcript,
    profile: Option<&str>,
    findings: &[Finding],
    stock: &Stock,
) -> Result<Reenacted, PlayError> {
    let mut stage = Stage::new(recording, profile, stock)?;
    let mut chosen: Vec<Vec<Proposed>> =
        findings.iter().map(|f| f.faults.first().cloned().unwrap_or_default()).collect();
    let mut best = stage.play(findings, &chosen, &[]).await?;
    for (n, finding) in findings.iter().enumerate() {
        for candidate in finding.faults.iter().skip(1) {
            if best.differ.is_empty() || stage.plays >= PLAYS {
                break;
            }
            let before = std::mem::replace(&mut chosen[n], candidate.clone());
            let tried = stage.play(findings, &chosen, &[]).await?;
            match tried.same > best.same {
                true => best = tried,
                false => chosen[n] = before,
            }
        }
    }
    // A fault that the same is shown without is none.
    for n in 0..findings.len() {
        if stage.plays >= PLAYS || chosen[n].is_empty() {
            continue;
        }
        let before = std::mem::take(&mut chosen[n]);
        let tried = stage.play(findings, &chosen, &[]).await?;
        match tried.same >= best.same {
            true => best = tried,
            false => chosen[n] = before,
        }
    }
    // A signal that is another than the profile's is no fault, and needs no words put into a mouth.
    stage.radio = radio::toml(recording);
    if best.differ.is_empty() || stage.radio.is_empty() {
        stage.radio.clear();
    } else {
        let tried = stage.play(findings, &chosen, &[]).await?;
        match tried.same > best.same {
            true => best = tried,
            false => stage.radio.clear(),
        }
    }
    let mut answers: Vec<(usize, Proposed)> = vec![];
    for _ in 0..ROUNDS {
        if best.differ.is_empty() || answers.len() >= ANSWERS {
            break;
        }
        let more = stage.answers(&best.differ, &answers);
        if more.is_empty() {
            break;
        }
        let mut with = answers.clone();
        // One that did not help is taken back.
        with.retain(|(line, _)| more.iter().all(|(other, _)| other != line));
        with.extend(more);
        let tried = stage.play(findings, &chosen, &with).await?;
        if tried.same <= best.same {
            break;
        }
        (best, answers) = (tried, with);
    }
    Ok(best)
}

/// Where it is played.
struct Stage<'a> {
    recording: &'a Transcript,
    profile: Option<&'a str>,
    stock: &'a Stock,
    radio: String,
    wanted: Vec<Exchange>,
    folder: Temporary,
    plays: usize,
}

impl<'a> Stage<'a> {
    fn new(
        recording: &'a Transcript,
        profile: Option<&'a str>,
        stock: &'a Stock,
    ) -> Result<Stage<'a>, PlayError> {
        let profile = profile.or(recording.profile());
        let wanted = exchanges(recording);
        Ok(Stage {
            recording,
            profile,
            stock,
            radio: String::new(),
            wanted,
            folder: Temporary::new()?,
            plays: 0,
        })
    }

    /// Plays the recording's host against these faults.
    async fn play(
        &mut self,
        findings: &[Finding],
        chosen: &[Vec<Proposed>],
        answers: &[(usize, Proposed)],
    ) -> Result<Reenacted, PlayError> {
        self.plays += 1;
        let scenario = self.write(findings, chosen, answers);
        let file = self.folder.folder(&format!("scenario-{}", self.plays))?.join("again.toml");
        fs::write(&file, &scenario)?;
        let mut played = self.recording.clone();
        played
            .header
            .retain(|heading| !matches!(heading.setting, Setting::Profile(_) | Setting::Scenario(_)));
        played.set_scenario(&file.display().to_string());
        // The bounds of a transcript hold; a recording's times are those of one run.
        let slack = self.recording.recorded().is_some();
        for step in played.steps.iter_mut().filter(|_| slack) {
            if let Kind::Within(span) = &mut step.kind {
                *span += SLACK;
            }
        }
        let root = self.folder.folder(&format!("ftp-{}", self.plays))?;
        let heard = match play_at(played.clone(), None, true, vec![], &root).await {
            Ok(Some(blessed)) => exchanges(&blessed),
            // Nothing was to be rewritten.
            Ok(None) => exchanges(&played),
            Err(PlayError::Failed(_) | PlayError::Mistakes(_)) => vec![],
            Err(error) => return Err(error),
        };
        let same = |n: &usize| {
            let (wanted, heard) = (&self.wanted[*n], heard.get(*n));
            heard.is_some_and(|heard| heard.heard == wanted.heard)
        };
        let difference = |n: usize| Difference {
            line: self.wanted[n].line,
            recorded: self.wanted[n].heard.clone(),
            said: heard.get(n).map(|heard| heard.heard.clone()).unwrap_or_default(),
        };
        let differ: Vec<Difference> = (0..self.wanted.len()).filter(|n| !same(n)).map(difference).collect();
        Ok(Reenacted { scenario, same: self.wanted.len() - differ.len(), steps: self.wanted.len(), differ })
    }

    /// The scenario; what `badline check` refuses of it is left out.
    fn write(&self, findings: &[Finding], chosen: &[Vec<Proposed>], answers: &[(usize, Proposed)]) -> String {
        let mut rules: Vec<Vec<Proposed>> = chosen.to_vec();
        let mut seen: Vec<Proposed> = vec![];
        for rule in &mut rules {
            rule.retain(|r| !seen.contains(r));
            seen.extend(rule.iter().cloned());
        }
        let mut answers = answers.to_vec();
        loop {
            let pairs: Vec<(&Finding, &[Proposed])> =
                findings.iter().zip(&rules).map(|(finding, rules)| (finding, rules.as_slice())).collect();
            let around = Around { stock: self.stock, radio: &self.radio };
            let text = scenario::text(&self.recording.name, self.profile, &around, &pairs, &answers);
            let Err(mistakes) = files::scenario_from("again.toml", &text, Instead::profile(None)) else {
                return text;
            };
            let line = mistakes.iter().map(|m| m.line).find(|line| *line > 0);
            // Which rule the line is in: each begins with its [[fault]].
            let number = line.map(|line| text.lines().take(line).filter(|l| *l == "[[fault]]").count());
            let Some(number) = number.filter(|n| *n > 0) else { return text };
            let mut left = number - 1;
            let mut found = false;
            for rule in &mut rules {
                if left < rule.len() {
                    rule.remove(left);
                    found = true;
                    break;
                }
                left -= rule.len();
            }
            if !found {
                if left >= answers.len() {
                    return text;
                }
                answers.remove(left);
            }
        }
    }

    /// Rules that have the commands in these lines answered as the recording has it.
    fn answers(&self, differ: &[Difference], there: &[(usize, Proposed)]) -> Vec<(usize, Proposed)> {
        let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        let mut out = vec![];
        for exchange in &self.wanted {
            let Some(command) = exchange.command.as_deref() else { continue };
            let (sent, silent) = counts.entry(command).or_default();
            *sent += 1;
            // A module that was off has not counted those that it did not get.
            let heard = *sent - *silent;
            *silent += u32::from(exchange.heard.is_empty());
            let tried = there.iter().find(|(line, _)| *line == exchange.line);
            if differ.iter().all(|d| d.line != exchange.line) || out.len() + there.len() >= ANSWERS {
                continue;
            }
            // What comes behind the result code is no part of the answer.
            let end = |lines: &&Vec<String>| lines.iter().position(|line| ResultCode::is_final(line));
            let Some(lines) = &exchange.lines else { continue };
            let Some(end) = end(&lines) else { continue };
            let rule = |nth| scenario::answered(command, nth, &lines[..=end]);
            let next = match tried {
                None => Some(rule(*sent)),
                Some((_, tried)) => Some(rule(heard)).filter(|_| *tried == rule(*sent) && heard != *sent),
            };
            out.extend(next.map(|next| (exchange.line, next)));
        }
        out
    }
}

/// What the host did, step by step, and what it heard after each.
fn exchanges(transcript: &Transcript) -> Vec<Exchange> {
    let mut out: Vec<Exchange> =
        vec![Exchange { line: 0, command: None, heard: vec![], lines: Some(vec![]) }];
    for step in &transcript.steps {
        let last = out.len() - 1;
        match &step.kind {
            Kind::Type(text) => {
                let command = String::from_utf8_lossy(text).into_owned();
                out.push(Exchange {
                    line: step.line,
                    command: Some(command),
                    heard: vec![],
                    lines: Some(vec![]),
                });
            }
            Kind::Send(_) => {
                out.push(Exchange { line: step.line, command: None, heard: vec![], lines: None })
            }
            Kind::Hear(pattern) => {
                let bytes = literal(pattern);
                if let Some(lines) = &mut out[last].lines {
                    lines.push(String::from_utf8_lossy(&bytes).into_owned());
                }
                out[last].heard.extend(bytes);
                out[last].heard.extend(b"\r\n");
            }
            Kind::Receive(pattern) => {
                out[last].heard.extend(literal(pattern));
                out[last].lines = None;
            }
            Kind::ReceiveGenerated(generated) => {
                let content = crate::transcript::content::Content::Generated(generated.clone());
                out[last].heard.extend(content.stream());
                out[last].lines = None;
            }
            _ => {}
        }
    }
    out
}

fn literal(pattern: &Pattern) -> Vec<u8> {
    let bytes = |part: &Part| match part {
        Part::Literal(bytes) => bytes.clone(),
        Part::Hole(hole) => hole.to_string().into_bytes(),
    };
    pattern.parts.iter().flat_map(bytes).collect()
}
