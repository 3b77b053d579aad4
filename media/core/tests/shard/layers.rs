//! Simulcast towards viewers: switches without a jump of time and without a sender report, silent
//! layers, and a source that ignores keyframe requests.

use std::time::Duration;

use media_core::border::Command;
use media_core::client::ClientConfig;
use media_core::limits::{CACHE_AFTER, LAYER_SILENCE};

use crate::net::{Net, ROOM};
use crate::studio::{self, FRAME, PACKETS, film, frame, frame_at, seen, viewer_of};

/// Film of some layers only.
fn partial(net: &mut Net, publisher: usize, layers: &[u8], numbers: std::ops::Range<u32>) {
    for number in numbers {
        for layer in layers {
            let packets = PACKETS[usize::from(*layer)];
            frame(net, publisher, *layer, number, number % 30 == 0, packets);
        }
        net.run(FRAME);
    }
}

/// What the viewer's timestamps say of each frame, against the frame's number: how far off the
/// first one's rule they are, in ticks.
fn offsets(net: &Net, viewer: usize) -> Vec<i64> {
    let track = net.nodes[viewer].track(true);
    let numbers = seen(net, viewer);
    let of = |((_, got), (_, number, _)): (&(u32, &crate::node::Received), &(u8, u32, u8))| {
        i64::from(got.timestamp.wrapping_sub(*number * 3_000) as i32)
    };
    let all: Vec<i64> = track.iter().zip(&numbers).map(of).collect();
    all.iter().map(|offset| offset - all[0]).collect()
}

/// Switches through all layers; a frame is to be shown when it was, whatever layer it is of.
fn switches_are_not_seen(config: ClientConfig, apart: u32, off: i64) {
    let mut net = Net::new(1);
    let viewer = viewer_of(&mut net, 0);
    let publisher = studio::publisher(&mut net, config, ROOM);
    let film = |net: &mut Net, publisher, numbers: std::ops::Range<u32>| {
        for number in numbers {
            for (layer, packets) in (0..).zip(PACKETS) {
                let offset = apart.wrapping_mul(u32::from(layer));
                let place = (number, offset);
                frame_at(net, publisher, layer, place, number % 30 == 0, packets);
            }
            net.run(FRAME);
        }
    };
    film(&mut net, publisher, 0..70);
    let peer = net.nodes[viewer].peer;
    for (step, layer) in [2, 1, 0, 1].into_iter().enumerate() {
        let layer = Some(layer);
        net.command(0, Command::SelectLayer { peer, layer });
        let start = 70 + 60 * step as u32;
        film(&mut net, publisher, start..start + 60);
    }
    net.run(Duration::from_millis(300));
    let got = seen(&net, viewer);
    let mut layers: Vec<u8> = got.iter().map(|(layer, ..)| *layer).collect();
    layers.dedup();
    assert_eq!(layers, [0, 2, 1, 0, 1], "each switch once, and no way back");
    let offsets = offsets(&net, viewer);
    let worst = offsets.iter().map(|offset| offset.abs()).max().unwrap();
    assert!(worst <= off, "{worst} ticks");
    assert_eq!(net.nodes[viewer].holes(true), 0);
    let track = net.nodes[viewer].track(true);
    for pair in track.windows(2) {
        let step = pair[1].1.timestamp.wrapping_sub(pair[0].1.timestamp) as i32;
        assert!(step >= 0, "time goes on");
        let same_frame = step == 0;
        let same_layer = pair[1].1.payload[2] == pair[0].1.payload[2];
        assert!(!same_frame || same_layer, "no frame of two layers");
    }
}

#[test]
fn layers_that_count_alike_switch_without_a_jump_and_without_reports() {
    // A tick a switch, so that a frame that was seen already is another one.
    switches_are_not_seen(studio::obs(51), 0, 4);
}

#[test]
fn layers_of_a_browser_switch_without_a_jump() {
    switches_are_not_seen(studio::browser(52), 1_234_567_890, 4 * 90 * 5);
}

#[test]
fn viewers_of_a_silent_layer_move_to_a_living_one_and_back() {
    let mut net = Net::new(1);
    let viewers = [0, 1].map(|layer| viewer_of(&mut net, layer));
    let publisher = studio::publisher(&mut net, studio::obs(53), ROOM);
    film(&mut net, publisher, 0..60, 30);
    let silent = net.now;
    partial(&mut net, publisher, &[1, 2], 60..150);
    let first = |net: &Net, viewer: usize, layer: u8, from: u32| {
        let got = seen(net, viewer);
        let packet = got
            .iter()
            .position(|(of, number, _)| *of == layer && *number >= from);
        packet.map(|at| net.nodes[viewer].track(true)[at].1.at)
    };
    let moved = first(&net, viewers[0], 1, 60).expect("it has moved") - silent;
    let limit = LAYER_SILENCE + CACHE_AFTER + Duration::from_millis(500);
    assert!(moved < limit, "{moved:?}");
    let steady = seen(&net, viewers[1]);
    assert!(
        steady.iter().all(|(layer, ..)| *layer == 1),
        "not its affair"
    );
    film(&mut net, publisher, 150..240, 30);
    assert_eq!(
        seen(&net, viewers[0]).last().unwrap().0,
        0,
        "what it asked for"
    );
    assert_eq!(net.nodes[viewers[0]].holes(true), 0);
}

#[test]
fn a_layer_without_keyframes_is_shown_from_the_cache_when_the_other_ends() {
    let mut net = Net::new(1);
    let viewer = viewer_of(&mut net, 0);
    let publisher = studio::publisher(&mut net, studio::obs(54), ROOM);
    film(&mut net, publisher, 0..60, 1_000);
    // Keyframes are far away, and layer 0 ends.
    for number in 60..180 {
        for layer in [1, 2] {
            frame(
                &mut net,
                publisher,
                layer,
                number,
                false,
                PACKETS[usize::from(layer)],
            );
        }
        net.run(FRAME);
    }
    let got = seen(&net, viewer);
    let moved = got.iter().position(|(layer, ..)| *layer != 0).unwrap();
    assert_eq!((got[moved].1, got[moved].2), (0, 0), "from its keyframe on");
    assert!(got.last().unwrap().1 >= 177, "and live again");
    let track = net.nodes[viewer].track(true);
    let steps = track.windows(2).map(|pair| {
        let step = pair[1].1.timestamp.wrapping_sub(pair[0].1.timestamp);
        step as i32
    });
    assert!(steps.clone().all(|step| step >= 0));
    let pause = (LAYER_SILENCE + CACHE_AFTER + Duration::from_millis(500)).as_millis() as i32;
    assert!(steps.max().unwrap() < pause * 90);
    assert!(net.nodes[publisher].plis.len() >= 2, "it was asked, too");
}
