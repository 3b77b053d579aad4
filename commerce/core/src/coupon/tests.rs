//! Discounts by a table, and the shares of any discount by properties.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn seller(n: u128) -> SellerId {
    SellerId::from_parts(1, n)
}

fn line(of: u128, amount: i64) -> Line {
    let currency = Currency::Krw;
    Line {
        seller: seller(of),
        total: Money { amount, currency },
    }
}

fn percent(basis_points: u32) -> Terms {
    Terms {
        seller: None,
        currency: Currency::Krw,
        discount: Discount::Percent { basis_points },
        most: None,
        minimum: 0,
        starts_us: None,
        ends_us: None,
    }
}

#[test]
fn terms_are_kept() {
    let lines = [line(1, 10_000), line(2, 5_000)];
    let fifteen = percent(1_500);
    assert_eq!(apply(&fifteen, &lines, 0).unwrap(), [1_500, 750]);
    let of_one = Terms {
        seller: Some(seller(2)),
        ..fifteen
    };
    assert_eq!(apply(&of_one, &lines, 0).unwrap(), [0, 750]);
    let capped = Terms {
        most: Some(100),
        ..fifteen
    };
    assert_eq!(apply(&capped, &lines, 0).unwrap(), [67, 33]);
    let all = Terms {
        discount: Discount::Amount { amount: 1_000_000 },
        ..fifteen
    };
    assert_eq!(apply(&all, &lines, 0).unwrap(), [10_000, 5_000]);
    let table = [
        (
            Terms {
                minimum: 15_001,
                ..fifteen
            },
            Why::Minimum,
        ),
        (
            Terms {
                starts_us: Some(1),
                ..fifteen
            },
            Why::NotStarted,
        ),
        (
            Terms {
                ends_us: Some(0),
                ..fifteen
            },
            Why::Ended,
        ),
        (
            Terms {
                currency: Currency::Usd,
                ..fifteen
            },
            Why::NothingEligible,
        ),
        (
            Terms {
                seller: Some(seller(3)),
                ..fifteen
            },
            Why::NothingEligible,
        ),
    ];
    for (terms, why) in table {
        assert_eq!(apply(&terms, &lines, 0), Err(why));
    }
}

#[test]
fn one_code_has_one_spelling() {
    for text in ["HARU10", "haru10", " haru-10 ", "Haru 10"] {
        assert_eq!(code_key(text).as_deref(), Some("HARU10"), "{text}");
    }
    for text in [
        "",
        "a",
        "하루10",
        "ＨＡＲＵ10",
        "HARU_10",
        "ﬀﬀﬀ",
        &"A".repeat(41),
    ] {
        assert_eq!(code_key(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn shares_sum_to_the_whole_and_exceed_nothing(
        parts in prop::collection::vec(0..1_000_000_000_i64, 1..20), of in 0.0..1.0_f64,
    ) {
        let whole: i64 = parts.iter().sum();
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let amount = ((whole as f64) * of) as i64;
        let shares = spread(amount, &parts, whole);
        prop_assert_eq!(shares.iter().sum::<i64>(), if whole > 0 { amount } else { 0 });
        for (share, part) in shares.iter().zip(&parts) {
            prop_assert!((0..=*part).contains(share));
        }
    }
}
