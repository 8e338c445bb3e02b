//! A host that is mapped to a real FTPS server: the gate speaks TLS to it, as the module does to the gate.

use super::real::{CONTROL, DATA, Module, file, tls_to};
use super::*;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

type Secure = StreamOwned<ServerConnection, TcpStream>;

/// A server outside, for one session, that speaks TLS: from the start (RFC 4217 section 12.1 keeps the name
/// "implicit"), or from AUTH on. It takes the handshake of a data connection behind its 150, as many do.
struct Outside {
    at: SocketAddr,
    root: String,
    stored: std::thread::JoinHandle<Vec<u8>>,
}

/// What a server's data connection is like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Data {
    /// As it should be.
    Secure,
    /// It has another certificate than the control connection, that nobody trusts.
    Untrusted,
    /// It speaks in the clear.
    Clear,
    /// It is closed in the middle of the handshake.
    Closed,
}

/// A certificate for the server's address that signs itself, and what serves with it.
fn certified(by: &str) -> (String, Arc<ServerConfig>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![FTP.ip().to_string()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, by);
    let certificate = params.self_signed(&key).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (certificate.pem(), Arc::new(config))
}

impl Outside {
    fn start(served: Vec<u8>) -> Outside {
        Outside::begin(Data::Secure, served, false)
    }

    fn explicit(served: Vec<u8>) -> Outside {
        Outside::begin(Data::Secure, served, true)
    }

    fn with(data: Data, explicit: bool) -> Outside {
        Outside::begin(data, vec![], explicit)
    }

    fn begin(data: Data, served: Vec<u8>, explicit: bool) -> Outside {
        let (root, config) = certified("the administrator");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let stored = std::thread::spawn(move || {
            let stream = listener.accept().unwrap().0;
            if explicit {
                agree(&stream);
            }
            session(secure(stream, &config), &config, (data, &served), explicit)
        });
        Outside { at, root, stored }
    }
}

fn secure(stream: TcpStream, config: &Arc<ServerConfig>) -> Secure {
    StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream)
}

fn accept(listener: &TcpListener, config: &Arc<ServerConfig>) -> Secure {
    secure(listener.accept().unwrap().0, config)
}

/// Greets in the clear, and agrees to AUTH.
fn agree(mut stream: &TcpStream) {
    stream.write_all(b"220 Outside.\r\n").unwrap();
    let mut line = [0; 10];
    stream.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"AUTH TLS\r\n");
    stream.write_all(b"234 Agreed, outside.\r\n").unwrap();
}

/// Gives what was stored.
fn session(
    control: Secure,
    config: &Arc<ServerConfig>,
    (like, served): (Data, &[u8]),
    greeted: bool,
) -> Vec<u8> {
    let mut control = BufReader::new(control);
    let (mut data, mut stored) = (None, vec![]);
    let (_, untrusted) = certified("somebody else");
    let say = |control: &mut BufReader<Secure>, line: &str| {
        let _ = control.get_mut().write_all(format!("{line}\r\n").as_bytes());
    };
    if !greeted {
        say(&mut control, "220 Outside.");
    }
    let mut line = String::new();
    while control.read_line(&mut line).is_ok_and(|n| n > 0) {
        match std::mem::take(&mut line).split_ascii_whitespace().next().unwrap() {
            "USER" => say(&mut control, "331 Password?"),
            "PASS" => say(&mut control, "230 Welcome."),
            "PASV" => {
                let passive = TcpListener::bind("127.0.0.1:0").unwrap();
                let [high, low] = passive.local_addr().unwrap().port().to_be_bytes();
                say(&mut control, &format!("227 Entering Passive Mode (127,0,0,1,{high},{low})."));
                data = Some(passive);
            }
            verb @ ("RETR" | "STOR") => {
                say(&mut control, "150 Here.");
                let passive = data.take().unwrap();
                let mut data = match like {
                    Data::Secure => accept(&passive, config),
                    Data::Untrusted => accept(&passive, &untrusted),
                    Data::Clear => {
                        let _ = passive.accept().unwrap().0.write_all(b"what was to be kept secret");
                        say(&mut control, "226 Done.");
                        continue;
                    }
                    Data::Closed => {
                        drop(passive.accept().unwrap());
                        say(&mut control, "226 Done.");
                        continue;
                    }
                };
                match verb {
                    // What nobody trusts, nobody takes.
                    _ if like == Data::Untrusted => drop(data.read(&mut [0])),
                    "RETR" => {
                        data.write_all(served).unwrap();
                        data.conn.send_close_notify();
                        data.flush().unwrap();
                    }
                    _ => drop(data.read_to_end(&mut stored).unwrap()),
                }
                drop(data);
                say(&mut control, "226 Done.");
            }
            "QUIT" => say(&mut control, "221 Bye."),
            _ => say(&mut control, "200 Fine, outside."),
        }
    }
    stored
}

