//! The second factor at the door: asked for, taken once, lost, and what an administrator may without.

use totp_rs::{Builder, Secret};

use super::*;
use crate::Credentials;

/// What somebody's generator shows `ahead` seconds from now.
fn shown(world: &World, secret: &str, ahead: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let generator = Builder::new()
        .with_secret(secret)
        .with_account_name("mina")
        .build()
        .unwrap();
    let now_s = world.now_us.load(Ordering::Relaxed) / 1_000_000;
    generator.generate(now_s + ahead).to_string()
}

fn with(code: &str) -> Credentials<'_> {
    Credentials {
        password: PASSWORD,
        code: Some(code),
    }
}

/// Somebody with a second factor; their session, its secret and the recovery codes.
async fn enrolled(world: &World, email: &str) -> (Claims, String, Vec<String>) {
    let accounts = &world.accounts;
    let signed = accounts.login(email, PASSWORD, here()).await.unwrap();
    let claims = accounts.verify(&signed.access_token).unwrap();
    let made = accounts
        .begin_second_factor(claims.user, PASSWORD, here())
        .await
        .unwrap();
    let code = shown(world, &made.secret, 0);
    let (codes, access) = accounts
        .confirm_second_factor(&claims, &code)
        .await
        .unwrap();
    let claims = accounts.verify(&access.access_token).unwrap();
    assert!(claims.two_factors);
    (claims, made.secret, codes)
}

#[tokio::test]
async fn c12_a_code_signs_in_once() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    let (_, secret, _) = enrolled(&world, "mina@example.com").await;
    let login = |credentials: Credentials<'static>| {
        let accounts = world.accounts.clone();
        async move {
            accounts
                .login("mina@example.com", credentials, here())
                .await
        }
    };
    let typed = |text: String| with(Box::leak(text.into_boxed_str()));
    assert_eq!(
        code(login(PASSWORD.into()).await),
        Code::SecondFactorRequired
    );
    assert_eq!(
        code(
            world
                .accounts
                .login("mina@example.com", "wrong horse", here())
                .await
        ),
        Code::InvalidCredentials,
        "a wrong password tells nothing of it"
    );
    // The code that confirmed the generator was taken by that.
    let first = shown(&world, &secret, 0);
    assert_eq!(code(login(typed(first)).await), Code::WrongCode);
    world.pass(30);
    let next = shown(&world, &secret, 0);
    let signed = login(typed(next.clone())).await.unwrap();
    assert!(
        world
            .accounts
            .verify(&signed.access_token)
            .unwrap()
            .two_factors
    );
    assert_eq!(code(login(typed(next.clone())).await), Code::WrongCode);
    let restarted = world.restarted().await;
    let again = restarted
        .login("mina@example.com", typed(next), here())
        .await;
    assert_eq!(code(again), Code::WrongCode, "another process knows it too");
    // A clock that is a step behind or ahead is forgiven; further is not, and nor is going back.
    let (ahead, far) = (shown(&world, &secret, 30), shown(&world, &secret, 90));
    assert_eq!(code(login(typed(far)).await), Code::WrongCode);
    login(typed(ahead)).await.unwrap();
    world.pass(30);
    let same = shown(&world, &secret, 0);
    assert_eq!(code(login(typed(same)).await), Code::WrongCode);
    // Refreshing keeps what was proved, and when.
    let refreshed = world.accounts.refresh(signed.refresh_token.expose()).await;
    let claims = |signed: &Signed| world.accounts.verify(&signed.access_token).unwrap();
    let (then, now) = (claims(&signed), claims(&refreshed.unwrap()));
    assert_eq!(
        (now.two_factors, now.proved_ms),
        (true, then.proved_ms),
        "a refresh proves nothing"
    );
}

