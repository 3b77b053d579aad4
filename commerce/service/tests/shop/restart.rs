//! What a restart keeps: orders, holds with their time, payments in flight; and who is fenced off.

use commerce_store::sql;
use std::time::Duration;

use commerce_core::Refusal;
use commerce_sandbox::{ConfirmFault, Faults};
use commerce_service::{ServiceError, ServiceError::Refused};
use signaling_wire::frame::shop::OrderStatus;

use super::{
    audit::audit,
    fixture::{HOLD_SECONDS, Shop, eventually},
};

const HOLD: Duration = Duration::from_secs(HOLD_SECONDS as u64);

#[tokio::test(flavor = "multi_thread")]
async fn orders_keys_and_holds_survive_with_their_time() {
    let shop = Shop::open().await;
    let place = shop.open_sale(2, 2).await;
    let (buyer, order) = shop.order(place).await;
    shop.pass(HOLD - Duration::from_secs(1));
    let shop = shop.restart().await;
    assert_eq!(shop.commerce.order(buyer, order.id).await.unwrap(), order);
    let again = shop.buy(buyer, place, 1, "first").await.unwrap();
    assert!(
        again.replayed && again.order == order,
        "the key still stands for the order"
    );
    assert_eq!(shop.stock(place.0).await.held, 1);
    let other = shop.buyer().await;
    shop.buy(other, place, 1, "key").await.unwrap();
    let refused = shop.buy(other, place, 1, "more").await;
    assert!(matches!(
        refused,
        Err(Refused(Refusal::OutOfStock { available: 0 }))
    ));
    shop.pass(Duration::from_secs(1));
    shop.buy(other, place, 1, "more").await.unwrap();
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_in_flight_is_reconciled_after_the_restart() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let (buyer, order) = shop.order(place).await;
    let payment = order.payment.id;
    let token = shop.token(buyer, payment).await;
    shop.sandbox.set_faults(Faults {
        confirm: ConfirmFault::TimeoutAfterCharge,
        hang_ms: 3_000,
        lookup_unavailable_times: 1,
        ..Faults::default()
    });
    shop.commerce
        .confirm(buyer, payment, Some(&token))
        .await
        .unwrap();
    // As if the process had died while the provider was being asked.
    shop.store
        .write(move |conn| {
            Box::pin(async move {
                let sql =
                    "UPDATE payment SET state = 'confirming', next_check_at = NULL WHERE id = ?";
                let done = sql::query(sql)
                    .bind(payment.to_string())
                    .execute(conn)
                    .await?;
                assert_eq!(done.rows_affected(), 1);
                Ok(())
            })
        })
        .await
        .unwrap();
    shop.pass(HOLD * 3);
    let shop = shop.restart().await;
    eventually("the order is paid", || async {
        shop.pass(Duration::from_secs(1));
        shop.commerce.order(buyer, order.id).await.unwrap().status == OrderStatus::Paid
    })
    .await;
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequencer_that_lost_its_sale_writes_nothing() {
    let shop = Shop::open().await;
    let place = shop.open_sale(5, 5).await;
    shop.order(place).await;
    let sale = place.0;
    shop.store
        .write(move |conn| {
            Box::pin(async move {
                let sql = "UPDATE sale SET owner_epoch = owner_epoch + 1 WHERE id = ?";
                sql::query(sql).bind(sale.to_string()).execute(conn).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    let buyer = shop.buyer().await;
    let fenced = shop.buy(buyer, place, 1, "key").await;
    assert!(matches!(fenced, Err(ServiceError::Busy)), "{fenced:?}");
    assert_eq!(shop.stock(sale).await.held, 1, "nothing was written");
    // The next purchase finds a sequencer that took the sale over anew.
    eventually("the sale is served again", || async {
        shop.buy(buyer, place, 1, "key").await.is_ok()
    })
    .await;
    assert_eq!(shop.stock(sale).await.held, 2);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_answers_everybody() {
    let shop = Shop::open().await;
    let place = shop.open_sale(500, 1).await;
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (commerce, buyer) = (shop.commerce.clone(), shop.buyer().await);
        let buy = super::fixture::command(place, 1, "key");
        race.spawn(async move { commerce.buy(buyer, buy).await });
    }
    let (outcomes, ()) = tokio::join!(race.join_all(), shop.commerce.stop());
    let placed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let told = |outcome: &Result<_, ServiceError>| {
        matches!(
            outcome,
            Ok(_) | Err(ServiceError::Busy | ServiceError::Stopping)
        )
    };
    assert!(outcomes.iter().all(told));
    let held = shop.stock(place.0).await.held;
    assert_eq!(
        usize::try_from(held).unwrap(),
        placed,
        "told and written agree"
    );
    audit(&shop.store).await;
}
