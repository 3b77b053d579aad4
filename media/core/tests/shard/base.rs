//! AV1 with two spatial layers: a viewer to whom nobody describes the frames gets the lowest one,
//! as a stream that a receiver without descriptors can put together; others get everything.

use std::time::Duration;

use media_core::client::ClientConfig;
use media_core::peer::{Codec, PeerConfig, Role};

use crate::net::{CLIENT, Net, Path, Way, seeds};
use crate::node::{Node, Received};

const AV1: Codec = Codec::Av1 { profile: 0 };
const THEIRS: u8 = 11;
const OURS: u8 = 5;
/// Packets of a frame of each layer.
const PACKETS: [u8; 2] = [2, 3];
const GOP: u32 = 40;

/// Who describes the frames: the host, or nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Describes,
    Silent,
}

fn node(role: Role, seed: u64, tweak: fn(&mut PeerConfig)) -> Node {
    let mut config = ClientConfig::browser(role, CLIENT.clone(), seed);
    config.video = vec![AV1];
    let mut node = Node::with(config);
    node.tweak = tweak;
    node.repairs = role == Role::Publisher;
    node
}

fn publisher(net: &mut Net) -> usize {
    let described = |config: &mut PeerConfig| {
        config.video.as_mut().unwrap().dd_ext = Some(THEIRS);
    };
    net.connect(node(Role::Publisher, 1, described), 0)
}

fn viewer(net: &mut Net, shard: usize, descriptors: bool) -> usize {
    let with = |config: &mut PeerConfig| config.video.as_mut().unwrap().dd_ext = Some(OURS);
    let without = |config: &mut PeerConfig| config.video.as_mut().unwrap().dd_ext = None;
    let seed = 10 + net.nodes.len() as u64;
    let tweak = if descriptors { with } else { without };
    net.connect(node(Role::Viewer, seed, tweak), shard)
}

/// A structure of two spatial layers (AV1 RTP format, section A.8.2), made by hand: template 0 is
/// the lower layer, template 1 the higher one.
fn structure() -> Vec<u8> {
    // Only the structure follows; first template 0, two targets.
    let mut bits = String::from("10000" /* flags */);
    bits += "000000" /* first template */;
    bits += "00001" /* two targets */;
    bits += "1011" /* next spatial layer, no more */;
    bits += "10100010" /* which frame is in which target */;
    bits += "0100000" /* the higher one refers to the frame before */;
    bits += "00" /* no chains, no resolutions */;
    let byte = |bits: &[u8]| {
        let text = format!("{:0<8}", std::str::from_utf8(bits).unwrap());
        u8::from_str_radix(&text, 2).unwrap()
    };
    bits.as_bytes().chunks(8).map(byte).collect()
}

/// The packets of one picture: payload, marker, descriptor.
fn packets(number: u32) -> Vec<(Vec<u8>, bool, Vec<u8>)> {
    let key = number.is_multiple_of(GOP);
    let mut all = Vec::new();
    for (layer, count) in (0u8..).zip(PACKETS) {
        for at in 0..count {
            let goes_on = if at + 1 == count { 0 } else { 0x40 };
            // An OBU of a frame with the extension; its first bits say whether it is a keyframe.
            let frame = [
                0x34,
                layer << 3,
                if key && layer == 0 { 0x10 } else { 0x30 },
            ];
            let mut payload = match (at, key && layer == 0) {
                (0, true) => vec![0x28 | goes_on, 3, 0x0a, 1, 2],
                (0, false) => vec![0x10 | goes_on],
                _ => vec![0x90 | goes_on],
            };
            payload.extend_from_slice(if at == 0 { &frame } else { &[9] });
            payload.resize(600, 7);
            payload.extend_from_slice(&number.to_be_bytes());
            payload.extend_from_slice(&[layer, at]);
            let (first, last) = (at == 0, at + 1 == count);
            let flags = (u8::from(first) << 7) | (u8::from(last) << 6) | layer;
            let mut described = vec![flags];
            described.extend_from_slice(&((2 * number + u32::from(layer)) as u16).to_be_bytes());
            if key && layer == 0 && first {
                described.extend_from_slice(&structure());
            }
            all.push((payload, layer == 1 && last, described));
        }
    }
    all
}

fn film(net: &mut Net, place: usize, host: Host, pictures: std::ops::Range<u32>) {
    for number in pictures {
        net.send_from(place, |node, _, out| {
            for (payload, marker, described) in packets(number) {
                if host == Host::Silent {
                    node.send_rtp(true, number * 3_000, marker, &payload, out);
                    continue;
                }
                let plain = node.plain(true, number * 3_000, marker, &payload);
                let words = (2 + described.len()).div_ceil(4);
                let mut packet = plain[..12].to_vec();
                packet[0] |= 0x10;
                packet.extend_from_slice(&[0x10, 0, 0, words as u8]);
                packet.extend_from_slice(&[THEIRS, described.len() as u8]);
                packet.extend_from_slice(&described);
                packet.resize(16 + 4 * words, 0);
                packet.extend_from_slice(&plain[12..]);
                node.seal_and_send(&packet, out);
            }
        });
        net.run(Duration::from_millis(33));
    }
    net.run(Duration::from_millis(500));
}

/// Picture, layer and place of a packet.
fn what(got: &Received) -> (u32, u8, u8) {
    let (number, rest) = got.payload[got.payload.len() - 6..].split_at(4);
    (
        u32::from_be_bytes(number.try_into().unwrap()),
        rest[0],
        rest[1],
    )
}

