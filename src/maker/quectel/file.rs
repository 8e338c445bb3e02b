//! Whole files: AT+QFLDS to AT+QFMOV (FILE V1.5, 2.2.1 to 2.2.6), and what the host sends into one.

use super::Quectel;
use super::handle;
use super::storage::{Listed, Path, Place};
use super::transfer::framing;
use super::trouble::{Trouble, tried};
use crate::at::{ArgError, Int, ResultCode, Text};
use crate::modem::{Cx, DataEnd, DataMode, Ends, Reply, Sink};
use bytes::Bytes;
use std::time::Duration;

/// A file's name with its store's. The manual names no limit; that of the maker's later ones is 80.
pub type Name = Text<80>;

/// What the host sends on a port.
pub enum Feed {
    /// AT+QFWRITE, into the file with this handle.
    Write(u32),
    /// AT+QFUPL: a file, and so many octets of it.
    Upload(Path, usize),
}

/// Octets between two signs of life of AT+QFUPL (2.2.3, `<ackmode>` 1), and the sign.
const ACKNOWLEDGED: (u64, u8) = (1024, b'A');

/// The XOR of all pairs of octets; the last one, where it is odd, has a 0 for its other (4.1).
fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
    bytes.chunks(2).map(word).fold(0, |sum, word| sum ^ word)
}

impl Quectel {
    /// Whether a handle or a transfer is at the file.
    pub(super) fn is_in_use(&self, path: &Path) -> bool {
        self.handles.has_open(path) || self.fetches_into(path)
    }
}

/// 2.2.1: free and all octets of a store; of `RAM:` also the most that can be set aside for one file.
pub fn space(m: &mut Quectel, cx: &mut Cx, args: Result<(Text<8>,), ArgError>) -> Reply {
    tried(cx, |cx| {
        let place = Place::of(&args?.0).ok_or(Trouble::NoPlace)?;
        match (m.stores.space(place)?, place) {
            ((free, all), Place::Ram) => cx.info(format_args!("{free},{all},{free}")),
            ((free, all), Place::Ufs | Place::Sd) => cx.info(format_args!("{free},{all}")),
        }
        Ok(Reply::Ok)
    })
}

/// 2.2.1, AT+QFLDS: octets of all files in `UFS:`, and how many files there are.
pub fn used(m: &mut Quectel, cx: &mut Cx) -> Reply {
    tried(cx, |cx| {
        let (size, count) = m.stores.used(Place::Ufs)?;
        cx.info(format_args!("{size},{count}"));
        Ok(Reply::Ok)
    })
}

/// 2.2.2
pub fn list(m: &mut Quectel, cx: &mut Cx, args: Result<(Name,), ArgError>) -> Reply {
    tried(cx, |cx| {
        let (pattern,) = args?;
        list_all(m, cx, &Path::parse(&pattern)?)
    })
}

/// 2.2.2, AT+QFLST: the files in `UFS:`.
pub fn list_flash(m: &mut Quectel, cx: &mut Cx) -> Reply {
    tried(cx, |cx| list_all(m, cx, &Path::new(Place::Ufs, "*")))
}

fn list_all(m: &mut Quectel, cx: &mut Cx, pattern: &Path) -> Result<Reply, Trouble> {
    for file in m.stores.matching(pattern)? {
        match file.most {
            Some(most) => cx.info(format_args!("\"{}\",{},{most}", file.shown, file.size)),
            None => cx.info(format_args!("\"{}\",{}", file.shown, file.size)),
        }
    }
    Ok(Reply::Ok)
}

type Upload = Result<(Name, Option<u32>, Option<Int<1, 65535>>, Option<Int<0, 1>>), ArgError>;

/// 2.2.3: CONNECT, the file, `+QFUPL: <octets>,<checksum>`.
pub fn upload(m: &mut Quectel, cx: &mut Cx, args: Upload) -> Reply {
    tried(cx, |cx| {
        let (name, size, seconds, acknowledge) = args?;
        let path = Path::parse(&name)?;
        let size = size.map_or(10240, |n| n as usize);
        m.stores.check_new(&path)?;
        m.stores.check_room(&path, size)?;
        m.feeds.insert(cx.port, Feed::Upload(path, size));
        cx.intermediate(&ResultCode::Connect);
        let idle = Duration::from_secs(seconds.map_or(5, Int::get).unsigned_abs());
        let ends = Ends { length: Some(size as u64), idle: Some(idle), escape: true, ..Ends::default() };
        let sink = match acknowledge.map_or(0, Int::get) {
            0 => Sink::Hold,
            _ => Sink::Acknowledged { every: ACKNOWLEDGED.0, with: ACKNOWLEDGED.1 },
        };
        Ok(Reply::Data(DataMode { framing: framing(cx), ends, sink }))
    })
}

