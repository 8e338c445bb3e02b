use super::*;
use GateInput as In;
use GateOutput as Out;

fn secure(socket: u32, port: u16, purpose: Purpose, verify: bool) -> NetRequest {
    let verify = if verify { Verify::Trusted } else { Verify::Nothing };
    NetRequest::Connect {
        socket: Socket(socket),
        to: SocketAddrV4::new(*FTP.ip(), port),
        name: Some("ftp.example".into()),
        from_port: None,
        purpose,
        tls: Some(Tls { name: "ftp.example".into(), verify, offer: Offer::default() }),
    }
}

fn heard_bytes(heard: Vec<In>) -> Vec<u8> {
    heard
        .iter()
        .flat_map(|i| if let In::ModuleBytes(b) | In::DataBytes(b) = i { &b[..] } else { &[] })
        .copied()
        .collect()
}

#[test]
fn implicit_tls_ends_at_the_gate() {
    let mut rig = Rig::with(|c| c.link.latency = ms(10), Box::new(NoFaults));
    rig.ask(secure(1, 990, Purpose::FtpControl, false));
    rig.wait(ms(100));
    assert!(matches!(rig.events()[..], [NetEvent::Connected { .. }]));
    assert!(rig.script.lock().unwrap().calls[0].tls);
    rig.say(Out::ToModule("220 hello\r\n".into()));
    rig.ask(send(1, "NOOP\r\n"));
    rig.wait(ms(100));
    assert_eq!(rig.events(), [sent(1, 6), data(1, "220 hello\r\n")]);
    assert_eq!(heard_bytes(rig.heard()), b"NOOP\r\n");
    rig.ask(NetRequest::Close { socket: Socket(1) });
    rig.wait(ms(100));
    assert_eq!(rig.heard(), [In::ModuleFin]);
}

#[test]
fn protected_data_is_the_same_data() {
    let mut rig = Rig::new();
    rig.ask(secure(1, 990, Purpose::FtpControl, false));
    rig.script.lock().unwrap().protected = true;
    rig.say(Out::ListenData { port: 40000 });
    rig.ask(secure(2, 40000, Purpose::FtpData, false));
    assert_eq!(rig.heard(), [In::DataOpened]);
    rig.events();
    let file: Bytes = (0..=255).cycle().take(300_000).collect::<Vec<u8>>().into();
    rig.say(Out::DataToModule(file.clone()));
    rig.say(Out::DataFinModule);
    let mut got = vec![];
    let mut end = None;
    rig.window = 5000;
    while let Some(event) = rig.event() {
        match event {
            NetEvent::Data { bytes, .. } => got.extend_from_slice(&bytes),
            other => end = Some(other),
        }
    }
    assert!(got == file, "{} octets of {}", got.len(), file.len());
    assert_eq!(end, Some(NetEvent::PeerShutdown { socket: Socket(2) }));
    let heard = rig.heard();
    assert_eq!(heard.last(), Some(&In::DataDelivered));
    assert_eq!(heard.iter().map(|i| if let In::DataSent(n) = i { *n } else { 0 }).sum::<usize>(), file.len());
}

#[test]
fn a_protected_upload_arrives_whole_and_is_confirmed() {
    let mut rig = Rig::new();
    rig.ask(secure(1, 990, Purpose::FtpControl, false));
    rig.script.lock().unwrap().protected = true;
    rig.say(Out::ListenData { port: 40000 });
    rig.ask(secure(2, 40000, Purpose::FtpData, false));
    rig.events();
    rig.heard();
    let file: Bytes = (0..=255).cycle().take(300_000).collect::<Vec<u8>>().into();
    rig.ask(send(2, file.clone()));
    rig.ask(NetRequest::Shutdown { socket: Socket(2) });
    rig.say(Out::AllowModuleData(1_000_000));
    let heard = rig.heard();
    assert_eq!(heard.last(), Some(&In::DataFin));
    assert!(heard_bytes(heard) == file);
    let confirmed: usize =
        rig.events().iter().map(|e| if let NetEvent::Sent { n, .. } = e { *n } else { 0 }).sum();
    assert_eq!(confirmed, file.len());
}

