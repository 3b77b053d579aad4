//! Repair on the way in: who is asked for what, how often, and what may come late.

use std::time::Duration;

use media_core::peer::{Codec, Role};

use crate::net::{Net, Path, ROOM, Way};
use crate::node::Node;
use crate::studio::{self, film, frame, seen, viewer_of};

fn lossy(loss: f64) -> Path {
    let up = Way {
        loss,
        ..Way::default()
    };
    Path {
        up,
        ..Path::default()
    }
}

#[test]
fn o8_obs_repairs_lower_layers_when_the_compound_names_its_first_video_ssrc() {
    let mut net = Net::new(1);
    let viewers = [0, 1, 2].map(|layer| viewer_of(&mut net, layer));
    let publisher = studio::publisher(&mut net, studio::obs(51), ROOM);
    // OBS keeps 4,000 packets of all layers by number, the first one wins. After half a minute the
    // layers' numbers are so far apart that each finds its own.
    film(&mut net, publisher, 0..1_200, 60);
    net.set_path(publisher, lossy(4.0));
    film(&mut net, publisher, 1_200..1_500, 60);
    net.set_path(publisher, Path::default());
    film(&mut net, publisher, 1_500..1_510, 60);
    net.run(Duration::from_secs(1));
    let delivery = net.nodes[publisher].client.delivery();
    assert!(delivery.resent > 100, "{delivery:?}");
    for (layer, viewer) in viewers.into_iter().enumerate() {
        let got = seen(&net, viewer);
        let whole = 310 * usize::from(studio::PACKETS[layer]);
        let late = got.iter().filter(|(_, number, _)| *number >= 1_200).count();
        assert_eq!(late, whole, "layer {layer}");
    }
    let stats = net.stats(0);
    assert_eq!(stats.lost_in, 0, "{stats:?}");
}

#[test]
fn o8_another_layers_packet_with_the_same_number_is_no_answer_and_tries_are_capped() {
    let mut net = Net::new(1);
    let _viewers = [0, 1].map(|layer| viewer_of(&mut net, layer));
    let publisher = studio::publisher(&mut net, studio::obs(52), ROOM);
    film(&mut net, publisher, 0..30, 30);
    // At the start all layers count from 0, so the store has the first layer's packets only.
    net.cut(publisher);
    frame(&mut net, publisher, 1, 30, false, 2);
    net.mend(publisher);
    let before = net.nodes[publisher].client.delivery();
    film(&mut net, publisher, 31..91, 30);
    net.run(Duration::from_secs(1));
    let delivery = net.nodes[publisher].client.delivery();
    let (asked, resent) = (
        delivery.nacked - before.nacked,
        delivery.resent - before.resent,
    );
    assert_eq!(asked, 2 * 3, "three times for each packet");
    assert!(resent > 0, "it did answer, with packets of the first layer");
    let stats = net.stats(0);
    assert_eq!(stats.lost_in, 2);
    assert!(
        stats.drop_replay + stats.duplicates_in >= resent,
        "{stats:?}"
    );
}

#[test]
fn o9_a_retransmission_with_the_same_number_gets_in_once_and_late() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = net.publisher(0);
    let mut plain = None;
    for number in 0..60 {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number == 0, 6, out)
        });
        if number == 10 {
            // A packet that the encoder numbers now and sends much later.
            let node = &mut net.nodes[publisher];
            plain = Some(node.plain(true, 10 * 3_000 + 1, false, &[0, 1, 9, 9, 0, 0, 0, 10]));
        }
        net.run(Duration::from_millis(33));
    }
    let late = plain.unwrap();
    for _ in 0..3 {
        net.send_from(publisher, |node, _, out| node.seal_and_send(&late, out));
    }
    net.run(Duration::from_millis(100));
    let track = net.nodes[viewer].track(true);
    let count = track
        .iter()
        .filter(|(_, got)| got.payload[2..4] == [9, 9])
        .count();
    assert_eq!(count, 1);
    assert_eq!(net.nodes[viewer].holes(true), 0);
    assert!(net.stats(0).drop_replay >= 2);
}

#[test]
fn o10_a_keyframe_sent_as_a_burst_arrives_whole() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = net.publisher(0);
    for number in 0..90 {
        let packets = if number % 30 == 0 { 250 } else { 8 };
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number % 30 == 0, packets, out);
        });
        net.run(Duration::from_millis(33));
    }
    net.run(Duration::from_secs(2));
    let stats = net.stats(0);
    assert_eq!(
        (stats.drop_policed, stats.drop_overrun, stats.nacks_up),
        (0, 0, 0)
    );
    assert_eq!(net.nodes[viewer].holes(true), 0);
    assert_eq!(net.nodes[viewer].screen().len(), 90);
}

