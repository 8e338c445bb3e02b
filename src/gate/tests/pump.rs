//! A gate in front of the real built-in server: the module is played here, the server's sockets are real.

use crate::ftpd::{Config, FtpServer};
use crate::gate::builtin;
use crate::gate::{Gate, GateConfig, GateFaults, GateInput, GateOutput, NoGateFaults, Relay};
use crate::time::Now;
use bytes::Bytes;
use core::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Only ever waited for when something hangs.
const GUARD: Duration = Duration::from_secs(20);

/// Both ends of a gate.
pub struct Pump {
    pub gate: Gate,
    pub root: TempDir,
    _server: FtpServer,
    address: SocketAddr,
    control: Option<TcpStream>,
    pipe: Option<TcpStream>,
    credit: usize,
    said: String,
    pub listening: Option<u16>,
    pub dialled: Option<SocketAddrV4>,
    pub received: Vec<u8>,
    pub data_closed: bool,
    sending: Option<Bytes>,
    allowed: usize,
    pub closed: bool,
    /// The link takes nothing of a download.
    pub stalled: bool,
}

impl Pump {
    pub fn new() -> Pump {
        Pump::with(Box::new(NoGateFaults), |_| {})
    }

    pub fn with(faults: Box<dyn GateFaults>, configure: impl FnOnce(&mut Config)) -> Pump {
        let root = tempfile::tempdir().unwrap();
        let mut config = Config::new(root.path());
        (config.greeting, config.check) = (builtin::GREETING, builtin::CHECK);
        configure(&mut config);
        let server = FtpServer::start(config).unwrap();
        let address = server.local_address();
        let (host, module) = ("10.0.0.1:21".parse().unwrap(), "10.64.0.9:1025".parse().unwrap());
        Pump {
            gate: Gate::new(Arc::new(GateConfig::default()), host, module, address, false)
                .with_faults(faults),
            root,
            _server: server,
            address,
            control: None,
            pipe: None,
            credit: 0,
            said: String::new(),
            listening: None,
            dialled: None,
            received: vec![],
            data_closed: false,
            sending: None,
            allowed: 0,
            closed: false,
            stalled: false,
        }
    }

    pub fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    pub fn feed(&mut self, input: GateInput) {
        self.gate.handle(Now::ZERO, input);
    }

    /// The next whole reply.
    pub async fn reply(&mut self) -> String {
        loop {
            let whole = self.said.split_inclusive("\r\n").scan(0, |end, line| {
                *end += line.len();
                Some((*end, line))
            });
            let code = self.said.get(..3).unwrap_or("").to_owned();
            let end =
                whole.into_iter().find(|(_, l)| l.ends_with('\n') && l.starts_with(&(code.clone() + " ")));
            if let Some((end, _)) = end {
                let rest = self.said.split_off(end);
                return std::mem::replace(&mut self.said, rest).trim_end().replace("\r\n", "\n");
            }
            assert!(!self.closed, "closed after {:?}", self.said);
            self.turn().await;
        }
    }

    pub async fn ask(&mut self, line: &str) -> String {
        self.feed(GateInput::ModuleBytes(Bytes::from(format!("{line}\r\n"))));
        self.reply().await
    }

    pub async fn login(&mut self) {
        assert_eq!(self.reply().await, "220 FTP server ready.");
        assert!(self.ask("USER ftp").await.starts_with("331"));
        assert!(self.ask("PASS x").await.starts_with("230"));
    }

    /// The module connects to a fresh passive port.
    pub async fn passive(&mut self) {
        assert!(self.ask("PASV").await.starts_with("227"));
        assert!(self.listening.take().is_some());
        self.open();
    }

    pub fn open(&mut self) {
        self.received.clear();
        self.data_closed = false;
        self.allowed = 0;
        self.feed(GateInput::DataOpened);
    }

    /// The data and the closing reply.
    pub async fn download(&mut self, line: &str) -> (Vec<u8>, String) {
        self.passive().await;
        let mut reply = self.ask(line).await;
        if reply.starts_with("150") {
            reply = self.reply().await;
        }
        (std::mem::take(&mut self.received), reply)
    }

    /// The closing reply.
    pub async fn upload(&mut self, line: &str, bytes: &[u8]) -> String {
        self.passive().await;
        self.sending = Some(Bytes::copy_from_slice(bytes));
        let mut reply = self.ask(line).await;
        if reply.starts_with("150") {
            reply = self.reply().await;
        }
        self.sending = None;
        reply
    }

    pub async fn until_idle(&mut self) {
        loop {
            match self.gate.poll_output() {
                Some(output) => self.perform(output).await,
                None if self.gate.busy() => self.turn().await,
                None => return,
            }
        }
    }

