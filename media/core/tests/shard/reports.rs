//! Sender reports keep a viewer's audio and video in step, whatever the publisher sends of them.

use std::time::Duration;

use crate::net::Net;
use crate::node::Node;

const SECOND: u64 = 1 << 32;

/// Audio and video of one instant differ by this many milliseconds in the viewer's eyes.
fn skew(node: &Node) -> f64 {
    let seconds = |video: bool, rate: f64| {
        let (_, newest) = *node.track(video).last().unwrap();
        let ssrc = *node
            .media
            .keys()
            .find(|ssrc| **ssrc % 2 == u32::from(video))
            .unwrap();
        let report = node
            .reports
            .iter()
            .rev()
            .find(|report| report.ssrc == ssrc)
            .unwrap();
        let ticks = f64::from(newest.timestamp.wrapping_sub(report.rtp) as i32);
        (report.ntp as f64) / SECOND as f64 + ticks / rate
    };
    1_000.0 * (seconds(true, 90_000.0) - seconds(false, 48_000.0))
}

/// Three seconds of media; both newest packets are of the same instant. The video takes 80 ms
/// longer to be encoded than the audio.
fn watch(reports: bool) -> Net {
    let mut net = Net::new(1);
    let publisher = net.publisher(0);
    net.viewer(0);
    let mut late = Vec::new();
    for number in 0..150u32 {
        net.send_from(publisher, |node, _, out| {
            node.send_rtp(false, 5_000 + number * 960, false, &[1, 2, 3], out);
            if reports && number % 50 == 10 {
                let ntp = 77 * SECOND + u64::from(number) * SECOND / 50;
                node.send_report(false, ntp, 5_000 + number * 960, out);
                node.send_report(true, ntp, number * 1_800, out);
            }
        });
        late.push(number);
        if late.len() > 4 {
            let number = late.remove(0);
            net.send_from(publisher, |node, _, out| {
                let first = [0x10, u8::from(number != 0), 0, 0];
                node.send_rtp(true, number * 1_800, true, &first, out);
            });
        }
        net.run(Duration::from_millis(20));
    }
    for number in late {
        let first = [0x10, 1, 0, 0];
        net.send_from(publisher, |node, _, out| {
            node.send_rtp(true, number * 1_800, true, &first, out)
        });
    }
    net.run(Duration::from_millis(100));
    net
}

#[test]
fn the_publishers_reports_are_translated() {
    let net = watch(true);
    let skew = skew(&net.nodes[1]);
    assert!(skew.abs() < 2.0, "{skew} ms");
}

#[test]
fn without_them_arrival_is_the_measure() {
    let net = watch(false);
    let skew = skew(&net.nodes[1]);
    // Nobody can know of the encoder's delay then, so it shows.
    assert!((60.0..100.0).contains(&skew.abs()), "{skew} ms");
}
