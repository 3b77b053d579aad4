//! The number that people call an order by: the day, and the ledger sequence scattered.

/// Digits of order numbers: no letters that are read as others.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Odd, so that multiplying permutes the 30 bits, and neighbours look unlike.
const SCATTER: u64 = 0x2545_F491;

/// A short number for people, as in `20261122-7F3K9Q`: the day (UTC) and the ledger sequence of
/// the order, scattered. Two sequences below 2^30 never get the same six digits.
pub fn number(placed_us: i64, ledger_seq: u64) -> String {
    let (year, month, day) = civil(placed_us.div_euclid(86_400_000_000));
    let scattered = ledger_seq.wrapping_mul(SCATTER) & 0x3FFF_FFFF;
    let tail: String = (0..6)
        .rev()
        .map(|place| char::from(DIGITS[(scattered >> (place * 5)) as usize & 31]))
        .collect();
    format!("{year:04}{month:02}{day:02}-{tail}")
}

/// Year, month and day of a number of days since 1970 (the days-to-civil algorithm for the
/// proleptic Gregorian calendar, in eras of 400 years that begin in March).
pub fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DAY_US: i64 = 86_400_000_000;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(59), (1970, 3, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_779), (2026, 11, 22));
        assert_eq!(civil(-1), (1969, 12, 31));
    }

    #[test]
    fn numbers_do_not_repeat() {
        let numbers: BTreeSet<_> = (1..=20_000)
            .map(|seq| number(20_779 * DAY_US, seq))
            .collect();
        assert_eq!(numbers.len(), 20_000);
        assert!(
            numbers
                .iter()
                .all(|n| n.starts_with("20261122-") && n.len() == 15)
        );
    }
}
