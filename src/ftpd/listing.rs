//! The lines of LIST and STAT.

use std::ffi::OsString;
use std::path::PathBuf;
use unftp_core::storage::{Fileinfo, Metadata};
use unftp_sbe_fs::Meta;

/// One line, in the form of `ls -l`. Owner and group are `ftp` and the rights are those of the kind,
/// so that two machines print the same. Hosts look for `ftp ftp` and three blanks before the size.
pub fn line(entry: &Fileinfo<PathBuf, Meta>) -> OsString {
    let meta = &entry.metadata;
    let (rights, target) = match meta.readlink() {
        Some(target) => ("lrwxrwxrwx", format!(" -> {}", target.display())),
        None if meta.is_dir() => ("drwxr-xr-x", String::new()),
        None => ("-rw-r--r--", String::new()),
    };
    // The month, the day, and the time or the year: columns 6 to 8 of unftp-core's own line.
    let printed = entry.to_string();
    let date: Vec<&str> = printed.split_ascii_whitespace().skip(5).take(3).collect();
    let mut line = OsString::from(format!("{rights} 1 ftp ftp   {} {} ", meta.len(), date.join(" ")));
    line.push(&entry.path);
    line.push(target);
    line
}
