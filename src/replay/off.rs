//! A module that has no power, and comes back: it does not wait for the host to do what the recording's host did meanwhile.

use super::script::{What, is_boot};
use super::{Due, Replay, Role};
use crate::modem::PortId;
use crate::time::Now;

/// The module is off, or will be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Off {
    /// The exchange in which it is there again.
    exchange: usize,
    from: Now,
    until: Now,
    /// Whether it is off by now.
    begun: bool,
}

impl Replay {
    /// Where the recording's module answers nothing from here on until it starts anew, this one does so by itself; the
    /// exchange before was at `begin`.
    pub(super) fn foresee(&mut self, begin: Now) {
        if self.off.is_some() {
            return;
        }
        let mut at = begin;
        for (number, exchange) in self.script.exchanges.iter().enumerate().skip(self.next) {
            at += exchange.begins;
            let boots = |what: &What| matches!(what, What::Line(text) if is_boot(text));
            // A reset that the host has asked for comes when it asks.
            let answered = exchange.said.iter().any(|said| said.part == Role::Result);
            let boot = exchange.said.iter().find(|said| boots(&said.what)).filter(|_| !answered);
            if let Some(boot) = boot {
                let from = self.due.back().map_or(begin, |due| due.at);
                self.off = Some(Off { exchange: number, from, until: at + boot.after, begun: false });
                let port = PortId(exchange.port - 1);
                self.due.extend(exchange.said.iter().map(|said| Due {
                    at: at + said.after,
                    port,
                    what: said.what.clone(),
                    role: Role::Unasked,
                    judged: false,
                    alone: true,
                }));
                return;
            }
            if !exchange.said.is_empty() {
                return;
            }
        }
    }

    /// Whether the module is off now: it does not even echo.
    pub(super) fn is_off(&self) -> bool {
        self.off.is_some_and(|off| off.begun)
    }

    /// When the module goes off.
    pub(super) fn goes_off(&self) -> Option<Now> {
        self.off.filter(|off| !off.begun).map(|off| off.from)
    }

    /// The live module loses its power when the recording's does.
    pub(super) fn switch_off(&mut self, now: Now) {
        if let Some(off) = self.off.as_mut().filter(|off| !off.begun && off.from <= now) {
            off.begun = true;
            self.shadow.switch_off(now, off.until.since(now));
        }
    }

    /// The host follows the exchange `at`; true where what the module says there is on its way.
    pub(super) fn follows_off(&mut self, at: usize) -> bool {
        let Some(off) = self.off.filter(|off| at >= off.exchange) else { return false };
        if at > off.exchange {
            self.due.retain(|due| !due.alone);
            self.off = None;
        }
        at == off.exchange
    }

    /// The module is there again.
    pub(super) fn is_back(&mut self) {
        let Some(Off { exchange, .. }) = self.off.take() else { return };
        if self.next <= exchange {
            let passed = (exchange - self.next) as u64;
            self.next = exchange + 1;
            let left = self.script.exchanges.len() - self.next;
            self.report.with(|sums| (sums.passed_over, sums.left) = (sums.passed_over + passed, left));
        }
    }
}