    /// Does what the gate wants, or waits for the server where it wants nothing.
    pub async fn turn(&mut self) {
        if let Some(output) = self.gate.poll_output() {
            return self.perform(output).await;
        }
        if self.send_upload() {
            return;
        }
        assert!(self.gate.busy(), "the gate waits for nothing: {:?}", self.gate);
        let mut control = [0; 2048];
        let mut data = vec![0; self.credit.min(16 * 1024)];
        let input = tokio::select! {
            read = read(&mut self.control, &mut control) => match read {
                Ok(0) => GateInput::UpstreamFin,
                Ok(n) => GateInput::UpstreamBytes(Bytes::copy_from_slice(&control[..n])),
                Err(_) => GateInput::UpstreamReset,
            },
            read = read(&mut self.pipe, &mut data), if self.credit > 0 => match read {
                Ok(0) => GateInput::UpstreamDataFin,
                Ok(n) => {
                    self.credit -= n;
                    GateInput::UpstreamDataBytes(Bytes::copy_from_slice(&data[..n]))
                }
                Err(_) => GateInput::UpstreamDataReset,
            },
            _ = tokio::time::sleep(GUARD) => panic!("nothing came: {:?}", self.gate),
        };
        match &input {
            GateInput::UpstreamFin | GateInput::UpstreamReset => self.control = None,
            GateInput::UpstreamDataFin | GateInput::UpstreamDataReset => self.credit = 0,
            _ => {}
        }
        self.feed(input);
    }

    /// The module sends what it may.
    fn send_upload(&mut self) -> bool {
        let allowed = self.allowed;
        let Some(rest) = self.sending.as_mut().filter(|rest| allowed > 0 || rest.is_empty()) else {
            return false;
        };
        if allowed == 0 && !self.gate.busy() {
            return false;
        }
        let part = rest.split_to(rest.len().min(allowed).min(1460));
        let last = rest.is_empty();
        self.allowed -= part.len();
        if !part.is_empty() {
            self.feed(GateInput::DataBytes(part));
        }
        if last {
            self.sending = None;
            self.feed(GateInput::DataFin);
        }
        true
    }

    async fn perform(&mut self, output: GateOutput) {
        match output {
            GateOutput::ToModule(bytes) => self.said.push_str(std::str::from_utf8(&bytes).unwrap()),
            GateOutput::FinModule | GateOutput::ResetModule => self.closed = true,
            GateOutput::ListenData { port } => self.listening = Some(port),
            GateOutput::DialData(to) => self.dialled = Some(to),
            GateOutput::DataToModule(bytes) => {
                self.received.extend(&bytes);
                if !self.stalled {
                    self.feed(GateInput::DataSent(bytes.len()));
                }
            }
            GateOutput::DataFinModule => {
                self.data_closed = true;
                self.feed(GateInput::DataDelivered);
            }
            GateOutput::DataResetModule => {
                self.data_closed = true;
                self.sending = None;
                self.allowed = 0;
            }
            GateOutput::AllowModuleData(n) => self.allowed += n,
            GateOutput::OpenUpstream => {
                self.control = Some(TcpStream::connect(self.address).await.unwrap());
                self.feed(GateInput::UpstreamOpened);
            }
            GateOutput::ToUpstream(bytes) => self.control.as_mut().unwrap().write_all(&bytes).await.unwrap(),
            GateOutput::CloseUpstream => self.control = None,
            GateOutput::OpenUpstreamData(to) => {
                self.credit = 0;
                self.pipe = Some(TcpStream::connect(to).await.unwrap());
                self.feed(GateInput::UpstreamDataOpened);
            }
            GateOutput::DataToUpstream(bytes) => {
                let Some(pipe) = &mut self.pipe else { return };
                match pipe.write_all(&bytes).await {
                    Ok(()) => self.feed(GateInput::UpstreamDataSent(bytes.len())),
                    Err(_) => {
                        self.pipe = None;
                        self.feed(GateInput::UpstreamDataReset);
                    }
                }
            }
            GateOutput::DataFinUpstream => {
                if let Some(pipe) = &mut self.pipe {
                    let _ = pipe.shutdown().await;
                }
            }
            GateOutput::DataAbortUpstream => self.pipe = None,
            GateOutput::AllowUpstreamData(n) => self.credit += n,
            GateOutput::StartTls | GateOutput::SilenceData { .. } | GateOutput::StopListen => {}
        }
    }
}

async fn read(stream: &mut Option<TcpStream>, into: &mut [u8]) -> std::io::Result<usize> {
    match stream {
        Some(stream) => stream.read(into).await,
        None => std::future::pending().await,
    }
}
