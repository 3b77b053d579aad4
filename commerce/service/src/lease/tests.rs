//! What a lease is good for, and what it is not.
#![allow(clippy::unwrap_used)]

use signaling_wire::UserId;

use super::*;

const NOW: i64 = 1_795_000_000_000_000;

fn promise() -> Promise {
    Promise {
        sale: SaleId::from_parts(1, 1),
        product: ProductId::from_parts(1, 2),
        variant: VariantId::from_parts(1, 3),
        price: Money {
            amount: 9_900,
            currency: Currency::Krw,
        },
        expires_ms: clock::us_to_ms(NOW) + 1,
    }
}

fn demand(variant: Option<VariantId>) -> Demand {
    Demand {
        buyer: UserId::from_parts(1, 9),
        product: promise().product,
        variant,
        quantity: 1,
        expected: None,
        promised: None,
    }
}

#[test]
fn what_was_signed_reads_and_nothing_else_does() {
    let key = LeaseKey::new(b"one");
    let lease = key.sign(&promise());
    assert_eq!(key.read(&lease), Some(promise()));
    assert!(lease.len() <= limits::LEASE_CHARS_MAX);
    assert_eq!(LeaseKey::new(b"two").read(&lease), None, "another key");
    for at in 0..lease.len() {
        let mut forged = lease.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        // The last character of base64 has bits that mean nothing; such a twin is the same lease.
        let read = key.read(&forged);
        assert!(read.is_none() || read == Some(promise()), "{forged}");
    }
    let (text, seal) = lease.split_once('.').unwrap();
    let cheaper = String::from_utf8(URL_SAFE_NO_PAD.decode(text).unwrap())
        .unwrap()
        .replace("|9900|", "|1|");
    let cheaper = format!("{}.{seal}", URL_SAFE_NO_PAD.encode(cheaper));
    for bad in [
        &cheaper,
        "",
        ".",
        text,
        &format!("{text}."),
        &"A".repeat(5_000),
    ] {
        assert_eq!(key.read(bad), None, "{bad}");
    }
}

#[test]
fn a_lease_holds_for_its_variant_of_its_sale_and_for_its_time() {
    let sale = promise().sale;
    let with = Presented::Promise(promise());
    for variant in [None, Some(promise().variant)] {
        let demand = with.applied(&demand(variant), sale, NOW).unwrap();
        assert_eq!(demand.promised, Some(promise().price));
        assert_eq!(demand.variant, Some(promise().variant));
    }
    let other = Some(VariantId::from_parts(1, 4));
    let refused = with.applied(&demand(other), sale, NOW).unwrap_err();
    assert_eq!(refused, Refusal::OfferInvalid);
    let elsewhere = with.applied(&demand(None), SaleId::from_parts(1, 7), NOW);
    assert_eq!(elsewhere.unwrap_err(), Refusal::OfferInvalid);
    let late = with.applied(&demand(None), sale, NOW + 1_000);
    assert_eq!(late.unwrap_err(), Refusal::OfferExpired);
    let forged = Presented::Forgery.applied(&demand(None), sale, NOW);
    assert_eq!(forged.unwrap_err(), Refusal::OfferInvalid);
    let without = Presented::Nothing
        .applied(&demand(None), sale, NOW)
        .unwrap();
    assert_eq!(without.promised, None);
}
