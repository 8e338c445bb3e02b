//! Data: blocks with a length, data mode, and octets that are no line.

use super::*;

impl Port {
    pub(super) fn received(&mut self, world: &mut World, bytes: &[u8]) {
        self.end_silence(world);
        if self.block.is_some() || self.data.is_some() {
            return self.data_octets(world, bytes);
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        if text.trim_start().starts_with('>') {
            self.prompt = Some((world.line, world.now));
            if let Some(open) = &mut self.open {
                open.prompted = true;
                open.active = world.now;
            }
            return;
        }
        let typed = self.open.as_ref().map(|o| o.asked.clone());
        if let Some(asked) = typed
            && let Some(at) = text.find(&asked.text)
        {
            let before: Vec<&str> = text[..at].split(['\r', '\n']).filter(|l| !l.is_empty()).collect();
            if let Some(urc) = before.iter().find(|l| world.known.is_urc(l)) {
                let sentence = format!("`{urc}` is glued before the echo of `{}`", asked.text);
                let faults = interjections(&asked, urc, &[0], 0);
                world.find(world.line, Code::UrcBeforeEcho, sentence, faults);
            }
            self.echoed(world);
            for line in text[at + asked.text.len()..].split(['\r', '\n']).filter(|l| !l.is_empty()) {
                self.heard(world, line);
            }
            return;
        }
        if bytes.contains(&0x13) && !self.stream {
            self.stopped.get_or_insert((world.line, world.now, "XOFF"));
        }
        if bytes.contains(&0x11) {
            self.stopped = None;
        }
        if self.stream {
            world.stock.fetched(bytes.strip_suffix(b"\x03").unwrap_or(bytes));
            return;
        }
        // Whole lines may be written as octets; under ATV0 a result code ends with CR alone.
        if matches!(bytes, [.., b'\r'] | [.., b'\r', b'\n']) && raw::is_text(bytes) {
            for line in text.split(['\r', '\n']).filter(|l| !l.is_empty()) {
                self.heard(world, line);
            }
            return;
        }
        if bytes.ends_with(b"\x03") || self.open.as_ref().is_some_and(|o| o.names.iter().any(|n| reads(n))) {
            if let Some(open) = &mut self.open {
                open.informed = true;
            }
            return;
        }
        let bytes: Vec<u8> = bytes.iter().copied().filter(|b| !matches!(b, 0x11 | 0x13)).collect();
        raw::judge(world, &bytes, self.open.as_ref().map(|o| &o.asked).or(self.last.as_ref()));
    }

    pub(super) fn data_octets(&mut self, world: &mut World, bytes: &[u8]) {
        self.end_silence(world);
        if let Some(block) = &mut self.block {
            block.raw(bytes);
        } else if let Some(data) = &mut self.data {
            data.got += bytes.len() as u64;
            match data.asked.text.to_ascii_uppercase().contains("+WIPFILE") {
                true => world.stock.fetched(&unescaped(bytes)),
                false => world.stock.fetched(bytes),
            }
        } else if self.stream {
            world.stock.fetched(bytes);
        }
    }

    /// Whether a line ends the block: a result, where all is there or a result cannot be data.
    pub(super) fn ends_block(&self, line: &str) -> bool {
        let Some(block) = &self.block else { return true };
        let result = line == "OK" || line == "ERROR" || line.starts_with("+CME ERROR");
        result || (block.is_whole() && block.asked.is_none())
    }

    pub(super) fn close_block(&mut self, world: &mut World) {
        let Some(block) = self.block.take() else { return };
        let Some(asked) = block.asked.clone() else { return };
        let (announced, header) = (block.announced, block.header);
        let echo = asked.text.len() + 1;
        let end = block.end();
        world.stock.fetched(&block.clean(&end));
        // A log that loses octets shows no lengths; a line among them it shows all the same.
        if !world.trust.whole && !matches!(end, End::Mixed(_)) {
            return;
        }
        match end {
            End::Whole => {}
            End::Short(missing) => {
                let sentence = format!(
                    "{announced} octets were announced for `{}`, and {missing} of them are missing",
                    asked.text
                );
                let lose = |skip: usize| {
                    vec![Proposed::of(&asked, None, format!("lose = {missing}, skip = {skip}"))]
                };
                let at = header + block.got as usize;
                world.find(block.line, Code::DataShort, sentence, vec![lose(at), lose(at + echo)]);
            }
            End::Mixed(line) => {
                let sentence = format!(
                    "`{}` stands in the data of `{}`, {} octets behind its beginning",
                    line.text, asked.text, line.offset
                );
                let skip = header + line.offset as usize;
                let faults = interjections(&asked, &line.text, &[skip, skip + echo], 0);
                world.find(line.line, Code::UrcInData, sentence, faults);
                if bearer_down(&line.text) {
                    self.bearer_lost_in_data(world, &line.text, line.line, &asked);
                }
            }
            End::Doubled { extra, offset } => {
                let sentence = format!(
                    "{} octets came for `{}` where {announced} were announced: {extra} of them twice, from offset {offset} on",
                    block.got, asked.text
                );
                let twice = |skip: usize| {
                    vec![Proposed::of(&asked, None, format!("duplicate = {extra}, skip = {skip}"))]
                };
                let skip = header + offset as usize;
                world.find(block.line, Code::DataDoubled, sentence, vec![twice(skip), twice(skip + echo)]);
            }
            End::Over(over) => {
                let sentence = format!(
                    "{} octets came for `{}` where {announced} were announced: {over} too many, behind offset {announced}",
                    block.got, asked.text
                );
                world.find(block.line, Code::DataOverrun, sentence, vec![]);
            }
        }
    }

    /// The host goes on in the middle of a block, or the module starts anew.
    pub(super) fn cut_block(&mut self, world: &mut World) {
        let Some(block) = self.block.take() else { return };
        if block.asked.is_some() && !block.is_whole() && world.trust.whole {
            let sentence = format!(
                "{} octets were announced, and {} came before something else did",
                block.announced, block.got
            );
            world.find(block.line, Code::DataShort, sentence, vec![]);
        }
    }

    /// Whether a line ends data mode; it does so.
    pub(super) fn ends_data(&mut self, world: &mut World, line: &str) -> bool {
        let Some(data) = &self.data else { return true };
        let of_command = names(&data.asked.text).iter().any(|n| line.starts_with(n.as_str()));
        let ends = matches!(line, "OK" | "ERROR" | "NO CARRIER" | "CLOSED")
            || of_command
            || line.starts_with("+CME ERROR")
            || ["+WIPPEERCLOSE", "+WIPREADY", "+WIPDATA", "+QFTP"].iter().any(|n| line.starts_with(n));
        if ends {
            let (counted, asked) = (data.got, data.asked.clone());
            let partly = data.left || self.soft_flow || !world.trust.whole;
            self.leave_data(world);
            if line == "NO CARRIER" || line == "CLOSED" {
                let sentence = format!("`{line}` after {counted} octets");
                world.find(world.line, Code::CarrierLost, sentence, vec![]);
            }
            if !partly {
                self.counted(world, line, counted, &asked);
            }
        }
        ends
    }

    /// Where the host speaks FTP itself over a socket, the server's refusals are lines of data.
    pub(super) fn server_says(&mut self, world: &mut World, line: &str) {
        let Some(verb) = self.data.as_mut().and_then(|data| data.verb.take()) else { return };
        let code =
            line.get(..3).and_then(|code| code.parse::<u16>().ok()).filter(|code| (400..600).contains(code));
        if code.is_some() && line[3..].starts_with([' ', '-']) {
            let code = if verb.starts_with("PASS") { Code::LoginRefused } else { Code::RequestRefused };
            let word = verb.split(' ').next().unwrap_or_default();
            world.find(world.line, code, format!("`{line}` answers {word}"), vec![]);
        }
    }

    /// `+QFTPGET:2000`: the module counts, too.
    pub(super) fn counted(&mut self, world: &mut World, line: &str, counted: u64, asked: &Asked) {
        world.stock.over();
        let told = line.strip_prefix("+QFTPGET:").and_then(|n| n.trim().parse::<u64>().ok());
        if let Some(told) = told.filter(|told| *told != counted && counted > 0 && counted.abs_diff(*told) > 2)
        {
            let sentence = format!("`{line}` ends `{}`, and {counted} octets came", asked.text);
            let code = if counted < told { Code::DataIncomplete } else { Code::DataOverrun };
            world.find(world.line, code, sentence, vec![]);
        }
    }

    pub(super) fn leave_data(&mut self, world: &mut World) -> Option<Data> {
        let data = self.data.take()?;
        if data.commands >= 2 {
            let sentence = format!(
                "{} commands were typed into the data mode that `{}` of line {} had begun",
                data.commands, data.asked.text, data.asked.line
            );
            world.find(data.first, Code::DataModeStuck, sentence, vec![]);
        }
        Some(Data { commands: 0, left: true, ..data })
    }
}
