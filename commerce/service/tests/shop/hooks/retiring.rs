//! Webhooks that go, or are turned off, with very much behind them: bit by bit, and nobody waits.

use std::time::Duration;

use commerce_service::{
    DeliveryState, DisabledReason, EditWebhook, EndpointState, ServiceError, WebhookConfig, limits,
};
use commerce_store::{
    Store, StoreError,
    sql::{self, Field, Query, Rows},
};
use serde::Serialize;
use signaling_wire::{DeliveryId, EventId, WebhookId};

use super::{deliveries, listen, receiver::Receiver, shown, wait};
use crate::fixture::{Shop, eventually, webhooks};

const SEEDS: Rows = Rows::objects(&[("event", Field::Id), ("delivery", Field::Id)]);
const DAY_US: i64 = 86_400_000_000;

#[derive(Serialize)]
struct Seed {
    event: EventId,
    delivery: DeliveryId,
}

async fn execute(
    store: &Store,
    query: impl Fn() -> Query + Clone + Send + 'static,
) -> Result<(), StoreError> {
    let done = store.write(move |conn| {
        Box::pin(async move {
            query().execute(conn).await?;
            Ok(())
        })
    });
    done.await
}

async fn count(shop: &Shop, text: &'static str) -> i64 {
    sql::query(text)
        .fetch_value(shop.store.reader())
        .await
        .unwrap()
}

fn nth(n: u64) -> DeliveryId {
    DeliveryId::from_parts(1, u128::from(n))
}

/// Deliveries that wait for a day that is far off.
async fn seed(shop: &Shop, hook: WebhookId, count: u64) {
    let (now, key) = (shop.now_us(), hook.to_string());
    for start in (0..count).step_by(500) {
        let seed = |n| Seed {
            event: EventId::from_parts(1, u128::from(n)),
            delivery: nth(n),
        };
        let seeds: Vec<Seed> = (start..count.min(start + 500)).map(seed).collect();
        let seeds = serde_json::to_string(&seeds).unwrap();
        let (own, key) = (seeds.clone(), key.clone());
        let events = move || {
            sql::query(
                "INSERT INTO webhook_event (id, seller_id, type, body, created_at)
                 SELECT j.event, NULL, 'order.placed', ?, ? FROM {rows}",
            )
            .bind("{}")
            .bind(now)
            .bind_json(&SEEDS, own.clone())
        };
        execute(&shop.store, events).await.unwrap();
        let wait = move || {
            sql::query(
                "INSERT INTO webhook_delivery
                     (id, endpoint_id, event_id, state, next_at, created_at, updated_at)
                 SELECT j.delivery, ?, j.event, 'pending', ?, ?, ? FROM {rows}",
            )
            .bind(key.clone())
            .bind(now + 20 * DAY_US)
            .bind(now)
            .bind(now)
            .bind_json(&SEEDS, seeds.clone())
        };
        execute(&shop.store, wait).await.unwrap();
    }
}

/// The database refuses to take one delivery away until this is taken back.
async fn hold_on_to(shop: &Shop, delivery: DeliveryId) {
    let refuse = || {
        sql::either(
            "CREATE TRIGGER held BEFORE DELETE ON webhook_delivery
             WHEN OLD.id = (SELECT value FROM settings_of_test)
             BEGIN SELECT RAISE(ABORT, 'held'); END",
            "CREATE TRIGGER held BEFORE DELETE ON webhook_delivery FOR EACH ROW
             IF OLD.id = (SELECT value FROM settings_of_test) THEN
                 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'held';
             END IF",
        )
    };
    let table = || sql::query("CREATE TABLE settings_of_test (value VARCHAR(64) NOT NULL)");
    execute(&shop.store, table).await.unwrap();
    let value = move || {
        sql::query("INSERT INTO settings_of_test (value) VALUES (?)").bind(delivery.to_string())
    };
    execute(&shop.store, value).await.unwrap();
    execute(&shop.store, refuse).await.unwrap();
}

