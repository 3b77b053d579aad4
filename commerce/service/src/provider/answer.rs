//! Answers of PortOne V2, read defensively: unknown fields are ignored, unknown words are not
//! guessed at.

use commerce_core::payment::{Charge, Report};
use serde::Deserialize;
use serde_json::Value;
use signaling_wire::{Currency, Money};

use super::ConfirmOutcome;

/// What came back over HTTP.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The provider's own word for a refusal, as in `ALREADY_PAID`.
    pub(super) fn kind(&self) -> &str {
        self.body
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The refusal in one line.
    pub(super) fn refusal(&self) -> String {
        let text = |name: &str| {
            self.body
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let detail = [text("pgMessage"), text("message")]
            .into_iter()
            .find(|text| !text.is_empty());
        // Foreign text is cut, so that it fits wherever it is shown.
        let detail: String = detail.unwrap_or_default().chars().take(200).collect();
        format!("{} {} {detail}", self.status, self.kind())
            .trim_end()
            .to_owned()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    status: String,
    id: String,
    #[serde(default)]
    store_id: String,
    #[serde(default)]
    transaction_id: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    amount: Amount,
    #[serde(default)]
    channel: Channel,
}

#[derive(Default, Deserialize)]
struct Amount {
    #[serde(default)]
    total: i64,
}

#[derive(Default, Deserialize)]
struct Channel {
    #[serde(default, rename = "type")]
    kind: String,
}

/// What a lookup reports about the payment `id`.
pub(super) fn report(answer: &Answer, id: &str) -> Result<Report, String> {
    if answer.status == 404 && answer.kind() == "PAYMENT_NOT_FOUND" {
        return Ok(Report::Open);
    }
    if !answer.is_success() {
        return Err(answer.refusal());
    }
    let payment = Payment::deserialize(&answer.body).map_err(|error| error.to_string())?;
    if payment.id != id {
        return Err("the provider answered about another payment".to_owned());
    }
    match payment.status.as_str() {
        "READY" | "PENDING" | "PAY_PENDING" | "VIRTUAL_ACCOUNT_ISSUED" => Ok(Report::Open),
        "FAILED" => {
            let reason = answer
                .body
                .pointer("/failure/reason")
                .and_then(Value::as_str);
            Ok(Report::Failed {
                reason: reason.unwrap_or("failed").chars().take(200).collect(),
            })
        }
        "PAID" | "PARTIAL_CANCELLED" => {
            let currency: Option<Currency> = payment.currency.parse().ok();
            let total = currency.map(|currency| Money {
                amount: payment.amount.total,
                currency,
            });
            Ok(Report::Paid(Charge {
                total,
                store_id: payment.store_id,
                live: payment.channel.kind == "LIVE",
                transaction: payment.transaction_id,
            }))
        }
        "CANCELLED" => Ok(Report::Cancelled),
        other => Err(format!("unknown payment status {other}")),
    }
}

/// What an answer to a confirmation means.
pub(super) fn confirmed(answer: &Answer) -> ConfirmOutcome {
    if answer.is_success() || answer.kind() == "ALREADY_PAID" {
        return ConfirmOutcome::Done;
    }
    let detail = answer.refusal();
    let undecided = answer.kind() == "IDEMPOTENCY_OUTSTANDING_REQUEST"
        || matches!(answer.status, 408 | 425 | 429);
    match answer.status {
        // The card company's no comes through the provider as a bad gateway with this word.
        _ if answer.kind() == "PG_PROVIDER" => ConfirmOutcome::Declined { reason: detail },
        400..=499 if !undecided => ConfirmOutcome::Declined { reason: detail },
        _ => ConfirmOutcome::Unknown { detail },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: Value) -> Answer {
        Answer { status, body }
    }

    #[test]
    fn only_a_definite_no_counts_as_one() {
        let outcome = |status, kind: &str| confirmed(&answer(status, json!({ "type": kind })));
        assert_eq!(outcome(200, ""), ConfirmOutcome::Done);
        assert_eq!(outcome(409, "ALREADY_PAID"), ConfirmOutcome::Done);
        for (status, kind) in [
            (502, "PG_PROVIDER"),
            (400, "INVALID_PAYMENT_TOKEN"),
            (409, "INFORMATION_MISMATCH"),
        ] {
            assert!(
                matches!(outcome(status, kind), ConfirmOutcome::Declined { .. }),
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
                matches!(outcome(status, kind), ConfirmOutcome::Unknown { .. }),
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
        assert_eq!((charge.store_id.as_str(), charge.live), ("s", false));
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
}
