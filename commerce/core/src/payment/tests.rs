use signaling_wire::Currency;

use super::*;

fn charge() -> Charge {
    Charge {
        total: Some(Money {
            amount: 12_900,
            currency: Currency::Krw,
        }),
        store_id: "store-souk".to_owned(),
        live: Some(false),
        cancelled: 0,
        transaction: "tx".to_owned(),
        receipt_url: None,
    }
}

fn needed() -> Needed {
    Needed {
        total: Money {
            amount: 12_900,
            currency: Currency::Krw,
        },
        store_id: Some("store-souk".to_owned()),
        live: false,
    }
}

#[test]
fn only_the_right_charge_counts_as_paid() {
    assert_eq!(judge(&Report::Paid(charge()), &needed()), Some(E::Paid));
    let wrong = [
        Charge {
            total: Some(Money {
                amount: 12_899,
                currency: Currency::Krw,
            }),
            ..charge()
        },
        Charge {
            total: Some(Money {
                amount: 12_900,
                currency: Currency::Jpy,
            }),
            ..charge()
        },
        Charge {
            total: None,
            ..charge()
        },
        Charge {
            store_id: "store-other".to_owned(),
            ..charge()
        },
        Charge {
            live: Some(true),
            ..charge()
        },
        Charge {
            cancelled: 1,
            ..charge()
        },
    ];
    for charge in wrong {
        assert_eq!(
            judge(&Report::Paid(charge.clone()), &needed()),
            Some(E::Mismatch),
            "{charge:?}"
        );
    }
    let live = Needed {
        live: true,
        ..needed()
    };
    assert_eq!(
        judge(&Report::Paid(charge()), &live),
        Some(E::Mismatch),
        "a test charge"
    );
}

#[test]
fn an_open_payment_means_nothing_yet() {
    assert_eq!(judge(&Report::Open, &needed()), None);
}

#[test]
fn a_payment_in_flight_neither_expires_nor_starts_again() {
    for state in [S::Confirming, S::Unknown] {
        assert!(step(state, E::Expire).is_err());
        assert!(step(state, E::Confirm).is_err());
    }
}

#[test]
fn a_late_approval_is_taken_and_a_paid_one_is_not_charged_again() {
    assert_eq!(step(S::Failed, E::Paid), Ok(S::Paid));
    assert_eq!(step(S::Expired, E::Paid), Ok(S::Paid));
    assert!(step(S::Paid, E::Confirm).is_err());
    assert!(
        step(S::Paid, E::Paid).is_err(),
        "a second report changes nothing"
    );
    assert!(transition::is_final(STEPS, S::Cancelled));
}

#[test]
fn each_step_is_listed_once_and_names_come_back() {
    for (index, (from, event, _)) in STEPS.iter().enumerate() {
        let again = STEPS[index + 1..]
            .iter()
            .any(|(f, e, _)| f == from && e == event);
        assert!(!again, "{from:?} {event:?} twice");
    }
    for state in PaymentState::ALL {
        assert_eq!(PaymentState::parse(state.name()), Some(state));
    }
}