#[test]
fn o14_a_lost_beginning_is_not_asked_for() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = studio::publisher(&mut net, studio::obs(53), ROOM);
    net.cut(publisher);
    frame(&mut net, publisher, 0, 0, true, 50);
    net.mend(publisher);
    film(&mut net, publisher, 1..60, 30);
    let delivery = net.nodes[publisher].client.delivery();
    assert_eq!(delivery.nacked, 0);
    assert!(
        seen(&net, viewer)
            .iter()
            .any(|(_, number, _)| *number == 30)
    );
}

#[test]
fn nacks_are_capped_when_nobody_answers() {
    let mut net = Net::new(1);
    let publisher = net.publisher(0);
    net.nodes[publisher].repairs = false;
    net.send_from(publisher, |node, _, out| node.send_frame(0, true, 4, out));
    net.run(Duration::from_millis(100));
    let mut asked = 0;
    for number in 1..40 {
        // One frame arrives, two hundred packets do not.
        net.nodes[publisher].jump(200);
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, false, 4, out)
        });
        net.run(Duration::from_millis(100));
        let so_far = net.nodes[publisher].nacked;
        assert!(
            so_far - asked <= 2 * 100,
            "{} in a tenth of a second",
            so_far - asked
        );
        asked = so_far;
    }
    assert!(asked > 0);
}

#[test]
fn each_layer_gets_reports_and_browsers_get_transport_feedback() {
    for (config, twcc) in [(studio::obs(54), false), (studio::browser(55), true)] {
        let mut net = Net::new(1);
        let publisher = studio::publisher(&mut net, config, ROOM);
        film(&mut net, publisher, 0..150, 30);
        let delivery = net.nodes[publisher].client.delivery();
        // Three layers, once a second, five seconds.
        assert!((12..=18).contains(&delivery.reports), "{delivery:?}");
        match twcc {
            true => assert!((50..=110).contains(&delivery.feedbacks), "{delivery:?}"),
            false => assert_eq!(delivery.feedbacks, 0),
        }
        assert_eq!(delivery.nacked, 0);
    }
}

#[test]
fn audio_alone_is_repaired_by_its_own_compound() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = net.publisher(0);
    net.set_path(publisher, lossy(8.0));
    for number in 0..300u32 {
        let payload = [0xfc, number as u8, 1, 1];
        net.send_from(publisher, |node, _, out| {
            node.send_rtp(false, number * 960, false, &payload, out);
        });
        net.run(Duration::from_millis(20));
    }
    net.set_path(publisher, Path::default());
    net.run(Duration::from_millis(500));
    assert!(net.nodes[publisher].nacked > 10);
    assert!(net.stats(0).repaired_in > 10);
    assert_eq!(net.nodes[viewer].holes(false), 0);
}

#[test]
fn b_r9_retransmissions_of_what_never_came_and_unknown_payload_types_are_dropped() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let mut node = Node::new(Role::Publisher, 56);
    node.tweak = |config| {
        for format in &mut config.video.as_mut().unwrap().formats {
            format.rtx = (format.codec == Codec::Vp8).then_some(105);
        }
    };
    let publisher = studio::connect(&mut net, node, ROOM);
    let packet = |pt: u8, sequence: u8, payload: &[u8]| {
        let head = [0x80, pt, 0, sequence, 0, 0, 0, 9, 0, 0, 9, 9];
        [&head[..], payload].concat()
    };
    let send = |net: &mut Net, bytes: &[u8]| {
        net.send_from(publisher, |node, _, out| node.seal_and_send(bytes, out));
    };
    let junk = [
        (
            "RTX before anything",
            packet(105, 1, &[0, 1, 0x10, 0, 1, 1]),
        ),
        ("RED", packet(63, 2, &[0x60, 1, 2, 3])),
        ("ULPFEC", packet(64, 3, &[0xff; 40])),
        ("comfort noise", packet(13, 4, &[1])),
    ];
    for (_, bytes) in &junk {
        send(&mut net, bytes);
    }
    net.run(Duration::from_millis(50));
    let stats = net.stats(0);
    assert_eq!((stats.drop_unknown_payload_type, stats.drop_ssrc), (3, 1));
    net.send_from(publisher, |node, _, out| node.send_frame(0, true, 4, out));
    // A probe without content, and numbers that are far away, one after the other.
    send(&mut net, &packet(105, 5, &[0, 1]));
    send(&mut net, &packet(105, 6, &[0x7f, 0, 0x10, 0]));
    send(&mut net, &packet(105, 7, &[0x7f, 1, 0x10, 0]));
    net.send_from(publisher, |node, _, out| node.send_frame(1, false, 4, out));
    net.run(Duration::from_millis(100));
    assert_eq!(net.nodes[viewer].track(true).len(), 8);
    assert_eq!(net.nodes[viewer].screen().len(), 2);
}
