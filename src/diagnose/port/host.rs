//! What the host sends.

use super::*;

impl Port {
    pub(super) fn typed(&mut self, world: &mut World, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).trim().to_owned();
        if self.payload(world, bytes.len() as u64 + 1, Some(&text)) || text.is_empty() {
            return;
        }
        if let Some((line, since)) = self.prompt.take() {
            self.prompted_late(world, line, since);
            return;
        }
        if let Some(data) = &mut self.data {
            data.commands += 1;
            if data.commands == 1 {
                data.first = world.line;
            }
            return;
        }
        self.unanswered(world);
        self.cut_block(world);
        let upper = text.to_ascii_uppercase();
        let nth = match self.counts.len() < COMMANDS || self.counts.contains_key(&text) {
            true => {
                let n = self.counts.entry(text.clone()).or_default();
                *n += 1;
                Some(*n)
            }
            false => None,
        };
        let asked = Asked { text, line: world.line, nth, at: world.now };
        if resets(&upper) {
            self.reset_asked = Some(world.now + ASKED);
            self.booted_at = None;
        }
        if let Some(at) = upper.find("ATQ") {
            self.quiet = upper[at + 3..].starts_with('1');
        }
        if let Some(at) = upper.find("+IFC=") {
            self.soft_flow = upper[at + 5..].contains('1');
        }
        self.stream = false;
        self.pending.give_up(world, Some(&asked));
        self.storm.typed(world, &asked);
        world.stock.command(&asked.text);
        let names = names(&asked.text);
        if names.iter().any(|n| unsettles(n)) && !asked.text.ends_with('?') || closes_bearer(&asked.text) {
            world.changed = Some(world.now);
        }
        let active = world.now;
        self.open = Some(Open { asked, names, informed: false, prompted: false, active });
    }

    pub(super) fn sent(&mut self, world: &mut World, content: &Content) {
        let size = content.size();
        if self.payload(world, size, None) {
            return;
        }
        if let Some((line, since)) = self.prompt.take() {
            return self.prompted_late(world, line, since);
        }
        let head: Vec<u8> = content.stream().take(1024).collect();
        if let Some(data) = &mut self.data {
            let verb = std::str::from_utf8(&head).ok().and_then(|text| text.strip_suffix("\r\n"));
            data.verb = verb.filter(|v| v.starts_with(|c: char| c.is_ascii_uppercase())).map(str::to_owned);
            if head.windows(3).any(|w| w == b"+++") {
                self.paused = self.leave_data(world);
            }
            return;
        }
        if head.get(..2).is_some_and(|at| at.eq_ignore_ascii_case(b"AT")) && size < 1024 {
            let end = head.iter().position(|b| *b == b'\r' || *b == b'\n').unwrap_or(head.len());
            return self.typed(world, &head[..end]);
        }
        let early = self
            .open
            .as_ref()
            .filter(|o| takes_payload(&o.asked.text) && size > 1 && !head.starts_with(b"\x1b"));
        if let Some(open) = early {
            let sentence = format!(
                "{size} octets were sent for `{}` before the module was ready for them",
                open.asked.text
            );
            world.find(world.line, Code::PayloadEarly, sentence, vec![]);
        }
    }

    /// Takes what the host sends for announced payload; false where none is due.
    pub(super) fn payload(&mut self, world: &mut World, size: u64, command: Option<&str>) -> bool {
        let Some(payload) = &mut self.payload else { return false };
        if payload.sent >= payload.announced {
            return false;
        }
        if let Some(text) = command.filter(|text| text.to_ascii_uppercase().starts_with("AT"))
            && !payload.told
        {
            payload.told = true;
            let sentence = format!(
                "{} of {} announced octets were sent when the host typed `{text}`: it is taken for data",
                payload.sent, payload.announced
            );
            world.find(payload.line, Code::PayloadShort, sentence, vec![]);
        }
        payload.sent += size;
        if let Some(open) = &mut self.open {
            open.active = world.now;
        }
        true
    }

    pub(super) fn prompted_late(&mut self, world: &mut World, line: usize, since: Duration) {
        let waited = world.now.saturating_sub(since);
        if waited >= IDLE {
            let sentence =
                format!("the module asked for input, and the host took {} to send it", spoken(waited));
            world.find(line, Code::PromptUnanswered, sentence, vec![]);
        }
    }

    /// The host goes on: what its last command got, or did not get.
    pub(super) fn unanswered(&mut self, world: &mut World) {
        let Some(open) = self.open.take() else { return };
        let waited = world.now.saturating_sub(open.asked.at);
        if open.informed {
            let without = open.names.iter().any(|n| n == "+CPIN" && !world.known.cpin_ok || bare(n));
            if without {
                return;
            }
        }
        let upper = open.asked.text.to_ascii_uppercase();
        // While it resets at the host's word, nothing can be answered; with ATQ1 nothing is.
        let resetting = self.reset_asked.is_some_and(|until| world.now <= until) && self.booted_at.is_none();
        if self.quiet || resetting || !upper.starts_with("AT") {
            return;
        }
        if waited < HASTE && world.trust.times != Times::Invented {
            // Knocking until the module answers is no haste.
            if upper != "AT" && !open.informed {
                let sentence = format!(
                    "the next command came {} after `{}`, and its result was not there",
                    spoken(waited),
                    open.asked.text
                );
                world.find(world.line, Code::TypedEarly, sentence, vec![]);
            }
            return;
        }
        self.storm.failed(world);
        if open.informed || open.prompted {
            // It got octets back: the module was not silent, and how long the host took is not the module's doing.
            self.end_silence(world);
            let waited = spoken(world.now.saturating_sub(open.active));
            let after = match world.trust.times {
                Times::Invented => String::new(),
                _ => format!("; the host went on {waited} after the last of it"),
            };
            let sentence =
                format!("`{}` was answered in part, and its result never came{after}", open.asked.text);
            let swallow = Proposed::of(&open.asked, None, "swallow = \"command\"".into());
            world.find(open.asked.line, Code::NoAnswer, sentence, vec![vec![swallow]]);
            self.suspect.get_or_insert(open.asked);
            return;
        }
        if self.silence.first.is_none() {
            self.silence.first = Some(open.asked.clone());
        }
        self.silence.count += 1;
        self.suspect.get_or_insert(open.asked);
    }

    /// Something is heard, or nothing more comes: tells of the silence that is over.
    pub(super) fn end_silence(&mut self, world: &mut World) {
        let Silence { first, count } = std::mem::take(&mut self.silence);
        let Some(first) = first else { return };
        let waited = world.now.saturating_sub(first.at);
        let swallow = Proposed::of(&first, None, "swallow = \"command\"".into());
        let explained = self.off.is_some();
        match count {
            1 => {
                let after = match world.trust.times {
                    Times::Invented => String::new(),
                    _ => format!("; the host went on after {}", spoken(waited)),
                };
                let sentence = format!("`{}` was never answered{after}", first.text);
                world.find(first.line, Code::NoAnswer, sentence, vec![vec![swallow]]);
            }
            n => {
                let sentence = format!(
                    "{n} commands in a row got no answer, from `{}` on{}",
                    first.text,
                    match world.trust.times {
                        Times::Invented => String::new(),
                        _ => format!("; nothing was heard for {}", spoken(waited)),
                    }
                );
                let deaf = Proposed::of(&first, None, "swallow = \"command\", command = \"*\"".into())
                    .during(waited);
                let faults = if explained { vec![] } else { vec![vec![deaf]] };
                world.find(first.line, Code::ModuleSilent, sentence, faults);
            }
        }
    }
}