/// The deletion is stopped at a row in the middle. What went before it shows the portions: in one
/// transaction, nothing would have gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_webhook_goes_in_portions_and_after_a_restart_too() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(200).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    // A hundred thousand take some seconds more; the portions are the same.
    let many = std::env::var("SOUK_TEST_DELIVERIES").map_or(2_000, |n| n.parse().unwrap());
    seed(&shop, hook, many).await;
    hold_on_to(&shop, nth(1_000)).await;
    shop.commerce
        .delete_webhook(shop.owner, hook)
        .await
        .unwrap();
    let gone = shop.commerce.webhook_shown(shop.owner, hook).await;
    assert!(matches!(gone, Err(ServiceError::NotFound(_))), "{gone:?}");
    let again = shop.commerce.delete_webhook(shop.owner, hook).await;
    assert!(matches!(again, Err(ServiceError::NotFound(_))), "{again:?}");
    let all = shop
        .commerce
        .webhooks(shop.owner, Some(shop.seller), None, 10);
    assert!(all.await.unwrap().data.is_empty());
    let portion = i64::from(limits::SWEEP_MAX);
    let left = i64::try_from(many).unwrap() - 1_000 / portion * portion;
    eventually("whole portions go", || async {
        count(&shop, "SELECT COUNT(*) FROM webhook_delivery").await == left
    })
    .await;
    let secrets = "SELECT COUNT(*) FROM webhook_endpoint WHERE secret <> ''";
    assert_eq!(count(&shop, secrets).await, 0, "no secret is left behind");
    // Meanwhile others get what is theirs.
    let witness = listen(&shop, &receiver.url(), &["order.placed"]).await;
    let place = shop.open_sale(5, 5).await;
    shop.order(place).await;
    wait(&shop, witness.webhook.id, DeliveryState::Delivered, 1).await;
    assert_eq!(receiver.received().len(), 1, "nothing goes to who is gone");

    let shop = shop.restart().await;
    execute(&shop.store, || sql::query("DROP TRIGGER held"))
        .await
        .unwrap();
    eventually("all of it goes", || async {
        count(&shop, "SELECT COUNT(*) FROM webhook_endpoint").await == 1
    })
    .await;
    let left = "SELECT COUNT(*) FROM webhook_delivery";
    assert_eq!(count(&shop, left).await, 1, "that of the other one");
}

/// As at the limit that operators have, which is a hundred thousand.
#[tokio::test(flavor = "multi_thread")]
async fn one_delivery_too_many_turns_a_webhook_off_and_what_waits_is_given_up() {
    assert_eq!(WebhookConfig::default().waiting_max, 100_000);
    let config = WebhookConfig {
        waiting_max: 4,
        ..webhooks()
    };
    let shop = Shop::open_telling(config).await;
    let receiver = Receiver::start(500).await;
    let full = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    for _ in 0..4 {
        shop.commerce.test_webhook(shop.owner, full).await.unwrap();
    }
    // Ids rise with time: the one that is full is looked at before the one that is too full.
    shop.pass(Duration::from_secs(1));
    let over = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    seed(&shop, over, 600).await;
    shop.pass(limits::HOOK_TEND_EVERY + Duration::from_secs(1));
    eventually("it is turned off", || async {
        shown(&shop, over).await.status == EndpointState::Disabled
    })
    .await;
    let off = shown(&shop, over).await;
    assert_eq!(off.disabled_reason, Some(DisabledReason::Backlog));
    assert_eq!(shown(&shop, full).await.status, EndpointState::Active);
    let entries = "SELECT COUNT(*) FROM audit_log WHERE action = 'webhook.disabled'";
    assert_eq!(count(&shop, entries).await, 1, "it is on record");
    let waiting = "SELECT COUNT(*) FROM webhook_delivery WHERE state = 'pending'";
    eventually("only what waits for the other one is left", || async {
        count(&shop, waiting).await == 4
    })
    .await;

    receiver.answer(200);
    let on = EditWebhook {
        enabled: Some(true),
        ..EditWebhook::default()
    };
    let on = shop.commerce.edit_webhook(shop.owner, over, on).await;
    assert_eq!(on.unwrap().status, EndpointState::Active);
    shop.commerce.test_webhook(shop.owner, over).await.unwrap();
    wait(&shop, over, DeliveryState::Delivered, 1).await;
    let delivered = deliveries(&shop, over).await;
    let delivered = delivered
        .iter()
        .filter(|one| one.state == DeliveryState::Delivered);
    assert_eq!(delivered.count(), 1, "what was given up does not come");
}
