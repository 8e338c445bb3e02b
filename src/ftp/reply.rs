//! Replies of an FTP server and their parser (RFC 959 section 4.2).

use crate::at::octets::text_of;

/// The longest reply line that is read, in octets without its line end.
pub const MAX_LINE: usize = 2048;
/// The most lines that one reply may have.
pub const MAX_LINES: usize = 10_000;

/// One reply, of one line or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three-digit code; 0 for a line that is no reply (it is then the only one of `lines`).
    pub code: u16,
    /// The lines as they came, code included, without line ends; see [`octets_of`](crate::at::octets::octets_of).
    pub lines: Vec<String>,
}

impl Reply {
    /// A line that is no reply, which a server gives for one all the same.
    pub fn nonsense(line: String) -> Reply {
        Reply { code: 0, lines: vec![line] }
    }

    /// 1yz: another reply to the same command follows.
    pub fn is_preliminary(&self) -> bool {
        self.code / 100 == 1
    }

    /// 2yz: the command was carried out.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// 3yz: the server waits for the rest of a command sequence.
    pub fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// The text of the last line behind its code; empty where there is none.
    pub fn text(&self) -> &str {
        self.lines.last().and_then(|line| line.get(4..)).unwrap_or("")
    }

    /// The path of a 257 reply: what is between its quotes, doubled quotes undone (RFC 959 appendix II); the
    /// first word, where a server leaves the quotes out.
    pub fn path(&self) -> Option<String> {
        let text = self.lines.first()?.get(4..)?;
        let Some((_, rest)) = text.split_once('"') else {
            return text.split_whitespace().next().map(str::to_owned);
        };
        let mut path = String::new();
        let mut chars = rest.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if chars.next_if_eq(&'"').is_none() => return Some(path),
                c => path.push(c),
            }
        }
        None
    }
}

/// Why a server's bytes are no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A line without a code where a reply should begin. The parser goes on behind it.
    #[error("{0}")]
    Line(String),
    /// A line longer than [`MAX_LINE`]; the rest of the stream means nothing.
    #[error("a reply line of more than {MAX_LINE} octets")]
    LongLine,
    /// A reply of more than [`MAX_LINES`] lines; the rest of the stream means nothing.
    #[error("a reply of more than {MAX_LINES} lines")]
    ManyLines,
}

/// The reply parser. It holds one unfinished reply at most, within [`MAX_LINE`] and [`MAX_LINES`].
#[derive(Clone, Debug, Default)]
pub struct Replies {
    line: Vec<u8>,
    open: Option<Reply>,
}