/// AT+QFWRITE or AT+QFUPL has what was announced, or the host has ended it or keeps silent.
pub fn fed(m: &mut Quectel, cx: &mut Cx, feed: Feed, end: DataEnd, held: &[u8]) -> Reply {
    let done = match (feed, end) {
        (Feed::Write(number), _) => handle::written(m, cx, number, held),
        (Feed::Upload(..), DataEnd::Time) => Err(Trouble::Silence),
        (Feed::Upload(path, size), _) => uploaded(m, cx, &path, size, held),
    };
    done.unwrap_or_else(|trouble| Reply::Cme(trouble.number("")))
}

fn uploaded(m: &mut Quectel, cx: &mut Cx, path: &Path, size: usize, held: &[u8]) -> Result<Reply, Trouble> {
    // Another port may have made it meanwhile, or filled the store.
    m.stores.check_new(path)?;
    m.stores.check_room(path, held.len())?;
    m.stores.make(path, size)?;
    m.stores.write(path, 0, held)?;
    m.stores.save(cx, path)?;
    cx.line(&format!("+QFUPL: {},{:X}", held.len(), checksum(held)));
    Ok(Reply::Ok)
}

/// 2.2.4: CONNECT, the file, `+QFDWL: <octets>,<checksum>`. Section 5.1 has a size behind the name, which changes nothing.
pub fn download(m: &mut Quectel, cx: &mut Cx, args: Result<(Name, Option<u32>), ArgError>) -> Reply {
    tried(cx, |cx| {
        let (name, _) = args?;
        let content = &m.stores.find(&Path::parse(&name)?)?.content;
        cx.intermediate(&ResultCode::Connect);
        cx.block(&framing(cx).encode(Bytes::copy_from_slice(content)));
        cx.info(format_args!("{},{:X}", content.len(), checksum(content)));
        Ok(Reply::Ok)
    })
}

/// 2.2.5: not a file that is open; of a pattern all or none.
pub fn delete(m: &mut Quectel, cx: &mut Cx, args: Result<(Name,), ArgError>) -> Reply {
    tried(cx, |cx| {
        let (pattern,) = args?;
        let found = m.stores.matching(&Path::parse(&pattern)?)?;
        if found.is_empty() {
            return Err(Trouble::NothingThere);
        }
        if found.iter().any(|file| m.is_in_use(&file.path)) {
            return Err(Trouble::InUse);
        }
        for file in found {
            m.stores.remove(&file.path)?;
            m.stores.save(cx, &file.path)?;
        }
        Ok(Reply::Ok)
    })
}

type Move = Result<(Name, Name, Int<0, 1>, Int<0, 1>), ArgError>;

/// 2.2.6: a file, or all that a pattern names, to another name or another store; all or none.
pub fn move_files(m: &mut Quectel, cx: &mut Cx, args: Move) -> Reply {
    tried(cx, |cx| {
        let (from, to, copy, overwrite) = args?;
        let (from, to) = (Path::parse(&from)?, Path::parse(&to)?);
        let found = m.stores.matching(&from)?;
        if found.is_empty() {
            return Err(Trouble::NothingThere);
        }
        let pair = |file: Listed| {
            let to = target(&file.path, &to);
            (file.path, to)
        };
        let pairs: Vec<(Path, Path)> = found.into_iter().map(pair).collect();
        check_move(m, &from, &to, &pairs, overwrite.get() == 1)?;
        for (from, to) in pairs.iter().filter(|(from, to)| !from.is_same(to)) {
            let file = m.stores.find(from)?.clone();
            m.stores.make(to, file.most.unwrap_or(file.content.len()))?;
            m.stores.write(to, 0, &file.content)?;
            m.stores.save(cx, to)?;
            if copy.get() == 0 {
                m.stores.remove(from)?;
                m.stores.save(cx, from)?;
            }
        }
        Ok(Reply::Ok)
    })
}

/// Where a file goes: `*` stands for its own name.
fn target(file: &Path, to: &Path) -> Path {
    match to.name.as_str() {
        "*" => Path::new(to.place, &file.name),
        _ => to.clone(),
    }
}

/// What forbids a move. Several files cannot have one name.
fn check_move(
    m: &Quectel,
    from: &Path,
    to: &Path,
    pairs: &[(Path, Path)],
    overwrite: bool,
) -> Result<(), Trouble> {
    if to.place == Place::Ram && from.place != Place::Ram {
        return Err(Trouble::IntoRam);
    }
    if from.is_pattern() && !to.is_pattern() {
        return Err(Trouble::BadName);
    }
    for (from, to) in pairs {
        to.check_name()?;
        if m.stores.file(to).is_some() && !overwrite {
            return Err(Trouble::Exists);
        }
        if m.is_in_use(from) || m.is_in_use(to) {
            return Err(Trouble::InUse);
        }
    }
    m.stores.check_copies(to.place, pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_section_4_1() {
        let bytes = [0x23, 0x13, 0x65, 0xB6, 0x76, 0x88, 0xA3, 0xEF, 0x55];
        assert_eq!(checksum(&bytes), 0x2313 ^ 0x65B6 ^ 0x7688 ^ 0xA3EF ^ 0x5500);
        assert_eq!(checksum(&[]), 0);
    }
}
