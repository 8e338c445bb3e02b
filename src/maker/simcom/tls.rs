//! AT+FTPSSL and AT+CSSLCFG: FTP under TLS ("SIM7080 Series_AT Command Manual" V1.02, 15.2.29 and 11.2.1).

use super::parameters::Argument;
use super::{Simcom, cfs};
use crate::at::args::Arg;
use crate::at::{ArgError, Arguments, FromArg, Int, Quoted, Text};
use crate::ftp::Security;
use crate::modem::net::{Offer, Tls, Verify, Version};
use crate::modem::{Cx, Reply, command};
use crate::words;
use bytes::Bytes;
use std::fmt;

/// The folder that `AT+CSSLCFG="CONVERT"` looks in: `/customer/`.
const FOLDER: usize = 3;

/// The certificates that were converted, in the flash.
const CONVERTED: &str = "CSSLCFG:";

/// What `AT+FTPSSL` and `AT+CSSLCFG` have set.
#[derive(Default)]
pub(super) struct TlsSettings {
    mode: Mode,
    index: usize,
    authorities: Argument<50>,
    certificate: Argument<50>,
    contexts: [Context; 6],
}

/// `<ssltype>` of `AT+FTPSSL`.
#[derive(Clone, Copy, Default)]
enum Mode {
    #[default]
    Clear = 0,
    Implicit = 1,
    Explicit = 2,
}

/// An SSL context of `AT+CSSLCFG`.
struct Context {
    version: Int<0, 5>,
    suites: [Option<Suite>; 8],
    ignores_clock: Int<0, 1>,
    protocol: Int<1, 2>,
    name: Text<253>,
}

impl Default for Context {
    fn default() -> Context {
        Context {
            version: Int::new(0),
            suites: [None; 8],
            ignores_clock: Int::new(1),
            protocol: Int::new(1),
            name: Text::default(),
        }
    }
}

impl Context {
    fn offer(&self) -> Offer {
        let version = match (self.protocol.get(), self.version.get()) {
            (2, _) | (_, 4 | 5) => Version::Datagram,
            (_, 1) => Version::Tls10,
            (_, 2) => Version::Tls11,
            (_, 3) => Version::Tls12,
            _ => Version::Any,
        };
        Offer { version, suites: self.suites.iter().flatten().map(|suite| suite.0).collect() }
    }
}

/// The cipher suites of 11.2.1.
const SUITES: [u16; 55] = [
    0x008A, 0x008B, 0x008C, 0x008D, 0x00A8, 0x00A9, 0x00AE, 0x00AF, 0x002F, 0x0033, 0x0035, 0x0039, 0x003C,
    0x003D, 0x0067, 0x006B, 0x009C, 0x009D, 0x009E, 0x009F, 0xC004, 0xC005, 0xC009, 0xC00A, 0xC00E, 0xC00F,
    0xC013, 0xC014, 0xC023, 0xC024, 0xC025, 0xC026, 0xC027, 0xC028, 0xC029, 0xC02A, 0xC02B, 0xC02C, 0xC02D,
    0xC02E, 0xC02F, 0xC030, 0xC031, 0xC032, 0xC09C, 0xC09D, 0xC09E, 0xC09F, 0xC0A0, 0xC0A1, 0xC0A2, 0xC0A3,
    0xCC13, 0xCC14, 0xCC15,
];

/// A cipher suite's number, `0x002F`: one of [`SUITES`].
#[derive(Clone, Copy)]
struct Suite(u16);

impl FromArg for Suite {
    fn from_arg(arg: Option<&Arg>) -> Result<Self, ArgError> {
        let text = Text::<6>::from_arg(arg)?.into_string();
        let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).filter(|digits| digits.len() == 4);
        let number =
            digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).ok_or(ArgError::Syntax)?;
        if SUITES.contains(&number) { Ok(Suite(number)) } else { Err(ArgError::Range) }
    }
    fn grammar(_: &mut fmt::Formatter) -> fmt::Result {
        Ok(())
    }
}

