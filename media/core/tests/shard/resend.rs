//! What a viewer asks for again comes again: over RTX where that was agreed, else unchanged.

use std::time::Duration;

use crate::ladder::{Host, repeats, viewer};
use crate::net::{Net, Path, Way};

const SECOND: Duration = Duration::from_secs(1);

fn lossy(net: &mut Net, place: usize) {
    let way = Way {
        loss: 10.0,
        ..Way::default()
    };
    net.set_path(place, Path::down(way));
}

#[test]
fn losses_are_repaired_over_rtx_and_without_it() {
    let mut net = Net::seeded(1, 3);
    let mut host = Host::new(&mut net, &[1_000_000], 60);
    let with = viewer(&mut net, |_| {});
    let without = viewer(&mut net, |config| config.rtx = false);
    let modest = viewer(&mut net, |config| {
        (config.rtx, config.twcc) = (false, false);
    });
    for place in [with, without, modest] {
        lossy(&mut net, place);
    }
    host.film(&mut net, 20 * SECOND);
    for place in [with, without, modest] {
        net.set_path(place, Path::default());
    }
    host.film(&mut net, 2 * SECOND);
    let reception = |place: usize| net.nodes[place].client.reception();
    for place in [with, without, modest] {
        let got = reception(place);
        assert!(got.nacked > 50, "{place}: {got:?}");
        let holes = net.nodes[place].holes(true);
        assert!(holes < 10, "{place}: {holes}, {got:?}");
    }
    assert!(reception(with).repaired_rtx > 50, "{:?}", reception(with));
    assert_eq!(reception(without).repaired_rtx, 0);
    assert!(reception(without).repaired_same > 50);
    assert!(reception(modest).repaired_same > 50);
}

/// AES-GCM must never seal two contents with one number: whatever is sent twice under one
/// sequence number of one SSRC is the same to the last bit, transport-wide number included.
#[test]
fn what_is_sent_again_on_its_own_ssrc_is_the_same_to_the_last_bit() {
    for rtx in [true, false] {
        let mut net = Net::seeded(1, 3);
        let mut host = Host::new(&mut net, &[1_000_000, 300_000], 60);
        let place = viewer(&mut net, |config| config.rtx = rtx);
        lossy(&mut net, place);
        net.record(place);
        host.film(&mut net, 6 * SECOND);
        net.set_rates(place, None, Some(600_000));
        host.film(&mut net, 10 * SECOND);
        let again = repeats(&net, place);
        assert_eq!(again > 0, !rtx, "rtx: {rtx}, {again}");
    }
}

/// B-C2: the same numbers over and over, on RTX.
#[test]
fn b_c2_a_flood_of_nacks_is_answered_with_a_fifth_at_most() {
    let mut net = Net::seeded(1, 3);
    let mut host = Host::new(&mut net, &[1_000_000], 60);
    let (place, other) = (viewer(&mut net, |_| {}), viewer(&mut net, |_| {}));
    host.film(&mut net, 3 * SECOND);
    let before = net.stats(0);
    let (ssrc, last) = {
        let node = &net.nodes[place];
        let (ssrc, track) = node.media.iter().find(|(ssrc, _)| **ssrc % 2 == 1).unwrap();
        (*ssrc, *track.keys().next_back().unwrap() as u16)
    };
    for round in 0..100u16 {
        net.send_from(place, |node, _, out| {
            let mut plain = vec![0x81, 205, 0, 3, 0, 0, 0, 1];
            plain.extend_from_slice(&ssrc.to_be_bytes());
            plain.extend_from_slice(&last.wrapping_sub(17 + round % 3).to_be_bytes());
            plain.extend_from_slice(&[0xff, 0xff]);
            node.send_rtcp(&plain, out);
        });
        host.film(&mut net, Duration::from_millis(30));
    }
    let stats = net.stats(0);
    let sent = stats.packets_forwarded - before.packets_forwarded;
    let resent = stats.resent - before.resent;
    assert!(resent > 0);
    assert!(resent <= sent / 2 / 5 + 100, "{resent} of {sent}");
    assert_eq!(net.nodes[other].client.reception().duplicates, 0);
}
