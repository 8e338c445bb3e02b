//! What is answered, with the fields that every answer bears.

use super::super::answer::{Answer, Wrong, line};
use super::super::key::Key;
use bytes::Bytes;
use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde_json::Value;
use std::io;

/// An answer: whole, or as it comes.
pub type Reply = Response<Either<Full<Bytes>, Channel<Bytes, io::Error>>>;

/// The page. It works as it is: no build, nothing from elsewhere.
const PAGE: &str = include_str!("../page.html");

/// What every answer bears: it is nobody's but its reader's, and is what it says it is.
const FIELDS: [(HeaderName, &str); 5] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

fn with(
    status: StatusCode,
    kind: &'static str,
    body: Either<Full<Bytes>, Channel<Bytes, io::Error>>,
) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    for (name, value) in FIELDS {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    reply
}

fn whole(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Reply {
    with(status, kind, Either::Left(Full::new(text.into())))
}

/// The page, of which only its own script and style are obeyed.
pub fn page() -> Reply {
    // Drawn anew each time, so that nothing which gets into the page can know it.
    let Ok(nonce) = Key::new() else {
        return refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            &Wrong::new("the system has no random octets", ""),
        );
    };
    let nonce = nonce.text();
    let text = PAGE.replacen("<script>", &format!("<script nonce=\"{nonce}\">"), 1).replacen(
        "<style>",
        &format!("<style nonce=\"{nonce}\">"),
        1,
    );
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut reply = whole(StatusCode::OK, "text/html; charset=utf-8", text);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        reply.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    reply
}

/// A JSON value.
pub fn json(value: &Value) -> Reply {
    whole(StatusCode::OK, "application/json", value.to_string())
}

/// What came of a request of the control socket's.
pub fn answer(id: Option<Value>, answer: &Result<Answer, Wrong>) -> Reply {
    let status = if answer.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    whole(status, "application/json", line(id, answer))
}

/// A text of some kind that is to be kept as a file.
pub fn text(kind: &'static str, text: String) -> Reply {
    whole(StatusCode::OK, kind, text)
}

/// What is wrong, as JSON.
pub fn refusal_text(wrong: &Wrong) -> String {
    line(None, &Err(wrong.clone()))
}

/// What is wrong. A connection whose request was not heard to its end does not go on.
pub fn refusal(status: StatusCode, wrong: &Wrong) -> Reply {
    let mut reply = whole(status, "application/json", refusal_text(wrong));
    if matches!(status, StatusCode::FORBIDDEN | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    reply
}

/// The methods that there are.
pub fn not_allowed(methods: &'static str) -> Reply {
    let wrong = Wrong::new("this cannot be done here", format!("the methods are {methods}"));
    let mut reply = refusal(StatusCode::METHOD_NOT_ALLOWED, &wrong);
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    reply
}

/// Server-sent events.
pub fn events(body: Channel<Bytes, io::Error>) -> Reply {
    with(StatusCode::OK, "text/event-stream", Either::Right(body))
}

/// The content of a file, which no browser is to show as a page.
pub fn file(body: Channel<Bytes, io::Error>, len: u64) -> Reply {
    let mut reply = with(StatusCode::OK, "application/octet-stream", Either::Right(body));
    reply.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(len));
    reply.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    reply
}
