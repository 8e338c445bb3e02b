//! TLS for FTPS (RFC 4217): the module's end as client, the server's end at the gate, neither with a socket of its own.

pub mod check;

use super::pipe::{Queue, WINDOW};
use crate::modem::net::{Offer, Tls, Verify, Version};
use bytes::Bytes;
use check::Check;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ED25519,
    PKCS_RSA_SHA256,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, Connection, Error, ServerConfig, ServerConnection, SignatureScheme,
};
use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::sync::Arc;

/// The certificates of both ends, in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The built-in server's chain and key; `None` has one made for each name at its first use.
    pub server: Option<(String, String)>,
    /// What a module trusts that checks certificates.
    pub roots: Option<String>,
}

/// Makes the ends of TLS connections. Keys and certificates, which cost time, are made at their first use.
pub struct TlsSetup {
    provider: Arc<CryptoProvider>,
    roots: Vec<CertificateDer<'static>>,
    /// What a module asks of a certificate, where it checks one.
    check: Arc<Check>,
    given: Option<Arc<ServerConfig>>,
    authority: Option<CertifiedIssuer<'static, KeyPair>>,
    made: BTreeMap<String, Arc<ServerConfig>>,
    clients: BTreeMap<(Whose, Verify, Offer), Arc<ClientConfig>>,
}

/// Whose end a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// The module's. It keeps no sessions, so it gets no session tickets: one would look like data that nobody asked for.
    Module,
    /// Many real servers take a data connection only where it resumes the session of its control
    /// connection.
    Gate,
}

impl TlsSetup {
    /// Reads the files' contents.
    ///
    /// # Errors
    /// Says which of them is no PEM, or why key and chain cannot be used.
    pub fn new(files: &TlsFiles) -> Result<TlsSetup, String> {
        let provider = Arc::new(ring::default_provider());
        let roots = files.roots.as_deref().map_or(Ok(vec![]), certificates)?;
        let check = Check::against(&provider, &roots);
        let check = Arc::new(check.map_err(|e| format!("a trusted root cannot be used: {e}"))?);
        let given = match &files.server {
            Some((chain, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
                    .map_err(|e| format!("the server's key is no PEM: {e}"))?;
                let key = certified(&provider, certificates(chain)?, key)?;
                Some(server_config(&provider, Arc::new(ByKey { ed25519: key.clone(), rsa: key }))?)
            }
            None => None,
        };
        let (made, clients) = (BTreeMap::new(), BTreeMap::new());
        Ok(TlsSetup { provider, roots, check, given, authority: None, made, clients })
    }

    /// The certificate (PEM) of the authority that signs the made certificates, to be trusted by a
    /// module that checks.
    ///
    /// # Errors
    /// Says why none can be made.
    pub fn authority(&mut self) -> Result<String, String> {
        Ok(self.issuer()?.pem())
    }

    /// Trusts the made certificates' authority.
    ///
    /// # Errors
    /// Says why none can be made.
    pub fn trust_authority(&mut self) -> Result<(), String> {
        let root = self.issuer()?.der().clone();
        self.clients.clear();
        self.roots.push(root);
        self.check = Arc::new(Check::against(&self.provider, &self.roots)?);
        Ok(())
    }

    /// A certificate for a server of that name, with this key.
    fn certify(
        &mut self,
        name: &str,
        serial: u64,
        key: Result<KeyPair, rcgen::Error>,
    ) -> Result<Arc<CertifiedKey>, String> {
        let made = CertificateParams::new(vec![name.to_owned()]).and_then(|p| Ok((p, key?)));
        let (mut params, key) = made.map_err(|e| e.to_string())?;
        params.serial_number = Some(serial.into());
        let issuer = self.issuer()?;
        let leaf = params.signed_by(&key, issuer).map_err(|e| e.to_string())?;
        let chain = vec![leaf.der().clone(), issuer.der().clone()];
        certified(&self.provider, chain, PrivateKeyDer::try_from(key.serialize_der())?)
    }

    fn issuer(&mut self) -> Result<&CertifiedIssuer<'static, KeyPair>, String> {
        if self.authority.is_none() {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(DnType::CommonName, "badline test authority");
            params.serial_number = Some(1.into());
            let made = new_key().and_then(|key| CertifiedIssuer::self_signed(params, key));
            self.authority = Some(made.map_err(|e| format!("no certificate can be made: {e}"))?);
        }
        self.authority.as_ref().ok_or_else(|| "no authority".to_owned())
    }

