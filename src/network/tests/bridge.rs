use super::*;

const FAR: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 7), 7007);

fn mapped() -> Rig {
    let hosts = Hosts::parse([("192.0.2.7", "127.0.0.1:9")]).unwrap();
    Rig::with(|c| c.hosts = hosts, Box::new(NoFaults))
}

/// Opens socket 1 to the mapped host; gives its real socket.
fn bridged(rig: &mut Rig) -> IoId {
    rig.connect(1, FAR, Purpose::Socket);
    let [IoRequest::Connect { io, to, .. }] = rig.wishes()[..] else { panic!("no call") };
    assert_eq!(to.to_string(), "127.0.0.1:9");
    assert_eq!(rig.events(), []);
    rig.io(IoEvent::Connected { io, local: SERVER });
    assert!(matches!(rig.events()[..], [NetEvent::Connected { .. }]));
    assert_eq!(rig.wishes(), [IoRequest::Allow { io, n: pipe::WINDOW }]);
    io
}

#[test]
fn octets_pass_both_ways_without_a_wait() {
    let mut rig = mapped();
    let io = bridged(&mut rig);
    rig.ask(send(1, "ping"));
    assert_eq!(rig.events(), [sent(1, 4)]);
    assert_eq!(rig.wishes(), [IoRequest::Send { io, bytes: "ping".into() }]);
    assert!(rig.net.busy());
    rig.io(IoEvent::Sent { io, n: 4 });
    assert!(!rig.net.busy());
    rig.io(IoEvent::Data { io, bytes: "pong".into() });
    rig.io(IoEvent::Eof { io });
    assert_eq!(rig.events(), [data(1, "pong"), NetEvent::PeerShutdown { socket: Socket(1) }]);
    assert_eq!(rig.wishes(), [IoRequest::Allow { io, n: 4 }]);
    rig.ask(NetRequest::Shutdown { socket: Socket(1) });
    assert_eq!(rig.wishes(), [IoRequest::Shutdown { io }]);
    rig.ask(NetRequest::Close { socket: Socket(1) });
    assert_eq!(rig.wishes(), [IoRequest::Close { io }]);
    assert!(rig.net.links.is_empty() && rig.net.real.is_empty());
}

#[test]
fn a_built_in_host_has_each_service_at_its_port_and_ftp_at_any_other() {
    let web = "127.0.0.1:8080".parse().unwrap();
    let mut rig = Rig::with(|config| config.services = [(80, web)].into(), Box::new(NoFaults));
    rig.connect(1, SocketAddrV4::new(*FTP.ip(), 80), Purpose::Socket);
    let [IoRequest::Connect { to, .. }] = rig.wishes()[..] else { panic!("no call") };
    assert_eq!(to, web);
    for (socket, port) in [(2, 21), (3, 8080)] {
        rig.connect(socket, SocketAddrV4::new(*FTP.ip(), port), Purpose::FtpControl);
        assert_eq!(rig.wishes(), []);
    }
    assert_eq!(rig.script.lock().unwrap().calls.len(), 2);
}

#[test]
fn a_full_kernel_holds_the_module_back() {
    let mut rig = mapped();
    let io = bridged(&mut rig);
    for _ in 0..8 {
        rig.ask(send(1, vec![0; pipe::WINDOW]));
    }
    let confirmed = |rig: &mut Rig| {
        rig.events().iter().map(|e| if let NetEvent::Sent { n, .. } = e { *n } else { 0 }).sum::<usize>()
    };
    assert_eq!(confirmed(&mut rig), 3 * pipe::WINDOW);
    rig.io(IoEvent::Sent { io, n: 1000 });
    assert_eq!(confirmed(&mut rig), 1000);
}

#[test]
fn refusal_reset_and_abort_pass_on() {
    let mut rig = mapped();
    rig.connect(1, FAR, Purpose::Socket);
    let [IoRequest::Connect { io, .. }] = rig.wishes()[..] else { panic!("no call") };
    rig.io(IoEvent::Failed { io, kind: std::io::ErrorKind::ConnectionRefused });
    assert_eq!(rig.events(), [failed(1, Failure::Refused)]);

    let io = bridged(&mut rig);
    rig.io(IoEvent::Data { io, bytes: "last".into() });
    rig.io(IoEvent::Reset { io });
    assert_eq!(rig.events(), [data(1, "last"), NetEvent::Reset { socket: Socket(1) }]);

    rig.wishes();
    let io = bridged(&mut rig);
    rig.ask(NetRequest::Abort { socket: Socket(1) });
    assert_eq!(rig.wishes(), [IoRequest::Abort { io }]);
    assert!(rig.net.links.is_empty() && rig.net.real.is_empty() && !rig.net.busy());
}

