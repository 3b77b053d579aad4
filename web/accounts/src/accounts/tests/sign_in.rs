//! Passwords at the door: right, wrong, unknown, too often.

use super::*;

#[tokio::test]
async fn the_right_password_signs_in_however_the_email_is_written() {
    let world = World::open().await;
    let registered = world.register("mina@example.com").await.unwrap();
    for email in ["mina@example.com", " MINA@Example.com"] {
        let signed = world.accounts.login(email, PASSWORD, here()).await.unwrap();
        assert_eq!(signed.user, registered.user);
        let family = |signed: &Signed| world.accounts.verify(&signed.access_token).unwrap().family;
        assert_ne!(
            family(&signed),
            family(&registered),
            "each sign-in is a session of its own"
        );
    }
}

#[tokio::test]
async fn an_unknown_email_costs_and_says_what_a_wrong_password_does() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    let mut answers = Vec::new();
    for email in ["mina@example.com", "nobody@example.com", "no address", ""] {
        let before = world.accounts.shared.hasher.work();
        let refused = world
            .accounts
            .login(email, "wrong horse", here())
            .await
            .unwrap_err();
        assert_eq!(world.accounts.shared.hasher.work() - before, 1, "{email}");
        answers.push(Problem::from(refused));
    }
    assert_eq!(answers[0].code, Code::InvalidCredentials);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn wrong_passwords_are_throttled_for_the_one_who_tries_and_nobody_else() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    world.register("jun@example.com").await.unwrap();
    let login = |email: &'static str, password: &'static str, from: &str| {
        let (accounts, from) = (world.accounts.clone(), from.parse::<IpAddr>().unwrap());
        async move { accounts.login(email, password, from).await }
    };
    let (attacker, owner) = ("198.51.100.7", "192.0.2.1");
    for _ in 0..5 {
        let wrong = login("mina@example.com", "wrong horse", attacker).await;
        assert_eq!(code(wrong), Code::InvalidCredentials);
    }
    let before = world.accounts.shared.hasher.work();
    // However the address is written, and even with the right password by now.
    for (email, password) in [
        ("MINA@example.com", "wrong horse"),
        ("mina@example.com", PASSWORD),
    ] {
        let refused = Problem::from(login(email, password, attacker).await.unwrap_err());
        assert_eq!(
            (refused.code, refused.retry_after),
            (Code::RateLimited, Some(60))
        );
    }
    assert_eq!(
        world.accounts.shared.hasher.work(),
        before,
        "a throttled try costs nothing"
    );
    // The owner elsewhere, and the attacker's own account, are not locked out.
    login("mina@example.com", PASSWORD, owner).await.unwrap();
    login("jun@example.com", PASSWORD, attacker).await.unwrap();
    world.pass(59);
    let refused = Problem::from(
        login("mina@example.com", PASSWORD, attacker)
            .await
            .unwrap_err(),
    );
    assert_eq!(refused.retry_after, Some(1));
    world.pass(1);
    login("mina@example.com", PASSWORD, attacker).await.unwrap();
}

#[tokio::test]
async fn one_address_cannot_try_a_password_on_everybody() {
    let world = World::with(|config| {
        config.throttle.login_per_address = crate::Allowance {
            burst: 4,
            refill_s: 10,
        };
    })
    .await;
    world.register("mina@example.com").await.unwrap();
    for n in 0..4 {
        let email = format!("user{n}@example.com");
        let wrong = world.accounts.login(&email, PASSWORD, here()).await;
        assert_eq!(code(wrong), Code::InvalidCredentials);
    }
    let refused = world
        .accounts
        .login("mina@example.com", PASSWORD, here())
        .await
        .unwrap_err();
    assert!(
        matches!(refused, AccountError::Throttled { retry_after_s: 10 }),
        "{refused}"
    );
    let there: IpAddr = "192.0.2.2".parse().unwrap();
    world
        .accounts
        .login("mina@example.com", PASSWORD, there)
        .await
        .unwrap();
}

#[tokio::test]
async fn right_passwords_cost_no_tries() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    for _ in 0..12 {
        world
            .accounts
            .login("mina@example.com", PASSWORD, here())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn many_wrong_tries_at_once_are_counted_before_the_work() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    let before = world.accounts.shared.hasher.work();
    let tries: Vec<_> = (0..40)
        .map(|_| {
            let accounts = world.accounts.clone();
            tokio::spawn(async move {
                accounts
                    .login("mina@example.com", "wrong horse", here())
                    .await
                    .unwrap_err()
            })
        })
        .collect();
    let mut throttled = 0;
    for one in tries {
        throttled += usize::from(matches!(one.await.unwrap(), AccountError::Throttled { .. }));
    }
    assert_eq!(
        (throttled, world.accounts.shared.hasher.work() - before),
        (35, 5)
    );
}

#[tokio::test]
async fn suspension_is_told_only_to_those_who_know_the_password() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    world
        .accounts
        .set_suspended(world.operator().await, signed.user.id, true, "a test")
        .await
        .unwrap();
    let wrong = world
        .accounts
        .login("mina@example.com", "wrong horse", here())
        .await;
    assert_eq!(code(wrong), Code::InvalidCredentials);
    let right = world
        .accounts
        .login("mina@example.com", PASSWORD, here())
        .await;
    assert_eq!(code(right), Code::Forbidden);
    world
        .accounts
        .set_suspended(world.operator().await, signed.user.id, false, "a test")
        .await
        .unwrap();
    world
        .accounts
        .login("mina@example.com", PASSWORD, here())
        .await
        .unwrap();
    let nobody = UserId::from_parts(1, 1);
    assert_eq!(
        code(
            world
                .accounts
                .set_suspended(world.operator().await, nobody, true, "a test")
                .await
        ),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_changed_password_ends_every_session_and_the_old_one() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let other = world
        .accounts
        .login("mina@example.com", PASSWORD, here())
        .await
        .unwrap();
    let (user, fresh) = (signed.user.id, "battery staple");
    let change = |current: &'static str, new: &'static str| {
        let accounts = world.accounts.clone();
        async move { accounts.change_password(user, current, new, here()).await }
    };
    assert_eq!(
        code(change("wrong horse", fresh).await),
        Code::InvalidCredentials
    );
    assert_eq!(
        code(change(PASSWORD, "password1").await),
        Code::ValidationError
    );
    assert!(
        world.accounts.verify(&signed.access_token).is_ok(),
        "refused changes end nothing"
    );
    change(PASSWORD, fresh).await.unwrap();
    for old in [&signed, &other] {
        assert_eq!(
            code(world.accounts.verify(&old.access_token)),
            Code::InvalidToken
        );
        let refreshed = world.accounts.refresh(old.refresh_token.expose()).await;
        assert_eq!(code(refreshed), Code::InvalidToken);
    }
    let old = world
        .accounts
        .login("mina@example.com", PASSWORD, here())
        .await;
    assert_eq!(code(old), Code::InvalidCredentials);
    world
        .accounts
        .login("mina@example.com", fresh, here())
        .await
        .unwrap();
}