words! {
    /// What `AT+CSSLCFG` sets.
    enum What {
        Version = "SSLVERSION",
        Suite = "CIPHERSUITE",
        Clock = "IGNORERTCTIME",
        Protocol = "PROTOCOL",
        Name = "SNI",
        Context = "CTXINDEX",
        Convert = "CONVERT",
    }
}

/// 15.2.29: `AT+FTPSSL=<ssltype>,<index>,<ca list>,<cert name>`
pub(super) fn ftp(m: &mut Simcom, _: &mut Cx, args: FtpArgs) -> Reply {
    let (mode, index, authorities, certificate) = args;
    m.tls.mode = match mode.get() {
        0 => Mode::Clear,
        1 => Mode::Implicit,
        _ => Mode::Explicit,
    };
    m.tls.index = index.map_or(0, Int::size);
    m.tls.authorities = authorities.unwrap_or_default();
    m.tls.certificate = certificate.unwrap_or_default();
    Reply::Ok
}

type FtpArgs = (Int<0, 2>, Option<Int<0, 5>>, Option<Argument<50>>, Option<Argument<50>>);

/// `AT+FTPSSL?`
pub(super) fn ftp_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let TlsSettings { mode, index, authorities, certificate, .. } = &m.tls;
    cx.info(format_args!("{},{index},{authorities},{certificate}", *mode as u8));
    Reply::Ok
}

impl TlsSettings {
    /// How a session with this server is to be secured; `None` where a certificate that `AT+FTPSSL` names is not there.
    pub fn session(&self, cx: &Cx, server: &str) -> Option<(Security, Option<Tls>)> {
        let security = match self.mode {
            Mode::Clear => return Some((Security::Clear, None)),
            Mode::Implicit => Security::Implicit,
            Mode::Explicit => Security::Explicit,
        };
        let own = self.certificate.as_str();
        if !own.is_empty() && !cx.lasting.flash.contains_key(&converted(Kind::Certificate, own)) {
            return None;
        }
        let verify = match self.authorities.as_str() {
            "" => Verify::Nothing,
            name => Verify::Signed(octets(cx.lasting.flash.get(&converted(Kind::Authorities, name))?)),
        };
        let context = self.contexts.get(self.index)?;
        let name = if context.name.is_empty() { server } else { context.name.as_str() };
        Some((security, Some(Tls { name: name.into(), verify, offer: context.offer() })))
    }
}

/// The flash holds an octet in a character.
fn octets(text: &str) -> Bytes {
    text.chars().map(|c| u32::from(c) as u8).collect()
}

/// `<ssltype>` of `AT+CSSLCFG="CONVERT"`.
#[derive(Clone, Copy)]
enum Kind {
    Certificate = 1,
    Authorities = 2,
    Keys = 3,
}

fn converted(kind: Kind, name: &str) -> String {
    format!("{CONVERTED}{}:{name}", kind as u8)
}

/// 11.2.1: `AT+CSSLCFG="...",...`
pub(super) fn configure(m: &mut Simcom, cx: &mut Cx, args: Arguments) -> Reply {
    match What::from_arg(args.0.first()) {
        Ok(What::Version) => command::call(version, m, cx, &args),
        Ok(What::Suite) => command::call(suite, m, cx, &args),
        Ok(What::Clock) => command::call(clock, m, cx, &args),
        Ok(What::Protocol) => command::call(protocol, m, cx, &args),
        Ok(What::Name) => command::call(name, m, cx, &args),
        Ok(What::Context) => command::call(context, m, cx, &args),
        Ok(What::Convert) => command::call(convert, m, cx, &args),
        Err(error) => cx.refuse(error),
    }
}

type Index = Int<0, 5>;

fn version(m: &mut Simcom, _: &mut Cx, (_, index, version): (What, Index, Int<0, 5>)) -> Reply {
    m.tls.contexts[index.size()].version = version;
    Reply::Ok
}

