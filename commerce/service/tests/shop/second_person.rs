//! Checklist 56: large refunds take two people.

use commerce_core::Refusal;
use commerce_service::{
    Actor, Checkout, LineUnits, NewRefund, RefundApproval, Refunded, ServiceError,
};
use commerce_store::sql;
use signaling_wire::{UserId, frame::shop::PaymentStatus};

use super::{
    audit::audit,
    checkout::{money_back, paid, variant},
    fixture::{Shop, actor},
};

/// Units whose price is just above the amount from which on two people must want it.
const MANY: u32 = 78;

/// A shop with a large order that is paid.
async fn large() -> (Shop, UserId, Checkout) {
    let shop = Shop::open().await;
    let (buyer, placed) = paid(&shop, variant(&shop, 99).await, MANY).await;
    (shop, buyer, placed)
}

fn operator(of: UserId) -> Actor {
    Actor {
        user: of,
        admin: true,
    }
}

/// So many units; all that are left if 0.
async fn refund(
    (shop, placed): (&Shop, &Checkout),
    quantity: u32,
    key: &str,
) -> Result<Refunded, ServiceError> {
    let order = &placed.orders[0];
    let line = |quantity| LineUnits {
        line_id: order.lines[0].id,
        quantity,
    };
    let new = NewRefund {
        order_id: order.id,
        lines: Some(quantity)
            .filter(|n| *n > 0)
            .map(line)
            .into_iter()
            .collect(),
        shipping: false,
        restock: false,
        reason: "kindness".to_owned(),
    };
    let payment = order.payment.id;
    shop.commerce
        .refund(shop.owner, payment, new, key.to_owned())
        .await
}

fn asked(refunded: Result<Refunded, ServiceError>) -> RefundApproval {
    match refunded.unwrap() {
        Refunded::Asked(waiting) => waiting,
        Refunded::Done(done) => panic!("{done:?}"),
    }
}