/// What a receiver without descriptors can show, as libwebrtc puts it together: a frame begins with
/// an OBU and lasts to the marker or to where an OBU ends; each is a picture of its own, and two of
/// the same time are one too many. Empty packets fill numbers. The pictures, or what is wrong.
fn shown(node: &Node) -> Result<Vec<u32>, String> {
    let (mut pictures, mut open, mut times) = (Vec::new(), None, Vec::new());
    let mut before = None;
    for (sequence, got) in node.track(true) {
        if before.is_some_and(|before| before + 1 != sequence) {
            return Err(format!("a hole before {sequence}"));
        }
        before = Some(sequence);
        if got.payload.is_empty() {
            continue;
        }
        let (number, layer, at) = what(got);
        let continues = got.payload[0] & 0x80 != 0;
        if continues != open.is_some() || continues && open != Some((number, layer)) {
            return Err(format!("{number} {layer} {at} does not follow {open:?}"));
        }
        open = Some((number, layer));
        if got.marker || got.payload[0] & 0x40 == 0 {
            if times.last() == Some(&got.timestamp) {
                return Err(format!("{number}: two pictures of one time"));
            }
            if !got.marker {
                return Err(format!("{number}: ends without a marker"));
            }
            times.push(got.timestamp);
            pictures.push(number);
            open = None;
        }
    }
    Ok(pictures)
}

/// Whether there is more than the transport-wide number in front of it.
fn described(got: &Received) -> bool {
    got.header.len() > 20
}

#[test]
fn e10_without_descriptors_the_lowest_layer_is_a_stream_of_its_own() {
    let mut net = Net::new(2);
    let host = publisher(&mut net);
    let bare = [viewer(&mut net, 0, false), viewer(&mut net, 1, false)];
    let full = viewer(&mut net, 0, true);
    film(&mut net, host, Host::Describes, 0..60);
    // One that begins in the past, and catches up.
    let late = viewer(&mut net, 0, false);
    film(&mut net, host, Host::Describes, 60..120);
    for place in bare {
        let pictures = shown(&net.nodes[place]).unwrap();
        assert_eq!(pictures, (0..120).collect::<Vec<_>>());
        let track = net.nodes[place].track(true);
        assert!(track.iter().all(|(_, got)| !described(got)));
    }
    let pictures = shown(&net.nodes[late]).unwrap();
    assert_eq!(
        pictures,
        (40..120).collect::<Vec<_>>(),
        "from the cached keyframe on"
    );
    // The control: who is told of the layers gets more of them, which nobody else could show.
    let node = &net.nodes[full];
    let higher = |(_, got): &(u32, &Received)| what(got).1 == 1;
    assert!(node.track(true).iter().any(higher) && node.holes(true) == 0);
    assert!(node.track(true).iter().all(|(_, got)| described(got)));
    assert!(shown(node).unwrap_err().contains("without a marker"));
}

#[test]
fn of_a_host_that_describes_nothing_everyone_gets_the_lowest_layer() {
    let mut net = Net::new(1);
    let host = publisher(&mut net);
    film(&mut net, host, Host::Silent, 0..60);
    let places = [viewer(&mut net, 0, false), viewer(&mut net, 0, true)];
    film(&mut net, host, Host::Silent, 60..120);
    for place in places {
        let pictures = shown(&net.nodes[place]).unwrap();
        assert_eq!(pictures, (40..120).collect::<Vec<_>>());
    }
}

/// Numbers stay whole and repetitions are what was lost, while packets of the host come in any
/// order and a joining viewer's past is sent with time compressed.
#[test]
fn repairs_fit_where_layers_were_left_out() {
    seeds(4, |seed| {
        for host in [Host::Describes, Host::Silent] {
            let mut net = Net::seeded(1, seed);
            let place = publisher(&mut net);
            film(&mut net, place, host, 0..50);
            let joined = viewer(&mut net, 0, false);
            net.nodes[joined].repairs = true;
            net.record(joined);
            let lossy = Way {
                loss: 10.0,
                reordered: 3.0,
                ..Way::default()
            };
            net.set_path(joined, Path::down(lossy));
            film(&mut net, place, host, 50..150);
            net.set_path(joined, Path::default());
            film(&mut net, place, host, 150..160);
            assert!(net.stats(0).resent > 0);
            let pictures = shown(&net.nodes[joined]).unwrap();
            assert_eq!(pictures, (40..160).collect::<Vec<_>>(), "{host:?}");
        }
    });
}

/// What comes too late to be left out goes out empty, on its first way and on the next ones.
#[test]
fn late_packets_of_higher_layers_are_empty() {
    seeds(4, |seed| {
        let mut net = Net::seeded(1, seed);
        let host = publisher(&mut net);
        let place = viewer(&mut net, 0, false);
        net.nodes[place].repairs = true;
        film(&mut net, host, Host::Describes, 0..10);
        let shuffled = Way {
            reordered: 10.0,
            ..Way::default()
        };
        let lossy = Way {
            loss: 5.0,
            ..Way::default()
        };
        net.set_path(
            host,
            Path {
                up: shuffled,
                ..Path::default()
            },
        );
        net.set_path(place, Path::down(lossy));
        film(&mut net, host, Host::Describes, 10..150);
        net.set_path(place, Path::default());
        net.set_path(host, Path::default());
        film(&mut net, host, Host::Describes, 150..160);
        let node = &net.nodes[place];
        let empty = node
            .track(true)
            .iter()
            .filter(|(_, got)| got.payload.is_empty())
            .count();
        assert!(empty > 0 && net.stats(0).resent > 0);
        let got = node.track(true);
        let full = got.iter().filter(|(_, got)| !got.payload.is_empty());
        assert!(full.into_iter().all(|(_, got)| what(got).1 == 0));
        assert_eq!(node.holes(true), 0);
    });
}
