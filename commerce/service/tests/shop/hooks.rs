//! Outbound webhooks: what happens in the shop reaches those who asked for it, at least once,
//! signed, and nobody else.

mod guard;
mod keeping;
mod low;
mod managing;
mod receiver;
mod retiring;
mod sending;
mod tls;

use commerce_service::{DeliveryState, NewWebhook, Webhook, WebhookDelivery, WebhookWithSecret};
use signaling_wire::{PaymentId, UserId, WebhookId};

use crate::fixture::{Shop, eventually};

/// A webhook of the shop's seller.
pub(crate) async fn listen(shop: &Shop, url: &str, events: &[&str]) -> WebhookWithSecret {
    let new = NewWebhook {
        seller_id: Some(shop.seller),
        url: url.to_owned(),
        events: events.iter().map(|name| (*name).to_owned()).collect(),
        description: String::new(),
    };
    shop.commerce.create_webhook(shop.owner, new).await.unwrap()
}

async fn pay(shop: &Shop, buyer: UserId, payment: PaymentId) {
    let token = shop.token(buyer, payment).await;
    let paid = shop.commerce.confirm(buyer, payment, Some(&token)).await;
    paid.unwrap();
}

/// What was sent to it or is to be, the newest first.
async fn deliveries(shop: &Shop, id: WebhookId) -> Vec<WebhookDelivery> {
    let page = shop
        .commerce
        .webhook_deliveries(shop.owner, id, None, (None, 100));
    page.await.unwrap().data
}

async fn shown(shop: &Shop, id: WebhookId) -> Webhook {
    shop.commerce.webhook_shown(shop.owner, id).await.unwrap()
}

/// Waits until the newest delivery stands like this, after so many tries.
async fn wait(shop: &Shop, id: WebhookId, state: DeliveryState, tries: u32) -> WebhookDelivery {
    eventually(&format!("{state:?} after {tries}"), || async {
        let found = deliveries(shop, id).await;
        found
            .first()
            .is_some_and(|one| one.state == state && one.tries == tries)
    })
    .await;
    deliveries(shop, id).await.swap_remove(0)
}
