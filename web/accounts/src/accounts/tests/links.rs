//! Links in mails: single use, short-lived, hashed, and no way to learn who has an account.

use super::*;
use crate::secret::OneTimeToken;

#[tokio::test]
async fn a_verification_link_works_once() {
    let world = World::open().await;
    let signed = world.register("Mina@Example.com").await.unwrap();
    assert!(!signed.user.email_verified);
    let (letter, token) = world.letter("Mina@Example.com").await;
    assert_eq!(letter.subject, "이메일 주소를 확인해 주세요");
    let kept: String = sql::query("SELECT hash FROM one_time_token")
        .fetch_value(world.store.reader())
        .await
        .unwrap();
    assert_eq!(kept, OneTimeToken::hash_of(&token));

    let accounts = &world.accounts;
    let forged = OneTimeToken::generate();
    for wrong in ["", "ot_short", &token[1..], forged.expose()] {
        assert_eq!(
            code(accounts.verify_email(wrong).await),
            Code::TokenSpent,
            "{wrong}"
        );
    }
    let reset = accounts
        .reset_password(&token, "battery staple", here())
        .await;
    assert_eq!(code(reset), Code::TokenSpent, "a link of another purpose");
    accounts.verify_email(&token).await.unwrap();
    assert!(
        accounts
            .profile(signed.user.id)
            .await
            .unwrap()
            .email_verified
    );
    assert_eq!(code(accounts.verify_email(&token).await), Code::TokenSpent);
    let count = "SELECT COUNT(*) FROM mail";
    let before = world.count(count).await;
    accounts.resend_verification(signed.user.id).await.unwrap();
    assert_eq!(world.count(count).await, before, "nothing to verify");
}

#[tokio::test]
async fn a_newer_link_takes_the_place_of_the_older_and_both_age() {
    let world = World::open().await;
    let user = world.register("mina@example.com").await.unwrap().user.id;
    let (_, first) = world.letter("mina@example.com").await;
    world.accounts.resend_verification(user).await.unwrap();
    let (_, second) = world.letter("mina@example.com").await;
    assert_eq!(
        code(world.accounts.verify_email(&first).await),
        Code::TokenSpent
    );
    world.pass(limits::VERIFY_LINK_TTL.as_secs() + 1);
    assert_eq!(
        code(world.accounts.verify_email(&second).await),
        Code::TokenSpent
    );
    for _ in 0..3 {
        let _ = world.accounts.resend_verification(user).await;
    }
    let crowd = world.accounts.resend_verification(user).await;
    assert_eq!(code(crowd), Code::RateLimited);
}

#[tokio::test]
async fn a_reset_ends_every_session_and_a_bad_password_spends_nothing() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let accounts = &world.accounts;
    accounts.queue_reset("mina@example.com").await.unwrap();
    let (letter, token) = world.letter("mina@example.com").await;
    assert_eq!(letter.subject, "비밀번호를 다시 설정하세요");
    let weak = accounts.reset_password(&token, "short", here()).await;
    assert_eq!(code(weak), Code::ValidationError);
    accounts
        .reset_password(&token, "battery staple", here())
        .await
        .unwrap();
    assert_eq!(
        code(accounts.verify(&signed.access_token)),
        Code::InvalidToken
    );
    let refreshed = accounts.refresh(signed.refresh_token.expose()).await;
    assert_eq!(code(refreshed), Code::InvalidToken);
    let old = accounts.login("mina@example.com", PASSWORD, here()).await;
    assert_eq!(code(old), Code::InvalidCredentials);
    let fresh = accounts
        .login("mina@example.com", "battery staple", here())
        .await
        .unwrap();
    assert!(
        fresh.user.email_verified,
        "whoever opens the link reads the mails"
    );
    let again = accounts
        .reset_password(&token, "battery staples", here())
        .await;
    assert_eq!(code(again), Code::TokenSpent);
    let (letter, _) = world.letter("mina@example.com").await;
    assert_eq!(letter.subject, "비밀번호가 변경되었습니다");
}

#[tokio::test]
async fn asking_tells_nobody_who_has_an_account() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    let mails = "SELECT COUNT(*) FROM mail";
    let before = world.count(mails).await;
    for email in ["mina@example.com", "ghost@example.com", "nonsense", ""] {
        world.accounts.forgot_password(email, here()).unwrap();
    }
    // The answer came before anybody looked, so neither its text nor its time can tell.
    assert_eq!(world.count(mails).await, before);
    for _ in 0..10 {
        world
            .accounts
            .queue_reset("mina@example.com")
            .await
            .unwrap();
        world
            .accounts
            .queue_reset("ghost@example.com")
            .await
            .unwrap();
    }
    assert_eq!(
        world.count(mails).await,
        before + 3,
        "three links at once, to who exists"
    );
}

#[tokio::test]
async fn a_mail_that_does_not_get_through_is_tried_again_later_and_given_up_in_the_end() {
    let world = World::with(|config| {
        // Nobody listens there.
        config.mail.smtp_url = Some("smtp://127.0.0.1:9".to_owned());
    })
    .await;
    world.register("mina@example.com").await.unwrap();
    let accounts = &world.accounts;
    assert_eq!(accounts.send_due().await.unwrap(), 1);
    assert_eq!(accounts.send_due().await.unwrap(), 0, "not at once");
    for attempt in 1..limits::MAIL_ATTEMPTS_MAX {
        world.pass(30 * 2_u64.pow(u32::try_from(attempt).unwrap()));
        assert_eq!(accounts.send_due().await.unwrap(), 1, "try {attempt}");
    }
    world.pass(400 * 24 * 3600);
    assert_eq!(accounts.send_due().await.unwrap(), 0);
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM mail WHERE state = 'dead'")
            .await,
        1
    );
}
