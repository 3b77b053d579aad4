//! F14: a viewer whose address changed is found by its reports, before its next check; and what an
//! attacker at a third address makes of that, with packets that it has overheard or taken away.

use std::net::SocketAddr;
use std::time::Duration;

use media_core::limits::{ASK_TRIES, STRAY_TRIALS_PER_SECOND};
use media_core::transmit::Transmits;

use super::{FRAME, Film, browser};
use crate::net::{Net, seeds, shard_address};

const FILM: Film = Film {
    packets: 4,
    gop: 250,
};

fn attacker(number: u16) -> SocketAddr {
    ([203, 0, 113, 9], 1_000 + number).into()
}

/// How long a viewer is without packets after its address changed, `late` after the fourth second.
fn absence(seed: u64, late: Duration, held: bool) -> Duration {
    let mut net = Net::seeded(1, seed);
    if !held {
        net.shards[0].disable_strays();
    }
    let (viewer, publisher) = (browser(&mut net), net.publisher(0));
    let frames = 120 + (late.as_millis() / FRAME.as_millis()) as u32;
    FILM.play(&mut net, publisher, 0..frames);
    net.rebind(viewer);
    let moved = net.now;
    FILM.play(&mut net, publisher, frames..frames + 120);
    let track = net.nodes[viewer].track(true);
    let back = track.iter().map(|(_, got)| got.at).find(|at| *at > moved);
    assert_eq!(net.stats(0).rebindings, 1);
    back.unwrap() - moved
}

#[test]
fn f14_a_viewer_that_moved_has_its_picture_back_within_the_second() {
    let step = Duration::from_millis(250);
    seeds(2, |seed| {
        let gone: Vec<_> = (0..10).map(|at| absence(seed, step * at, true)).collect();
        println!("{gone:?}");
        assert!(gone.iter().all(|gone| *gone <= Duration::from_secs(1)));
        // The control: by its own checks alone it would take longer, at one moment or another.
        let gone: Vec<_> = (0..10).map(|at| absence(seed, step * at, false)).collect();
        println!("by checks alone {gone:?}");
        assert!(gone.iter().any(|gone| *gone > Duration::from_secs(1)));
    });
}

#[test]
fn f14_a_publisher_that_moved_is_found_by_its_media() {
    let gap = |held: bool| {
        let mut net = Net::seeded(1, 16);
        if !held {
            net.shards[0].disable_strays();
        }
        let (viewer, publisher) = (browser(&mut net), net.publisher(0));
        FILM.play(&mut net, publisher, 0..125);
        net.rebind(publisher);
        FILM.play(&mut net, publisher, 125..240);
        assert_eq!(net.stats(0).rebindings, 1);
        let track = net.nodes[viewer].track(true);
        let pairs = track
            .windows(2)
            .map(|pair| pair[1].1.at.saturating_duration_since(pair[0].1.at));
        pairs.max().unwrap()
    };
    let (found, control) = (gap(true), gap(false));
    println!("silent for {found:?}, by checks alone {control:?}");
    assert!(found <= Duration::from_secs(1));
    assert!(control > found);
}

/// What the attacker does with the question that it is asked.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    None,
    /// The right transaction under a wrong signature.
    Forged,
    /// That of the viewer, who was given the question.
    Relayed,
}

/// What came of an ambush.
struct Ambush {
    net: Net,
    viewer: usize,
    /// Questions about packets that had arrived before, and about those that were taken away.
    asked: [u64; 2],
}

/// Sends the viewer's packets from elsewhere: those that arrived, while it is there and while it is
/// cut off, then those that were taken away.
fn ambush(answer: Answer) -> Ambush {
    let mut net = Net::seeded(1, 17);
    let (viewer, publisher) = (browser(&mut net), net.publisher(0));
    net.overhear(viewer);
    FILM.play(&mut net, publisher, 0..60);
    let arrived = net.overheard(viewer).to_vec();
    let mut number = 60;
    let mut send = |net: &mut Net, packets: &[Vec<u8>]| {
        for (at, packet) in packets.iter().enumerate() {
            net.inject(attacker(at as u16 % 8), shard_address(0), packet);
            if at % 8 == 7 || at + 1 == packets.len() {
                FILM.play(net, publisher, number..number + 4);
                number += 4;
            }
        }
    };
    send(&mut net, &arrived);
    net.cut(viewer);
    let there = net.overheard(viewer).len();
    // Twice: a second in which it wants to report at least once.
    send(&mut net, &arrived);
    send(&mut net, &arrived);
    let before = net.stats(0).asked_out;
    let taken = net.overheard(viewer)[there..].to_vec();
    assert!(!taken.is_empty() && taken.len() < 8);
    send(&mut net, &taken);
    for (to, mut question) in std::mem::take(&mut net.stray) {
        match answer {
            Answer::None => {}
            Answer::Forged => {
                question[0] = 1;
                net.inject(to, shard_address(0), &question);
            }
            Answer::Relayed => {
                let (now, mut out) = (net.now, Transmits::new());
                net.nodes[viewer].take(now, shard_address(0), &mut question, &mut out);
                for (_, signed) in out.iter() {
                    net.inject(to, shard_address(0), signed);
                }
            }
        }
        net.stray.push((to, question));
    }
    FILM.play(&mut net, publisher, 130..150);
    net.mend(viewer);
    FILM.play(&mut net, publisher, 150..210);
    let asked = [before, net.stats(0).asked_out - before];
    Ambush { net, viewer, asked }
}

