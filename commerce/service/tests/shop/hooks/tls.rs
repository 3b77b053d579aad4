//! Over TLS, as every webhook goes: through the client that the shop uses, with an authority that
//! the operator names and a receiver that it certified, or did not.

use commerce_service::{DeliveryState, WebhookConfig};
use commerce_store::testing::Authority;

use super::{listen, receiver::Receiver, shown, wait};
use crate::fixture::{Shop, webhooks};

async fn trusting(authority: &Authority) -> Shop {
    let config = WebhookConfig {
        plain_http: false,
        roots: authority.pem(),
        ..webhooks()
    };
    Shop::open_telling(config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_fits_gets_the_webhook() {
    let ours = Authority::new("ours");
    let shop = trusting(&ours).await;
    let receiver = Receiver::secured(200, ours.issue(&["127.0.0.1"])).await;
    let hook = listen(&shop, &receiver.url(), &["*"]).await;
    let id = hook.webhook.id;
    shop.commerce.test_webhook(shop.owner, id).await.unwrap();
    let delivered = wait(&shop, id, DeliveryState::Delivered, 1).await;
    assert_eq!(delivered.last_status, Some(200));
    let came = receiver.received();
    assert_eq!(came.len(), 1);
    assert_eq!(came[0].signatures(&hook.secret), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_does_not_fit_gets_nothing_and_is_a_failure() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let shop = trusting(&ours).await;
    for (what, certificate) in [
        ("another authority", theirs.issue(&["127.0.0.1"])),
        ("another name", ours.issue(&["hooks.example", "127.0.0.2"])),
    ] {
        let receiver = Receiver::secured(200, certificate).await;
        let id = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
        shop.commerce.test_webhook(shop.owner, id).await.unwrap();
        let failed = wait(&shop, id, DeliveryState::Pending, 1).await;
        let said = (failed.last_error.as_deref(), failed.last_status);
        assert_eq!(said, (Some("tls"), None), "{what}");
        assert!(failed.next_ms.is_some(), "{what}: it is tried again");
        let seen = shown(&shop, id).await;
        assert!(seen.failing_since_ms.is_some() && seen.delivered_ms.is_none());
        assert!(receiver.received().is_empty(), "{what}: nothing was said");
    }
    // Whoever is not named is trusted as little.
    let unnamed = WebhookConfig {
        plain_http: false,
        ..webhooks()
    };
    let shop = Shop::open_telling(unnamed).await;
    let receiver = Receiver::secured(200, ours.issue(&["127.0.0.1"])).await;
    let id = listen(&shop, &receiver.url(), &["*"]).await.webhook.id;
    shop.commerce.test_webhook(shop.owner, id).await.unwrap();
    let failed = wait(&shop, id, DeliveryState::Pending, 1).await;
    assert_eq!(failed.last_error.as_deref(), Some("tls"));
    assert!(receiver.received().is_empty());
}
