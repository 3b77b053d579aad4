//! Which names are taken, and which are told apart (B-J7, B-L4).
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn names_are_one_visible_line() {
    for name in [
        "민아 Kim 🛍",
        "민지",
        "さくらSakura",
        "王小明 Wang",
        "Ольга",
        "O'Brien",
        "Zoë",
        "김",
        "T",
        "42",
        "<img onerror=alert(1)>",
    ] {
        assert_eq!(check(&format!("  {name} ")).unwrap(), name);
    }
    assert!(check(&"가".repeat(40)).is_ok());
    let zalgo = format!("z{}", "\u{0301}\u{0302}".repeat(10));
    for (name, code) in [
        ("", "required"),
        (" \u{3000} ", "required"),
        ("a\nb", "format"),
        ("a\u{0}b", "format"),
        ("a\u{1b}[31mb", "format"),
        ("\u{202e}nimda", "format"),
        ("mi\u{200b}na", "format"),
        ("mi\u{2066}na", "format"),
        ("mi\u{3164}na", "format"),
        ("a\u{2028}b", "format"),
        ("\u{feff}mina", "format"),
        (zalgo.as_str(), "format"),
        ("m\u{456}na", "confusable"),
        ("Soυk", "confusable"),
        (&*"가".repeat(41), "max"),
    ] {
        let refused = check(name).unwrap_err();
        let said = (refused.code.as_str(), refused.pointer.as_str());
        assert_eq!(said, (code, "/display_name"), "{name:?}");
    }
}

#[test]
fn what_looks_alike_has_one_key() {
    for (one, other) in [
        ("Mina", "mina"),
        ("mina", "ｍｉｎａ"),
        ("paypal", "раураl"),
        ("mina kim", "Mina  Kim"),
        ("Zoe\u{0308}", "Zoë"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
    assert_ne!(key("mina"), key("minah"));
    assert_ne!(key("민아"), key("민이"));
}

#[test]
fn the_platform_s_own_names_are_reserved() {
    for name in [
        "admin",
        "ADMIN",
        "A d m i n",
        "sоuk",
        "ѕоuk",
        "관리자",
        "운영자 ",
        "*Souk*",
    ] {
        assert!(is_reserved(name), "{name}");
    }
    for name in ["Mina", "Adminah", "souk fan", "관리"] {
        assert!(!is_reserved(name), "{name}");
    }
}
