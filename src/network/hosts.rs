//! Where names and addresses lead: `[hosts]` of a scenario.

use crate::scenario::Target;
use core::net::Ipv4Addr;
use std::collections::BTreeMap;

/// A mistake in `[hosts]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("host `{name}`: {message}")]
pub struct HostsError {
    /// The entry, as it was written.
    pub name: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

/// The answer to a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// The name's address.
    Address(Ipv4Addr),
    /// The name does not exist.
    NxDomain,
    /// No answer.
    Silence,
}

/// The part of an address in 198.18.0.0/15 that is a name's own.
const MASK: u32 = 0x1_ffff;

/// The map of names and dotted addresses, and the virtual addresses that names were given.
///
/// A name's address lies in 198.18.0.0/15 (set aside for tests of network devices, RFC 2544) and
/// follows from the name, so that it is the same in each run.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    names: BTreeMap<String, Target>,
    addresses: BTreeMap<Ipv4Addr, Target>,
    owners: BTreeMap<Ipv4Addr, String>,
}

impl Hosts {
    /// Reads `name = target` pairs.
    ///
    /// # Errors
    /// Names the first entry whose name is no host name, whose target is none, or which is there twice.
    pub fn parse<N, T>(entries: impl IntoIterator<Item = (N, T)>) -> Result<Hosts, HostsError>
    where
        N: AsRef<str>,
        T: AsRef<str>,
    {
        let mut hosts = Hosts::default();
        for (name, target) in entries {
            let name = name.as_ref();
            let fail = |message: String| HostsError { name: name.to_owned(), message };
            let target = target.as_ref().parse().map_err(fail)?;
            hosts.add(name, target).map_err(fail)?;
        }
        Ok(hosts)
    }

    /// Maps one name or dotted address that is not mapped yet.
    ///
    /// # Errors
    /// As [`set`](Hosts::set), and where it is there already.
    pub fn add(&mut self, name: &str, target: Target) -> Result<(), String> {
        match self.set(name, target)? {
            None => Ok(()),
            Some(_) => Err("is there twice (case and a dot at the end do not count)".into()),
        }
    }

    /// Whether two names or dotted addresses are of one host.
    pub fn is_same(name: &str, other: &str) -> bool {
        match (dotted(name), dotted(other)) {
            (None, None) => normal(name) == normal(other),
            (address, other) => address == other,
        }
    }

    /// Maps one name or dotted address; gives what it was mapped to before.
    ///
    /// # Errors
    /// Says why it is no host name, or why an address cannot have this target.
    pub fn set(&mut self, name: &str, target: Target) -> Result<Option<Target>, String> {
        if let Some(address) = dotted(name) {
            return match target {
                Target::NxDomain | Target::DnsSilence => Err(format!(
                    "an address is not looked up, so it cannot be `{target}`; use refused, blackhole or unreachable"
                )),
                _ => Ok(self.addresses.insert(address, target)),
            };
        }
        let key = normal(name);
        match is_name(&key) {
            true => Ok(self.names.insert(key, target)),
            false => Err("is no host name and no dotted address".into()),
        }
    }

    /// Looks a name up. A dotted address is its own answer; what is no host name is nobody's.
    pub fn look_up(&mut self, name: &str) -> LookUp {
        if let Some(address) = dotted(name) {
            return LookUp::Address(address);
        }
        let key = normal(name);
        match self.names.get(&key) {
            _ if !is_name(&key) => LookUp::NxDomain,
            Some(Target::NxDomain) => LookUp::NxDomain,
            Some(Target::DnsSilence) => LookUp::Silence,
            _ => self.address_of(key).map_or(LookUp::Silence, LookUp::Address),
        }
    }

    /// Where an address leads.
    pub fn target(&self, address: Ipv4Addr) -> Target {
        let found = match self.owners.get(&address) {
            Some(name) => self.names.get(name),
            None => self.addresses.get(&address),
        };
        match found.copied().unwrap_or_default() {
            // The name came to be silent after it had been looked up: the host itself is still there.
            Target::NxDomain | Target::DnsSilence => Target::Builtin,
            target => target,
        }
    }

    /// The name that an address was given for.
    pub fn owner(&self, address: Ipv4Addr) -> Option<&str> {
        self.owners.get(&address).map(String::as_str)
    }

