//! Days as the books count them: whole days of UTC since 1970, written `2026-11-22`.

use std::{fmt, str::FromStr};

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

/// A day of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

/// The text is no day of the years 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no day of the form 2026-11-22")]
pub struct NoDay;

impl Day {
    /// The last one that has a text.
    pub const LAST: Self = Self(2_932_896);

    /// The day of a time in microseconds since 1970.
    pub const fn of_us(us: i64) -> Self {
        Self(us.div_euclid(DAY_US))
    }

    /// The day of a number; `None` for what has no text.
    pub fn from_number(days: i64) -> Option<Self> {
        (0..=Self::LAST.0).contains(&days).then_some(Self(days))
    }

    /// Days since 1970.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// So many days earlier.
    pub const fn back(self, days: i64) -> Self {
        Self(self.0 - days)
    }

    /// Year, month and day of the month. The year is counted from March, so that the day that some
    /// years have more is its last one; 400 years have 146 097 days.
    const fn civil(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    const fn from_civil(year: i64, month: i64, day: i64) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let from_march = (month + 9) % 12;
        let of_year = (153 * from_march + 2) / 5 + day - 1;
        let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        Self(era * 146_097 + days - 719_468)
    }
}

/// A time in microseconds since 1970 as RFC 3339 writes it, to the millisecond.
pub fn timestamp(us: i64) -> String {
    let ms = us.rem_euclid(DAY_US) / 1_000;
    let (seconds, ms) = (ms / 1_000, ms % 1_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let day = Day::of_us(us);
    format!("{day}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z")
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(n, byte)| match n {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(NoDay);
        }
        let number = |part: &str| part.parse::<i64>().map_err(|_| NoDay);
        let (year, month) = (number(&text[..4])?, number(&text[5..7])?);
        let found = Self::from_civil(year, month, number(&text[8..])?);
        // What is no day of its month would come back as another one.
        match found.0 >= 0 && found.to_string() == text {
            true => Ok(found),
            false => Err(NoDay),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_day_follows_the_one_before() {
        let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let (mut year, mut month, mut day) = (1970, 1, 1);
        // Every kind of year is among the first 400 and more.
        for number in 0..160_000 {
            let found = Day::from_number(number).unwrap();
            let text = format!("{year:04}-{month:02}-{day:02}");
            assert_eq!(found.to_string(), text);
            assert_eq!(text.parse(), Ok(found));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = months[month - 1] + u32::from(leap && month == 2);
            (year, month, day) = match (day < last, month < 12) {
                (true, _) => (year, month, day + 1),
                (false, true) => (year, month + 1, 1),
                (false, false) => (year + 1, 1, 1),
            };
        }
        assert!(year > 2_400, "{year}");
        assert_eq!(Day::LAST.to_string(), "9999-12-31");
        assert_eq!("9999-12-31".parse(), Ok(Day::LAST));
    }

    #[test]
    fn a_time_is_written_as_others_read_it() {
        for (us, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_649_367_553_000_000, "2022-04-07T21:39:13.000Z"),
            (DAY_US - 1, "1970-01-01T23:59:59.999Z"),
            (1_795_392_000_123_456, "2026-11-23T00:00:00.123Z"),
        ] {
            assert_eq!(timestamp(us), text);
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026-11-31",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "1969-12-31",
            "2026-11-22 ",
            "+026-11-22",
            "２026-11-2",
        ] {
            assert_eq!(text.parse::<Day>(), Err(NoDay), "{text}");
        }
        assert_eq!(Day::of_us(DAY_US - 1), Day(0));
        assert_eq!(Day::of_us(DAY_US), Day(1));
        assert_eq!(Day::from_number(-1), None);
        assert_eq!(Day::from_number(Day::LAST.number() + 1), None);
    }
}
