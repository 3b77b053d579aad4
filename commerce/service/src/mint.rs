//! New ids: the clock of the process and fresh randomness, put into the wire's shape.

/// Eighty random bits and more; ids take what they need.
pub(crate) fn random() -> u128 {
    rand::random()
}

/// Makes an id of the wanted kind at a time of the database.
macro_rules! mint {
    ($id:ty, $now_us:expr) => {
        <$id>::from_parts(
            commerce_store::clock::us_to_ms($now_us),
            $crate::mint::random(),
        )
    };
}
pub(crate) use mint;
