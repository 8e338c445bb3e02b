//! A SIM7080 host that fetches a file over FTP, under a scenario that stalls its download, under as many
//! seeds as you like:
//!
//! ```sh
//! cargo run --release --example download -- 1000
//! ```
//!
//! The host is well-behaved: it reads what is announced, knows the module's error codes, and tries again
//! a while after each failure. The clock is turned by hand, so a time-out of 75 s takes no time at all.

use badline::scenario::Outcome;
use badline::{Bench, Hand};
use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

const SCENARIO: &str = r#"
profile = "sim7080"

[server.files]
"firmware.bin" = { size = 3000 }

[network]
preset = "lte-m"

[[fault]]                       # each attempt may enter a tunnel, the third comes through at the latest
name = "tunnel"
when = { link = "ftp.data", after_bytes = 600, first = 2, probability = 0.5 }
what = { stall = "down" }
for = "100s"

[[expect]]
host_sends = "AT+FTPGET=1"
at_least = 1
at_most = 3

[[expect]]
host_never_sends = "AT+CFUN=1,1" # no need to reset the module
"#;

const SECOND: Duration = Duration::from_secs(1);
/// The module gives up after 75 s.
const PATIENCE: Duration = Duration::from_secs(100);

/// Fetches `/firmware.bin`, with at most three attempts.
async fn host(modem: &mut Hand) -> io::Result<Option<Vec<u8>>> {
    for line in [
        "ATE0",
        "AT+CNACT=0,1",
        "AT+FTPSERV=\"ftp.example.com\"",
        "AT+FTPGETPATH=\"/\"",
        "AT+FTPGETNAME=\"firmware.bin\"",
    ] {
        modem.command(1, line, &["OK", "ERROR"], 10 * SECOND).await?;
    }
    for _ in 0..3 {
        if let Some(file) = attempt(modem).await? {
            return Ok(Some(file));
        }
        modem.turn(30 * SECOND).await?;
    }
    Ok(None)
}

async fn attempt(modem: &mut Hand) -> io::Result<Option<Vec<u8>>> {
    let mut file = vec![];
    modem.send(1, b"AT+FTPGET=1\r").await?;
    while let Some(line) = modem.line(1, PATIENCE).await? {
        let Some(answer) = line.strip_prefix("+FTPGET: ") else { continue };
        match answer.split_once(',') {
            Some(("1", "1")) => modem.send(1, b"AT+FTPGET=2,1024\r").await?,
            Some(("1", "0")) => return Ok(Some(file)),
            Some(("2", length)) => {
                let length = length.parse().map_err(io::Error::other)?;
                match modem.bytes(1, length, SECOND).await? {
                    Some(bytes) => file.extend_from_slice(&bytes),
                    None => return Ok(None),
                }
            }
            // +FTPGET: 1,<error>
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Runs the host under one seed: what it has fetched, and how the scenario's expectations fared.
async fn run(bench: &Bench, seed: u64) -> io::Result<(Option<Vec<u8>>, Vec<Outcome>)> {
    let mut modem = bench.clone().seed(seed).by_hand().await?;
    let fetched = host(&mut modem).await?;
    Ok((fetched, modem.verdict()))
}

/// Runs the host under the seeds from 0 on, on two threads; gives those under which it failed.
pub fn run_all(seeds: u64) -> Result<Vec<u64>, Box<dyn Error>> {
    let bench = Bench::scenario_text(SCENARIO)?;
    let part = |first: u64| -> io::Result<Vec<u64>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut failed = vec![];
        for seed in (first..seeds).step_by(2) {
            let (fetched, outcomes) = runtime.block_on(run(&bench, seed))?;
            let whole = fetched.is_some_and(|file| file.len() == 3000);
            if !whole || outcomes.iter().any(|outcome| !outcome.met) {
                failed.push(seed);
            }
        }
        Ok(failed)
    };
    let (even, odd) = std::thread::scope(|scope| {
        let even = scope.spawn(|| part(0));
        (even.join(), part(1))
    });
    let even = even.map_err(|_| "a run panicked")??;
    Ok([even, odd?].concat())
}

/// Runs it under each seed.
pub fn main() -> Result<(), Box<dyn Error>> {
    let seeds = std::env::args().nth(1).map_or(Ok(10), |n| n.parse())?;
    let start = Instant::now();
    let failed = run_all(seeds)?;
    println!("{seeds} seeds in {:.1} s; failed under {failed:?}", start.elapsed().as_secs_f64());
    Ok(())
}
