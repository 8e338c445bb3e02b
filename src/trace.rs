//! trace: the timeline: JSON Lines, pcapng.
