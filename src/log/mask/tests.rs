//! What is masked, and that it is masked the same way each time.

use super::*;

fn masker() -> Masker {
    Masker::new(Secrets::default())
}

fn steps(text: &str) -> String {
    let steps = crate::transcript::parse("t", &format!("~ 1s\n{text}")).unwrap().steps;
    let (mut masker, mut context) = (masker(), Context::default());
    steps.into_iter().skip(1).map(|step| format!("{}\n", masker.step(&mut context, step))).collect()
}

#[test]
fn the_same_value_is_masked_the_same_way() {
    let shown = steps("> AT+CGSN\n< 861234567890123\n< OK\n> AT+EGMR=1,7,\"861234567890123\"\n< OK\n");
    assert_eq!(shown, "> AT+CGSN\n< 000000000000001\n< OK\n> AT+EGMR=1,7,\"000000000000001\"\n< OK\n");
}

#[test]
fn secrets_of_commands_keep_their_place_and_their_length() {
    for (line, shown) in [
        ("> AT+CPIN=4321\n", "> AT+CPIN=0001\n"),
        ("> AT+CPIN=\"4321\"\n", "> AT+CPIN=\"0001\"\n"),
        ("> AT+CGAUTH=1,1,\"joe\",\"hush-hush\"\n", "> AT+CGAUTH=1,1,\"xx1\",\"xxxxxxxx2\"\n"),
        ("> AT+CMGS=\"+491701234567\"\n", "> AT+CMGS=\"+000000000001\"\n"),
        ("> ATD+491701234567;\n", "> ATD+000000000001;\n"),
        ("> ATD*99#\n", "> ATD*99#\n"),
        ("> AT+CSQ;+CPIN=\"4321\"\n", "> AT+CSQ;+CPIN=\"0001\"\n"),
        ("< +CPIN: READY\n", "< +CPIN: READY\n"),
        ("< +CNUM: \"Joe\",\"+491701234567\",145\n", "< +CNUM: \"xx1\",\"+000000000002\",145\n"),
        ("< +CGAUTH: 1,1,\"joe\",\"hush\"\n", "< +CGAUTH: 1,1,\"xx1\",\"xxx2\"\n"),
        ("< +CCLK: \"26/11/27,21:15:04+04\"\n", "< +CCLK: \"26/11/27,21:15:04+04\"\n"),
        ("> AT+CPIN=\"43\n", "> AT+CPIN=\"01\n"),
        ("> AT+FTPUN=\"anna\"\n", "> AT+FTPUN=\"xxx1\"\n"),
        ("> AT+CSTT=\"net\",\"anna\",\"hush\"\n", "> AT+CSTT=\"net\",\"xxx1\",\"xxx2\"\n"),
        ("> AT+QICSGP=1,\"net\",\"anna\",\"hush\"\n", "> AT+QICSGP=1,\"net\",\"xxx1\",\"xxx2\"\n"),
        ("> AT+QICSGP=1,1,\"net\",\"anna\",\"hush\",1\n", "> AT+QICSGP=1,1,\"net\",\"xxx1\",\"xxx2\",1\n"),
        ("> AT+SAPBR=3,1,\"USER\",\"anna\"\n", "> AT+SAPBR=3,1,\"USER\",\"xxx1\"\n"),
        ("> AT+SAPBR=3,1,\"APN\",\"net\"\n", "> AT+SAPBR=3,1,\"APN\",\"net\"\n"),
        ("> AT+CNCFG=0,1,\"net\",\"anna\",\"hush\",1\n", "> AT+CNCFG=0,1,\"net\",\"xxx1\",\"xxx2\",1\n"),
        ("> AT+FTPOPEN=\"h\",\"anna\",\"hush\",,21\n", "> AT+FTPOPEN=\"h\",\"xxx1\",\"xxx2\",,21\n"),
        (
            "> AT+WIPCREATE=4,1,\"h\",21,\"anna\",\"hush\"\n",
            "> AT+WIPCREATE=4,1,\"h\",21,\"xxx1\",\"xxx2\"\n",
        ),
        (
            "> AT+CMQTTCONNECT=0,\"tcp://h\",60,1,\"anna\",\"hush\"\n",
            "> AT+CMQTTCONNECT=0,\"tcp://h\",60,1,\"xxx1\",\"xxx2\"\n",
        ),
        ("> AT+QMTCONN=0,\"dev\",\"anna\",\"hush\"\n", "> AT+QMTCONN=0,\"dev\",\"xxx1\",\"xxx2\"\n"),
        ("> AT+SMCONF=\"USERNAME\",\"anna\"\n", "> AT+SMCONF=\"USERNAME\",\"xxx1\"\n"),
        ("> AT+SMCONF=\"KEEPTIME\",60\n", "> AT+SMCONF=\"KEEPTIME\",60\n"),
        (
            "> AT+HTTPPARA=\"URL\",\"http://anna:hush@h/x\"\n",
            "> AT+HTTPPARA=\"URL\",\"http://xxx1:xxx2@h/x\"\n",
        ),
        (
            "> AT+HTTPPARA=\"USERDATA\",\"Authorization: Basic YW5uYQ==\"\n",
            "> AT+HTTPPARA=\"USERDATA\",\"Authorization: Basic xxxxxxx1\"\n",
        ),
        ("< +CLCC: 1,1,4,0,0,\"+491701234567\",145\n", "< +CLCC: 1,1,4,0,0,\"+000000000001\",145\n"),
        ("< +CLIP: \"0170123456\",129\n", "< +CLIP: \"0000000001\",129\n"),
        ("< +COPS: 0,0,\"T-Mobile\"\n", "< +COPS: 0,0,\"T-Mobile\"\n"),
    ] {
        assert_eq!(steps(line), shown);
    }
}

