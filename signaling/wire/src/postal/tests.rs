//! What is taken for an address, and what is said about the rest.
#![allow(clippy::unwrap_used)]

use super::*;

fn home() -> PostalAddress {
    PostalAddress {
        recipient: " 김민아 ".to_owned(),
        phone: "010-1234-5678".to_owned(),
        country: "KR".to_owned(),
        postcode: "04524".to_owned(),
        region: String::new(),
        city: String::new(),
        line1: "서울 중구 세종대로 110".to_owned(),
        line2: "3층 🏠".to_owned(),
        note: "문 앞에 두세요".to_owned(),
    }
}

#[test]
fn an_address_is_trimmed_and_kept() {
    let kept = home().checked("").unwrap();
    assert_eq!(kept.recipient, "김민아");
    let abroad = PostalAddress {
        country: "GB".to_owned(),
        postcode: "SW1A 1AA".to_owned(),
        phone: "+44 (20) 7946-0000".to_owned(),
        ..home()
    };
    abroad.checked("").unwrap();
}

#[test]
fn each_field_is_named_by_its_pointer() {
    type Change = fn(&mut PostalAddress);
    let table: [(&str, &str, Change); 11] = [
        ("/to/recipient", "required", |a| {
            a.recipient = "  ".to_owned()
        }),
        ("/to/recipient", "format", |a| {
            a.recipient = "a\u{202e}b".to_owned()
        }),
        ("/to/recipient", "max", |a| a.recipient = "가".repeat(61)),
        ("/to/line1", "format", |a| a.line1 = "a\nb".to_owned()),
        ("/to/line2", "format", |a| a.line2 = "nul\0".to_owned()),
        ("/to/line2", "format", |a| {
            a.line2 = "hid\u{200b}den".to_owned()
        }),
        ("/to/note", "max", |a| a.note = "가".repeat(121)),
        ("/to/phone", "format", |a| a.phone = "call me".to_owned()),
        ("/to/country", "format", |a| a.country = "kr".to_owned()),
        ("/to/postcode", "format", |a| a.postcode = "4524".to_owned()),
        ("/to/postcode", "max", |a| a.postcode = "0".repeat(13)),
    ];
    for (pointer, code, change) in table {
        let mut address = home();
        change(&mut address);
        let refused = address.checked("/to").unwrap_err();
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!(refused[0].pointer, pointer);
        assert_eq!(refused[0].code, code, "{pointer}");
    }
}

#[test]
fn debug_tells_nothing() {
    assert_eq!(format!("{:?}", home()), "PostalAddress(redacted)");
}
