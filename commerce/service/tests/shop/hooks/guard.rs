//! Where webhooks may not go, whatever a name, an address or an answer says.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use commerce_service::{DeliveryState, Names, NewWebhook, ServiceError, WebhookConfig};

use super::{listen, receiver::Receiver, wait};
use crate::fixture::{Shop, webhooks};

/// Every name of the test and what it means; the n-th question may have another answer.
fn names(asked: &Arc<AtomicUsize>) -> Names {
    let asked = asked.clone();
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    Names::new(move |host| match host {
        "good.test" => vec![ip("127.0.0.1")],
        "inner.test" => vec![ip("127.0.0.2")],
        "mixed.test" => vec![ip("127.0.0.1"), ip("127.0.0.2")],
        "mapped.test" => vec![ip("::ffff:127.0.0.1")],
        "metadata.test" => vec![ip("169.254.169.254")],
        "turning.test" => match asked.fetch_add(1, Ordering::SeqCst) {
            0 => vec![ip("127.0.0.1")],
            _ => vec![ip("127.0.0.2")],
        },
        _ => Vec::new(),
    })
}

async fn shop(asked: &Arc<AtomicUsize>) -> Shop {
    let config = WebhookConfig {
        names: names(asked),
        ..webhooks()
    };
    Shop::open_telling(config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_leads_nowhere_that_is_not_allowed() {
    let shop = shop(&Arc::default()).await;
    let (allowed, inner) = (
        Receiver::start(200).await,
        Receiver::at("127.0.0.2", 200, "").await,
    );
    for (name, port) in [
        ("inner.test", inner.port),
        ("mixed.test", allowed.port),
        ("mapped.test", allowed.port),
        ("metadata.test", allowed.port),
    ] {
        let hook = listen(&shop, &format!("http://{name}:{port}/"), &["*"])
            .await
            .webhook
            .id;
        shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
        let failed = wait(&shop, hook, DeliveryState::Pending, 1).await;
        assert_eq!(
            failed.last_error.as_deref(),
            Some("forbidden_address"),
            "{name}"
        );
    }
    assert!(inner.received().is_empty() && allowed.received().is_empty());
    // The control: a name that means what is allowed.
    let url = format!("http://good.test:{}/", allowed.port);
    let hook = listen(&shop, &url, &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    wait(&shop, hook, DeliveryState::Delivered, 1).await;
    assert_eq!(allowed.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_turns_is_asked_once_and_the_checked_address_is_the_one() {
    let asked = Arc::default();
    let shop = shop(&asked).await;
    let allowed = Receiver::start(200).await;
    let url = format!("http://turning.test:{}/", allowed.port);
    let hook = listen(&shop, &url, &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    wait(&shop, hook, DeliveryState::Delivered, 1).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(allowed.received().len(), 1);
    // Now it means another one, and is judged anew.
    shop.pass(Duration::from_secs(1));
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    let failed = wait(&shop, hook, DeliveryState::Pending, 1).await;
    assert_eq!(failed.last_error.as_deref(), Some("forbidden_address"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure_and_leads_nowhere() {
    let shop = Shop::open().await;
    let target = Receiver::start(200).await;
    for status in [301, 302, 307, 308] {
        let header = format!("location: {}\r\n", target.url());
        let receiver = Receiver::at("127.0.0.1", status, &header).await;
        let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
        shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
        let failed = wait(&shop, hook, DeliveryState::Pending, 1).await;
        assert_eq!(failed.last_status, Some(u32::from(status)));
    }
    assert!(target.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_none_to_send_to_are_refused_at_once() {
    let usual = Shop::open_telling(WebhookConfig::default()).await;
    let create = async |shop: &Shop, url: &str| {
        let new = NewWebhook {
            seller_id: Some(shop.seller),
            url: url.to_owned(),
            events: vec!["*".to_owned()],
            description: String::new(),
        };
        shop.commerce.create_webhook(shop.owner, new).await
    };
    for url in [
        "",
        "hooks.example",
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https://user:word@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:22/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://10.0.0.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]:8443/",
    ] {
        let refused = create(&usual, url).await;
        let Err(ServiceError::Validation(errors)) = refused else {
            panic!("{url}: {refused:?}");
        };
        assert_eq!(errors[0].pointer, "/url", "{url}");
    }
    let long = format!("https://hooks.example/{}", "a".repeat(2048));
    assert!(create(&usual, &long).await.is_err());
    // The control.
    for url in ["https://hooks.example/", "https://1.1.1.1:8443/a?b=c"] {
        create(&usual, url).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_for_a_rest_gets_it() {
    let shop = Shop::open().await;
    let receiver = Receiver::at("127.0.0.1", 429, "retry-after: 600\r\n").await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, hook).await.unwrap();
    let failed = wait(&shop, hook, DeliveryState::Pending, 1).await;
    let waits = Duration::from_millis(failed.next_ms.unwrap() - failed.created_ms);
    assert!(waits >= Duration::from_secs(600), "{waits:?}");
}
