//! Reading bits of a NAL unit: skips the emulation prevention bytes of H.264 and H.265, reads
//! Exp-Golomb codes (H.264 section 9.1). Past the end everything is `None`.

/// A position in the bytes of a NAL unit behind its header.
#[derive(Clone, Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The byte that is being read and how many of its bits are left.
    current: u8,
    left: u8,
    zeros: u8,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            current: 0,
            left: 0,
            zeros: 0,
        }
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        if self.left == 0 {
            self.current = self.byte()?;
            self.left = 8;
        }
        self.left -= 1;
        Some(self.current >> self.left & 1 == 1)
    }

    /// `count` bits, at most 32, the first one the most significant.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = (value << 1) | u32::from(self.bit()?);
        }
        Some(value)
    }

    pub(super) fn skip(&mut self, count: u32) -> Option<()> {
        for _ in 0..count {
            self.bit()?;
        }
        Some(())
    }

    /// An unsigned Exp-Golomb code of at most 32 bits.
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1u32 << zeros) - 1 + self.take(zeros)?)
    }

    /// A signed Exp-Golomb code.
    pub(super) fn se(&mut self) -> Option<i32> {
        let code = i64::from(self.ue()?);
        let value = (code + 1) / 2;
        i32::try_from(if code % 2 == 0 { -value } else { value }).ok()
    }

    fn byte(&mut self) -> Option<u8> {
        let (mut first, mut rest) = self.bytes.split_first()?;
        if self.zeros == 2 && *first == 3 {
            self.zeros = 0;
            (first, rest) = rest.split_first()?;
        }
        self.zeros = if *first == 0 {
            (self.zeros + 1).min(2)
        } else {
            0
        };
        self.bytes = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_and_emulation_prevention_is_skipped() {
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010]);
        let codes = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
        assert_eq!(codes, [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!((bits.se(), bits.bit()), (None, None));
        let mut bits = Bits::new(&[0, 0, 3, 1, 0, 0, 3]);
        assert_eq!(bits.take(24), Some(1));
        assert_eq!(bits.take(16), Some(0));
        assert_eq!(bits.bit(), None);
        assert_eq!(Bits::new(&[0; 9]).ue(), None, "too long a code");
        let mut bits = Bits::new(&[0b0110_1000]);
        assert_eq!((bits.se(), bits.se()), (Some(-1), Some(1)));
    }
}
