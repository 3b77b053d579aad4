//! A publisher's and a viewer's habits against each other, without network or keys.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use super::*;
use crate::client::answer::Media;
use crate::peer::Certificate;

const ANSWER: &str = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 97 113\r\na=mid:0\r\n\
    a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
    a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
    a=rtpmap:97 VP8/90000\r\na=rtpmap:113 rtx/90000\r\na=fmtp:113 apt=97\r\n";

fn sender(repair: Repair, now: Instant) -> Sender {
    let certificate = Certificate::generate().unwrap();
    let mut config = ClientConfig::browser(Role::Publisher, certificate, 5);
    config.sending.repair = repair;
    config.rids = vec!["0".into(), "1".into()];
    Sender::new(now, config, Media::read(ANSWER))
}

fn receiver(sender: &ClientConfig, now: Instant) -> Receiver {
    let (media, rtx) = (sender.video_ssrc, sender.rtx_ssrc(0));
    let answer = format!("{ANSWER}a=ssrc-group:FID {media} {rtx}\r\na=ssrc:{media} cname:x\r\n");
    Receiver::new(now, Feedback::default(), Media::read(&answer))
}

fn sample(layer: u8, number: u32) -> (u32, [u8; 6], Track) {
    let [a, b, c, d] = number.to_be_bytes();
    (
        number * 3_000,
        [0x10, layer, a, b, c, d],
        Track::Video { layer },
    )
}

fn send(sender: &mut Sender, now: Instant, layer: u8, number: u32) -> Vec<u8> {
    let (timestamp, payload, track) = sample(layer, number);
    let sample = Sample {
        track,
        pt: 97,
        timestamp,
        marker: true,
        payload: &payload,
    };
    sender.packet(now, &sample)
}

#[test]
fn a_gap_is_asked_for_and_its_retransmission_becomes_the_packet_itself() {
    let mut now = Instant::now();
    let mut sender = sender(Repair::BySsrc, now);
    let config = sender.config().clone();
    let mut receiver = receiver(&config, now);
    let mut lost = Vec::new();
    for number in 0..20 {
        let mut packet = send(&mut sender, now, 0, number);
        if number == 7 {
            lost = packet;
        } else {
            assert_eq!(receiver.take(now, &mut packet), Some(packet.len()));
        }
        now += Duration::from_millis(2);
    }
    let (mut repaired, mut feedback) = (Vec::new(), 0);
    receiver.due(now, |compound| {
        feedback += compound.len();
        sender.take_rtcp(compound, |packet| repaired.push(packet));
    });
    assert!(feedback > 0);
    let delivery = sender.delivery();
    assert_eq!(
        (delivery.nacked, delivery.resent, delivery.reports),
        (1, 1, 1)
    );
    assert_eq!(delivery.feedbacks, 1);
    let mut packet = repaired.remove(0);
    assert_eq!(Header::parse(&packet).unwrap().pt, 113);
    let len = receiver.take(now, &mut packet).unwrap();
    let (was, is) = (
        Header::parse(&lost).unwrap(),
        Header::parse(&packet).unwrap(),
    );
    assert_eq!(
        (was.sequence, was.ssrc, was.pt),
        (is.sequence, is.ssrc, is.pt)
    );
    assert_eq!(&lost[was.payload..], &packet[is.payload..len]);
    // It is not asked for again, and the packet itself comes too late.
    receiver.due(now + Duration::from_millis(200), |compound| {
        sender.take_rtcp(compound, |_| panic!("asked again"));
    });
    assert_eq!(receiver.take(now, &mut lost.clone()), None);
    let reception = receiver.reception();
    assert_eq!((reception.packets, reception.missing), (20, 0));
    assert_eq!((reception.repaired_rtx, reception.duplicates), (1, 1));
}

#[test]
fn padding_alone_is_nothing_for_a_decoder() {
    let now = Instant::now();
    let mut sender = sender(Repair::BySsrc, now);
    let config = sender.config().clone();
    let mut receiver = receiver(&config, now);
    let mut media = send(&mut sender, now, 0, 0);
    assert!(receiver.take(now, &mut media).is_some());
    let mut probe = vec![0xa0, 113, 0, 9, 0, 0, 0, 0];
    probe.extend_from_slice(&config.rtx_ssrc(0).to_be_bytes());
    probe.extend_from_slice(&[0, 0, 0, 4]);
    assert_eq!(receiver.take(now, &mut probe), None);
    assert_eq!(receiver.reception().padding, 1);
    let mut foreign = probe.clone();
    foreign[11] ^= 1;
    assert_eq!(receiver.take(now, &mut foreign), None);
    assert_eq!(receiver.reception().packets, 1);
}

#[test]
fn a_lone_nack_for_a_lower_layer_never_reaches_the_responder_of_obs() {
    let now = Instant::now();
    let mut sender = sender(Repair::BySequence, now);
    let (base, upper) = (sender.config().video_ssrc, sender.config().video_ssrc + 1);
    for number in 0..3 {
        for layer in [1, 0] {
            send(&mut sender, now, layer, number);
        }
    }
    let mut alone = Vec::new();
    rtcp::nack(1, upper, &[2], &mut alone);
    sender.take_rtcp(&alone, |_| panic!("it is not delivered"));
    let block = rtcp::Block {
        ssrc: base,
        ..rtcp::Block::default()
    };
    let mut compound = rtcp::receiver_report(1, &[block]);
    compound.extend_from_slice(&alone);
    let mut found = Vec::new();
    sender.take_rtcp(&compound, |packet| found.push(packet));
    // The first that was stored under the number, whatever was asked for.
    let header = Header::parse(&found[0]).unwrap();
    assert_eq!((header.ssrc, header.sequence), (upper, 2));
    assert_eq!(header.extension(&found[0], 2), Some(&b"1"[..]));
}

#[test]
fn what_never_comes_is_a_lost_picture() {
    let mut now = Instant::now();
    let mut sender = sender(Repair::None, now);
    let config = sender.config().clone();
    let mut receiver = receiver(&config, now);
    for number in [0, 1, 3] {
        let mut packet = send(&mut sender, now, 0, number);
        packet[3] = number as u8;
        receiver.take(now, &mut packet);
    }
    for _ in 0..200 {
        now += Duration::from_millis(20);
        receiver.due(now, |compound| sender.take_rtcp(compound, |_| {}));
    }
    let delivery = sender.delivery();
    assert_eq!((delivery.nacked, delivery.plis), (10, 1));
    assert_eq!(sender.take_wanted(), 1);
    assert_eq!(receiver.reception().missing, 1);
}
