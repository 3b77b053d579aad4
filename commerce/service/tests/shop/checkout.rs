//! Ordinary checkouts: from the shelf to the buyer and back, and what the books say each time.

use std::time::Duration;

use commerce_core::Refusal;
use commerce_sandbox::{CancelFault, Faults};
use commerce_service::{
    Actor, Cancelled, Checkout, CheckoutItem, CheckoutSource, ClaimEvent, ClaimKind, Decision,
    LineUnits, NewCheckout, NewClaim, NewRefund, NewShipment, NewTracking, ServiceError,
};
use signaling_wire::{
    Problem, UserId, VariantId,
    frame::shop::{FulfillmentStatus, OrderStatus, PaymentStatus},
};

use super::{
    audit::audit,
    fixture::{Shop, actor, eventually},
};

pub(crate) async fn variant(shop: &Shop, stock: u32) -> VariantId {
    let product = shop.add_product(stock).await;
    let product = shop.commerce.product(Some(shop.owner), product).await;
    product.unwrap().variants[0].id
}

pub(crate) fn items(wanted: &[(VariantId, u32)], key: &str) -> NewCheckout {
    let item = |(variant_id, quantity): &(VariantId, u32)| CheckoutItem {
        variant_id: *variant_id,
        quantity: *quantity,
    };
    NewCheckout {
        source: CheckoutSource::Items(wanted.iter().map(item).collect()),
        coupon: None,
        expected_total: None,
        key: key.to_owned(),
    }
}

/// A paid checkout of units of one variant.
pub(crate) async fn paid(shop: &Shop, variant: VariantId, quantity: u32) -> (UserId, Checkout) {
    let buyer = shop.buyer().await;
    let new = items(&[(variant, quantity)], "first");
    let placed = shop.commerce.checkout(buyer, new).await.unwrap();
    let payment = placed.orders[0].payment.id;
    let token = shop.token(buyer, payment).await;
    let order = shop
        .commerce
        .confirm(buyer, payment, Some(&token))
        .await
        .unwrap();
    assert_eq!(order.status, OrderStatus::Paid);
    (buyer, placed)
}