#[tokio::test]
async fn of_many_who_show_one_code_at_once_one_is_let_in() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    let (_, secret, _) = enrolled(&world, "mina@example.com").await;
    world.pass(30);
    let typed = shown(&world, &secret, 0);
    let tries: Vec<_> = (0..5)
        .map(|_| {
            let (accounts, typed) = (world.accounts.clone(), typed.clone());
            tokio::spawn(async move {
                accounts
                    .login("mina@example.com", with(&typed), here())
                    .await
            })
        })
        .collect();
    let mut let_in = 0;
    for one in tries {
        let_in += usize::from(one.await.unwrap().is_ok());
    }
    assert_eq!(let_in, 1);
}

#[tokio::test]
async fn guessing_codes_is_slow_and_needs_the_password() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    let (_, secret, _) = enrolled(&world, "mina@example.com").await;
    world.pass(30);
    let from = |n: usize| format!("198.51.100.{n}").parse::<IpAddr>().unwrap();
    for n in 1..=5 {
        let guess = world
            .accounts
            .login("mina@example.com", with("000000"), from(n));
        assert_eq!(code(guess.await), Code::WrongCode);
    }
    // Whichever address the next comes from, and whatever it is.
    let right = shown(&world, &secret, 0);
    let sixth = world
        .accounts
        .login("mina@example.com", with(&right), from(6));
    let refused = Problem::from(sixth.await.unwrap_err());
    assert_eq!(
        (refused.code, refused.retry_after),
        (Code::RateLimited, Some(300))
    );
    world.pass(300);
    let right = shown(&world, &secret, 0);
    let later = world
        .accounts
        .login("mina@example.com", with(&right), from(6));
    later.await.unwrap();
}

#[tokio::test]
async fn a_recovery_code_stands_for_a_code_once_and_the_factor_can_be_removed() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    let accounts = &world.accounts;
    let other = accounts
        .login("mina@example.com", PASSWORD, here())
        .await
        .unwrap();
    let (claims, _, codes) = enrolled(&world, "mina@example.com").await;
    assert_eq!(codes.len(), limits::RECOVERY_CODES);
    let ended = accounts.verify(&other.access_token);
    assert!(
        ended.is_err(),
        "a session that never showed the factor ends"
    );
    let typed = codes[0].to_uppercase().replace('-', " ");
    accounts
        .login("mina@example.com", with(&typed), here())
        .await
        .unwrap();
    let twice = accounts.login("mina@example.com", with(&codes[0]), here());
    assert_eq!(code(twice.await.map(drop)), Code::WrongCode);
    let known = accounts.second_factor(claims.user).await.unwrap();
    assert_eq!((known.active, known.recovery_codes_left), (true, 9));
    assert_eq!(known.since_ms, Some(1_800_000_000_000));
    let (told, _) = world.letter("mina@example.com").await;
    assert!(
        told.subject.contains("2단계 인증이 설정"),
        "{}",
        told.subject
    );
    let kept = world
        .count("SELECT COUNT(*) FROM recovery_code WHERE LENGTH(hash) = 64")
        .await;
    assert_eq!(kept, 10);
    let second = accounts.begin_second_factor(claims.user, PASSWORD, here());
    assert_eq!(code(second.await.map(drop)), Code::Conflict);
    let bare = accounts.remove_second_factor(&claims, PASSWORD, here());
    assert_eq!(code(bare.await.map(drop)), Code::SecondFactorRequired);
    let removed = accounts.remove_second_factor(&claims, with(&codes[1]), here());
    removed.await.unwrap();
    let (told, _) = world.letter("mina@example.com").await;
    assert!(told.subject.contains("해제"), "{}", told.subject);
    let signed = accounts
        .login("mina@example.com", PASSWORD, here())
        .await
        .unwrap();
    assert!(!accounts.verify(&signed.access_token).unwrap().two_factors);
    assert_eq!(world.count("SELECT COUNT(*) FROM recovery_code").await, 0);
    let gone = accounts.remove_second_factor(&claims, PASSWORD, here());
    assert_eq!(code(gone.await.map(drop)), Code::NotFound);
}

