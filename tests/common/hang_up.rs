//! What the one who runs the tests may keep from them.

use std::fs;

/// Whether a hang-up is heard by the programs that the tests start: under nohup(1), whose every child ignores it, it is not.
pub fn hangs_up() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("this process has a status");
    let mask =
        status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("it tells what is ignored");
    u64::from_str_radix(mask.trim(), 16).expect("it is a mask") & 1 == 0
}
