//! When a line of a log was written: stamps of every shape at its start, and the clock they are read from.

/// A time as a log says it, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Since an epoch of its own: a date and a time, or seconds since 1970.
    Date(u64),
    /// A date without a year.
    Day(u64),
    /// Since midnight.
    Clock(u64),
    /// Since something was switched on.
    Since(u64),
    /// Since the one before.
    After(u64),
}

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// What is read from the front of a text.
struct Cut<'a> {
    rest: &'a [u8],
}

impl Cut<'_> {
    fn number(&mut self, digits: std::ops::RangeInclusive<usize>) -> Option<u64> {
        let length = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (number, rest) = self.rest.split_at(length);
        let read = std::str::from_utf8(number).ok()?.parse().ok();
        digits.contains(&length).then(|| self.rest = rest)?;
        read
    }

    fn one(&mut self, of: &[u8]) -> Option<u8> {
        let first = *self.rest.first().filter(|b| of.contains(b))?;
        self.rest = &self.rest[1..];
        Some(first)
    }

    fn word<const N: usize>(&mut self, of: &[&[u8; N]]) -> Option<usize> {
        let found = of.iter().position(|word| self.rest.starts_with(*word))?;
        self.rest = &self.rest[N..];
        Some(found)
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    /// Digits behind a point, as microseconds.
    fn fraction(&mut self) -> u64 {
        let digits = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let micros = micros(&self.rest[..digits]);
        self.rest = &self.rest[digits..];
        micros
    }

    /// `21:15:04`, with `.205`, `.335678`, `,205` or `.532,000` behind it.
    fn time(&mut self) -> Option<u64> {
        let hours = self.number(1..=2)?;
        self.one(b":")?;
        let minutes = self.number(2..=2).filter(|m| *m < 60)?;
        self.one(b":")?;
        let seconds = self.number(2..=2).filter(|s| *s < 62)?;
        let whole = ((hours * 60 + minutes) * 60 + seconds) * SECOND;
        let point = self.rest.first().is_some_and(|b| b".,:".contains(b));
        if !point || !self.rest.get(1).is_some_and(u8::is_ascii_digit) {
            return Some(whole);
        }
        self.rest = &self.rest[1..];
        let digits = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let more = self.rest.get(digits) == Some(&b',')
            && digits == 3
            && self.rest.get(4..7).is_some_and(|more| more.iter().all(u8::is_ascii_digit));
        let fraction = self.fraction();
        if !more {
            return Some(whole + fraction);
        }
        self.rest = &self.rest[1..];
        Some(whole + fraction + self.fraction() / 1000)
    }

    /// `2026-11-27` with `-`, `/` or `.`, as microseconds since 1970.
    fn date(&mut self) -> Option<u64> {
        let year = self.number(4..=4).filter(|y| (1970..2200).contains(y))?;
        let sign = self.one(b"-/.")?;
        let month = self.number(1..=2).filter(|m| (1..=12).contains(m))?;
        self.one(&[sign])?;
        let day = self.number(1..=2).filter(|d| (1..=31).contains(d))?;
        Some(days(year, month, day) * DAY)
    }

    fn date_and_time(&mut self) -> Option<u64> {
        let date = self.date()?;
        self.one(b" T_")?;
        self.blanks();
        let time = self.time()?;
        // The offset of the time zone is the same all through a log.
        if self.one(b"Z").is_none() && self.rest.first().is_some_and(|b| b"+-".contains(b)) {
            let zone = &self.rest[1..];
            let length = zone.iter().take_while(|b| b.is_ascii_digit() || **b == b':').count();
            if (4..=5).contains(&length) {
                self.rest = &zone[length..];
            }
        }
        Some(date + time)
    }
}

/// Digits behind a point, as microseconds.
fn micros(digits: &[u8]) -> u64 {
    let six = digits.iter().chain(std::iter::repeat(&b'0')).take(6);
    six.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

/// Days from 1970 to a date of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> u64 {
    // The year begins in March here, so that the leap day is its last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let of_year = (153 * m + 2) / 5 + day - 1;
    let (era, y) = (y / 400, y % 400);
    era * 146_097 + y * 365 + y / 4 - y / 100 + of_year - 719_468
}

