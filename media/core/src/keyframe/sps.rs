//! Sequence parameter sets of H.264 (section 7.3.2.1.1, Annex E) and H.265 (section 7.3.2.2): the
//! real profile, the picture size, and how many pictures a decoder must reorder.
//!
//! For the lint only: what cannot be read is `None` and harms nothing.

use super::bits::Bits;

/// What a sequence parameter set says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sps {
    /// H.264: `profile_idc`, constraint flags and `level_idc`, as in `profile-level-id`. H.265:
    /// `profile_idc`, tier and `level_idc`.
    pub(crate) profile: u32,
    /// Luma samples, without cropping.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pictures that may have to wait for a later one; 0 rules B-frames out, `None` says nothing.
    pub(crate) reorder: Option<u32>,
}

/// Reads an H.264 unit with its one-byte header.
pub(super) fn h264(unit: &[u8]) -> Option<Sps> {
    let profile = unit.get(1..4)?;
    let profile = u32::from_be_bytes([0, profile[0], profile[1], profile[2]]);
    let mut bits = Bits::new(unit.get(4..)?);
    bits.ue()?;
    if matches!(
        profile >> 16,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    ) {
        high_profile(&mut bits)?;
    }
    bits.ue()?;
    let order_type = bits.ue()?;
    match order_type {
        0 => {
            bits.ue()?;
        }
        1 => {
            bits.bit()?;
            bits.se()?;
            bits.se()?;
            for _ in 0..bits.ue()?.min(255) {
                bits.se()?;
            }
        }
        _ => {}
    }
    bits.ue()?;
    bits.bit()?;
    let width = bits.ue()?.checked_add(1)?.checked_mul(16)?;
    let rows = bits.ue()?.checked_add(1)?.checked_mul(16)?;
    let frames_only = bits.bit()?;
    let height = rows.checked_mul(if frames_only { 1 } else { 2 })?;
    let reorder = if order_type == 2 {
        Some(0)
    } else {
        h264_reorder(&mut bits, frames_only)
    };
    Some(Sps {
        profile,
        width,
        height,
        reorder,
    })
}

