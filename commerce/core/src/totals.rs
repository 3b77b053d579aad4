//! What a checkout costs, to the last minor unit.
//!
//! Parts always sum to their whole: tax is cut by the largest remainder (as coupons cut their
//! discounts), units of a line by the difference of two roundings down. Products are counted in
//! 128 bits.

use crate::money::MoneyError;

/// Value added tax contained in a consumer price: one eleventh (10 % on top of the supply value).
const VAT_PARTS: i64 = 11;
/// One hundred percent, in the unit of commission rates.
pub const BPS_WHOLE: i64 = 10_000;

/// A line to be priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Price of one unit.
    pub unit: i64,
    /// Units.
    pub quantity: u32,
    /// What coupons take off it; beyond what it costs, no more than that.
    pub discount: i64,
    /// Whether the price contains no value added tax.
    pub tax_free: bool,
}

/// A line as it is frozen with the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Price times units.
    pub items: i64,
    /// What it has of the discount.
    pub discount: i64,
    /// What is paid for it.
    pub total: i64,
    /// What it has of the tax, contained in `total`.
    pub tax: i64,
}

/// An order as it is frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// All lines before discounts.
    pub items: i64,
    /// What is taken off.
    pub discount: i64,
    /// What sending costs.
    pub shipping: i64,
    /// Value added tax contained in `total`.
    pub tax: i64,
    /// The part of `total` without value added tax.
    pub tax_free: i64,
    /// What is to be paid.
    pub total: i64,
}

/// Prices an order with one seller.
///
/// # Errors
/// [`MoneyError::Range`] when a sum cannot be counted, or for a negative amount.
pub fn price(items: &[Item], shipping: i64) -> Result<(Vec<Line>, Totals), MoneyError> {
    if shipping < 0 || items.iter().any(|item| item.unit < 0 || item.discount < 0) {
        return Err(MoneyError::Range);
    }
    let costs = items
        .iter()
        .map(|item| item.unit.checked_mul(i64::from(item.quantity)))
        .collect::<Option<Vec<i64>>>()
        .ok_or(MoneyError::Range)?;
    let cost = add_all(&costs)?;
    let discounts: Vec<i64> = costs
        .iter()
        .zip(items)
        .map(|(cost, item)| item.discount.min(*cost))
        .collect();
    let paid: Vec<i64> = costs.iter().zip(&discounts).map(|(c, d)| c - d).collect();
    // The shipping is one more part that is taxed.
    let mut taxed: Vec<i64> = paid
        .iter()
        .zip(items)
        .map(|(paid, item)| if item.tax_free { 0 } else { *paid })
        .collect();
    taxed.push(shipping);
    let taxable = add_all(&taxed)?;
    let tax = vat(taxable);
    let taxes = split(tax, &taxed);
    let total = add_all(&paid)?
        .checked_add(shipping)
        .ok_or(MoneyError::Range)?;
    let lines = (0..items.len())
        .map(|index| Line {
            items: costs[index],
            discount: discounts[index],
            total: paid[index],
            tax: taxes[index],
        })
        .collect();
    let totals = Totals {
        items: cost,
        discount: add_all(&discounts)?,
        shipping,
        tax,
        tax_free: total - taxable,
        total,
    };
    Ok((lines, totals))
}

/// Cuts an amount in proportion to weights, by the largest remainder; among equal remainders the
/// earlier part gets more. The parts sum to the amount. Without any weight the first part gets all.
pub fn split(amount: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if whole <= 0 {
        let mut parts = vec![0; weights.len()];
        if let Some(first) = parts.first_mut() {
            *first = amount;
        }
        return parts;
    }
    let exact = |weight: &i64| i128::from(amount) * i128::from(*weight);
    let mut parts: Vec<i64> = weights
        .iter()
        .map(|weight| narrow(exact(weight).div_euclid(whole)))
        .collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| std::cmp::Reverse(exact(&weights[*index]).rem_euclid(whole)));
    let short = amount - parts.iter().sum::<i64>();
    let short = usize::try_from(short).unwrap_or(0);
    for index in by_remainder.into_iter().take(short) {
        parts[index] += 1;
    }
    parts
}

/// The value added tax in a consumer price: what is left beside the supply value, which is
/// rounded half up.
pub fn vat(taxable: i64) -> i64 {
    let twice = i128::from(taxable) * i128::from((VAT_PARTS - 1) * 2) + i128::from(VAT_PARTS);
    taxable - narrow(twice.div_euclid(i128::from(VAT_PARTS * 2)))
}

/// What `units` more of a line are worth, after `before` units were given back already. All units
/// together are worth exactly the line.
pub fn share(total: i64, quantity: u32, before: u32, units: u32) -> i64 {
    let upto = |units: u32| {
        let units = units.min(quantity);
        match quantity {
            0 => 0,
            _ => narrow((i128::from(total) * i128::from(units)).div_euclid(i128::from(quantity))),
        }
    };
    upto(before.saturating_add(units)) - upto(before)
}

/// The marketplace's part of a line, rounded half up.
pub fn commission(total: i64, rate_bps: i64) -> i64 {
    let twice = i128::from(total) * i128::from(rate_bps) * 2 + i128::from(BPS_WHOLE);
    narrow(twice.div_euclid(i128::from(BPS_WHOLE) * 2))
}

fn add_all(parts: &[i64]) -> Result<i64, MoneyError> {
    parts
        .iter()
        .try_fold(0_i64, |sum, part| sum.checked_add(*part))
        .ok_or(MoneyError::Range)
}

/// Quotients here lie between zero and an amount that was 64 bits wide.
fn narrow(wide: i128) -> i64 {
    i64::try_from(wide).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
