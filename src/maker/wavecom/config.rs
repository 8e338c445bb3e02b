//! 4.1: `+WIPCFG`, the stack and its options.

use super::args::{self, Refusal};
use super::{Wavecom, code, file, ping, socket};
use crate::at::Arguments;
use crate::modem::{Cx, Reply};

/// The stack.
#[derive(Default)]
pub struct Stack {
    started: bool,
    values: Values,
}

/// The options by number: least, most, default (4.1.3). The guide gives no range for option 8.
const OPTIONS: [(u16, u16, u16); 12] = [
    (0, 255, 64),
    (0, 255, 0),
    (1, 65535, 60),
    (0, 65535, 0),
    (536, 1460, 536),
    (0, 3, 0),
    (1, 172, 8),
    (4, 42, 32),
    (0, 65535, 0),
    (0, 2730, 0),
    (1, 511, 4),
    (1, 292, 4),
];

struct Values([u16; OPTIONS.len()]);

impl Default for Values {
    fn default() -> Self {
        Values(OPTIONS.map(|(_, _, default)| default))
    }
}

impl Stack {
    /// Whether it is started; most commands want it so.
    ///
    /// # Errors
    /// 803 where it is not.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.started { Ok(()) } else { Err(code::STATE.into()) }
    }

    /// Option 0: time to live.
    pub fn ttl(&self) -> u8 {
        self.values.0[0] as u8
    }

    /// Option 1: type of service.
    pub fn tos(&self) -> u8 {
        self.values.0[1] as u8
    }

    /// Option 6: how many sockets there may be at once.
    pub fn sockets(&self) -> usize {
        self.values.0[6].into()
    }

    /// Option 7: how many segments may wait in the stack.
    pub fn buffers(&self) -> usize {
        self.values.0[7].into()
    }

    /// Option 10: how many names may be looked up at once.
    pub fn name_queries(&self) -> usize {
        self.values.0[10].into()
    }

    /// Option 11: how many names are remembered.
    pub fn name_cache(&self) -> usize {
        self.values.0[11].into()
    }
}

/// 4.1.2
pub fn write(m: &mut Wavecom, cx: &mut Cx, typed: Arguments) -> Reply {
    let result = configure(m, cx, &typed);
    args::reply(cx, result)
}

fn configure(m: &mut Wavecom, cx: &mut Cx, typed: &Arguments) -> Result<Reply, Refusal> {
    let count = [1, 1, 3, 1, 2];
    let mode: usize = args::number(typed, 0, 0..=4, code::OPTION)?;
    args::at_most(typed, count[mode])?;
    match (mode, m.stack.started) {
        (0, false) => return Err(code::STATE.into()),
        (0, true) => return Ok(stop(m, cx)),
        (1, true) => return Err(m.settings.codes.started.into()),
        (1, false) => {
            m.stack.started = true;
            m.connected = false;
            restore(m, cx);
        }
        (2, _) => {
            let option: usize = args::number(typed, 1, 0..=OPTIONS.len() as i64 - 1, code::OPTION)?;
            let (least, most, _) = OPTIONS[option];
            m.stack.values.0[option] = args::number(typed, 2, least.into()..=most.into(), code::VALUE)?;
        }
        (3, _) => cx.line(&m.settings.version),
        _ => match args::number::<u8>(typed, 1, 0..=1, code::OPTION)? {
            0 => {
                cx.lasting.flash.retain(|key, _| !key.starts_with(STORED));
                kept(cx, code::FLASH_FREE)?;
            }
            _ => {
                store(m, cx);
                kept(cx, code::FLASH_WRITE)?;
            }
        },
    }
    Ok(Reply::Ok)
}

/// 4.1.5, 4.2.5: what was stored or freed has to be kept.
pub(super) fn kept(cx: &mut Cx, error: u16) -> Result<(), Refusal> {
    if cx.keep() { Ok(()) } else { Err(error.into()) }
}

/// Where the options are in the flash.
const STORED: &str = "wip.cfg.";

/// 4.1.4: one set of options is kept.
fn store(m: &Wavecom, cx: &mut Cx) {
    for (option, value) in m.stack.values.0.iter().enumerate() {
        cx.lasting.flash.insert(format!("{STORED}{option}"), value.to_string());
    }
}

/// 4.1.4: starting the stack takes the options that were kept.
fn restore(m: &mut Wavecom, cx: &Cx) {
    for (option, value) in m.stack.values.0.iter_mut().enumerate() {
        let stored = cx.lasting.flash.get(&format!("{STORED}{option}")).and_then(|v| v.parse().ok());
        let (least, most, _) = OPTIONS[option];
        if let Some(stored) = stored.filter(|v| (least..=most).contains(v)) {
            *value = stored;
        }
    }
}

fn stop(m: &mut Wavecom, cx: &mut Cx) -> Reply {
    m.stack.started = false;
    ping::stop(m);
    file::drop_session(m, cx);
    socket::close_all(m, cx);
    m.names = super::names::Names::default();
    super::bearer::close_all(m, cx)
}

/// `AT+WIPCFG?`
pub fn read(m: &mut Wavecom, cx: &mut Cx) -> Reply {
    for (option, value) in m.stack.values.0.iter().enumerate() {
        cx.info(format_args!("{option},{value}"));
    }
    Reply::Ok
}