fn hosts(to: SocketAddr) -> Hosts {
    Hosts::parse([(FTP.ip().to_string(), to.to_string())]).unwrap()
}

fn trusting(root: &str) -> TlsSetup {
    TlsSetup::new(&TlsFiles { server: None, roots: Some(root.into()) }).unwrap()
}

#[tokio::test]
async fn a_real_server_is_spoken_to_under_tls_and_its_certificate_is_the_one_that_is_checked() {
    let sent = file(1_000_001);
    let outside = Outside::start(sent.clone());
    let mut module = Module::dial_to(Some(tls_to(true)), hosts(outside.at), trusting(&outside.root)).await;
    assert_eq!(module.command("NOOP", "200").await, "200 Fine, outside.");
    module.passive().await;
    module.command("RETR a", "150").await;
    assert!(module.read_to_end(DATA).await == sent);
    module.store("b", &sent).await;
    module.command("QUIT", "221").await;
    module.ask(NetRequest::Close { socket: CONTROL });
    module.flush();
    let stored = tokio::task::spawn_blocking(|| outside.stored.join().unwrap());
    assert!(stored.await.unwrap() == sent);
}

/// A module's own certificates are what is held against the real server's.
#[tokio::test]
async fn a_real_server_that_agrees_to_auth_is_spoken_to_under_tls_too() {
    let sent = file(100_001);
    let outside = Outside::explicit(sent.clone());
    let nobody = TlsSetup::new(&TlsFiles::default()).unwrap();
    let tls = Tls { verify: Verify::Signed(outside.root.clone().into()), ..tls_to(true) };
    let mut module = Module::dial_explicitly(tls, hosts(outside.at), nobody).await.unwrap();
    assert_eq!(module.command("NOOP", "200").await, "200 Fine, outside.");
    module.passive().await;
    module.command("RETR a", "150").await;
    assert!(module.read_to_end(DATA).await == sent);
    module.store("b", &sent).await;
    module.command("QUIT", "221").await;
    module.ask(NetRequest::Close { socket: CONTROL });
    module.flush();
    let stored = tokio::task::spawn_blocking(|| outside.stored.join().unwrap());
    assert!(stored.await.unwrap() == sent);
}

#[tokio::test]
async fn a_real_server_that_is_not_trusted_fails_behind_auth() {
    for verify in [Verify::Trusted, Verify::Signed("no certificate".into())] {
        let outside = Outside::explicit(vec![]);
        let nobody = TlsSetup::new(&TlsFiles::default()).unwrap();
        let tls = Tls { verify, ..tls_to(true) };
        let failed = Module::dial_explicitly(tls, hosts(outside.at), nobody).await;
        assert!(matches!(failed, Err(Failure::Tls(_))));
    }
}

#[tokio::test]
async fn an_empty_file_passes_both_ways() {
    let outside = Outside::start(vec![]);
    let mut module = Module::dial_to(Some(tls_to(false)), hosts(outside.at), trusting(&outside.root)).await;
    module.store("b", b"").await;
    module.passive().await;
    module.command("RETR a", "150").await;
    assert!(module.read_to_end(DATA).await.is_empty());
}