impl Replies {
    /// Reads the next reply out of `bytes`, which is left behind it; `None` once all bytes are read.
    ///
    /// Lines end with CR LF or LF; empty lines between replies are skipped. How the stream is cut
    /// into `bytes` makes no difference.
    ///
    /// # Errors
    ///
    /// See [`Malformed`]; only behind [`Malformed::Line`] is there sense in reading on.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Result<Reply, Malformed>> {
        while let Some((&byte, rest)) = bytes.split_first() {
            *bytes = rest;
            if byte != b'\n' {
                self.line.push(byte);
                // One more than the limit, for the CR of the line end.
                if self.line.len() > MAX_LINE + 1 || (self.line.len() > MAX_LINE && byte != b'\r') {
                    return Some(Err(Malformed::LongLine));
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let text = text_of(line.strip_suffix(b"\r").unwrap_or(&line));
            if let Some(found) = self.line(text) {
                return Some(found);
            }
        }
        None
    }

    fn line(&mut self, line: String) -> Option<Result<Reply, Malformed>> {
        if let Some(mut reply) = self.open.take() {
            if reply.lines.len() == MAX_LINES {
                return Some(Err(Malformed::ManyLines));
            }
            // Text lines may begin with any number; only the same code and a blank close the reply.
            let last = head(&line) == Some((reply.code, Mark::Last));
            reply.lines.push(line);
            if last {
                return Some(Ok(reply));
            }
            self.open = Some(reply);
            return None;
        }
        match head(&line) {
            Some((code, Mark::Last)) => Some(Ok(Reply { code, lines: vec![line] })),
            Some((code, Mark::First)) => {
                self.open = Some(Reply { code, lines: vec![line] });
                None
            }
            None if line.is_empty() => None,
            None => Some(Err(Malformed::Line(line))),
        }
    }
}

#[derive(PartialEq, Eq)]
enum Mark {
    First,
    Last,
}

/// The code and what follows it: a blank or nothing (the last line), or a hyphen (the first of several).
fn head(line: &str) -> Option<(u16, Mark)> {
    let (digits, rest) = line.as_bytes().split_at_checked(3)?;
    let mark = match rest.first() {
        None | Some(b' ') => Mark::Last,
        Some(b'-') => Mark::First,
        Some(_) => return None,
    };
    if !(b'1'..=b'5').contains(&digits[0]) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits.iter().fold(0, |code, d| code * 10 + u16::from(d - b'0'));
    Some((code, mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Vec<Result<Reply, Malformed>> {
        parse_chunks([bytes])
    }

    fn parse_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Result<Reply, Malformed>> {
        let mut parser = Replies::default();
        let mut found = vec![];
        for mut chunk in chunks {
            while let Some(reply) = parser.next(&mut chunk) {
                let fatal = matches!(reply, Err(Malformed::LongLine | Malformed::ManyLines));
                found.push(reply);
                if fatal {
                    return found;
                }
            }
        }
        found
    }

    fn reply(code: u16, lines: &[&str]) -> Result<Reply, Malformed> {
        Ok(Reply { code, lines: lines.iter().map(|l| l.to_string()).collect() })
    }

    #[test]
    fn a_reply_ends_with_its_own_code_and_a_blank() {
        let bytes = b"211-Status\r\n 211 indented\r\n226 another code\r\n211-more\n211 End\r\n220\n";
        assert_eq!(
            parse(bytes),
            [
                reply(211, &["211-Status", " 211 indented", "226 another code", "211-more", "211 End"]),
                reply(220, &["220"]),
            ]
        );
    }

    #[test]
    fn a_line_without_a_code_is_malformed_and_the_next_is_read() {
        let line = |l: &str| Err(Malformed::Line(l.into()));
        assert_eq!(
            parse(b"\r\nhello\r\n22 x\r\n999 x\r\n220x\r\n220 \xe9t\xe9\r\n"),
            [
                line("hello"),
                line("22 x"),
                line("999 x"),
                line("220x"),
                reply(220, &[&text_of(b"220 \xe9t\xe9")])
            ]
        );
    }

    #[test]
    fn the_limits_hold_to_the_octet() {
        let mut longest = b"220 ".to_vec();
        longest.resize(MAX_LINE, b'x');
        longest.extend(b"\r\n");
        assert!(matches!(parse(&longest)[..], [Ok(_)]));
        longest.insert(5, b'x');
        assert_eq!(parse(&longest), [Err(Malformed::LongLine)]);

        let many = |n: usize| ["220-x\r\n".repeat(n - 1), "220 x\r\n".into()].concat();
        assert!(matches!(parse(many(MAX_LINES).as_bytes())[..], [Ok(_)]));
        assert_eq!(parse(many(MAX_LINES + 1).as_bytes()), [Err(Malformed::ManyLines)]);
    }

    #[test]
    fn the_path_of_a_257() {
        let path = |line: &str| Reply { code: 257, lines: vec![line.into()] }.path();
        assert_eq!(path("257 \"/a \"\"b\"\"\" is the directory"), Some("/a \"b\"".into()));
        assert_eq!(path("257 /a/b"), Some("/a/b".into()));
        assert_eq!(path("257  /a is the directory"), Some("/a".into()));
        assert_eq!(path("257 \"/open"), None);
        assert_eq!((path("257 "), path("257")), (None, None));
    }

    #[test]
    fn the_text_of_a_reply() {
        let text = |line: &str| Reply { code: 213, lines: vec![line.into()] }.text().to_owned();
        assert_eq!(text("213 1024"), "1024");
        assert_eq!(text("213"), "");
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_chunking_shows(
            bytes in proptest::collection::vec(prop_oneof![
                Just(b'\n'), Just(b'\r'), Just(b'2'), Just(b'-'), Just(b' '), any::<u8>()
            ], 0..600),
            cuts in proptest::collection::vec(1usize..9, 0..200),
        ) {
            let mut chunks = vec![];
            let mut rest = &bytes[..];
            for cut in cuts {
                let (chunk, tail) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk);
                rest = tail;
            }
            chunks.push(rest);
            prop_assert_eq!(parse_chunks(chunks), parse(&bytes));
        }

        #[test]
        fn what_is_printed_is_read_back(
            replies in proptest::collection::vec(
                (100u16..600, proptest::collection::vec("[ -~]{0,30}", 0..4)), 0..6),
        ) {
            let replies: Vec<Reply> = replies
                .into_iter()
                .map(|(code, texts)| {
                    let mut lines: Vec<String> = texts.iter().map(|t| format!("{code}-{t}")).collect();
                    lines.push(format!("{code} end"));
                    Reply { code, lines }
                })
                .collect();
            let printed: String =
                replies.iter().flat_map(|r| &r.lines).map(|line| format!("{line}\r\n")).collect();
            let read: Vec<Reply> = parse(printed.as_bytes()).into_iter().filter_map(Result::ok).collect();
            prop_assert_eq!(read, replies);
        }
    }
}
