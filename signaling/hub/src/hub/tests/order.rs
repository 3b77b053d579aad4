//! Sockets that join while everybody talks see one order, whole.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use signaling_wire::{
    ClientFrame, Lane, ServerFrame, encode_client,
    frame::{
        chat::{Backlog, Batch},
        control::{LaneHeads, Resync},
    },
};

use super::stage;
use crate::{
    SocketReceiver,
    testing::{card, find, level, message, next, read, shelf, stream_id},
};

const CARDS: u32 = 150;
const MESSAGES: u32 = 150;

/// Follows a socket to the end; returns how many cards and messages it knows.
async fn follow(rx: &mut SocketReceiver) -> (u32, u32) {
    let first = next(rx).await.unwrap();
    let ServerFrame::Snapshot(snapshot) = first.frame else {
        panic!("the snapshot comes first")
    };
    let mut cards = u32::try_from(snapshot.shop.cards.len()).unwrap();
    let newest = |key: &str| key[1..].parse::<u32>().unwrap() + 1;
    let mut said = snapshot
        .chat
        .messages
        .last()
        .map_or(0, |message| newest(&message.key));
    let (mut heads, mut seq): (LaneHeads, u64) = (snapshot.lanes, snapshot.seq);
    while cards < CARDS || said < MESSAGES {
        let received = next(rx).await.unwrap();
        let Some(pos) = received.pos else { continue };
        assert!(pos.seq > seq && pos.epoch == snapshot.epoch);
        seq = pos.seq;
        let head = match received.lane {
            Lane::Control => &mut heads.control,
            Lane::Shop => &mut heads.shop,
            Lane::Chat => &mut heads.chat,
            Lane::Stock => panic!("stock has no place"),
        };
        assert_eq!(
            std::mem::replace(head, pos.seq),
            pos.prev,
            "{:?}",
            received.lane
        );
        match received.frame {
            ServerFrame::Card(card) => {
                cards += 1;
                assert_eq!(card.no, cards, "each once and in order");
            }
            ServerFrame::Chat(batch) => {
                assert_eq!(batch.messages.len(), 1);
                assert_eq!(
                    newest(&batch.messages[0].key),
                    said + 1,
                    "each once and in order"
                );
                said += 1;
            }
            ServerFrame::Presence(_) => {}
            other => panic!("{other:?}"),
        }
    }
    (cards, said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joiners_at_any_moment_miss_nothing_and_get_nothing_twice() {
    let stage = stage().await;
    let (hub, id) = (stage.hub.clone(), stage.room());
    let shop = hub.clone();
    let shop = tokio::spawn(async move {
        for no in 1..=CARDS {
            let frames = vec![ServerFrame::Card(card(no))];
            shop.publish_shop(id, shelf(no), frames).await.unwrap();
            shop.publish_stock(id, level(1, u64::from(no))).await;
        }
    });
    let chat = hub.clone();
    let chat = tokio::spawn(async move {
        let mut backlog = Backlog::default();
        for n in 0..MESSAGES {
            backlog.messages.push(message(n));
            let batch = Batch {
                messages: vec![message(n)],
            };
            chat.publish_chat(id, backlog.clone(), batch).await.unwrap();
        }
    });
    let mut joiners = Vec::new();
    for _ in 0..40 {
        let hub = hub.clone();
        joiners.push(tokio::spawn(async move {
            let mut session = hub.join_socket(id, None).await.unwrap();
            follow(&mut session.rx).await
        }));
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
    for joiner in joiners {
        assert_eq!(joiner.await.unwrap(), (CARDS, MESSAGES));
    }
    shop.await.unwrap();
    chat.await.unwrap();
}

#[tokio::test]
async fn everyone_gets_the_same_bytes() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let mut one = hub.join_socket(id, None).await.unwrap();
    let mut two = hub.join_socket(id, None).await.unwrap();
    hub.publish(id, ServerFrame::Card(card(1))).await.unwrap();
    let mut pointers = Vec::new();
    for session in [&mut one, &mut two] {
        loop {
            let bytes = session.rx.recv().await.unwrap();
            if matches!(read(&bytes).frame, ServerFrame::Card(_)) {
                pointers.push(bytes.as_ptr());
                break;
            }
        }
    }
    assert_eq!(pointers[0], pointers[1]);
}

#[tokio::test(start_paused = true)]
async fn stock_is_paced_and_ends_on_the_last_level() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let mut session = hub.join_socket(id, None).await.unwrap();
    let done = AtomicBool::new(false);
    let talk = async {
        for seq in 1..=500 {
            hub.publish_stock(id, level(1, seq)).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        done.store(true, Ordering::Relaxed);
    };
    let listen = async {
        let (mut batches, mut last) = (0, 0);
        while last < 500 {
            let frame = next(&mut session.rx).await.unwrap();
            let ServerFrame::Stock(batch) = frame.frame else {
                continue;
            };
            assert_eq!(frame.pos, None);
            assert!(batch.levels[0].ledger_seq > last);
            last = batch.levels[0].ledger_seq;
            batches += 1;
        }
        batches
    };
    let ((), batches) = tokio::join!(talk, listen);
    assert!(done.load(Ordering::Relaxed));
    assert!(
        (9..=13).contains(&batches),
        "{batches} batches in half a second"
    );
    let snapshot = read(&hub.snapshot(id).await.unwrap()).frame;
    let ServerFrame::Snapshot(snapshot) = snapshot else {
        panic!("{snapshot:?}")
    };
    assert_eq!(snapshot.shop.stock, vec![level(1, 500)]);
}

#[tokio::test]
async fn a_resync_is_a_new_snapshot() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let mut session = hub.join_socket(id, None).await.unwrap();
    next(&mut session.rx).await.unwrap();
    let position = hub.publish(id, ServerFrame::Card(card(1))).await.unwrap();
    let resync = encode_client(&ClientFrame::Resync(Resync {}));
    hub.socket_frame(id, session.key, &resync).await;
    let seq = find(&mut session.rx, |frame| match frame {
        ServerFrame::Snapshot(snapshot) => Some(snapshot.seq),
        _ => None,
    });
    assert!(seq.await >= position.seq);
    // The session of one room says nothing in another one.
    hub.socket_frame(stream_id(2), session.key, &resync).await;
    assert!(hub.snapshot(stream_id(2)).await.is_none());
}

#[tokio::test]
async fn a_snapshot_stays_short_enough_for_a_data_channel() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let mut messages: Vec<_> = (0..50).map(message).collect();
    for message in &mut messages {
        message.body = "🍊".repeat(300);
        message.key = "\"".repeat(255);
    }
    let newest = messages[49].id;
    hub.set_chat(id, Backlog { messages }).await;
    let bytes = hub.snapshot(id).await.unwrap();
    assert!(
        bytes.len() <= media_core::peer::MAX_LANE_MESSAGE_OUT,
        "{}",
        bytes.len()
    );
    let ServerFrame::Snapshot(snapshot) = read(&bytes).frame else {
        panic!("not a snapshot")
    };
    assert!(
        snapshot.chat.messages.len() > 20,
        "no more is left out than needed"
    );
    assert_eq!(
        snapshot.chat.messages.last().map(|message| message.id),
        Some(newest)
    );
}
