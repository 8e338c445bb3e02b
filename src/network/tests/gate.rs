use super::*;
use GateInput as In;
use GateOutput as Out;

const DATA: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 40000);

fn open_data(rig: &mut Rig) {
    rig.control();
    rig.say(Out::ListenData { port: DATA.port() });
    rig.heard();
    rig.connect(2, DATA, Purpose::FtpData);
    assert_eq!(rig.heard(), [In::DataOpened]);
    rig.events();
}

#[test]
fn the_control_connection_goes_through_a_gate() {
    let mut rig = Rig::new();
    rig.control();
    let call = rig.script.lock().unwrap().calls[0];
    assert_eq!((call.server, call.upstream, call.tls), (FTP, SERVER, false));
    assert_eq!(call.module.ip(), &MODULE);
    rig.say(Out::ToModule("220 hello\r\n".into()));
    assert_eq!(rig.events(), [data(1, "220 hello\r\n")]);
    rig.ask(send(1, "NOOP\r\n"));
    assert_eq!(rig.heard(), [In::ModuleBytes("NOOP\r\n".into())]);
    assert_eq!(rig.events(), [sent(1, 6)]);
    rig.say(Out::FinModule);
    assert_eq!(rig.events(), [NetEvent::PeerShutdown { socket: Socket(1) }]);
    rig.ask(NetRequest::Close { socket: Socket(1) });
    assert!(rig.net.links.is_empty() && rig.net.sockets.link(Socket(1)).is_none());
}

#[test]
fn upstream_is_a_real_connection() {
    let mut rig = Rig::new();
    rig.control();
    rig.say(Out::OpenUpstream);
    let [IoRequest::Connect { io, to: SERVER, .. }, IoRequest::Allow { .. }] = rig.wishes()[..] else {
        panic!("no call upstream")
    };
    assert!(rig.net.busy());
    rig.io(IoEvent::Connected { io, local: SERVER });
    rig.io(IoEvent::Data { io, bytes: "220".into() });
    assert_eq!(rig.heard(), [In::UpstreamOpened, In::UpstreamBytes("220".into())]);
    rig.say(Out::ToUpstream("QUIT".into()));
    rig.say(Out::CloseUpstream);
    assert_eq!(
        rig.wishes(),
        [
            IoRequest::Allow { io, n: 3 },
            IoRequest::Send { io, bytes: "QUIT".into() },
            IoRequest::Close { io }
        ]
    );
    rig.io(IoEvent::Eof { io });
    assert_eq!(rig.heard(), []);
}

#[test]
fn passive_data_reaches_the_module_before_the_gate_is_told_so() {
    let mut rig = Rig::new();
    open_data(&mut rig);
    rig.say(Out::DataToModule("all of it".into()));
    rig.say(Out::DataFinModule);
    assert_eq!(rig.heard(), [In::DataSent(9)]);
    assert_eq!(rig.event(), Some(data(2, "all of it")));
    assert_eq!(rig.heard(), []);
    assert_eq!(rig.event(), Some(NetEvent::PeerShutdown { socket: Socket(2) }));
    assert_eq!(rig.heard(), []);
    assert_eq!(rig.event(), None);
    assert_eq!(rig.heard(), [In::DataDelivered]);
    rig.ask(NetRequest::Close { socket: Socket(2) });
    assert_eq!((rig.heard(), rig.net.links.len()), (vec![], 1));
}

