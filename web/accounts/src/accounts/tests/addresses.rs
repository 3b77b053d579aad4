//! Addresses: sealed, one default, at most twenty, and each person's own (B-L1, B-L3, row 14).

use signaling_wire::{AddressId, PostalAddress};

use super::*;

fn to(recipient: &str) -> NewAddress {
    NewAddress {
        label: "집".to_owned(),
        is_default: false,
        address: PostalAddress {
            recipient: recipient.to_owned(),
            phone: "010-1234-5678".to_owned(),
            country: "KR".to_owned(),
            postcode: "04524".to_owned(),
            region: String::new(),
            city: String::new(),
            line1: "세종대로 110".to_owned(),
            line2: String::new(),
            note: String::new(),
        },
    }
}

#[tokio::test]
async fn there_is_one_default_as_long_as_there_is_an_address() {
    let world = World::open().await;
    let user = world.register("mina@example.com").await.unwrap().user.id;
    let accounts = &world.accounts;
    let first = accounts.add_address(user, to("김민아")).await.unwrap();
    assert!(first.is_default, "the first is the default");
    world.pass(1);
    let second = accounts
        .add_address(user, to("'; DROP TABLE users; --"))
        .await
        .unwrap();
    assert!(!second.is_default);
    assert_eq!(
        second.address.recipient, "'; DROP TABLE users; --",
        "plain text"
    );
    world.pass(1);
    let wanted = NewAddress {
        is_default: true,
        ..to("🎁")
    };
    let third = accounts.add_address(user, wanted).await.unwrap();
    let defaults = |all: &[Address]| -> Vec<AddressId> {
        all.iter()
            .filter(|one| one.is_default)
            .map(|one| one.id)
            .collect()
    };
    assert_eq!(
        defaults(&accounts.addresses(user).await.unwrap()),
        [third.id]
    );

    let demote = AddressChange {
        is_default: Some(false),
        ..Default::default()
    };
    let refused = accounts.change_address(user, third.id, demote).await;
    assert_eq!(code(refused), Code::ValidationError);
    let promote = AddressChange {
        is_default: Some(true),
        label: Some("회사".to_owned()),
        address: None,
    };
    let changed = accounts
        .change_address(user, second.id, promote)
        .await
        .unwrap();
    assert_eq!((changed.label.as_str(), changed.is_default), ("회사", true));
    accounts.remove_address(user, second.id).await.unwrap();
    assert_eq!(
        defaults(&accounts.addresses(user).await.unwrap()),
        [first.id]
    );
    accounts.remove_address(user, first.id).await.unwrap();
    accounts.remove_address(user, third.id).await.unwrap();
    assert_eq!(accounts.addresses(user).await.unwrap(), []);
}

#[tokio::test]
async fn an_address_is_its_owner_s_alone_and_the_database_cannot_read_it() {
    let world = World::open().await;
    let anna = world.register("anna@example.com").await.unwrap().user.id;
    let eve = world.register("eve@example.com").await.unwrap().user.id;
    let accounts = &world.accounts;
    let kept = accounts.add_address(anna, to("김민아")).await.unwrap();
    assert_eq!(code(accounts.address(eve, kept.id).await), Code::NotFound);
    let change = accounts
        .change_address(eve, kept.id, AddressChange::default())
        .await;
    assert_eq!(code(change), Code::NotFound);
    assert_eq!(
        code(accounts.remove_address(eve, kept.id).await),
        Code::NotFound
    );

    let sealed: String = sql::query("SELECT sealed FROM address")
        .fetch_value(world.store.reader())
        .await
        .unwrap();
    assert!(!sealed.contains("김민아") && !sealed.contains("04524") && !sealed.contains('{'));
    let after = world.restarted().await;
    assert_eq!(after.address(anna, kept.id).await.unwrap(), kept);
}

#[tokio::test]
async fn there_are_at_most_twenty() {
    let world = World::open().await;
    let user = world.register("mina@example.com").await.unwrap().user.id;
    for _ in 0..limits::ADDRESSES_PER_USER_MAX {
        world
            .accounts
            .add_address(user, to("김민아"))
            .await
            .unwrap();
    }
    let more = world.accounts.add_address(user, to("김민아")).await;
    assert_eq!(code(more), Code::LimitReached);
    let long = NewAddress {
        label: "가".repeat(21),
        ..to("김민아")
    };
    assert_eq!(
        code(world.accounts.add_address(user, long).await),
        Code::ValidationError
    );
}

#[tokio::test]
async fn another_master_key_is_refused_at_start() {
    let world = World::open().await;
    world.register("mina@example.com").await.unwrap();
    let mut config = world.config.clone();
    config.personal_key = Some(SigningSecret::new(
        "another key of thirty-two bytes, or more",
    ));
    let refused = Accounts::new(config.clone(), world.store.clone()).await;
    assert!(refused.is_err(), "its data could not be read");
    let kept = std::fs::read_to_string(&config.personal_key_file).unwrap();
    config.previous_personal_key = Some(SigningSecret::new(kept.trim()));
    Accounts::new(config, world.store.clone()).await.unwrap();
}
