//! Rotation, reuse, grace, sign-out, and what of it survives a restart.

use super::*;
use crate::clock::Now;

async fn refresh(world: &World, signed: &Signed) -> Result<Signed, AccountError> {
    world.accounts.refresh(signed.refresh_token.expose()).await
}

fn alive(world: &World, signed: &Signed) -> bool {
    world.accounts.verify(&signed.access_token).is_ok()
}

#[tokio::test]
async fn refreshing_rotates_and_keeps_the_session_and_its_end() {
    let world = World::open().await;
    let mut signed = world.register("mina@example.com").await.unwrap();
    let family = world.accounts.verify(&signed.access_token).unwrap().family;
    for _ in 0..5 {
        world.pass(500);
        let next = refresh(&world, &signed).await.unwrap();
        assert_ne!(next.refresh_token, signed.refresh_token);
        assert_eq!(
            next.refresh_expires_s,
            signed.refresh_expires_s - 500,
            "the end does not move"
        );
        assert_eq!(
            world.accounts.verify(&next.access_token).unwrap().family,
            family
        );
        signed = next;
    }
    assert_eq!(
        world
            .count("SELECT COUNT(*) FROM refresh_token WHERE used_at IS NULL")
            .await,
        1
    );
    world.pass(u64::from(signed.refresh_expires_s));
    assert_eq!(code(refresh(&world, &signed).await), Code::InvalidToken);
}

#[tokio::test]
async fn a_second_use_after_the_grace_puts_both_holders_out() {
    let world = World::open().await;
    let stolen = world.register("mina@example.com").await.unwrap();
    let bystander = world
        .accounts
        .login("mina@example.com", PASSWORD, here())
        .await
        .unwrap();
    let owner = refresh(&world, &stolen).await.unwrap();
    world.pass(11);
    assert!(alive(&world, &stolen) && alive(&world, &owner));
    assert_eq!(code(refresh(&world, &stolen).await), Code::InvalidToken);
    assert!(
        !alive(&world, &stolen) && !alive(&world, &owner),
        "access tokens die at once"
    );
    assert_eq!(code(refresh(&world, &owner).await), Code::InvalidToken);
    assert!(alive(&world, &bystander), "other sessions live on");
    refresh(&world, &bystander).await.unwrap();
}

#[tokio::test]
async fn two_tabs_may_refresh_at_once() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let (one, two) = tokio::join!(refresh(&world, &signed), refresh(&world, &signed));
    let (one, two) = (one.unwrap(), two.unwrap());
    world.pass(10);
    let late = refresh(&world, &signed).await.unwrap();
    // The browser keeps whichever answer came last; the others fall away with its next use.
    world.pass(300);
    let next = refresh(&world, &two).await.unwrap();
    world.pass(11);
    assert!(alive(&world, &next));
    // So a thief who made a sibling in the grace gives himself away.
    assert_eq!(code(refresh(&world, &one).await), Code::InvalidToken);
    for signed in [&signed, &one, &two, &late, &next] {
        assert!(!alive(&world, signed));
    }
}

#[tokio::test]
async fn the_grace_makes_only_so_many_siblings() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let mut made = 0;
    let refused = loop {
        match refresh(&world, &signed).await {
            Ok(_) => made += 1,
            Err(refused) => break refused,
        }
        assert!(made < 100);
    };
    assert_eq!(made, limits::REFRESH_SIBLINGS_MAX);
    assert_eq!(Problem::from(refused).retry_after, Some(10));
    assert!(alive(&world, &signed), "impatience is not theft");
}

#[tokio::test]
async fn signing_out_ends_this_session_at_once_and_only_this() {
    let world = World::open().await;
    let first = world.register("mina@example.com").await.unwrap();
    let here_too = refresh(&world, &first).await.unwrap();
    let other = world
        .accounts
        .login("mina@example.com", PASSWORD, here())
        .await
        .unwrap();
    world
        .accounts
        .logout(here_too.refresh_token.expose())
        .await
        .unwrap();
    assert!(!alive(&world, &first) && !alive(&world, &here_too) && alive(&world, &other));
    assert_eq!(code(refresh(&world, &here_too).await), Code::InvalidToken);
    // Twice, or with anything else, is no error.
    for token in [
        here_too.refresh_token.expose(),
        "",
        "rt_x",
        &other.access_token,
    ] {
        world.accounts.logout(token).await.unwrap();
    }
    assert!(alive(&world, &other));
    world
        .accounts
        .logout_everywhere(other.user.id)
        .await
        .unwrap();
    assert!(!alive(&world, &other));
}