/// A stamp at the start of a line, and how long it is, brackets and blanks behind it included.
pub fn take(text: &[u8]) -> Option<(Stamp, usize)> {
    // Most lines have none.
    let first = *text.first()?;
    if !(first.is_ascii_digit() || b"[(MTWFSJANOD".contains(&first)) {
        return None;
    }
    let mut cut = Cut { rest: text };
    let bracket = cut.one(b"[(").map(|open| if open == b'[' { b']' } else { b')' });
    let stamp = dated(&mut cut)
        .or_else(|| syslog(&mut cut))
        .or_else(|| android(&mut cut))
        .or_else(|| clock(&mut cut))
        .or_else(|| bracket.and_then(|_| counted(&mut cut)))?;
    if let Some(close) = bracket {
        cut.one(&[close])?;
    } else if cut.rest.first().is_some_and(|b| !b" \t:;,|-".contains(b)) {
        return None;
    }
    cut.one(b":,;");
    // One blank belongs to the stamp; others may be the line's.
    cut.one(b" \t");
    Some((stamp, text.len() - cut.rest.len()))
}

fn attempt<T>(cut: &mut Cut, read: impl FnOnce(&mut Cut) -> Option<T>) -> Option<T> {
    let before = cut.rest;
    let read = read(cut);
    if read.is_none() {
        cut.rest = before;
    }
    read
}

/// `2026/11/27 21:15:03`, also behind the name of a day, and `Wed Jun 26 16:34:34 2024`.
fn dated(cut: &mut Cut) -> Option<Stamp> {
    attempt(cut, |cut| {
        if cut.word(&DAYS).is_some() {
            cut.one(b" ,")?;
            cut.blanks();
        }
        if let Some(date) = attempt(cut, |cut| cut.date_and_time()) {
            return Some(Stamp::Date(date));
        }
        let month = cut.word(&MONTHS)? as u64 + 1;
        cut.blanks();
        let day = cut.number(1..=2)?;
        cut.one(b" ")?;
        let time = cut.time()?;
        cut.one(b" ")?;
        let year = cut.number(4..=4).filter(|y| (1970..2200).contains(y))?;
        Some(Stamp::Date(days(year, month, day.clamp(1, 31)) * DAY + time))
    })
}

/// `Nov 17 12:15:40`, as syslog writes it.
fn syslog(cut: &mut Cut) -> Option<Stamp> {
    attempt(cut, |cut| {
        let month = cut.word(&MONTHS)? as u64 + 1;
        cut.blanks();
        let day = cut.number(1..=2)?;
        cut.one(b" ")?;
        let time = cut.time()?;
        // A year that has a 29th of February.
        Some(Stamp::Day(days(2000, month, day.clamp(1, 31)) * DAY + time))
    })
}

/// `11-27 21:15:03.123`, as Android's log has it.
fn android(cut: &mut Cut) -> Option<Stamp> {
    attempt(cut, |cut| {
        let month = cut.number(2..=2).filter(|m| (1..=12).contains(m))?;
        cut.one(b"-")?;
        let day = cut.number(2..=2).filter(|d| (1..=31).contains(d))?;
        cut.one(b" ")?;
        Some(Stamp::Day(days(2000, month, day) * DAY + cut.time()?))
    })
}

fn clock(cut: &mut Cut) -> Option<Stamp> {
    attempt(cut, |cut| cut.time()).map(Stamp::Clock)
}

/// Between brackets: `00049709ms`, `1767016030.323432`, `   12.345678`, `12453` (milliseconds).
fn counted(cut: &mut Cut) -> Option<Stamp> {
    attempt(cut, |cut| {
        cut.blanks();
        let whole = cut.number(1..=13)?;
        if cut.rest.starts_with(b"ms") {
            cut.rest = &cut.rest[2..];
            return Some(Stamp::Since(whole * 1000));
        }
        if cut.one(b".").is_some() {
            cut.rest.first().filter(|b| b.is_ascii_digit())?;
            let at = whole * SECOND + cut.fraction();
            // A number so large counts from 1970.
            return Some(if whole > 1_000_000_000 { Stamp::Date(at) } else { Stamp::Since(at) });
        }
        Some(Stamp::Since(whole * 1000))
    })
}

