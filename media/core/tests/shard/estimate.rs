//! What viewers tell of their networks, and what is made of it when that is nonsense.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::ladder::{Host, viewer};
use crate::net::{Net, Path, ROOM, Way};

const SECOND: Duration = Duration::from_secs(1);

/// B-C1, B-C4, B-C5: nothing of this moves anything.
#[test]
fn nonsense_is_dropped_or_clamped() {
    let mut net = Net::seeded(1, 3);
    let mut host = Host::new(&mut net, &[1_000_000], 60);
    let place = viewer(&mut net, |_| {});
    host.film(&mut net, 3 * SECOND);
    let before = net.stats(0);
    let remb = b"\x8f\xce\0\x05\0\0\0\x01\0\0\0\0REMB\x01\xff\xff\xff\0\0\0\x09";
    let goodbye = b"\x81\xcb\0\x01\0\0\0\x01";
    let report =
        b"\x80\xc8\0\x06\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0";
    let claims = b"\x8f\xcd\0\x05\0\0\0\x01\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0\0\0";
    let endless = b"\x81\xca\0\x02\0\0\0\x01\x01\x02ab";
    for plain in [&remb[..], goodbye, report, claims, endless] {
        net.send_from(place, |node, _, out| node.send_rtcp(plain, out));
    }
    host.film(&mut net, 3 * SECOND);
    let stats = net.stats(0);
    assert_eq!(stats.drop_rtcp - before.drop_rtcp, 2, "{stats:?}");
    let reports = net.shards[0].peers(net.now, ROOM);
    let estimate = reports.iter().find_map(|report| report.estimate);
    assert!(estimate.is_some_and(|estimate| estimate < 100_000_000));
    let last = net.nodes[place].screen().last().unwrap().at;
    assert!(last + SECOND > net.now, "it is still watched");
}

#[test]
fn the_report_of_a_viewer_tells_of_its_network() {
    let mut net = Net::seeded(1, 3);
    let mut host = Host::new(&mut net, &[1_000_000], 60);
    let place = viewer(&mut net, |_| {});
    let way = Way {
        delay: Duration::from_millis(40),
        loss: 10.0,
        ..Way::default()
    };
    net.set_path(place, Path::down(way));
    host.film(&mut net, 10 * SECOND);
    let reports = net.shards[0].peers(net.now, ROOM);
    let report = reports
        .iter()
        .find(|report| report.peer == net.nodes[place].peer)
        .unwrap();
    let video = report.tracks.iter().find(|track| track.video).unwrap();
    assert!(report.estimate.is_some_and(|estimate| estimate > 500_000));
    let rtt = video.rtt.unwrap();
    let (least, most) = (Duration::from_millis(40), Duration::from_millis(90));
    assert!((least..most).contains(&rtt), "{rtt:?}");
    assert!(video.nacks > 20 && video.resent > 20, "{video:?}");
    assert!(video.resent <= video.nacks);
}

/// Packets of one size leave as datagrams of one size, so that the kernel takes them as one run;
/// with transport-wide numbers they are eight bytes longer, always.
#[test]
fn transport_wide_numbers_keep_packets_of_one_size() {
    let mut lengths = Vec::new();
    for twcc in [true, false] {
        let mut net = Net::seeded(1, 3);
        let mut host = Host::new(&mut net, &[1_000_000], 60);
        let place = viewer(&mut net, |config| config.twcc = twcc);
        net.record(place);
        host.film(&mut net, 2 * SECOND);
        let longest = net.recorded(place).iter().map(Vec::len).max().unwrap();
        let full = net.recorded(place).iter().filter(|it| it.len() == longest);
        let distinct: BTreeSet<usize> = net.recorded(place).iter().map(Vec::len).collect();
        assert!(full.count() > 100 && distinct.len() < 12, "{distinct:?}");
        lengths.push(longest);
    }
    assert_eq!(lengths[0], lengths[1] + 8);
}
