//! Who may register, and what is kept of them.

use super::*;

#[tokio::test]
async fn a_new_account_is_signed_in_and_has_a_profile() {
    let world = World::open().await;
    let signed = world.register(" Mina.Kim@Example.com ").await.unwrap();
    assert_eq!(
        (signed.expires_in, signed.refresh_expires_s),
        (600, 30 * 24 * 3600)
    );
    assert_eq!(
        (signed.user.email.as_str(), signed.user.role),
        ("Mina.Kim@Example.com", Role::User)
    );
    assert_eq!(signed.user.locale, "ko");
    let claims = world.accounts.verify(&signed.access_token).unwrap();
    assert_eq!(
        (claims.user, claims.name.as_str()),
        (signed.user.id, "Mina")
    );
    assert_eq!(
        world.accounts.profile(signed.user.id).await.unwrap(),
        signed.user
    );
    let nobody = UserId::from_parts(1, 1);
    assert_eq!(code(world.accounts.profile(nobody).await), Code::NotFound);
}

#[tokio::test]
async fn one_mailbox_has_one_account_however_it_is_written() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    for email in ["mina@example.com", "MINA@EXAMPLE.COM", " Mina@example.Com "] {
        assert_eq!(
            code(world.register(email).await),
            Code::EmailTaken,
            "{email}"
        );
    }
    world.register("mina+2@example.com").await.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM users").await, 2);
}

#[tokio::test]
async fn of_many_registrations_at_once_one_wins() {
    let world = World::open().await;
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let accounts = world.accounts.clone();
            tokio::spawn(async move { accounts.register(new("Mina@example.com"), None).await })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        match one.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => assert!(matches!(error, AccountError::EmailTaken), "{error}"),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn all_wrong_fields_are_named_at_once() {
    let world = World::open().await;
    let bad = NewAccount {
        email: "mina".to_owned(),
        password: "short".to_owned(),
        marketing: false,
        display_name: " ".to_owned(),
        locale: Some("../..".to_owned()),
    };
    let problem = Problem::from(world.accounts.register(bad, None).await.unwrap_err());
    assert_eq!(problem.code, Code::ValidationError);
    let pointers: Vec<_> = problem
        .errors
        .iter()
        .map(|field| field.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        ["/email", "/password", "/display_name", "/locale"]
    );
    assert_eq!(world.count("SELECT COUNT(*) FROM users").await, 0);
}

#[tokio::test]
async fn nobody_makes_themselves_admin() {
    let with_role =
        r#"{"email":"a@b.c","password":"correct horse","display_name":"A","role":"admin"}"#;
    assert!(serde_json::from_str::<NewAccount>(with_role).is_err());
    let world = World::open().await;
    let admin = world
        .accounts
        .create_admin("boss@example.com", PASSWORD)
        .await
        .unwrap();
    assert_eq!(
        world.accounts.profile(admin).await.unwrap().role,
        Role::Admin
    );
    // What the token of one says depends on a second factor: tests/second_factor.rs.
    let user = world.register("mina@example.com").await.unwrap();
    let promoted = world
        .accounts
        .create_admin("Mina@example.com", PASSWORD)
        .await;
    assert_eq!(code(promoted), Code::EmailTaken);
    assert_eq!(
        world.accounts.profile(user.user.id).await.unwrap().role,
        Role::User
    );
}

#[tokio::test]
async fn registrations_from_one_address_are_throttled_and_the_process_is_not() {
    let world = World::with(|config| {
        config.throttle.register_per_address = crate::Allowance {
            burst: 1,
            refill_s: 30,
        };
    })
    .await;
    world.register("a@example.com").await.unwrap();
    let refused = Problem::from(world.register("b@example.com").await.unwrap_err());
    assert_eq!(
        (refused.code, refused.retry_after),
        (Code::RateLimited, Some(30))
    );
    let there = Some("192.0.2.2".parse().unwrap());
    world
        .accounts
        .register(new("c@example.com"), there)
        .await
        .unwrap();
    world
        .accounts
        .register(new("d@example.com"), None)
        .await
        .unwrap();
    world.pass(30);
    world.register("b@example.com").await.unwrap();
}

#[tokio::test]
async fn the_database_holds_no_password_and_debug_shows_none() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let hash: String = sql::query("SELECT password_hash FROM users")
        .fetch_value(world.store.reader())
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains(PASSWORD));
    assert!(!format!("{:?}", new("a@b.c")).contains(PASSWORD));
    assert!(!format!("{:?}", signed).contains(&signed.refresh_token.expose()[3..]));
}
