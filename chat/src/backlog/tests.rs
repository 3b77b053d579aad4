//! The last fifty, oldest first.

use signaling_wire::{ChatMessageId, UserId, frame::chat::Message};

use super::Recent;

fn message(n: u64) -> Message {
    Message {
        id: ChatMessageId::from_parts(n, 0),
        user_id: UserId::from_parts(1, 1),
        name: "Anna".to_owned(),
        badge: None,
        body: n.to_string(),
        at_ms: n,
        key: n.to_string(),
    }
}

#[test]
fn the_last_fifty_are_kept_in_order() {
    let mut recent = Recent::of((0..3).map(message).collect());
    assert_eq!(
        recent.frame().messages,
        (0..3).map(message).collect::<Vec<_>>()
    );
    for n in 3..80 {
        recent.add(&[message(n)]);
    }
    assert_eq!(
        recent.frame().messages,
        (30..80).map(message).collect::<Vec<_>>()
    );
    recent.add(&(80..200).map(message).collect::<Vec<_>>());
    assert_eq!(
        recent.frame().messages,
        (150..200).map(message).collect::<Vec<_>>()
    );
}
