//! Bounds of what can be sold.

/// Most units in one stock row. Far below what sums of `i64` could overflow on.
pub const UNITS_MAX: u32 = 1_000_000_000;
/// Highest price of one unit, minor units.
pub const UNIT_PRICE_MAX: i64 = 1_000_000_000_000;
/// Most products in one sale.
pub const SALE_ITEMS_MAX: usize = 100;
/// Shortest hold, seconds.
pub const HOLD_SECONDS_MIN: u32 = 1;
/// Longest hold, seconds.
pub const HOLD_SECONDS_MAX: u32 = 15 * 60;

const _: () = assert!(
    UNIT_PRICE_MAX
        .checked_mul(signaling_wire::limits::ORDER_QUANTITY_MAX as i64)
        .is_some(),
    "a line's total always fits"
);