/// `0.197609` seconds, as microseconds.
pub fn seconds(text: &[u8]) -> Option<u64> {
    let mut cut = Cut { rest: text };
    let whole = cut.number(1..=12)?;
    let fraction = if cut.one(b".").is_some() { cut.fraction() } else { 0 };
    cut.rest.is_empty().then_some(whole * SECOND + fraction)
}

/// `2026/11/27 21:15:03.000185980`, as socat writes it: version 1.7 pads microseconds to nine digits.
pub fn socat(text: &[u8]) -> Option<(u64, usize)> {
    let mut cut = Cut { rest: text };
    let date = cut.date()?;
    cut.one(b" ")?;
    let time = cut.time()?;
    let length = text.len() - cut.rest.len();
    let fraction = text[..length].rsplit(|b| *b == b'.').next().filter(|f| f.len() == 9)?;
    let at = date + time;
    Some(match fraction.strip_prefix(b"000") {
        Some(six) => (at - at % SECOND + micros(six), length),
        None => (at, length),
    })
}

/// What a log's stamps are read from: it goes on where they wrap, and says where they go back.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// The last stamp of the kind that counts.
    last: Option<Stamp>,
    /// Added to what the stamps say.
    offset: i128,
    /// Since the log's epoch.
    now: u64,
    /// Stamps of another kind in a row.
    others: u32,
    /// When the stamps last wrapped at midnight.
    wrapped: Option<u64>,
    /// How often the stamps went back, or leapt ahead where the clock was set.
    pub leaps: u64,
}

/// So many stamps of another kind in a row mean that the log goes on with those.
const CHANGED: u32 = 8;

impl Clock {
    /// The time of a stamp, which is never before that of the one before.
    pub fn read(&mut self, stamp: Stamp) -> u64 {
        let said = match stamp {
            Stamp::After(span) => {
                self.now = self.now.saturating_add(span);
                return self.now;
            }
            Stamp::Date(at) | Stamp::Day(at) | Stamp::Clock(at) | Stamp::Since(at) => i128::from(at),
        };
        let now = i128::from(self.now);
        match self.last {
            // Two clocks in one log cannot be compared.
            Some(last) if std::mem::discriminant(&last) != std::mem::discriminant(&stamp) => {
                self.others += 1;
                if self.others < CHANGED {
                    return self.now;
                }
                self.offset = now - said;
            }
            // What was begun before midnight is written behind it.
            Some(_) if self.is_of_yesterday(stamp, said + self.offset - now) => return self.now,
            Some(_) => self.offset += self.gap(stamp, now - said - self.offset),
            None => {}
        }
        (self.others, self.last) = (0, Some(stamp));
        self.now = self.now.max(u64::try_from(said + self.offset).unwrap_or(u64::MAX));
        self.now
    }

    /// Whether a time of day that lies so far `ahead` is one before the midnight that has just passed.
    fn is_of_yesterday(&self, stamp: Stamp, ahead: i128) -> bool {
        let lately = self.wrapped.is_some_and(|at| self.now.saturating_sub(at) < 3600 * SECOND);
        matches!(stamp, Stamp::Clock(_)) && lately && ahead > i128::from(DAY / 2)
    }

