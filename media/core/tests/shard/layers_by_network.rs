//! Every viewer gets the layer that its network carries, and follows when that changes (F13).

use std::time::Duration;

use media_core::border::Command;

use crate::ladder::{Host, layer, stretches, viewer};
use crate::net::{Net, Path, Way, seeds};

const LADDER: [usize; 3] = [2_400_000, 900_000, 300_000];
/// Two seconds.
const GOP: u32 = 60;

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn narrow(rate: u64) -> Path {
    Path::down(Way {
        delay: Duration::from_millis(20),
        rate: Some(rate),
        ..Way::default()
    })
}

/// F13: 4 Mbit/s, 500 kbit/s, 4 Mbit/s again.
#[test]
fn f13_a_narrower_network_gets_a_lower_layer_and_a_wider_one_the_best() {
    seeds(2, |seed| {
        let mut net = Net::seeded(1, seed);
        let mut host = Host::new(&mut net, &LADDER, GOP);
        host.film(&mut net, second(2));
        let place = viewer(&mut net, |_| {});
        net.set_path(place, narrow(4_000_000));
        host.film(&mut net, second(15));
        assert_eq!(layer(&net.nodes[place]), Some(0), "4 Mbit/s carry the best");
        let dropped = net.now;
        net.set_rates(place, None, Some(500_000));
        host.film(&mut net, second(20));
        let node = &net.nodes[place];
        assert_eq!(layer(node), Some(2), "500 kbit/s carry the last");
        let lower = stretches(node)
            .iter()
            .find(|(at, _)| *at > dropped)
            .unwrap()
            .0;
        assert!(lower - dropped <= second(5), "{:?}", lower - dropped);
        let freezes = node.freezes(dropped - second(1), net.now);
        assert!(freezes.longest <= second(2), "{freezes:?}");
        let widened = net.now;
        net.set_rates(place, None, Some(4_000_000));
        host.film(&mut net, second(20));
        let node = &net.nodes[place];
        let all = stretches(node);
        let best = all.iter().find(|(at, layer)| *at > widened && *layer == 0);
        let best = best.unwrap_or_else(|| panic!("{all:?}")).0;
        assert!(best - widened <= second(15), "{:?}", best - widened);
        assert_eq!(layer(node), Some(0));
        let freezes = node.freezes(widened, net.now);
        assert!(freezes.longest <= second(2), "{freezes:?}");
    });
}

/// The same network for a viewer that insists on the best layer: what the test above asks of a
/// viewer that follows its network is not kept by itself.
#[test]
fn f13_a_viewer_that_keeps_the_best_layer_freezes() {
    let mut net = Net::seeded(1, 1);
    let mut host = Host::new(&mut net, &LADDER, GOP);
    host.film(&mut net, second(2));
    let place = viewer(&mut net, |_| {});
    net.set_path(place, narrow(4_000_000));
    let (peer, layer) = (net.nodes[place].peer, Some(0));
    net.command(0, Command::SelectLayer { peer, layer });
    host.film(&mut net, second(15));
    let dropped = net.now;
    assert_eq!(crate::ladder::layer(&net.nodes[place]), Some(0));
    net.set_rates(place, None, Some(500_000));
    host.film(&mut net, second(20));
    let freezes = net.nodes[place].freezes(dropped - second(1), net.now);
    assert!(freezes.longest > second(2), "{freezes:?}");
}

/// Keyframes that are longer than the queue in front of the narrow network lose a part of
/// themselves on their way.
#[test]
fn f13_large_keyframes_of_a_low_layer_are_repaired_soon() {
    seeds(3, |seed| {
        let mut net = Net::seeded(1, seed);
        let mut host = Host::new(&mut net, &[1_600_000, 350_000, 100_000], 300);
        host.key_size = 20;
        host.film(&mut net, second(2));
        let place = viewer(&mut net, |_| {});
        net.set_path(place, narrow(4_000_000));
        host.film(&mut net, second(10));
        assert_eq!(layer(&net.nodes[place]), Some(0), "4 Mbit/s carry the best");
        let dropped = net.now;
        net.set_rates(place, None, Some(500_000));
        host.film(&mut net, second(15));
        let node = &net.nodes[place];
        let all = stretches(node);
        let lower = all.iter().find(|(at, _)| *at > dropped);
        let lower = lower.unwrap_or_else(|| panic!("{all:?}")).0;
        assert!(lower - dropped <= second(5), "{:?}", lower - dropped);
        let freezes = node.freezes(dropped - second(1), net.now);
        assert!(freezes.longest <= second(3), "{freezes:?}, {all:?}");
    });
}

