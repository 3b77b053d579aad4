//! Which answers of a provider differ from our books, and in what.

use signaling_wire::Currency;

use super::*;

const ID: u128 = 7;

fn money(amount: i64) -> Money {
    Money {
        amount,
        currency: Currency::Krw,
    }
}

fn head(state: PaymentState, promised: i64, returned: i64) -> Head {
    Head {
        payment: PaymentId::from_parts(1, ID),
        group: OrderGroupId::from_parts(1, ID),
        buyer: UserId::from_parts(1, ID),
        state,
        amount: money(1_000),
        tax_free: 0,
        promised,
        returned,
        attempts: 1,
        checks: 0,
        confirming_at: None,
    }
}

fn charge() -> Charge {
    Charge {
        total: Some(money(1_000)),
        store_id: "store".to_owned(),
        live: Some(true),
        cancelled: 0,
        transaction: "tx".to_owned(),
        receipt_url: None,
    }
}

fn named(head: &Head, report: &Report) -> Vec<String> {
    let ours = PaymentRecord {
        id: head.payment,
        group_id: head.group,
        buyer_id: head.buyer,
        provider: "portone_v2".to_owned(),
        state: head.state.name().to_owned(),
        amount: head.amount,
        promised: money(head.promised),
        returned: money(head.returned),
        transaction: Some("tx".to_owned()),
        next_check_ms: None,
        paid_ms: None,
        created_ms: 1,
    };
    let needed = Needed {
        total: head.amount,
        store_id: Some("store".to_owned()),
        live: true,
    };
    let found = differences(head, &ours, report, &needed);
    found.into_iter().map(|each| each.what).collect()
}

#[test]
fn what_agrees_is_not_named() {
    let back = |cancelled| Charge {
        cancelled,
        ..charge()
    };
    for (head, report) in [
        (head(PaymentState::Created, 0, 0), Report::Open),
        (head(PaymentState::Paid, 0, 0), Report::Paid(charge())),
        (head(PaymentState::Confirming, 0, 0), Report::Open),
        (head(PaymentState::Unknown, 0, 0), Report::Paid(charge())),
        // A refund that is on its way may have arrived or not.
        (head(PaymentState::Paid, 300, 0), Report::Paid(charge())),
        (head(PaymentState::Paid, 300, 0), Report::Paid(back(300))),
        (
            head(PaymentState::PartiallyCancelled, 300, 300),
            Report::Paid(back(300)),
        ),
        (
            head(PaymentState::Cancelled, 0, 0),
            Report::Cancelled(back(1_000)),
        ),
    ] {
        assert!(named(&head, &report).is_empty(), "{head:?} {report:?}");
    }
}

#[test]
fn every_difference_has_a_name() {
    let paid = || head(PaymentState::Paid, 0, 0);
    let changed = |change: fn(&mut Charge)| {
        let mut charge = charge();
        change(&mut charge);
        Report::Paid(charge)
    };
    let table: [(Head, Report, &[&str]); 10] = [
        (paid(), Report::Open, &["state"]),
        (
            head(PaymentState::Expired, 0, 0),
            Report::Paid(charge()),
            &["state"],
        ),
        (
            head(PaymentState::Cancelled, 0, 0),
            Report::Paid(charge()),
            &["state", "returned"],
        ),
        (
            paid(),
            changed(|charge| charge.total = Some(money(999))),
            &["charged"],
        ),
        (paid(), changed(|charge| charge.total = None), &["charged"]),
        (
            paid(),
            changed(|charge| charge.store_id = "other".to_owned()),
            &["store_id"],
        ),
        (
            paid(),
            changed(|charge| charge.live = Some(false)),
            &["live"],
        ),
        (
            paid(),
            changed(|charge| charge.transaction = "ty".to_owned()),
            &["transaction"],
        ),
        (
            paid(),
            changed(|charge| charge.cancelled = 1),
            &["returned"],
        ),
        (
            head(PaymentState::PartiallyCancelled, 300, 300),
            Report::Paid(charge()),
            &["returned"],
        ),
    ];
    for (head, report, expected) in table {
        assert_eq!(named(&head, &report), expected, "{head:?} {report:?}");
    }
}
