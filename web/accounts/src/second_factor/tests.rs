#![allow(clippy::unwrap_used)]

use super::*;
use crate::clock::Clock;

fn at(seconds: u64) -> Now {
    Clock::from_fn(move || seconds * 1_000_000).now()
}

/// RFC 6238, appendix B: the last six digits of its SHA-1 codes, for its secret.
#[test]
fn codes_are_those_of_the_rfc() {
    let secret = SharedSecret::new(
        Secret::new(Box::from(&b"12345678901234567890"[..])),
        "mina@example.com",
    )
    .unwrap();
    for (seconds, code) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ] {
        let step = i64::try_from(seconds / 30).unwrap();
        assert_eq!(secret.step_of(code, at(seconds)), Some(step), "{seconds}");
        assert_eq!(secret.step_of(code, at(seconds + 30)), Some(step));
        assert_eq!(secret.step_of(code, at(seconds + 60)), None, "{seconds}");
        assert_eq!(secret.step_of("000000", at(seconds)), None);
    }
}

#[test]
fn a_secret_is_read_as_it_was_written_and_shown_to_nobody() {
    let secret = SharedSecret::generate("mina:odd@example.com").unwrap();
    let (text, uri) = (secret.text(), secret.uri().unwrap());
    assert_eq!(text.len(), 32, "160 bits in base 32");
    assert!(uri.starts_with("otpauth://totp/Souk:minaodd%40example.com?secret="));
    assert!(
        uri.contains(text.as_str()) && uri.ends_with("&issuer=Souk"),
        "{}",
        *uri
    );
    let again = SharedSecret::read(&text, "mina@example.com").unwrap();
    assert_eq!(again.text(), text);
    assert!(!format!("{secret:?}").contains(text.as_str()));
    assert!(SharedSecret::read("not base 32!", "mina@example.com").is_err());
}

#[test]
fn what_is_typed_is_a_code_or_a_recovery_code_or_nothing() {
    assert_eq!(Shown::read("123 456"), Some(Shown::Code("123456".into())));
    let code = recovery_code();
    assert_eq!((code.len(), code.matches('-').count()), (19, 3), "{code}");
    let typed = [code.clone(), code.replace('-', " "), code.to_uppercase()];
    let hashes: Vec<_> = typed.iter().map(|text| Shown::read(text)).collect();
    assert!(matches!(&hashes[0], Some(Shown::Recovery(hash)) if hash.len() == 64));
    assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    assert_ne!(recovery_code(), code);
    for text in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", &"1".repeat(400)] {
        assert_eq!(Shown::read(text), None, "{text}");
    }
}
