use super::*;

fn resolve(rig: &mut Rig, name: &str) -> Vec<NetEvent> {
    rig.ask(NetRequest::Resolve { query: Query(9), name: name.into() });
    rig.events()
}

#[test]
fn every_name_leads_somewhere_unless_the_map_says_no() {
    let hosts = Hosts::parse([("gone.example", "nxdomain"), ("mute.example", "dns-silence")]).unwrap();
    let mut rig = Rig::with(|c| c.hosts = hosts, Box::new(NoFaults));
    assert!(matches!(resolve(&mut rig, "ftp.example")[..], [NetEvent::Resolved { address: Some(_), .. }]));
    assert_eq!(resolve(&mut rig, "gone.example"), [NetEvent::Resolved { query: Query(9), address: None }]);
    assert_eq!(resolve(&mut rig, "mute.example"), []);
}

#[test]
fn refused_unreachable_and_silent_hosts_are_told_apart() {
    let hosts =
        Hosts::parse([("10.0.0.1", "refused"), ("10.0.0.2", "unreachable"), ("10.0.0.3", "blackhole")])
            .unwrap();
    let mut rig = Rig::with(|c| c.hosts = hosts, Box::new(NoFaults));
    for last in 1..=3 {
        let to = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, last), 21);
        rig.connect(u32::from(last), to, Purpose::FtpControl);
    }
    assert_eq!(rig.events(), [failed(1, Failure::Refused), failed(2, Failure::Unreachable)]);
    rig.wait(Duration::from_secs(3600));
    assert_eq!(rig.events(), []);
}

#[test]
fn latency_delays_answers_and_a_closed_socket_hears_none() {
    let hosts = Hosts::parse([("10.0.0.1", "refused")]).unwrap();
    let change = |c: &mut NetworkConfig| (c.hosts, c.link.latency) = (hosts, ms(100));
    let mut rig = Rig::with(change, Box::new(NoFaults));
    let refused = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 21);
    rig.connect(1, refused, Purpose::Socket);
    rig.connect(2, refused, Purpose::Socket);
    rig.connect(3, FTP, Purpose::FtpControl);
    rig.ask(NetRequest::Close { socket: Socket(2) });
    rig.wait(ms(199));
    assert_eq!(rig.events(), []);
    rig.wait(ms(1));
    assert!(matches!(
        rig.events()[..],
        [
            NetEvent::Failed { socket: Socket(1), why: Failure::Refused },
            NetEvent::Connected { socket: Socket(3), .. }
        ]
    ));
}

#[test]
fn an_echo_takes_the_round_trip() {
    let hosts = Hosts::parse([("10.0.0.3", "blackhole")]).unwrap();
    let change = |c: &mut NetworkConfig| (c.hosts, c.link.latency) = (hosts, ms(40));
    let mut rig = Rig::with(change, Box::new(NoFaults));
    for (query, to) in [(1, *FTP.ip()), (2, Ipv4Addr::new(10, 0, 0, 3))] {
        rig.ask(NetRequest::Ping { query: Query(query), to, length: 32, ttl: 64 });
    }
    rig.wait(ms(80));
    assert_eq!(rig.events(), [NetEvent::Pong { query: Query(1), after: ms(80) }]);
}

#[test]
fn ports_are_the_modules_own_and_one_use_at_a_time() {
    let mut rig = Rig::new();
    let listen = |socket, port| NetRequest::Listen {
        socket: Socket(socket),
        port,
        purpose: Purpose::Socket,
        tls: None,
    };
    rig.ask(listen(1, 80));
    rig.ask(listen(2, 80));
    rig.ask(NetRequest::Connect {
        socket: Socket(3),
        to: FTP,
        name: None,
        from_port: Some(80),
        purpose: Purpose::Socket,
        tls: None,
    });
    rig.ask(NetRequest::Close { socket: Socket(1) });
    rig.ask(listen(4, 80));
    rig.ask(listen(5, 0));
    let local = |port| SocketAddrV4::new(MODULE, port);
    assert_eq!(
        rig.events(),
        [
            failed(2, Failure::PortInUse),
            failed(3, Failure::PortInUse),
            NetEvent::Listening { socket: Socket(4), local: local(80) },
            NetEvent::Listening { socket: Socket(5), local: local(49152) },
        ]
    );
}

#[test]
fn without_an_address_nothing_is_reached_and_all_sockets_die_with_it() {
    let mut rig = Rig::new();
    rig.control();
    rig.heard();
    rig.say(GateOutput::OpenUpstream);
    rig.wishes();
    rig.ask(NetRequest::Address(None));
    assert_eq!(rig.heard(), [GateInput::ModuleReset]);
    assert!(matches!(rig.wishes()[..], [IoRequest::Abort { .. }]));
    assert_eq!(rig.events(), []);
    assert!(!rig.net.busy());
    rig.connect(1, FTP, Purpose::FtpControl);
    assert_eq!(rig.events(), [failed(1, Failure::Unreachable)]);
}
