//! TLS for FTPS (RFC 4217): the module's end as client, the server's end at the gate, neither with a socket of its own.

pub mod check;

use super::pipe::{Queue, WINDOW};
use crate::modem::net::Verify;
use bytes::Bytes;
use check::Check;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_ED25519};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Connection, Error, ServerConfig, ServerConnection};
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
    clients: BTreeMap<(Whose, Verify), Arc<ClientConfig>>,
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
                Some(server_config(&provider, certificates(chain)?, key)?)
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

    /// The client's end of a connection to a server of that name; else why there can be none.
    pub(super) fn client(
        &mut self,
        whose: Whose,
        name: &str,
        verify: &Verify,
    ) -> Result<TlsEnd, &'static str> {
        let key = (whose, verify.clone());
        let config = match self.clients.get(&key) {
            Some(config) => config.clone(),
            None => {
                let config = self.client_config(whose, verify)?;
                self.clients.entry(key).or_insert(Arc::new(config)).clone()
            }
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let name = ServerName::try_from(name.to_owned()).map_err(|_| check::NAMELESS)?;
        Ok(TlsEnd::new(ClientConnection::new(config, name).map_err(|e| check::words(&e))?.into()))
    }

    fn client_config(&self, whose: Whose, verify: &Verify) -> Result<ClientConfig, &'static str> {
        let check = match verify {
            Verify::Trusted => self.check.clone(),
            Verify::Nothing => Arc::new(Check::nothing(&self.provider)),
            Verify::Signed(by) => {
                let check = own_certificates(by).and_then(|roots| Check::against(&self.provider, &roots));
                Arc::new(check.map_err(|_| check::UNREADABLE)?)
            }
        };
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| check::words(&e))?
            .dangerous()
            .with_custom_certificate_verifier(check)
            .with_no_client_auth();
        if whose == Whose::Module {
            config.resumption = rustls::client::Resumption::disabled();
        }
        Ok(config)
    }

    pub(super) fn server(&mut self, name: &str) -> Result<TlsEnd, String> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let config = match (&self.given, self.made.get(name)) {
            (Some(config), _) | (None, Some(config)) => config.clone(),
            (None, None) => {
                let made = CertificateParams::new(vec![name.to_owned()]).and_then(|p| Ok((p, new_key()?)));
                let (mut params, key) = made.map_err(|e| e.to_string())?;
                params.serial_number = Some((self.made.len() as u64 + 2).into());
                let issuer = self.issuer()?;
                let leaf = params.signed_by(&key, issuer).map_err(|e| e.to_string())?;
                let chain = vec![leaf.der().clone(), issuer.der().clone()];
                let key = PrivateKeyDer::try_from(key.serialize_der())?;
                let config = server_config(&self.provider, chain, key)?;
                self.made.entry(name.to_owned()).or_insert(config).clone()
            }
        };
        Ok(TlsEnd::new(ServerConnection::new(config).map_err(|e| e.to_string())?.into()))
    }
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

fn server_config(
    provider: &Arc<CryptoProvider>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, String> {
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|e| format!("the server's certificate cannot be used: {e}"))?;
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
