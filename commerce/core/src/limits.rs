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
/// How long an unpaid hold outlives its buyer's connection, seconds: time to come back.
pub const HOLD_GRACE_SECONDS: u32 = 30;

/// Most options of a product.
pub const OPTIONS_MAX: usize = 3;
/// Most values of an option.
pub const OPTION_VALUES_MAX: usize = 30;
/// Most variants of a product.
pub const VARIANTS_MAX: usize = 100;
/// Longest search term, characters.
pub const TERM_CHARS_MAX: usize = 24;
/// Most search terms of a product.
pub const TERMS_MAX: usize = 400;
/// Most words of a search.
pub const QUERY_WORDS_MAX: usize = 4;
/// Shortest coupon code, characters.
pub const COUPON_CODE_CHARS_MIN: usize = 4;
/// Longest coupon code, characters.
pub const COUPON_CODE_CHARS_MAX: usize = 40;

const _: () = assert!(
    UNIT_PRICE_MAX
        .checked_mul(signaling_wire::limits::ORDER_QUANTITY_MAX as i64)
        .is_some(),
    "a line's total always fits"
);
