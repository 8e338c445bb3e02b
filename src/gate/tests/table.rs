//! A gate with both ends played by hand, in front of a server that is not the built-in one.

use crate::gate::{Gate, GateConfig, GateFaults, GateInput, GateOutput, NoGateFaults, Relay};
use crate::time::Now;
use std::sync::Arc;
use std::time::Duration;

pub struct Table {
    pub gate: Gate,
    pub now: Now,
}

impl Table {
    pub fn new() -> Table {
        Table::with(Box::new(NoGateFaults), |_| {})
    }

    /// In front of the built-in server.
    pub fn builtin() -> Table {
        Table::greeted(&format!("220 {}\r\n", crate::gate::builtin::GREETING), Box::new(NoGateFaults), |_| {})
    }

    /// Connected, and logged in.
    pub fn with(faults: Box<dyn GateFaults>, configure: impl FnOnce(&mut GateConfig)) -> Table {
        Table::greeted("220 real\r\n", faults, configure)
    }

    fn greeted(
        greeting: &str,
        faults: Box<dyn GateFaults>,
        configure: impl FnOnce(&mut GateConfig),
    ) -> Table {
        let mut config = GateConfig::default();
        configure(&mut config);
        let (server, module) = ("10.0.0.1:21".parse().unwrap(), "10.64.0.9:1025".parse().unwrap());
        let upstream = "192.0.2.1:2121".parse().unwrap();
        let gate = Gate::new(Arc::new(config), server, module, upstream, false).with_faults(faults);
        let mut table = Table { gate, now: Now::ZERO };
        assert_eq!(table.drain(), ["open upstream"]);
        table.feed(GateInput::UpstreamOpened);
        table.server(greeting);
        table.module("USER me\r\n");
        table.server("331 go on\r\n");
        table.module("PASS secret\r\n");
        table.server("230 in\r\n");
        table
    }

    /// What the gate does about this, one line for each output.
    pub fn feed(&mut self, input: GateInput) -> Vec<String> {
        self.gate.handle(self.now, input);
        self.drain()
    }

    pub fn module(&mut self, text: &str) -> Vec<String> {
        self.feed(GateInput::ModuleBytes(text.to_owned().into()))
    }

    pub fn server(&mut self, text: &str) -> Vec<String> {
        self.feed(GateInput::UpstreamBytes(text.to_owned().into()))
    }

    /// What the gate does in this time.
    pub fn wait(&mut self, time: Duration) -> Vec<String> {
        let until = self.now + time;
        let mut done = vec![];
        while let Some(due) = self.gate.poll_timeout().filter(|due| *due <= until) {
            self.now = due;
            self.gate.handle_timeout(due);
            done.extend(self.drain());
        }
        self.now = until;
        done
    }

    /// A passive data connection of the module.
    pub fn passive(&mut self) {
        let announced = self.module("PASV\r\n");
        assert!(announced[0].starts_with("listen "), "{announced:?}");
        assert!(announced[1].starts_with("> 227 Entering Passive Mode (10,0,0,1,195,"), "{announced:?}");
        assert!(self.feed(GateInput::DataOpened).is_empty());
    }

    /// A transfer up to the server's 150.
    pub fn begin(&mut self, line: &str) -> Vec<String> {
        self.passive();
        assert_eq!(self.module(&format!("{line}\r\n")), ["< PASV"]);
        let opened = self.server("227 Here (1,2,3,4,4,1)\r\n");
        // The address that was dialled, whatever the server takes for its own.
        assert_eq!(opened, ["open pipe 192.0.2.1:1025"]);
        assert!(self.gate.busy());
        assert_eq!(self.feed(GateInput::UpstreamDataOpened), [format!("< {line}")]);
        self.server("150 go\r\n")
    }

    fn drain(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.gate.poll_output()).map(|output| show(&output)).collect()
    }
}

fn show(output: &GateOutput) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().replace("\r\n", "|");
    match output {
        GateOutput::ToModule(bytes) => format!("> {}", text(bytes)),
        GateOutput::ToUpstream(bytes) => format!("< {}", text(bytes)),
        GateOutput::StartTls => "tls".into(),
        GateOutput::FinModule => "close".into(),
        GateOutput::ResetModule => "reset".into(),
        GateOutput::ListenData { port } => format!("listen {port}"),
        GateOutput::SilenceData { port } => format!("silence {port}"),
        GateOutput::StopListen => "stop listening".into(),
        GateOutput::DialData(to) => format!("dial {to}"),
        GateOutput::DataToModule(bytes) => format!(">> {}", text(bytes)),
        GateOutput::DataFinModule => "close data".into(),
        GateOutput::DataResetModule => "reset data".into(),
        GateOutput::OpenUpstream => "open upstream".into(),
        GateOutput::CloseUpstream => "close upstream".into(),
        GateOutput::OpenUpstreamData(to) => format!("open pipe {to}"),
        GateOutput::DataToUpstream(bytes) => format!("<< {}", text(bytes)),
        GateOutput::DataFinUpstream => "close pipe".into(),
        GateOutput::DataAbortUpstream => "reset pipe".into(),
        GateOutput::AllowUpstreamData(n) => format!("allow server {n}"),
        GateOutput::AllowModuleData(n) => format!("allow module {n}"),
    }
}
