//! Simulcast in: layers are told apart by rid, remembered by SSRC, repaired and asked for
//! keyframes each for itself; what belongs to no layer is dropped.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::net::{Net, Path, ROOM, Way};
use crate::studio::{self, PACKETS, film, seen, viewer_of};

/// Viewers of three layers see frames `from..to` of their layer whole, and nothing else.
fn check_layers(net: &Net, viewers: [usize; 3], from: u32, to: u32) {
    for (layer, viewer) in viewers.into_iter().enumerate() {
        let got = seen(net, viewer);
        let late: BTreeSet<_> = got
            .iter()
            .filter(|(_, n, _)| (from..to).contains(n))
            .collect();
        let others = late
            .iter()
            .filter(|(of, ..)| usize::from(*of) != layer)
            .count();
        assert_eq!(others, 0, "layer {layer}");
        let expected = (to - from) as usize * usize::from(PACKETS[layer]);
        assert_eq!(late.len(), expected, "layer {layer}");
        assert_eq!(net.nodes[viewer].holes(true), 0, "layer {layer}");
    }
}

#[test]
fn o6_layers_without_ssrc_lines_are_told_apart_by_rid() {
    let mut net = Net::new(1);
    let viewers = [0, 1, 2].map(|layer| viewer_of(&mut net, layer));
    let publisher = studio::publisher(&mut net, studio::obs(41), ROOM);
    film(&mut net, publisher, 0..120, 30);
    net.run(Duration::from_millis(500));
    check_layers(&net, viewers, 60, 120);
    let stats = net.stats(0);
    assert_eq!((stats.drop_ssrc, stats.drop_late), (0, 0));
    assert_eq!(stats.nacks_up, 0, "nothing was lost");
}

#[test]
fn o7_layers_work_without_any_sender_report_and_time_goes_on_over_a_switch() {
    let mut net = Net::new(1);
    let viewer = viewer_of(&mut net, 2);
    let publisher = studio::publisher(&mut net, studio::obs(42), ROOM);
    film(&mut net, publisher, 0..60, 30);
    let peer = net.nodes[viewer].peer;
    let layer = Some(0);
    net.command(0, media_core::border::Command::SelectLayer { peer, layer });
    film(&mut net, publisher, 60..120, 30);
    net.run(Duration::from_millis(500));
    let track = net.nodes[viewer].track(true);
    let steps = track.windows(2).map(|pair| {
        let ahead = pair[1].1.timestamp.wrapping_sub(pair[0].1.timestamp);
        ahead as i32
    });
    // Equal timestamps are the same moment, so the switch is a step of one frame like any other.
    let largest = steps.clone().max().unwrap();
    assert!(
        steps.clone().all(|step| step >= 0) && largest <= 3_000,
        "{largest}"
    );
    let got = seen(&net, viewer);
    assert!(got.iter().any(|(layer, ..)| *layer == 2) && got.last().unwrap().0 == 0);
}

#[test]
fn retransmissions_name_the_layer_that_they_repair() {
    let mut net = Net::new(1);
    let viewers = [0, 1, 2].map(|layer| viewer_of(&mut net, layer));
    let publisher = studio::publisher(&mut net, studio::browser(43), ROOM);
    film(&mut net, publisher, 0..60, 30);
    let up = Way {
        loss: 5.0,
        ..Way::default()
    };
    net.set_path(
        publisher,
        Path {
            up,
            ..Path::default()
        },
    );
    film(&mut net, publisher, 60..180, 30);
    net.set_path(publisher, Path::default());
    film(&mut net, publisher, 180..190, 30);
    net.run(Duration::from_secs(1));
    check_layers(&net, viewers, 60, 190);
    let stats = net.stats(0);
    assert!(stats.repaired_in > 50, "{}", stats.repaired_in);
    assert_eq!(stats.lost_in, 0);
}

#[test]
fn b_r5_packets_that_name_no_layer_are_dropped() {
    let mut net = Net::new(1);
    let viewer = net.viewer(0);
    let publisher = studio::publisher(&mut net, studio::obs(44), ROOM);
    film(&mut net, publisher, 0..10, 30);
    let pt = net.nodes[publisher]
        .client
        .payload_type(&media_core::peer::Codec::Vp8)
        .unwrap();
    let long = "x".repeat(16);
    let before = net.stats(0);
    // How many SSRCs get past the keys at all is tested there.
    for ssrc in 0..100u32 {
        let rid = match ssrc % 3 {
            0 => "9",
            1 => long.as_str(),
            _ => "",
        };
        let mut packet = vec![0x90, pt, 0, 1, 0, 0, 0, 1];
        packet.extend_from_slice(&(0x7000_0000 + ssrc).to_be_bytes());
        let mut extension = match rid.len() {
            0 => vec![],
            len => vec![2 << 4 | (len as u8 - 1)],
        };
        extension.extend_from_slice(rid.as_bytes());
        extension.resize(extension.len().next_multiple_of(4), 0);
        packet.extend_from_slice(&[0xbe, 0xde, 0, extension.len() as u8 / 4]);
        packet.extend_from_slice(&extension);
        packet.extend_from_slice(&[0x10, 0, 9, 9]);
        net.send_from(publisher, |node, _, out| node.seal_and_send(&packet, out));
    }
    net.run(Duration::from_millis(50));
    let stats = net.stats(0);
    let strays = stats.packets_in - before.packets_in;
    assert!(strays > 3, "{strays}");
    assert_eq!(stats.drop_ssrc - before.drop_ssrc, strays);
    // The real layers go on.
    film(&mut net, publisher, 10..40, 30);
    net.run(Duration::from_millis(200));
    let got = seen(&net, viewer);
    assert!(got.iter().any(|(_, number, _)| *number == 39));
    assert!(got.iter().all(|(layer, ..)| *layer < 3));
}

#[test]
fn b_c3_each_layer_is_asked_for_a_keyframe_once_a_second_at_most() {
    let mut net = Net::new(1);
    let publisher = studio::publisher(&mut net, studio::obs(45), ROOM);
    // Only the first frame is a keyframe; nobody was there to see it.
    film(&mut net, publisher, 0..30, 10_000);
    let viewers: Vec<_> = (0..30).map(|at| viewer_of(&mut net, at % 3)).collect();
    net.nodes[publisher].plis.clear();
    let begin = net.now;
    let mut asked = 0u8;
    for number in 30..150 {
        for viewer in &viewers {
            let ssrc = 10_001 + 2 * (net.nodes[*viewer].peer.0 as u32);
            net.send_from(*viewer, |node, _, out| node.send_pli(ssrc, out));
        }
        film(&mut net, publisher, number..number + 1, 10_000);
        asked |= net.nodes[publisher].client.take_keyframe_requests();
    }
    let seconds = (net.now - begin).as_secs_f64();
    let plis = net.nodes[publisher].plis.len();
    assert!(
        plis > 0 && plis as f64 <= 3.0 * (seconds + 1.0),
        "{plis} in {seconds}"
    );
    assert_ne!(asked, 0);
}
