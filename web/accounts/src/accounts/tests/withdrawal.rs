//! What withdrawal takes away, what it leaves, and what keeps a person from it.

use super::*;

async fn run(world: &World, statement: &'static str) {
    let write = world
        .store
        .write(move |conn| Box::pin(async move { sql::query(statement).execute(conn).await }));
    write.await.unwrap();
}

async fn assert_nothing_personal_is_left(world: &World, user: UserId) {
    let left = world.accounts.find_person(user).await.unwrap();
    assert_eq!(
        (left.email.as_str(), left.status),
        ("", PersonStatus::Withdrawn)
    );
    for table in [
        "SELECT COUNT(*) FROM personal_key",
        "SELECT COUNT(*) FROM mail",
        "SELECT COUNT(*) FROM login_session WHERE sealed <> '' OR ended_at IS NULL",
        "SELECT COUNT(*) FROM consent WHERE revoked_at IS NULL",
        "SELECT COUNT(*) FROM users WHERE password_hash <> '' OR phone_sealed IS NOT NULL",
    ] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn nothing_personal_is_left_and_the_address_may_register_anew() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let (user, accounts) = (signed.user.id, &world.accounts);
    let change = ProfileChange {
        display_name: "Mina".to_owned(),
        locale: None,
        phone: Some("010-1234-5678".to_owned()),
        marketing: Some(true),
    };
    let account = accounts.change_profile(user, change, None).await.unwrap();
    assert_eq!(account.phone.as_deref(), Some("010-1234-5678"));
    assert!(account.marketing);
    let personal = accounts.personal_data();
    let key = personal
        .find(world.store.reader(), user)
        .await
        .unwrap()
        .unwrap();
    let sealed = key.seal("order_group/ship_to", "somewhere").unwrap();

    let wrong = accounts.withdraw(user, "wrong horse", here()).await;
    assert_eq!(code(wrong), Code::InvalidCredentials);
    let mut revoked = accounts.subscribe_revoked();
    accounts.withdraw(user, PASSWORD, here()).await.unwrap();
    let told = revoked.recv().await.unwrap();
    assert_eq!((told.user, told.barred), (user, true));
    assert_eq!(told.families.len(), 1);

    assert_eq!(
        code(accounts.verify(&signed.access_token)),
        Code::InvalidToken
    );
    assert_eq!(code(accounts.account(user).await), Code::NotFound);
    assert_eq!(
        code(accounts.withdraw(user, PASSWORD, here()).await),
        Code::NotFound
    );
    let again = accounts.login("mina@example.com", PASSWORD, here()).await;
    assert_eq!(code(again), Code::InvalidCredentials);
    assert!(
        personal
            .find(world.store.reader(), user)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        key.open("order_group/ship_to", &sealed).is_ok(),
        "the key in hand still works"
    );
    let late = personal.clone();
    let write = world
        .store
        .write(move |conn| Box::pin(async move { late.key(conn, user, 0).await.map(drop) }));
    assert!(write.await.is_err(), "no new key for who has withdrawn");
    assert_nothing_personal_is_left(&world, user).await;
    assert_eq!(
        code(
            accounts
                .set_suspended(world.operator().await, user, false, "a test")
                .await
        ),
        Code::NotFound
    );
    let anew = world.register("mina@example.com").await.unwrap();
    assert_ne!(anew.user.id, user);
}

#[tokio::test]
async fn who_owns_a_shop_settles_that_first() {
    let world = World::open().await;
    let user = world.register("mina@example.com").await.unwrap().user.id;
    run(
        &world,
        "INSERT INTO seller (id, owner_user_id, name, created_at, updated_at) \
         SELECT 'slr_1', id, 'Shop', 0, 0 FROM users",
    )
    .await;
    let refused = world.accounts.withdraw(user, PASSWORD, here()).await;
    assert_eq!(code(refused), Code::Conflict);
    world.accounts.account(user).await.unwrap();
    run(&world, "UPDATE seller SET status = 'suspended'").await;
    world
        .accounts
        .withdraw(user, PASSWORD, here())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_profile_changes_by_version_and_keeps_its_consents() {
    let world = World::open().await;
    let user = world.register("mina@example.com").await.unwrap().user.id;
    let accounts = &world.accounts;
    let before = accounts.account(user).await.unwrap();
    assert!(!before.marketing);
    let to = |name: &str| ProfileChange {
        display_name: name.to_owned(),
        locale: Some("en".to_owned()),
        phone: None,
        marketing: None,
    };
    let after = accounts
        .change_profile(user, to("민아"), Some(before.version))
        .await
        .unwrap();
    assert_eq!(after.profile.display_name, "민아");
    assert!(after.version > before.version);
    let stale = accounts
        .change_profile(user, to("Mina"), Some(before.version))
        .await;
    assert_eq!(code(stale), Code::PreconditionFailed);
    for name in ["관리자", "m\u{456}na", ""] {
        let refused = accounts.change_profile(user, to(name), None).await;
        assert_eq!(code(refused), Code::ValidationError, "{name}");
    }
    let export = accounts.export(user, "").await.unwrap();
    let export = serde_json::to_value(&export).unwrap();
    assert_eq!(export["consents"].as_array().unwrap().len(), 2);
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(export["profile"]["email"], "mina@example.com");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let world = World::open().await;
    let client = Client {
        agent: "Firefox\u{1b}[31m".to_owned(),
        ..here().into()
    };
    let first = world.register("mina@example.com").await.unwrap();
    let user = first.user.id;
    world.pass(1);
    let accounts = &world.accounts;
    let second = accounts
        .login("mina@example.com", PASSWORD, client)
        .await
        .unwrap();
    let family = accounts.verify(&second.access_token).unwrap().family;
    let open = accounts.sessions(user, &family).await.unwrap();
    assert_eq!(open.len(), 2);
    assert!(open[0].current && !open[1].current);
    assert_eq!(
        (open[0].user_agent.as_str(), open[0].address.as_str()),
        ("Firefox[31m", "192.0.2.1")
    );
    let eve = world.register("eve@example.com").await.unwrap().user.id;
    let foreign = accounts.end_session(eve, &open[1].id).await;
    assert_eq!(code(foreign), Code::NotFound);
    accounts.end_session(user, &open[1].id).await.unwrap();
    assert_eq!(
        code(accounts.verify(&first.access_token)),
        Code::InvalidToken
    );
    accounts.verify(&second.access_token).unwrap();
    // Another process learns of it from the database (B-K7).
    let other = world.restarted().await;
    assert_eq!(code(other.verify(&first.access_token)), Code::InvalidToken);
    accounts.end_session(user, &family).await.unwrap();
    other.verify(&second.access_token).unwrap();
    other.learn_ended(10_000_000).await.unwrap();
    assert_eq!(code(other.verify(&second.access_token)), Code::InvalidToken);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_withdraw_one_stays() {
    let world = World::open().await;
    let (one, accounts) = (world.operator().await, &world.accounts);
    let other = accounts.create_admin("other@example.com", PASSWORD).await;
    let other = other.unwrap();
    let (first, second) = tokio::join!(
        accounts.withdraw(one, PASSWORD, here()),
        accounts.withdraw(other, PASSWORD, here()),
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let (left, refused) = match first.is_ok() {
        true => (other, second),
        false => (one, first),
    };
    assert_eq!(code(refused), Code::Conflict);
    // The control: with somebody to follow, the same account may go.
    accounts
        .create_admin("heir@example.com", PASSWORD)
        .await
        .unwrap();
    accounts.withdraw(left, PASSWORD, here()).await.unwrap();
}