#[tokio::test]
async fn a_restart_forgets_no_sign_out_and_no_key() {
    let world = World::open().await;
    let gone = world.register("mina@example.com").await.unwrap();
    let stays = world.register("jun@example.com").await.unwrap();
    world
        .accounts
        .logout(gone.refresh_token.expose())
        .await
        .unwrap();
    let restarted = world.restarted().await;
    assert_eq!(
        code(restarted.verify(&gone.access_token)),
        Code::InvalidToken
    );
    assert!(restarted.verify(&stays.access_token).is_ok());
    // Long after, what has ended is no longer carried along, and no longer needed either.
    world.pass(700);
    let later = world.restarted().await;
    assert_eq!(code(later.verify(&gone.access_token)), Code::InvalidToken);
    let family = world
        .accounts
        .shared
        .tokens
        .verify(&gone.access_token, early(&world))
        .unwrap()
        .family;
    assert!(!later.shared.ended.read().unwrap().contains(&family));
}

/// A clock from before the last 700 seconds.
fn early(world: &World) -> Now {
    let us = world.now_us.load(Ordering::Relaxed) - 700_000_000;
    Clock::from_fn(move || us).now()
}

#[tokio::test]
async fn tokens_of_one_kind_do_not_pass_for_another() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let stream = signaling_wire::StreamId::from_parts(1, 1);
    let key = world.accounts.issue_stream_key(stream).await.unwrap();
    let (access, refresh) = (signed.access_token.as_str(), signed.refresh_token.expose());
    for token in [refresh, key.expose()] {
        assert_eq!(code(world.accounts.verify(token)), Code::InvalidToken);
    }
    for token in [access, key.expose(), "", "rt_", &refresh[3..]] {
        assert_eq!(
            code(world.accounts.refresh(token).await),
            Code::InvalidToken
        );
    }
    for token in [access, refresh] {
        assert_eq!(
            world.accounts.resolve_stream_key(token).await.unwrap(),
            None
        );
    }
}

#[tokio::test]
async fn a_suspended_account_is_out_at_once() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    world
        .accounts
        .set_suspended(world.operator().await, signed.user.id, true, "a test")
        .await
        .unwrap();
    assert!(!alive(&world, &signed));
    assert_eq!(code(refresh(&world, &signed).await), Code::InvalidToken);
    world
        .accounts
        .set_suspended(world.operator().await, signed.user.id, false, "a test")
        .await
        .unwrap();
    assert_eq!(
        code(refresh(&world, &signed).await),
        Code::InvalidToken,
        "the session stays ended"
    );
}

#[tokio::test]
async fn sessions_and_rows_are_bounded() {
    let world = World::open().await;
    let first = world.register("mina@example.com").await.unwrap();
    let user = users::by_id(world.store.reader(), first.user.id)
        .await
        .unwrap()
        .unwrap();
    let mut newest = None;
    for _ in 0..limits::SESSIONS_PER_USER_MAX {
        world.pass(1);
        newest = Some(
            world
                .accounts
                .open_session(user.clone(), false, &Client::default())
                .await
                .unwrap(),
        );
    }
    assert!(!alive(&world, &first), "the oldest makes room");
    assert!(alive(&world, newest.as_ref().unwrap()));
    let live = "SELECT COUNT(*) FROM login_session WHERE ended_at IS NULL";
    let most = i64::try_from(limits::SESSIONS_PER_USER_MAX).unwrap();
    assert_eq!(world.count(live).await, most);
    world.pass(31 * 24 * 3600);
    world
        .accounts
        .open_session(user, false, &Client::default())
        .await
        .unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM refresh_token").await, 1);
}

#[tokio::test]
async fn the_database_holds_hashes_of_refresh_tokens_only() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let row = sql::query("SELECT family_id, hash FROM refresh_token")
        .fetch_one(world.store.reader())
        .await
        .unwrap();
    let (family, hash): (String, String) =
        (row.get("family_id").unwrap(), row.get("hash").unwrap());
    assert_eq!(hash, RefreshToken::hash_of(signed.refresh_token.expose()));
    let secret = &signed.refresh_token.expose()[3..];
    assert!(!family.contains(secret) && !hash.contains(secret));
}

#[tokio::test]
async fn a_sign_in_that_lost_the_race_against_a_change_opens_no_session() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let id = signed.user.id;
    let seen = users::by_id(world.store.reader(), id)
        .await
        .unwrap()
        .unwrap();
    world
        .accounts
        .open_session(seen.clone(), false, &Client::default())
        .await
        .unwrap();

    world
        .accounts
        .set_suspended(world.operator().await, id, true, "a test")
        .await
        .unwrap();
    assert_eq!(
        code(
            world
                .accounts
                .open_session(seen.clone(), false, &Client::default())
                .await
        ),
        Code::InvalidCredentials
    );
    world
        .accounts
        .set_suspended(world.operator().await, id, false, "a test")
        .await
        .unwrap();
    world
        .accounts
        .open_session(seen.clone(), false, &Client::default())
        .await
        .unwrap();

    world
        .accounts
        .change_password(id, PASSWORD, "battery staple", here())
        .await
        .unwrap();
    assert_eq!(
        code(
            world
                .accounts
                .open_session(seen, false, &Client::default())
                .await
        ),
        Code::InvalidCredentials
    );
    let live = "SELECT COUNT(*) FROM login_session WHERE ended_at IS NULL";
    assert_eq!(world.count(live).await, 1, "the one of the change");
}
