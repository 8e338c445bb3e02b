//! In front of the built-in server.

use super::pump::Pump;
use crate::ftpd::{Refusal, StorageFault, StorageFaults, StorageOp};
use crate::gate::GateInput;
use std::fs;
use std::path::Path;
use std::sync::Arc;

#[test]
fn files_go_up_and_come_down() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        let long: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        for (name, content) in [("empty", &b""[..]), ("short", b"hello"), ("long", &long)] {
            let reply = pump.upload(&format!("STOR {name}"), content).await;
            assert!(reply.starts_with("226"), "{name}: {reply}");
            assert!(fs::read(pump.root.path().join(name)).unwrap() == content, "{name}");
            let (bytes, reply) = pump.download(&format!("RETR {name}")).await;
            assert!(bytes == content, "{name}: {} octets", bytes.len());
            assert!(reply.starts_with("226"), "{reply}");
        }
        assert!(pump.upload("APPE short", b" world").await.starts_with("226"));
        assert_eq!(fs::read(pump.root.path().join("short")).unwrap(), b"hello world");
    });
}

#[test]
fn no_syntax_error_ends_the_session() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        for (line, code) in [
            ("CWD", "501"),
            ("TYPE Q", "504"),
            ("MODE Z", "504"),
            ("REST -1", "501"),
            ("SIZE", "501"),
            ("NOOP x", "200"),
            ("PASV please", "227"),
            ("OPTS MLST x", "501"),
            ("RETR", "501"),
            ("ABOR now", "226"),
            ("FEAT x", "211"),
            ("PORT x", "501"),
            ("EPRT |1|10.64.0.9|2000|", "200"),
            ("EPRT |2|::1|2000|", "522"),
            ("ACCT me", "202"),
            ("AUTH X", "504"),
            ("PROT P", "503"),
            ("HELO", "500"),
            ("SYST", "215"),
            ("STAT", "211"),
        ] {
            let reply = pump.ask(line).await;
            assert!(reply.starts_with(code), "{line}: {reply}");
        }
        assert!(pump.ask("QUIT").await.starts_with("221"));
        while !pump.closed {
            pump.turn().await;
        }
    });
}

#[test]
fn directories_are_those_of_a_server() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        assert_eq!(pump.ask("MKD a \"b\"").await, "257 \"/a \"\"b\"\"\" created.");
        assert!(pump.ask("CWD a \"b\"").await.starts_with("250"));
        assert_eq!(pump.ask("PWD").await, "257 \"/a \"\"b\"\"\" is the current directory.");
        assert!(pump.upload("STOR x", b"12345").await.starts_with("226"));
        assert_eq!(pump.ask("SIZE x").await, "213 5");
        assert!(pump.ask("MDTM x").await.starts_with("213 20"));
        assert!(pump.ask("RNFR x").await.starts_with("350"));
        assert!(pump.ask("RNTO ../y").await.starts_with("250"));
        assert!(pump.ask("CDUP").await.starts_with("250"));
        assert!(pump.ask("CWD ../..").await.starts_with("250"));
        assert!(pump.ask("PWD").await.starts_with("257 \"/\" "));
        assert_eq!(pump.ask("SIZE y").await, "213 5");
        assert!(pump.ask("CWD nowhere").await.starts_with("550"));
        assert!(pump.ask("RMD a \"b\"").await.starts_with("250"));
        let status = pump.ask("STAT y").await;
        let lines: Vec<&str> = status.lines().collect();
        assert_eq!((lines[0], lines[2]), ("213-Status of y:", "213 End."));
        assert!(lines[1].starts_with(" -rw-r--r-- 1 ftp ftp   5 ") && lines[1].ends_with(" y"), "{status}");
        assert!(pump.ask("STAT nowhere").await.starts_with("450"));
        let (list, _) = pump.download("LIST -l y").await;
        assert_eq!(format!(" {}", String::from_utf8(list).unwrap().trim_end()), lines[1]);
        assert_eq!(pump.download("NLST -a").await.0, b"y\r\n");
        assert!(pump.ask("DELE y").await.starts_with("250"));
        assert_eq!(pump.download("LIST").await.0, b"");
    });
}

#[test]
fn a_refusal_comes_instead_of_150() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        fs::create_dir(pump.root.path().join("d")).unwrap();
        for (line, refusal) in [
            ("RETR gone", "550 No such file."),
            ("RETR d", "550 Not a plain file."),
            ("STOR d", "550 Is a directory."),
            ("STOR gone/x", "550 No such directory."),
            ("LIST gone", "450 No such file or directory."),
        ] {
            pump.passive().await;
            assert_eq!(pump.ask(line).await, refusal, "{line}");
            assert!(pump.data_closed, "{line}");
        }
        assert_eq!(pump.ask("LIST").await, "425 Use PORT or PASV first.");
    });
}

