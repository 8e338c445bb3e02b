//! `[hosts]` and `[forward]`: where names lead, and what the outside can reach.

use core::net::SocketAddr;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Where a host name or an address leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Target {
    /// To the built-in server.
    #[default]
    Builtin,
    /// To a real one.
    Address(SocketAddr),
    /// The name does not exist.
    NxDomain,
    /// The name server does not answer.
    DnsSilence,
    /// The host answers with RST.
    Refused,
    /// The host does not answer.
    Blackhole,
    /// There is no route to the host.
    Unreachable,
}

const WORDS: [(&str, Target); 6] = [
    ("builtin", Target::Builtin),
    ("nxdomain", Target::NxDomain),
    ("dns-silence", Target::DnsSilence),
    ("refused", Target::Refused),
    ("blackhole", Target::Blackhole),
    ("unreachable", Target::Unreachable),
];

impl FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Target, String> {
        if let Some((_, target)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(*target);
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return match address.port() {
                0 => Err(format!("`{text}` has port 0; a host is reached on a port from 1 to 65535")),
                _ => Ok(Target::Address(address)),
            };
        }
        let words = WORDS.map(|(word, _)| word).join(", ");
        Err(format!("`{text}` is no target; write ADDRESS:PORT (such as 127.0.0.1:7007) or one of {words}"))
    }
}

impl TryFrom<String> for Target {
    type Error = String;
    fn try_from(text: String) -> Result<Target, String> {
        text.parse()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Target::Address(address) => address.fmt(f),
            word => f.write_str(WORDS.iter().find(|(_, t)| t == word).map_or("", |(w, _)| w)),
        }
    }
}

impl JsonSchema for Target {
    fn schema_name() -> Cow<'static, str> {
        "Target".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{"enum": WORDS.map(|(word, _)| word)}, {"type": "string", "pattern": ":[0-9]+$"}],
            "description": "Where it leads: ADDRESS:PORT or a word"
        })
    }
}

/// A port of the module, as a key of `[forward]`: TCP and UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct ModulePort(pub u16);

impl TryFrom<String> for ModulePort {
    type Error = String;
    fn try_from(text: String) -> Result<ModulePort, String> {
        match text.parse::<u16>() {
            Ok(port) if port > 0 => Ok(ModulePort(port)),
            _ => Err(format!("`{text}` is no port; write a number from 1 to 65535")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_a_target_prints_it_parses(port in 1u16.., word in 0usize..6) {
            for target in [WORDS[word].1, Target::Address(SocketAddr::from(([127, 0, 0, 1], port)))] {
                prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
            }
        }
    }
}
