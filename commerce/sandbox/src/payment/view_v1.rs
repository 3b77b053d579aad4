//! A payment as PortOne's older API (V1) shows it: flat, lower-case words, unix seconds, 0 for none.

use serde_json::{Value, json};

use super::{Event, Payment, Status};

impl Payment {
    /// The whole payment. `imp_uid` is the transaction of its last try.
    pub(crate) fn view_v1(&self) -> Value {
        let charged = self.charge.as_ref();
        let is = |status| self.status == status;
        let history: Vec<Value> = self
            .cancellations
            .iter()
            .map(|one| {
                json!({ "pg_tid": one.id, "amount": one.total, "reason": one.reason,
                    "cancelled_at": one.at.unix_timestamp(), "receipt_url": null })
            })
            .collect();
        let changed = self.changed_at.unix_timestamp();
        json!({
            "imp_uid": self.transaction(),
            "merchant_uid": self.id,
            "amount": charged.map_or(self.total, |charge| charge.total),
            "cancel_amount": self.cancelled(),
            "currency": self.currency,
            "status": self.word_v1(),
            "paid_at": charged.map_or(0, |charge| charge.at.unix_timestamp()),
            "failed_at": if is(Status::Failed) { changed } else { 0 },
            "fail_reason": is(Status::Failed).then_some("the card company declined"),
            "cancelled_at": if is(Status::Cancelled) { changed } else { 0 },
            "cancel_history": history,
            "pg_provider": "sandbox",
            "pg_id": "sandbox",
            "receipt_url": "https://receipts.invalid/sandbox",
        })
    }

    fn word_v1(&self) -> &'static str {
        match self.status {
            Status::Ready => "ready",
            Status::Paid | Status::PartialCancelled => "paid",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }

    /// The body of a webhook; nothing is told of payments that failed.
    pub(crate) fn notice_v1(&self, event: &Event) -> Option<Value> {
        let status = match event {
            Event::Ready => "ready",
            Event::Paid => "paid",
            Event::Failed => return None,
            Event::PartialCancelled(_) | Event::Cancelled(_) => "cancelled",
        };
        let mut notice = json!({
            "imp_uid": self.transaction(), "merchant_uid": self.id, "status": status,
        });
        if let Event::PartialCancelled(id) | Event::Cancelled(id) = event {
            notice["cancellation_id"] = json!(id);
        }
        Some(notice)
    }
}
