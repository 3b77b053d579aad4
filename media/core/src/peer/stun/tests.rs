//! Reading of good and bad STUN; sizes of what we answer.
#![allow(clippy::unwrap_used)]

use super::*;

const PASSWORD: &str = "a-password-of-22-chars";

fn check() -> Check<'static> {
    Check {
        id: [7; 12],
        username: "ours:theirs",
        password: PASSWORD,
        tie_breaker: 1,
        use_candidate: true,
        controlled: false,
        extra: None,
    }
}

#[test]
fn a_check_is_read_back_and_authenticated() {
    let raw = request(&check()).unwrap();
    let reading = Reading::parse(&raw).unwrap();
    assert_eq!(reading.kind, Kind::Request);
    assert_eq!(reading.local_ufrag(), Some("ours"));
    assert!(reading.use_candidate && !reading.controlled);
    assert_eq!(reading.transaction().0, [7; 12]);
    assert!(reading.is_authentic(PASSWORD));
    assert!(!reading.is_authentic("another-password-of-22"));
}

#[test]
fn b_s9_answers_are_authentic_and_never_larger_than_the_question() {
    let request = request(&check()).unwrap();
    for to in [
        "192.0.2.1:5000",
        "[2001:db8::1]:5000",
        "[::ffff:192.0.2.1]:5000",
    ] {
        let raw = success(TransactionId([7; 12]), to.parse().unwrap(), PASSWORD).unwrap();
        let reading = Reading::parse(&raw).unwrap();
        assert_eq!(reading.kind, Kind::Success);
        assert!(reading.is_authentic(PASSWORD));
        assert!(
            raw.len() <= request.len(),
            "{to}: {} > {}",
            raw.len(),
            request.len()
        );
    }
    let raw = error(TransactionId([7; 12]), 420, Some(0x7777), PASSWORD).unwrap();
    let reading = Reading::parse(&raw).unwrap();
    assert_eq!((reading.kind, reading.error_code), (Kind::Error, Some(420)));
    assert!(raw.len() <= request.len());
}

#[test]
fn b_s3_every_flipped_byte_is_noticed() {
    let raw = request(&check()).unwrap();
    for at in 0..raw.len() {
        let mut broken = raw.clone();
        broken[at] ^= 0x10;
        let authentic = Reading::parse(&broken).is_some_and(|it| it.is_authentic(PASSWORD));
        assert!(!authentic, "byte {at}");
    }
    for cut in 0..raw.len() {
        assert!(Reading::parse(&raw[..cut]).is_none(), "cut {cut}");
    }
}

#[test]
fn b_s1_b_s4_b_s8_malformed_messages_are_not_read() {
    let good = request(&check()).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut raw = good.clone();
        change(&mut raw);
        raw
    };
    let set_length = |raw: &mut Vec<u8>| {
        let length = (raw.len() - HEADER) as u16;
        raw[2..4].copy_from_slice(&length.to_be_bytes());
    };
    let many = with(&|raw| {
        raw.truncate(HEADER);
        for _ in 0..200 {
            raw.extend_from_slice(&[0x80, 0x99, 0, 0]);
        }
        set_length(raw);
    });
    let duplicate_name = with(&|raw| {
        raw.truncate(HEADER);
        raw.extend_from_slice(&[
            0, 6, 0, 4, b'a', b':', b'b', b'c', 0, 6, 0, 4, b'a', b':', b'b', b'c',
        ]);
        set_length(raw);
    });
    let long_name = with(&|raw| {
        raw.truncate(HEADER);
        raw.extend_from_slice(&[0, 6, 2, 4]);
        raw.extend_from_slice(&[b'a'; 516]);
        set_length(raw);
    });
    let past_the_end = with(&|raw| {
        raw.truncate(HEADER);
        raw.extend_from_slice(&[0, 6, 0, 200, b'a', b':', b'b', b'c']);
        set_length(raw);
    });
    let behind_fingerprint = with(&|raw| {
        raw.extend_from_slice(&[0x80, 0x99, 0, 0]);
        set_length(raw);
    });
    for (name, raw) in [
        ("empty", Vec::new()),
        ("19 bytes", good[..19].to_vec()),
        ("cookie", with(&|raw| raw[4] = 0)),
        ("length not by four", with(&|raw| raw[3] += 1)),
        ("length past the datagram", with(&|raw| raw[3] += 4)),
        ("length before the end", with(&|raw| raw[3] -= 4)),
        ("TURN allocate", with(&|raw| raw[1] = 3)),
        ("TURN channel data", with(&|raw| raw[0] = 0x40)),
        ("many attributes", many),
        ("duplicate name", duplicate_name),
        ("long name", long_name),
        ("attribute past the end", past_the_end),
        ("attribute behind FINGERPRINT", behind_fingerprint),
    ] {
        assert!(Reading::parse(&raw).is_none(), "{name}");
    }
}

#[test]
fn b_s3_a_message_without_integrity_or_fingerprint_is_not_authentic() {
    let raw = request(&check()).unwrap();
    let mut no_fingerprint = raw[..raw.len() - 8].to_vec();
    let length = (no_fingerprint.len() - HEADER) as u16;
    no_fingerprint[2..4].copy_from_slice(&length.to_be_bytes());
    assert!(
        !Reading::parse(&no_fingerprint)
            .unwrap()
            .is_authentic(PASSWORD)
    );
    let mut bare = raw[..raw.len() - 32].to_vec();
    let length = (bare.len() - HEADER) as u16;
    bare[2..4].copy_from_slice(&length.to_be_bytes());
    assert!(!Reading::parse(&bare).unwrap().is_authentic(PASSWORD));
}

#[test]
fn b_s5_an_unknown_required_attribute_is_named_and_an_optional_one_is_not() {
    let raw = request(&Check {
        extra: Some((0x7777, vec![1, 2, 3])),
        ..check()
    })
    .unwrap();
    assert_eq!(
        Reading::parse(&raw).unwrap().unknown_required(),
        Some(0x7777)
    );
    let raw = request(&Check {
        extra: Some((0xc057, vec![0; 4])),
        ..check()
    })
    .unwrap();
    assert_eq!(Reading::parse(&raw).unwrap().unknown_required(), None);
}
