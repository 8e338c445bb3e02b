//! `no_other_files`: nothing lies on the server that was not laid there, and that no expectation names.

use super::doubt::{self};
use super::file::Want;
use super::kind::{Built, SubjectKind};
use super::written::{WrittenExpectation, wrong};
use super::{Expectation, Subject, Watcher};
use crate::fault::{Files, Known, Problem, path_parts};
use crate::scenario::verdict::End;
use crate::scenario::{FileContent, Server};

pub(super) const NO_OTHER_FILES: SubjectKind = SubjectKind {
    key: "no_other_files",
    met: "when of the files that match (`\"*\"` are all) none lies on the server in the end but those of `[server]`, and those that another \
          expectation names with `file`",
    with: &[],
    example: "no_other_files = \"*\"",
    build,
    doubts: doubt::none,
};

/// Files, and those of them that may be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Others {
    within: Files,
    allowed: Vec<Files>,
}

fn build(written: &WrittenExpectation, _: &Known) -> Built {
    let within = written.no_other_files.clone().unwrap_or_default();
    let folder = within.trim_end_matches('/');
    if within.is_empty() || (within != "/" && path_parts(folder).is_none()) {
        let right = "write \"*\" for all, or such as \"upload/*\"";
        return Err(wrong("no_other_files", format!("`{within}` is no place on the server"), right));
    }
    if !within.contains('*') {
        let right = format!("write \"{}/*\", or `file` with `absent`", folder);
        return Err(wrong("no_other_files", format!("`{within}` is one file alone"), right));
    }
    let text = match within.as_str() {
        "*" => "no other files are on the server".to_owned(),
        within => format!("no other files {within} are on the server"),
    };
    let within = Files::from(within.as_str());
    Ok((Subject::Others(Others { within, allowed: vec![] }), text))
}

impl Others {
    /// Takes note of what may be there.
    pub(in crate::scenario) fn learn(&mut self, server: &Server, expectations: &[Expectation]) {
        for (path, content) in &server.files {
            self.allowed.push(Files::from(path.as_str()));
            if let FileContent::From(_) = content {
                self.allowed.push(Files::Matching(format!("{}/*", path.trim_matches('/')).as_str().into()));
            }
        }
        for expectation in expectations {
            if let Subject::File(wanted) = &expectation.subject
                && wanted.wants != [Want::Absent]
            {
                self.allowed.push(wanted.files.clone());
            }
        }
    }

    /// Takes note of more that lies there from the start.
    pub(in crate::scenario) fn allow(&mut self, paths: &[String]) {
        self.allowed.extend(paths.iter().cloned().map(Files::One));
    }

    /// That there can be others at all.
    pub(super) fn doubts_in(&self, of: &Expectation) -> Vec<Problem> {
        let Files::Matching(within) = &self.within else { return vec![] };
        let all = |allowed: &&Files| matches!(allowed, Files::Matching(pattern) if pattern.covers(within));
        let covers = self.allowed.iter().find(all);
        let problem = |allowed| {
            let what =
                format!("nothing can fail this: every such file is one of `{allowed}`, which is named");
            Problem::new(of.span.clone(), what, "name fewer files with `file`")
        };
        covers.map(problem).into_iter().collect()
    }
}

impl Watcher for Others {
    fn judge(&self, end: &mut End) -> (bool, String) {
        let found = end.disk.find(&self.within);
        let others: Vec<&str> = found
            .iter()
            .map(|(path, _)| path.as_str())
            .filter(|path| !self.allowed.iter().any(|allowed| allowed.hold(path)))
            .collect();
        match others.as_slice() {
            [] => (true, "there are none".to_owned()),
            others => (false, format!("there are {}", crate::fault::listed(others.iter().copied()))),
        }
    }

    fn copy(&self) -> Box<dyn Watcher> {
        Box::new(self.clone())
    }
}
