//! 5.12 to 5.15: transfers over the module's memory, and those that end with ETX.

use super::transfer::Put;
use super::typing::{self, Typing};
use super::{Job, Session, Simcom, local};
use crate::at::{Arguments, FromArg, Int};
use crate::modem::{Cx, DataMode, Ends, Opening, Reply, Sink, command};
use bytes::Bytes;
use std::time::Duration;

/// The module's memory for `AT+FTPEXTPUT` and `AT+FTPEXTGET`.
#[derive(Default)]
pub(super) struct Extended {
    mode: PutMode,
    /// What was fetched; none where `AT+FTPGET` is as usual.
    got: Option<Vec<u8>>,
}

/// `AT+FTPEXTPUT`.
#[derive(Default)]
enum PutMode {
    /// 0: `AT+FTPPUT` asks for its data.
    #[default]
    Normal,
    /// 1: `AT+FTPPUT` sends what was put here.
    Extended(Vec<u8>),
    /// `AT+FTPFILEPUT=1`: it sends what was loaded.
    Loaded(Vec<u8>),
}

impl Extended {
    /// What `AT+FTPPUT=1` is to send by itself.
    pub fn upload(&self) -> Option<Bytes> {
        match &self.mode {
            PutMode::Normal => None,
            PutMode::Extended(memory) | PutMode::Loaded(memory) => Some(Bytes::copy_from_slice(memory)),
        }
    }
}

impl Extended {
    /// Whether `AT+FTPEXTPUT` is 1.
    pub fn is_extended(&self) -> bool {
        matches!(self.mode, PutMode::Extended(_))
    }

    /// What `AT+FTPEXTGET=1` has fetched.
    pub fn fetched(&self) -> Option<&[u8]> {
        self.got.as_deref()
    }

    /// `AT+FTPFILEPUT=1`
    pub fn load(&mut self, content: Vec<u8>) {
        self.mode = PutMode::Loaded(content);
    }

    /// `AT+FTPFILEPUT=0`
    pub fn unload(&mut self) {
        self.mode = PutMode::Normal;
    }
}

type PutArgs = (
    Int<0, 2>,
    Option<Int<0, { u32::MAX as i64 }>>,
    Option<Int<0, { u32::MAX as i64 }>>,
    Option<Int<1000, 1_000_000>>,
);

/// 5.12: `AT+FTPEXTPUT=1` and `0` switch, `=2,<position>,<length>,<time-out in ms>` fills the memory.
/// A host that says 1 again between two pieces keeps what it has put there.
pub(super) fn put(m: &mut Simcom, cx: &mut Cx, args: PutArgs) -> Reply {
    let most = m.settings.extended_upload.0 as usize;
    match (args, &mut m.extended.mode) {
        ((mode, None, None, None), state) if mode.get() < 2 => {
            match (mode.get(), &state) {
                (0, _) => *state = PutMode::Normal,
                (_, PutMode::Normal | PutMode::Loaded(_)) => *state = PutMode::Extended(vec![]),
                _ => {}
            }
            Reply::Ok
        }
        ((mode, Some(position), Some(length), Some(limit)), PutMode::Extended(_))
            if mode.get() == 2 && position.size() + length.size() <= most =>
        {
            cx.info(format_args!("{position},{length}"));
            let limit = Duration::from_millis(limit.get().unsigned_abs());
            typing::take(m, cx, Typing::Memory(position.size()), length.size(), limit)
        }
        ((mode, Some(_), Some(_), Some(_)), PutMode::Normal | PutMode::Loaded(_)) if mode.get() == 2 => {
            cx.refuse_state()
        }
        _ => Reply::Error,
    }
}

/// `AT+FTPEXTPUT?`
pub(super) fn put_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(matches!(m.extended.mode, PutMode::Extended(_))));
    Reply::Ok
}

/// The octets for the memory have come. They replace what was there from
/// their position on; up to there, what was never filled is 0.
pub(super) fn stored(extended: &mut Extended, at: usize, held: &[u8]) -> Reply {
    match &mut extended.mode {
        PutMode::Extended(memory) => {
            memory.resize(at, 0);
            memory.extend_from_slice(held);
            Reply::Ok
        }
        PutMode::Normal | PutMode::Loaded(_) => Reply::Error,
    }
}

/// 5.13: `AT+FTPEXTGET=1` fetches the file into the memory, `=3,<position>[,<length>]` prints it,
/// `=0` frees it.
pub(super) fn get(m: &mut Simcom, cx: &mut Cx, args: Arguments) -> Reply {
    match Int::<0, 4>::from_arg(args.0.first()).map(Int::get) {
        // A module with drives of its own.
        Ok(2 | 4) if m.settings.drive.is_some() => command::call(local::save, m, cx, &args),
        _ => command::call(fetch, m, cx, &args),
    }
}

