//! What another modem in the same process costs.

use super::{host, report};
use badline::{Bench, Live};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MODEMS: usize = 1000;

/// A thousand modems in one process: how long they take to start, and what each of them costs.
pub fn modems() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        // The first pays for what all share.
        let _first = start().await;
        let (memory, descriptors, begun) = (resident(), descriptors(), Instant::now());
        let mut modems = Vec::with_capacity(MODEMS);
        for _ in 0..MODEMS {
            modems.push(start().await);
        }
        let time = begun.elapsed();
        let mut hosts = Vec::with_capacity(MODEMS);
        for modem in &mut modems {
            let mut host = modem.port(1).expect("nobody has taken it");
            host.write_all(b"AT\r").await.expect("it takes a line");
            let mut said = vec![];
            while !said.ends_with(b"OK\r\n") {
                host.read_buf(&mut said).await.expect("it answers");
            }
            hosts.push(host);
        }
        let each = (resident() - memory) as f64 / MODEMS as f64;
        let descriptors = (self::descriptors() - descriptors) as f64 / MODEMS as f64;
        let detail = format!("{:.0} ms", time.as_secs_f64() * 1e3);
        report("1 000 modems in a process: start / 1 s", time.as_secs_f64(), "at most 1", &detail);
        let detail = format!("{:.0} KiB, {descriptors:.0} descriptors", each / 1024.0);
        report("memory of one more / 256 KiB", each / f64::from(256 << 10), "under 1", &detail);
    });
}

async fn start() -> Live {
    Bench::profile("sim7080").expect("it is in the binary").start().await.expect("it starts")
}

/// Octets of memory that this process has.
fn resident() -> u64 {
    host::resident(std::process::id())
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("Linux").count()
}
