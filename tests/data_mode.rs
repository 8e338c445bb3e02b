//! Every command that leads to data mode, under every fault that keeps an answer back: the module gets there all
//! the same, and out again. What hangs would hang for good, in one step of the modem, so each case has a thread of its
//! own, and a watch.

use badline::{Bench, Hand};
use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// A way into data mode.
#[derive(Clone, Copy)]
struct Case {
    profile: &'static str,
    /// What the host types first; each is answered with OK.
    before: &'static [&'static str],
    /// The URC that the last of them waits for.
    ready: Option<&'static str>,
    command: &'static str,
    /// What the module says as it enters data mode.
    prompt: &'static str,
    types: &'static [u8],
    /// What the host reads then, data mode or its end.
    hears: &'static str,
    /// `+++` leaves it.
    escapes: bool,
}

const SIM7080: [&str; 7] = [
    "AT+CNACT=0,1",
    "AT+FTPCID=0",
    "AT+FTPSERV=\"h\"",
    "AT+FTPGETNAME=\"f.bin\"",
    "AT+FTPGETPATH=\"/\"",
    "AT+FTPPUTNAME=\"up.bin\"",
    "AT+FTPPUTPATH=\"/\"",
];
const SIM800: [&str; 7] = [
    "AT+SAPBR=1,1",
    "AT+FTPCID=1",
    "AT+FTPSERV=\"h\"",
    "AT+FTPGETNAME=\"f.bin\"",
    "AT+FTPGETPATH=\"/\"",
    "AT+FTPPUTNAME=\"up.bin\"",
    "AT+FTPPUTPATH=\"/\"",
];
const WIP_FTP: &[&str] =
    &["AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=4,6,0", "AT+WIPCREATE=4,1,\"h\",21,\"a\",\"b\""];
const WIP_TCP: &[&str] =
    &["AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=4,6,0", "AT+WIPCREATE=2,1,\"192.168.0.1\",21"];
const WIP_UDP: &[&str] =
    &["AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=4,6,0", "AT+WIPCREATE=1,1,80,\"192.168.0.1\",80"];
const NL668: &[&str] = &["AT+MIPCALL=1", "AT+FTPOPEN=\"h\",u,p"];
const QUECTEL: &[&str] = &["AT+QFTPOPEN=\"h\",21"];

