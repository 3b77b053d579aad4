//! Sums of parts, over whatever is ordered.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = (
        0..=2_000_000_000_i64,
        1..=99_u32,
        0..=i64::MAX / 64,
        any::<bool>(),
    )
        .prop_map(|(unit, quantity, discount, tax_free)| Item {
            unit,
            quantity,
            discount,
            tax_free,
        });
    proptest::collection::vec(item, 1..20)
}

proptest! {
    #[test]
    fn lines_sum_to_the_order(items in items(), shipping in 0..=100_000_i64) {
        let (lines, order) = price(&items, shipping).unwrap();
        let sum = |of: fn(&Line) -> i64| lines.iter().map(of).sum::<i64>();
        prop_assert_eq!(sum(|line| line.items), order.items);
        prop_assert_eq!(sum(|line| line.discount), order.discount);
        prop_assert_eq!(sum(|line| line.total) + shipping, order.total);
        prop_assert_eq!(order.items - order.discount + shipping, order.total);
        prop_assert!(sum(|line| line.tax) <= order.tax && order.tax <= order.total);
        for (line, item) in lines.iter().zip(&items) {
            prop_assert!(line.discount >= 0 && line.discount <= line.items);
            prop_assert_eq!(line.total, line.items - line.discount);
            prop_assert!(line.tax >= 0 && line.tax <= line.total);
            prop_assert!(!item.tax_free || line.tax == 0);
        }
        prop_assert!(order.tax_free >= 0 && order.tax_free <= order.total);
    }

    #[test]
    fn a_split_is_within_one_of_the_exact_share(
        amount in 0..=i64::MAX / 2,
        weights in proptest::collection::vec(0..=i64::MAX / 1000, 1..50),
    ) {
        let parts = split(amount, &weights);
        prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(amount));
        let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if whole > 0 {
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = i128::from(amount) * i128::from(*weight);
                let off = i128::from(*part) * whole - exact;
                prop_assert!(off.abs() < whole, "{part} of {weight}");
            }
        }
    }

    #[test]
    fn units_given_back_one_by_one_are_worth_the_line(total in 0..=i64::MAX, quantity in 1..=99_u32, cut in 0..=99_u32) {
        let one_by_one: i64 = (0..quantity).map(|unit| share(total, quantity, unit, 1)).sum();
        prop_assert_eq!(one_by_one, total);
        let cut = cut.min(quantity);
        prop_assert_eq!(share(total, quantity, 0, cut) + share(total, quantity, cut, quantity - cut), total);
        prop_assert!(share(total, quantity, 0, cut) >= 0);
    }

    #[test]
    fn tax_and_supply_make_the_price(taxable in 0..=i64::MAX / 20) {
        let tax = vat(taxable);
        prop_assert!(tax >= 0);
        // Within half a unit of an eleventh.
        prop_assert!((i128::from(tax) * 22 - i128::from(taxable) * 2).abs() <= 11, "{tax}");
    }

    #[test]
    fn a_commission_is_never_more_than_the_line(total in 0..=i64::MAX, bps in 0..=BPS_WHOLE) {
        let fee = commission(total, bps);
        prop_assert!((0..=total).contains(&fee));
    }
}

#[test]
fn what_people_pay_in_seoul() {
    let item = |unit, quantity, discount, tax_free| Item {
        unit,
        quantity,
        discount,
        tax_free,
    };
    let basket = [
        item(12_900, 2, 425, false),
        item(5_000, 1, 82, true),
        item(9_990, 3, 493, false),
    ];
    let (lines, order) = price(&basket, 3_000).unwrap();
    assert_eq!((order.items, order.total), (60_770, 62_770));
    let discounts: Vec<i64> = lines.iter().map(|line| line.discount).collect();
    assert_eq!(discounts, [425, 82, 493]);
    assert_eq!(order.tax, vat(62_770 - (5_000 - 82)));
    assert_eq!((vat(11_000), vat(12_900), vat(0)), (1_000, 1_173, 0));
    assert_eq!(split(10, &[1, 1, 1]), [4, 3, 3]);
    assert_eq!(commission(12_900, 350), 452);
}

#[test]
fn sums_that_cannot_be_counted_are_refused() {
    let item = |unit, quantity, discount| Item {
        unit,
        quantity,
        discount,
        tax_free: false,
    };
    let range = Err(MoneyError::Range);
    assert_eq!(price(&[item(i64::MAX, 2, 0)], 0), range);
    assert_eq!(price(&[item(i64::MAX, 1, 0), item(1, 1, 0)], 0), range);
    assert_eq!(price(&[item(i64::MAX, 1, 0)], 1), range);
    assert_eq!(price(&[item(-1, 1, 0)], 0), range);
    assert_eq!(price(&[item(1, 1, -1)], 0), range);
    assert_eq!(price(&[item(1, 1, 0)], -1), range);
}
