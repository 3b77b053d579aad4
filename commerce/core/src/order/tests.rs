//! The order's table, and who may move along it.

use super::*;

const EVENTS: [OrderEvent; 10] = [
    E::Paid,
    E::Expired,
    E::Cancelled,
    E::LatePaid,
    E::Accepted,
    E::ShippedSome,
    E::ShippedAll,
    E::Delivered,
    E::Confirmed,
    E::Refunded,
];

#[test]
fn nothing_leaves_an_order_that_is_called_off_or_given_back() {
    for end in [S::Cancelled, S::Refunded] {
        for event in EVENTS {
            assert!(step(end, event).is_err(), "{end:?} {event:?}");
        }
    }
    assert_eq!(step(S::Expired, E::LatePaid), Ok(S::Paid));
    assert!(step(S::Expired, E::Paid).is_err());
}

#[test]
fn an_order_is_paid_once() {
    for from in STATUSES {
        let can = step(from, E::Paid).is_ok() || step(from, E::LatePaid).is_ok();
        assert_eq!(
            can,
            matches!(from, S::PendingPayment | S::Expired),
            "{from:?}"
        );
    }
}

#[test]
fn what_was_sent_is_never_called_off() {
    for from in [S::PartiallyShipped, S::Shipped, S::Delivered, S::Completed] {
        assert!(step(from, E::Cancelled).is_err(), "{from:?}");
    }
}

#[test]
fn parties_reach_only_what_is_theirs() {
    assert_eq!(
        step_by(Party::Buyer, S::Paid, E::Cancelled),
        Ok(S::Cancelled)
    );
    let late = step_by(Party::Buyer, S::Preparing, E::Cancelled);
    let (from, event) = ("preparing", "cancelled".to_owned());
    assert_eq!(
        late,
        Err(Refusal::InvalidTransition {
            from,
            event,
            allowed: vec![]
        })
    );
    assert!(step_by(Party::Buyer, S::PendingPayment, E::Paid).is_err());
    assert!(step_by(Party::Seller, S::PendingPayment, E::Cancelled).is_err());
    let Err(Refusal::InvalidTransition { allowed, .. }) =
        step_by(Party::Seller, S::Preparing, E::Confirmed)
    else {
        panic!("a seller cannot confirm for the buyer")
    };
    assert_eq!(allowed, ["cancelled", "partially_shipped", "shipped"]);
    for from in STATUSES {
        for event in EVENTS {
            for party in [Party::Buyer, Party::Seller] {
                let reached = step_by(party, from, event);
                assert!(
                    reached.is_err() || reached == step(from, event),
                    "no step of its own"
                );
            }
        }
    }
}

#[test]
fn names_come_back() {
    for status in STATUSES {
        assert_eq!(parse(name(status)), Some(status));
    }
    for status in MONEY {
        assert_eq!(parse_payment(payment_name(status)), Some(status));
    }
    assert_eq!(parse("lost"), None);
    assert_eq!(
        parse_fulfillment("partial"),
        Some(FulfillmentStatus::Partial)
    );
}

#[test]
fn money_is_whole_partly_back_or_back() {
    let of = |returned| payment_name(money_status(100, returned));
    assert_eq!(
        [of(0), of(1), of(99), of(100)],
        [
            "paid",
            "partially_refunded",
            "partially_refunded",
            "refunded"
        ]
    );
}