#[test]
fn a_module_that_stops_reading_stops_the_gate() {
    let mut rig = Rig::new();
    open_data(&mut rig);
    rig.window = 0;
    for _ in 0..10 {
        rig.say(Out::DataToModule(vec![1; 40_000].into()));
    }
    let taken = |heard: Vec<In>| {
        heard.into_iter().map(|i| if let In::DataSent(n) = i { n } else { panic!("{i:?}") }).sum::<usize>()
    };
    assert_eq!(taken(rig.heard()), pipe::WINDOW);
    rig.window = 1000;
    assert!(matches!(rig.event(), Some(NetEvent::Data { bytes, .. }) if bytes.len() == 1000));
    assert_eq!(taken(rig.heard()), 1000);
    rig.window = usize::MAX;
    // The last 1460th waits for more, or for its time.
    let whole = 400_000 / 1460 * 1460;
    assert_eq!(total(&rig.events()), whole - 1000);
    rig.wait(ms(20));
    assert_eq!(total(&rig.events()), 400_000 - whole);
    assert_eq!(taken(rig.heard()), 400_000 - pipe::WINDOW - 1000);
}

#[test]
fn an_upload_needs_the_gates_credit() {
    let mut rig = Rig::new();
    open_data(&mut rig);
    rig.ask(send(2, "0123456789"));
    rig.ask(NetRequest::Close { socket: Socket(2) });
    assert_eq!(rig.heard(), []);
    rig.say(Out::AllowModuleData(4));
    assert_eq!(rig.heard(), [In::DataBytes("0123".into())]);
    rig.say(Out::AllowModuleData(100));
    assert_eq!(rig.heard(), [In::DataBytes("456789".into()), In::DataFin]);
    rig.say(Out::DataFinModule);
    assert_eq!((rig.heard(), rig.net.links.len()), (vec![In::DataDelivered], 1));
}

#[test]
fn a_close_before_the_end_of_a_download_resets() {
    let mut rig = Rig::new();
    open_data(&mut rig);
    rig.ask(NetRequest::Close { socket: Socket(2) });
    assert_eq!(rig.heard(), [In::DataFin]);
    rig.say(Out::DataToModule("late".into()));
    rig.say(Out::DataFinModule);
    assert_eq!(rig.heard(), [In::DataSent(4), In::DataReset]);
}

#[test]
fn doors_are_for_one_and_wrong_ones_are_told_apart() {
    let mut rig = Rig::new();
    open_data(&mut rig);
    rig.connect(3, DATA, Purpose::FtpData);
    rig.connect(4, SocketAddrV4::new(Ipv4Addr::new(172, 16, 0, 1), 40000), Purpose::FtpData);
    rig.say(Out::SilenceData { port: 40001 });
    rig.connect(5, SocketAddrV4::new(*FTP.ip(), 40001), Purpose::FtpData);
    assert_eq!(rig.events(), [failed(3, Failure::Refused)]);
    assert_eq!(rig.heard(), []);
}

#[test]
fn active_mode_calls_the_modules_listener() {
    let mut rig = Rig::new();
    rig.control();
    let (socket, purpose) = (Socket(2), Purpose::FtpData);
    rig.ask(NetRequest::Listen { socket, port: 2861, purpose, tls: None });
    rig.say(Out::DialData(SocketAddrV4::new(MODULE, 2861)));
    let events = rig.events();
    let caller = Socket(0x8000_0000);
    let from = SocketAddrV4::new(*FTP.ip(), 20);
    assert_eq!(events[1..], [NetEvent::Accepted { listener: socket, socket: caller, from }]);
    rig.say(Out::DataToModule("list".into()));
    rig.say(Out::DataFinModule);
    assert_eq!(rig.heard(), [In::DataOpened, In::DataSent(4)]);
    assert_eq!(rig.events(), [data(caller.0, "list"), NetEvent::PeerShutdown { socket: caller }]);
    assert_eq!(rig.heard(), [In::DataDelivered]);
    // Neither a port where nobody listens nor another host.
    rig.say(Out::DialData(SocketAddrV4::new(MODULE, 2862)));
    rig.say(Out::DialData(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 2861)));
    assert_eq!(rig.heard(), [In::DataRefused, In::DataRefused]);
}

