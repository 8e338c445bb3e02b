//! Opening, operations without a data connection, and the session's end.

use super::*;

fn connected(settings: Settings) -> Dialogue {
    let mut d = Dialogue::new(settings);
    d.client.open(d.now);
    assert_eq!(d.take(), ["Connect"]);
    assert_eq!(d.feed(Input::ControlConnected), [""; 0]);
    d
}

#[test]
fn a_login_and_a_good_end() {
    let mut d = connected(Dialogue::settings());
    assert_eq!(d.says("120 wait a minute"), [""; 0]);
    assert_eq!(d.says("220-many\r\n220 words"), ["> USER u"]);
    assert_eq!(d.says("331 password"), ["> PASS p"]);
    assert_eq!(d.says("230 in"), ["Opened"]);
    assert_eq!(d.start(Op::Quit), ["> QUIT"]);
    assert_eq!(d.says("221 bye"), ["CloseControl", "Closed"]);
    assert!(!d.client.is_open());
    assert_eq!(d.feed(Input::ControlClosed), [""; 0]);
    d.client.open(d.now);
    assert_eq!(d.take(), ["Connect"]);
}

#[test]
fn a_server_that_closes_at_quit_without_a_word() {
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(Op::Quit);
    assert_eq!(d.feed(Input::ControlClosed), ["CloseControl", "Closed"]);
}

#[test]
fn an_account_and_a_protected_data_channel() {
    let mut d = connected(Settings {
        account: Some("a".into()),
        security: Security::Implicit,
        ..Dialogue::settings()
    });
    d.says("220 hello");
    d.says("331 password");
    assert_eq!(d.says("332 account"), ["> ACCT a"]);
    assert_eq!(d.says("230 in"), ["> PBSZ 0"]);
    assert_eq!(d.says("200 ok"), ["> PROT P"]);
    assert_eq!(d.says("534 no"), ["CloseControl", "lost Protect 534"]);
}

/// RFC 4217 section 4: AUTH before anything else, and the login under TLS.
#[test]
fn explicit_tls_begins_before_the_login() {
    let explicit = || connected(Settings { security: Security::Explicit, ..Dialogue::settings() });
    let mut d = explicit();
    assert_eq!(d.says("220 hello"), ["> AUTH TLS"]);
    assert_eq!(d.says("234 go on"), ["StartTls"]);
    let user = format!("> USER {}", Dialogue::settings().user);
    assert_eq!(d.feed(Input::ControlSecured), [user]);
    d.says("331 password");
    assert_eq!(d.says("230 in"), ["> PBSZ 0"]);
    assert_eq!(d.says("200 ok"), ["> PROT P"]);
    assert_eq!(d.says("200 ok"), ["Opened"]);

    let mut d = explicit();
    d.says("220 hello");
    assert_eq!(d.says("502 no"), ["CloseControl", "lost Protect 502"]);

    let mut d = explicit();
    d.says("220 hello");
    d.says("234 go on");
    assert_eq!(d.feed(Input::ControlFailed(Cause::Tls)), ["lost Protect Tls"]);

    // A stranger's words between the two.
    let mut d = explicit();
    d.says("220 hello");
    assert_eq!(d.says("234 go on\r\n230 in"), ["StartTls", "CloseControl", "lost Protect Tls"]);
}

#[test]
fn each_refusal_of_a_login_names_its_step() {
    let cases: [(&[&str], &str); 8] = [
        (&["421 full"], "lost Greeting 421"),
        (&["SSH-2.0-x"], "lost Greeting Malformed(\"SSH-2.0-x\")"),
        (&["220 hello", "530 who"], "lost User 530"),
        (&["220 hello", "421 full"], "lost User 421"),
        (&["220 hello", "331 password", "530 no"], "lost Password 530"),
        (&["220 hello", "331 password", "332 account"], "lost Account 332"),
        (&["220 hello", "332 account"], "lost Account 332"),
        (&["220 hello", "331 password", "331 again"], "lost Password 331"),
    ];
    for (says, expected) in cases {
        let mut d = connected(Dialogue::settings());
        let heard = says.iter().map(|line| d.says(line)).last();
        assert_eq!(heard, Some(vec!["CloseControl".into(), expected.into()]));
    }
}

#[test]
fn a_login_without_a_password() {
    let mut d = connected(Dialogue::settings());
    d.says("220 hello");
    assert_eq!(d.says("230 in"), ["Opened"]);
}

#[test]
fn a_session_that_cannot_be_opened() {
    for cause in [Cause::NoName, Cause::Refused, Cause::Tls, Cause::NoBearer] {
        let mut d = Dialogue::new(Dialogue::settings());
        d.client.open(d.now);
        d.take();
        assert_eq!(d.feed(Input::ControlFailed(cause.clone())), [format!("lost Connect {cause:?}")]);
    }
    let mut d = Dialogue::new(Dialogue::settings());
    d.client.open(d.now);
    d.take();
    assert_eq!(d.pass(74), [""; 0]);
    assert_eq!(d.pass(1), ["CloseControl", "lost Connect Silence"]);
    let mut d = connected(Dialogue::settings());
    assert_eq!(d.pass(75), ["CloseControl", "lost Greeting Silence"]);
}

