//! Who may manage webhooks, within which bounds, and what is on record of it.

use std::time::Duration;

use commerce_service::{
    Actor, DeliveryState, EditWebhook, MemberRole, NewWebhook, ReplayRange, RotateSecret,
    ServiceError,
};
use commerce_store::sql;

use super::{deliveries, listen, receiver::Receiver, wait};
use crate::fixture::{Shop, actor};

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_and_the_one_before_signs_for_a_day() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(200).await;
    let made = listen(&shop, &receiver.url(), &["*"]).await;
    let (hook, old) = (made.webhook.id, made.secret);
    assert!(commerce_service::is_webhook_secret(&old));
    let stored: String = sql::query("SELECT secret FROM webhook_endpoint")
        .fetch_value(shop.store.reader())
        .await
        .unwrap();
    assert!(
        !stored.contains(old.trim_start_matches("whsec_")),
        "sealed at rest"
    );

    let rotate = shop
        .commerce
        .rotate_webhook_secret(shop.owner, hook, RotateSecret::default());
    let rotated = rotate.await.unwrap();
    assert_ne!(rotated.secret, old);
    assert!(rotated.webhook.previous_secret_until_ms.is_some());
    let send = async |count| {
        shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
        receiver.wait(count).await.swap_remove(count - 1)
    };
    let both = send(1).await;
    assert_eq!(both.signatures(&old), (2, 1));
    assert_eq!(both.signatures(&rotated.secret), (2, 1));
    shop.pass(25 * HOUR);
    let one = send(2).await;
    assert_eq!(one.signatures(&old), (1, 0));
    assert_eq!(one.signatures(&rotated.secret), (1, 1));
    let at_once = RotateSecret {
        overlap_hours: Some(0),
    };
    let third = shop
        .commerce
        .rotate_webhook_secret(shop.owner, hook, at_once)
        .await
        .unwrap();
    let one = send(3).await;
    assert_eq!(one.signatures(&third.secret), (1, 1));
    let long = RotateSecret {
        overlap_hours: Some(169),
    };
    let refused = shop
        .commerce
        .rotate_webhook_secret(shop.owner, hook, long)
        .await;
    assert!(
        matches!(refused, Err(ServiceError::Validation(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_runs_the_shop_sees_its_webhooks() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(200).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    let member = async |role| {
        let user = shop.buyer().await;
        shop.commerce
            .set_member(shop.owner, shop.seller, user, role)
            .await
            .unwrap();
        actor(user)
    };
    let admin = Actor {
        user: shop.buyer().await,
        admin: true,
    };
    let (manager, host) = (
        member(MemberRole::Manager).await,
        member(MemberRole::Host).await,
    );
    let stranger = actor(shop.buyer().await);
    for may in [shop.owner, manager, admin] {
        shop.commerce.webhook_shown(may, hook).await.unwrap();
    }
    for none in [host, stranger] {
        let commerce = &shop.commerce;
        assert!(matches!(
            commerce.webhook_shown(none, hook).await,
            Err(ServiceError::NotFound(_))
        ));
        assert!(matches!(
            commerce.delete_webhook(none, hook).await,
            Err(ServiceError::NotFound(_))
        ));
        let list = commerce.webhooks(none, Some(shop.seller), None, 0).await;
        assert!(matches!(list, Err(ServiceError::Forbidden)), "{list:?}");
        let all = commerce.webhooks(none, None, None, 0).await;
        assert!(matches!(all, Err(ServiceError::Forbidden)), "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_for_every_seller_is_an_administrators_and_all_is_on_record() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(200).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    let admin = Actor {
        user: shop.buyer().await,
        admin: true,
    };
    let new = NewWebhook {
        seller_id: None,
        url: receiver.url(),
        events: vec!["order.placed".to_owned()],
        description: "books".to_owned(),
    };
    let refused = shop.commerce.create_webhook(shop.owner, new.clone()).await;
    assert!(
        matches!(refused, Err(ServiceError::Forbidden)),
        "{refused:?}"
    );
    let site = shop
        .commerce
        .create_webhook(admin, new)
        .await
        .unwrap()
        .webhook
        .id;
    assert_eq!(
        shop.commerce
            .webhooks(admin, None, None, 0)
            .await
            .unwrap()
            .data
            .len(),
        2
    );
    shop.commerce
        .delete_webhook(shop.owner, hook)
        .await
        .unwrap();
    let place = shop.open_sale(5, 5).await;
    shop.order(place).await;
    receiver.wait(1).await;
    let sent = shop
        .commerce
        .webhook_deliveries(admin, site, None, (None, 0))
        .await
        .unwrap();
    assert_eq!(sent.data[0].event_type, "order.placed");

    let log = shop
        .commerce
        .audit_log(admin, None, 100)
        .await
        .unwrap()
        .data;
    let actions: Vec<&str> = log.iter().map(|entry| entry.action.as_str()).collect();
    assert!(actions.contains(&"webhook.created"), "{actions:?}");
    assert!(actions.contains(&"webhook.deleted"), "{actions:?}");
    let shown = serde_json::to_string(&log).unwrap();
    assert!(!shown.contains("whsec_"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_edited_paused_and_bounded() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(200).await;
    let hook = listen(&shop, &receiver.url(), &["order.*"])
        .await
        .webhook
        .id;
    let edit = async |edit| shop.commerce.edit_webhook(shop.owner, hook, edit).await;
    let off = EditWebhook {
        enabled: Some(false),
        ..EditWebhook::default()
    };
    edit(off).await.unwrap();
    let refused = shop.commerce.test_webhook(shop.owner, hook).await;
    assert!(
        matches!(refused, Err(ServiceError::Conflict(_))),
        "{refused:?}"
    );
    for wrong in [
        EditWebhook {
            url: Some("file:///etc/passwd".to_owned()),
            ..EditWebhook::default()
        },
        EditWebhook {
            events: Some(Vec::new()),
            ..EditWebhook::default()
        },
        EditWebhook {
            events: Some(vec!["order.lost".to_owned()]),
            ..EditWebhook::default()
        },
        EditWebhook {
            description: Some("x".repeat(201)),
            ..EditWebhook::default()
        },
    ] {
        let refused = edit(wrong).await;
        assert!(
            matches!(refused, Err(ServiceError::Validation(_))),
            "{refused:?}"
        );
    }
    let more = EditWebhook {
        enabled: Some(true),
        events: Some(vec!["sale.*".to_owned()]),
        description: Some("Warehouse".to_owned()),
        url: None,
    };
    let edited = edit(more).await.unwrap();
    assert_eq!(
        (edited.events, edited.description),
        (vec!["sale.*".to_owned()], "Warehouse".into())
    );
    for _ in 1..commerce_service::limits::HOOKS_PER_SELLER_MAX {
        listen(&shop, &receiver.url(), &["*"]).await;
    }
    let one_more = NewWebhook {
        seller_id: Some(shop.seller),
        url: receiver.url(),
        events: vec!["*".to_owned()],
        description: String::new(),
    };
    let refused = shop.commerce.create_webhook(shop.owner, one_more).await;
    assert!(
        matches!(refused, Err(ServiceError::Conflict(_))),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_paged_and_one_delivery_is_sent_again() {
    let shop = Shop::open().await;
    let receiver = Receiver::start(200).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    for _ in 0..3 {
        shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
        shop.pass(Duration::from_secs(1));
    }
    let came = receiver.wait(3).await;
    wait(&shop, hook, DeliveryState::Delivered, 1).await;
    let commerce = &shop.commerce;
    let first = commerce
        .webhook_deliveries(shop.owner, hook, None, (None, 2))
        .await
        .unwrap();
    let cursor = first.next_cursor.unwrap();
    let second = commerce.webhook_deliveries(shop.owner, hook, None, (Some(&cursor), 2));
    let second = second.await.unwrap();
    assert_eq!(
        (first.data.len(), second.data.len(), second.has_more),
        (2, 1, false)
    );
    let failed = Some(DeliveryState::Failed);
    let none = commerce
        .webhook_deliveries(shop.owner, hook, failed, (None, 0))
        .await;
    assert!(none.unwrap().data.is_empty());

    let oldest = &second.data[0];
    let again = commerce
        .replay_webhook_delivery(shop.owner, hook, oldest.id)
        .await
        .unwrap();
    assert_eq!((again.state, again.tries), (DeliveryState::Pending, 1));
    let repeated = receiver.wait(4).await.swap_remove(3);
    assert_eq!(repeated.id(), oldest.event_id.to_string());
    assert!(
        came.iter()
            .any(|one| one.id() == repeated.id() && one.body == repeated.body)
    );
    let noted = || async { deliveries(&shop, hook).await[2].tries == 2 };
    crate::fixture::eventually("the second try is noted", noted).await;
    let other = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    let foreign = commerce
        .replay_webhook_delivery(shop.owner, other, oldest.id)
        .await;
    assert!(
        matches!(foreign, Err(ServiceError::NotFound(_))),
        "{foreign:?}"
    );
    for (from_ms, until_ms, cursor) in [(2, 2, None), (0, u64::MAX, None), (0, 2, Some("x"))] {
        let range = ReplayRange {
            from_ms,
            until_ms,
            all: false,
            cursor: cursor.map(str::to_owned),
        };
        let refused = commerce.replay_webhook(shop.owner, hook, range).await;
        assert!(
            matches!(refused, Err(ServiceError::Validation(_))),
            "{refused:?}"
        );
    }
}
