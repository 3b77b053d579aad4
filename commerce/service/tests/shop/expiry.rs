//! Holds end with their time: the stock is sellable again, sweeper or not.

use std::time::Duration;

use commerce_core::Refusal;
use commerce_service::ServiceError::Refused;
use signaling_wire::frame::shop::OrderStatus;

use super::{
    audit::audit,
    fixture::{HOLD_SECONDS, Shop, eventually},
};

const HOLD: Duration = Duration::from_secs(HOLD_SECONDS as u64);

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_lasts_its_time_and_no_longer() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (first, order) = shop.order(place).await;
    shop.pass(HOLD - Duration::from_millis(1));
    let second = shop.buyer().await;
    let refused = shop.buy(second, place, 1, "key").await;
    assert!(matches!(
        refused,
        Err(Refused(Refusal::OutOfStock { available: 0 }))
    ));

    shop.pass(Duration::from_millis(1));
    // At once, in the same batch: whether the sweeper came first does not matter.
    shop.buy(second, place, 1, "key").await.unwrap();
    let expired = shop.commerce.order(first, order.id).await.unwrap();
    assert_eq!(expired.status, OrderStatus::Expired);
    assert_eq!(expired.payment_due_ms, None);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_is_given_back_with_the_hold() {
    let shop = Shop::open().await;
    let place = shop.open_sale(9, 1).await;
    let (buyer, _) = shop.order(place).await;
    assert!(shop.buy(buyer, place, 1, "second").await.is_err());
    shop.pass(HOLD);
    shop.buy(buyer, place, 1, "second").await.unwrap();
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweeper_expires_what_nobody_asks_for() {
    let shop = Shop::open().await;
    let place = shop.open_sale(300, 1).await;
    for _ in 0..5 {
        shop.order(place).await;
    }
    shop.pass(HOLD);
    eventually("all holds are back", || async {
        shop.stock(place.0).await.held == 0
    })
    .await;
    assert_eq!(shop.stock(place.0).await.available, 300);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_closed_sale_did_not_sell_returns_to_the_shelf() {
    let shop = Shop::open().await;
    let place = shop.open_sale(10, 5).await;
    let shelf = || async {
        shop.commerce
            .product(None, place.1)
            .await
            .unwrap()
            .summary
            .stock
            .on_hand
    };
    assert_eq!(shelf().await, 10, "ten of twenty are in the sale");
    shop.order(place).await;
    shop.commerce.close_sale(shop.owner, place.0).await.unwrap();
    assert_eq!(shelf().await, 19, "all but the hold");
    shop.pass(HOLD);
    eventually("the last unit is back", || async { shelf().await == 20 }).await;
    let stock = shop.stock(place.0).await;
    assert_eq!((stock.allocated, stock.held, stock.sold), (0, 0, 0));
    audit(&shop.store).await;
}
