//! The server as a client on this machine sees it.

use super::*;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;

/// Only ever waited for when something hangs.
const GUARD: Duration = Duration::from_secs(20);

struct Client {
    control: BufReader<TcpStream>,
}

impl Client {
    fn connect(server: &FtpServer) -> Client {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        let mut client = Client { control: BufReader::new(stream) };
        assert_eq!(client.reply(), "220 FTP server ready\r\n");
        client
    }

    fn login(server: &FtpServer) -> Client {
        let mut client = Client::connect(server);
        assert!(client.ask("USER ftp").starts_with("331"));
        assert!(client.ask("PASS x").starts_with("230"));
        client
    }

    fn ask(&mut self, line: &str) -> String {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.reply()
    }

    /// All lines of the next reply.
    fn reply(&mut self) -> String {
        let mut lines = String::new();
        let mut start = 0;
        while lines.is_empty()
            || lines.as_bytes()[start + 3] != b' '
            || !lines[start..].starts_with(&lines[..3])
        {
            start = lines.len();
            assert!(self.control.read_line(&mut lines).unwrap() > 0, "the server closed after {lines:?}");
        }
        lines
    }

    fn passive(&mut self) -> TcpStream {
        let reply = self.ask("PASV");
        let (_, numbers) = reply.split_once('(').unwrap();
        let numbers: Vec<u16> =
            numbers.split_once(')').unwrap().0.split(',').map(|n| n.parse().unwrap()).collect();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, numbers[4] << 8 | numbers[5])).unwrap();
        stream.set_read_timeout(Some(GUARD)).unwrap();
        stream
    }

    /// The data and the closing reply.
    fn download(&mut self, line: &str) -> (Vec<u8>, String) {
        let mut data = self.passive();
        assert!(self.ask(line).starts_with("150"));
        let mut bytes = vec![];
        data.read_to_end(&mut bytes).unwrap();
        (bytes, self.reply())
    }

    /// The closing reply.
    fn upload(&mut self, line: &str, bytes: &[u8]) -> String {
        let mut data = self.passive();
        assert!(self.ask(line).starts_with("150"));
        // A storage that refuses closes before it has read everything.
        let _ = data.write_all(bytes);
        drop(data);
        self.reply()
    }
}

fn served() -> (tempfile::TempDir, FtpServer) {
    let root = tempfile::tempdir().unwrap();
    let server = FtpServer::start(Config::new(root.path())).unwrap();
    (root, server)
}

#[test]
fn files_go_up_and_come_down() {
    let (root, server) = served();
    let mut client = Client::login(&server);
    let long: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    for (name, content) in [("empty", &b""[..]), ("short", b"hello"), ("long", &long)] {
        assert!(client.upload(&format!("STOR {name}"), content).starts_with("226"));
        assert_eq!(fs::read(root.path().join(name)).unwrap(), content, "{name}");
        let (bytes, reply) = client.download(&format!("RETR {name}"));
        assert_eq!(bytes, content, "{name}");
        assert!(reply.starts_with("226"), "{reply}");
    }
    assert_eq!(client.ask("SIZE short"), "213 5\r\n");
    assert_eq!(client.ask("SIZE empty"), "213 0\r\n");
    let mdtm = client.ask("MDTM short");
    assert!(mdtm.starts_with("213 20") && mdtm.trim_end().len() == 18, "{mdtm}");
}

#[test]
fn uploads_continue_append_and_replace() {
    let (root, server) = served();
    let mut client = Client::login(&server);
    assert!(client.upload("STOR a", b"0123456789").starts_with("226"));
    assert!(client.upload("APPE a", b"abc").starts_with("226"));
    assert_eq!(fs::read(root.path().join("a")).unwrap(), b"0123456789abc");
    assert!(client.ask("REST 4").starts_with("350"));
    assert!(client.upload("STOR a", b"xy").starts_with("226"));
    assert_eq!(fs::read(root.path().join("a")).unwrap(), b"0123xy6789abc");
    assert!(client.upload("STOR a", b"new").starts_with("226"));
    assert_eq!(fs::read(root.path().join("a")).unwrap(), b"new");
    assert!(client.ask("REST 10").starts_with("350"));
    assert!(client.upload("STOR fresh", b"tail").starts_with("226"));
    assert_eq!(fs::read(root.path().join("fresh")).unwrap(), b"\0\0\0\0\0\0\0\0\0\0tail");
    assert!(client.ask("REST 1").starts_with("350"));
    assert_eq!(client.download("RETR a").0, b"ew");
    assert!(client.upload("APPE made", b"by append").starts_with("226"));
    assert_eq!(fs::read(root.path().join("made")).unwrap(), b"by append");
}