/// The ways into data mode of every module.
fn cases() -> Vec<Case> {
    let case = |profile, before, ready, command, prompt, types, hears, escapes| Case {
        profile,
        before,
        ready,
        command,
        prompt,
        types,
        hears,
        escapes,
    };
    let mut cases = vec![];
    let (down, up) = ("AT+WIPFILE=4,1,1,\"f.bin\"", "AT+WIPFILE=4,1,2,\"up.bin\"");
    cases.push(case("wipsoft", WIP_FTP, None, down, "CONNECT", b"", "hello", false));
    cases.push(case("wipsoft", WIP_FTP, None, up, "CONNECT", b"up\x03", "OK", false));
    for wip in ["wipsoft", "wismo228"] {
        cases.extend([
            case(wip, WIP_TCP, Some("+WIPREADY"), "AT+WIPDATA=2,1,1", "CONNECT", b"NOOP\r\n", "200 ", true),
            case(wip, WIP_UDP, Some("+WIPREADY"), "AT+WIPDATA=1,1,1", "CONNECT", b"up\x03", "", true),
        ]);
    }
    for (sim, first) in [("sim7080", &SIM7080), ("sim800", &SIM800)] {
        let before = |more: &[&'static str]| -> &'static [&'static str] {
            Vec::leak(first.iter().copied().chain(more.iter().copied()).collect())
        };
        let ready = Some("+FTPPUT: 1,1");
        let put = before(&["AT+FTPPUT=1"]);
        cases.push(case(sim, put, ready, "AT+FTPPUT=2,2", "+FTPPUT: 2,2", b"up", "+FTPPUT: 1,1", false));
        let memory = before(&["AT+FTPEXTPUT=1"]);
        let fill = "AT+FTPEXTPUT=2,0,2,60000";
        cases.push(case(sim, memory, None, fill, "+FTPEXTPUT: 0,2", b"up", "OK", false));
        if sim == "sim800" {
            let (file, write) = (before(&["AT+FSCREATE=a"]), "AT+FSWRITE=a,0,2,60");
            cases.push(case(sim, file, None, write, ">", b"up", "OK", false));
        }
        if sim == "sim7080" {
            let (put, ready) = (before(&["AT+FTPETPUT=1"]), Some("+FTPETPUT: 1,1"));
            cases.push(case(sim, put, ready, "AT+FTPETPUT=2", "+FTPETPUT:2,1", b"up\x03", "1,0", false));
            let get = before(&[]);
            cases.push(case(sim, get, None, "AT+FTPETGET=1", "+FTPETGET: 1,1", b"", "hello", false));
            let (set, write) = (before(&["AT+CFSINIT"]), "AT+CFSWFILE=0,\"a.txt\",0,2,10000");
            cases.push(case(sim, set, None, write, "DOWNLOAD", b"up", "OK", false));
        }
    }
    for quectel in ["m10", "m95"] {
        let (opened, put, get) = (Some("+QFTPOPEN:0"), "AT+QFTPPUT=\"up.bin\",2,99", "AT+QFTPGET=\"f.bin\"");
        cases.push(case(quectel, QUECTEL, opened, put, "CONNECT", b"up", "+QFTPPUT:2", false));
        cases.push(case(quectel, QUECTEL, opened, get, "CONNECT", b"", "hello", false));
        let left = &["AT+QFTPOPEN=\"h\",21", "AT+QFTPPUT=\"up.bin\",2,99", "+++"];
        cases.push(case(quectel, left, None, "ATO", "CONNECT", b"up", "+QFTPPUT:2", false));
    }
    let (file, write) = (&["AT+QFOPEN=\"a.txt\",0"], "AT+QFWRITE=12451840,2,99");
    let whole = "AT+QFUPL=\"a.bin\",2,99";
    cases.extend([
        case("m95", file, None, write, "CONNECT", b"up", "+QFWRITE: 2,2", false),
        case("m95", &[], None, whole, "CONNECT", b"up", "+QFUPL: 2,7570", false),
    ]);
    for list in ["AT+QFTPLIST", "AT+QFTPNLST"] {
        cases.push(case("m95", QUECTEL, Some("+QFTPOPEN:0"), list, "CONNECT", b"", "f.bin", false));
    }
    let opened = Some("+FTPOPEN: 1");
    cases.extend([
        case("nl668", NL668, opened, "AT+FTPRETR=\"f.bin\"", "+FTPRETR: 2", b"", "hello", false),
        case("nl668", NL668, opened, "AT+FTPSTOR=\"up.bin\"", "+FTPSTOR: 2", b"up\x03", "+FTPSTOR: 1", false),
        case("nl668", NL668, opened, "AT+FTPPUT=\"up.bin\",2,1", "+FTPPUT: 2,2", b"up", "OK", false),
        case("nl668", NL668, opened, "AT+FTPPUT=\"up.bin\",2,0", "+FTPPUT: 2,2", b"up", "OK", false),
        case("nl668", NL668, opened, "AT+FTPLIST", "+FTPLIST: 2", b"", "f.bin", false),
        case("nl668", NL668, opened, "AT+FTPLIST=\"f.bin\"", "+FTPLIST: 2", b"", "f.bin", false),
    ]);
    cases
}

/// What is to come of a command under a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// Data mode, and all that belongs to it.
    Data,
    /// Data mode, and nothing of the answer: neither what leads there nor what stands behind it.
    Unheard,
    /// Nothing: it is not carried out.
    Nothing,
    /// The bearer is lost meanwhile; whatever comes, the port is in command mode in the end.
    Loss,
}

/// The faults that keep an answer back, or the line that leads to data mode.
fn faults(case: &Case) -> Vec<(String, Comes)> {
    let (command, prompt) = (case.command.replace('"', "\\\""), case.prompt);
    let on_command = |what: &str| format!("when = {{ command = \"{command}\" }}\nwhat = {what}");
    let on_urc = |what: &str| format!("what = {{ {what}, urc = \"{prompt}*\" }}");
    let lasting = |what: &str| format!("what = {what}\nfor = \"30s\"");
    vec![
        (on_command("{ late = \"1ms\" }"), Comes::Data),
        (on_command("{ late = \"4s\" }"), Comes::Data),
        (on_command("{ swallow = \"answer\" }"), Comes::Unheard),
        (on_command("{ swallow = \"command\" }"), Comes::Nothing),
        (on_command("{ late = \"6s\" }"), Comes::Loss),
        (on_urc("late = \"6s\""), Comes::Loss),
        (on_urc("late = \"1ms\""), Comes::Data),
        (on_urc("late = \"4s\""), Comes::Data),
        (on_urc("swallow = \"answer\""), Comes::Data),
        (lasting("{ hold = \"2s\", direction = \"down\" }"), Comes::Data),
        (lasting("{ hold = \"2s\", direction = \"up\" }"), Comes::Data),
        (lasting("{ pieces = 4, gap = \"100ms\", direction = \"down\" }"), Comes::Data),
        (lasting("{ pieces = 4, gap = \"100ms\", direction = \"up\" }"), Comes::Data),
    ]
}

