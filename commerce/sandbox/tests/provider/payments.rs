//! Register, window, confirm, look up, cancel, and the refusals in between.

use commerce_sandbox::{Sandbox, SandboxConfig, SandboxError};
use serde_json::{Value, json};

use crate::shop::{Shop, order};

fn kind(body: &Value) -> &str {
    body["type"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_payment_goes_from_the_window_to_paid_to_cancelled() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    assert_eq!(shop.get("/payments/p1").await.1["status"], "READY");

    let (status, body) = shop.confirm("p1", &token).await;
    assert_eq!((status, &body["payment"]["status"]), (200, &json!("PAID")));

    let (status, paid) = shop.get("/payments/p1?storeId=store-1").await;
    assert_eq!(status, 200);
    assert_eq!(paid["status"], "PAID");
    assert_eq!(
        (&paid["id"], &paid["storeId"]),
        (&json!("p1"), &json!("store-1"))
    );
    assert_eq!(
        (&paid["currency"], &paid["channel"]["type"]),
        (&json!("KRW"), &json!("TEST"))
    );
    let amount = &paid["amount"];
    assert_eq!(
        (&amount["total"], &amount["paid"]),
        (&json!(12_900), &json!(12_900))
    );
    assert_eq!(
        (&amount["supply"], &amount["vat"]),
        (&json!(11_727), &json!(1_173))
    );
    assert!(paid["paidAt"].is_string() && paid["transactionId"].is_string());

    let all = json!({ "reason": "returned", "currentCancellableAmount": 12_900 });
    let (status, body) = shop.call("/payments/p1/cancel", all).await;
    assert_eq!(
        (status, &body["cancellation"]["totalAmount"]),
        (200, &json!(12_900))
    );
    let (_, cancelled) = shop.get("/payments/p1").await;
    assert_eq!(cancelled["status"], "CANCELLED");
    assert_eq!(
        (
            &cancelled["amount"]["paid"],
            &cancelled["amount"]["cancelled"]
        ),
        (&json!(0), &json!(12_900))
    );
}

#[tokio::test]
async fn cancellations_compare_the_balance_and_never_exceed_it() {
    let shop = Shop::open().await;
    let nothing = shop.authorized("p1", true).await;
    let early = shop
        .call("/payments/p1/cancel", json!({ "reason": "no" }))
        .await;
    assert_eq!((early.0, kind(&early.1)), (409, "PAYMENT_NOT_PAID"));
    shop.confirm("p1", &nothing).await;

    let part = json!({ "reason": "half", "amount": 900, "currentCancellableAmount": 12_900 });
    assert_eq!(shop.call("/payments/p1/cancel", part.clone()).await.0, 200);
    assert_eq!(
        shop.get("/payments/p1").await.1["status"],
        "PARTIAL_CANCELLED"
    );
    // The balance is 12,000 now: the same request again would cancel twice.
    let again = shop.call("/payments/p1/cancel", part).await;
    assert_eq!(
        (again.0, kind(&again.1)),
        (409, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN")
    );
    let much = shop
        .call(
            "/payments/p1/cancel",
            json!({ "reason": "x", "amount": 12_001 }),
        )
        .await;
    assert_eq!(
        (much.0, kind(&much.1)),
        (409, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT")
    );
    assert_eq!(
        shop.call(
            "/payments/p1/cancel",
            json!({ "reason": "x", "amount": -1 })
        )
        .await
        .0,
        400
    );
    assert_eq!(
        shop.call("/payments/p1/cancel", json!({ "reason": "rest" }))
            .await
            .0,
        200
    );
    let late = shop
        .call("/payments/p1/cancel", json!({ "reason": "more" }))
        .await;
    assert_eq!((late.0, kind(&late.1)), (409, "PAYMENT_ALREADY_CANCELLED"));
    assert_eq!(
        shop.get("/payments/p1").await.1["amount"]["cancelled"],
        12_900
    );
}

#[tokio::test]
async fn a_confirmation_of_other_facts_is_refused_and_costs_nothing() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    let other = |name: &str, value: Value| {
        let mut order = order(&token);
        order[name] = value;
        order
    };
    for (name, value) in [
        ("totalAmount", json!(12_899)),
        ("currency", json!("USD")),
        ("isTest", json!(false)),
        ("txId", json!("tx_other")),
    ] {
        let (status, body) = shop.call("/payments/p1/confirm", other(name, value)).await;
        assert_eq!(
            (status, kind(&body)),
            (409, "INFORMATION_MISMATCH"),
            "{name}"
        );
    }
    let store = shop
        .call("/payments/p1/confirm", other("storeId", json!("store-2")))
        .await;
    assert_eq!(store.0, 403);
    let forged = shop.call("/payments/p1/confirm", order("pt_0")).await;
    assert_eq!((forged.0, kind(&forged.1)), (400, "INVALID_PAYMENT_TOKEN"));
    let nobody = shop.call("/payments/p2/confirm", order(&token)).await;
    assert_eq!((nobody.0, kind(&nobody.1)), (404, "PAYMENT_NOT_FOUND"));
    assert_eq!(shop.get("/payments/p1").await.1["status"], "READY");
    assert_eq!(shop.confirm("p1", &token).await.0, 200);
}

#[tokio::test]
async fn a_payment_is_charged_once() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    assert_eq!(shop.confirm("p1", &token).await.0, 200);
    let (status, body) = shop.confirm("p1", &token).await;
    assert_eq!((status, kind(&body)), (409, "ALREADY_PAID"));
    let amount = json!({ "totalAmount": 1, "currency": "KRW" });
    let (status, body) = shop.call("/payments/p1/pre-register", amount).await;
    assert_eq!((status, kind(&body)), (409, "ALREADY_PAID"));
    assert_eq!(shop.get("/payments/p1").await.1["amount"]["total"], 12_900);
}

#[tokio::test]
async fn another_amount_makes_a_token_worthless() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    let amount = json!({ "totalAmount": 5_000, "currency": "CURRENCY_KRW" });
    assert_eq!(shop.call("/payments/p1/pre-register", amount).await.0, 200);
    let (status, body) = shop
        .call("/payments/p1/confirm", json!({ "paymentToken": token }))
        .await;
    assert_eq!((status, kind(&body)), (400, "INVALID_PAYMENT_TOKEN"));
}