#[test]
fn a_line_end_in_a_login_is_never_sent() {
    let mut d = connected(Settings { user: "u\r\nDELE x".into(), ..Dialogue::settings() });
    assert_eq!(d.says("220 hello"), ["CloseControl", "lost User Malformed(\"u\\r\\nDELE x\")"]);
}

#[test]
fn operations_without_a_data_connection() {
    let file = || FILE.to_owned();
    let cases = [
        (Op::Cwd(file()), "> CWD file.bin", "250 ok"),
        (Op::Cdup, "> CDUP", "200 ok"),
        (Op::Pwd, "> PWD", "257 \"/\""),
        (Op::Mkd(file()), "> MKD file.bin", "257 made"),
        (Op::Rmd(file()), "> RMD file.bin", "250 ok"),
        (Op::Dele(file()), "> DELE file.bin", "250 ok"),
        (Op::Size(file()), "> SIZE file.bin", "213 3"),
        (Op::Mdtm(file()), "> MDTM file.bin", "213 20200226000000"),
        (Op::Stat(None), "> STAT", "211-a\r\n b\r\n211 c"),
        (Op::Stat(Some(file())), "> STAT file.bin", "213-a\r\nfile.bin\r\n213 c"),
        (Op::Syst, "> SYST", "215 UNIX"),
        (Op::Noop, "> NOOP", "200 ok"),
    ];
    let mut d = Dialogue::opened(Dialogue::settings());
    for (op, line, reply) in cases {
        assert_eq!(d.start(op.clone()), [line]);
        assert_eq!(d.client.start(d.now, Op::Noop), Err(Busy));
        assert_eq!(d.says(reply), [format!("done {}, 0", &reply[..3])]);
        d.start(op);
        assert_eq!(d.says("550 no"), ["failed Verb 550, 0"]);
        assert_eq!(d.start(Op::Noop), ["> NOOP"]);
        assert_eq!(d.says("200"), ["done 200, 0"]);
    }
}

#[test]
fn a_rename_takes_two_commands() {
    let mut d = Dialogue::opened(Dialogue::settings());
    let rename = |to: &str| Op::Rename { from: "a".into(), to: to.into() };
    assert_eq!(d.start(rename("b")), ["> RNFR a"]);
    assert_eq!(d.says("350 to?"), ["> RNTO b"]);
    assert_eq!(d.says("250 ok"), ["done 250, 0"]);
    d.start(rename("b"));
    assert_eq!(d.says("550 no a"), ["failed Verb 550, 0"]);
    d.start(rename("b"));
    d.says("350 to?");
    assert_eq!(d.says("553 no b"), ["failed Verb 553, 0"]);
    assert_eq!(d.start(rename("b\nDELE c")), ["failed Verb Malformed(\"b\\nDELE c\"), 0"]);
    assert!(!d.client.busy());
}

#[test]
fn a_line_that_is_no_reply_fails_the_operation_alone() {
    let mut d = Dialogue::opened(Dialogue::settings());
    assert_eq!(d.says("noise"), ["unasked 0"]);
    d.start(Op::Noop);
    assert_eq!(d.says("noise"), ["failed Verb Malformed(\"noise\"), 0"]);
    assert!(d.client.is_open());
}

#[test]
fn a_reply_without_end_loses_the_session() {
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(Op::Noop);
    assert_eq!(
        d.says(&"x".repeat(5000)),
        [
            "CloseControl",
            "lost Verb Malformed(\"a reply line of more than 2048 octets\"), with its operation"
        ]
    );
}

#[test]
fn idle_closed_by_the_server() {
    let mut d = Dialogue::opened(Dialogue::settings());
    d.client.handle(d.now, Input::ControlBytes(Bytes::from_static(b"421 idle\n")));
    let reply = Reply { code: 421, lines: vec!["421 idle".into()] };
    assert_eq!(d.client.poll_output(), Some(Output::Event(Event::Replied(reply))));
    assert_eq!(d.take(), ["unasked 421"]);
    assert_eq!(d.client.poll_timeout(), None);
    assert_eq!(d.feed(Input::ControlClosed), ["CloseControl", "lost Idle Closed"]);
}

#[test]
fn the_control_connection_goes_under_an_operation() {
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(Op::Pwd);
    assert_eq!(d.feed(Input::ControlReset), ["lost Verb Reset, with its operation"]);
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(Op::Pwd);
    assert_eq!(d.pass(75), ["CloseControl", "lost Verb Silence, with its operation"]);
    let mut d = Dialogue::opened(Dialogue::settings());
    d.start(Op::Pwd);
    assert_eq!(d.says("421 going"), ["failed Verb 421, 0"]);
    assert_eq!(d.feed(Input::ControlClosed), ["CloseControl", "lost Idle Closed"]);
    assert_eq!(d.client.start(d.now, Op::Noop), Err(Busy));
}

#[test]
fn a_dropped_session_says_nothing() {
    let mut d = Dialogue::begun(retrieve(0));
    d.client.drop_session(d.now);
    assert_eq!(d.take(), ["AbortData", "CloseControl"]);
    assert_eq!(d.says("226 late"), [""; 0]);
    d.client.drop_session(d.now);
    assert_eq!(d.take(), [""; 0]);
}
