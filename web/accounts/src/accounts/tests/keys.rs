//! Stream keys: issued, rotated, refused, and nowhere in the clear.

use signaling_wire::StreamId;

use super::*;
use crate::secret::StreamKey;

#[tokio::test]
async fn a_key_opens_its_stream_until_the_next_one() {
    let world = World::open().await;
    let (one, two) = (StreamId::from_parts(1, 1), StreamId::from_parts(1, 2));
    let accounts = &world.accounts;
    assert_eq!(accounts.stream_key_hint(one).await.unwrap(), None);
    let old = accounts.issue_stream_key(one).await.unwrap();
    let other = accounts.issue_stream_key(two).await.unwrap();
    assert_eq!(
        accounts.resolve_stream_key(old.expose()).await.unwrap(),
        Some(one)
    );

    let fresh = accounts.issue_stream_key(one).await.unwrap();
    assert_eq!(
        accounts.resolve_stream_key(old.expose()).await.unwrap(),
        None
    );
    assert_eq!(
        accounts.resolve_stream_key(fresh.expose()).await.unwrap(),
        Some(one)
    );
    assert_eq!(
        accounts.resolve_stream_key(other.expose()).await.unwrap(),
        Some(two)
    );
    let hint = accounts.stream_key_hint(one).await.unwrap().unwrap();
    assert!(fresh.expose().ends_with(&hint) && hint.len() == 4);
}

#[tokio::test]
async fn what_is_no_key_opens_nothing() {
    let world = World::open().await;
    let key = world
        .accounts
        .issue_stream_key(StreamId::from_parts(1, 1))
        .await
        .unwrap();
    let hash = StreamKey::hash_of(key.expose());
    let never = StreamKey::generate();
    let (cut, upper) = (&key.expose()[..45], key.expose().to_uppercase());
    let spaced = format!(" {}", key.expose());
    for text in [
        "",
        "sk_",
        &hash,
        never.expose(),
        cut,
        &upper,
        &spaced,
        "' OR 1=1 --",
    ] {
        assert_eq!(
            world.accounts.resolve_stream_key(text).await.unwrap(),
            None,
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_database_holds_the_hash_and_four_characters() {
    let world = World::open().await;
    let key = world
        .accounts
        .issue_stream_key(StreamId::from_parts(1, 1))
        .await
        .unwrap();
    let row = sql::query("SELECT hash, hint FROM stream_key")
        .fetch_one(world.store.reader())
        .await
        .unwrap();
    let (hash, hint): (String, String) = (row.get("hash").unwrap(), row.get("hint").unwrap());
    assert_eq!(hash, StreamKey::hash_of(key.expose()));
    assert_eq!(hint.len(), 4);
    assert!(!format!("{key:?}").contains(&hint));
}
