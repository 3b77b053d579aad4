//! What gives way when a socket is slow, and in which order.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use signaling_wire::{
    Lane, ServerFrame, decode_server,
    frame::control::{Bye, ByeReason},
};

use super::{Pushed, SocketReceiver, socket_queue};
use crate::limits::SOCKET_BACKLOG_BYTES;

fn block(mark: u8, bytes: usize) -> Bytes {
    Bytes::from(vec![mark; bytes])
}

fn marks(rx: &mut SocketReceiver) -> String {
    let mut all = String::new();
    while let Some(bytes) = rx.try_recv() {
        all.push(char::from(bytes[0]));
    }
    all
}

fn whole() -> Vec<Bytes> {
    vec![block(b'W', 100)]
}

#[test]
fn frames_come_out_as_they_went_in() {
    let (queue, mut rx) = socket_queue();
    for (lane, mark) in [
        (Lane::Control, b'a'),
        (Lane::Shop, b'b'),
        (Lane::Chat, b'c'),
    ] {
        assert_eq!(queue.push(lane, &block(mark, 10)), Pushed::Queued);
    }
    assert_eq!(queue.backlog(), 30);
    assert_eq!(marks(&mut rx), "abc");
    assert_eq!(queue.backlog(), 0);
}

#[test]
fn bytes_are_shared_and_not_copied() {
    let (queue, mut rx) = socket_queue();
    let bytes = block(b'a', 1_000);
    queue.push(Lane::Shop, &bytes);
    assert_eq!(rx.try_recv().unwrap().as_ptr(), bytes.as_ptr());
}

#[test]
fn waiting_stock_gives_way_to_the_whole_board() {
    let (queue, mut rx) = socket_queue();
    assert_eq!(queue.push_stock(&[block(b'1', 10)], whole), Pushed::Queued);
    assert_eq!(queue.push(Lane::Shop, &block(b's', 10)), Pushed::Queued);
    assert_eq!(queue.push_stock(&[block(b'2', 10)], whole), Pushed::Queued);
    assert_eq!(marks(&mut rx), "sW");
    // Read in time, the levels alone are enough.
    queue.push_stock(&[block(b'3', 10)], || panic!("nothing was lost"));
    assert_eq!(marks(&mut rx), "3");
}

#[test]
fn chat_is_dropped_and_the_rest_stays() {
    let (queue, mut rx) = socket_queue();
    queue.push(Lane::Shop, &block(b's', SOCKET_BACKLOG_BYTES - 10));
    assert_eq!(queue.push(Lane::Chat, &block(b'c', 11)), Pushed::Dropped);
    assert_eq!(queue.push(Lane::Chat, &block(b'd', 10)), Pushed::Queued);
    assert!(!queue.is_closed());
    assert_eq!(marks(&mut rx), "sd");
}

#[test]
fn stock_and_chat_make_way_for_the_shop() {
    let (queue, mut rx) = socket_queue();
    queue.push_stock(&[block(b't', 100)], whole);
    queue.push(Lane::Chat, &block(b'c', SOCKET_BACKLOG_BYTES - 200));
    assert_eq!(
        queue.push(Lane::Shop, &block(b's', 150)),
        Pushed::Queued,
        "stock is enough"
    );
    assert_eq!(
        queue.push(Lane::Shop, &block(b'u', 500)),
        Pushed::Queued,
        "chat goes too"
    );
    assert_eq!(marks(&mut rx), "su");
    // The lost stock comes back whole.
    queue.push_stock(&[block(b'2', 10)], whole);
    assert_eq!(marks(&mut rx), "W");
}

#[test]
fn stock_without_room_comes_back_whole() {
    let (queue, mut rx) = socket_queue();
    queue.push(Lane::Shop, &block(b's', SOCKET_BACKLOG_BYTES));
    assert_eq!(queue.push_stock(&[block(b'1', 10)], whole), Pushed::Dropped);
    assert_eq!(marks(&mut rx), "s");
    queue.push_stock(&[block(b'2', 10)], whole);
    assert_eq!(marks(&mut rx), "W");
}

#[test]
fn a_reader_too_slow_for_the_shop_is_told_to_come_back() {
    let (queue, mut rx) = socket_queue();
    queue.push(Lane::Shop, &block(b's', SOCKET_BACKLOG_BYTES));
    assert_eq!(queue.push(Lane::Shop, &block(b'x', 1)), Pushed::Closed);
    assert!(queue.is_closed());
    let last = decode_server(&rx.try_recv().unwrap()).unwrap().frame;
    let bye = Bye {
        reason: ByeReason::SlowReader,
        reconnect: true,
    };
    assert_eq!(last, ServerFrame::Bye(bye));
    assert_eq!(queue.push(Lane::Shop, &block(b'y', 1)), Pushed::Closed);
    assert_eq!(rx.try_recv(), None);
}

#[test]
fn one_long_frame_always_fits() {
    let (queue, mut rx) = socket_queue();
    let long = block(b'L', SOCKET_BACKLOG_BYTES + 1);
    assert_eq!(queue.push(Lane::Control, &long), Pushed::Queued);
    assert_eq!(marks(&mut rx), "L");
}

#[test]
fn a_reader_that_went_away_is_noticed() {
    let (queue, rx) = socket_queue();
    queue.push(Lane::Shop, &block(b's', 10));
    drop(rx);
    assert!(queue.is_closed());
    assert_eq!(queue.backlog(), 0);
    assert_eq!(queue.push(Lane::Shop, &block(b's', 10)), Pushed::Closed);
}

#[tokio::test]
async fn the_goodbye_comes_last_and_ends_the_stream() {
    let (queue, mut rx) = socket_queue();
    let reader = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(bytes) = rx.recv().await {
            all.push(bytes);
        }
        all
    });
    tokio::task::yield_now().await;
    queue.push(Lane::Chat, &block(b'c', 5));
    queue.close(ByeReason::Ended);
    queue.close(ByeReason::Restart);
    let all = reader.await.unwrap();
    assert_eq!(all.len(), 2);
    let bye = Bye {
        reason: ByeReason::Ended,
        reconnect: false,
    };
    assert_eq!(decode_server(&all[1]).unwrap().frame, ServerFrame::Bye(bye));
}
