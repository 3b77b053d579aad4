//! A payment as the API shows it: an object tagged by `status`.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Cancellation, Event, Payment, Status};

/// RFC 3339; times that cannot be written so (years beyond 9999) do not occur.
pub(crate) fn timestamp(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

impl Payment {
    /// The whole payment.
    pub(crate) fn view(&self, store_id: &str) -> Value {
        let mut view = json!({
            "status": self.status,
            "id": self.id,
            "storeId": store_id,
            "transactionId": self.transaction(),
            "merchantId": "merchant-sandbox",
            "version": "V2",
            "channel": {
                "type": "TEST", "id": "channel-sandbox", "key": "channel-key-sandbox",
                "name": "Sandbox", "pgProvider": "TOSSPAYMENTS", "pgMerchantId": "sandbox",
            },
            "orderName": self.id,
            "amount": self.amount(),
            "currency": self.currency,
            "customer": {},
            "isCulturalExpense": false,
            "requestedAt": timestamp(self.requested_at),
            "updatedAt": timestamp(self.changed_at),
            "statusChangedAt": timestamp(self.changed_at),
        });
        if let Some(charge) = &self.charge {
            view["paidAt"] = json!(timestamp(charge.at));
            view["pgTxId"] = json!(format!("pg-{}", self.transaction()));
            view["disputes"] = json!([]);
        }
        if self.status == Status::Failed {
            view["failedAt"] = json!(timestamp(self.changed_at));
            view["failure"] = json!({
                "reason": "the card company declined",
                "pgCode": "DECLINED",
                "pgMessage": "the card company declined",
            });
        }
        if !self.cancellations.is_empty() {
            view["cancelledAt"] = json!(timestamp(self.changed_at));
            view["cancellations"] = self.cancellations.iter().map(cancellation).collect();
        }
        view
    }

    /// What a confirmation answers.
    pub(crate) fn summary(&self) -> Value {
        let at = self.charge.as_ref().map(|charge| timestamp(charge.at));
        json!({ "payment": { "status": self.status, "paidAt": at, "transactionId": self.transaction() } })
    }

    /// What a cancellation answers.
    pub(crate) fn last_cancellation(&self) -> Value {
        json!({ "cancellation": self.cancellations.last().map(cancellation) })
    }

    /// The body of a webhook.
    pub(crate) fn notice(&self, event: &Event, store_id: &str, now: OffsetDateTime) -> Value {
        let mut data = json!({
            "storeId": store_id, "paymentId": self.id, "transactionId": self.transaction(),
        });
        let kind = match event {
            Event::Ready => "Transaction.Ready",
            Event::Paid => "Transaction.Paid",
            Event::Failed => "Transaction.Failed",
            Event::PartialCancelled(_) => "Transaction.PartialCancelled",
            Event::Cancelled(_) => "Transaction.Cancelled",
        };
        if let Event::PartialCancelled(id) | Event::Cancelled(id) = event {
            data["cancellationId"] = json!(id);
        }
        json!({ "type": kind, "timestamp": timestamp(now), "data": data })
    }

    fn amount(&self) -> Value {
        let charged = self.charge.as_ref().map(|charge| charge.total);
        let total = charged.unwrap_or(self.total);
        let tax_free = self.tax_free.min(total);
        // Prices contain one eleventh of value added tax, rounded half up.
        let taxed = total - tax_free;
        let supply = (taxed * 10 + 5).div_euclid(11);
        let cancelled = self.cancelled();
        json!({
            "total": total,
            "taxFree": tax_free,
            "vat": taxed - supply,
            "supply": supply,
            "discount": 0,
            "paid": charged.map_or(0, |charged| charged - cancelled),
            "cancelled": cancelled,
            "cancelledTaxFree": 0,
        })
    }
}

fn cancellation(cancellation: &Cancellation) -> Value {
    json!({
        "status": "SUCCEEDED",
        "id": cancellation.id,
        "totalAmount": cancellation.total,
        "taxFreeAmount": 0,
        "reason": cancellation.reason,
        "requestedAt": timestamp(cancellation.at),
        "cancelledAt": timestamp(cancellation.at),
    })
}