    /// Whether there can be a client like that.
    pub(super) fn can(&self, tls: &Tls) -> bool {
        self.client_config(Whose::Gate, tls).is_ok()
    }

    /// The client's end of a connection; else why there can be none.
    pub(super) fn client(&mut self, whose: Whose, tls: &Tls) -> Result<TlsEnd, &'static str> {
        let key = (whose, tls.verify.clone(), tls.offer.clone());
        let config = match self.clients.get(&key) {
            Some(config) => config.clone(),
            None => {
                let config = self.client_config(whose, tls)?;
                self.clients.entry(key).or_insert(Arc::new(config)).clone()
            }
        };
        let name = tls.name.strip_suffix('.').unwrap_or(&tls.name);
        let name = ServerName::try_from(name.to_owned()).map_err(|_| check::NAMELESS)?;
        Ok(TlsEnd::new(ClientConnection::new(config, name).map_err(|e| check::words(&e))?.into()))
    }

    fn client_config(&self, whose: Whose, tls: &Tls) -> Result<ClientConfig, &'static str> {
        let check = match &tls.verify {
            Verify::Trusted => self.check.clone(),
            Verify::Nothing => Arc::new(Check::nothing(&self.provider)),
            Verify::Signed(by) => {
                let check = own_certificates(by).and_then(|roots| Check::against(&self.provider, &roots));
                Arc::new(check.map_err(|_| check::UNREADABLE)?)
            }
        };
        let versions: &[_] = match tls.offer.version {
            Version::Any => rustls::ALL_VERSIONS,
            Version::Tls12 => &[&rustls::version::TLS12],
            Version::Tls10 => return Err(check::TLS_1_0),
            Version::Tls11 => return Err(check::TLS_1_1),
            Version::Datagram => return Err(check::DATAGRAM),
        };
        let mut config = ClientConfig::builder_with_provider(self.offered(&tls.offer.suites))
            .with_protocol_versions(versions)
            .map_err(|_| check::SUITES)?
            .dangerous()
            .with_custom_certificate_verifier(check)
            .with_no_client_auth();
        if whose == Whose::Module {
            config.resumption = rustls::client::Resumption::disabled();
        }
        Ok(config)
    }

    /// What a client works with that offers these cipher suites alone.
    fn offered(&self, suites: &[u16]) -> Arc<CryptoProvider> {
        if suites.is_empty() {
            return self.provider.clone();
        }
        let has = &self.provider.cipher_suites;
        let find = |number: &u16| has.iter().find(|suite| u16::from(suite.suite()) == *number).copied();
        let cipher_suites = suites.iter().filter_map(find).collect();
        Arc::new(CryptoProvider { cipher_suites, ..CryptoProvider::clone(&self.provider) })
    }

    pub(super) fn server(&mut self, name: &str) -> Result<TlsEnd, String> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let config = match (&self.given, self.made.get(name)) {
            (Some(config), _) | (None, Some(config)) => config.clone(),
            (None, None) => {
                let serial = self.made.len() as u64 * 2 + 2;
                let made = ByKey {
                    ed25519: self.certify(name, serial, new_key())?,
                    rsa: self.certify(name, serial + 1, rsa_key())?,
                };
                let config = server_config(&self.provider, Arc::new(made))?;
                self.made.entry(name.to_owned()).or_insert(config).clone()
            }
        };
        Ok(TlsEnd::new(ServerConnection::new(config).map_err(|e| e.to_string())?.into()))
    }
}

/// The certificates of a server: the cipher suites of TLS 1.2 are each for one kind of key.
#[derive(Debug)]
struct ByKey {
    ed25519: Arc<CertifiedKey>,
    rsa: Arc<CertifiedKey>,
}

impl ResolvesServerCert for ByKey {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // rustls has left out what fits none of the client's cipher suites.
        let modern = hello.signature_schemes().contains(&SignatureScheme::ED25519);
        Some(if modern { &self.ed25519 } else { &self.rsa }.clone())
    }
}

