//! Answers of the provider, and what may be concluded from them.
#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;

fn answer(status: u16, body: Value) -> Answer {
    Answer { status, body }
}

#[test]
fn only_a_definite_no_counts_as_one() {
    let said =
        |status, kind: &str| outcome(&answer(status, json!({ "type": kind })), "ALREADY_PAID");
    assert_eq!(said(200, ""), Outcome::Done);
    assert_eq!(said(409, "ALREADY_PAID"), Outcome::Done);
    for (status, kind) in [
        (502, "PG_PROVIDER"),
        (400, "INVALID_PAYMENT_TOKEN"),
        (409, "INFORMATION_MISMATCH"),
    ] {
        assert!(
            matches!(said(status, kind), Outcome::Declined { .. }),
            "{kind}"
        );
    }
    for (status, kind) in [
        (502, "BAD_GATEWAY"),
        (504, ""),
        (500, ""),
        (429, ""),
        (409, "IDEMPOTENCY_OUTSTANDING_REQUEST"),
    ] {
        assert!(
            matches!(said(status, kind), Outcome::Unknown { .. }),
            "{status} {kind}"
        );
    }
}

#[test]
fn a_charge_is_read_with_amount_currency_store_and_channel() {
    let body = json!({ "status": "PAID", "id": "p1", "storeId": "s", "transactionId": "t",
        "currency": "KRW", "amount": { "total": 12900, "paid": 1 }, "channel": { "type": "TEST" } });
    let Report::Paid(charge) = report(&answer(200, body), "p1").unwrap() else {
        panic!("paid")
    };
    assert_eq!(
        charge.total,
        Some(Money {
            amount: 12_900,
            currency: Currency::Krw
        })
    );
    assert_eq!((charge.store_id.as_str(), charge.live), ("s", Some(false)));
}

#[test]
fn what_is_not_understood_is_not_guessed() {
    let of = |status, body| report(&answer(status, body), "p1");
    assert!(
        of(200, json!({ "status": "PAID", "id": "p2" })).is_err(),
        "another payment"
    );
    assert!(of(200, json!({ "status": "SOMETHING", "id": "p1" })).is_err());
    assert!(of(503, json!({})).is_err());
    assert!(
        of(404, json!({})).is_err(),
        "a wrong address is not an unknown payment"
    );
    assert_eq!(
        of(404, json!({ "type": "PAYMENT_NOT_FOUND" })),
        Ok(Report::Open)
    );
    let Ok(Report::Paid(charge)) = of(
        200,
        json!({ "status": "PAID", "id": "p1", "currency": "XXX" }),
    ) else {
        panic!("paid")
    };
    assert_eq!(charge.total, None);
}
