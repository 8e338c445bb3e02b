//! Which certificates a client takes, and why a handshake comes to nothing, in words.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// The far end has closed the connection in the middle of its handshake.
pub const CLOSED: &str = "the far end closes the connection";
/// What comes at a port of FTPS from a module that was not told so.
pub const PLAIN: &str = "the module does not speak TLS";
/// A name that no certificate can bear.
pub const NAMELESS: &str = "no certificate can be for such a name";
/// What a module has stored as its certificates is none.
pub const UNREADABLE: &str = "the module's own certificate cannot be read";
/// What the module's cipher suites lead to.
pub const SUITES: &str = "none of the module's cipher suites is one that the server takes";
/// What the module's version leads to.
pub const TLS_1_0: &str = "the module offers TLS 1.0 alone, which the server does not take";
/// What the module's version leads to.
pub const TLS_1_1: &str = "the module offers TLS 1.1 alone, which the server does not take";
/// What the module's version leads to.
pub const DATAGRAM: &str = "the module offers DTLS alone, which is not for TCP";
/// What a fault wants.
pub const WANTED: &str = "a fault wants it to fail";

/// Why a handshake has failed.
pub fn words(error: &Error) -> &'static str {
    use CertificateError as Bad;
    match error {
        Error::InvalidCertificate(bad) => match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => "the certificate has expired",
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => "the certificate is not valid yet",
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                "the certificate is for another name"
            }
            Bad::UnknownIssuer => "the certificate is not trusted, nor is who signed it",
            Bad::BadEncoding => "the certificate cannot be read",
            Bad::BadSignature => "the certificate's signature is wrong",
            _ => "the certificate is not a server's, and is not trusted itself",
        },
        Error::AlertReceived(_) => "the far end breaks the handshake off",
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => "the far end does not speak TLS",
        Error::PeerIncompatible(_) => "both ends have no version or cipher in common",
        _ => "the handshake fails",
    }
}

/// What a client asks of a certificate; signatures must be right in any case.
#[derive(Debug)]
pub struct Check {
    provider: Arc<CryptoProvider>,
    takes: Takes,
}

#[derive(Debug)]
enum Takes {
    Any,
    /// Nobody is trusted.
    None,
    /// What a root has signed, and the roots themselves, as one that `openssl req -x509` made.
    Rooted(Arc<WebPkiServerVerifier>, Vec<CertificateDer<'static>>),
}

impl Check {
    /// Any certificate will do.
    pub fn nothing(provider: &Arc<CryptoProvider>) -> Check {
        Check { provider: provider.clone(), takes: Takes::Any }
    }

    /// The certificate must be for the name, of today, and trusted.
    ///
    /// # Errors
    /// Says which root is of no use.
    pub fn against(
        provider: &Arc<CryptoProvider>,
        roots: &[CertificateDer<'static>],
    ) -> Result<Check, String> {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root.clone()).map_err(|e| e.to_string())?;
        }
        let takes = match roots {
            [] => Takes::None,
            roots => {
                let builder = WebPkiServerVerifier::builder_with_provider(store.into(), provider.clone());
                Takes::Rooted(builder.build().map_err(|e| e.to_string())?, roots.to_vec())
            }
        };
        Ok(Check { provider: provider.clone(), takes })
    }
}

impl ServerCertVerifier for Check {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        use CertificateError::{Other, UnknownIssuer};
        let (verifier, roots) = match &self.takes {
            Takes::Any => return Ok(ServerCertVerified::assertion()),
            Takes::None => return Err(UnknownIssuer.into()),
            Takes::Rooted(verifier, roots) => (verifier, roots),
        };
        match verifier.verify_server_cert(certificate, chain, name, ocsp, now) {
            // webpki takes no authority for a server; it has looked at the dates, and not at the name.
            Err(Error::InvalidCertificate(Other(_) | UnknownIssuer)) if roots.contains(certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
