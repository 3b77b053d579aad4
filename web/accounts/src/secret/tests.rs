//! Shapes, redaction, and the file of the signing secret.
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn opaque_secrets_differ_have_a_shape_and_are_not_taken_for_one_another() {
    let (token, key) = (RefreshToken::generate(), StreamKey::generate());
    assert_ne!(token, RefreshToken::generate());
    assert!(token.expose().len() == 46 && key.expose().len() == 46);
    assert!(RefreshToken::has_shape(token.expose()) && StreamKey::has_shape(key.expose()));
    assert!(!RefreshToken::has_shape(key.expose()) && !StreamKey::has_shape(token.expose()));
    for text in [
        "",
        "rt_",
        "rt_short",
        &token.expose()[1..],
        &format!("{}a", token.expose()),
    ] {
        assert!(!RefreshToken::has_shape(text), "{text}");
    }
    let spaced = format!("rt_{}", " ".repeat(43));
    assert!(!RefreshToken::has_shape(&spaced));
    assert!(key.expose().ends_with(&key.hint()) && key.hint().len() == 4);
    assert_eq!(StreamKey::hash_of("abc").len(), 64);
    assert!(StreamKey::hash_of("abc").starts_with("ba7816bf8f01cfea414140de5dae2223"));
}

#[test]
fn nothing_secret_is_shown_by_debug() {
    let (token, key) = (RefreshToken::generate(), StreamKey::generate());
    let signing = SigningSecret::generate();
    let config = crate::AccountsConfig {
        jwt_secret: Some(signing.clone()),
        ..Default::default()
    };
    let shown = format!("{token:?} {key:?} {signing:?} {config:?}");
    let signing = String::from_utf8(signing.bytes().to_vec()).unwrap();
    for secret in [token.expose(), key.expose(), &signing] {
        assert!(!shown.contains(&secret[3..]), "{shown}");
    }
}

#[test]
fn weak_signing_secrets_are_refused() {
    let check = |text: &str| {
        let jwt_secret = Some(SigningSecret::new(text));
        crate::AccountsConfig {
            jwt_secret,
            ..Default::default()
        }
        .check()
    };
    assert!(check(SigningSecret::generate().0.as_str()).is_ok());
    assert!(check("an0ther-secret-of-thirty-two-by!").is_ok());
    for weak in [
        "",
        "secret",
        "an0ther-secret-of-thirty-one-b!",
        &"a".repeat(64),
    ] {
        assert!(check(weak).unwrap_err().starts_with("jwt_secret"), "{weak}");
    }
}

#[test]
fn a_generated_secret_survives_and_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/jwt.secret");
    let made = load_or_create(&path).unwrap();
    assert!(made.is_strong());
    assert_eq!(load_or_create(&path).unwrap().bytes(), made.bytes());
    let other = load_or_create(&folder.path().join("other")).unwrap();
    assert_ne!(other.bytes(), made.bytes());
    let files = std::fs::read_dir(folder.path().join("data"))
        .unwrap()
        .count();
    assert_eq!(files, 1, "nothing is left beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path) & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(
            load_or_create(&path).unwrap_err().kind(),
            std::io::ErrorKind::InvalidData
        );
    }
}

#[test]
fn a_secret_file_that_is_too_short_is_refused_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwt.secret");
    load_or_create(&path).unwrap();
    std::fs::write(&path, "short\n").unwrap();
    let error = load_or_create(&path).unwrap_err().to_string();
    assert!(
        error.contains("too short") && error.contains("jwt.secret"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "short\n");
}
