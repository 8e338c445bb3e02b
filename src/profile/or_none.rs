//! A number, or the word that takes away what the profile that is extended says: TOML has no null.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// What stands in the file.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "write a number from 0 to 255, or \"none\"")]
pub(super) enum OrNone {
    Number(u8),
    Word(Word),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    None,
}

/// For `deserialize_with`.
///
/// # Errors
/// What is neither.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    Ok(match OrNone::deserialize(from)? {
        OrNone::Number(number) => Some(number),
        OrNone::Word(Word::None) => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::profile::Radio;

    #[test]
    fn a_number_or_the_word() {
        let read = |text: &str| toml::from_str::<Radio>(text).map(|radio| radio.technology);
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("technology = 9").unwrap(), Some(9));
        assert_eq!(read("technology = \"none\"").unwrap(), None);
        for wrong in ["technology = 256", "technology = \"no\"", "technology = false"] {
            let message = read(wrong).unwrap_err().to_string();
            assert!(message.contains("write a number from 0 to 255, or \"none\""), "{message}");
        }
    }
}