#[test]
fn a_call_can_be_given_up() {
    let mut rig = mapped();
    rig.connect(1, FAR, Purpose::Socket);
    let [IoRequest::Connect { io, .. }] = rig.wishes()[..] else { panic!("no call") };
    rig.ask(NetRequest::Close { socket: Socket(1) });
    assert_eq!(rig.wishes(), [IoRequest::Abort { io }]);
    rig.io(IoEvent::Connected { io, local: SERVER });
    assert_eq!((rig.events(), rig.net.links.len(), rig.net.busy()), (vec![], 0, false));
}

#[test]
fn a_mapped_ftp_server_has_a_gate_and_answers_for_itself() {
    let mut rig = mapped();
    let to = SocketAddrV4::new(*FAR.ip(), 21);
    rig.script.lock().unwrap().say.push_back(GateOutput::OpenUpstream);
    rig.connect(1, to, Purpose::Socket);
    assert_eq!(rig.script.lock().unwrap().calls[0].upstream.to_string(), "127.0.0.1:9");
    let IoRequest::Connect { io, .. } = rig.wishes()[0] else { panic!("no call") };
    assert_eq!(rig.events(), []);
    rig.io(IoEvent::Failed { io, kind: std::io::ErrorKind::ConnectionRefused });
    assert_eq!(rig.events(), [failed(1, Failure::Refused)]);
    assert!(rig.net.links.is_empty());

    rig.script.lock().unwrap().say.push_back(GateOutput::OpenUpstream);
    rig.connect(1, to, Purpose::FtpControl);
    let IoRequest::Connect { io, .. } = rig.wishes()[0] else { panic!("no call") };
    rig.io(IoEvent::Connected { io, local: SERVER });
    assert!(matches!(rig.events()[..], [NetEvent::Connected { .. }]));
}

#[test]
fn the_outside_reaches_a_port_that_the_module_listens_on() {
    let forward = Forward { port: 80, at: "127.0.0.1:8080".parse().unwrap() };
    let mut rig = Rig::with(|c| c.forward = vec![forward], Box::new(NoFaults));
    let IoRequest::Listen { io: listener, at, udp: false } = rig.wishes()[0] else { panic!("no listener") };
    assert_eq!(at, forward.at);
    rig.io(IoEvent::Listening { io: listener, local: at });
    let (from, io) = ("127.0.0.1:5000".parse().unwrap(), IoId(0x8000_0000));
    rig.io(IoEvent::Accepted { listener, io, from });
    assert_eq!(rig.wishes(), [IoRequest::Abort { io }]);

    let (socket, purpose) = (Socket(4), Purpose::Socket);
    rig.ask(NetRequest::Listen { socket, port: 80, purpose, tls: None });
    rig.events();
    rig.io(IoEvent::Accepted { listener, io, from });
    let [NetEvent::Accepted { listener, socket, .. }] = rig.events()[..] else { panic!("no caller") };
    assert_eq!(listener, Socket(4));
    rig.io(IoEvent::Data { io, bytes: "GET".into() });
    assert_eq!(rig.events(), [data(socket.0, "GET")]);
    rig.ask(send(socket.0, "200"));
    assert!(rig.wishes().contains(&IoRequest::Send { io, bytes: "200".into() }));
}

#[test]
fn a_forward_that_cannot_listen_is_noted() {
    let forward = Forward { port: 80, at: "127.0.0.1:8080".parse().unwrap() };
    let mut rig = Rig::with(|c| c.forward = vec![forward], Box::new(NoFaults));
    let IoRequest::Listen { io, .. } = rig.wishes()[0] else { panic!("no listener") };
    rig.io(IoEvent::Failed { io, kind: std::io::ErrorKind::AddrInUse });
    assert_eq!(rig.net.poll_note().unwrap(), "port 80 cannot be forwarded: address in use");
}

#[test]
fn a_caller_dies_with_a_listener_before_the_module_hears_of_it() {
    let forward = Forward { port: 80, at: "127.0.0.1:8080".parse().unwrap() };
    let mut rig = Rig::with(|c| c.forward = vec![forward], Box::new(NoFaults));
    let IoRequest::Listen { io: listener, .. } = rig.wishes()[0] else { panic!("no listener") };
    let (socket, purpose) = (Socket(4), Purpose::Socket);
    rig.ask(NetRequest::Listen { socket, port: 80, purpose, tls: None });
    rig.events();
    let io = IoId(0x8000_0000);
    rig.io(IoEvent::Accepted { listener, io, from: SERVER });
    rig.ask(NetRequest::Close { socket });
    assert_eq!(rig.events(), []);
    assert!(rig.wishes().contains(&IoRequest::Abort { io }));
}
