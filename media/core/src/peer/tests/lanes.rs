//! Lane messages both ways, order and loss, backlog, and what ends a peer.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::pair::{Pair, Way};
use crate::client::{ClientConfig, Setup};
use crate::peer::{
    CloseReason, LaneError, MAX_LANE_BACKLOG, MAX_LANE_MESSAGE, MAX_LANE_MESSAGE_OUT, PeerEvent,
    Role,
};
use crate::transmit::Transmits;

fn open(config: ClientConfig) -> Pair {
    let mut pair = Pair::connected(config);
    let open = |pair: &Pair| {
        pair.peer_events.contains(&PeerEvent::LanesOpen)
            && pair.client_events.contains(&PeerEvent::LanesOpen)
    };
    assert!(pair.run(Duration::from_secs(5), open));
    pair
}

fn messages(events: &[PeerEvent]) -> Vec<(u16, Vec<u8>)> {
    let message = |event: &PeerEvent| match event {
        PeerEvent::Lane { lane, bytes } => Some((*lane, bytes.to_vec())),
        _ => None,
    };
    events.iter().filter_map(message).collect()
}

#[test]
fn messages_go_both_ways_on_every_lane_in_both_roles() {
    for setup in [Setup::ActPass, Setup::Passive] {
        let mut pair = open(ClientConfig {
            setup,
            ..Pair::browser(Role::Viewer)
        });
        for lane in 0..4 {
            pair.send_lane(Way::ToPeer, lane, format!("{{\"up\":{lane}}}").as_bytes());
            pair.send_lane(
                Way::ToClient,
                lane,
                format!("{{\"down\":{lane}}}").as_bytes(),
            );
        }
        pair.run(Duration::from_secs(1), |_| false);
        let (mut up, mut down) = (messages(&pair.peer_events), messages(&pair.client_events));
        up.sort();
        down.sort();
        for lane in 0..4u16 {
            let at = usize::from(lane);
            assert_eq!(up[at], (lane, format!("{{\"up\":{lane}}}").into_bytes()));
            assert_eq!(
                down[at],
                (lane, format!("{{\"down\":{lane}}}").into_bytes())
            );
        }
        assert_eq!((up.len(), down.len()), (4, 4));
    }
}

#[test]
fn reliable_lanes_keep_order_under_loss_and_stock_does_not_repeat() {
    let mut pair = open(Pair::browser(Role::Viewer));
    pair.loss = |way, number, bytes| way == Way::ToClient && bytes[0] == 23 && number % 4 == 0;
    for number in 0..200u32 {
        let bytes = number.to_be_bytes();
        pair.send_lane(Way::ToClient, 1, &bytes);
        pair.send_lane(Way::ToClient, 2, &bytes);
        pair.run(Duration::from_millis(20), |_| false);
    }
    pair.run(Duration::from_secs(30), |_| false);
    let got = messages(&pair.client_events);
    let shop = got
        .iter()
        .filter(|(lane, _)| *lane == 1)
        .map(|(_, bytes)| bytes.clone());
    let expected: Vec<Vec<u8>> = (0..200u32)
        .map(|number| number.to_be_bytes().to_vec())
        .collect();
    assert_eq!(shop.collect::<Vec<_>>(), expected);
    let stock = got.iter().filter(|(lane, _)| *lane == 2).count();
    assert!(
        (50..200).contains(&stock),
        "{stock} of 200 stock messages arrived"
    );
}

#[test]
fn long_messages_pass_and_too_long_ones_are_refused() {
    let mut pair = open(Pair::browser(Role::Viewer));
    let long = vec![b'x'; MAX_LANE_MESSAGE];
    pair.send_lane(Way::ToClient, 0, &long);
    pair.send_lane(Way::ToPeer, 0, &long);
    pair.run(Duration::from_secs(2), |_| false);
    assert_eq!(messages(&pair.client_events), [(0, long.clone())]);
    assert_eq!(messages(&pair.peer_events), [(0, long)]);
    let mut out = Transmits::new();
    let longer = vec![b'x'; MAX_LANE_MESSAGE_OUT + 1];
    let now = pair.now;
    assert_eq!(
        pair.peer.send_lane(now, 0, &longer, &mut out),
        Err(LaneError::TooLong)
    );
    assert_eq!(
        pair.peer.send_lane(now, 4, b"x", &mut out),
        Err(LaneError::NotOpen)
    );
    assert!(out.is_empty());
}

#[test]
fn a_message_over_the_limit_ends_the_peer() {
    let mut pair = open(Pair::browser(Role::Viewer));
    pair.send_lane(Way::ToPeer, 3, &vec![b'x'; MAX_LANE_MESSAGE + 1]);
    let closed = |pair: &Pair| pair.peer.is_closed();
    assert!(pair.run(Duration::from_secs(5), closed));
    assert_eq!(
        pair.peer_events.last(),
        Some(&PeerEvent::Closed(CloseReason::Error))
    );
    assert!(messages(&pair.peer_events).is_empty());
}

#[test]
fn a_reader_that_does_not_acknowledge_fills_its_backlog_and_drains_it_later() {
    let mut pair = open(Pair::browser(Role::Viewer));
    pair.loss = |way, _, bytes| way == Way::ToClient && bytes[0] == 23;
    let chunk = vec![b'x'; 8 * 1024];
    let mut out = Transmits::new();
    let now = pair.now;
    let taken = (0..100).take_while(|_| pair.peer.send_lane(now, 3, &chunk, &mut out).is_ok());
    assert_eq!(taken.count(), MAX_LANE_BACKLOG / chunk.len());
    assert_eq!(
        pair.peer.send_lane(now, 0, &chunk, &mut out),
        Err(LaneError::Backlog)
    );
    assert_eq!(pair.peer.lane_backlog(3), MAX_LANE_BACKLOG);
    assert_eq!(pair.peer.lane_backlog(0), 0);
    pair.loss = |_, _, _| false;
    assert!(
        pair.run(Duration::from_secs(60), |pair| pair.peer.lane_backlog(3)
            == 0)
    );
    assert_eq!(
        messages(&pair.client_events).len(),
        MAX_LANE_BACKLOG / chunk.len()
    );
}

#[test]
fn without_a_data_section_there_are_no_lanes() {
    let mut pair = Pair::connected(ClientConfig {
        lanes: false,
        ..Pair::browser(Role::Viewer)
    });
    pair.run(Duration::from_secs(2), |_| false);
    assert!(!pair.peer_events.contains(&PeerEvent::LanesOpen));
    let now = pair.now;
    let sent = pair.peer.send_lane(now, 0, b"x", &mut Transmits::new());
    assert_eq!(sent, Err(LaneError::NotOpen));
}
