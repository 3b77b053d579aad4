//! Guessing is slowed down, and nobody can be locked out by it (row 11).

use super::*;

#[tokio::test]
async fn the_owner_s_browser_gets_in_while_somebody_guesses_from_the_same_address() {
    let world = World::open().await;
    let signed = world.register("mina@example.com").await.unwrap();
    let accounts = &world.accounts;
    for _ in 0..5 {
        let wrong = accounts
            .login("mina@example.com", "wrong horse", here())
            .await;
        assert_eq!(code(wrong), Code::InvalidCredentials);
    }
    let stranger = accounts.login("mina@example.com", PASSWORD, here()).await;
    assert_eq!(code(stranger), Code::RateLimited, "from here and unknown");
    let known = Client {
        device: Some(signed.device_token.clone()),
        ..here().into()
    };
    let owner = accounts
        .login("mina@example.com", PASSWORD, known.clone())
        .await
        .unwrap();
    assert!(!owner.device_token.is_empty());
    let elsewhere: IpAddr = "198.51.100.7".parse().unwrap();
    accounts
        .login("mina@example.com", PASSWORD, elsewhere)
        .await
        .unwrap();

    // A device token opens nothing by itself, and gives no endless tries either.
    for _ in 0..5 {
        let wrong = accounts
            .login("mina@example.com", "wrong horse", known.clone())
            .await;
        assert_eq!(code(wrong), Code::InvalidCredentials);
    }
    let spent = accounts.login("mina@example.com", PASSWORD, known).await;
    assert_eq!(code(spent), Code::RateLimited);
}

#[tokio::test]
async fn a_device_is_known_to_its_own_account_alone() {
    let world = World::open().await;
    let eve = world.register("eve@example.com").await.unwrap();
    world.register("mina@example.com").await.unwrap();
    let as_device = |token: &str| Client {
        device: Some(token.to_owned()),
        ..here().into()
    };
    let tokens = [eve.device_token.as_str(), &eve.access_token, "", "nonsense"];
    for token in tokens {
        for _ in 0..2 {
            let client = as_device(token);
            let _ = world
                .accounts
                .login("mina@example.com", "wrong horse", client)
                .await;
        }
    }
    // Eight tries with foreign tokens counted as the five of this address.
    let client = as_device(&eve.device_token);
    let last = world
        .accounts
        .login("mina@example.com", PASSWORD, client)
        .await;
    assert_eq!(code(last), Code::RateLimited);
    assert_eq!(
        code(world.accounts.verify(&eve.device_token)),
        Code::InvalidToken,
        "B-K4"
    );
}
