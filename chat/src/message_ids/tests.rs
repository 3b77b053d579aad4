//! Ids rise, whatever the clock and the dice say.

use super::MessageIds;

#[test]
fn ids_rise_within_a_millisecond_and_over_a_clock_that_steps_back() {
    let mut ids = MessageIds::default();
    let mut last = String::new();
    for (now, random) in [
        (5, u128::MAX),
        (5, 0),
        (5, 7),
        (4, u128::MAX),
        (9, 0),
        (9, 0),
        (1, 3),
        (10, u128::MAX),
    ] {
        let (id, ms) = ids.next(now, random);
        let text = id.to_string();
        assert!(text > last, "{text} after {last}");
        assert_eq!(id.unix_ms(), ms);
        last = text;
    }
}
