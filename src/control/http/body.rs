//! The bodies of requests, read within limits.

use super::super::answer::Wrong;
use super::super::serve::LONGEST;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::{Body, Incoming};
use std::time::Duration;
use tokio::time::timeout;

/// How long a client may send nothing of what it has announced.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The whole of a short one.
///
/// # Errors
/// It is too long, or does not come.
pub async fn short(body: Incoming) -> Result<Bytes, (StatusCode, Wrong)> {
    let limit = LONGEST as u64;
    if body.size_hint().lower() > limit {
        return Err(too_long(limit));
    }
    match timeout(PATIENCE, Limited::new(body, LONGEST).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => Err(too_long(limit)),
        Ok(Err(e)) => Err((StatusCode::BAD_REQUEST, Wrong::new(format!("the body cannot be read: {e}"), ""))),
        Err(_) => Err(too_slow()),
    }
}

/// Which limit was passed.
pub fn too_long(limit: u64) -> (StatusCode, Wrong) {
    (StatusCode::PAYLOAD_TOO_LARGE, Wrong::new(format!("the body is longer than {limit} octets"), ""))
}

/// Nothing came.
pub fn too_slow() -> (StatusCode, Wrong) {
    let text = format!("nothing came for {} s", PATIENCE.as_secs());
    (StatusCode::REQUEST_TIMEOUT, Wrong::new(text, ""))
}
