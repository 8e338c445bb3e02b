//! The calendar of `+CCLK` (3GPP TS 27.007 section 8.15): `yy/MM/dd,hh:mm:ss±zz`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

/// A second of the calendar, and the time zone it is told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Calendar {
    /// From 2000-01-01 on.
    seconds: i64,
    /// In quarters of an hour.
    zone: i8,
}

/// 2026-01-01 in the zone of Greenwich.
impl Default for Calendar {
    fn default() -> Self {
        Calendar { seconds: 820_540_800, zone: 0 }
    }
}

impl FromStr for Calendar {
    type Err = String;

    fn from_str(text: &str) -> Result<Calendar, String> {
        let wrong = || format!("`{text}` is no time; write it like 26/01/01,00:00:00+00");
        parse(text).ok_or_else(wrong)
    }
}

fn parse(text: &str) -> Option<Calendar> {
    let (date, time) = text.split_once(',')?;
    let mut date = date.split('/').map(|n| n.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let sign = time.find(['+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(sign);
    let mut time = time.split(':').map(|n| n.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let zone = if zone.is_empty() { 0 } else { zone.parse::<i8>().ok()? };
    let legal = (0..100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second)
        && (-96..=96).contains(&zone)
        && date.next().is_none();
    legal.then(|| {
        let days = (0..year).map(|y| if leap(y) { 366 } else { 365 }).sum::<i64>()
            + (1..month).map(|m| days_in(year, m)).sum::<i64>()
            + day
            - 1;
        Calendar { seconds: days * 86_400 + hour * 3600 + minute * 60 + second, zone }
    })
}

/// The parts of a time in seconds from 2000-01-01 on: year, month, day, hour, minute, second.
fn parts(seconds: i64) -> [i64; 6] {
    let (mut days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let mut year = 0;
    while days >= if leap(year) { 366 } else { 365 } {
        days -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 1;
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    [year, month, days + 1, rest / 3600, rest / 60 % 60, rest % 60]
}

impl Calendar {
    /// The same moment in the zone of Greenwich, with all digits of its year: `2026/01/01,00:00:00`.
    pub fn utc(&self) -> String {
        let [year, month, day, hour, minute, second] = parts(self.seconds - i64::from(self.zone) * 900);
        format!("{}/{month:02}/{day:02},{hour:02}:{minute:02}:{second:02}", 2000 + year)
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [year, month, day, hour, minute, second] = parts(self.seconds);
        write!(f, "{:02}/{month:02}/{day:02},{hour:02}:{minute:02}:{second:02}", year % 100)?;
        write!(f, "{:+03}", self.zone)
    }
}

impl TryFrom<String> for Calendar {
    type Error = String;

    fn try_from(text: String) -> Result<Calendar, String> {
        text.parse()
    }
}

impl From<Calendar> for String {
    fn from(calendar: Calendar) -> String {
        calendar.to_string()
    }
}

impl Add<Duration> for Calendar {
    type Output = Calendar;

    fn add(self, span: Duration) -> Calendar {
        Calendar { seconds: self.seconds.saturating_add_unsigned(span.as_secs()), ..self }
    }
}

impl Sub<Duration> for Calendar {
    type Output = Calendar;

    fn sub(self, span: Duration) -> Calendar {
        Calendar { seconds: self.seconds.saturating_sub_unsigned(span.as_secs()), ..self }
    }
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && year % 100 != 0 || year % 400 == 0
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_what_is_shown() {
        for text in ["26/11/21,23:59:59+04", "00/01/01,00:00:00+00", "24/02/29,12:00:00-32"] {
            assert_eq!(text.parse::<Calendar>().unwrap().to_string(), text);
        }
        let last = "23/12/31,23:59:59+00".parse::<Calendar>().unwrap();
        assert_eq!((last + Duration::from_millis(1900)).to_string(), "24/01/01,00:00:00+00");
        assert_eq!(last + Duration::from_secs(7) - Duration::from_secs(7), last);
    }

    #[test]
    fn the_first_of_2026_is_where_a_module_begins() {
        assert_eq!(Calendar::default().to_string(), "26/01/01,00:00:00+00");
    }

    #[test]
    fn what_is_no_time_is_refused_at_once() {
        let huge = ["999999999999/1/1,0:0:0", "26/999999999999/1,0:0:0", "26/1/1,9223372036854775807:0:0"];
        let wrong =
            ["", "26/13/01,00:00:00+00", "26/02/29,00:00:00", "26/01/01", "a/b/c,d:e:f", "26/1/1/1,0:0:0"];
        for text in huge.into_iter().chain(wrong) {
            assert!(text.parse::<Calendar>().unwrap_err().contains(text));
        }
    }
}