/// Plays one case; what is wrong, where something is.
fn play(case: Case, fault: &str, comes: Comes) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        let bench = Bench::profile(case.profile).map_err(|e| e.to_string())?.file("f.bin", "hello");
        let mut hand = bench.by_hand().await.map_err(|e| e.to_string())?;
        host(&mut hand, case, fault, comes).await.map_err(|e| e.to_string())
    })
}

async fn host(hand: &mut Hand, case: Case, fault: &str, comes: Comes) -> io::Result<()> {
    let (second, wrong) = (Duration::from_secs(1), |why: String| Err(io::Error::other(why)));
    hand.turn(20 * second).await?;
    for line in case.before {
        if *line == "+++" {
            hand.turn(10 * second).await?;
            hand.send(1, b"+++").await?;
            hand.turn(2 * second).await?;
            continue;
        }
        let said = hand.command(1, line, &["OK", "ERROR", "+CME"], 60 * second).await?;
        if said.last().is_none_or(|last| last != "OK") {
            return wrong(format!("{line}: {said:?}"));
        }
        if line.starts_with("AT+QFTPOPEN") {
            hand.turn(10 * second).await?;
        }
    }
    hand.turn(10 * second).await?;
    let before = heard(hand).await?;
    if !case.ready.is_none_or(|ready| before.contains(ready) || ready == "+WIPREADY") {
        return wrong(format!("not ready: {before:?}"));
    }
    hand.inject(fault).map_err(io::Error::other)?;
    hand.send(1, format!("{}\r", case.command).as_bytes()).await?;
    if comes == Comes::Loss {
        hand.turn(2 * second).await?;
        hand.inject("what = { pdp_drop = \"all\" }").map_err(io::Error::other)?;
    }
    hand.turn(8 * second).await?;
    if comes == Comes::Loss {
        hand.send(1, case.types).await?;
    }
    if matches!(comes, Comes::Data | Comes::Unheard) {
        hand.send(1, case.types).await?;
        hand.turn(10 * second).await?;
        let said = heard(hand).await?;
        match comes {
            Comes::Unheard if said.contains("OK\r\n") => {
                return wrong(format!("the answer is swallowed, and {said:?} is heard"));
            }
            Comes::Data if !said.contains(case.hears) => {
                return wrong(format!("{:?} is not in {said:?}", case.hears));
            }
            _ => {}
        }
        if !case.types.is_empty() && case.command.contains("up.bin") && !case.command.ends_with(",0") {
            hand.turn(10 * second).await?;
            let stored = std::fs::read(hand.root().join("up.bin"))?;
            if stored != b"up" {
                return wrong(format!("up.bin has {:?}", String::from_utf8_lossy(&stored)));
            }
        }
    }
    hand.turn(30 * second).await?;
    if case.escapes && comes != Comes::Nothing {
        hand.send(1, b"+++").await?;
        hand.turn(3 * second).await?;
    }
    heard(hand).await?;
    let said = hand.command(1, "AT", &["OK"], 10 * second).await?;
    if said.last().is_none_or(|last| last != "OK") {
        return wrong(format!("AT: {said:?}"));
    }
    Ok(())
}

/// What has been heard and not been read yet.
async fn heard(hand: &mut Hand) -> io::Result<String> {
    let mut said = vec![];
    while let Some(byte) = hand.bytes(1, 1, Duration::ZERO).await? {
        said.extend(byte);
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn no_fault_that_keeps_an_answer_back_keeps_a_port_out_of_data_mode() {
    let mut wrong = vec![];
    for case in cases() {
        for (fault, comes) in faults(&case) {
            let (told, result) = channel();
            let what = fault.clone();
            thread::spawn(move || told.send(play(case, &what, comes)));
            let why = match result.recv_timeout(Duration::from_secs(60)) {
                Ok(Ok(())) => continue,
                Ok(Err(why)) => why,
                Err(RecvTimeoutError::Timeout) => "it hangs".to_owned(),
                Err(RecvTimeoutError::Disconnected) => "it panics".to_owned(),
            };
            wrong.push(format!("{} {} under {fault:?}: {why}", case.profile, case.command));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
