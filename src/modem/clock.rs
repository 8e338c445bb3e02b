//! The calendar of `+CCLK` (3GPP TS 27.007 section 8.15): `yy/MM/dd,hh:mm:ss±zz`.

/// Reads a time: seconds since 2000-01-01 and the time zone in quarters of an hour. `None` where
/// it is no time.
pub fn parse(text: &str) -> Option<(i64, i8)> {
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
        && (-96..=96).contains(&zone);
    let days = (0..year).map(|y| if leap(y) { 366 } else { 365 }).sum::<i64>()
        + (1..month).map(|m| days_in(year, m)).sum::<i64>()
        + day
        - 1;
    legal.then_some((days * 86_400 + hour * 3600 + minute * 60 + second, zone))
}

/// Prints a time.
pub fn show(seconds: i64, zone: i8) -> String {
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
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{:02}/{month:02}/{:02},{hour:02}:{minute:02}:{second:02}{zone:+03}", year % 100, days + 1)
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
            let (seconds, zone) = parse(text).unwrap();
            assert_eq!(show(seconds, zone), text);
        }
        let (seconds, zone) = parse("23/12/31,23:59:59+00").unwrap();
        assert_eq!(show(seconds + 1, zone), "24/01/01,00:00:00+00");
        for text in ["", "26/13/01,00:00:00+00", "26/02/29,00:00:00", "26/01/01", "a/b/c,d:e:f"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
