//! Every fault, and that nothing is wrong without one.

use std::time::{Duration, Instant};

use commerce_sandbox::{ConfirmFault, Faults};
use serde_json::json;

use crate::shop::{Shop, order};

#[tokio::test]
async fn a_refused_buyer_is_declined_at_the_confirmation_and_may_try_again() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", false).await;
    let (status, body) = shop.confirm("p1", &token).await;
    assert_eq!((status, &body["type"]), (502, &json!("PG_PROVIDER")));
    assert!(body["pgCode"].is_string());
    let (_, failed) = shop.get("/payments/p1").await;
    assert_eq!(
        (&failed["status"], &failed["amount"]["paid"]),
        (&json!("FAILED"), &json!(0))
    );
    assert_eq!(shop.confirm("p1", &token).await.0, 400);
    let token = shop.window("p1", true).await;
    assert_eq!(shop.confirm("p1", &token).await.0, 200);
}

#[tokio::test]
async fn declines_are_counted() {
    let shop = Shop::open().await;
    shop.fault(json!({ "confirm": "decline", "confirmTimes": 1 }))
        .await;
    let token = shop.authorized("p1", true).await;
    assert_eq!(shop.confirm("p1", &token).await.0, 502);
    let token = shop.window("p1", true).await;
    assert_eq!(shop.confirm("p1", &token).await.0, 200);
}

#[tokio::test]
async fn a_timeout_after_charging_leaves_a_paid_payment() {
    let shop = Shop::open().await;
    shop.fault(json!({ "confirm": "timeout_after_charge", "hangMs": 150 }))
        .await;
    let token = shop.authorized("p1", true).await;
    let began = Instant::now();
    let key = "p1-attempt-0000000001";
    assert_eq!(
        shop.keyed("/payments/p1/confirm", order(&token), key)
            .await
            .0,
        504
    );
    assert!(began.elapsed() >= Duration::from_millis(150));
    assert_eq!(shop.get("/payments/p1").await.1["status"], "PAID");
    // With the key the lost answer is found again.
    let (status, body) = shop.keyed("/payments/p1/confirm", order(&token), key).await;
    assert_eq!((status, &body["payment"]["status"]), (200, &json!("PAID")));
}

#[tokio::test]
async fn faults_before_charging_leave_a_payment_that_can_be_confirmed() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    let key = "p1-attempt-0000000001";
    for (fault, status) in [("timeout_before_charge", 504), ("bad_gateway", 502)] {
        shop.fault(json!({ "confirm": fault, "hangMs": 1 })).await;
        let answer = shop.keyed("/payments/p1/confirm", order(&token), key).await;
        assert_eq!(answer.0, status, "{fault}");
        assert_eq!(
            shop.get("/payments/p1").await.1["status"],
            "READY",
            "{fault}"
        );
    }
    shop.fault(json!({})).await;
    assert_eq!(
        shop.keyed("/payments/p1/confirm", order(&token), key)
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_client_that_gives_up_is_charged_all_the_same() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    shop.fault(json!({ "delayMs": 1500 })).await;
    let key = "p1-attempt-0000000001";
    let given_up = tokio::time::timeout(
        Duration::from_millis(500),
        shop.keyed("/payments/p1/confirm", order(&token), key),
    );
    assert!(given_up.await.is_err());
    shop.sandbox.set_faults(Faults::default());
    let deadline = Instant::now() + Duration::from_secs(10);
    while shop.get("/payments/p1").await.1["status"] != "PAID" {
        assert!(Instant::now() < deadline, "the charge was lost");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_same_key_is_refused_while_it_runs() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    shop.fault(json!({ "delayMs": 1000 })).await;
    let key = "p1-attempt-0000000001";
    let (path, order) = ("/payments/p1/confirm", order(&token));
    let (one, two) = tokio::join!(
        shop.keyed(path, order.clone(), key),
        shop.keyed(path, order.clone(), key)
    );
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let refused = if one.0 == 409 { one.1 } else { two.1 };
    assert_eq!(refused["type"], "IDEMPOTENCY_OUTSTANDING_REQUEST");
}

#[tokio::test]
async fn charges_and_look_ups_go_wrong_on_demand() {
    let shop = Shop::open().await;
    shop.fault(json!({ "chargeSkew": -100, "lookupUnavailableTimes": 2 }))
        .await;
    let token = shop.authorized("p1", true).await;
    assert_eq!(shop.confirm("p1", &token).await.0, 200);
    assert_eq!(shop.get("/payments/p1").await.0, 503);
    assert_eq!(shop.get("/payments/p1").await.0, 503);
    let (status, body) = shop.get("/payments/p1").await;
    assert_eq!((status, &body["amount"]["total"]), (200, &json!(12_800)));
}

#[tokio::test]
async fn faults_are_bounded_and_misspelt_ones_refused() {
    let shop = Shop::open().await;
    let wild = json!({ "delayMs": 0, "hangMs": u64::MAX, "webhookDuplicates": 1_000_000 });
    let (status, taken) = shop.call_with("/sandbox/faults", wild, &[]).await;
    assert_eq!(
        (status, &taken["hangMs"], &taken["webhookDuplicates"]),
        (200, &json!(180_000), &json!(16))
    );
    let (status, _) = shop
        .call_with("/sandbox/faults", json!({ "delay": 1 }), &[])
        .await;
    assert_eq!(status, 422);
    assert_eq!(
        shop.get("/sandbox/faults").await.1["confirm"],
        json!(ConfirmFault::None)
    );
}

#[tokio::test]
async fn stopping_lets_go_of_requests_that_hang() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    shop.fault(json!({ "confirm": "timeout_after_charge", "hangMs": 180_000 }))
        .await;
    let url = format!("{}/payments/p1/confirm", shop.sandbox.base_url);
    let hanging = tokio::spawn(
        reqwest::Client::new()
            .post(&url)
            .header("authorization", "PortOne the-api-secret")
            .json(&order(&token))
            .send(),
    );
    while shop.get("/payments/p1").await.1["status"] != "PAID" {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    tokio::time::timeout(Duration::from_secs(10), shop.sandbox.stop())
        .await
        .unwrap();
    assert_eq!(hanging.await.unwrap().unwrap().status(), 503);
    assert!(reqwest::get(&url).await.is_err());
}