#[test]
fn three_networks_get_three_layers_and_keep_them() {
    let mut net = Net::seeded(1, 5);
    let mut host = Host::new(&mut net, &LADDER, GOP);
    host.film(&mut net, second(2));
    let places: Vec<usize> = [6_000_000, 1_500_000, 450_000]
        .into_iter()
        .map(|rate| {
            let place = viewer(&mut net, |_| {});
            net.set_path(place, narrow(rate));
            place
        })
        .collect();
    host.film(&mut net, second(60));
    for (want, place) in places.iter().enumerate() {
        let node = &net.nodes[*place];
        let all = stretches(node);
        assert_eq!(layer(node), Some(want as u8), "{all:?}");
        // Trying to go up must not spoil what is there.
        let freezes = node.freezes(net.now - second(40), net.now);
        assert!(freezes.share < 5.0, "{want}: {freezes:?}, {all:?}");
        let late = all
            .iter()
            .filter(|(at, _)| *at > net.now - second(40))
            .count();
        assert!(late <= 4, "{want}: {all:?}");
    }
}

/// Loss without delay is no reason to take the picture away.
#[test]
fn a_lossy_network_keeps_its_layer() {
    seeds(1, |seed| {
        let mut net = Net::seeded(1, seed);
        let mut host = Host::new(&mut net, &LADDER, GOP);
        host.film(&mut net, second(2));
        let place = viewer(&mut net, |_| {});
        host.film(&mut net, second(10));
        assert_eq!(layer(&net.nodes[place]), Some(0));
        let way = Way {
            delay: Duration::from_millis(20),
            jitter: Duration::from_millis(20),
            loss: 10.0,
            ..Way::default()
        };
        net.set_path(place, Path::down(way));
        let from = net.now;
        host.film(&mut net, second(30));
        let node = &net.nodes[place];
        assert_eq!(layer(node), Some(0), "{:?}", stretches(node));
        let freezes = node.freezes(from, net.now);
        assert!(freezes.longest < Duration::from_millis(500), "{freezes:?}");
    });
}

/// Neither TWCC nor REMB: loss reports have to do.
#[test]
fn a_plain_player_starts_on_a_middle_layer_and_leaves_what_does_not_get_through() {
    let mut net = Net::seeded(1, 9);
    let mut host = Host::new(&mut net, &[4_000_000, 1_600_000, 400_000], GOP);
    host.film(&mut net, second(2));
    let plain = |net: &mut Net| {
        viewer(net, |config| {
            (config.twcc, config.remb, config.rtx) = (false, false, false);
        })
    };
    let (wide, tight) = (plain(&mut net), plain(&mut net));
    net.set_path(tight, narrow(700_000));
    host.film(&mut net, second(3));
    assert_eq!(layer(&net.nodes[wide]), Some(1), "the start estimate");
    host.film(&mut net, second(40));
    assert_eq!(layer(&net.nodes[tight]), Some(2));
    assert_eq!(layer(&net.nodes[wide]), Some(0), "tried upwards");
}

#[test]
fn remb_decides_where_there_is_no_transport_wide_feedback() {
    let mut net = Net::seeded(1, 9);
    let mut host = Host::new(&mut net, &LADDER, GOP);
    host.film(&mut net, second(2));
    let place = viewer(&mut net, |config| config.twcc = false);
    for (remb, want) in [(600_000, 2), (5_000_000, 0), (1_300_000, 1)] {
        net.nodes[place].client.set_remb(Some(remb));
        host.film(&mut net, second(12));
        assert_eq!(layer(&net.nodes[place]), Some(want), "{remb}");
    }
}

/// A network that carries no layer at all carries the sound.
#[test]
fn sound_goes_first_and_video_is_held_back_where_nothing_gets_through() {
    let mut net = Net::seeded(1, 4);
    let mut host = Host::new(&mut net, &[2_400_000], GOP);
    host.film(&mut net, second(2));
    let place = viewer(&mut net, |_| {});
    host.film(&mut net, second(5));
    net.set_path(place, narrow(150_000));
    host.film(&mut net, second(15));
    let (before, from) = (net.nodes[place].track(false).len(), net.now);
    host.film(&mut net, second(10));
    let heard = net.nodes[place].track(false).len() - before;
    assert!(heard > 350, "{heard} of 500");
    net.set_rates(place, None, Some(6_000_000));
    host.film(&mut net, second(40));
    let last = net.nodes[place].screen().last().unwrap().at;
    assert!(last > net.now - second(1), "the picture is back");
    assert!(from < last);
}