#[tokio::test]
async fn a_key_does_a_thing_once_and_answers_alike() {
    let shop = Shop::open().await;
    let token = shop.authorized("p1", true).await;
    let key = "\"p1-attempt-0000000001\"";
    let first = shop.keyed("/payments/p1/confirm", order(&token), key).await;
    assert_eq!(first.0, 200);
    // Unquoted it is the same key.
    let bare = key.trim_matches('"');
    assert_eq!(
        shop.keyed("/payments/p1/confirm", order(&token), bare)
            .await,
        first
    );
    // Without the key the same request is a second confirmation.
    assert_eq!(shop.confirm("p1", &token).await.0, 409);
    let other = shop.keyed("/payments/p1/confirm", order("pt_0"), key).await;
    assert_eq!(other.0, 422);
    let short = shop
        .keyed("/payments/p1/confirm", order(&token), "short")
        .await;
    assert_eq!((short.0, kind(&short.1)), (400, "INVALID_REQUEST"));
}

#[tokio::test]
async fn only_the_shop_gets_in_and_only_over_loopback() {
    let shop = Shop::open().await;
    shop.authorized("p1", true).await;
    for header in ["PortOne wrong", "Bearer the-api-secret", "the-api-secret"] {
        let answer = shop
            .call_with(
                "/payments/p1/confirm",
                order("x"),
                &[("authorization", header)],
            )
            .await;
        assert_eq!(
            (answer.0, kind(&answer.1)),
            (401, "UNAUTHORIZED"),
            "{header}"
        );
    }
    let bare = reqwest::get(format!("{}/payments/p1", shop.sandbox.base_url))
        .await
        .unwrap();
    assert_eq!(bare.status(), 401);
    assert_eq!(shop.get("/payments/p1?storeId=store-2").await.0, 403);
    assert_eq!(shop.get("/nowhere").await.0, 404);

    let mut open = SandboxConfig::new("secret", "store-1");
    open.bind = ([0, 0, 0, 0], 0).into();
    assert!(matches!(
        Sandbox::start(open).await,
        Err(SandboxError::NotLoopback)
    ));
    let bare = Sandbox::start(SandboxConfig::new("", "store-1")).await;
    assert!(matches!(bare, Err(SandboxError::Incomplete)));
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let shop = Shop::open().await;
    for amount in [
        json!({ "totalAmount": 0, "currency": "KRW" }),
        json!({ "totalAmount": 100, "taxFreeAmount": 101, "currency": "KRW" }),
        json!({ "totalAmount": 12.5, "currency": "KRW" }),
        json!({ "totalAmount": "100", "currency": "KRW" }),
        json!({ "totalAmount": 100, "currency": "won" }),
        json!([]),
    ] {
        let (status, body) = shop.call("/payments/p1/pre-register", amount.clone()).await;
        assert_eq!((status, kind(&body)), (400, "INVALID_REQUEST"), "{amount}");
    }
    assert_eq!(shop.get("/payments/p1").await.0, 404);
}