pub(crate) async fn money_back(
    shop: &Shop,
    buyer: UserId,
    placed: &Checkout,
    status: PaymentStatus,
) {
    eventually("the money is back", || async {
        shop.pass(Duration::from_secs(1));
        let order = shop.commerce.order(buyer, placed.orders[0].id).await;
        order.unwrap().payment_status == status
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_goes_from_the_shelf_to_the_buyer_and_is_confirmed() {
    let shop = Shop::open().await;
    let (buyer, placed) = paid(&shop, variant(&shop, 5).await, 3).await;
    let (id, commerce) = (placed.orders[0].id, &shop.commerce);
    let parcel = |invoice: &str, lines| NewShipment {
        courier: "CJ".to_owned(),
        invoice_no: invoice.to_owned(),
        lines,
    };
    let early = commerce.ship(shop.owner, id, parcel("1", vec![])).await;
    let problem = Problem::from(early.unwrap_err());
    assert_eq!(
        (problem.status, problem.code.key()),
        (409, "invalid_transition")
    );
    assert_eq!(
        problem.facts["allowed"],
        serde_json::json!(["preparing", "cancelled"])
    );

    commerce.accept_order(shop.owner, id).await.unwrap();
    let line_id = placed.orders[0].lines[0].id;
    let one = vec![LineUnits {
        line_id,
        quantity: 1,
    }];
    commerce
        .ship(shop.owner, id, parcel("1", one))
        .await
        .unwrap();
    let order = commerce.order(buyer, id).await.unwrap();
    assert_eq!(order.status, OrderStatus::PartiallyShipped);
    audit(&shop.store).await;
    let parcels = commerce
        .ship(shop.owner, id, parcel("2", vec![]))
        .await
        .unwrap();
    let rest = parcels.iter().find(|parcel| parcel.invoice_no == "2");
    assert_eq!(rest.unwrap().lines[0].quantity, 2);
    for parcel in &parcels {
        let report = NewTracking {
            state: "delivered".to_owned(),
            location: "door".to_owned(),
        };
        commerce.track(shop.owner, parcel.id, report).await.unwrap();
    }
    let order = commerce.order(buyer, id).await.unwrap();
    assert_eq!(
        (order.status, order.fulfillment_status),
        (OrderStatus::Delivered, FulfillmentStatus::Delivered)
    );
    let order = commerce.confirm_purchase(actor(buyer), id).await.unwrap();
    assert_eq!(order.status, OrderStatus::Completed);
    let balance = commerce
        .seller_balances(shop.owner, shop.seller)
        .await
        .unwrap();
    assert_eq!(
        balance[0].amount,
        38_700 - 1_935,
        "five percent are the marketplace's"
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_touches_a_foreign_order() {
    let shop = Shop::open().await;
    let (_, placed) = paid(&shop, variant(&shop, 5).await, 1).await;
    let stranger = actor(shop.buyer().await);
    let (id, commerce) = (placed.orders[0].id, &shop.commerce);
    let missing = |outcome: Result<(), ServiceError>| {
        assert!(
            matches!(outcome, Err(ServiceError::NotFound(_))),
            "{outcome:?}"
        );
    };
    missing(commerce.order_for(stranger, id).await.map(drop));
    missing(commerce.cancel_order(stranger, id, "").await.map(drop));
    missing(commerce.accept_order(stranger, id).await.map(drop));
    missing(commerce.tracking(stranger, id).await.map(drop));
    missing(
        commerce
            .find_checkout(stranger.user, placed.id)
            .await
            .map(drop),
    );
    let refund = NewRefund {
        order_id: id,
        lines: vec![],
        shipping: false,
        restock: false,
        reason: "mine".to_owned(),
    };
    let payment = placed.orders[0].payment.id;
    missing(
        commerce
            .refund(stranger, payment, refund, "k".to_owned())
            .await
            .map(drop),
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_makes_one_checkout_and_another_body_under_it_none() {
    let shop = Shop::open().await;
    let variant = variant(&shop, 5).await;
    let buyer = shop.buyer().await;
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (commerce, new) = (shop.commerce.clone(), items(&[(variant, 2)], "same"));
        race.spawn(async move { commerce.checkout(buyer, new).await.unwrap().id });
    }
    let ids = race.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let other = shop
        .commerce
        .checkout(buyer, items(&[(variant, 1)], "same"))
        .await;
    assert!(
        matches!(other, Err(ServiceError::Refused(Refusal::KeyReused))),
        "{other:?}"
    );
    for quantity in [0, 100, u32::MAX] {
        let refused = shop
            .commerce
            .checkout(buyer, items(&[(variant, quantity)], "q"))
            .await;
        assert!(
            matches!(refused, Err(ServiceError::Validation(_))),
            "{quantity}"
        );
    }
    let short = shop
        .commerce
        .checkout(buyer, items(&[(variant, 4)], "more"))
        .await;
    assert!(short.is_err(), "three are left");
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_checkout_gives_its_units_back_in_time() {
    let shop = Shop::open().await;
    let variant = variant(&shop, 1).await;
    let buyer = shop.buyer().await;
    let placed = shop
        .commerce
        .checkout(buyer, items(&[(variant, 1)], "a"))
        .await
        .unwrap();
    shop.pass(Duration::from_secs(901));
    eventually("the checkout is over", || async {
        let order = shop
            .commerce
            .order(buyer, placed.orders[0].id)
            .await
            .unwrap();
        order.status == OrderStatus::Expired
    })
    .await;
    let next = shop
        .commerce
        .checkout(shop.buyer().await, items(&[(variant, 1)], "b"))
        .await;
    assert!(next.is_ok(), "{next:?}");
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_that_is_called_off_pays_everything_back_once() {
    let shop = Shop::open().await;
    let (buyer, placed) = paid(&shop, variant(&shop, 5).await, 2).await;
    shop.sandbox.set_faults(Faults {
        cancel: CancelFault::TimeoutAfterCancel,
        cancel_times: Some(1),
        hang_ms: 2_000,
        ..Faults::default()
    });
    let id = placed.orders[0].id;
    let done = shop
        .commerce
        .cancel_order(actor(buyer), id, "too big")
        .await
        .unwrap();
    assert!(matches!(done, Cancelled::Done(order) if order.status == OrderStatus::Cancelled));
    money_back(&shop, buyer, &placed, PaymentStatus::Refunded).await;
    let again = shop.commerce.cancel_order(actor(buyer), id, "").await;
    assert_eq!(
        Problem::from(again.unwrap_err()).code.key(),
        "invalid_transition"
    );
    let refunds = shop.commerce.refunds(actor(buyer), id).await.unwrap();
    assert_eq!((refunds.len(), refunds[0].amount.amount), (1, 25_800));
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_by_line_never_exceed_what_was_paid() {
    let shop = Shop::open().await;
    let (buyer, placed) = paid(&shop, variant(&shop, 5).await, 3).await;
    let (order_id, payment) = (placed.orders[0].id, placed.orders[0].payment.id);
    let line_id = placed.orders[0].lines[0].id;
    let refund = |quantity| NewRefund {
        order_id,
        lines: vec![LineUnits { line_id, quantity }],
        shipping: false,
        restock: false,
        reason: "broken".to_owned(),
    };
    let mut race = tokio::task::JoinSet::new();
    for n in 0..6 {
        let (commerce, owner, new) = (shop.commerce.clone(), shop.owner, refund(1));
        race.spawn(async move { commerce.refund(owner, payment, new, format!("k{n}")).await });
    }
    let outcomes = race.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|one| one.is_ok()).count(),
        3,
        "{outcomes:?}"
    );
    money_back(&shop, buyer, &placed, PaymentStatus::Refunded).await;
    let more = shop
        .commerce
        .refund(shop.owner, payment, refund(1), "x".to_owned())
        .await;
    assert!(more.is_err());
    let order = shop.commerce.order(buyer, order_id).await.unwrap();
    assert_eq!(order.status, OrderStatus::Refunded);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_looked_at_before_the_money_goes_back() {
    let shop = Shop::open().await;
    let (buyer, placed) = paid(&shop, variant(&shop, 5).await, 2).await;
    let (id, commerce) = (placed.orders[0].id, &shop.commerce);
    commerce.accept_order(shop.owner, id).await.unwrap();
    let parcel = NewShipment {
        courier: "CJ".to_owned(),
        invoice_no: "1".to_owned(),
        lines: vec![],
    };
    commerce.ship(shop.owner, id, parcel).await.unwrap();
    let wish = NewClaim {
        kind: ClaimKind::Return,
        lines: vec![LineUnits {
            line_id: placed.orders[0].lines[0].id,
            quantity: 1,
        }],
        reason: "the wrong colour".to_owned(),
        fault_of_goods: false,
    };
    let claim = commerce
        .make_claim(actor(buyer), id, wish, "r1".to_owned())
        .await
        .unwrap();
    audit(&shop.store).await;
    let owner: Actor = shop.owner;
    let decide = |event, deduct| {
        let decision = Decision {
            deduct,
            restock: true,
            ..Decision::default()
        };
        commerce.decide_claim(owner, claim.id, event, decision)
    };
    let early = decide(ClaimEvent::Refund, 0).await.unwrap_err();
    assert_eq!(Problem::from(early).code.key(), "invalid_transition");
    for event in [
        ClaimEvent::Approve,
        ClaimEvent::Receive,
        ClaimEvent::Inspect,
    ] {
        decide(event, 0).await.unwrap();
    }
    let done = decide(ClaimEvent::Refund, 2_900).await.unwrap();
    assert_eq!(done.state, "partially_refunded");
    money_back(&shop, buyer, &placed, PaymentStatus::PartiallyRefunded).await;
    let refunds = commerce.refunds(actor(buyer), id).await.unwrap();
    assert_eq!(refunds[0].amount.amount, 10_000);
    audit(&shop.store).await;
}
