//! The parser of FTP replies: how the stream is cut makes no difference.
#![no_main]

use badline::ftp::{Malformed, Replies, parse_passive};
use libfuzzer_sys::fuzz_target;

fn read(octets: &[u8], piece: usize) -> Vec<String> {
    let (mut replies, mut all) = (Replies::default(), vec![]);
    for mut part in octets.chunks(piece) {
        while let Some(reply) = replies.next(&mut part) {
            all.push(format!("{reply:?}"));
            match reply {
                Ok(reply) => {
                    let _ = (parse_passive(reply.text()), reply.path());
                }
                Err(Malformed::Line(_)) => {}
                Err(Malformed::LongLine | Malformed::ManyLines) => return all,
            }
        }
    }
    all
}

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, octets) = input;
    assert_eq!(read(octets, usize::from(piece).max(1)), read(octets, octets.len().max(1)));
});