#[test]
fn a_module_that_checks_needs_a_root() {
    let mut rig = Rig::new();
    rig.ask(secure(1, 990, Purpose::FtpControl, true));
    assert_eq!(
        rig.events(),
        [failed(1, Failure::Tls("the certificate is not trusted, nor is who signed it"))]
    );
    let note = "TLS with 192.0.2.1:990: the certificate is not trusted, nor is who signed it";
    assert_eq!(rig.net.poll_note().unwrap(), note);
    assert_eq!(rig.heard(), [In::ModuleReset]);

    let mut tls = TlsSetup::new(&TlsFiles::default()).unwrap();
    tls.trust_authority().unwrap();
    let mut rig = Rig::with_tls(|_| (), Box::new(NoFaults), tls);
    rig.ask(secure(1, 990, Purpose::FtpControl, true));
    assert!(matches!(rig.events()[..], [NetEvent::Connected { .. }]));
}

/// In active mode it is the module's listener that comes to nothing.
#[test]
fn a_data_connection_whose_certificate_is_not_trusted_fails_the_listener_that_waits_for_it() {
    let mut rig = Rig::new();
    rig.ask(secure(1, 990, Purpose::FtpControl, false));
    rig.script.lock().unwrap().protected = true;
    let tls = Some(Tls { name: "ftp.example".into(), verify: Verify::Trusted, offer: Offer::default() });
    rig.ask(NetRequest::Listen { socket: Socket(2), port: 2861, purpose: Purpose::FtpData, tls });
    rig.events();
    rig.say(Out::DialData(SocketAddrV4::new(MODULE, 2861)));
    let why = "the certificate is not trusted, nor is who signed it";
    assert_eq!(rig.events(), [failed(2, Failure::Tls(why))]);
    assert_eq!(rig.heard(), [In::DataRefused]);
    assert!(rig.net.sockets.listener(2861).is_none());
}

/// A certificate that signs itself, as `openssl req -x509` makes one: that of an authority.
fn own_authority(name: &str, not_after: (i32, u8, u8)) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(1999, 1, 1);
    params.not_after = rcgen::date_time_ymd(not_after.0, not_after.1, not_after.2);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// What becomes of a call under TLS to a server with that certificate.