    /// `None` where every address is some name's already.
    fn address_of(&mut self, key: String) -> Option<Ipv4Addr> {
        let mut offset =
            key.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
        for _ in 0..=MASK {
            let address = Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, 0).to_bits() | (offset & MASK));
            let usable = !matches!(address.octets()[3], 0 | 255);
            match self.owners.get(&address) {
                Some(owner) if *owner == key => return Some(address),
                None if usable => {
                    self.owners.insert(address, key);
                    return Some(address);
                }
                _ => offset = offset.wrapping_add(1),
            }
        }
        None
    }
}

fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// A host name (RFC 1123 section 2.1), with the underscore that many use. Four numbers are an address gone wrong.
fn is_name(name: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let numbers = name.split('.').all(|l| l.bytes().all(|b| b.is_ascii_digit()));
    name.len() <= 253 && name.split('.').all(label) && !(numbers && name.split('.').count() == 4)
}

/// Hosts write `010.001.002.003` too, which the standard parser refuses.
fn dotted(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part =
            parts.next().filter(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_one_address_whatever_its_case() {
        let mut hosts = Hosts::default();
        let LookUp::Address(a) = hosts.look_up("FTP.Example.") else { panic!("no address") };
        assert_eq!(hosts.look_up("ftp.example"), LookUp::Address(a));
        assert_eq!(Hosts::default().look_up("ftp.example"), LookUp::Address(a));
        assert_eq!(a.octets()[0], 198);
        assert_eq!(hosts.target(a), Target::Builtin);
        assert_eq!(hosts.look_up("010.001.2.3"), LookUp::Address(Ipv4Addr::new(10, 1, 2, 3)));
    }

    #[test]
    fn the_map_decides() {
        let mut hosts = Hosts::parse([
            ("Echo.Example", "127.0.0.1:7007"),
            ("gone.example", "nxdomain"),
            ("mute.example", "dns-silence"),
            ("10.9.8.7", "blackhole"),
        ])
        .unwrap();
        assert_eq!(hosts.look_up("gone.example"), LookUp::NxDomain);
        assert_eq!(hosts.look_up("mute.example"), LookUp::Silence);
        assert_eq!(hosts.target(Ipv4Addr::new(10, 9, 8, 7)), Target::Blackhole);
        assert_eq!(hosts.target(Ipv4Addr::new(10, 9, 8, 6)), Target::Builtin);
        let LookUp::Address(a) = hosts.look_up("echo.example") else { panic!("no address") };
        assert_eq!(hosts.target(a), Target::Address("127.0.0.1:7007".parse().unwrap()));
    }

    #[test]
    fn a_mistake_says_what_would_be_right() {
        let wrong = |name: &str, target: &str| Hosts::parse([(name, target)]).unwrap_err().to_string();
        assert!(wrong("a.b", "127.0.0.1").contains("ADDRESS:PORT"));
        assert!(wrong("a.b", "127.0.0.1:0").contains("port 0"));
        assert!(wrong("1.2.3.4", "nxdomain").contains("not looked up"));
        assert!(wrong("a b", "builtin").contains("no host name"));
        assert!(Hosts::parse([("a", "refused"), ("A.", "refused")]).is_err());
    }

    #[test]
    fn what_is_no_host_name_is_nobodys() {
        let mut hosts = Hosts::default();
        let long = format!("{}.example", "a".repeat(64));
        let names = [
            "",
            ".",
            "a..b",
            "ftp://h/",
            "ftp.example.com:21",
            "a b",
            "h\u{e9}",
            "1.2.3.999",
            "1.2.3.1000",
            &long,
        ];
        for name in names {
            assert_eq!(hosts.look_up(name), LookUp::NxDomain, "{name}");
        }
        for name in ["localhost", "a_b.example", "3com.example.", "x--y", "1.2.3.4a", "256.1.1"] {
            assert!(matches!(hosts.look_up(name), LookUp::Address(_)), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_can_be_looked_up(name in ".*") {
            let mut hosts = Hosts::default();
            if let LookUp::Address(a) = hosts.look_up(&name) {
                prop_assert_eq!(hosts.look_up(&name), LookUp::Address(a));
            }
        }
    }
}