#[test]
fn directories_and_names() {
    let (root, server) = served();
    let mut client = Client::login(&server);
    assert!(client.ask("MKD logs").starts_with("257"));
    assert!(client.ask("MKD logs").starts_with("550"));
    assert!(client.ask("CWD logs").starts_with("250"));
    assert!(client.upload("STOR today", b"1").starts_with("226"));
    assert!(client.ask("RNFR today").starts_with("350"));
    assert!(client.ask("RNTO yesterday").starts_with("250"));
    assert!(root.path().join("logs/yesterday").is_file());
    assert!(client.ask("PWD").starts_with("257 \"/logs\""));
    assert!(client.ask("CDUP").starts_with("250"));
    assert!(client.ask("RMD logs").starts_with("550"));
    assert!(client.ask("DELE logs").starts_with("550"));
    assert!(client.ask("DELE logs/yesterday").starts_with("250"));
    assert!(client.ask("RMD logs").starts_with("250"));
    for line in ["DELE gone", "RMD gone", "CWD gone", "RNFR gone", "SIZE gone", "MDTM gone", "RMD /", "MKD /"]
    {
        let reply = client.ask(line);
        assert!(reply.starts_with("550"), "{line}: {reply}");
    }
    assert_eq!(client.download("RETR gone").1, "550 File not found\r\n");
}

#[test]
fn a_listing_names_the_directory_or_the_file() {
    let (root, server) = served();
    fs::create_dir(root.path().join("logs")).unwrap();
    fs::write(root.path().join("test1.txt"), [b'x'; 49]).unwrap();
    fs::write(root.path().join("another one"), b"").unwrap();
    let mut client = Client::login(&server);
    let (all, reply) = client.download("LIST");
    assert!(reply.starts_with("226"), "{reply}");
    let all = String::from_utf8(all).unwrap();
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines[0].starts_with("-rw-r--r-- 1 ftp ftp   0 ") && lines[0].ends_with(" another one"), "{all}");
    assert!(lines[1].starts_with("drwxr-xr-x 1 ftp ftp   ") && lines[1].ends_with(" logs"), "{all}");
    let (one, reply) = client.download("LIST test1.txt");
    assert!(reply.starts_with("226"), "{reply}");
    assert_eq!(String::from_utf8(one).unwrap(), format!("{}\r\n", lines[2]));
    assert!(lines[2].starts_with("-rw-r--r-- 1 ftp ftp   49 ") && lines[2].ends_with(" test1.txt"));
    assert_eq!(client.download("NLST").0, b"another one\r\nlogs\r\ntest1.txt\r\n");
    assert_eq!(client.download("NLST test1.txt").0, b"test1.txt\r\n");
    assert!(client.ask("STAT /test1.txt").contains("ftp ftp   49 "));
}

#[test]
fn a_padded_listing_has_the_size_in_a_column_of_14() {
    let root = tempfile::tempdir().unwrap();
    let config = Config { listing: super::Listing::Padded, ..Config::new(root.path()) };
    let server = FtpServer::start(config).unwrap();
    fs::write(root.path().join("test1.txt"), [b'x'; 12345]).unwrap();
    fs::create_dir(root.path().join("logs")).unwrap();
    let mut client = Client::login(&server);
    let all = String::from_utf8(client.download("LIST").0).unwrap();
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines[0].starts_with("drwxr-xr-x 1 ftp ftp ") && lines[0].ends_with(" logs"), "{all}");
    assert!(lines[1].starts_with("-rw-r--r-- 1 ftp ftp          12345 "), "{all}");
    assert_eq!(lines[0].len() - " logs".len(), lines[1].len() - " test1.txt".len());
}

