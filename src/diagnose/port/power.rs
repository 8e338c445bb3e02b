//! The module goes off, starts anew, loses its bearer, or forgets what it was told.

use super::*;

impl Port {
    pub(super) fn booted(&mut self, world: &mut World, line: &str) {
        let asked_for = self.reset_asked.is_some_and(|until| world.now <= until);
        let again = self.booted_at.is_some_and(|at| world.now.saturating_sub(at) < Duration::from_secs(10));
        self.booted_at = Some(world.now);
        if again || asked_for || !self.answered {
            self.forget(world);
            return;
        }
        let last = self.open.as_ref().map(|o| o.asked.clone()).or(self.last.clone());
        let dead = self.silence.first.as_ref().map(|s| world.now.saturating_sub(s.at)).unwrap_or_default();
        if self.off.is_some() || self.silence.first.is_some() {
            self.unanswered(world);
        }
        self.end_silence(world);
        match self.off.take() {
            Some(off) => self.tell_off(world, &off),
            None => {
                let sentence = match &last {
                    Some(last) => format!(
                        "`{line}` came {} after `{}`: the module has started anew, and nobody asked it to",
                        spoken(world.now.saturating_sub(last.at)),
                        last.text
                    ),
                    None => format!("`{line}`: the module has started anew, and nobody asked it to"),
                };
                let faults = last.map(|last| {
                    let gone = world.now.saturating_sub(last.at);
                    let wait = gone.saturating_sub(dead);
                    vec![Proposed::of(
                        &last,
                        Some(wait),
                        format!("reset = \"banner\", dead = {}", quoted_span(dead)),
                    )]
                });
                world.find(world.line, Code::ResetBanner, sentence, faults.into_iter().collect());
            }
        }
        self.forget(world);
    }

    /// All that the module knew is gone.
    pub(super) fn forget(&mut self, world: &mut World) {
        self.end_silence(world);
        self.cut_block(world);
        (self.open, self.payload, self.data, self.prompt) = (None, None, None, None);
        (self.suspect, self.bearer, self.session, self.stream) = (None, false, None, false);
        self.pending.clear(world);
        world.stock.over();
        self.state.restarted();
        self.echo = Echo::Unknown;
    }

    pub(super) fn went_off(&mut self, world: &mut World, line: &str) {
        let asked = self.open.as_ref().map(|o| o.asked.clone()).or(self.last.clone());
        if line.contains("VOLTAGE") {
            let faults = asked
                .iter()
                .map(|a| vec![Proposed::of(a, None, format!("say = {}", quoted(line)))])
                .collect();
            world.find(world.line, Code::UnderVoltage, format!("`{line}`"), faults);
        }
        if power_off(line) && self.reset_asked.is_none_or(|until| world.now > until) {
            self.off = Some(Off { line: world.line, text: line.to_owned(), at: world.now, asked });
        }
    }

    /// The module went off; what it takes to show that is known once it is back, or the recording is over.
    pub(super) fn tell_off(&mut self, world: &mut World, off: &Off) {
        let gone = world.now.saturating_sub(off.at);
        let sentence =
            format!("`{}`: nobody asked for it; the module was off for {}", off.text, spoken(gone));
        let faults = off.asked.as_ref().map(|asked| {
            let wait = off.at.saturating_sub(asked.at);
            let tick = Duration::from_millis(1);
            let dead = gone.saturating_sub(2 * tick);
            vec![
                Proposed::of(asked, Some(wait), format!("say = {}", quoted(&off.text))),
                Proposed::of(asked, Some(wait + tick), "deaf = \"up\"".into()).during(dead),
                Proposed::of(
                    asked,
                    Some(wait + tick),
                    format!("reset = \"banner\", dead = {}", quoted_span(dead)),
                ),
            ]
        });
        world.find(off.line, Code::PowerOff, sentence, faults.into_iter().collect());
    }

