//! Loss, reordering and duplicates on both sides are repaired.

use std::time::Duration;

use crate::net::{Net, Weather};

const FRAMES: u32 = 150;

/// A publisher and two viewers in bad weather.
fn storm(repairs: bool) -> (Net, usize, Vec<usize>) {
    let mut net = Net::new(1);
    let viewers = vec![net.viewer(0), net.viewer(0)];
    let publisher = net.publisher(0);
    for place in &viewers {
        net.nodes[*place].repairs = repairs;
    }
    net.send_from(publisher, |node, _, out| node.send_frame(0, true, 6, out));
    net.run(Duration::from_millis(100));
    net.weather = Weather {
        loss: 5,
        duplicates: 3,
        jitter: Duration::from_millis(12),
    };
    for number in 1..FRAMES {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number % 60 == 0, 6, out)
        });
        net.run(Duration::from_millis(33));
    }
    net.weather = Weather::default();
    net.send_from(publisher, |node, _, out| {
        node.send_frame(FRAMES, false, 1, out)
    });
    net.run(Duration::from_secs(2));
    (net, publisher, viewers)
}

#[test]
fn lost_packets_are_repaired_on_both_sides() {
    let (net, publisher, viewers) = storm(true);
    let stats = net.stats(0);
    assert!(net.nodes[publisher].nacked > 0, "the publisher was asked");
    assert!(stats.repaired_in > 20, "{stats:?}");
    assert!(stats.resent > 20, "{stats:?}");
    assert!(stats.duplicates_in + stats.drop_replay > 0, "{stats:?}");
    for place in viewers {
        let node = &net.nodes[place];
        assert_eq!(node.holes(true), 0, "{stats:?}");
        let track = node.track(true);
        assert_eq!(track.len() as u32, (FRAMES * 6) + 1);
        let numbers: Vec<(u32, u8)> = track
            .iter()
            .map(|(_, got)| {
                (
                    u32::from_be_bytes(got.payload[4..8].try_into().unwrap()),
                    got.payload[3],
                )
            })
            .collect();
        assert!(numbers.is_sorted(), "packets are in the publisher's order");
    }
}

#[test]
fn without_nacks_of_viewers_holes_remain() {
    let (net, _, viewers) = storm(false);
    assert!(net.stats(0).resent == 0);
    assert!(
        viewers
            .iter()
            .all(|place| net.nodes[*place].holes(true) > 0)
    );
}

#[test]
fn a_nack_flood_is_answered_with_a_fifth_at_most() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = net.publisher(0);
    for number in 0..100 {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number == 0, 6, out)
        });
        net.run(Duration::from_millis(33));
    }
    let sent = net.stats(0).packets_forwarded;
    let (ssrc, last) = {
        let node = &net.nodes[viewer];
        let (ssrc, track) = node.media.iter().next().unwrap();
        (*ssrc, *track.keys().next_back().unwrap() as u16)
    };
    for round in 0..200u16 {
        net.send_from(viewer, |node, _, out| {
            let mut plain = vec![0x81, 205, 0, 3, 0, 0, 0, 1];
            plain.extend_from_slice(&ssrc.to_be_bytes());
            let pid = last.wrapping_sub(17 + round % 300);
            plain.extend_from_slice(&pid.to_be_bytes());
            plain.extend_from_slice(&[0xff, 0xff]);
            node.send_rtcp(&plain, out);
        });
        net.run(Duration::from_millis(10));
    }
    let stats = net.stats(0);
    assert_eq!(stats.nacks_in, 200 * 17);
    assert!(stats.resent > 0);
    assert!(stats.resent <= sent / 5 + 100, "{} of {sent}", stats.resent);
}
