//! What of a recording is masked, and what the host has in its place.
//!
//! An importer puts a stand-in in the place of each personal value: of the same kind of characters, always the same for the
//! same value, and numbered (`00000000002`, `xxxxx3`). Who masks by hand writes `***` or `xxxx`.

use std::collections::BTreeMap;

/// What the host's values are that are masked in the recording.
#[derive(Clone, Debug, Default)]
pub struct Meant {
    /// By their stand-in.
    values: BTreeMap<String, String>,
    /// The stand-in of each value, by the place where it was used.
    places: BTreeMap<(String, String), String>,
}

/// What a stand-in stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Digits.
    Digits,
    /// Anything but digits alone, in the log; anything at all, at the desk.
    Text,
    /// Text, and nobody knows which: all values are masked alike.
    Any,
}

impl Meant {
    /// Whether a host's value may be what is masked in a recorded one.
    pub fn fits(&self, place: &str, recorded: &str, host: &str) -> bool {
        let Some(pairs) = pairs(recorded, host) else { return false };
        pairs.iter().all(|(masked, value)| {
            let known = self.values.get(*masked).is_none_or(|known| known == value);
            let other = self.places.get(&(place.to_owned(), (*value).to_owned()));
            known && other.is_none_or(|other| other == masked)
        })
    }

    /// The host's value was taken for the recorded one.
    pub fn learn(&mut self, place: &str, recorded: &str, host: &str) {
        for (masked, value) in pairs(recorded, host).unwrap_or_default() {
            self.values.insert(masked.to_owned(), value.to_owned());
            self.places.insert((place.to_owned(), value.to_owned()), masked.to_owned());
        }
    }
}

/// Each numbered stand-in in a recorded text with what the host has there; `None` where the texts differ otherwise.
fn pairs<'a>(recorded: &'a str, host: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let pieces = pieces(recorded);
    let words = pieces.iter().filter(|piece| is_word(piece)).count();
    let (mut rest, mut pairs) = (host, vec![]);
    for (at, piece) in pieces.iter().enumerate() {
        let Some(kind) = kind(piece, words == 1) else {
            rest = rest.strip_prefix(piece)?;
            continue;
        };
        let end = match pieces.get(at + 1) {
            Some(next) => rest.find(next)?,
            None => rest.len(),
        };
        let (value, behind) = rest.split_at(end);
        let digits = value.bytes().all(|b| b.is_ascii_digit());
        if value.is_empty() || kind == Kind::Digits && !digits {
            return None;
        }
        if kind != Kind::Any {
            pairs.push((*piece, value));
        }
        rest = behind;
    }
    rest.is_empty().then_some(pairs)
}

/// A text cut into words of letters, digits and stars, and what is between them.
fn pieces(text: &str) -> Vec<&str> {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'*';
    text.as_bytes()
        .chunk_by(|a, b| word(a) == word(b))
        .scan(0, |at, chunk| {
            let from = *at;
            *at += chunk.len();
            text.get(from..*at)
        })
        .collect()
}

fn is_word(piece: &str) -> bool {
    piece.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '*')
}

/// What a word is a stand-in of. Where it is not `alone` it needs to be longer: a path may have a folder `01`.
fn kind(word: &str, alone: bool) -> Option<Kind> {
    let number = word.trim_start_matches(['x', 'X']);
    let fill = word.len() - number.len();
    let digits = word.bytes().all(|b| b.is_ascii_digit());
    let noughts = word.len() - word.trim_start_matches('0').len();
    let is_number =
        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    match alone {
        _ if word.len() >= 3 && word.bytes().all(|b| b == b'*') => Some(Kind::Any),
        _ if word.len() >= 3 && number.is_empty() => Some(Kind::Any),
        true if fill >= 1 && is_number => Some(Kind::Text),
        true if digits && noughts >= 1 && word.len() >= 2 && noughts < word.len() => Some(Kind::Digits),
        false if fill >= 2 && is_number => Some(Kind::Text),
        false if digits && noughts >= 3 && word.len() >= 7 && noughts < word.len() => Some(Kind::Digits),
        _ => None,
    }
}
