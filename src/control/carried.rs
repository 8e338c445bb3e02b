//! What has moved on each connection of a run, for faults that were injected to wait for bytes or for a connection.

use crate::fault::{Amount, Direction, LinkKind, Links, Way};
use crate::trace::Event;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// So many connections are kept.
const MOST: usize = 2000;

/// How many octets have moved on each connection, by its number: up and down.
#[derive(Clone, Debug, Default)]
pub struct Carried(BTreeMap<u32, (LinkKind, [u64; 2])>);

impl Carried {
    /// Takes in what happened.
    pub fn observe(&mut self, event: &Event) {
        match event {
            Event::LinkOpened { link, kind, .. } if self.0.len() < MOST => {
                self.0.insert(*link, (*kind, [0, 0]));
            }
            Event::Segment { link, way, len } => {
                if let Some((_, moved)) = self.0.get_mut(link) {
                    moved[usize::from(*way == Way::Down)] += *len as u64;
                }
            }
            _ => {}
        }
    }

    /// How often what a `when` waits for has happened, where it waits for a connection or for bytes on one.
    pub fn before(&self, when: &Value) -> u64 {
        let opened = key::<Links>(when, "opened").map(|links| (links, Direction::Both, 0));
        let bytes = key::<Amount>(when, "after_bytes").map(|bytes| {
            let links = key(when, "link").unwrap_or(Links::All);
            (links, key(when, "direction").unwrap_or_default(), bytes.0)
        });
        let Some((links, direction, least)) = opened.or(bytes) else { return 0 };
        let moved = |[up, down]: [u64; 2]| match direction {
            Direction::Up => up,
            Direction::Down => down,
            Direction::Both => up + down,
        };
        self.0.values().filter(|(kind, bytes)| links.cover(*kind) && moved(*bytes) >= least).count() as u64
    }
}

fn key<T: DeserializeOwned>(when: &Value, key: &str) -> Option<T> {
    serde_json::from_value(when[key].clone()).ok()
}