fn high_profile(bits: &mut Bits<'_>) -> Option<()> {
    let chroma = bits.ue()?;
    if chroma == 3 {
        bits.bit()?;
    }
    bits.ue()?;
    bits.ue()?;
    bits.bit()?;
    if !bits.bit()? {
        return Some(());
    }
    for list in 0..if chroma == 3 { 12 } else { 8 } {
        if !bits.bit()? {
            continue;
        }
        let (mut last, mut next) = (8i32, 8i32);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = last.wrapping_add(bits.se()?) & 0xff;
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}

/// `max_num_reorder_frames` of the bitstream restriction, if the set has one.
fn h264_reorder(bits: &mut Bits<'_>, frames_only: bool) -> Option<u32> {
    if !frames_only {
        bits.bit()?;
    }
    bits.bit()?;
    if bits.bit()? {
        for _ in 0..4 {
            bits.ue()?;
        }
    }
    if !bits.bit()? {
        return None;
    }
    if bits.bit()? && bits.take(8)? == 255 {
        bits.skip(32)?;
    }
    if bits.bit()? {
        bits.bit()?;
    }
    if bits.bit()? {
        bits.skip(4)?;
        if bits.bit()? {
            bits.skip(24)?;
        }
    }
    if bits.bit()? {
        bits.ue()?;
        bits.ue()?;
    }
    if bits.bit()? {
        bits.skip(65)?;
    }
    let (nal, vcl) = (hypothetical_decoder(bits)?, hypothetical_decoder(bits)?);
    if nal || vcl {
        bits.bit()?;
    }
    bits.bit()?;
    if !bits.bit()? {
        return None;
    }
    bits.bit()?;
    for _ in 0..4 {
        bits.ue()?;
    }
    bits.ue()
}

/// Skips HRD parameters; whether there were some.
fn hypothetical_decoder(bits: &mut Bits<'_>) -> Option<bool> {
    if !bits.bit()? {
        return Some(false);
    }
    let count = bits.ue()?.min(31) + 1;
    bits.skip(8)?;
    for _ in 0..count {
        bits.ue()?;
        bits.ue()?;
        bits.bit()?;
    }
    bits.skip(20)?;
    Some(true)
}

/// Reads an H.265 unit with its two-byte header.
pub(super) fn h265(unit: &[u8]) -> Option<Sps> {
    let mut bits = Bits::new(unit.get(2..)?);
    bits.skip(4)?;
    let sub_layers = bits.take(3)?;
    bits.skip(3)?;
    let (tier, profile_id) = (bits.take(1)?, bits.take(5)?);
    bits.skip(32 + 48)?;
    let profile = profile_id << 16 | tier << 8 | bits.take(8)?;
    let mut present = [(false, false); 8];
    for present in present.iter_mut().take(sub_layers as usize) {
        *present = (bits.bit()?, bits.bit()?);
    }
    if sub_layers > 0 {
        bits.skip(2 * (8 - sub_layers))?;
    }
    for (profile, level) in present.into_iter().take(sub_layers as usize) {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    bits.ue()?;
    if bits.ue()? == 3 {
        bits.bit()?;
    }
    let (width, height) = (bits.ue()?, bits.ue()?);
    if bits.bit()? {
        for _ in 0..4 {
            bits.ue()?;
        }
    }
    for _ in 0..3 {
        bits.ue()?;
    }
    let listed = if bits.bit()? { sub_layers + 1 } else { 1 };
    let mut reorder = None;
    for _ in 0..listed {
        bits.ue()?;
        reorder = Some(bits.ue()?);
        bits.ue()?;
    }
    Some(Sps {
        profile,
        width,
        height,
        reorder,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// x264, High, 1280x720, two B-frames (`num_reorder_frames` 2), as FFmpeg writes it.
    const X264_HIGH: &[u8] = &[
        0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03,
        0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
    ];

    #[test]
    fn h264_profile_size_and_reordering_are_read() {
        let sps = h264(X264_HIGH).unwrap();
        assert_eq!(sps.profile, 0x64_00_1f);
        assert_eq!((sps.width, sps.height), (1280, 720));
        assert_eq!(sps.reorder, Some(2));
        assert_eq!(h264(&X264_HIGH[..5]), None, "cut short");
    }

    /// Writes bits, most significant first.
    #[derive(Default)]
    struct Writer(Vec<bool>);

    impl Writer {
        fn put(&mut self, value: u32, count: u32) -> &mut Self {
            self.0
                .extend((0..count).rev().map(|at| value >> at & 1 == 1));
            self
        }
        fn ue(&mut self, value: u32) -> &mut Self {
            let bits = 32 - (value + 1).leading_zeros();
            self.put(0, bits - 1).put(value + 1, bits)
        }
        fn bytes(&self) -> Vec<u8> {
            let byte = |bits: &[bool]| {
                bits.iter()
                    .enumerate()
                    .fold(0, |byte, (at, bit)| byte | u8::from(*bit) << (7 - at))
            };
            // A byte that is never zero keeps emulation prevention out of the test.
            self.0.chunks(8).map(byte).collect()
        }
    }

    #[test]
    fn h265_profile_size_and_reordering_are_read() {
        let mut w = Writer::default();
        w.put(0, 4)
            .put(0, 3)
            .put(1, 1)
            .put(0, 2)
            .put(0, 1)
            .put(1, 5);
        // Ones in place of compatibility and constraint flags.
        w.put(u32::MAX, 32)
            .put(u32::MAX, 32)
            .put(0xffff, 16)
            .put(93, 8);
        w.ue(0)
            .ue(1)
            .ue(1920)
            .ue(1080)
            .put(0, 1)
            .ue(0)
            .ue(0)
            .ue(4)
            .put(1, 1);
        w.ue(4).ue(2).ue(0).put(0x55, 8);
        let unit = [&[0x42, 0x01][..], &w.bytes()].concat();
        let sps = h265(&unit).unwrap();
        assert_eq!(sps.profile, 1 << 16 | 93);
        assert_eq!((sps.width, sps.height, sps.reorder), (1920, 1080, Some(2)));
    }

    proptest! {
        #[test]
        fn any_unit_is_safe(unit in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = (h264(&unit), h265(&unit));
            let long = [X264_HIGH, &unit].concat();
            let _ = h264(&long);
        }
    }
}