#[test]
fn f14_packets_sent_from_elsewhere_bring_an_attacker_questions_only() {
    for answer in [Answer::None, Answer::Forged] {
        let Ambush { net, viewer, asked } = ambush(answer);
        assert_eq!(asked[0], 0, "packets that arrived are worth nothing");
        assert!(asked[1] > 0, "those that were taken away are tried");
        let stats = net.stats(0);
        assert_eq!(stats.rebindings, 0);
        let to_it = net.stray.iter().map(|(_, bytes)| bytes);
        assert!(to_it.clone().all(|bytes| bytes[0] < 4 && bytes.len() < 160));
        assert!(to_it.count() as u64 <= asked[1] * u64::from(ASK_TRIES));
        assert_eq!(answer == Answer::Forged, stats.drop_stun_auth > 0);
        let last = net.nodes[viewer].track(true).last().unwrap().1.at;
        assert!(
            net.now - last < Duration::from_millis(100),
            "the viewer goes on where it was"
        );
    }
}

#[test]
fn f14_control_with_the_answer_of_the_viewer_it_would_get_the_picture() {
    let Ambush { net, asked, .. } = ambush(Answer::Relayed);
    assert!(asked[1] > 0);
    assert!(net.stats(0).rebindings > 0);
    let media = net.stray.iter().filter(|(_, bytes)| bytes[0] >= 128);
    assert!(media.count() > 50);
}

/// Two seconds in which four viewers are cut off, one goes on watching, and `flood` packets a
/// frame come that could be the next ones of those four.
fn flooded(flood: u32, cut: bool) -> (Net, usize) {
    let mut net = Net::seeded(1, 18);
    let silent: Vec<usize> = (0..4).map(|_| browser(&mut net)).collect();
    let (watching, publisher) = (browser(&mut net), net.publisher(0));
    net.overhear(silent[0]);
    FILM.play(&mut net, publisher, 0..60);
    if cut {
        silent.iter().for_each(|place| net.cut(*place));
    }
    let packet = net.overheard(silent[0]).last().unwrap().clone();
    let end = packet.len() - 4;
    let index = u32::from_be_bytes(packet[end..].try_into().unwrap());
    let mut out = Transmits::new();
    for number in 60..120 {
        FILM.frame(&mut net, publisher, number);
        for forged in 0..flood {
            let mut packet = packet.clone();
            packet[end..].copy_from_slice(&(index + 20 + forged % 20).to_be_bytes());
            let from = attacker(forged as u16);
            net.shards[0].handle_datagram(net.now, from, &mut packet, &mut out);
        }
        net.run(FRAME);
    }
    assert!(out.is_empty(), "nobody gets an answer");
    FILM.play(&mut net, publisher, 120..150);
    (net, watching)
}

#[test]
fn f14_a_flood_of_unknown_packets_uses_up_a_budget_and_nobody_notices() {
    let budget = 3 * u64::from(STRAY_TRIALS_PER_SECOND);
    let (alone, watching) = flooded(0, true);
    let (net, _) = flooded(2_000, true);
    let stats = net.stats(0);
    println!("{} tried, {} not", stats.strays_tried, stats.strays_refused);
    assert!(stats.strays_tried > 1_000 && stats.strays_tried <= budget);
    assert!(stats.strays_refused > 100_000, "the rest is counted");
    assert_eq!(stats.asked_out, 0);
    let shown = |net: &Net| net.nodes[watching].screen();
    let numbers = |net: &Net| shown(net).iter().map(|it| it.number).collect::<Vec<_>>();
    assert_eq!(numbers(&net), numbers(&alone));
    assert_eq!(shown(&net).len(), 150);

    // The controls: a few are all tried, and none while everybody is there.
    let (few, _) = flooded(1, true);
    assert!(few.stats(0).strays_tried > 0);
    assert_eq!(few.stats(0).strays_refused, 0);
    let (there, _) = flooded(2_000, false);
    assert_eq!(there.stats(0).strays_tried, 0);
}
