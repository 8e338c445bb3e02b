//! An M10 host that sends a file up over FTP, with the modem running beside it on a stream in memory,
//! sixty times faster than real time, while the test takes the network away and gives it back:
//!
//! ```sh
//! cargo run --example upload_m10
//! ```

use badline::{Bench, Live};
use std::error::Error;
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};
use tokio::net::UnixStream;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What the host sends up.
const REPORT: &[u8] = b"21.5 C\n21.7 C\n21.4 C\n";

/// The host's end of the serial line.
struct Host {
    input: BufReader<ReadHalf<UnixStream>>,
    output: WriteHalf<UnixStream>,
}

impl Host {
    fn on(port: UnixStream) -> Host {
        let (input, output) = tokio::io::split(port);
        Host { input: BufReader::new(input), output }
    }

    /// Types a line, and reads until the module says one that begins with `last`.
    async fn ask(&mut self, line: &str, last: &str) -> Result<String> {
        self.output.write_all(format!("{line}\r").as_bytes()).await?;
        self.until(last).await
    }

    async fn until(&mut self, last: &str) -> Result<String> {
        loop {
            let mut line = String::new();
            if self.input.read_line(&mut line).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let line = line.trim();
            if line.starts_with(last) {
                return Ok(line.to_owned());
            }
        }
    }

    /// Sends the report up; true where the module says that all of it has arrived.
    async fn upload(&mut self) -> Result<bool> {
        self.ask("AT+QFTPUSER=\"anna\"", "OK").await?;
        self.ask("AT+QFTPPASS=\"secret\"", "OK").await?;
        if self.ask("AT+QFTPOPEN=\"ftp.example.com\",21", "+QFTPOPEN:").await? != "+QFTPOPEN:0" {
            return Ok(false);
        }
        let length = REPORT.len();
        self.ask(&format!("AT+QFTPPUT=\"report.txt\",{length}"), "CONNECT").await?;
        self.output.write_all(REPORT).await?;
        let sent = self.until("+QFTPPUT:").await? == format!("+QFTPPUT:{length}");
        self.ask("AT+QFTPCLOSE", "+QFTPCLOSE:").await?;
        Ok(sent)
    }

    /// Whatever the module has left to say goes.
    async fn close(mut self) -> Result<()> {
        self.output.shutdown().await?;
        self.input.read_to_end(&mut vec![]).await?;
        Ok(())
    }
}

/// Uploads once without a server, and once with one.
pub async fn run() -> Result<()> {
    let bench = Bench::profile("m10")?.user("anna", "secret").speed(60);
    let mut modem: Live = bench.start().await?;
    let mut host = Host::on(modem.port(1).ok_or("the port was taken")?);

    let gone = modem.inject("what = { refused = \"*\" }").await?;
    assert!(!host.upload().await?, "nobody is there");
    modem.lift(&gone).await;

    assert!(host.upload().await?);
    assert_eq!(std::fs::read(modem.root().join("report.txt"))?, REPORT);
    modem.wait_for(|record| matches!(&record.event, badline::trace::Event::FtpReply { code: 226, .. })).await;
    host.close().await
}

/// Runs it.
#[tokio::main(flavor = "current_thread")]
pub async fn main() -> Result<()> {
    run().await?;
    println!("sent, in spite of all");
    Ok(())
}