#[test]
fn nothing_outside_the_root_is_reached() {
    let (root, server) = served();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), b"secret").unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), root.path().join("file")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join("dir")).unwrap();
    std::os::unix::fs::symlink("../../../../../../etc", root.path().join("up")).unwrap();
    let mut client = Client::login(&server);
    for path in ["file", "dir/secret", "up/passwd", "../../../../etc/passwd", "/etc/passwd"] {
        let (bytes, reply) = client.download(&format!("RETR {path}"));
        assert!(bytes.is_empty() && reply.starts_with("550"), "{path}: {reply}");
        assert!(client.ask(&format!("SIZE {path}")).starts_with("550"), "{path}");
    }
    for path in ["file", "dir/new", "up/new"] {
        let reply = client.upload(&format!("STOR {path}"), b"overwritten");
        assert!(reply.starts_with("550"), "{path}: {reply}");
    }
    assert!(client.ask("CWD dir").starts_with("550"));
    assert!(client.ask("CWD /..").starts_with("250"));
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn a_link_inside_the_root_is_what_it_leads_to() {
    let (root, server) = served();
    fs::write(root.path().join("target"), b"0123456789").unwrap();
    std::os::unix::fs::symlink("target", root.path().join("link")).unwrap();
    let mut client = Client::login(&server);
    assert_eq!(client.ask("SIZE link"), "213 10\r\n");
    assert!(client.upload("APPE link", b"ab").starts_with("226"));
    assert_eq!(fs::read(root.path().join("target")).unwrap(), b"0123456789ab");
}

#[test]
fn logins_are_checked_where_there_are_users() {
    let root = tempfile::tempdir().unwrap();
    let users = vec![("meter".to_owned(), "geheim".to_owned())];
    let config = Config { users, ..Config::new(root.path()) };
    assert!(!format!("{config:?}").contains("geheim"));
    let server = FtpServer::start(config).unwrap();
    for (user, password, code) in
        [("meter", "geheim", "230"), ("meter", "wrong", "530"), ("other", "geheim", "530")]
    {
        let mut client = Client::connect(&server);
        assert!(client.ask(&format!("USER {user}")).starts_with("331"));
        assert!(client.ask(&format!("PASS {password}")).starts_with(code), "{user} {password}");
    }
}

#[test]
fn dropping_the_server_ends_its_sessions() {
    let (_root, server) = served();
    let mut client = Client::login(&server);
    let address = server.address();
    drop(server);
    assert_eq!(client.control.read_line(&mut String::new()).unwrap_or(0), 0);
    assert!(TcpStream::connect(address).is_err());
}

/// One fault for each operation it names, and a record of what was asked.
#[derive(Debug)]
struct Script {
    faults: Vec<(StorageOp, StorageFault)>,
    asked: Mutex<Vec<(StorageOp, PathBuf)>>,
}

impl StorageFaults for Script {
    fn before(&self, op: StorageOp, path: &Path) -> Option<StorageFault> {
        self.asked.lock().unwrap().push((op, path.to_owned()));
        self.faults.iter().find(|(of, _)| *of == op).map(|(_, fault)| *fault)
    }
}

fn scripted(faults: &[(StorageOp, Refusal, u64)]) -> (tempfile::TempDir, FtpServer, Arc<Script>) {
    let root = tempfile::tempdir().unwrap();
    let faults = faults.iter().map(|&(op, refusal, after)| (op, StorageFault::new(refusal, after))).collect();
    let script = Arc::new(Script { faults, asked: Mutex::default() });
    let server = FtpServer::start(Config { faults: script.clone(), ..Config::new(root.path()) }).unwrap();
    (root, server, script)
}

