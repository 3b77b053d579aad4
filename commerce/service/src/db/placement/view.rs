//! A fresh order as its buyer sees it: what a read of its rows would give.

use commerce_store::clock;
use signaling_wire::{
    Money,
    frame::shop::{
        FulfillmentStatus, Localized, Order, OrderLine, OrderPayment, OrderStatus, PaymentStatus,
    },
};

use super::{Placement, Placements};

impl Placements {
    /// One of them, before anything has happened to it.
    pub(crate) fn view(&self, placed: &Placement) -> Order {
        let money = |amount| Money {
            amount,
            currency: placed.currency,
        };
        let title = Localized {
            ko: placed.title_ko.clone(),
            en: placed.title_en.clone(),
        };
        let label = match (&placed.label_ko, &placed.label_en) {
            (Some(ko), Some(en)) => Some(Localized {
                ko: ko.clone(),
                en: en.clone(),
            }),
            _ => None,
        };
        Order {
            id: placed.order,
            number: placed.number.clone(),
            group_id: placed.group,
            seller_id: self.seller,
            status: OrderStatus::PendingPayment,
            payment_status: PaymentStatus::None,
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            stream_id: Some(self.stream),
            sale_id: Some(self.sale),
            lines: vec![OrderLine {
                id: placed.line,
                product_id: placed.product,
                variant_id: placed.variant,
                label,
                title,
                quantity: placed.quantity,
                unit_price: money(placed.unit_price),
                discount: money(0),
                total: money(placed.total),
                quantity_cancelled: 0,
                quantity_returned: 0,
            }],
            items_total: money(placed.total),
            discount: money(0),
            shipping: money(0),
            tax: money(placed.tax),
            total: money(placed.total),
            payment: OrderPayment {
                id: placed.payment,
                provider: self.provider.clone(),
                amount: money(placed.total),
            },
            ledger_seq: placed.seq,
            placed_ms: clock::us_to_ms(placed.at),
            payment_due_ms: Some(clock::us_to_ms(placed.due)),
            paid_ms: None,
            delivered_ms: None,
            completed_ms: None,
        }
    }
}