#[test]
fn a_dial_that_is_given_up_is_not_heard_of() {
    let mut rig = Rig::with(|c| c.link.latency = ms(50), Box::new(NoFaults));
    rig.connect(1, FTP, Purpose::FtpControl);
    rig.wait(ms(100));
    rig.say(Out::DialData(SocketAddrV4::new(MODULE, 2862)));
    rig.say(Out::DataResetModule);
    rig.wait(ms(1000));
    assert_eq!(rig.heard(), []);
}

#[test]
fn the_real_data_connection_is_closed_when_both_sides_are_through() {
    let mut rig = Rig::new();
    rig.control();
    rig.say(Out::OpenUpstream);
    rig.wishes();
    let to = SocketAddr::new(SERVER.ip(), 5555);
    rig.say(Out::OpenUpstreamData(to));
    let [IoRequest::Connect { io, receive_buffer: Some(_), .. }] = rig.wishes()[..] else {
        panic!("no call for data")
    };
    rig.io(IoEvent::Connected { io, local: SERVER });
    rig.say(Out::DataToUpstream("up".into()));
    rig.io(IoEvent::Sent { io, n: 2 });
    rig.say(Out::DataFinUpstream);
    rig.io(IoEvent::Eof { io });
    assert_eq!(rig.heard(), [In::UpstreamDataOpened, In::UpstreamDataSent(2), In::UpstreamDataFin]);
    let wishes = rig.wishes();
    assert_eq!(wishes[1..], [IoRequest::Shutdown { io }, IoRequest::Close { io }]);
    rig.say(Out::OpenUpstreamData("192.0.2.99:5555".parse().unwrap()));
    assert_eq!((rig.heard(), rig.wishes()), (vec![In::UpstreamDataFailed], vec![]));
}

#[test]
fn a_stall_begins_at_an_octet_and_ends_when_lifted() {
    let verdicts = Arc::new(Mutex::new(VecDeque::new()));
    let mut rig = Rig::with(|_| (), Box::new(Verdicts(verdicts.clone())));
    open_data(&mut rig);
    verdicts.lock().unwrap().extend([(Way::Down, 600, Fate::Pass), (Way::Down, 0, Fate::Hold(None))]);
    rig.say(Out::DataToModule(vec![3; 3000].into()));
    rig.say(Out::DataFinModule);
    assert_eq!(total(&rig.events()), 600);
    rig.wait(Duration::from_secs(100));
    assert_eq!(rig.events(), []);
    rig.net.faults_changed(rig.now);
    let rest = rig.events();
    assert_eq!((total(&rest), rest.last()), (2400, Some(&NetEvent::PeerShutdown { socket: Socket(2) })));
}

#[test]
fn a_cut_ends_both_directions() {
    let verdicts = Arc::new(Mutex::new(VecDeque::from([(Way::Down, 0, Fate::Cut { end: End::Rst })])));
    let mut rig = Rig::with(|_| (), Box::new(Verdicts(verdicts)));
    open_data(&mut rig);
    rig.say(Out::DataToModule("lost".into()));
    rig.say(Out::DataFinModule);
    assert_eq!(rig.events(), [NetEvent::Reset { socket: Socket(2) }]);
    assert_eq!(rig.heard().last(), Some(&In::DataReset));
    assert_eq!(rig.net.links.len(), 1);
}

#[test]
fn the_tap_shows_segments_whatever_the_chunks() {
    let mut rig = Rig::with(|c| c.tap = true, Box::new(NoFaults));
    open_data(&mut rig);
    for n in [1000, 2000, 700] {
        rig.say(Out::DataToModule(vec![3; n].into()));
    }
    rig.say(Out::DataFinModule);
    rig.events();
    let tapped = std::iter::from_fn(|| rig.net.poll_tap()).map(|tapped| match tapped.what {
        TappedWhat::Segment(bytes) => bytes.len().to_string(),
        what => format!("{what:?}"),
    });
    assert_eq!(tapped.collect::<Vec<_>>(), ["Open", "Open", "1460", "1460", "780", "Fin"]);
}
