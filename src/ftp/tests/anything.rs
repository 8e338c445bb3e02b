//! Whatever the network and the host do, in whatever order, the client keeps its promises.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Move {
    Open,
    Start(Op),
    Send,
    Finish,
    Abort,
    Drop,
    Pause(bool),
    Feed(Input),
    Wait(u64),
}

fn operation() -> impl Strategy<Value = Op> {
    let list = Op::List { path: None, kind: Type::Ascii };
    let rename = Op::Rename { from: "a".into(), to: "b".into() };
    prop_oneof![
        Just(retrieve(0)),
        Just(retrieve(5)),
        Just(store(How::Stor)),
        Just(list),
        Just(rename),
        Just(Op::Noop),
        Just(Op::Quit),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let codes = vec![125, 150, 200, 220, 225, 226, 230, 250, 331, 350, 421, 425, 426, 452, 550];
    let noise = vec!["", "\r\n", "noise\n", "22", "6 x", "226-", "\n226 y\r\n"];
    let reply = proptest::sample::select(codes).prop_map(|code| format!("{code} x\r\n"));
    prop_oneof![
        6 => reply.prop_map(|text| Input::ControlBytes(text.into())),
        2 => Just(Input::ControlBytes("227 127,0,0,1,4,1\r\n".into())),
        1 => proptest::sample::select(noise).prop_map(|text| Input::ControlBytes(text.into())),
        1 => Just(Input::ControlConnected),
        2 => Just(Input::DataConnected),
        1 => Just(Input::DataListening { port: 7 }),
        2 => Just(Input::DataBytes("abc".into())),
        1 => (0usize..9).prop_map(Input::DataSent),
        1 => prop_oneof![Just(Input::DataClosed), Just(Input::DataReset), Just(Input::DataFailed(Cause::Tls))],
        1 => prop_oneof![Just(Input::ControlClosed), Just(Input::ControlReset)],
    ]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        1 => Just(Move::Open),
        3 => operation().prop_map(Move::Start),
        1 => Just(Move::Send),
        1 => Just(Move::Finish),
        1 => Just(Move::Abort),
        1 => Just(Move::Wait(80)),
        1 => any::<bool>().prop_map(Move::Pause),
        20 => input().prop_map(Move::Feed),
        1 => (0u64..9).prop_map(|n| if n == 0 { Move::Drop } else { Move::Wait(n) }),
    ];
    proptest::collection::vec(one, 0..80)
}

/// What the owner can tell from the outputs alone.
#[derive(Debug, Default)]
struct Owner {
    running: Option<Op>,
    begun: bool,
    /// The data connection or its listener, asked for and not let go of.
    data: bool,
    control: bool,
}

impl Owner {
    fn hear(&mut self, output: Output) {
        match output {
            Output::Connect => self.control = true,
            Output::SendControl(line) => {
                assert!(self.control);
                assert_eq!(line.iter().filter(|b| matches!(b, b'\r' | b'\n')).count(), 2);
            }
            Output::StartTls => assert!(self.control),
            Output::CloseControl => {
                assert!(std::mem::take(&mut self.control));
            }
            Output::ConnectData(_) | Output::ListenData { .. } => {
                assert!(!std::mem::replace(&mut self.data, true), "one data connection at a time");
            }
            Output::SendData(_) | Output::ShutdownData => assert!(self.data && self.begun),
            Output::CloseData | Output::AbortData => assert!(std::mem::take(&mut self.data)),
            Output::Event(event) => self.learn(event),
        }
    }

    fn learn(&mut self, event: Event) {
        match event {
            Event::Sent(_) | Event::Replied(_) | Event::Unasked(_) => {}
            Event::Opened => assert!(self.control),
            Event::Begun => {
                assert!(self.running.is_some());
                assert!(!std::mem::replace(&mut self.begun, true));
            }
            Event::Data(bytes) => assert!(self.begun && !bytes.is_empty()),
            Event::Done { op, .. } | Event::Failed { op, .. } => {
                assert_eq!(self.running.take(), Some(op));
                self.over();
            }
            Event::Lost { op, .. } => {
                assert_eq!(self.running.take(), op);
                self.over();
                self.control = false;
            }
            Event::Closed => {
                assert_eq!(self.running.take(), Some(Op::Quit));
                assert!(!self.control);
            }
        }
    }

    fn over(&mut self) {
        self.begun = false;
        assert!(!self.data, "the data connection is let go of before the operation's end is told");
    }
}

fn play(passive: bool, open: bool, moves: Vec<Move>) {
    let settings = Settings { passive, ..Dialogue::settings() };
    let (mut d, mut owner) = match open {
        true => (Dialogue::opened(settings), Owner { control: true, ..Owner::default() }),
        false => (Dialogue::new(settings), Owner::default()),
    };
    d.take();
    for step in moves {
        match step {
            Move::Open => d.client.open(d.now),
            Move::Start(op) => {
                if d.client.start(d.now, op.clone()).is_ok() {
                    assert!(owner.running.replace(op).is_none());
                }
            }
            Move::Send => d.client.send(d.now, "abc".into()),
            Move::Finish => d.client.finish(d.now),
            Move::Abort => d.client.abort(d.now),
            Move::Drop => {
                d.client.drop_session(d.now);
                (owner.running, owner.begun) = (None, false);
            }
            Move::Pause(paused) => d.client.set_paused(d.now, paused),
            Move::Feed(input) => {
                // A connection that is dead by itself is nobody's to close.
                match input {
                    Input::DataReset | Input::DataFailed(_) if !owner.data => continue,
                    Input::DataReset | Input::DataFailed(_) => owner.data = false,
                    _ => {}
                }
                d.client.handle(d.now, input);
            }
            Move::Wait(seconds) => {
                d.now += Duration::from_secs(seconds);
                d.client.handle_timeout(d.now);
                assert!(d.client.poll_timeout().is_none_or(|at| at > d.now));
            }
        }
        while let Some(output) = d.client.poll_output() {
            owner.hear(output);
        }
        assert_eq!(d.client.is_open() && d.client.busy(), owner.running.is_some());
        assert!(!d.client.is_open() || owner.control);
    }
}

proptest! {
    #[test]
    fn every_operation_ends_once(passive: bool, open in proptest::bool::weighted(0.8), moves in moves()) {
        play(passive, open, moves);
    }
}
