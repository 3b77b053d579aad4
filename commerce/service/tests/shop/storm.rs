//! A storm: the reservations of many buyers are durable before the rows of their orders, and nobody
//! can tell, not even by killing the writer in between.

use std::collections::BTreeMap;

use commerce_core::Refusal;
use commerce_service::{Placed, ServiceError};
use commerce_store::sql;
use signaling_wire::{ProductId, SaleId, UserId, frame::shop::OrderStatus};
use tokio::task::JoinSet;

use super::{
    audit::audit,
    checkout::{items, variant},
    fixture::{HOLD_SECONDS, Shop, command, eventually},
};

type Place = (SaleId, ProductId);
type Answers = BTreeMap<UserId, Result<Placed, ServiceError>>;

async fn crowd(shop: &Shop, size: usize) -> Vec<UserId> {
    let mut crowd = Vec::with_capacity(size);
    for _ in 0..size {
        crowd.push(shop.buyer().await);
    }
    crowd
}

/// Everybody wants one at the same moment.
async fn rush(shop: &Shop, place: Place, crowd: &[UserId], key: &str) -> Answers {
    let mut running = JoinSet::new();
    for buyer in crowd.iter().copied() {
        let (commerce, buy) = (shop.commerce.clone(), command(place, 1, key));
        running.spawn(async move { (buyer, commerce.buy(buyer, buy).await) });
    }
    running.join_all().await.into_iter().collect()
}

async fn backlog(shop: &Shop, of: &'static str) -> u64 {
    let count = sql::query(of).fetch_value(shop.store.reader());
    count.await.unwrap()
}

const STUCK: &str = "SELECT COUNT(*) FROM order_backlog WHERE stuck = 1";

const WRITTEN: &str = "SELECT COUNT(*) FROM orders";

