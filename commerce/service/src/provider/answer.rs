//! Answers of PortOne V2, read defensively: unknown fields are ignored, unknown words are not
//! guessed at.

use commerce_core::payment::{Charge, Report};
use serde::Deserialize;
use serde_json::Value;
use signaling_wire::{Currency, Money};

use super::{Listing, Outcome};

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
    #[serde(default)]
    receipt_url: Option<String>,
}

#[derive(Default, Deserialize)]
struct Amount {
    #[serde(default)]
    total: i64,
    #[serde(default)]
    cancelled: i64,
}

#[derive(Default, Deserialize)]
struct Channel {
    #[serde(default, rename = "type")]
    kind: String,
}

/// One page of the provider's list; what cannot be read is left out.
pub(super) fn listing(answer: &Answer, size: usize) -> Result<Listing, String> {
    if !answer.is_success() {
        return Err(answer.refusal());
    }
    let items = answer.body.get("items").and_then(Value::as_array);
    let items = items.ok_or("the provider's list has no items")?;
    let mut listing = Listing::default();
    for item in items {
        let Some(payment) = item.get("payment") else {
            continue;
        };
        let id = payment
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let one = Answer {
            status: 200,
            body: payment.clone(),
        };
        if let Ok(report) = report(&one, id) {
            listing.reports.push((id.to_owned(), report));
        }
    }
    let last = items.last().and_then(|item| item.get("cursor"));
    let last = last.and_then(Value::as_str).map(str::to_owned);
    listing.cursor = last.filter(|_| items.len() >= size);
    Ok(listing)
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
        "PAID" | "PARTIAL_CANCELLED" => Ok(Report::Paid(charge(payment))),
        "CANCELLED" => Ok(Report::Cancelled(charge(payment))),
        other => Err(format!("unknown payment status {other}")),
    }
}

fn charge(payment: Payment) -> Charge {
    let currency: Option<Currency> = payment.currency.parse().ok();
    let total = currency.map(|currency| Money {
        amount: payment.amount.total,
        currency,
    });
    Charge {
        total,
        store_id: payment.store_id,
        live: Some(payment.channel.kind == "LIVE"),
        cancelled: payment.amount.cancelled,
        transaction: payment.transaction_id,
        receipt_url: payment.receipt_url,
    }
}

/// What an answer to a request means that charges or gives back; `already` is the provider's word
/// for having done so before.
pub(super) fn outcome(answer: &Answer, already: &str) -> Outcome {
    if answer.is_success() || answer.kind() == already {
        return Outcome::Done;
    }
    let detail = answer.refusal();
    let undecided = answer.kind() == "IDEMPOTENCY_OUTSTANDING_REQUEST"
        || matches!(answer.status, 408 | 425 | 429);
    match answer.status {
        // The card company's no comes through the provider as a bad gateway with this word.
        _ if answer.kind() == "PG_PROVIDER" => Outcome::Declined { reason: detail },
        400..=499 if !undecided => Outcome::Declined { reason: detail },
        _ => Outcome::Unknown { detail },
    }
}

#[cfg(test)]
mod tests;
