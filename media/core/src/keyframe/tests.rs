use proptest::prelude::*;

use super::*;

fn classify(codec: &Codec, payload: &[u8]) -> Key {
    look(codec, payload).0
}

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

const H265: Codec = Codec::H265 {
    profile_id: 1,
    tier: 0,
    level_id: 93,
};
const AV1: Codec = Codec::Av1 { profile: 0 };

#[test]
fn h265_units_aggregates_and_fragments() {
    assert_eq!(classify(&H265, &[32 << 1, 1, 9]), Key::Start, "VPS");
    for kind in [33, 16, 19, 20, 21] {
        assert_eq!(classify(&H265, &[kind << 1, 1, 9]), Key::Slice, "{kind}");
    }
    for kind in [0, 1, 9, 22, 34, 35, 39] {
        assert_eq!(classify(&H265, &[kind << 1, 1, 9]), Key::No, "{kind}");
    }
    let ap = [96, 1, 0, 3, 64, 1, 5, 0, 3, 66, 1, 5];
    assert_eq!(classify(&H265, &ap), Key::Start, "VPS and SPS in one");
    assert_eq!(classify(&H265, &ap[..9]), Key::No, "runs past the end");
    let fu = |header| [98, 1, header, 7];
    assert_eq!(classify(&H265, &fu(0x80 | 19)), Key::Slice);
    assert_eq!(classify(&H265, &fu(19)), Key::No, "not the first fragment");
    assert_eq!(classify(&H265, &fu(0x80 | 1)), Key::No);
    assert_eq!(classify(&H265, &[98, 1]), Key::No);
    assert_eq!(classify(&H265, &[38]), Key::No);
}

#[test]
fn av1_sequences_begin_at_the_sequence_header() {
    // Aggregation header with N and W=2: a sequence header of two bytes, then a key frame.
    assert_eq!(classify(&AV1, &[0x28, 2, 0x08, 9, 0x30, 0x10]), Key::Start);
    assert_eq!(
        classify(&AV1, &[0x20, 2, 0x08, 9, 0x30, 0x10]),
        Key::Start,
        "N forgotten, yet a key frame"
    );
    assert_eq!(
        classify(&AV1, &[0x20, 2, 0x08, 9, 0x30, 0x30]),
        Key::No,
        "a sequence header repeated before an inter frame"
    );
    assert_eq!(classify(&AV1, &[0x18, 0x30, 0x10]), Key::No, "no header");
    assert_eq!(
        classify(&AV1, &[0xa8, 2, 0x08, 9, 0x30, 0x10]),
        Key::No,
        "goes on with an earlier element"
    );
    assert_eq!(
        classify(&AV1, &[0x08, 1, 0x10, 2, 0x08, 9, 2, 0x30, 0x10]),
        Key::Start,
        "a length in front of every element, and a temporal delimiter"
    );
}

/// B-R7: lengths that run past the end, LEB128 without an end, and the like.
#[test]
fn b_r7_broken_payloads_are_no_keyframes() {
    let broken: [(&Codec, &[u8]); 8] = [
        (
            &AV1,
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ),
        (&AV1, &[0x08, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x08]),
        (&AV1, &[0x28, 9, 0x08]),
        (&AV1, &[0x18, 0x0e]),
        (&H264, &[24, 0xff, 0xff, 0x67]),
        (&H265, &[96, 1, 0xff, 0xff, 64]),
        (&VP9, &[0xa8]),
        (&Codec::Vp8, &[0x90, 0xff]),
    ];
    for (codec, payload) in broken {
        assert_eq!(
            look(codec, payload),
            (Key::No, Svc::default()),
            "{payload:?}"
        );
    }
}

#[test]
fn layers_of_vp9_and_av1_are_told() {
    let (key, svc) = look(&VP9, &[0xb8 | 0x04, 0x81, 0x02, 0x52]);
    assert_eq!(key, Key::No, "upper spatial layer");
    assert_eq!((svc.has_info, svc.temporal, svc.spatial), (true, 2, 1));
    assert!(svc.switch_up && svc.begins && svc.ends);
    assert!(!look(&VP9, &[0x8c, 0x81, 0x02]).1.has_info, "no layers");
    // OBU_FRAME with extension: temporal 1, spatial 2.
    let (_, svc) = look(&AV1, &[0x10, 0x34, 0x30, 0x30]);
    assert_eq!((svc.has_info, svc.temporal, svc.spatial), (true, 1, 2));
    assert!(svc.begins && svc.ends);
    assert!(!look(&AV1, &[0x50, 0x34, 0x30, 0x30]).1.ends, "goes on");
}

#[test]
fn b_slices_are_told_from_p_slices() {
    // first_mb_in_slice 0, slice_type 6 (B), 5 (P).
    let (b, p) = (0b1001_1100, 0b1001_1000);
    assert!(begins_b_slice(&H264, &[0x01, b]));
    assert!(!begins_b_slice(&H264, &[0x41, p]));
    assert!(begins_b_slice(&H264, &[0x1c, 0x81, b]));
    assert!(!begins_b_slice(&H264, &[0x1c, 0x01, b]), "inside of a unit");
    assert!(!begins_b_slice(&H264, &[0x65, b]));
    assert!(!begins_b_slice(&H264, &[0x01]));
}

proptest! {
    #[test]
    fn any_payload_is_safe(payload in proptest::collection::vec(any::<u8>(), 0..40)) {
        for codec in [H264, H265, Codec::Vp8, VP9, AV1, Codec::Opus] {
            let _ = (look(&codec, &payload), begins_b_slice(&codec, &payload));
            let mut sets = ParameterSets::default();
            let _ = (sets.observe(&codec, &payload), sets.payloads(&codec, 1_200));
        }
    }
}
