//! Which request is answered by what.

use super::super::answer::{Answer, Wrong};
use super::super::request::{Line, Request, Saved};
use super::super::steer::Control;
use super::reply::{self, Reply};
use super::{Site, Subject, body, files, stream};
use crate::disk::{plain, why};
use crate::fault;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::Value;
use std::fs::OpenOptions;
use std::path::Path;

type Refused = (StatusCode, Wrong);

/// What a path stands for.
enum Target<'a> {
    Page,
    Status,
    Faults,
    Fault(&'a str),
    Do,
    Trace,
    Kinds,
    Scenario,
    Files(&'a str),
}

impl<'a> Target<'a> {
    fn of(path: &'a str) -> Option<Target<'a>> {
        Some(match path {
            "/" => Target::Page,
            "/api/status" => Target::Status,
            "/api/faults" => Target::Faults,
            "/api/do" => Target::Do,
            "/api/trace" => Target::Trace,
            "/api/kinds" => Target::Kinds,
            "/api/scenario" => Target::Scenario,
            _ => match path.strip_prefix("/api/faults/") {
                Some(name) => Target::Fault(name),
                None => Target::Files(path.strip_prefix("/api/files/")?),
            },
        })
    }

    fn methods(&self) -> &'static str {
        match self {
            Target::Page | Target::Status | Target::Trace | Target::Kinds | Target::Scenario => "GET",
            Target::Faults => "GET, POST",
            Target::Fault(_) => "DELETE",
            Target::Do => "POST",
            Target::Files(_) => "GET, PUT, DELETE",
        }
    }
}

/// Answers a request.
pub(super) async fn answer(site: &Site, request: hyper::Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    if let Err(wrong) = site.guard.admits(&head) {
        return reply::refusal(StatusCode::FORBIDDEN, &wrong);
    }
    let Some(target) = Target::of(head.uri.path()) else {
        let right = "docs/api.md tells what there is";
        return reply::refusal(StatusCode::NOT_FOUND, &Wrong::new("there is nothing at this path", right));
    };
    let methods = target.methods();
    if !methods.split(", ").any(|method| method == head.method.as_str()) {
        return reply::not_allowed(methods);
    }
    let done = match (&target, &site.subject) {
        (Target::Page, _) => Ok(reply::page()),
        (Target::Kinds, _) => Ok(reply::json(&fault::form())),
        (Target::Trace, subject) => trace(&head, subject),
        (_, Subject::Live(control)) => live(control, &target, &head.method, body).await,
        (_, Subject::Over(_)) => {
            Err((StatusCode::NOT_FOUND, Wrong::new("the run is over", "its trace is at /api/trace")))
        }
    };
    done.unwrap_or_else(|(status, wrong)| reply::refusal(status, &wrong))
}

/// The records from behind the one that the client has seen last.
fn trace(head: &Parts, subject: &Subject) -> Result<Reply, Refused> {
    let last = head.headers.get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse().ok());
    let after = last.unwrap_or(0);
    Ok(reply::events(match subject {
        Subject::Live(control) => stream::live(control.history().clone(), after),
        Subject::Over(path) => stream::over(open(path)?, after),
    }))
}

fn open(path: &Path) -> Result<std::fs::File, Refused> {
    plain(path, OpenOptions::new().read(true))
        .map_err(|e| (StatusCode::NOT_FOUND, Wrong::new(format!("{}: {}", path.display(), why(&e)), "")))
}

async fn live(
    control: &Control,
    target: &Target<'_>,
    method: &Method,
    body: Incoming,
) -> Result<Reply, Refused> {
    let root = || control.about().root.clone();
    Ok(match target {
        Target::Status => reply::answer(None, &control.ask(Request::Status {}).await),
        Target::Faults if *method == Method::GET => {
            reply::answer(None, &control.ask(Request::Faults {}).await)
        }
        Target::Faults => {
            let fault = serde_json::from_slice(&body::short(body).await?);
            let fault: Value = fault.map_err(|e| bad(format!("this is no JSON: {e}")))?;
            let inject = Request::Inject { name: None, fault: Some(fault) };
            reply::answer(None, &control.ask(inject).await)
        }
        Target::Fault(name) => {
            let name = files::text(name)?;
            reply::answer(None, &control.ask(Request::Lift { name: Some(name) }).await)
        }
        Target::Do => {
            let mut line =
                Line::parse(&body::short(body).await?).map_err(|wrong| (StatusCode::BAD_REQUEST, wrong))?;
            let id = line.id.take();
            reply::answer(id, &obey(control, line).await)
        }
        Target::Files(path) if *method == Method::GET => files::get(root(), path).await?,
        Target::Files(path) if *method == Method::PUT => files::put(root(), path, body).await?,
        Target::Files(path) => files::delete(root(), path).await?,
        Target::Scenario => match control.ask(Request::Save { what: Saved::Scenario }).await {
            Ok(Answer::Saved { text }) => reply::text("application/toml", text),
            other => reply::answer(None, &other),
        },
        Target::Page | Target::Trace | Target::Kinds => {
            return Err((StatusCode::NOT_FOUND, Wrong::new("there is nothing at this path", "")));
        }
    })
}

fn bad(what: String) -> Refused {
    (StatusCode::BAD_REQUEST, Wrong::new(what, "write {\"what\": {\"signal\": 2}, \"for\": \"20s\"}"))
}

async fn obey(control: &Control, line: Line) -> Result<Answer, Wrong> {
    match line.request()? {
        Request::Follow { .. } => {
            Err(Wrong::new("one answer cannot follow the trace", "GET /api/trace does"))
        }
        request => control.ask(request).await,
    }
}
