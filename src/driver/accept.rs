//! When a listener cannot accept a caller.

use crate::disk::why;
use std::io;
use std::time::Duration;

/// Out of descriptors, most likely: the caller still waits, and a loop without a pause would spin.
const PAUSE: Duration = Duration::from_millis(100);

/// Says that `what` could not accept a caller, and waits until that may have changed. The system tells nobody when.
pub async fn failed(what: &str, error: &io::Error) {
    tracing::warn!("{what} cannot accept a caller: {}", why(error));
    tokio::time::sleep(PAUSE).await;
}