fn done(refunded: &Result<Refunded, ServiceError>) -> bool {
    matches!(refunded, Ok(Refunded::Done(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn c56_a_large_refund_waits_for_somebody_else() {
    let (shop, buyer, placed) = large().await;
    let (commerce, order) = (&shop.commerce, placed.orders[0].id);
    let waiting = asked(refund((&shop, &placed), 0, "all").await);
    assert_eq!(
        (waiting.amount.amount, waiting.state.as_str()),
        (1_006_200, "waiting")
    );
    assert!(
        commerce
            .refunds(shop.owner, order)
            .await
            .unwrap()
            .is_empty()
    );
    audit(&shop.store).await;
    let again = asked(refund((&shop, &placed), 0, "all").await);
    assert_eq!(again, waiting, "the same key is the same request");
    let same = commerce.approve_refund(shop.owner, waiting.id).await;
    assert!(matches!(same, Err(ServiceError::SecondPerson)), "{same:?}");
    let stranger = actor(shop.buyer().await);
    for foreign in [stranger, actor(buyer)] {
        let approved = commerce.approve_refund(foreign, waiting.id).await.map(drop);
        let refused = commerce.refuse_refund(foreign, waiting.id).await.map(drop);
        for outcome in [approved, refused] {
            assert!(
                matches!(outcome, Err(ServiceError::NotFound("refund"))),
                "{outcome:?}"
            );
        }
        assert!(commerce.waiting_refunds(foreign, (None, 0)).await.is_err());
    }
    let boss = operator(shop.buyer().await);
    let list = commerce.waiting_refunds(boss, (None, 0)).await.unwrap();
    assert_eq!(list.data, std::slice::from_ref(&waiting));
    let refund_made = commerce.approve_refund(boss, waiting.id).await.unwrap();
    assert_eq!(
        (refund_made.id, refund_made.amount),
        (waiting.id, waiting.amount)
    );
    money_back(&shop, buyer, &placed, PaymentStatus::Refunded).await;
    let late = commerce.approve_refund(boss, waiting.id).await;
    assert!(matches!(late, Err(ServiceError::Conflict(_))), "{late:?}");
    assert!(
        done(&refund((&shop, &placed), 0, "all").await),
        "the key finds it"
    );
    let known = commerce.refund_approvals(shop.owner, order).await.unwrap();
    assert_eq!(
        (known[0].state.as_str(), known[0].decided_by),
        ("approved", Some(boss.user))
    );
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c56_small_refunds_of_an_order_come_to_a_large_one() {
    let (shop, _, placed) = large().await;
    assert!(done(&refund((&shop, &placed), MANY - 1, "most").await));
    let last = asked(refund((&shop, &placed), 1, "last").await);
    assert_eq!(last.amount.amount, 12_900);
    let other = refund((&shop, &placed), 1, "other").await;
    assert!(
        matches!(other, Err(ServiceError::Conflict(_))),
        "one waits at a time: {other:?}"
    );
    let boss = operator(shop.buyer().await);
    let refused = shop.commerce.refuse_refund(boss, last.id).await.unwrap();
    assert_eq!(
        (refused.state.as_str(), refused.decided_by),
        ("refused", Some(boss.user))
    );
    let next = asked(refund((&shop, &placed), 1, "next").await);
    let own = shop
        .commerce
        .refuse_refund(shop.owner, next.id)
        .await
        .unwrap();
    assert_eq!((own.state.as_str(), own.decided_by), ("withdrawn", None));
    let late = shop.commerce.approve_refund(boss, next.id).await;
    assert!(matches!(late, Err(ServiceError::Conflict(_))), "{late:?}");
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c56_of_many_who_agree_at_once_one_decides_and_only_for_what_was_asked() {
    let (shop, buyer, placed) = large().await;
    let waiting = asked(refund((&shop, &placed), 0, "all").await);
    // A unit goes back meanwhile: what would go back now is another amount.
    assert!(done(&refund((&shop, &placed), 1, "one").await));
    let boss = operator(shop.buyer().await);
    let other = shop.commerce.approve_refund(boss, waiting.id).await;
    assert!(matches!(other, Err(ServiceError::Conflict(_))), "{other:?}");
    audit(&shop.store).await;
    shop.commerce.refuse_refund(boss, waiting.id).await.unwrap();
    let waiting = asked(refund((&shop, &placed), 0, "rest").await);
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (commerce, boss) = (shop.commerce.clone(), operator(shop.buyer().await));
        race.spawn(async move { commerce.approve_refund(boss, waiting.id).await });
    }
    let outcomes = race.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|one| one.is_ok()).count(),
        1,
        "{outcomes:?}"
    );
    money_back(&shop, buyer, &placed, PaymentStatus::Refunded).await;
    let more = refund((&shop, &placed), 1, "more").await;
    let none = matches!(
        more,
        Err(ServiceError::Refused(Refusal::LineExhausted { .. }))
    );
    assert!(none, "{more:?}");
    audit(&shop.store).await;
}

/// The database's word, which holds whatever the code above it does.
#[tokio::test(flavor = "multi_thread")]
async fn c56_nobody_can_be_written_down_as_their_own_second() {
    let (shop, _, placed) = large().await;
    let waiting = asked(refund((&shop, &placed), 0, "all").await);
    let forge = |by: &'static str| {
        let id = waiting.id.to_string();
        shop.store.write(move |conn| {
            let id = id.clone();
            Box::pin(async move {
                let forged = sql::query(by).bind(id).execute(conn).await;
                forged.map(|done| done.rows_affected())
            })
        })
    };
    let own = "UPDATE refund_approval SET state = 'approved', decided_by = asked_by WHERE id = ?";
    let nobody = "UPDATE refund_approval SET state = 'approved' WHERE id = ?";
    assert!(forge(own).await.is_err());
    assert!(forge(nobody).await.is_err());
    let taken_back = "UPDATE refund_approval SET state = 'withdrawn' WHERE id = ?";
    assert_eq!(forge(taken_back).await.unwrap(), 1, "the control");
}