/// The server says 226 to all of these.
#[tokio::test]
async fn a_data_connection_without_tls_fails_whichever_way_data_goes() {
    for (like, why) in [
        (Data::Untrusted, "the certificate is not trusted, nor is who signed it"),
        (Data::Clear, "the far end does not speak TLS"),
        (Data::Closed, "the far end closes the connection"),
    ] {
        let ways = [("RETR", false), ("STOR", false), ("RETR", true), ("STOR", true)];
        for (explicit, (verb, active)) in [false, true].into_iter().flat_map(|e| ways.map(|way| (e, way))) {
            let outside = Outside::with(like, explicit);
            let (hosts, roots) = (hosts(outside.at), trusting(&outside.root));
            let mut module = match explicit {
                false => Module::dial_to(Some(tls_to(true)), hosts, roots).await,
                true => Module::dial_explicitly(tls_to(true), hosts, roots).await.unwrap(),
            };
            if active {
                module.active().await;
            } else {
                module.passive().await;
            }
            module.ask(NetRequest::Send { socket: CONTROL, bytes: format!("{verb} a\r\n").into() });
            let why = Failure::Tls(why);
            assert_eq!(module.failure().await, why, "{like:?} {verb}, active {active}, explicit {explicit}");
            module.reply("425").await;
        }
    }
}

#[tokio::test]
async fn a_real_server_that_is_not_trusted_fails_the_call() {
    let outside = Outside::start(vec![]);
    let tls = TlsSetup::new(&TlsFiles::default()).unwrap();
    let why = Failure::Tls("the certificate is not trusted, nor is who signed it");
    assert_eq!(Module::refused(tls_to(true), hosts(outside.at), tls).await, why);
}

#[tokio::test]
async fn a_real_server_that_speaks_in_the_clear_fails_the_call() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hosts = hosts(listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.write_all(b"220 In the clear.\r\n").unwrap();
        let mut heard = vec![];
        let _ = stream.read_to_end(&mut heard);
    });
    let tls = TlsSetup::new(&TlsFiles::default()).unwrap();
    let why = Failure::Tls("the far end does not speak TLS");
    assert_eq!(Module::refused(tls_to(false), hosts, tls).await, why);
}

/// The gate offers the real server what the module would, and nothing else: behind the first octet and behind AUTH.
#[tokio::test]
async fn a_real_server_is_offered_what_the_module_offers() {
    let old = Offer { version: Version::Tls11, suites: vec![] };
    let none = Offer { version: Version::Any, suites: vec![0x002F] };
    let with = |offer: &Offer| Tls { offer: offer.clone(), ..tls_to(false) };
    for (offer, why) in [(old, tls::check::TLS_1_1), (none, tls::check::SUITES)] {
        let nobody = || TlsSetup::new(&TlsFiles::default()).unwrap();
        let outside = Outside::start(vec![]);
        assert_eq!(Module::refused(with(&offer), hosts(outside.at), nobody()).await, Failure::Tls(why));
        let outside = Outside::explicit(vec![]);
        let failed = Module::dial_explicitly(with(&offer), hosts(outside.at), nobody()).await;
        assert_eq!(failed.err(), Some(Failure::Tls(why)));
    }
    // The server has an Ed25519 key, which no suite of RSA fits.
    for (suite, taken) in [(0xC02B, true), (0xC02F, false)] {
        let outside = Outside::start(vec![]);
        let offer = Offer { version: Version::Tls12, suites: vec![suite] };
        let tls = TlsSetup::new(&TlsFiles::default()).unwrap();
        match taken {
            true => {
                let mut module = Module::dial_to(Some(with(&offer)), hosts(outside.at), tls).await;
                assert_eq!(module.command("NOOP", "200").await, "200 Fine, outside.");
            }
            false => {
                let why = Module::refused(with(&offer), hosts(outside.at), tls).await;
                assert!(matches!(why, Failure::Tls(_)));
            }
        }
    }
}
