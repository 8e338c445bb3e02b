//! What a port types the octets for that a command has announced, where no session of FTP takes them.

use super::{Simcom, cfs, disk, extended};
use crate::frame::Framing;
use crate::modem::{Cx, DataEnd, DataMode, Ends, PortId, Reply, Sink};
use std::collections::BTreeMap;
use std::time::Duration;

/// Which command waits for the octets, and where they go.
pub(super) enum Typing {
    /// `AT+FTPEXTPUT=2`: into the memory, from this octet on.
    Memory(usize),
    /// `AT+CFSWFILE`: into a file of the flash.
    File(cfs::Place),
    /// `AT+FSWRITE`: into a file of a drive.
    Disk(disk::Place),
}

/// By the port that types.
pub(super) type Typists = BTreeMap<PortId, Typing>;

/// Has the port type so many octets within a time.
pub(super) fn take(m: &mut Simcom, cx: &Cx, what: Typing, length: usize, limit: Duration) -> Reply {
    m.typing.insert(cx.port, what);
    let ends = Ends { length: Some(length as u64), after: Some(limit), ..Ends::default() };
    Reply::Data(DataMode { framing: Framing::Raw, ends, sink: Sink::Hold })
}

/// The octets have come, or will not. What came of too few is dropped.
pub(super) fn over(m: &mut Simcom, cx: &mut Cx, what: Typing, end: DataEnd, held: &[u8]) -> Reply {
    match (what, end) {
        (Typing::Memory(at), DataEnd::Length) => extended::stored(&mut m.extended, at, held),
        (Typing::File(place), DataEnd::Length) => cfs::written(m, cx, &place, held),
        (Typing::Disk(place), DataEnd::Length) => disk::written(m, cx, &place, held),
        (Typing::Memory(_) | Typing::File(_) | Typing::Disk(_), _) => cx.refuse_state(),
    }
}
