//! Sales that open and close by the clock: by predicate for who buys, by the sweeper for who looks.

use std::time::Duration;

use commerce_core::Refusal;
use commerce_service::{NewSale, NewSaleItem, ServiceError, ServiceError::Refused};
use commerce_store::clock::us_to_ms;
use signaling_wire::frame::shop::SaleState;

use super::{
    audit::audit,
    fixture::{HOLD_SECONDS, Shop, eventually},
};

const OPENS: Duration = Duration::from_secs(100);
const CLOSES: Duration = Duration::from_secs(400);

async fn scheduled(shop: &Shop, opens: Duration, closes: Duration) -> NewSale {
    let product_id = shop.add_product(5).await;
    let now = us_to_ms(shop.now_us());
    let at = |time: Duration| Some(now + time.as_millis() as u64);
    NewSale {
        stream_id: shop.stream,
        hold_seconds: Some(HOLD_SECONDS),
        opens_ms: at(opens),
        closes_ms: at(closes),
        items: vec![NewSaleItem {
            variant_id: None,
            product_id,
            price: None,
            allocated: 5,
            max_per_buyer: 2,
        }],
    }
}

fn not_open<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) -> SaleState {
    match outcome {
        Err(Refused(Refusal::SaleNotOpen { state, .. })) => state,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_takes_orders_within_its_window_only() {
    let shop = Shop::open().await;
    let new = scheduled(&shop, OPENS, CLOSES).await;
    let (product, opens, closes) = (new.items[0].product_id, new.opens_ms, new.closes_ms);
    let sale = shop.commerce.create_sale(shop.owner, new).await.unwrap();
    assert_eq!(
        (sale.state, sale.opens_ms, sale.closes_ms),
        (SaleState::Draft, opens, closes)
    );
    let place = (sale.id, product);
    let buyer = shop.buyer().await;
    // A second early is early, and who comes early is told when it opens.
    shop.pass(OPENS - Duration::from_secs(1));
    let early = shop.buy(buyer, place, 1, "early").await.unwrap_err();
    let problem = signaling_wire::Problem::from(early);
    assert_eq!(problem.facts["opens_at"].as_u64(), opens);
    assert_eq!(
        not_open(shop.buy(buyer, place, 1, "early").await),
        SaleState::Draft
    );
    shop.pass(Duration::from_secs(1));
    shop.buy(buyer, place, 1, "in time").await.unwrap();
    // The hold ends before the sale does; nothing is lost when both are over.
    shop.pass(CLOSES - OPENS);
    assert_eq!(
        not_open(shop.buy(buyer, place, 1, "late").await),
        SaleState::Closed
    );
    let view = shop.commerce.sale(sale.id).await.unwrap();
    assert_eq!(view.sale.state, SaleState::Closed);
    let stock = shop.stock(sale.id).await;
    assert_eq!(
        (stock.allocated, stock.available, stock.held),
        (0, 0, 0),
        "back on the shelf"
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_opens_and_closes_though_nobody_buys() {
    let shop = Shop::open().await;
    let new = scheduled(&shop, OPENS, CLOSES).await;
    let sale = shop.commerce.create_sale(shop.owner, new).await.unwrap().id;
    for (pass, state) in [(OPENS, SaleState::Open), (CLOSES, SaleState::Closed)] {
        shop.pass(pass);
        eventually("the sale follows the clock", || async {
            shop.commerce.sale(sale).await.unwrap().sale.state == state
        })
        .await;
    }
    assert_eq!(shop.stock(sale).await.allocated, 0);
    audit(&shop.store).await;
}

#[tokio::test]
async fn a_window_that_is_none_is_refused() {
    let shop = Shop::open().await;
    let days = Duration::from_secs(365 * 24 * 3600);
    for (opens, closes) in [
        (CLOSES, OPENS),
        (OPENS, OPENS),
        (days, days * 2),
        (OPENS, days),
    ] {
        let new = scheduled(&shop, opens, closes).await;
        let refused = shop.commerce.create_sale(shop.owner, new).await;
        assert!(
            matches!(refused, Err(ServiceError::Validation(_))),
            "{refused:?}"
        );
    }
}
