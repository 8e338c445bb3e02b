//! What the module says in command mode: answers, results, and what nobody asked for.

use super::*;

impl Port {
    pub(super) fn heard(&mut self, world: &mut World, line: &str) {
        if line.is_empty() && self.block.is_none() {
            return;
        }
        let booting = Known::is_boot(line);
        if booting {
            self.booted(world, line);
            return;
        }
        self.end_silence(world);
        if self.block.is_some() && !self.ends_block(line) {
            let (number, unasked) = (world.line, line.len() > 3 && world.known.is_urc(line));
            if let Some(block) = &mut self.block
                && !(block.is_whole() && unasked)
            {
                block.line(number, line, unasked);
                return;
            }
        }
        if self.data.is_some() && !self.ends_data(world, line) {
            self.server_says(world, line);
            self.data_octets(world, line.as_bytes());
            self.data_octets(world, b"\r\n");
            return;
        }
        let typed = self.open.as_ref().map(|o| o.asked.text.clone());
        if typed.as_deref().is_some_and(|typed| typed == line) {
            return self.echoed(world);
        }
        if power_off(line) || line.contains("VOLTAGE") {
            return self.went_off(world, line);
        }
        if let Some(open) = &self.open
            && is_result(line, &open.asked.text)
        {
            return self.result(world, line);
        }
        // The end of data mode, or of what was answered OK before, may be an error.
        if let (None, Some(asked), true) = (&self.open, self.last.clone(), line.starts_with("+CME ERROR")) {
            let names = names(&asked.text);
            return self.refused(world, line, &asked, &names);
        }
        // Where OK comes first, data mode begins behind it.
        if self.open.is_none()
            && (line == "CONNECT" || line.starts_with("CONNECT "))
            && !line.starts_with("CONNECT OK")
            && !line.starts_with("CONNECT FAIL")
            && let Some(asked) = self.last.clone()
        {
            self.data = Some(Data { asked, commands: 0, first: 0, got: 0, left: false, verb: None });
            return;
        }
        if let Some((first, second)) = glued(world, line) {
            return self.heard_glued(world, line, first, second);
        }
        self.line(world, line);
    }

    /// Two lines with nothing between them, of which one was not asked for.
    fn heard_glued(&mut self, world: &mut World, line: &str, first: &str, second: &str) {
        let urc = if world.known.is_urc(second) { second } else { first };
        let asked = self.open.as_ref().map(|open| open.asked.clone()).or(self.last.clone());
        let sentence = format!("`{urc}` is glued to what stands beside it: `{line}`");
        let faults = asked.map(|asked| {
            let echo = asked.text.len() + 1;
            let offset = 2 + if urc == second { first.len() } else { 0 };
            let at = |skip| {
                vec![Proposed::of(&asked, None, format!("interject = {}, skip = {skip}", quoted(urc)))]
            };
            vec![at(offset), at(offset + echo)]
        });
        world.find(world.line, Code::UrcInAnswer, sentence, faults.unwrap_or_default());
        for part in [first, second] {
            // The one that nobody asked for is told of already.
            let result = self.open.as_ref().is_some_and(|open| is_result(part, &open.asked.text));
            match part != urc || result || power_off(part) {
                true => self.heard(world, part),
                false => {
                    let changed = self.host_changes(world);
                    self.state.hear(world, part, None, changed);
                    if bearer_down(part) {
                        self.bearer_lost(world, part);
                    }
                }
            }
        }
    }