#[tokio::test]
async fn a_generator_that_was_never_confirmed_asks_nobody() {
    let world = World::open().await;
    let claims = world.register("mina@example.com").await.unwrap();
    let claims = world.accounts.verify(&claims.access_token).unwrap();
    let accounts = &world.accounts;
    let early = accounts.confirm_second_factor(&claims, "123456");
    assert_eq!(code(early.await.map(drop)), Code::Conflict);
    let begin = || accounts.begin_second_factor(claims.user, PASSWORD, here());
    let wrong = accounts.begin_second_factor(claims.user, "wrong horse", here());
    assert_eq!(code(wrong.await.map(drop)), Code::InvalidCredentials);
    let (first, second) = (begin().await.unwrap(), begin().await.unwrap());
    accounts
        .login("mina@example.com", PASSWORD, here())
        .await
        .unwrap();
    let replaced = shown(&world, &first.secret, 0);
    let refused = accounts.confirm_second_factor(&claims, &replaced);
    assert_eq!(code(refused.await.map(drop)), Code::WrongCode);
    let right = shown(&world, &second.secret, 0);
    accounts
        .confirm_second_factor(&claims, &right)
        .await
        .unwrap();
    let sealed = world.count("SELECT COUNT(*) FROM second_factor WHERE LENGTH(sealed) > 40");
    assert_eq!(sealed.await, 1);
}

#[tokio::test]
async fn c12_an_administrator_without_a_second_factor_has_a_users_rights() {
    let world = World::open().await;
    let user = world.operator().await;
    let (accounts, email) = (&world.accounts, "operator@example.com");
    let signed = accounts.login(email, PASSWORD, here()).await.unwrap();
    let claims = accounts.verify(&signed.access_token).unwrap();
    assert_eq!(
        (claims.role, claims.second_factor_missing),
        (Role::User, true)
    );
    assert!(accounts.second_factor(user).await.unwrap().required);
    let (claims, _, _) = enrolled(&world, email).await;
    assert_eq!(
        (claims.role, claims.second_factor_missing),
        (Role::Admin, false)
    );
    // Who lost everything is helped by who has the machine.
    assert_eq!(accounts.reset_second_factor(email).await.unwrap(), user);
    accounts.login(email, PASSWORD, here()).await.unwrap();
    assert_eq!(
        code(accounts.reset_second_factor(email).await),
        Code::NotFound
    );
    let logged = "SELECT COUNT(*) FROM audit_log WHERE action IN \
        ('user.admin_created', 'user.second_factor_set', 'user.second_factor_removed')";
    assert_eq!(world.count(logged).await, 3);
}

#[tokio::test]
async fn c56_a_proof_counts_for_a_while_and_can_be_given_again() {
    let world = World::with(|config| config.admin_second_factor = false).await;
    world.operator().await;
    let (accounts, email) = (&world.accounts, "operator@example.com");
    let signed = accounts.login(email, PASSWORD, here()).await.unwrap();
    let claims = accounts.verify(&signed.access_token).unwrap();
    assert!(accounts.is_fresh(&claims));
    world.pass(899);
    let refreshed = accounts
        .refresh(signed.refresh_token.expose())
        .await
        .unwrap();
    let claims = accounts.verify(&refreshed.access_token).unwrap();
    assert!(accounts.is_fresh(&claims));
    world.pass(2);
    assert!(!accounts.is_fresh(&claims), "a refresh proves nothing");
    let wrong = accounts.prove(&claims, "wrong horse", here()).await;
    assert_eq!(code(wrong.map(drop)), Code::InvalidCredentials);
    let proved = accounts.prove(&claims, PASSWORD, here()).await.unwrap();
    let proved = accounts.verify(&proved.access_token).unwrap();
    assert!(accounts.is_fresh(&proved) && proved.family == claims.family);
    let refreshed = accounts
        .refresh(refreshed.refresh_token.expose())
        .await
        .unwrap();
    let claims = accounts.verify(&refreshed.access_token).unwrap();
    assert!(accounts.is_fresh(&claims), "the session remembers");
    accounts
        .logout(refreshed.refresh_token.expose())
        .await
        .unwrap();
    let ended = accounts.prove(&claims, PASSWORD, here()).await;
    assert_eq!(code(ended.map(drop)), Code::InvalidToken);
}