#[test]
fn an_offset_is_used_once_and_not_kept_over_a_failure() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        assert!(pump.upload("STOR f", b"0123456789").await.starts_with("226"));
        assert!(pump.ask("REST 4").await.starts_with("350"));
        assert_eq!(pump.download("RETR f").await.0, b"456789");
        assert_eq!(pump.download("RETR f").await.0, b"0123456789");
        assert!(pump.ask("REST 4").await.starts_with("350"));
        assert!(pump.download("RETR gone").await.1.starts_with("550"));
        assert_eq!(pump.download("RETR f").await.0, b"0123456789");
        assert!(pump.ask("REST 10").await.starts_with("350"));
        assert!(pump.upload("STOR new", b"x").await.starts_with("226"));
        assert_eq!(fs::read(pump.root.path().join("new")).unwrap(), b"\0\0\0\0\0\0\0\0\0\0x");
    });
}

#[test]
fn unique_names_are_counted() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        assert!(pump.ask("MKD d").await.starts_with("257"));
        assert!(pump.ask("CWD d").await.starts_with("250"));
        for (line, name) in [("STOU", "STOU"), ("STOU", "STOU.1"), ("STOU a", "a"), ("STOU a", "a.1")] {
            pump.passive().await;
            assert_eq!(pump.ask(line).await, format!("150 FILE: {name}"));
            pump.feed(GateInput::DataFin);
            assert!(pump.reply().await.starts_with("226"));
            assert!(pump.root.path().join("d").join(name).is_file());
        }
    });
}

#[test]
fn the_module_is_dialled_where_it_said() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        fs::write(pump.root.path().join("f"), b"active").unwrap();
        assert!(pump.ask("PORT 166,129,120,246,11,45").await.starts_with("200"));
        pump.feed(GateInput::ModuleBytes("RETR f\r\n".into()));
        while pump.dialled.is_none() {
            pump.turn().await;
        }
        assert_eq!(pump.dialled, Some("166.129.120.246:2861".parse().unwrap()));
        pump.open();
        assert!(pump.reply().await.starts_with("150"));
        assert!(pump.reply().await.starts_with("226"));
        assert_eq!(pump.received, b"active");
        assert_eq!(pump.ask("RETR f").await, "425 Use PORT or PASV first.");
    });
}

#[test]
fn abort_is_answered_at_once_and_the_session_goes_on() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        fs::write(pump.root.path().join("f"), vec![b'x'; 3_000_000]).unwrap();
        pump.stalled = true;
        pump.passive().await;
        assert!(pump.ask("RETR f").await.starts_with("150"));
        pump.until_idle().await;
        assert_eq!(pump.received.len(), 64 * 1024);
        assert!(pump.ask("STAT").await.contains("RETR in progress, 65536 octets moved"));
        pump.feed(GateInput::ModuleBytes((&b"\xff\xf4\xff\xf2ABOR\r\n"[..]).into()));
        assert_eq!(pump.reply().await, "426 Transfer aborted.");
        assert_eq!(pump.reply().await, "226 Abort successful.");
        assert!(pump.data_closed);
        pump.stalled = false;
        assert_eq!(pump.download("RETR f").await.0.len(), 3_000_000);
    });
}

#[test]
fn an_aborted_upload_keeps_what_came() {
    Pump::run(async {
        let mut pump = Pump::new();
        pump.login().await;
        pump.passive().await;
        assert!(pump.ask("STOR f").await.starts_with("150"));
        pump.feed(GateInput::DataBytes("0123456789".into()));
        assert_eq!(pump.ask("ABOR").await, "426 Transfer aborted.");
        assert_eq!(pump.reply().await, "226 Abort successful.");
        assert_eq!(pump.ask("SIZE f").await, "213 10");
        pump.passive().await;
        assert!(pump.ask("STOR g").await.starts_with("150"));
        pump.feed(GateInput::DataBytes("01234".into()));
        pump.feed(GateInput::DataReset);
        assert!(pump.reply().await.starts_with("426"));
        assert_eq!(pump.ask("SIZE g").await, "213 5");
    });
}

#[test]
fn wrong_logins_get_the_servers_530() {
    Pump::run(async {
        let mut pump = Pump::with(Box::new(crate::gate::NoGateFaults), |config| {
            config.users = vec![("meter".into(), "right".into())];
        });
        assert!(pump.reply().await.starts_with("220"));
        assert!(pump.ask("PASV").await.starts_with("530"));
        assert!(pump.ask("LIST").await.starts_with("530"));
        assert!(pump.ask("USER meter").await.starts_with("331"));
        assert!(pump.ask("PASS wrong").await.starts_with("530"));
        assert!(pump.ask("USER meter").await.starts_with("331"));
        assert!(!format!("{:?}", pump.gate).contains("wrong"));
        assert!(pump.ask("PASS right").await.starts_with("230"));
        assert!(pump.ask("PASV").await.starts_with("227"));
    });
}

/// The disk is full after 1000 octets.
#[derive(Debug)]
struct Full;

impl StorageFaults for Full {
    fn before(&self, op: StorageOp, _: &Path) -> Option<StorageFault> {
        (op == StorageOp::Write).then_some(StorageFault::new(Refusal::Full, 1000))
    }
}

#[test]
fn a_full_disk_stops_an_upload() {
    Pump::run(async {
        let mut pump = Pump::with(Box::new(crate::gate::NoGateFaults), |config| {
            config.faults = Arc::new(Full);
        });
        pump.login().await;
        let reply = pump.upload("STOR f", &[b'x'; 300_000]).await;
        assert!(reply.starts_with("452"), "{reply}");
        assert_eq!(pump.ask("SIZE f").await, "213 1000");
    });
}
