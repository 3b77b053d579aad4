//! What is sealed opens for its user, in its place, with its master key, and for nobody else.
#![allow(clippy::unwrap_used)]

use super::*;

fn user(n: u128) -> UserId {
    UserId::from_parts(1, n)
}

fn key(n: u128, byte: u8) -> UserKey {
    UserKey {
        user: user(n),
        key: Key::new([byte; 32]),
    }
}

#[test]
fn what_is_sealed_opens_in_its_place_alone() {
    let anna = key(1, 7);
    let sealed = anna.seal("address/adr_1", "서울 중구 🏠").unwrap();
    assert_eq!(anna.open("address/adr_1", &sealed).unwrap(), "서울 중구 🏠");
    let again = anna.seal("address/adr_1", "서울 중구 🏠").unwrap();
    assert_ne!(sealed, again, "equal texts do not show");
    assert!(anna.open("address/adr_2", &sealed).is_err(), "another row");
    assert!(
        key(2, 7).open("address/adr_1", &sealed).is_err(),
        "another user"
    );
    assert!(
        key(1, 8).open("address/adr_1", &sealed).is_err(),
        "another key"
    );
    let mut bytes = sealed.into_bytes();
    for place in 0..bytes.len() {
        let kept = bytes[place];
        bytes[place] = if kept == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(bytes.clone()).unwrap();
        assert!(anna.open("address/adr_1", &forged).is_err(), "byte {place}");
        bytes[place] = kept;
    }
    for nonsense in ["", "AAAA", "not base64!", "AAAAAAAAAAAAAAAA"] {
        assert!(anna.open("address/adr_1", nonsense).is_err());
    }
}

#[test]
fn a_key_opens_by_the_master_that_wrapped_it_after_a_rotation_too() {
    let old = PersonalData::new(b"the old secret of the shop, 32 bytes", None);
    let fresh = [9; 32];
    let wrapped = old.masters[0].key.seal(&wrapping(user(1)), &fresh).unwrap();
    let name = old.masters[0].id.clone();
    let rotated = PersonalData::new(
        b"the new secret of the shop, 32 bytes",
        Some(b"the old secret of the shop, 32 bytes"),
    );
    rotated.unwrap(user(1), &wrapped, &name).unwrap();
    assert!(
        rotated.unwrap(user(2), &wrapped, &name).is_err(),
        "of another user"
    );
    let lost = PersonalData::new(b"the new secret of the shop, 32 bytes", None);
    assert!(lost.unwrap(user(1), &wrapped, &name).is_err());
    assert!(!format!("{old:?}").contains("secret"));
}
