//! Publish tickets: for their stream, for two minutes, for accounts that stand, beside the key.

use signaling_wire::StreamId;

use super::*;

fn streams() -> (StreamId, StreamId) {
    (StreamId::from_parts(1, 1), StreamId::from_parts(1, 2))
}

#[tokio::test]
async fn a_ticket_opens_its_stream_for_two_minutes_and_leaves_the_key() {
    let world = World::open().await;
    let (one, two) = streams();
    let user = world.register("mina@souk.test").await.unwrap().user.id;
    let accounts = &world.accounts;
    let key = accounts.issue_stream_key(one).await.unwrap();
    let ticket = accounts.issue_publish_ticket(user, one).unwrap();
    let other = accounts.issue_publish_ticket(user, two).unwrap();
    let stream = async |text: &str| accounts.resolve_publish_ticket(text).await.unwrap();
    assert_eq!(stream(ticket.expose()).await, Some(one));
    assert_eq!(stream(other.expose()).await, Some(two));
    let restarted = world.restarted().await;
    let again = restarted.resolve_publish_ticket(ticket.expose()).await;
    assert_eq!(again.unwrap(), Some(one));

    assert_eq!(ticket.expires_in(), 120);
    world.pass(ticket.expires_in() + limits::LEEWAY_S - 1);
    assert_eq!(stream(ticket.expose()).await, Some(one));
    world.pass(1);
    assert_eq!(stream(ticket.expose()).await, None);
    let named = accounts.resolve_stream_key(key.expose()).await.unwrap();
    assert_eq!(named, Some(one), "the key is as it was");
}

#[tokio::test]
async fn tickets_keys_and_access_tokens_are_not_one_another() {
    let world = World::open().await;
    let (one, _) = streams();
    let signed = world.register("mina@souk.test").await.unwrap();
    let accounts = &world.accounts;
    let key = accounts.issue_stream_key(one).await.unwrap();
    let ticket = accounts.issue_publish_ticket(signed.user.id, one).unwrap();
    assert!(accounts.verify(&signed.access_token).is_ok());
    assert_eq!(code(accounts.verify(ticket.expose())), Code::InvalidToken);
    let as_key = accounts.resolve_stream_key(ticket.expose()).await;
    assert_eq!(as_key.unwrap(), None);
    for text in [&signed.access_token, key.expose(), "", "a.b.c"] {
        let as_ticket = accounts.resolve_publish_ticket(text).await;
        assert_eq!(as_ticket.unwrap(), None);
    }
    let shown = format!("{ticket:?}");
    assert_eq!(shown, "PublishTicket(redacted)");
}

#[tokio::test]
async fn a_suspended_or_unknown_account_opens_nothing() {
    let world = World::open().await;
    let (one, _) = streams();
    let user = world.register("mina@souk.test").await.unwrap().user.id;
    let accounts = &world.accounts;
    let ticket = accounts.issue_publish_ticket(user, one).unwrap();
    let stream = async |text: &str| accounts.resolve_publish_ticket(text).await.unwrap();
    assert_eq!(stream(ticket.expose()).await, Some(one));
    accounts
        .set_suspended(world.operator().await, user, true, "a test")
        .await
        .unwrap();
    assert_eq!(stream(ticket.expose()).await, None);
    let nobody = UserId::from_parts(9, 9);
    let ticket = accounts.issue_publish_ticket(nobody, one).unwrap();
    assert_eq!(stream(ticket.expose()).await, None);
}
