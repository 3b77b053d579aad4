//! Answers of the older API.
#![allow(clippy::unwrap_used)]

use super::*;

fn answer(status: u16, body: Value) -> Answer {
    Answer { status, body }
}

fn payment(status: &str) -> Value {
    let id = PaymentId::from_parts(1, 1);
    json!({ "code": 0, "message": null, "response": { "imp_uid": "imp_1", "merchant_uid": id,
        "status": status, "amount": 12_900, "cancel_amount": 900, "currency": "KRW" } })
}

#[test]
fn a_refusal_under_status_200_is_one() {
    let refused = json!({ "code": 1, "message": "no", "response": null });
    assert!(opened(&answer(200, refused)).is_err());
    assert!(opened(&answer(200, json!({ "code": 0, "response": {} }))).is_ok());
    assert!(opened(&answer(500, json!({ "code": 0, "response": {} }))).is_err());
    assert!(opened(&answer(200, Value::Null)).is_err(), "an error page");
}

#[test]
fn reports_are_read_by_their_words() {
    let id = PaymentId::from_parts(1, 1);
    let of = |body| report(&answer(200, body), id);
    let Ok(Report::Paid(charge)) = of(payment("paid")) else {
        panic!("paid")
    };
    let won = Money {
        amount: 12_900,
        currency: Currency::Krw,
    };
    assert_eq!((charge.total, charge.cancelled), (Some(won), 900));
    assert!(matches!(of(payment("cancelled")), Ok(Report::Cancelled(_))));
    assert_eq!(of(payment("ready")), Ok(Report::Open));
    assert!(of(payment("something")).is_err());
    let other = report(&answer(200, payment("paid")), PaymentId::from_parts(1, 2));
    assert!(other.is_err(), "another payment");
    let unknown = json!({ "code": -1, "message": "no such payment", "response": null });
    assert_eq!(report(&answer(404, unknown), id), Ok(Report::Open));
    assert!(
        report(&answer(404, Value::Null), id).is_err(),
        "a wrong address"
    );
}

#[test]
fn cents_are_not_guessed_at() {
    let mut body = payment("paid");
    body["response"]["currency"] = json!("USD");
    let Ok(Report::Paid(charge)) = report(&answer(200, body), PaymentId::from_parts(1, 1)) else {
        panic!("paid")
    };
    assert_eq!(charge.total, None);
}
