//! Arithmetic on money: whole minor units, one currency, no overflow, no floats.

use signaling_wire::{Currency, Money};

/// Why a sum does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The parts are in different currencies.
    #[error("currencies differ")]
    Currency,
    /// The amount leaves the range of 64 bits.
    #[error("amount out of range")]
    Range,
}

/// The price of `quantity` units.
///
/// # Errors
/// [`MoneyError::Range`] when it cannot be counted.
pub fn times(unit: Money, quantity: u32) -> Result<Money, MoneyError> {
    let amount = unit
        .amount
        .checked_mul(i64::from(quantity))
        .ok_or(MoneyError::Range)?;
    Ok(Money { amount, ..unit })
}

/// The sum of amounts in one currency; zero of `currency` if there are none.
///
/// # Errors
/// [`MoneyError`] when the currencies differ or the sum cannot be counted.
pub fn sum(
    currency: Currency,
    parts: impl IntoIterator<Item = Money>,
) -> Result<Money, MoneyError> {
    parts.into_iter().try_fold(
        Money {
            amount: 0,
            currency,
        },
        |total, part| {
            if part.currency != currency {
                return Err(MoneyError::Currency);
            }
            let amount = total
                .amount
                .checked_add(part.amount)
                .ok_or(MoneyError::Range)?;
            Ok(Money { amount, currency })
        },
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const WON: Money = Money {
        amount: 12_900,
        currency: Currency::Krw,
    };

    #[test]
    fn totals_are_exact_or_refused() {
        assert_eq!(times(WON, 3).unwrap().amount, 38_700);
        assert_eq!(
            times(
                Money {
                    amount: i64::MAX,
                    ..WON
                },
                2
            ),
            Err(MoneyError::Range)
        );
        assert_eq!(sum(Currency::Krw, [WON, WON]).unwrap().amount, 25_800);
        assert_eq!(sum(Currency::Krw, []).unwrap().amount, 0);
        let dollars = Money {
            amount: 1,
            currency: Currency::Usd,
        };
        assert_eq!(
            sum(Currency::Krw, [WON, dollars]),
            Err(MoneyError::Currency)
        );
        let most = Money {
            amount: i64::MAX,
            ..WON
        };
        assert_eq!(sum(Currency::Krw, [most, WON]), Err(MoneyError::Range));
    }
}
