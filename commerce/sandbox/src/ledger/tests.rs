//! The bound on payments.
#![allow(clippy::unwrap_used)]

use time::OffsetDateTime;

use super::*;

fn amount(total: i64) -> (i64, i64, String) {
    (total, 0, "KRW".to_owned())
}

#[test]
fn too_many_payments_forget_the_oldest() {
    let (mut ledger, now) = (Ledger::default(), OffsetDateTime::UNIX_EPOCH);
    for n in 0..=limits::PAYMENTS_MAX {
        ledger.register(&format!("p{n}"), amount(100), now).unwrap();
    }
    assert!(ledger.get("p0").is_err());
    assert!(ledger.get("p1").is_ok());
    assert_eq!(ledger.entries.len(), limits::PAYMENTS_MAX);
    // Registering a known one again takes no further place.
    ledger.register("p1", amount(200), now).unwrap();
    assert!(ledger.get("p2").is_ok());
}

#[test]
fn ids_are_short_and_plain() {
    let (mut ledger, now) = (Ledger::default(), OffsetDateTime::UNIX_EPOCH);
    for id in ["", "a b", "\u{e9}", &"p".repeat(65)] {
        assert!(ledger.register(id, amount(100), now).is_err(), "{id}");
    }
    assert!(ledger.register(&"p".repeat(64), amount(100), now).is_ok());
}
