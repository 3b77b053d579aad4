//! Buying: one key one order, never more than there is, never more than one may.

use commerce_store::sql;
use std::{sync::Arc, time::Duration};

use commerce_core::Refusal;
use commerce_service::{
    ServiceError,
    ServiceError::Refused,
    limits::{BATCH_MAX, SALE_QUEUE_MAX},
};
use signaling_wire::{Money, ProductId, SaleId, UserId};
use tokio::{sync::Notify, task::JoinSet, time::timeout};

use super::{
    audit::audit,
    fixture::{PRICE, Shop, command},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_with_one_key_make_one_order() {
    let shop = Shop::open().await;
    let place = shop.open_sale(50, 10).await;
    let buyer = shop.buyer().await;
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let commerce = shop.commerce.clone();
        requests.spawn(async move { commerce.buy(buyer, command(place, 2, "tap")).await.unwrap() });
    }
    let placed = requests.join_all().await;
    assert!(
        placed.iter().all(|answer| answer.order == placed[0].order),
        "the same order for all"
    );
    assert_eq!(placed.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(shop.stock(place.0).await.available, 48);
    assert_eq!(
        shop.commerce
            .orders(buyer, None, 0)
            .await
            .unwrap()
            .data
            .len(),
        1
    );

    let other = shop.buy(buyer, place, 1, "tap").await;
    assert!(
        matches!(other, Err(Refused(Refusal::KeyReused))),
        "another command, the same key"
    );
    let foreign = shop.buyer().await;
    assert!(
        !shop.buy(foreign, place, 2, "tap").await.unwrap().replayed,
        "keys are per buyer"
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_for_few_units_sells_exactly_those() {
    let shop = Shop::open().await;
    let place = shop.open_sale(7, 2).await;
    let mut race = JoinSet::new();
    for n in 0..64_u32 {
        let (commerce, buyer) = (shop.commerce.clone(), shop.buyer().await);
        race.spawn(async move { commerce.buy(buyer, command(place, 1 + n % 2, "go")).await });
    }
    let mut units = 0;
    for outcome in race.join_all().await {
        match outcome {
            Ok(placed) => units += placed.order.lines[0].quantity,
            Err(Refused(Refusal::OutOfStock { .. })) => {}
            Err(other) => panic!("{other}"),
        }
    }
    let stock = shop.stock(place.0).await;
    assert_eq!((units, stock.available, stock.held), (7, 0, 7));
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_counts_over_all_orders_of_a_buyer() {
    let shop = Shop::open().await;
    let place = shop.open_sale(50, 3).await;
    let buyer = shop.buyer().await;
    let mut race = JoinSet::new();
    for n in 0..20 {
        let commerce = shop.commerce.clone();
        race.spawn(async move { commerce.buy(buyer, command(place, 1, &n.to_string())).await });
    }
    let outcomes = race.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    let limited = |outcome: &Result<_, ServiceError>| {
        matches!(
            outcome,
            Ok(_) | Err(Refused(Refusal::PerBuyerLimit { limit: 3, .. }))
        )
    };
    assert!(outcomes.iter().all(limited));
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_may_be_used_again() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 9).await;
    let (_, _) = shop.order(place).await;
    let buyer = shop.buyer().await;
    let refused = shop.buy(buyer, place, 1, "mine").await;
    assert!(matches!(
        refused,
        Err(Refused(Refusal::OutOfStock { available: 0 }))
    ));
    shop.commerce
        .allocate(shop.owner, place.0, place.1, None, 5)
        .await
        .unwrap();
    assert!(!shop.buy(buyer, place, 1, "mine").await.unwrap().replayed);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_bought_is_refused_with_the_reason() {
    let shop = Shop::open().await;
    let place = shop.open_sale(5, 5).await;
    let buyer = shop.buyer().await;
    let buy = |place, quantity| shop.buy(buyer, place, quantity, "key");
    assert!(matches!(
        buy(place, 0).await,
        Err(Refused(Refusal::Quantity { .. }))
    ));
    assert!(matches!(
        buy(place, 100).await,
        Err(Refused(Refusal::Quantity { .. }))
    ));
    let unknown = ProductId::from_parts(1, 1);
    assert!(matches!(
        buy((place.0, unknown), 1).await,
        Err(Refused(Refusal::NotInSale))
    ));
    let nowhere = SaleId::from_parts(1, 1);
    assert!(matches!(
        buy((nowhere, place.1), 1).await,
        Err(ServiceError::NotFound("sale"))
    ));

    let price = Some(Money {
        amount: PRICE.amount - 1,
        ..PRICE
    });
    let cheaper = signaling_wire::frame::shop::Buy {
        expected_unit_price: price,
        ..command(place, 1, "key")
    };
    let answer = shop.commerce.buy(buyer, cheaper).await;
    assert!(matches!(answer, Err(Refused(Refusal::PriceChanged { current })) if current == PRICE));
    for key in ["", "naïve", &"x".repeat(256)] {
        let answer = shop.buy(buyer, place, 1, key).await;
        assert!(
            matches!(answer, Err(ServiceError::Validation(_))),
            "{key:?}"
        );
    }

    let first = shop.buy(buyer, place, 1, "before").await.unwrap();
    shop.commerce.pause_sale(shop.owner, place.0).await.unwrap();
    assert!(matches!(
        buy(place, 1).await,
        Err(Refused(Refusal::SaleNotOpen { .. }))
    ));
    let again = shop.buy(buyer, place, 1, "before").await.unwrap();
    assert!(
        again.replayed && again.order == first.order,
        "a replay needs no open sale"
    );
    shop.commerce.open_sale(shop.owner, place.0).await.unwrap();
    buy(place, 1).await.unwrap();
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_that_cannot_be_written_fails_alone() {
    let shop = Shop::open().await;
    let place = shop.open_sale(200, 5).await;
    let mut race = JoinSet::new();
    for n in 0..40_u128 {
        // Every fourth buyer has no account: their order breaks a foreign key.
        let ghost = n.is_multiple_of(4);
        let buyer = if ghost {
            UserId::from_parts(1, n)
        } else {
            shop.buyer().await
        };
        let commerce = shop.commerce.clone();
        race.spawn(async move {
            (
                ghost,
                commerce.buy(buyer, command(place, 1, "k")).await.is_ok(),
            )
        });
    }
    let outcomes = race.join_all().await;
    assert!(
        outcomes.iter().all(|(ghost, placed)| ghost != placed),
        "{outcomes:?}"
    );
    assert_eq!(shop.stock(place.0).await.held, 30);
    audit(&shop.store).await;
}

/// With `negative-controls` the sequencer tells before it commits: this test then shows that it
/// would notice.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_order_is_in_the_database() {
    let shop = Shop::open().await;
    let place = shop.open_sale(50, 50).await;
    let (mut found, count) = (0, 10);
    for _ in 0..count {
        let (_, order) = shop.order(place).await;
        let sql = "SELECT COUNT(*) FROM orders WHERE id = ?";
        let rows: i64 = sql::query(sql)
            .bind(order.id.to_string())
            .fetch_value::<i64>(shop.store.reader())
            .await
            .unwrap();
        found += rows;
    }
    match cfg!(feature = "negative-controls") {
        false => assert_eq!(found, count, "told, but not written"),
        true => assert!(found < count, "the control went unnoticed"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_said_at_once_and_loses_nobody_else() {
    let shop = Shop::open().await;
    let place = shop.open_sale(20, 1).await;
    let buyer = shop.buyer().await;
    shop.buy(buyer, place, 1, "first").await.unwrap();
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, waited, store) = (begun.clone(), go_on.clone(), shop.store.clone());
    let blocking = tokio::spawn(async move {
        let job = store.write(move |conn| {
            Box::pin(async move {
                // Where many write at once, whoever holds the sale makes its sequencer wait.
                sql::query("SELECT id FROM sale WHERE id = ? {for update}")
                    .bind(place.0.to_string())
                    .lock(conn)
                    .await?;
                told.notify_one();
                waited.notified().await;
                Ok(())
            })
        });
        job.await
    });
    begun.notified().await;
    // One batch is in the sequencer's hands, the queue holds the rest; ten find no place.
    let mut waiting = JoinSet::new();
    for n in 0..SALE_QUEUE_MAX + BATCH_MAX + 10 {
        let commerce = shop.commerce.clone();
        waiting.spawn(async move { commerce.buy(buyer, command(place, 1, &n.to_string())).await });
    }
    for _ in 0..10 {
        let answered = timeout(Duration::from_secs(60), waiting.join_next()).await;
        let answered = answered.expect("an answer while the writer is blocked");
        let refused = answered.unwrap().unwrap().unwrap_err();
        assert!(matches!(refused, ServiceError::Busy), "{refused:?}");
        let problem = signaling_wire::Problem::from(refused);
        assert_eq!((problem.status, problem.retry_after), (503, Some(1)));
    }
    go_on.notify_one();
    blocking.await.unwrap().unwrap();
    // The buyer has all that one may have, so everybody else in the queue is told just that; or,
    // on a machine that took long, that the wait for the lock was over.
    for answer in waiting.join_all().await {
        assert!(
            matches!(
                answer,
                Err(Refused(_) | ServiceError::Busy | ServiceError::Store(_))
            ),
            "{answer:?}"
        );
    }
    assert_eq!(shop.stock(place.0).await.available, 19);
    audit(&shop.store).await;
}
