//! What is kept, and for how long; what a backlog leaves behind.

use std::time::Duration;

use commerce_service::{DeliveryState, DisabledReason, EditWebhook};
use commerce_store::sql;

use super::{
    deliveries, listen,
    receiver::{Receiver, SILENCE},
    shown, wait,
};
use crate::fixture::{Shop, eventually};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(flavor = "multi_thread")]
async fn old_events_are_forgotten_with_their_deliveries_and_young_ones_are_not() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(200).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    let old = wait(&shop, hook, DeliveryState::Delivered, 1).await;
    shop.pass(29 * DAY);
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    receiver.wait(2).await;
    wait(&shop, hook, DeliveryState::Delivered, 1).await;
    assert_eq!(
        deliveries(&shop, hook).await.len(),
        2,
        "not before its time"
    );
    shop.pass(2 * DAY);
    let forgotten = || async { deliveries(&shop, hook).await.len() == 1 };
    eventually("the old one is forgotten", forgotten).await;
    assert_ne!(deliveries(&shop, hook).await[0].id, old.id);
    let tries = sql::query("SELECT COUNT(*) FROM webhook_try").fetch_value(shop.store.reader());
    assert_eq!(tries.await.unwrap_or(0_i64), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_in_a_backlog_is_given_up_when_it_is_turned_on() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(500).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    wait(&shop, hook, DeliveryState::Pending, 1).await;
    // As the shop does it when too much waits.
    shop.store
        .write(|conn| {
            Box::pin(async move {
                let off =
                    "UPDATE webhook_endpoint SET status = 'disabled', disabled_reason = 'backlog'";
                sql::query(off).execute(conn).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    assert_eq!(
        shown(&shop, hook).await.disabled_reason,
        Some(DisabledReason::Backlog)
    );
    receiver.answer(SILENCE);
    let on = EditWebhook {
        enabled: Some(true),
        ..EditWebhook::default()
    };
    shop.commerce
        .edit_webhook(shop.owner, hook, on)
        .await
        .unwrap();
    let left = deliveries(&shop, hook).await;
    assert_eq!(
        (left[0].state, left[0].next_ms),
        (DeliveryState::Failed, None)
    );
}
