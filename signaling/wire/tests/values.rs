//! Ids, money and problem codes: one spelling each, and none that two things share.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use signaling_wire::{
    CardId, CartId, CategoryId, ChatMessageId, Code, CouponId, Currency, LocationId, Money,
    OrderId, OrderLineId, PaymentId, Problem, ProductId, PromotionId, ReservationId, ReviewId,
    SaleId, SellerId, StreamId, UserId, VariantId,
};

#[test]
fn every_code_has_a_key_of_its_own_and_an_error_status() {
    let mut keys = BTreeSet::new();
    for code in Code::ALL.iter().copied() {
        assert!(keys.insert(code.key()), "{} twice", code.key());
        assert!((400..600).contains(&code.status()), "{}", code.key());
        assert!(!code.title().is_empty());
        assert!(
            code.key()
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        );
        assert_eq!(serde_json::to_value(code).unwrap(), Value::from(code.key()));
        let back: Code = serde_json::from_value(Value::from(code.key())).unwrap();
        assert_eq!(back, code);
    }
    assert!(serde_json::from_value::<Code>(Value::from("no_such_code")).is_err());
}

#[test]
fn problems_carry_their_facts_flat() {
    let problem = Problem::new(Code::OutOfStock, "2 left")
        .with("available", 2)
        .retry_after(1);
    let value = serde_json::to_value(&problem).unwrap();
    assert_eq!(
        value,
        json!({"type": "urn:souk:problem:out_of_stock", "title": "Out of stock", "status": 409,
            "code": "out_of_stock", "detail": "2 left", "retry_after": 1, "available": 2})
    );
    assert_eq!(serde_json::from_value::<Problem>(value).unwrap(), problem);
}

#[test]
fn ids_have_prefixes_of_their_own() {
    let prefixes = [
        UserId::PREFIX,
        SellerId::PREFIX,
        StreamId::PREFIX,
        ProductId::PREFIX,
        CardId::PREFIX,
        SaleId::PREFIX,
        ReservationId::PREFIX,
        OrderId::PREFIX,
        OrderLineId::PREFIX,
        PaymentId::PREFIX,
        ChatMessageId::PREFIX,
        VariantId::PREFIX,
        CategoryId::PREFIX,
        LocationId::PREFIX,
        ReviewId::PREFIX,
        CartId::PREFIX,
        PromotionId::PREFIX,
        CouponId::PREFIX,
    ];
    assert_eq!(BTreeSet::from(prefixes).len(), prefixes.len());
}

#[test]
fn ids_have_one_spelling() {
    let id = OrderId::from_parts(1_795_000_000_000, 7);
    let text = id.to_string();
    assert_eq!(text.len(), 30);
    assert_eq!(id.unix_ms(), 1_795_000_000_000);
    assert_eq!(text.parse::<OrderId>().unwrap(), id);
    assert_eq!(
        PaymentId::from_parts(1, 1).to_string().len(),
        27,
        "some gateways take no more"
    );
    let digits = &text[4..];
    for wrong in [
        String::new(),
        digits.to_owned(),
        format!("sal_{digits}"),
        text.to_lowercase(),
        text[..29].to_owned(),
        format!("{text}0"),
        format!("ord_8{}", &digits[1..]),
        format!("ord_{}", "U".repeat(26)),
        format!("ord_{}I", &digits[..25]),
        format!(" {text}"),
        "ord_한글한글한글한글ab".to_owned(),
    ] {
        assert!(wrong.parse::<OrderId>().is_err(), "{wrong:?} was taken");
    }
    assert!(text.parse::<SaleId>().is_err());
}

#[test]
fn money_names_a_known_currency() {
    for code in ["KRW", "JPY", "USD", "EUR"] {
        let currency: Currency = code.parse().unwrap();
        assert_eq!(currency.code(), code);
        let money = Money {
            amount: -5,
            currency,
        };
        let value = serde_json::to_value(money).unwrap();
        assert_eq!(value, json!({"amount": -5, "currency": code}));
        assert_eq!(serde_json::from_value::<Money>(value).unwrap(), money);
    }
    assert!("krw".parse::<Currency>().is_err());
    assert!(serde_json::from_value::<Money>(json!({"amount": 1.5, "currency": "KRW"})).is_err());
    assert!(serde_json::from_value::<Money>(json!({"amount": 1, "currency": "BTC"})).is_err());
}

proptest! {
    #[test]
    fn every_id_reads_back(ms in 0u64..(1 << 48), random: u128) {
        let id = StreamId::from_parts(ms, random);
        prop_assert_eq!(id.to_string().parse::<StreamId>().unwrap(), id);
        prop_assert_eq!(serde_json::from_value::<StreamId>(serde_json::to_value(id).unwrap()).unwrap(), id);
        prop_assert_eq!(id.unix_ms(), ms);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let _ = signaling_wire::decode_client(&bytes);
        let _ = signaling_wire::decode_server(&bytes);
    }
}
