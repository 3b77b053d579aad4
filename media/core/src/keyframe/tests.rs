use proptest::prelude::*;

use super::*;

const H264: Codec = Codec::H264 {
    profile_level_id: 0x42_e0_1f,
    packetization_mode: 1,
};
const VP9: Codec = Codec::Vp9 { profile: 0 };

#[test]
fn h264_single_units() {
    assert_eq!(classify(&H264, &[0x67, 1, 2]), Key::Start);
    assert_eq!(classify(&H264, &[0x65, 1, 2]), Key::Slice);
    assert_eq!(classify(&H264, &[0x68, 1]), Key::No);
    assert_eq!(classify(&H264, &[0x41, 1]), Key::No);
    assert_eq!(classify(&H264, &[]), Key::No);
}

#[test]
fn h264_aggregates() {
    assert_eq!(
        classify(&H264, &[24, 0, 2, 0x67, 1, 0, 1, 0x68]),
        Key::Start
    );
    assert_eq!(
        classify(&H264, &[24, 0, 1, 0x09, 0, 2, 0x65, 1]),
        Key::Slice
    );
    assert_eq!(classify(&H264, &[24, 0, 1, 0x65, 0, 1, 0x67]), Key::Start);
    assert_eq!(classify(&H264, &[24, 0, 1, 0x41]), Key::No);
    assert_eq!(
        classify(&H264, &[24, 0, 1, 0x67, 0, 9, 1]),
        Key::No,
        "runs past the end"
    );
}

#[test]
fn h264_fragments() {
    assert_eq!(classify(&H264, &[0x7c, 0x85, 1]), Key::Slice);
    assert_eq!(
        classify(&H264, &[0x7c, 0x05, 1]),
        Key::No,
        "not the first fragment"
    );
    assert_eq!(classify(&H264, &[0x7c, 0x87, 1]), Key::Start);
    assert_eq!(classify(&H264, &[0x7c, 0x81, 1]), Key::No);
    assert_eq!(classify(&H264, &[0x7c]), Key::No);
}

#[test]
fn vp8_frames() {
    assert_eq!(classify(&Codec::Vp8, &[0x10, 0x00]), Key::Start);
    assert_eq!(classify(&Codec::Vp8, &[0x10, 0x01]), Key::No, "inter frame");
    assert_eq!(
        classify(&Codec::Vp8, &[0x00, 0x00]),
        Key::No,
        "not the first packet"
    );
    assert_eq!(
        classify(&Codec::Vp8, &[0x11, 0x00]),
        Key::No,
        "second partition"
    );
    assert_eq!(
        classify(&Codec::Vp8, &[0x90, 0xf0, 0x81, 2, 3, 4, 0x00]),
        Key::Start
    );
    assert_eq!(classify(&Codec::Vp8, &[0x90, 0x80, 0x01, 0x00]), Key::Start);
    assert_eq!(
        classify(&Codec::Vp8, &[0x90, 0x80, 0x81]),
        Key::No,
        "cut short"
    );
}

#[test]
fn vp9_frames() {
    assert_eq!(classify(&VP9, &[0x08]), Key::Start);
    assert_eq!(classify(&VP9, &[0x88, 0x81, 0x02]), Key::Start);
    assert_eq!(classify(&VP9, &[0x48]), Key::No, "inter frame");
    assert_eq!(classify(&VP9, &[0x00]), Key::No, "not the first packet");
    assert_eq!(classify(&VP9, &[0xa8, 0x01, 0x00]), Key::Start);
    assert_eq!(
        classify(&VP9, &[0xa8, 0x01, 0x02]),
        Key::No,
        "upper spatial layer"
    );
    assert_eq!(classify(&VP9, &[0x88]), Key::No, "cut short");
}

proptest! {
    #[test]
    fn any_payload_is_safe(payload in proptest::collection::vec(any::<u8>(), 0..40)) {
        for codec in [H264, Codec::Vp8, VP9, Codec::Opus] {
            let _ = classify(&codec, &payload);
        }
    }
}