fn fetch(m: &mut Simcom, cx: &mut Cx, args: (Int<0, 3>, Option<u32>, Option<u32>)) -> Reply {
    let (mode, position, length) = args;
    let fetching = m.is_fetching();
    match (mode.get(), position, &m.extended.got) {
        (0 | 1, _, _) if position.or(length).is_some() => Reply::Error,
        (0, ..) => {
            if fetching {
                cx.ftp().discard();
                m.fail(cx, m.settings.quit);
            }
            m.extended.got = None;
            Reply::Ok
        }
        // Manual V1.11 of the SIM800, 12.2.26.
        (1, ..) if m.extended.is_extended() && m.settings.drive.is_some() => cx.refuse_state(),
        (1, ..) => {
            let complete = !m.ftp.get_name.is_empty();
            let steps = if complete { m.retrieve() } else { vec![] };
            let busy = m.session.is_some();
            let reply = m.begin(cx, Job::ExtendedGet, steps, complete);
            if !busy && m.session.is_some() {
                m.extended.got = Some(vec![]);
            }
            reply
        }
        (3, position, Some(got))
            if !fetching && position.unwrap_or(0) as usize <= got.len() && !m.is_ending(cx) =>
        {
            let from = position.unwrap_or(0) as usize;
            let most = length.map_or(usize::MAX, |n| n as usize);
            let bytes = &got[from..got.len().min(from.saturating_add(most))];
            cx.info(format_args!("3,{}", bytes.len()));
            cx.block(bytes);
            Reply::Ok
        }
        (3, _, Some(_)) if !fetching => Reply::Error,
        (3, ..) => cx.refuse_state(),
        _ => Reply::Error,
    }
}

/// 5.13: `AT+FTPEXTGET?` tells how much has come, behind the mode: 1 from `=1` to `=0`.
pub(super) fn get_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    let (mode, got) = m.extended.got.as_ref().map_or((0, 0), |got| (1, got.len()));
    cx.info(format_args!("{mode},{got}"));
    Reply::Ok
}

/// Data has come in for the memory; a file that it cannot hold ends the session with 79.
pub(super) fn collect(m: &mut Simcom, cx: &mut Cx) {
    let most = m.settings.extended_buffer.0 as usize;
    let bytes = cx.ftp().read(usize::MAX);
    let got = m.extended.got.get_or_insert_default();
    match got.len() + bytes.len() <= most {
        true => got.extend_from_slice(&bytes),
        false => {
            cx.ftp().discard();
            m.fail(cx, 79);
        }
    }
}

/// The last of it may still wait.
pub(super) fn got(extended: &mut Extended, cx: &mut Cx) {
    let bytes = cx.ftp().read(usize::MAX);
    extended.got.get_or_insert_default().extend_from_slice(&bytes);
}

/// 5.14: `AT+FTPETPUT=1` opens the session, `=2` takes data up to ETX.
pub(super) fn et_put(m: &mut Simcom, cx: &mut Cx, (mode,): (Int<1, 2>,)) -> Reply {
    match (mode.get(), &mut m.session) {
        (1, _) => {
            let complete = !m.ftp.put_name.is_empty();
            m.begin(cx, Job::EtPut(Put::Opening), m.store(), complete)
        }
        (_, Some(Session { job: Job::EtPut(put), .. })) if put.may_end(cx) => {
            *put = Put::Writing;
            let port = cx.port;
            let mode = DataMode { framing: m.settings.et_framing(), ends: Ends::default(), sink: Sink::FTP };
            cx.enter_data(port, Some(Opening::Line("+FTPETPUT:2,1".into())), mode);
            Reply::Ok
        }
        _ => cx.refuse_state(),
    }
}

/// `AT+FTPETPUT?`
pub(super) fn et_put_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(matches!(&m.session, Some(Session { job: Job::EtPut(_), .. }))));
    Reply::Ok
}

/// 5.15: `AT+FTPETGET=1` prints the file, then ETX.
pub(super) fn et_get(m: &mut Simcom, cx: &mut Cx, _: (Int<1, 1>,)) -> Reply {
    let complete = !m.ftp.get_name.is_empty();
    let steps = if complete { m.retrieve() } else { vec![] };
    m.begin(cx, Job::EtGet, steps, complete)
}

/// `AT+FTPETGET?`
pub(super) fn et_get_read(m: &mut Simcom, cx: &mut Cx) -> Reply {
    cx.info(u8::from(matches!(&m.session, Some(Session { job: Job::EtGet, .. }))));
    Reply::Ok
}