/// Lets no order be written, or lets them again.
async fn block(shop: &Shop, on: bool) {
    let done = shop.store.write(move |conn| {
        let statement = match on {
            true => sql::either(
                "CREATE TRIGGER nothing_goes BEFORE INSERT ON orders
                 BEGIN SELECT RAISE(ABORT, 'nothing goes'); END",
                "CREATE TRIGGER nothing_goes BEFORE INSERT ON orders FOR EACH ROW
                 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'nothing goes'",
            ),
            false => sql::query("DROP TRIGGER nothing_goes"),
        };
        Box::pin(async move { statement.execute(conn).await.map(drop) })
    });
    done.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_sells_what_there_is_and_each_buyer_finds_the_order() {
    const UNITS: u32 = 600;
    let shop = Shop::open().await;
    let place = shop.open_sale(UNITS, 2).await;
    let crowd = crowd(&shop, 700).await;
    let first = rush(&shop, place, &crowd, "first").await;
    let mut placed = 0;
    for (buyer, answer) in &first {
        match answer {
            Ok(Placed { order, .. }) => {
                placed += 1;
                let found = shop.commerce.order(*buyer, order.id).await.unwrap();
                assert_eq!(&found, order, "the order is what was promised");
            }
            Err(ServiceError::Refused(Refusal::OutOfStock { available: 0, .. })) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(placed, UNITS);
    let again = rush(&shop, place, &crowd, "first").await;
    for (buyer, answer) in first {
        let Ok(before) = answer else { continue };
        let after = again[&buyer].as_ref().unwrap();
        assert!(after.replayed, "a key that is asked again finds its order");
        assert_eq!(after.order.id, before.order.id);
    }
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_promised_and_not_written_is_written_by_the_next_start() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1_000, 2).await;
    let crowd = crowd(&shop, 600).await;
    block(&shop, true).await;
    let answers = rush(&shop, place, &crowd, "first").await;
    let promised: Vec<_> = answers
        .into_iter()
        .filter_map(|(buyer, answer)| Some((buyer, answer.ok()?.order)))
        .collect();
    // A batch that was too small to be kept was refused, and its buyers were told.
    assert!(promised.len() >= 32, "{} promises", promised.len());
    eventually("the batches are passed", async || {
        backlog(&shop, "SELECT COUNT(*) FROM order_backlog WHERE stuck = 0").await == 0
    })
    .await;
    assert!(backlog(&shop, STUCK).await > 0);
    for (buyer, order) in &promised {
        let found = shop.commerce.order(*buyer, order.id).await;
        assert!(
            found.is_err(),
            "the control: without its rows there is no order"
        );
    }
    let (buyer, order) = &promised[0];
    let again = shop.commerce.buy(*buyer, command(place, 1, "first")).await;
    assert_eq!(
        &again.unwrap().order,
        order,
        "its key finds it all the same"
    );
    shop.commerce.check_books().await.unwrap();
    let admin = commerce_service::Actor {
        admin: true,
        ..shop.owner
    };
    let books = shop.commerce.books(admin).await.unwrap();
    assert!(
        books.violations > 0,
        "the books tell of units without orders"
    );
    let shop = shop.restart().await;
    assert_eq!(backlog(&shop, WRITTEN).await, 0, "nothing goes");
    for (buyer, order) in promised.iter().take(5) {
        let again = shop.commerce.buy(*buyer, command(place, 1, "first")).await;
        let again = again.unwrap();
        assert_eq!((&again.order, again.replayed), (order, true));
    }
    block(&shop, false).await;

    let shop = shop.restart().await;
    for (buyer, order) in &promised {
        let found = shop.commerce.order(*buyer, order.id).await.unwrap();
        assert_eq!(&found, order);
    }
    let held = u32::try_from(promised.len()).unwrap();
    assert_eq!(shop.stock(place.0).await.available, 1_000 - held);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_promised_what_cannot_be_written() {
    let shop = Shop::open().await;
    let place = shop.open_sale(400, 1).await;
    let mut crowd = crowd(&shop, 200).await;
    let ghosts: Vec<_> = (0..3).map(|n| UserId::from_parts(1, n)).collect();
    for (at, ghost) in ghosts.iter().enumerate() {
        crowd.insert(at * 70, *ghost);
    }
    for (buyer, answer) in rush(&shop, place, &crowd, "first").await {
        assert_eq!(answer.is_err(), ghosts.contains(&buyer), "{answer:?}");
    }
    assert_eq!(shop.stock(place.0).await.held, 200);
    assert_eq!(backlog(&shop, STUCK).await, 0);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_of_a_storm_end_like_others() {
    let shop = Shop::open().await;
    let place = shop.open_sale(400, 1).await;
    let crowd = crowd(&shop, 400).await;
    let answers = rush(&shop, place, &crowd, "first").await;
    assert!(answers.values().all(Result::is_ok));
    shop.pass(std::time::Duration::from_secs(u64::from(HOLD_SECONDS) + 1));
    // Each of these finds units only if the holds before it were ended by their time.
    let late = self::crowd(&shop, 100).await;
    let answers_late = rush(&shop, place, &late, "late").await;
    assert!(answers_late.values().all(Result::is_ok));
    eventually("every hold has ended", async || {
        let (buyer, placed) = answers.iter().next_back().unwrap();
        let order = placed.as_ref().unwrap().order.id;
        shop.commerce.order(*buyer, order).await.unwrap().status == OrderStatus::Expired
            && shop.stock(place.0).await.available == 300
    })
    .await;
    audit(&shop.store).await;
}

/// Two sales and the shelf are asked under one key in the same moment: one of them is the key's, and
/// the others learn it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_one_order_whatever_it_is_asked_for_at_once() {
    const CROWD: usize = 64;
    let shop = Shop::open().await;
    let places = [
        shop.open_sale(1_000, 9).await,
        shop.open_sale(1_000, 9).await,
    ];
    let shelf = variant(&shop, 99).await;
    let crowd = crowd(&shop, CROWD).await;
    for round in 0..6 {
        let key = format!("once-{round}");
        let mut running = JoinSet::new();
        for buyer in crowd.iter().copied() {
            for place in places {
                let (commerce, buy) = (shop.commerce.clone(), command(place, 1, &key));
                running.spawn(async move {
                    let answer = commerce.buy(buyer, buy).await;
                    (buyer, answer.map(|placed| placed.order.id))
                });
            }
            if round == 0 && buyer == crowd[0] {
                let (commerce, new) = (shop.commerce.clone(), items(&[(shelf, 1)], &key));
                running.spawn(async move {
                    let answer = commerce.checkout(buyer, new).await;
                    (buyer, answer.map(|placed| placed.orders[0].id))
                });
            }
        }
        let mut orders: BTreeMap<UserId, usize> = BTreeMap::new();
        for (buyer, answer) in running.join_all().await {
            match answer {
                Ok(_) => *orders.entry(buyer).or_default() += 1,
                Err(ServiceError::Busy | ServiceError::Refused(Refusal::KeyReused)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(
            orders.values().all(|made| *made == 1),
            "{round}: {orders:?}"
        );
        assert_eq!(orders.len(), CROWD, "{round}: each key made one");
    }
    shop.commerce.caught_up().await.unwrap();
    audit(&shop.store).await;
    let made = backlog(&shop, WRITTEN).await;
    assert_eq!(made, 6 * CROWD as u64);
    assert_eq!(backlog(&shop, STUCK).await, 0);
    let mut found = 0;
    for place in places {
        let answers = rush(&shop, place, &crowd, "once-3").await;
        found += answers.values().filter(|answer| answer.is_ok()).count();
    }
    assert_eq!(
        found, CROWD,
        "the key finds its order where it was made, and is refused elsewhere"
    );
}
