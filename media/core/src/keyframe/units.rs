//! The NAL units that one packet of H.264 or H.265 carries whole: one, or several behind their
//! lengths (STAP-A of RFC 6184 section 5.7.1, AP of RFC 7798 section 4.4.2).

use super::Key;

/// Walks over the units. A unit that runs past the end is `None`, and the last one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Units<'a> {
    /// The packet is the unit.
    One(&'a [u8]),
    /// What follows the header of an aggregation packet.
    Aggregate(&'a [u8]),
    /// Nothing whole is left.
    End,
}

impl<'a> Iterator for Units<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        match *self {
            Units::One(unit) => {
                *self = Units::End;
                Some(Some(unit))
            }
            Units::Aggregate([high, low, tail @ ..]) => {
                let len = usize::from(u16::from_be_bytes([*high, *low]));
                let unit = tail.get(..len);
                *self = Units::Aggregate(tail.get(len..).unwrap_or_default());
                Some(unit)
            }
            Units::Aggregate(_) | Units::End => None,
        }
    }
}

impl Units<'_> {
    /// The best that a unit is to a decoder, by `judge`; nothing where a unit is not whole.
    pub(super) fn best(self, judge: impl Fn(&[u8]) -> Key) -> Key {
        let mut best = Key::No;
        for unit in self {
            let Some(unit) = unit else {
                return Key::No;
            };
            match judge(unit) {
                Key::Start => best = Key::Start,
                Key::Slice if best == Key::No => best = Key::Slice,
                Key::Slice | Key::No => {}
            }
        }
        best
    }
}