/// The built-in server's key for clients that know RSA alone. Making one takes seconds; this one is no secret, and its
/// certificate is signed by an authority that lives as long as the run.
fn rsa_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::from_pem_and_sign_algo(include_str!("tls/rsa.pem"), &PKCS_RSA_SHA256)
}

/// Ed25519 signatures and keys are of one length, so that two runs have records of the same lengths.
fn new_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ED25519)
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err("holds no certificate in PEM".into()),
        Err(e) => Err(format!("is no certificate in PEM: {e}")),
    }
}

/// Certificates that a module has stored: PEM, or one in DER.
fn own_certificates(stored: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    match std::str::from_utf8(stored) {
        Ok(text) if text.contains("-----BEGIN") => certificates(text),
        _ => Ok(vec![CertificateDer::from(stored.to_vec())]),
    }
}

fn certified(
    provider: &CryptoProvider,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<CertifiedKey>, String> {
    let made = CertifiedKey::from_der(chain, key, provider);
    made.map(Arc::new).map_err(|e| format!("the server's certificate cannot be used: {e}"))
}

fn server_config(
    provider: &Arc<CryptoProvider>,
    certificates: Arc<ByKey>,
) -> Result<Arc<ServerConfig>, String> {
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// One end of a TLS connection: plain octets on one side, records on the other.
pub(super) struct TlsEnd {
    connection: Connection,
    plain: Queue,
    /// The far end has said that it sends nothing more.
    over: bool,
    written: u64,
    confirmed: u64,
    /// Where on the wire a write of plain octets ends, and how many it had.
    marks: VecDeque<(u64, usize)>,
}

impl TlsEnd {
    fn new(mut connection: Connection) -> TlsEnd {
        connection.set_buffer_limit(None);
        TlsEnd {
            connection,
            plain: Queue::default(),
            over: false,
            written: 0,
            confirmed: 0,
            marks: VecDeque::new(),
        }
    }

    pub fn handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Encrypts; gives the records to be sent.
    pub fn write(&mut self, plain: &[u8]) -> Bytes {
        // Writing to memory without a limit cannot fail.
        let _ = self.connection.writer().write_all(plain);
        let records = self.records();
        self.marks.push_back((self.written, plain.len()));
        records
    }

    /// Says that nothing more will be sent.
    pub fn close(&mut self) -> Bytes {
        self.connection.send_close_notify();
        self.records()
    }

    /// Records that wait to be sent: handshake, alerts.
    pub fn records(&mut self) -> Bytes {
        let mut records = vec![];
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut records).is_err() {
                break;
            }
        }
        self.written += records.len() as u64;
        records.into()
    }

    /// Decrypts what arrived; there may be an answer in [`records`](TlsEnd::records), after an error too.
    pub fn read(&mut self, mut records: &[u8]) -> Result<(), Error> {
        while !records.is_empty() {
            let read = self.connection.read_tls(&mut records).map_err(|e| Error::General(e.to_string()))?;
            let state = self.connection.process_new_packets()?;
            self.over |= state.peer_has_closed();
            let mut plain = vec![0; state.plaintext_bytes_to_read()];
            let n = self.connection.reader().read(&mut plain).unwrap_or(0);
            plain.truncate(n);
            self.plain.push(plain.into());
            if read == 0 {
                break;
            }
        }
        Ok(())
    }

    pub fn take(&mut self, max: usize) -> Option<Bytes> {
        self.plain.take(max)
    }

    pub fn readable(&self) -> bool {
        self.plain.len > 0
    }

    /// Whether the far end has said that it sends nothing more, and all before it was taken.
    pub fn ended(&self) -> bool {
        self.over && !self.readable()
    }

    /// Whether its reader is so far behind that no more should be decrypted.
    pub fn full(&self) -> bool {
        self.plain.len >= WINDOW
    }

    /// The link took `records` octets; gives how many plain ones that completes.
    pub fn confirm(&mut self, records: usize) -> usize {
        self.confirmed += records as u64;
        let mut plain = 0;
        while let Some((_, n)) = self.marks.front().filter(|(end, _)| *end <= self.confirmed) {
            plain += n;
            self.marks.pop_front();
        }
        plain
    }
}