    /// Signs of a module that has just started, behind an answer that was missing.
    pub(super) fn fresh(&mut self, world: &mut World) {
        let Some(sign) = self.state.fresh.take() else { return };
        let Some(suspect) = self.suspect.take() else { return };
        let gone = world.now.saturating_sub(suspect.at);
        let sentence = format!(
            "`{}` was not finished, and in line {sign} the module is as it is after a start; nothing announced it",
            suspect.text
        );
        let bare = Proposed::of(
            &suspect,
            Some(Duration::from_millis(100)),
            format!("reset = \"bare\", dead = {}", quoted_span(gone)),
        );
        world.find(suspect.line, Code::ResetBare, sentence, vec![vec![bare]]);
    }

    pub(super) fn echoed(&mut self, world: &mut World) {
        if self.echo.heard() {
            let last = self.open.as_ref().map(|o| o.asked.clone());
            let text = last.as_ref().map(|a| a.text.clone()).unwrap_or_default();
            let faults = self
                .last
                .as_ref()
                .map(|a| vec![Proposed::of(a, Some(Duration::from_millis(100)), "reset = \"bare\"".into())]);
            let sentence =
                format!("`{text}` is echoed, though ATE0 was answered OK: the module has lost its settings");
            world.find(world.line, Code::EchoBack, sentence, faults.into_iter().collect());
        }
    }

    pub(super) fn bearer_lost(&mut self, world: &mut World, line: &str) {
        if self.host_changes(world) {
            return;
        }
        if let Some(opening) = self.opening.take().filter(|_| line.starts_with("+APP PDP:")) {
            self.bearer = false;
            let after = spoken(world.now.saturating_sub(opening.at));
            let sentence = format!("`{line}` came {after} after `{}`: it never came up", opening.text);
            return world.find(world.line, Code::BearerFailed, sentence, vec![]);
        }
        self.bearer = false;
        let asked = self.open.as_ref().map(|o| o.asked.clone()).or(self.last.clone());
        let faults = asked.map(|a| {
            let wait = Some(world.now.saturating_sub(a.at));
            vec![
                vec![Proposed::of(&a, wait, "pdp_drop = \"all\"".into())],
                vec![Proposed::of(&a, wait, format!("say = {}", quoted(line)))],
            ]
        });
        world.find(
            world.line,
            Code::BearerLost,
            format!("`{line}`: nobody asked for it"),
            faults.unwrap_or_default(),
        );
    }

    /// Whether the host has just sent a command that changes registration or bearers.
    pub(super) fn host_changes(&self, world: &World) -> bool {
        world.changed.is_some_and(|at| world.now.saturating_sub(at) < LATE)
    }

    pub(super) fn bearer_lost_in_data(&mut self, world: &mut World, line: &str, at: usize, asked: &Asked) {
        self.bearer = false;
        let drop = Proposed::of(asked, Some(Duration::from_millis(100)), "pdp_drop = \"all\"".into());
        world.find(at, Code::BearerLost, format!("`{line}`: nobody asked for it"), vec![vec![drop]]);
    }

    pub(super) fn signal(&mut self, world: &mut World, signal: Signal, on: bool) {
        match (signal, on) {
            (Signal::Cts, false) => drop(self.stopped.get_or_insert((world.line, world.now, "CTS off"))),
            (Signal::Cts, true) => self.let_go(world),
            _ => {}
        }
    }

    pub(super) fn let_go(&mut self, world: &mut World) {
        if let Some((line, since, what)) = self.stopped.take() {
            let stood = world.now.saturating_sub(since);
            if stood >= Duration::from_secs(5) {
                let rule = Proposed::always("line = \"cts\", on = false").during(stood);
                world.find(
                    line,
                    Code::FlowStopped,
                    format!("{what} for {}", spoken(stood)),
                    vec![vec![rule]],
                );
            }
        }
    }

    /// The host closed the port: what is open stays so, and nothing is held against anyone.
    pub(super) fn abandon(&mut self, world: &mut World) {
        self.end_silence(world);
        (self.open, self.block, self.prompt, self.payload) = (None, None, None, None);
    }
}
