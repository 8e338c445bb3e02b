//! The lines of LIST and STAT.

use std::ffi::OsString;
use std::path::PathBuf;
use unftp_core::storage::{Fileinfo, Metadata};
use unftp_sbe_fs::Meta;

/// The layout of a list's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// Three blanks stand before the size.
    #[default]
    Plain,
    /// The size stands at the right of a column of 14, as on FileZilla's server.
    Padded,
}

/// One line, in the form of `ls -l`. Owner and group are `ftp` and the rights are those of the kind,
/// so that two machines print the same. Hosts look for `ftp ftp` and a certain number of blanks before the size.
pub fn line(entry: &Fileinfo<PathBuf, Meta>, listing: Listing) -> OsString {
    let meta = &entry.metadata;
    let (rights, target) = match meta.readlink() {
        Some(target) => ("lrwxrwxrwx", format!(" -> {}", target.display())),
        None if meta.is_dir() => ("drwxr-xr-x", String::new()),
        None => ("-rw-r--r--", String::new()),
    };
    // The month, the day, and the time or the year: columns 6 to 8 of unftp-core's own line.
    let printed = entry.to_string();
    let date: Vec<&str> = printed.split_ascii_whitespace().skip(5).take(3).collect();
    let size = match listing {
        Listing::Plain => format!("  {}", meta.len()),
        Listing::Padded => format!("{:>14}", meta.len()),
    };
    let mut line = OsString::from(format!("{rights} 1 ftp ftp {size} {} ", date.join(" ")));
    line.push(&entry.path);
    line.push(target);
    line
}
