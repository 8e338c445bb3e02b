use super::*;

const FAR: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 7), 7007);

fn open(rig: &mut Rig, port: u16, to: Option<SocketAddrV4>) {
    rig.ask(NetRequest::OpenUdp { socket: Socket(1), port, to });
    assert!(matches!(rig.events()[..], [NetEvent::Connected { .. }]));
}

fn send_to(rig: &mut Rig, to: SocketAddrV4, bytes: &'static str) {
    rig.ask(NetRequest::SendTo { socket: Socket(1), to, bytes: bytes.into() });
}

fn datagram(from: SocketAddrV4, bytes: &'static str) -> NetEvent {
    NetEvent::Datagram { socket: Socket(1), from, bytes: bytes.into() }
}

#[test]
fn a_mapped_host_is_really_spoken_with() {
    let hosts = Hosts::parse([("192.0.2.7", "127.0.0.1:9")]).unwrap();
    let change = |c: &mut NetworkConfig| (c.hosts, c.link.latency) = (hosts, ms(30));
    let mut rig = Rig::with(change, Box::new(NoFaults));
    open(&mut rig, 0, Some(FAR));
    send_to(&mut rig, FAR, "ping");
    send_to(&mut rig, FTP, "lost");
    assert_eq!(rig.events(), [sent(1, 4), sent(1, 4)]);
    let [IoRequest::OpenUdp { io, to }] = rig.wishes()[..] else { panic!("no socket") };
    rig.io(IoEvent::Connected { io, local: SERVER });
    rig.wait(ms(30));
    assert_eq!(rig.wishes(), [IoRequest::Send { io, bytes: "ping".into() }]);
    rig.io(IoEvent::Datagram { io, from: to, bytes: "pong".into() });
    rig.wait(ms(29));
    assert_eq!(rig.events(), []);
    rig.wait(ms(1));
    rig.window = 0;
    assert_eq!(rig.events(), []);
    rig.window = 1;
    assert_eq!(rig.events(), [datagram(FAR, "pong")]);
    rig.ask(NetRequest::Close { socket: Socket(1) });
    assert_eq!(rig.wishes(), [IoRequest::Close { io }]);
}

#[test]
fn the_outside_writes_first_and_is_answered() {
    let forward = Forward { port: 69, at: "127.0.0.1:6969".parse().unwrap() };
    let mut rig = Rig::with(|c| c.forward = vec![forward], Box::new(NoFaults));
    let IoRequest::Listen { io, udp: true, .. } = rig.wishes()[1] else { panic!("no listener") };
    let caller = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 5000);
    rig.io(IoEvent::Datagram { io, from: caller.into(), bytes: "nobody".into() });
    open(&mut rig, 69, None);
    rig.io(IoEvent::Datagram { io, from: caller.into(), bytes: "hello".into() });
    assert_eq!(rig.events(), [datagram(caller, "hello")]);
    send_to(&mut rig, caller, "you");
    assert_eq!(rig.wishes(), [IoRequest::SendTo { io, to: caller.into(), bytes: "you".into() }]);
}

#[test]
fn faults_lose_and_repeat_datagrams() {
    let up = |fate| (Way::Up, 0, fate);
    let verdicts = Arc::new(Mutex::new(VecDeque::from([up(Fate::Drop), up(Fate::Twice)])));
    let hosts = Hosts::parse([("192.0.2.7", "127.0.0.1:9")]).unwrap();
    let mut rig = Rig::with(|c| c.hosts = hosts, Box::new(Verdicts(verdicts)));
    open(&mut rig, 0, None);
    send_to(&mut rig, FAR, "one");
    send_to(&mut rig, FAR, "two");
    let sends = rig.wishes().into_iter().filter_map(|wish| match wish {
        IoRequest::Send { bytes, .. } => Some(bytes),
        _ => None,
    });
    assert_eq!(sends.collect::<Vec<_>>(), ["two", "two"]);
}
