//! What the host of a publisher is told, as events of the shard.

use std::time::Duration;

use media_core::border::Event;
use media_core::lint::Finding;
use media_core::peer::{Codec, Role};

use crate::net::{Net, Path, ROOM, Way};
use crate::node::Node;
use crate::studio::{self, film};

/// The findings of the latest event, and how many events there were.
fn told(net: &Net) -> (Vec<Finding>, usize) {
    let of = |event: &Event| match event {
        Event::Lint { findings, .. } => Some(findings.clone()),
        _ => None,
    };
    let all: Vec<_> = net.events.iter().filter_map(of).collect();
    (all.last().cloned().unwrap_or_default(), all.len())
}

fn codes(net: &Net) -> Vec<(&'static str, u8)> {
    told(net).0.iter().map(|f| (f.code, f.layer)).collect()
}

#[test]
fn an_obs_with_default_keyframes_and_no_audio_is_told_both_once() {
    let mut net = Net::new(1);
    let publisher = studio::publisher(&mut net, studio::obs(61), ROOM);
    film(&mut net, publisher, 0..600, 250);
    let all = codes(&net);
    assert!(all.contains(&("audio_missing", 0)), "{all:?}");
    for layer in 0..3 {
        assert!(all.contains(&("keyframe_interval_long", layer)), "{all:?}");
    }
    assert_eq!(all.len(), 4, "{all:?}");
    let events = told(&net).1;
    assert!(events <= 5, "{events} in twenty seconds");
}

#[test]
fn a_layer_that_falls_silent_is_told_and_taken_back() {
    let mut net = Net::new(1);
    let publisher = studio::publisher(&mut net, studio::browser(62), ROOM);
    film(&mut net, publisher, 0..30, 30);
    for number in 30..330 {
        for layer in [1, 2] {
            studio::frame(
                &mut net,
                publisher,
                layer,
                number,
                number % 30 == 0,
                4 - layer,
            );
        }
        net.run(studio::FRAME);
    }
    assert!(
        codes(&net).contains(&("layer_missing", 0)),
        "{:?}",
        codes(&net)
    );
    film(&mut net, publisher, 330..450, 30);
    assert!(
        !codes(&net).contains(&("layer_missing", 0)),
        "{:?}",
        codes(&net)
    );
}

#[test]
fn loss_on_the_way_in_is_told_although_it_is_repaired() {
    let mut net = Net::new(1);
    let publisher = studio::publisher(&mut net, studio::browser(63), ROOM);
    film(&mut net, publisher, 0..60, 30);
    let up = Way {
        loss: 6.0,
        ..Way::default()
    };
    let path = Path {
        up,
        ..Path::default()
    };
    net.set_path(publisher, path);
    film(&mut net, publisher, 60..500, 30);
    let (findings, _) = told(&net);
    let loss = findings
        .iter()
        .find(|f| (f.code, f.layer) == ("packet_loss", 0));
    let seen = loss.unwrap().seen;
    assert!((30..=120).contains(&seen), "{seen} of a thousand");
}

#[test]
fn o11_o12_profile_and_b_frames_of_the_real_stream_are_told() {
    let mut net = Net::new(1);
    let mut node = Node::new(Role::Publisher, 64);
    node.codec = Codec::H264 {
        profile_level_id: 0x42_e0_1f,
        packetization_mode: 1,
    };
    let publisher = studio::connect(&mut net, node, ROOM);
    // High profile at 1280x720, with reordering, as x264 writes it by default.
    let sps = [
        0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03,
        0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
    ];
    for number in 0..300u32 {
        net.send_from(publisher, |node, _, out| {
            if number % 30 == 0 {
                node.send_rtp(true, number * 3_000, false, &sps, out);
                node.send_rtp(true, number * 3_000, false, &[0x68, 0xeb, 0xe3, 0xcb], out);
                node.send_rtp(true, number * 3_000, true, &[0x65, 0x88, 0x80], out);
            } else {
                // Every third one is a P slice, the others are B slices.
                let slice = if number % 3 == 0 { 0x9a } else { 0x9e };
                node.send_rtp(true, number * 3_000, true, &[0x41, slice, 1], out);
            }
            node.send_rtp(false, number * 1_584, false, &[0xfc, 1, 1, 1], out);
        });
        net.run(studio::FRAME);
    }
    let (findings, _) = told(&net);
    let codes: Vec<_> = findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["b_frames", "profile_mismatch"]);
    assert_eq!(
        (findings[1].seen, findings[1].wanted),
        (0x64_00_1f, 0x42_e0_1f)
    );
    net.run(Duration::from_millis(100));
}

/// Chromium fills its probes with retransmissions of what has come long ago.
#[test]
fn probes_of_a_browser_do_not_count_as_bitrate() {
    const RTX: u8 = 120;
    let mut net = Net::new(1);
    let mut node = Node::new(Role::Publisher, 65);
    node.tweak = |config| {
        for format in &mut config.video.as_mut().unwrap().formats {
            format.rtx = (format.codec == Codec::Vp8).then_some(RTX);
        }
    };
    let publisher = studio::connect(&mut net, node, ROOM);
    let mut number = 0u16;
    for frame in 0..270u32 {
        let payload = [&[0x10, u8::from(frame % 30 != 0)][..], &[7; 1_100]].concat();
        let timestamp = frame * 3_000;
        let plain = net.nodes[publisher].plain(true, timestamp, true, &payload);
        net.send_from(publisher, |node, _, out| {
            node.seal_and_send(&plain, out);
            for _ in 0..60 {
                number += 1;
                let mut probe = [&plain[..12], &plain[2..4], &payload].concat();
                probe[1] = RTX;
                probe[2..4].copy_from_slice(&number.to_be_bytes());
                probe[8..12].copy_from_slice(&[0, 9, 9, 9]);
                node.seal_and_send(&probe, out);
            }
            node.send_rtp(false, frame * 1_584, false, &[0xfc, 1, 1, 1], out);
        });
        net.run(studio::FRAME);
    }
    assert!(net.stats(0).duplicates_in > 10_000, "16 Mbit/s of them");
    assert_eq!(codes(&net), []);
}