#[test]
fn every_refusal_has_its_code() {
    for (refusal, code) in [
        (Refusal::Busy, "450"),
        (Refusal::Local, "451"),
        (Refusal::Full, "452"),
        (Refusal::Denied, "550"),
        (Refusal::PageType, "551"),
        (Refusal::Quota, "552"),
        (Refusal::Name, "553"),
    ] {
        let (root, server, script) = scripted(&[
            (StorageOp::Write, refusal, 0),
            (StorageOp::MakeDir, refusal, 0),
            (StorageOp::List, refusal, 0),
        ]);
        let mut client = Client::login(&server);
        assert!(client.ask("SITE CHECK STOR /a").starts_with(code));
        assert!(client.upload("STOR a", b"x").starts_with(code));
        assert!(client.ask("MKD d").starts_with(code));
        assert!(client.download("LIST").1.starts_with(code));
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
        assert_eq!(script.asked.lock().unwrap()[2], (StorageOp::MakeDir, PathBuf::from("/d")));
    }
}

#[test]
fn a_refusal_after_n_octets_keeps_them() {
    let (root, server, _) =
        scripted(&[(StorageOp::Write, Refusal::Full, 5000), (StorageOp::Read, Refusal::Local, 700)]);
    let mut client = Client::login(&server);
    let content = vec![b'x'; 200_000];
    assert!(client.upload("STOR a", &content).starts_with("452"));
    assert_eq!(fs::read(root.path().join("a")).unwrap(), &content[..5000]);
    assert!(client.upload("STOR fits", &content[..5000]).starts_with("226"));
    let (bytes, reply) = client.download("RETR fits");
    assert_eq!((bytes.len(), &reply[..3]), (700, "451"));
    fs::write(root.path().join("small"), &content[..700]).unwrap();
    assert!(client.download("RETR small").1.starts_with("226"));
}

#[test]
fn the_check_sees_what_the_transfer_would() {
    let (root, server, script) = scripted(&[]);
    fs::create_dir(root.path().join("d")).unwrap();
    fs::write(root.path().join("f"), b"").unwrap();
    let mut client = Client::login(&server);
    for (question, answer) in [
        ("RETR /f", "200 /f"),
        ("RETR /d", "550 Not a plain file."),
        ("RETR /g", "550 No such file."),
        ("STOR /f", "200 /f"),
        ("APPE /g", "200 /g"),
        ("STOR /d", "550 Is a directory."),
        ("STOR /g/h", "550 No such directory."),
        ("STOU /g", "200 /g"),
        ("STOU /f", "200 /f.1"),
        ("STOU /", "200 /STOU"),
        ("LIST /", "200 /"),
        ("NLST /f", "200 /f"),
        ("LIST /g", "450 No such file or directory."),
        ("DELE /f", "504 Nothing to check."),
        ("", "504 Nothing to check."),
    ] {
        assert_eq!(client.ask(&format!("SITE CHECK {question}")).trim_end(), answer, "{question}");
    }
    script.asked.lock().unwrap().clear();
    assert_eq!(client.ask("SITE CHECK APPE /f"), "200 /f\r\n");
    assert!(client.upload("APPE f", b"x").starts_with("226"));
    assert_eq!(*script.asked.lock().unwrap(), [(StorageOp::Write, PathBuf::from("/f"))]);
}

#[test]
fn what_is_no_plain_file_is_refused_and_keeps_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
        .unwrap();
    std::os::unix::fs::symlink("fifo", dir.path().join("link")).unwrap();
    fs::write(dir.path().join("a"), "hello").unwrap();
    let server = FtpServer::start(Config { quota: Some(100), ..Config::new(dir.path()) }).unwrap();
    for name in ["fifo", "link"] {
        for verb in ["RETR", "STOR", "APPE"] {
            for offset in [0, 1] {
                let mut client = Client::login(&server);
                client.ask(&format!("REST {offset}"));
                let mut data = client.passive();
                let said = client.ask(&format!("{verb} {name}"));
                let _ = data.write_all(b"x");
                drop(data);
                let said = if said.starts_with("150") { client.reply() } else { said };
                assert!(said.starts_with("550"), "{verb} {name} at {offset}: {said}");
            }
        }
        let mut client = Client::login(&server);
        for verb in ["RETR", "STOR", "APPE", "SIZE"] {
            let said = client.ask(&format!("SITE CHECK {verb} /{name}"));
            assert!(said.starts_with("550 Not a plain file"), "{verb}: {said}");
        }
        assert_eq!(client.download("RETR a").0, b"hello");
    }
    assert!(fs::symlink_metadata(&fifo).is_ok());
}
