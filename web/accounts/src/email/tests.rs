//! What counts as an address, a name and a language tag.
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn addresses_and_their_keys() {
    let long_local = format!("{}@example.com", "a".repeat(64));
    for (address, expected) in [
        ("mina@example.com", "mina@example.com"),
        ("  Mina.Kim+Souk@Example.COM ", "mina.kim+souk@example.com"),
        ("o'hara@sub.example.co.kr", "o'hara@sub.example.co.kr"),
        ("host@localhost", "host@localhost"),
        ("a@xn--9t4b11yi5a.kr", "a@xn--9t4b11yi5a.kr"),
        (long_local.as_str(), long_local.as_str()),
    ] {
        assert_eq!(key(address).as_deref(), Some(expected), "{address}");
    }
    let too_long_local = format!("{}@example.com", "a".repeat(65));
    let too_long = format!("a@{}com", "a.".repeat(126));
    for address in [
        "",
        "mina",
        "@example.com",
        "mina@",
        "mina@@example.com",
        "mina@example@com",
        "mina@.com",
        "mina@example..com",
        "mina@-example.com",
        "mina@example-.com",
        "mi na@example.com",
        "mina@exam ple.com",
        "mina@example.com\r\nBcc: all@example.com",
        "mina@example.com\0",
        "<mina@example.com>",
        "\"mina\"@example.com",
        "m\u{456}na@example.com",
        "mina@ex\u{e4}mple.com",
        too_long_local.as_str(),
        too_long.as_str(),
    ] {
        assert_eq!(key(address), None, "{address:?}");
    }
}

#[test]
fn locales_are_language_tags() {
    for tag in ["ko", "en", "en-US", "zh-Hant-TW", "fil"] {
        assert_eq!(locale(tag).unwrap(), tag);
    }
    for tag in [
        "",
        "k",
        "korean",
        "ko-",
        "ko_KR",
        "../..",
        "ko KR",
        "en-US-x-private-long",
    ] {
        assert!(locale(tag).is_err(), "{tag}");
    }
}
