//! Claims by their tables.

use super::*;

#[test]
fn goods_are_looked_at_before_money_goes_back() {
    for from in S::ALL {
        let paid = step(ClaimKind::Return, from, E::Refund);
        assert_eq!(paid.is_ok(), from == S::Inspected, "{from:?}");
    }
    assert_eq!(
        step(ClaimKind::Cancel, S::Approved, E::Refund),
        Ok(S::Refunded)
    );
    assert!(
        step(ClaimKind::Cancel, S::Approved, E::Collect).is_err(),
        "nothing was sent"
    );
}

#[test]
fn a_return_ends_in_money_an_exchange_in_either() {
    let refused = step(ClaimKind::Return, S::Inspected, E::Exchange);
    let Err(Refusal::InvalidTransition { allowed, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        allowed,
        ["refunded", "partially_refunded", "rejected_returned"]
    );
    assert!(step(ClaimKind::Exchange, S::Inspected, E::Exchange).is_ok());
    assert!(step(ClaimKind::Exchange, S::Inspected, E::Refund).is_ok());
}

#[test]
fn ended_claims_stay_ended() {
    use ClaimState::{
        Exchanged, PartiallyRefunded, Refunded, Rejected, RejectedReturned, Withdrawn,
    };
    let ends = [
        Refunded,
        PartiallyRefunded,
        Exchanged,
        Rejected,
        Withdrawn,
        RejectedReturned,
    ];
    for state in S::ALL {
        assert_eq!(state.is_open(), !ends.contains(&state), "{state:?}");
        assert_eq!(S::parse(state.name()), Some(state));
    }
}

#[test]
fn what_arrived_comes_back_within_seven_days_or_for_a_fault() {
    use OrderStatus::{Completed, Delivered, Paid, Preparing, Shipped};
    let day = 86_400_000_000;
    let admit = |fault, status, days: Option<i64>| {
        admit(
            ClaimKind::Return,
            fault,
            status,
            days.map(|days| days * day),
        )
    };
    assert_eq!(admit(false, Delivered, Some(7)), Ok(()));
    assert_eq!(
        admit(false, Delivered, Some(8)),
        Err(Refusal::ReturnWindowClosed)
    );
    assert_eq!(admit(true, Delivered, Some(8)), Ok(()));
    assert_eq!(
        admit(false, Completed, Some(1)),
        Err(Refusal::ReturnWindowClosed)
    );
    assert_eq!(admit(true, Completed, Some(90)), Ok(()));
    assert_eq!(admit(false, Shipped, None), Ok(()));
    assert!(admit(false, Paid, None).is_err(), "call it off instead");
    assert!(admit(false, Preparing, None).is_err());
    assert_eq!(
        super::admit(ClaimKind::Cancel, false, Preparing, None),
        Ok(())
    );
}