#[test]
fn the_text_of_a_message_is_masked_on_its_way_out_and_in() {
    let shown = steps(
        "> AT+CMGS=\"+491701234567\"\n<= \\r\\n>\\x20\n>= Meet me at six<SUB>\n<= Meet me at six<SUB>\n< +CMGS: 4\n< OK\n> AT+CMGR=1\n< +CMGR: \"REC READ\",\"+491701234567\",,\"26/11/27,21:15:04+04\"\n< See you\n< OK\n< SMS Ready\n< +CMT: \"+491701234567\",,\"26/11/27,21:15:04+04\"\n< Where are you\n< RING\n",
    );
    for gone in ["Meet", "six", "See", "Where", "4917"] {
        assert!(!shown.contains(gone), "{gone}: {shown}");
    }
    for kept in ["<SUB>", "+CMGS: 4", "\"REC READ\"", "26/11/27", "SMS Ready", "RING", "< xxx xxx\n"] {
        assert!(shown.contains(kept), "{kept}: {shown}");
    }
    assert_eq!(shown.matches("+000000000001").count(), 3);
}

#[test]
fn what_an_application_says_is_masked_too() {
    let mut masker = masker();
    let _ = masker.step(
        &mut Context::default(),
        Step::new(1, Kind::Type(b"AT+CGAUTH=1,1,\"joe\",\"hush-hush\"".into())),
    );
    for (said, gone) in [
        ("Recipient number \"0409123456\"", "0409"),
        ("IMEI: 861234567890123", "8612"),
        ("dialling 0170123456", "0170"),
        ("sent AT+CPIN=\"4321\"", "4321"),
        ("password: swordfish", "swordfish"),
        ("PIN=4321", "4321"),
        ("logged in with hush-hush", "hush-hush"),
    ] {
        let shown = masker.comment(said.as_bytes());
        assert!(!shown.contains(gone), "{shown}");
    }
    for kept in ["PIN: READY", "the signal is 27", "at 1767016030 ms", "[00:00:12.532,000] <dbg> x"] {
        assert_eq!(masker.comment(kept.as_bytes()), format!(" {kept}"));
    }
}

#[test]
fn nothing_is_masked_where_that_is_wanted() {
    let mut masker = Masker::off();
    let step = Step::new(1, Kind::Type(b"AT+CPIN=4321".into()));
    assert_eq!(masker.step(&mut Context::default(), step.clone()), step);
    assert_eq!(masker.comment(b"IMEI 861234567890123"), " IMEI 861234567890123");
}

#[test]
fn a_number_is_masked_the_same_way_wherever_it_stands() {
    let mut masker = masker();
    let mut context = Context::default();
    let mut step = |text: &str| {
        let steps = crate::transcript::parse("t", &format!("~ 1s\n{text}\n")).unwrap().steps;
        masker.step(&mut context, steps[1].clone()).to_string()
    };
    let alias = "+000000000001";
    for text in [
        "> AT+CMGS=\"+491701234567\"",
        "> ATD+491701234567;",
        "< +CLCC: 1,1,4,0,0,\"+491701234567\",145",
        "> AT+XDIAL=\"+491701234567\"",
        "> AT+XCALL=\"a\",\"+491701234567\"",
    ] {
        assert!(step(text).contains(alias), "{text}: {}", step(text));
    }
    // In hexadecimal UCS2.
    let ucs2 = |text: &str| text.bytes().map(|b| format!("{b:04X}")).collect::<String>();
    let shown = step(&format!("> AT+CMGS=\"{}\"", ucs2("+491701234567")));
    assert!(shown.contains(&ucs2(alias)), "{shown}");
    for said in
        ["sending to +491701234567", "number: +49 170 1234567", "call 491701234567 now", "\"491701234567\""]
    {
        let shown = masker.comment(said.as_bytes());
        let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits, alias[1..], "{said}: {shown}");
    }
}

#[test]
fn what_crosses_as_data_holds_no_login() {
    let shown = steps(
        "> AT+CIPSEND=99\n>= GET / HTTP/1.1\\r\\nAuthorization: Bearer abc.def\\r\\n\\r\\n\n>= USER anna\\r\\n\n>= {\"password\": \"hush\"}\n",
    );
    for gone in ["abc.def", "anna", "hush"] {
        assert!(!shown.contains(gone), "{gone}: {shown}");
    }
    assert!(shown.contains("GET / HTTP/1.1\\r\\nAuthorization: Bearer "), "{shown}");
}

#[test]
fn a_message_of_several_lines_is_masked_whole() {
    let shown = steps(
        "< +CMT: \"+491701234567\",,\"26/11/27,21:15:04+04\"\n< See you\n< at six\n< RING\n> ATI\n< SIM800\n< OK\n",
    );
    assert!(!shown.contains("See") && !shown.contains("six"), "{shown}");
    assert!(shown.contains("< RING\n") && shown.contains("< SIM800\n"), "{shown}");
}
