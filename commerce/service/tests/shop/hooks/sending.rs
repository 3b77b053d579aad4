//! Sending: what comes, signed how, how often, and after which failures again.

use std::time::Duration;

use commerce_service::{DeliveryState, DisabledReason, EditWebhook, EndpointState, ReplayRange};
use commerce_store::sql;

use super::{
    deliveries, listen, pay,
    receiver::{Receiver, SILENCE},
    shown, wait,
};
use crate::fixture::{Shop, eventually, webhooks};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_told_once_to_those_who_want_it_and_to_nobody_else() {
    let shop = Shop::open().await;
    let (orders, sales, foreign) = (
        Receiver::start(204).await,
        Receiver::start(200).await,
        Receiver::start(200).await,
    );
    let hook = listen(&shop, &orders.url(), &["order.*"]).await;
    listen(&shop, &sales.url(), &["sale.opened"]).await;
    // Another seller hears nothing of it.
    let other = crate::fixture::actor(shop.buyer().await);
    let seller = shop
        .commerce
        .create_seller(other, "Others")
        .await
        .unwrap()
        .id;
    let new = commerce_service::NewWebhook {
        seller_id: Some(seller),
        url: foreign.url(),
        events: vec!["*".to_owned()],
        description: String::new(),
    };
    let theirs = shop
        .commerce
        .create_webhook(other, new)
        .await
        .unwrap()
        .webhook
        .id;

    let place = shop.open_sale(5, 5).await;
    let (buyer, order) = shop.order(place).await;
    pay(&shop, buyer, order.payment.id).await;
    let came = orders.wait(2).await;
    let kinds: Vec<String> = came.iter().map(|one| one.kind()).collect();
    assert!(kinds.contains(&"order.placed".to_owned()), "{kinds:?}");
    assert!(kinds.contains(&"order.paid".to_owned()), "{kinds:?}");
    for one in &came {
        assert_eq!(one.signatures(&hook.secret), (1, 1), "{}", one.head);
        let forged = super::receiver::Received {
            body: format!("{} ", one.body),
            ..one.clone()
        };
        assert_eq!(forged.signatures(&hook.secret).1, 0, "the control");
        let json = one.json();
        assert_eq!(json["id"], one.id());
        assert_eq!(json["data"]["order_id"], order.id.to_string());
        assert!(json["timestamp"].as_str().unwrap().ends_with('Z'));
        assert!(!one.body.contains(&buyer.to_string()), "nobody is named");
        assert!(one.head.starts_with("POST /hook HTTP/1.1"), "{}", one.head);
    }
    assert_eq!(sales.wait(1).await[0].kind(), "sale.opened");
    let all_delivered = || async {
        let found = deliveries(&shop, hook.webhook.id).await;
        found.len() == 2
            && found
                .iter()
                .all(|one| one.state == DeliveryState::Delivered)
    };
    eventually("both are noted", all_delivered).await;
    shop.commerce.test_webhook(other, theirs).await.unwrap();
    let foreign = foreign.wait(1).await;
    assert_eq!(foreign.len(), 1);
    assert_eq!(foreign[0].kind(), "webhook.test");
    assert_eq!((orders.received().len(), sales.received().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_comes_again_with_the_same_id_and_not_before_its_time() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(500).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    let failed = wait(&shop, hook, DeliveryState::Pending, 1).await;
    assert_eq!(failed.last_status, Some(500));
    let due = failed.next_ms.unwrap() - failed.created_ms;
    assert!(due >= 5_000, "{due}");
    assert!(shown(&shop, hook).await.failing_since_ms.is_some());

    receiver.answer(200);
    shop.pass(Duration::from_millis(due) + Duration::from_secs(1));
    wait(&shop, hook, DeliveryState::Delivered, 2).await;
    let came = receiver.received();
    assert_eq!(came.len(), 2, "never before its time");
    assert_eq!((came[0].id(), &came[0].body), (came[1].id(), &came[1].body));
    let healed = shown(&shop, hook).await;
    assert_eq!(healed.failing_since_ms, None);
    assert!(healed.delivered_ms.is_some());
    let detail = shop.commerce.webhook_delivery(shop.owner, hook, failed.id);
    let detail = detail.await.unwrap();
    let statuses: Vec<Option<u32>> = detail.tries.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [Some(200), Some(500)]);
    assert_eq!(detail.body, came[0].json());
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_turns_it_off_and_what_was_missed_can_be_asked_for() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(410).await;
    let hook = listen(&shop, &receiver.url(), &["order.placed"])
        .await
        .webhook
        .id;
    let place = shop.open_sale(5, 5).await;
    shop.order(place).await;
    wait(&shop, hook, DeliveryState::Failed, 1).await;
    let off = shown(&shop, hook).await;
    assert_eq!(off.status, EndpointState::Disabled);
    assert_eq!(off.disabled_reason, Some(DisabledReason::Gone));
    // While it is off, events are kept and not sent. The other one says when this one is through.
    let witness = Receiver::start(200).await;
    listen(&shop, &witness.url(), &["order.placed"]).await;
    shop.order(place).await;
    witness.wait(1).await;
    assert_eq!(deliveries(&shop, hook).await.len(), 1);

    receiver.answer(200);
    let on = EditWebhook {
        enabled: Some(true),
        ..EditWebhook::default()
    };
    let on = shop
        .commerce
        .edit_webhook(shop.owner, hook, on)
        .await
        .unwrap();
    assert_eq!(
        (on.status, on.disabled_reason),
        (EndpointState::Active, None)
    );
    let range = ReplayRange {
        from_ms: 0,
        until_ms: on.updated_ms + 1,
        all: false,
        cursor: None,
    };
    let replay = || {
        shop.commerce
            .replay_webhook(shop.owner, hook, range.clone())
    };
    assert_eq!(replay().await.unwrap().queued, 2);
    receiver.wait(3).await;
    let delivered = || async {
        let found = deliveries(&shop, hook).await;
        found.len() == 2
            && found
                .iter()
                .all(|one| one.state == DeliveryState::Delivered)
    };
    eventually("both are taken", delivered).await;
    assert_eq!(
        replay().await.unwrap().queued,
        0,
        "what was taken is not sent again"
    );
    let all = ReplayRange { all: true, ..range };
    let all = shop
        .commerce
        .replay_webhook(shop.owner, hook, all)
        .await
        .unwrap();
    assert_eq!((all.queued, all.next_cursor), (2, None));
    receiver.wait(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_for_days_is_turned_off() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(503).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    wait(&shop, hook, DeliveryState::Pending, 1).await;
    shop.pass(DAY);
    wait(&shop, hook, DeliveryState::Pending, 2).await;
    assert_eq!(shown(&shop, hook).await.status, EndpointState::Active);
    shop.pass(5 * DAY);
    wait(&shop, hook, DeliveryState::Pending, 3).await;
    let off = shown(&shop, hook).await;
    assert_eq!(off.disabled_reason, Some(DisabledReason::Failing));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_holds_up_nobody_else() {
    let shop = Shop::open().await;
    let (silent, healthy) = (Receiver::start(SILENCE).await, Receiver::start(200).await);
    listen(&shop, &silent.url(), &["*"]).await;
    let hook = listen(&shop, &healthy.url(), &["order.placed"])
        .await
        .webhook
        .id;
    let place = shop.open_sale(5, 5).await;
    silent.wait(1).await;
    // It hangs for a minute; the other one gets everything meanwhile.
    for _ in 0..3 {
        shop.order(place).await;
    }
    healthy.wait(3).await;
    wait(&shop, hook, DeliveryState::Delivered, 1).await;
    assert_eq!(
        silent.received().len(),
        1,
        "one at a time for who has shown nothing"
    );
    shop.commerce.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_a_failure() {
    let config = commerce_service::WebhookConfig {
        timeout_ms: 300,
        ..webhooks()
    };
    let shop = Shop::open_telling(config).await;
    let silent = Receiver::start(SILENCE).await;
    let hook = listen(&shop, &silent.url(), &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    let failed = wait(&shop, hook, DeliveryState::Pending, 1).await;
    assert_eq!(failed.last_error.as_deref(), Some("timeout"));
    assert_eq!(failed.last_status, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_and_not_noted_is_sent_again_with_the_same_id() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(SILENCE).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    // It is there, and the process ends before it knows.
    receiver.wait(1).await;
    receiver.answer(200);
    let shop = shop.restart().await;
    wait(&shop, hook, DeliveryState::Delivered, 1).await;
    let came = receiver.wait(2).await;
    assert_eq!(came[0].id(), came[1].id());
    assert_eq!(came[0].body, came[1].body);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_couriers_make_an_event_once() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(200).await;
    listen(&shop, &receiver.url(), &["order.placed"]).await;
    let (hub, inbounds) = signaling_hub::Hub::without_media(signaling_hub::HubConfig::default());
    let second =
        commerce_service::start(shop.config(), shop.store.clone(), hub, inbounds.shop).await;
    let second = second.unwrap();
    let place = shop.open_sale(30, 30).await;
    for _ in 0..20 {
        shop.order(place).await;
    }
    let count = async |text| -> i64 {
        sql::query(text)
            .fetch_value(shop.store.reader())
            .await
            .unwrap()
    };
    // Two senders may send one delivery twice, so what came says nothing of what was made.
    let untold = "SELECT COUNT(*) FROM outbox WHERE published_at IS NULL";
    eventually("all is told", || async { count(untold).await == 0 }).await;
    assert_eq!(count("SELECT COUNT(*) FROM webhook_event").await, 20);
    assert_eq!(count("SELECT COUNT(*) FROM webhook_delivery").await, 20);
    let waiting = "SELECT COUNT(*) FROM webhook_delivery WHERE state <> 'delivered'";
    eventually("all are taken", || async { count(waiting).await == 0 }).await;
    let came = receiver.received();
    let ids: std::collections::BTreeSet<String> = came.iter().map(|one| one.id()).collect();
    assert_eq!(ids.len(), 20);
    second.stop().await;
}
