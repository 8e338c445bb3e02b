//! How text stands on the serial line (ITU-T V.250 section 5.7): the one place that frames it.

use crate::at::ResultCode;
use crate::at::octets::octets_of;
use crate::at::result::CME_TEXTS;
use crate::profile::Profile;

/// What decides how results look: `V`, `Q`, S3, S4 and `+CMEE`.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// `V1`: words and CR LF around them.
    pub verbose: bool,
    /// `Q1`: no result codes.
    pub quiet: bool,
    /// S3.
    pub cr: u8,
    /// S4.
    pub lf: u8,
    /// `+CMEE`: 0 plain ERROR, 1 numbers, 2 texts.
    pub cmee: u8,
}

/// Bytes being put together for one write to the host.
#[derive(Debug, Default)]
pub struct Writing {
    bytes: Vec<u8>,
    inside: bool,
}

impl Writing {
    /// What follows is another command's: its information text begins with CR LF too (V.250 section 5.7.1).
    pub fn next_command(&mut self) {
        self.inside = false;
    }

    /// A line of information text. The first one of a command has CR LF before it too.
    pub fn line(&mut self, style: Style, text: &str) {
        if style.verbose && !self.inside {
            self.bytes.extend([style.cr, style.lf]);
        }
        self.inside = true;
        self.bytes.extend_from_slice(&octets_of(text));
        self.bytes.extend([style.cr, style.lf]);
    }

    /// Octets as information text: with CR LF before the first of a command, and none behind.
    pub fn text(&mut self, style: Style, bytes: &[u8]) {
        if style.verbose && !self.inside {
            self.bytes.extend([style.cr, style.lf]);
        }
        self.inside = true;
        self.bytes.extend(bytes);
    }

    /// Octets as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// A line with CR LF on both sides, whatever stood before: an unsolicited result code. Each LF
    /// in `text` begins another line of it.
    pub fn urc(&mut self, style: Style, text: &str) {
        self.inside = false;
        text.split('\n').for_each(|line| self.line(style, line));
        self.inside = false;
    }

    /// A result code. Gives its text as it is printed: none where `Q1` keeps it back.
    pub fn result(&mut self, style: Style, code: &ResultCode, profile: &Profile) -> String {
        if let ResultCode::Line(text) = code {
            self.line(style, text);
            self.inside = false;
            return text.clone();
        }
        self.inside = false;
        if style.quiet {
            return String::new();
        }
        if let (ResultCode::Own(words), false) = (code, style.verbose) {
            self.urc(style, words);
            return (*words).to_owned();
        }
        let mut plain = |code: &ResultCode| match (style.verbose, code.words(), code.digits()) {
            (true, Some(words), _) => {
                self.bytes.extend([style.cr, style.lf]);
                self.bytes.extend(words.as_bytes());
                self.bytes.extend([style.cr, style.lf]);
                words.into_owned()
            }
            (false, _, Some(digits)) => {
                self.bytes.extend([b'0' + digits, style.cr]);
                digits.to_string()
            }
            _ => String::new(),
        };
        let (name, number, own, texts) = match code {
            ResultCode::Cme(n) => ("+CME ERROR: ", *n, &profile.cme, CME_TEXTS),
            ResultCode::Cms(n) => ("+CMS ERROR: ", *n, &profile.cms, &[][..]),
            _ => return plain(code),
        };
        let known = texts.iter().find(|(n, _)| *n == number).map(|(_, text)| *text);
        let text = match (style.cmee, own.get(&number).map(String::as_str).or(known)) {
            (0, _) => return plain(&ResultCode::Error),
            (2.., Some(text)) => format!("{name}{text}"),
            _ => format!("{name}{number}"),
        };
        self.urc(style, &text);
        text
    }

    /// Takes what there is; `None` where there is nothing.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        self.inside = false;
        (!self.bytes.is_empty()).then(|| std::mem::take(&mut self.bytes))
    }
}
