//! Taking units of several variants off the shelf at once: all of them, or none.
//!
//! Demand of one variant is summed before it is compared, a line is served from one place, and the
//! caller has locked the rows in the order of their ids.

use std::collections::BTreeMap;

use signaling_wire::VariantId;

use crate::{ledger::Level, refusal::Short};

/// A stock row of a shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShelfRow {
    /// The row's own id.
    pub id: i64,
    /// What lies there.
    pub variant: VariantId,
    /// As it is locked.
    pub level: Level,
}

/// Units that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// Of which variant.
    pub variant: VariantId,
    /// How many.
    pub quantity: u32,
}

/// Chooses a row for each want, in order; `picks[i]` is the row of `wants[i]`.
///
/// # Errors
/// The variants that no row has enough of, with what one line could still have, by variant.
pub fn pick(rows: &[ShelfRow], wants: &[Want]) -> Result<Vec<i64>, Vec<Short>> {
    let mut left: BTreeMap<VariantId, BTreeMap<i64, i64>> = BTreeMap::new();
    for row in rows {
        let places = left.entry(row.variant).or_default();
        places.insert(row.id, row.level.available());
    }
    let mut picks = Vec::with_capacity(wants.len());
    let mut short = BTreeMap::new();
    for want in wants {
        let places = left.entry(want.variant).or_default();
        let units = i64::from(want.quantity);
        match places
            .iter_mut()
            .find(|(_, available)| **available >= units)
        {
            Some((row, available)) => {
                *available -= units;
                picks.push(*row);
            }
            None => {
                let most = places.values().copied().max().unwrap_or(0);
                let available = u32::try_from(most).unwrap_or(0);
                short.insert(want.variant, available);
            }
        }
    }
    if short.is_empty() {
        return Ok(picks);
    }
    let short = short.into_iter();
    Err(short
        .map(|(variant, available)| Short { variant, available })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(n: u128) -> VariantId {
        VariantId::from_parts(1, n)
    }

    fn row(id: i64, of: u128, on_hand: i64, held: i64) -> ShelfRow {
        let level = Level {
            on_hand,
            held,
            committed: 0,
        };
        ShelfRow {
            id,
            variant: variant(of),
            level,
        }
    }

    fn want(of: u128, quantity: u32) -> Want {
        Want {
            variant: variant(of),
            quantity,
        }
    }

    #[test]
    fn the_first_place_with_enough_serves_a_line() {
        let rows = [row(1, 1, 2, 0), row(2, 1, 9, 1), row(3, 2, 1, 0)];
        let picked = pick(&rows, &[want(1, 3), want(1, 2), want(2, 1)]);
        assert_eq!(picked, Ok(vec![2, 1, 3]));
    }

    #[test]
    fn demand_of_one_variant_is_summed() {
        let short = pick(&[row(1, 1, 3, 0)], &[want(1, 2), want(1, 2)]);
        assert_eq!(
            short,
            Err(vec![Short {
                variant: variant(1),
                available: 1
            }])
        );
    }

    #[test]
    fn all_that_is_short_is_named() {
        let short = pick(
            &[row(1, 1, 3, 2), row(2, 3, 9, 0)],
            &[want(1, 2), want(2, 1), want(3, 9)],
        );
        let named = vec![
            Short {
                variant: variant(1),
                available: 1,
            },
            Short {
                variant: variant(2),
                available: 0,
            },
        ];
        assert_eq!(short, Err(named));
    }
}
