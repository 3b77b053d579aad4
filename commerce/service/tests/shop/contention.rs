//! Many who want the same: the last unit, more than the limit, the sale itself.

use std::sync::Arc;

use commerce_core::Refusal;
use commerce_service::{Actor, Commerce, ServiceError, ServiceError::Refused};
use signaling_hub::{Hub, HubConfig};
use signaling_wire::UserId;
use tokio::{sync::Barrier, task::JoinSet};

use super::{
    audit::audit,
    fixture::{Shop, command},
};

const ROUNDS: usize = 1_000;
/// Rounds that one pair of buyers has; together they stay under the limit of each.
const ROUNDS_PER_PAIR: usize = 90;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_buyers_one_has_the_last_unit_a_thousand_times() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 99).await;
    let mut pair = [shop.buyer().await, shop.buyer().await];
    shop.commerce
        .adjust_stock(shop.owner, place.1, 1_000, "more")
        .await
        .unwrap();
    for round in 0..ROUNDS {
        if round % ROUNDS_PER_PAIR == 0 {
            pair = [shop.buyer().await, shop.buyer().await];
        }
        let start = Arc::new(Barrier::new(2));
        let race = pair.map(|buyer| {
            let (commerce, start) = (shop.commerce.clone(), start.clone());
            let buy = command(place, 1, &round.to_string());
            tokio::spawn(async move {
                start.wait().await;
                commerce.buy(buyer, buy).await
            })
        });
        let mut had = 0;
        for buyer in race {
            match buyer.await.unwrap() {
                Ok(_) => had += 1,
                Err(Refused(Refusal::OutOfStock { available: 0, .. })) => {}
                Err(other) => panic!("round {round}: {other}"),
            }
        }
        assert_eq!(had, 1, "round {round}");
        let left = shop
            .commerce
            .allocate(shop.owner, place.0, place.1, None, 1);
        assert_eq!(left.await.unwrap().available, 1, "round {round}");
    }
    audit(&shop.store).await;
}

/// A second shop on the same database, as when a process takes over from one that still runs.
async fn second(shop: &Shop) -> Commerce {
    let (hub, inbounds) = Hub::without_media(HubConfig::default());
    let config = shop.config();
    commerce_service::start(config, shop.store.clone(), hub, inbounds.shop)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sequencers_of_one_sale_are_never_wrong() {
    const UNITS: u32 = 60;
    let shop = Shop::open().await;
    let place = shop.open_sale(UNITS, 2).await;
    let other = second(&shop).await;
    let mut buyers: Vec<UserId> = Vec::new();
    for _ in 0..40 {
        buyers.push(shop.buyer().await);
    }
    let mut race = JoinSet::new();
    for (n, buyer) in buyers.iter().copied().enumerate() {
        // Both serve each buyer, who asks both for the same and for more than the limit.
        for (turn, commerce) in [&shop.commerce, &other, &shop.commerce]
            .into_iter()
            .enumerate()
        {
            let commerce = commerce.clone();
            let key = if turn < 2 { "same" } else { "another" }.to_owned();
            race.spawn(async move {
                let mut fenced = 0;
                loop {
                    match commerce
                        .buy(buyer, command(place, 1 + (n % 2) as u32, &key))
                        .await
                    {
                        Ok(placed) => return Some((buyer, key, placed.order.id)),
                        Err(Refused(_)) => return None,
                        Err(ServiceError::Busy) if fenced < 5_000 => {
                            fenced += 1;
                            tokio::task::yield_now().await;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    }
    let mut orders = std::collections::BTreeMap::new();
    for (buyer, key, order) in race.join_all().await.into_iter().flatten() {
        let first = *orders.entry((buyer, key)).or_insert(order);
        assert_eq!(first, order, "one key, one order, whoever answers");
    }
    let stock = shop.stock(place.0).await;
    assert_eq!(stock.held + stock.available, UNITS);
    audit(&shop.store).await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shelf_gives_a_unit_to_one_sale_only() {
    let shop = Shop::open().await;
    let (sale, product) = shop.open_sale(1, 1).await;
    // Ten are left on the shelf; twenty moves of one unit ask for them at once.
    let owner: Actor = shop.owner;
    let mut race = JoinSet::new();
    for _ in 0..20 {
        let commerce = shop.commerce.clone();
        race.spawn(async move {
            for _ in 0..50 {
                match commerce.allocate(owner, sale, product, None, 1).await {
                    Ok(_) => return true,
                    Err(ServiceError::Validation(_)) => return false,
                    // A server with much else to do does not say what became of it: once more.
                    Err(_) => {}
                }
            }
            panic!("never moved nor refused");
        });
    }
    let moved = race.join_all().await.into_iter().filter(|ok| *ok).count();
    assert!(moved <= 10, "{moved}");
    assert_eq!(shop.stock(sale).await.available, 11);
    audit(&shop.store).await;
}