fn calls(certificate: (String, String), roots: Option<String>) -> Option<Failure> {
    let files = TlsFiles { server: Some(certificate), roots };
    let mut rig = Rig::with_tls(|_| (), Box::new(NoFaults), TlsSetup::new(&files).unwrap());
    rig.ask(secure(1, 990, Purpose::FtpControl, true));
    match rig.events()[..] {
        [NetEvent::Connected { .. }] => None,
        [NetEvent::Failed { why, .. }] => Some(why),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_that_is_trusted_itself_may_be_an_authoritys() {
    let own = own_authority("ftp.example", (4000, 1, 1));
    let other = own_authority("ftp.example", (4000, 1, 1)).0;
    assert_eq!(calls(own.clone(), Some(own.0.clone())), None);
    assert_eq!(calls(own.clone(), Some(other.clone() + &own.0)), None);
    let unfit = Failure::Tls("the certificate is not a server's, and is not trusted itself");
    assert_eq!(calls(own, Some(other)), Some(unfit));
    let named = own_authority("other.example", (4000, 1, 1));
    let another = Failure::Tls("the certificate is for another name");
    assert_eq!(calls(named.clone(), Some(named.0)), Some(another));
    let old = own_authority("ftp.example", (2001, 1, 1));
    let expired = Failure::Tls("the certificate has expired");
    assert_eq!(calls(old.clone(), Some(old.0)), Some(expired));
}

#[test]
fn a_tls_peer_that_is_none_fails_the_handshake() {
    let mut rig = Rig::new();
    rig.ask(secure(1, 21, Purpose::FtpControl, false));
    assert_eq!(rig.events(), []);
    rig.say(Out::ToModule("220 not what you think\r\n".into()));
    assert_eq!(rig.events(), [failed(1, Failure::Tls("the far end does not speak TLS"))]);
    assert_eq!(rig.net.sockets.link(Socket(1)), None);
}

#[test]
fn plain_speech_at_a_tls_port_is_a_reset_for_the_gate() {
    let mut rig = Rig::new();
    rig.connect(1, SocketAddrV4::new(*FTP.ip(), 990), Purpose::FtpControl);
    rig.events();
    rig.ask(send(1, "USER anonymous\r\n"));
    assert_eq!(rig.heard(), [In::ModuleReset]);
    assert_eq!(rig.events().last(), Some(&NetEvent::PeerShutdown { socket: Socket(1) }));
    assert_eq!(rig.net.poll_note().unwrap(), "TLS with 192.0.2.1:990: the module does not speak TLS");
}

#[test]
fn given_files_are_checked() {
    let files = TlsFiles { server: Some(("x".into(), "y".into())), roots: None };
    assert!(TlsSetup::new(&files).is_err());
    let files = TlsFiles { server: None, roots: Some("x".into()) };
    assert!(TlsSetup::new(&files).is_err());
    let root = TlsSetup::new(&TlsFiles::default()).unwrap().authority().unwrap();
    assert!(TlsSetup::new(&TlsFiles { server: None, roots: Some(root) }).is_ok());
}

/// A wait that never ends would show as a handshake that is never done.
#[test]
fn explicit_tls_begins_behind_its_reply() {
    let mut rig = Rig::new();
    rig.control();
    rig.ask(send(1, "AUTH TLS\r\n"));
    rig.events();
    rig.heard();
    rig.script.lock().unwrap().say.extend([Out::ToModule("234 go\r\n".into()), Out::StartTls]);
    rig.net.handle_timeout(rig.now);
    assert_eq!(rig.events(), [data(1, "234 go\r\n")]);
    let wanted = Tls { name: "ftp.example".into(), verify: Verify::Nothing, offer: Offer::default() };
    let mut client =
        TlsSetup::new(&TlsFiles::default()).unwrap().client(tls::Whose::Module, &wanted).unwrap();
    while client.handshaking() {
        let records = client.records();
        rig.ask(send(1, records));
        for event in rig.events() {
            if let NetEvent::Data { bytes, .. } = event {
                client.read(&bytes).unwrap();
            }
        }
    }
    let last = client.records();
    rig.ask(send(1, last));
    let records = client.write(b"NOOP\r\n");
    rig.ask(send(1, records));
    assert_eq!(heard_bytes(rig.heard()), b"NOOP\r\n");
}

/// A server of today refuses what is older than TLS 1.2, and suites that it does not have.
#[test]
fn what_the_module_offers_must_be_what_the_server_takes() {
    let offer = |version, suites: &[u16]| Offer { version, suites: suites.to_vec() };
    for (offer, refused) in [
        (offer(Version::Any, &[]), None),
        (offer(Version::Tls12, &[]), None),
        (offer(Version::Tls12, &[0xC02B]), None),
        // For a server with an RSA key.
        (offer(Version::Tls12, &[0xC030]), None),
        (offer(Version::Any, &[0x002F, 0xC02F]), None),
        (offer(Version::Any, &[0x1301]), None),
        (offer(Version::Tls12, &[0x1301]), Some(tls::check::SUITES)),
        (offer(Version::Any, &[0x002F, 0xC014]), Some(tls::check::SUITES)),
        (offer(Version::Tls10, &[]), Some(tls::check::TLS_1_0)),
        (offer(Version::Tls11, &[0xC02F]), Some(tls::check::TLS_1_1)),
        (offer(Version::Datagram, &[]), Some(tls::check::DATAGRAM)),
    ] {
        let mut rig = Rig::with(|c| c.link.latency = ms(10), Box::new(NoFaults));
        let mut request = secure(1, 990, Purpose::FtpControl, false);
        if let NetRequest::Connect { tls: Some(tls), .. } = &mut request {
            tls.offer = offer.clone();
        }
        rig.ask(request);
        rig.wait(ms(100));
        match (refused, &rig.events()[..]) {
            (None, [NetEvent::Connected { .. }]) => {}
            (Some(why), events) => {
                assert_eq!(events, [failed(1, Failure::Tls(why))], "{offer:?}");
                assert_eq!(rig.net.poll_note().unwrap(), format!("TLS with 192.0.2.1:990: {why}"));
            }
            (None, events) => panic!("{offer:?}: {events:?}"),
        }
    }
}
