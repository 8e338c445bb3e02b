//! 1.3: the indications of `+WIND`, after which commands are allowed.

use super::Wavecom;
use crate::modem::{Cx, Reply};

/// Where the sum of the indications that are printed is in the flash.
const STORED: &str = "wind";

fn level(m: &Wavecom, cx: &Cx) -> u32 {
    cx.lasting.flash.get(STORED).and_then(|level| level.parse().ok()).unwrap_or(m.settings.wind)
}

/// The indications and what they count for in the sum.
const WEIGHTS: [(u8, u32); 7] = [(0, 1), (1, 1), (3, 4), (4, 8), (7, 64), (8, 128), (16, 32768)];

fn indicate(m: &Wavecom, cx: &mut Cx, indications: &[u8]) {
    for indication in indications {
        let weight = WEIGHTS.iter().find(|(n, _)| n == indication).map_or(0, |(_, weight)| *weight);
        if level(m, cx) & weight != 0 {
            cx.urc_all(&format!("+WIND: {indication}"));
        }
    }
}

/// Power-on.
pub fn boot(m: &Wavecom, cx: &mut Cx) {
    if cx.lasting.sim.present() {
        indicate(m, cx, &[1]);
    }
    indicate(m, cx, &[3]);
    if cx.lasting.sim.ready() {
        sim_ready(m, cx);
    }
}

/// The card was pulled out or pushed in.
pub fn sim(m: &Wavecom, cx: &mut Cx, present: bool) {
    indicate(m, cx, if present { &[1] } else { &[0] });
    if cx.lasting.sim.ready() {
        sim_ready(m, cx);
    }
}

/// The card can be used.
pub fn sim_ready(m: &Wavecom, cx: &mut Cx) {
    indicate(m, cx, &[4, 16]);
}

/// The network came or went.
pub fn registration(m: &mut Wavecom, cx: &mut Cx, status: u8) {
    let registered = matches!(status, 1 | 5);
    if std::mem::replace(&mut m.registered, registered) != registered {
        indicate(m, cx, if registered { &[7] } else { &[8] });
    }
}

/// `AT+WIND=<level>`: kept at once, without `&W`.
pub fn set(_: &mut Wavecom, cx: &mut Cx, (level,): (u32,)) -> Reply {
    cx.lasting.flash.insert(STORED.into(), level.to_string());
    Reply::Ok
}

/// `AT+WIND?`
pub fn show(m: &mut Wavecom, cx: &mut Cx) -> Reply {
    let level = level(m, cx);
    cx.info(level);
    Reply::Ok
}