    /// What is to be added where a stamp lies so far `back`.
    fn gap(&mut self, stamp: Stamp, back: i128) -> i128 {
        let day = i128::from(DAY);
        match stamp {
            // Threads that write at the same time are not worth a word.
            // A clock that was set when the network told the time.
            _ if back < -300 * day => {
                self.leaps += 1;
                back
            }
            _ if back < i128::from(SECOND / 10) => 0,
            Stamp::Clock(_) if back > day / 2 => {
                self.wrapped = Some(self.now);
                day
            }
            Stamp::Day(_) if back > 300 * day => 366 * day,
            _ => {
                self.leaps += 1;
                back
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stamps_of_every_shape_are_read() {
        let at = |h: u64, m: u64, s: u64, us: u64| ((h * 60 + m) * 60 + s) * SECOND + us;
        let date = days(2026, 11, 27) * DAY;
        for (text, stamp, rest) in [
            ("[21:15:04.205] AT", Stamp::Clock(at(21, 15, 4, 205_000)), "AT"),
            ("17:13:36.627 -> OK", Stamp::Clock(at(17, 13, 36, 627_000)), "-> OK"),
            ("[00:00:12.532,001] <dbg>", Stamp::Clock(at(0, 0, 12, 532_001)), "<dbg>"),
            ("[2026-11-27T21:15:04.2+0100]  x", Stamp::Date(date + at(21, 15, 4, 200_000)), " x"),
            ("2026-11-27 21:15:48.598017:", Stamp::Date(date + at(21, 15, 48, 598_017)), ""),
            ("Thu 2026/11/27 21:15:48: x", Stamp::Date(date + at(21, 15, 48, 0)), "x"),
            ("Fri Nov 27 21:15:48 2026 daemon", Stamp::Date(date + at(21, 15, 48, 0)), "daemon"),
            ("11-17 12:15:40.000 D x", Stamp::Day(days(2000, 11, 17) * DAY + at(12, 15, 40, 0)), "D x"),
            ("Nov 17 12:15:40 gate", Stamp::Day(days(2000, 11, 17) * DAY + at(12, 15, 40, 0)), "gate"),
            ("[00049709ms][INFO]", Stamp::Since(49_709_000), "[INFO]"),
            ("[1767016030.323432] x", Stamp::Date(1_767_016_030_323_432), "x"),
            ("[   12.345678] x", Stamp::Since(12_345_678), "x"),
            ("[12453] ### x", Stamp::Since(12_453_000), "### x"),
        ] {
            let (read, length) = take(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((read, &text[length..]), (stamp, rest), "{text}");
        }
        for none in ["AT+CSQ", "12345", "12:34", "OK", "[INFO] x", "2026", "+CCLK: \"26/11/27,21:15:48+04\""]
        {
            assert_eq!(take(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 3, 1), 11_017);
        assert_eq!(days(2026, 11, 27), 20_784);
    }

    #[test]
    fn socat_pads_microseconds() {
        let read = |text: &str| socat(text.as_bytes()).unwrap().0 % SECOND;
        assert_eq!(read("2026/11/27 21:15:03.000185980"), 185_980);
        assert_eq!(read("2026/11/27 21:15:03.185980123"), 185_980);
    }

    #[test]
    fn the_clock_goes_on_over_midnight_and_where_it_is_set_back() {
        let mut clock = Clock::default();
        let evening = clock.read(Stamp::Clock(DAY - SECOND));
        assert_eq!(clock.read(Stamp::Clock(SECOND)) - evening, 2 * SECOND);
        assert_eq!(clock.leaps, 0);
        let mut clock = Clock::default();
        let first = clock.read(Stamp::Since(10 * SECOND));
        assert_eq!(clock.read(Stamp::Since(SECOND)), first);
        assert_eq!(clock.read(Stamp::Since(3 * SECOND)) - first, 2 * SECOND);
        assert_eq!(clock.leaps, 1);
        // It leaps where it is set, and wraps but once.
        let now = clock.read(Stamp::Since(4 * SECOND));
        assert_eq!(clock.read(Stamp::Since(1000 * DAY)), now);
        assert_eq!(clock.read(Stamp::Since(1000 * DAY + SECOND)), now + SECOND);
        let mut clock = Clock::default();
        let times =
            [DAY - SECOND, SECOND, DAY - SECOND / 2, 2 * SECOND].map(|at| clock.read(Stamp::Clock(at)));
        assert_eq!(times.map(|at| at - times[0]), [0, 2 * SECOND, 2 * SECOND, 3 * SECOND]);
        // One stamp of another clock says nothing.
        let mut clock = Clock::default();
        clock.read(Stamp::Since(SECOND));
        let now = clock.read(Stamp::Since(4 * SECOND));
        assert_eq!(clock.read(Stamp::Date(99 * DAY)), now);
        assert_eq!(clock.read(Stamp::After(SECOND)), now + SECOND);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "[\\[(]?[0-9:./, TZ+msNovMon\\]-]{0,40}", bytes in prop::collection::vec(any::<u8>(), 0..30)) {
            for text in [text.as_bytes(), &bytes] {
                if let Some((_, length)) = take(text) {
                    prop_assert!(length <= text.len());
                }
                let _ = (socat(text), seconds(text));
            }
        }
    }
}