fn suite(m: &mut Simcom, _: &mut Cx, args: (What, Index, Int<0, 7>, Suite)) -> Reply {
    let (_, index, place, suite) = args;
    m.tls.contexts[index.size()].suites[place.size()] = Some(suite);
    Reply::Ok
}

fn clock(m: &mut Simcom, _: &mut Cx, (_, index, ignores): (What, Index, Int<0, 1>)) -> Reply {
    m.tls.contexts[index.size()].ignores_clock = ignores;
    Reply::Ok
}

fn protocol(m: &mut Simcom, _: &mut Cx, (_, index, protocol): (What, Index, Int<1, 2>)) -> Reply {
    m.tls.contexts[index.size()].protocol = protocol;
    Reply::Ok
}

fn name(m: &mut Simcom, _: &mut Cx, (_, index, name): (What, Index, Text<253>)) -> Reply {
    m.tls.contexts[index.size()].name = name;
    Reply::Ok
}

/// `AT+CSSLCFG="CTXINDEX",<ctxindex>` prints the context.
fn context(m: &mut Simcom, cx: &mut Cx, (_, index): (What, Index)) -> Reply {
    let Context { version, suites, ignores_clock, protocol, name } = &m.tls.contexts[index.size()];
    let suites: Vec<_> = suites.iter().flatten().map(|suite| format!("0x{:04X}", suite.0)).collect();
    let suites = suites.join(" ");
    cx.info(format_args!("{index},{version},{suites},{ignores_clock},{protocol},{}", Quoted(name)));
    Reply::Ok
}

type ConvertArgs = (What, Int<1, 3>, Text<50>, Option<Text<50>>, Option<Text<50>>);

/// `AT+CSSLCFG="CONVERT",<ssltype>,<cname>[,<keyname>[,<passkey>]]`: a file of `/customer/` becomes one that TLS takes.
fn convert(m: &mut Simcom, cx: &mut Cx, (_, kind, name, key, _): ConvertArgs) -> Reply {
    let kind = match kind.get() {
        1 => Kind::Certificate,
        2 => Kind::Authorities,
        _ => Kind::Keys,
    };
    let content = |name: &str| m.cfs.files.content(&cfs::path(FOLDER, name));
    let key = key.as_deref().filter(|key| !key.is_empty());
    let Some(file) = content(&name).filter(|_| key.is_none_or(|key| content(key).is_some())) else {
        return Reply::Cme(super::NOT_FOUND);
    };
    if !matches!(kind, Kind::Keys) && !is_certificate(file) {
        return cx.refuse_state();
    }
    let text = file.iter().copied().map(char::from).collect();
    cx.core.lasting.flash.insert(converted(kind, &name), text);
    Reply::Ok
}

/// Whether a file looks like a certificate in PEM or DER (RFC 7468 section 5, X.690 section 8.9).
fn is_certificate(file: &[u8]) -> bool {
    const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
    file.starts_with(&[0x30]) || file.windows(PEM.len()).any(|part| part == PEM)
}

/// `AT+CSSLCFG=?`. The lengths are those of the example in the manual V1.05.
pub(super) fn configure_test(_: &mut Simcom, cx: &mut Cx) -> Reply {
    let suites = SUITES.map(|suite| format!("0x{suite:04X}")).join(",");
    cx.info("\"SSLVERSION\",(0-5),(0-5)");
    cx.info(format_args!("\"CIPHERSUITE\",(0-5),(0-7),({suites})"));
    cx.info("\"IGNORERTCTIME\",(0-5),(0-1)");
    cx.info("\"PROTOCOL\",(0-5),(1-2)");
    cx.info("\"SNI\",(0-5),253");
    cx.info("\"CTXINDEX\",(0-5)");
    cx.info("\"CONVERT\",(1-3),50,50,50");
    Reply::Ok
}

/// `AT+CSSLCFG?`
pub(super) fn configure_read(_: &mut Simcom, _: &mut Cx) -> Reply {
    Reply::Ok
}
