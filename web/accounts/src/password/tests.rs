//! The policy as a table, the hash's cost, and the same work for accounts that do not exist.
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn length_and_the_commonest_are_all_that_counts() {
    let (longest, longer) = ("가".repeat(128), "가".repeat(129));
    for (password, code) in [
        ("correct horse", None),
        ("aaaa bbbb", None),
        ("가나다라마바사아", None),
        ("        x       ", None),
        (longest.as_str(), None),
        ("", Some("min")),
        ("1234567", Some("min")),
        ("가나다라마바사", Some("min")),
        (longer.as_str(), Some("max")),
        ("password", Some("common")),
        ("PassWord1", Some("common")),
        ("12345678", Some("common")),
        ("qwerty123", Some("common")),
        ("1q2w3e4r", Some("common")),
        ("mina.kim@example.com", Some("common")),
        ("Mina.Kim", Some("common")),
    ] {
        let refused = check(password, "mina.kim@example.com").err();
        let found = refused.as_ref().map(|refused| refused.code.as_str());
        assert_eq!(found, code, "{password}");
        assert!(refused.is_none_or(|refused| refused.pointer == "/password"));
    }
}

#[tokio::test]
async fn a_hash_is_slow_salted_and_fits_one_password() {
    let hasher = Hasher::new().unwrap();
    let hash = hasher.hash("correct horse").await.unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert_ne!(hash, hasher.hash("correct horse").await.unwrap());
    assert!(
        hasher
            .verify("correct horse", Some(hash.clone()))
            .await
            .unwrap()
    );
    for wrong in ["correct horsf", "Correct horse", "correct horse ", ""] {
        assert!(
            !hasher.verify(wrong, Some(hash.clone())).await.unwrap(),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn no_account_costs_the_same_work_and_never_fits() {
    let hasher = Hasher::new().unwrap();
    let cost = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
    let real = hasher.hash("correct horse").await.unwrap();
    assert_eq!(cost(&hasher.shared.decoy), cost(&real));
    let before = hasher.work();
    assert!(!hasher.verify("wrong horse", Some(real)).await.unwrap());
    assert_eq!(hasher.work(), before + 1);
    assert!(!hasher.verify("wrong horse", None).await.unwrap());
    assert_eq!(hasher.work(), before + 2);
}

#[tokio::test]
async fn an_unreadable_hash_fits_nothing() {
    let hasher = Hasher::new().unwrap();
    assert!(
        !hasher
            .verify("correct horse", Some("x".to_owned()))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn full_places_say_so_and_come_back() {
    let hasher = Hasher::new().unwrap();
    let places = hasher.shared.places.clone();
    let all = u32::try_from(places.available_permits()).unwrap();
    let taken = places.try_acquire_many(all).unwrap();
    assert!(matches!(
        hasher.hash("correct horse").await,
        Err(AccountError::Busy)
    ));
    drop(taken);
    // More jobs that panic than there are threads: each costs its caller the answer alone.
    for _ in 0..40 {
        let panicked: Result<(), AccountError> = hasher.run(|_, _| panic!("on purpose")).await;
        assert!(panicked.is_err());
    }
    hasher.hash("correct horse").await.unwrap();
}
