//! Expiry, payment and other buyers in the same moment (F30): one capture or all of it back,
//! whoever comes first.
//!
//! Each round has more buyers than units, half of them confirming through the shop and half charged
//! at the provider behind its back, while the holds end and others want the units. The shop's view
//! of each order is then held against the provider's.

use std::{sync::Arc, time::Duration};

use commerce_sandbox::WebhookTarget;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use signaling_wire::{
    PaymentId, ProductId, SaleId, UserId,
    frame::shop::{Order, OrderStatus, PaymentStatus},
};
use tokio::task::JoinSet;

use super::{
    audit::audit,
    faults::charge,
    fixture::{HOLD_SECONDS, SECRET, Shop, eventually},
};

/// Orders of a round, and buyers who want what the round gives back.
const ROUND: u32 = 50;
const WAITING: u32 = 25;
/// Rounds unless `SOUK_RACE_ROUNDS` says otherwise; 200 of them are 10,000 races.
const ROUNDS: u32 = 4;

type Place = (SaleId, ProductId);

#[derive(Clone)]
struct Racer {
    buyer: UserId,
    order: Order,
    token: String,
    /// Charged at the provider, not by us.
    behind: bool,
}

/// What the provider has kept of a payment, minor units.
async fn kept(shop: &Shop, client: &reqwest::Client, payment: PaymentId) -> i64 {
    let url = format!("{}/payments/{payment}", shop.sandbox.base_url);
    let ask = client
        .get(url)
        .header("Authorization", format!("PortOne {SECRET}"));
    let told: serde_json::Value = ask.send().await.unwrap().json().await.unwrap();
    // A payment that nobody began is not known there.
    told["amount"]["paid"].as_i64().unwrap_or(0)
}

/// Whether an order has ended and the provider kept what it should.
async fn is_settled(shop: &Shop, client: &reqwest::Client, racer: &Racer) -> bool {
    let order = shop.commerce.order(racer.buyer, racer.order.id).await;
    let due = match order.unwrap().status {
        OrderStatus::Paid => racer.order.payment.amount.amount,
        OrderStatus::Expired | OrderStatus::Cancelled => 0,
        _ => return false,
    };
    kept(shop, client, racer.order.payment.id).await == due
}

async fn line_up(shop: &Arc<Shop>, place: Place, random: &mut StdRng) -> Vec<Racer> {
    let mut racers = JoinSet::new();
    for _ in 0..ROUND {
        let (shop, behind) = (shop.clone(), random.random_bool(0.5));
        racers.spawn(async move {
            let (buyer, order) = shop.order(place).await;
            let token = shop.token(buyer, order.payment.id).await;
            Racer {
                buyer,
                order,
                token,
                behind,
            }
        });
    }
    racers.join_all().await
}

/// Everything of a round at once, in a drawn order.
async fn race(shop: &Arc<Shop>, place: Place, racers: &[Racer], random: &mut StdRng) {
    enum Step {
        Pay(Box<Racer>),
        Pass,
        Want(UserId),
    }
    let mut steps: Vec<Step> = racers
        .iter()
        .cloned()
        .map(|racer| Step::Pay(Box::new(racer)))
        .collect();
    steps.push(Step::Pass);
    for _ in 0..WAITING {
        steps.push(Step::Want(shop.buyer().await));
    }
    steps.shuffle(random);
    let mut running = JoinSet::new();
    for step in steps {
        let shop = shop.clone();
        match step {
            Step::Pass => shop.pass(Duration::from_millis(2)),
            Step::Want(buyer) => drop(running.spawn(async move {
                let _ = shop.buy(buyer, place, 1, "wanted").await;
            })),
            Step::Pay(racer) => drop(running.spawn(async move {
                let id = racer.order.payment.id;
                if racer.behind {
                    charge(&shop, id, &racer.token).await;
                    let _ = shop.commerce.settle(id).await;
                } else {
                    let paid = shop.commerce.confirm(racer.buyer, id, Some(&racer.token));
                    let _ = paid.await;
                }
            })),
        }
        if random.random_bool(0.3) {
            tokio::task::yield_now().await;
        }
    }
    running.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_races_payment_and_one_of_them_wins() {
    let rounds = std::env::var("SOUK_RACE_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let shop = Arc::new(Shop::open().await);
    shop.sandbox.set_webhook(None::<WebhookTarget>);
    let client = reqwest::Client::new();
    let mut random = StdRng::seed_from_u64(30);
    let (mut paid, mut expired, mut given_back) = (0, 0, 0);
    for _ in 0..rounds {
        let place = shop.open_sale(ROUND, 1).await;
        let racers = line_up(&shop, place, &mut random).await;
        shop.pass(Duration::from_secs(u64::from(HOLD_SECONDS)) - Duration::from_millis(1));
        race(&shop, place, &racers, &mut random).await;
        eventually(
            "every order and its money are where they belong",
            || async {
                shop.pass(Duration::from_millis(100));
                for racer in &racers {
                    if !is_settled(&shop, &client, racer).await {
                        return false;
                    }
                }
                true
            },
        )
        .await;
        for racer in &racers {
            let before = shop
                .commerce
                .order(racer.buyer, racer.order.id)
                .await
                .unwrap();
            shop.commerce.settle(racer.order.payment.id).await.unwrap();
            let after = shop
                .commerce
                .order(racer.buyer, racer.order.id)
                .await
                .unwrap();
            assert_eq!(before.status, after.status, "what has ended stays ended");
            match (after.status, after.payment_status) {
                (OrderStatus::Paid, _) => paid += 1,
                (_, PaymentStatus::Refunded) => given_back += 1,
                _ => expired += 1,
            }
        }
        shop.commerce.close_sale(shop.owner, place.0).await.unwrap();
    }
    println!(
        "{} races: {paid} paid, {expired} expired, {given_back} given back",
        rounds * ROUND
    );
    assert!(paid > 0 && expired + given_back > 0, "nobody raced");
    audit(&shop.store).await;
}

/// Money that was taken behind the shop's back is seen by the comparison until it is settled.
#[tokio::test(flavor = "multi_thread")]
async fn the_comparison_sees_money_that_was_kept_for_nothing() {
    let shop = Shop::open().await;
    shop.sandbox.set_webhook(None::<WebhookTarget>);
    let client = reqwest::Client::new();
    let place = shop.open_sale(1, 1).await;
    let (buyer, order) = shop.order(place).await;
    let token = shop.token(buyer, order.payment.id).await;
    let racer = Racer {
        buyer,
        order,
        token,
        behind: true,
    };
    let actor = super::fixture::actor(buyer);
    let id = racer.order.id;
    shop.commerce.cancel_order(actor, id, "").await.unwrap();
    assert!(is_settled(&shop, &client, &racer).await);
    charge(&shop, racer.order.payment.id, &racer.token).await;
    assert!(!is_settled(&shop, &client, &racer).await);
    shop.commerce.settle(racer.order.payment.id).await.unwrap();
    eventually("the money went back", || is_settled(&shop, &client, &racer)).await;
}
