//! Discounts: what a promotion takes off, and whether it does.
//!
//! The terms are compared here; the limits (total, per buyer, budget) are compared again by the
//! statements that count a use, and by CHECKs of their tables.

use serde::{Deserialize, Serialize};
use signaling_wire::{Currency, Money, SellerId};

use crate::limits::{COUPON_CODE_CHARS_MAX, COUPON_CODE_CHARS_MIN};

/// What is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Discount {
    /// A part, in hundredths of a percent; 1 to 10,000.
    Percent {
        /// 1,500 is 15 %.
        basis_points: u32,
    },
    /// An amount, never more than what is bought.
    Amount {
        /// Minor units.
        amount: i64,
    },
}

/// What a promotion says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Of whose goods; `None` is of everybody's.
    pub seller: Option<SellerId>,
    /// In which currency.
    pub currency: Currency,
    /// What is taken off.
    pub discount: Discount,
    /// Most that is taken off at once, minor units.
    pub most: Option<i64>,
    /// Least that must be bought, minor units.
    pub minimum: i64,
    /// From when, microseconds since 1970.
    pub starts_us: Option<i64>,
    /// Until when, not included.
    pub ends_us: Option<i64>,
}

/// A line that a coupon may apply to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Whose goods.
    pub seller: SellerId,
    /// What they cost, all of them.
    pub total: Money,
}

/// Why a coupon does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No such code, or one that was called off.
    Unknown,
    /// Later.
    NotStarted,
    /// It was.
    Ended,
    /// Nothing that it is for is being bought.
    NothingEligible,
    /// Too little is being bought.
    Minimum,
    /// All uses, or the whole budget, are gone.
    UsedUp,
    /// This buyer has had their uses.
    PerBuyer,
}

impl Why {
    /// The stable key.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotStarted => "not_started",
            Self::Ended => "ended",
            Self::NothingEligible => "nothing_eligible",
            Self::Minimum => "minimum",
            Self::UsedUp => "used_up",
            Self::PerBuyer => "per_buyer",
        }
    }
}

/// What the terms take off `lines` at a time; the discount of each line, which sum to the whole.
///
/// # Errors
/// [`Why`] not.
pub fn apply(terms: &Terms, lines: &[Line], now_us: i64) -> Result<Vec<i64>, Why> {
    if terms.starts_us.is_some_and(|starts| now_us < starts) {
        return Err(Why::NotStarted);
    }
    if terms.ends_us.is_some_and(|ends| now_us >= ends) {
        return Err(Why::Ended);
    }
    let eligible = |line: &Line| {
        line.total.currency == terms.currency
            && terms.seller.is_none_or(|seller| seller == line.seller)
    };
    let parts: Vec<i64> = lines
        .iter()
        .map(|line| if eligible(line) { line.total.amount } else { 0 })
        .collect();
    let whole = parts
        .iter()
        .try_fold(0_i64, |sum, part| sum.checked_add(*part))
        .ok_or(Why::NothingEligible)?;
    if whole <= 0 {
        return Err(Why::NothingEligible);
    }
    if whole < terms.minimum {
        return Err(Why::Minimum);
    }
    let off = match terms.discount {
        Discount::Percent { basis_points } => {
            let off = i128::from(whole) * i128::from(basis_points.min(10_000)) / 10_000;
            i64::try_from(off).unwrap_or(whole)
        }
        Discount::Amount { amount } => amount.min(whole),
    };
    let off = off.min(terms.most.unwrap_or(i64::MAX)).clamp(0, whole);
    Ok(spread(off, &parts, whole))
}

/// Spreads an amount over parts by largest remainder: the shares sum to it, none exceeds its part,
/// and of equal remainders the earlier part is served first.
pub fn spread(amount: i64, parts: &[i64], whole: i64) -> Vec<i64> {
    if whole <= 0 {
        return vec![0; parts.len()];
    }
    let share = |part: &i64| i128::from(amount) * i128::from(*part);
    let mut shares: Vec<i64> = parts
        .iter()
        .map(|part| i64::try_from(share(part) / i128::from(whole)).unwrap_or(0))
        .collect();
    let mut left = amount - shares.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(share(&parts[*index]) % i128::from(whole)));
    for index in order {
        if left > 0 && shares[index] < parts[index] {
            shares[index] += 1;
            left -= 1;
        }
    }
    shares
}

/// The one spelling of a code: capitals and digits. `None` if it is no code.
pub fn code_key(code: &str) -> Option<String> {
    let key: String = code
        .trim()
        .chars()
        .filter(|c| *c != '-' && *c != ' ')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let fits = (COUPON_CODE_CHARS_MIN..=COUPON_CODE_CHARS_MAX).contains(&key.chars().count());
    (fits && key.chars().all(|c| c.is_ascii_alphanumeric())).then_some(key)
}

#[cfg(test)]
mod tests;