    /// A line that is no result: information of the command that is open, or unasked.
    pub(super) fn line(&mut self, world: &mut World, line: &str) {
        let own = self.open.as_ref().is_some_and(|open| {
            open.names
                .iter()
                .any(|name| line.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with([':', ' '])))
        });
        let asked = self.open.as_ref().filter(|_| own).map(|open| open.asked.clone());
        let begins = bearer_down(line) && !own;
        let changed = self.host_changes(world);
        self.state.hear(world, line, asked.as_ref(), changed);
        self.fresh(world);
        if let Some(open) = &mut self.open
            && !own
            && world.known.is_urc(line)
            && !open.names.iter().any(|name| changes(name))
            && !outcome_of(line, &open.names)
        {
            let sentence = format!("`{line}` came between `{}` and its result", open.asked.text);
            let skip = open.asked.text.len() + 1;
            let faults = interjections(&open.asked, line, &[0, skip], 0);
            world.find(world.line, Code::UrcInAnswer, sentence, faults);
        }
        let freely =
            self.open.as_ref().is_none_or(|o| crate::log::shape::answers_freely(o.asked.text.as_bytes()));
        // What is no letter may be what registers S3 and S4 end a line with.
        let letters = line.bytes().all(|b| b.is_ascii_alphabetic());
        if !own && !freely && letters && raw::nearly_a_result(line) {
            let sentence = format!("`{line}` is a result code but for one character");
            world.find(world.line, Code::DamagedAnswer, sentence, vec![]);
        }
        if let Some(open) = &mut self.open {
            open.informed = true;
            open.active = world.now;
            let told = announced(line).filter(|_| own && brings_data(&open.asked.text));
            self.stream |= told.is_some() && self.vague;
            if let Some(length) = told.filter(|_| !self.vague) {
                let asked = open.asked.clone();
                self.block = Some(Block::new(world.line, Some(asked), length, line.len() + 4));
            }
            if own && takes_payload(&self.open.as_ref().map(|o| o.asked.text.clone()).unwrap_or_default()) {
                self.announces_payload(world, line);
            }
        } else if line.starts_with("+RECEIVE") {
            self.block = announced(line).map(|n| Block::new(world.line, None, n, line.len() + 4));
        }
        const STREAMS: &[&str] =
            &["+FTPRETR: 2", "+FTPGETR: 2", "+FTPLIST: 2", "+FTPETGET: 1,1", "+FTPSTOR: 2", "+FTPETPUT: 1,1"];
        self.stream |= STREAMS.contains(&line) || line.starts_with("+FTPSTAT: 2");
        if line.starts_with("+APP PDP:") && line.ends_with(",ACTIVE") {
            self.opening = None;
        }
        if begins {
            self.bearer_lost(world, line);
        }
        self.service(world, line, own);
    }

    /// `+FTPPUT: 2,48`: so many octets are due from the host.
    pub(super) fn announces_payload(&mut self, world: &mut World, line: &str) {
        let value = line.split_once(':').map(|(_, v)| v.trim()).unwrap_or_default();
        let number = value.rsplit(',').next().and_then(|n| n.trim().parse::<u64>().ok());
        if let Some(announced) = number.filter(|n| *n > 0 && value.contains(',')) {
            self.payload = Some(Payload { line: world.line, announced, sent: 0, told: false });
        }
        if value == "2" {
            self.stream = true;
        }
    }

    /// Reports of operations and of services.
    pub(super) fn service(&mut self, world: &mut World, line: &str, own: bool) {
        let read = self.open.as_ref().is_some_and(|o| o.asked.text.trim_end().ends_with('?'));
        if !(own && read)
            && let Some(ended) = self.pending.report(world, line, self.last.as_ref())
        {
            let command = ended.command.unwrap_or_default();
            match ended.outcome {
                Outcome::Failed(..) => self.storm.failed_of(world, &command),
                Outcome::Opened if line.starts_with("+FTPGET") => world.stock.some(),
                Outcome::Opened => {}
                Outcome::Done(number) => {
                    self.storm.succeeded_of(&command);
                    if line.starts_with("+QFTPGET:") && world.stock.moved() == 0 {
                        world.stock.size(u64::try_from(number).unwrap_or(0));
                    }
                }
            }
            self.transfer_over(world, line);
        }
        raw::service(world, line, self.open.as_ref().map(|o| &o.asked).or(self.last.as_ref()));
    }

    /// A download has ended as if whole: was it?
    pub(super) fn transfer_over(&mut self, world: &mut World, line: &str) {
        let value = line.split_once(':').map(|(_, v)| v.trim()).unwrap_or_default();
        if line.starts_with("+FTPSIZE: 1,0,") || line.starts_with("+QFTPSIZE:") {
            if let Some(size) = value.rsplit(',').next().and_then(|n| n.parse().ok()) {
                world.stock.size(size);
            }
            return;
        }
        let whole = line.starts_with("+FTPGET") && value == "1,0";
        if whole
            && let Some((size, got)) = world.stock.told()
            && got < size
        {
            let sentence = format!("`{line}` ended the download after {got} octets; the file has {size}");
            world.find(world.line, Code::DataIncomplete, sentence, vec![]);
        }
        let goes_on = value == "1,1" || value.starts_with("1,1,") || value == "2" || value.starts_with("2,");
        if line.starts_with("+FTPGET") && !goes_on || line.starts_with("+QFTPGET") {
            world.stock.over();
        }
    }

    /// The final result code.
    pub(super) fn result(&mut self, world: &mut World, line: &str) {
        self.close_block(world);
        let Some(open) = self.open.take() else { return };
        let waited = world.now.saturating_sub(open.asked.at);
        let limit = if open.names.iter().any(|n| slow(n)) { SLOW } else { LATE };
        let asked = open.asked;
        let good = !matches!(line, "ERROR" | "NO CARRIER" | "BUSY" | "NO ANSWER" | "NO DIALTONE")
            && !line.starts_with("+CM");
        if waited >= limit && !open.prompted && self.payload.is_none() {
            let sentence = format!("`{line}` came {} after `{}`", spoken(waited), asked.text);
            let late = vec![Proposed::of(&asked, None, format!("late = {}", quoted_span(waited)))];
            world.find(asked.line, Code::LateAnswer, sentence, vec![late]);
        }
        self.payload = None;
        self.prompt = None;
        self.answered = true;
        match good {
            true => self.carried_out(world, line, &asked, &open.names),
            false => self.refused(world, line, &asked, &open.names),
        }
        self.last = Some(asked);
    }

    pub(super) fn carried_out(&mut self, world: &mut World, line: &str, asked: &Asked, names: &[String]) {
        self.echo.set(&asked.text);
        self.pending.begin(world, asked);
        world.stock.begin(&asked.text);
        self.storm.succeeded(asked, world.known.reports(&asked.text));
        if line.starts_with("CONNECT") {
            let fresh =
                || Data { asked: asked.clone(), commands: 0, first: 0, got: 0, left: false, verb: None };
            self.data = Some(match asked.text.to_ascii_uppercase().starts_with("ATO") {
                true => self.paused.take().unwrap_or_else(fresh),
                false => fresh(),
            });
        }
        if opens_bearer(&asked.text) {
            // Opened twice without a loss: the module has forgotten the first.
            if self.bearer && self.suspect.is_some() {
                self.state.fresh = Some(world.line);
                self.fresh(world);
            }
            self.bearer = true;
            self.opening = names.iter().any(|n| n == "+CNACT").then(|| asked.clone());
        } else if closes_bearer(&asked.text) {
            self.bearer = false;
        }
        if opens_session(&asked.text) {
            self.session = Some(asked.clone());
        } else if names.iter().any(|n| closes_session(n)) {
            self.session = None;
        }
        if self.suspect.as_ref().is_some_and(|s| world.now.saturating_sub(s.at) > SLOW) {
            self.suspect = None;
        }
    }

    pub(super) fn refused(&mut self, world: &mut World, line: &str, asked: &Asked, names: &[String]) {
        self.storm.failed(world);
        let cut = |line: &str| line.split_once(':').map(|(_, v)| v.trim().to_owned()).unwrap_or_default();
        let number = cut(line).parse::<u16>().ok().or_else(|| world.known.number(&cut(line)));
        let lacking = names.iter().find(|n| world.known.lacks(n)).cloned();
        let after = spoken(world.now.saturating_sub(asked.at));
        let (code, why) = match (line, number) {
            (_, Some(number)) if line.starts_with("+CME") => {
                let (reason, words) = world.known.cme(number);
                let words = if words.is_empty() { String::new() } else { format!(": {words}") };
                let code = match reason {
                    Some(Reason::Bearer) if opens_bearer(&asked.text) => Code::BearerFailed,
                    Some(reason) => of_reason(reason),
                    None => Code::Refused,
                };
                (code, words)
            }
            _ if line.starts_with("+CMS") => (Code::SmsRefused, String::new()),
            _ if line.starts_with("+CME") => (Code::Refused, String::new()),
            ("ERROR", _) => match lacking {
                Some(name) => (Code::UnknownCommand, format!(": the model of this module has no {name}")),
                None => (Code::PlainError, ", without a reason".into()),
            },
            _ => (Code::CallFailed, String::new()),
        };
        if code == Code::WrongOrder && self.session.is_some() && opens_session(&asked.text) {
            let open = self.session.as_ref().map(|s| (s.line, s.text.clone())).unwrap_or_default();
            let sentence = format!(
                "`{}` is refused with `{line}`: the session of line {} was never closed",
                asked.text, open.0
            );
            world.find(open.0, Code::SessionLeftOpen, sentence, vec![]);
        }
        let fault = match number.filter(|_| line.starts_with("+CME")) {
            Some(number) => vec![Proposed::of(asked, None, format!("error = {number}"))],
            None => answer(asked, &[line]),
        };
        let sentence = match world.now.saturating_sub(asked.at) >= HASTE {
            true => format!("`{}` got `{line}` after {after}{why}", asked.text),
            false => format!("`{}` got `{line}`{why}", asked.text),
        };
        world.find(world.line, code, sentence, vec![vec![], fault]);
    }
}
