//! The STUN rows of the bad-input list at a whole peer: what is dropped silently, what is answered.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::time::Duration;

use super::pair::{PASSWORD, Pair, Way, rtp};
use crate::peer::stun::{Check, Reading, request};
use crate::peer::{DropReason, Inbound, PeerEvent, Role};

const ELSEWHERE: &str = "203.0.113.66:4444";

fn elsewhere() -> SocketAddr {
    ELSEWHERE.parse().unwrap()
}

/// A check as the client of the pair would send it from another address.
fn check(pair: &Pair, change: impl FnOnce(&mut Check<'_>)) -> Vec<u8> {
    let username = format!("serverUfrag:{}", pair.peer.config().ice.remote_ufrag);
    let mut check = Check {
        id: [9; 12],
        username: &username,
        password: PASSWORD,
        tie_breaker: 1,
        use_candidate: false,
        controlled: false,
        extra: None,
    };
    change(&mut check);
    request(&check).unwrap()
}

/// A message with `attributes` behind its header and nothing else.
fn message(attributes: &[u8]) -> Vec<u8> {
    let mut raw = vec![0, 1];
    raw.extend_from_slice(&(attributes.len() as u16).to_be_bytes());
    raw.extend_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
    raw.extend_from_slice(&[3; 12]);
    raw.extend_from_slice(attributes);
    raw
}

fn is_silent(pair: &mut Pair, name: &str, mut raw: Vec<u8>, reason: DropReason) {
    for from in [elsewhere(), pair.client_addr] {
        let events = pair.peer_events.len();
        let outcome = pair.probe(from, &mut raw);
        assert_eq!(outcome, (Inbound::Dropped(reason), 0), "{name} from {from}");
        assert_eq!(pair.peer_events.len(), events, "{name}");
    }
}

#[test]
fn b_s1_b_s4_b_s8_malformed_messages_leave_no_trace() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    let good = check(&pair, |_| ());
    let with = |at: usize, value: u8| {
        let mut raw = good.clone();
        raw[at] = value;
        raw
    };
    let name = [0, 6, 0, 4, b'a', b':', b'b', b'c'];
    let priority = [0, 0x24, 0, 4, 1, 2, 3, 4];
    for (name, raw) in [
        ("short", good[..19].to_vec()),
        ("cookie", with(5, 0)),
        ("length not by four", with(3, good[3] | 1)),
        ("length past the datagram", with(3, good[3] + 4)),
        (
            "attribute past the end",
            message(&[0, 6, 1, 0, b'a', b':', b'b', b'c']),
        ),
        (
            "a thousand attributes",
            message(&[0x80, 0x99, 0, 0].repeat(1_000 / 4)),
        ),
        ("two names", message(&[name, name].concat())),
        (
            "two priorities",
            message(&[name, priority, priority].concat()),
        ),
        (
            "a long name",
            message(&[&[0, 6, 2, 4][..], &[b'a'; 516]].concat()),
        ),
        ("allocate", with(1, 3)),
        ("send indication", with(1, 0x16)),
    ] {
        is_silent(&mut pair, name, raw, DropReason::BadStun);
    }
    // ChannelData is no STUN; from a known address it is nothing at all.
    let mut channel = vec![0x40, 0, 0, 4, 1, 2, 3, 4];
    let stranger = pair.probe(elsewhere(), &mut channel);
    assert_eq!(
        stranger,
        (Inbound::Dropped(DropReason::UnvalidatedSource), 0)
    );
    let from = pair.client_addr;
    let friend = pair.probe(from, &mut channel);
    assert_eq!(friend, (Inbound::Dropped(DropReason::Malformed), 0));
    assert!(pair.peer.is_connected());
}

#[test]
fn b_s2_b_s3_messages_that_are_not_authentic_leave_no_trace_and_the_genuine_one_does() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    let unnamed = message(&[0x80, 0x99, 0, 0]);
    is_silent(&mut pair, "no name", unnamed, DropReason::BadStun);
    let mut broken = check(&pair, |_| ());
    *broken.last_mut().unwrap() ^= 1;
    for (name, raw) in [
        (
            "password",
            check(&pair, |it| it.password = "another-password-24-char"),
        ),
        ("our half", check(&pair, |it| it.username = "somebody:else")),
        (
            "their half",
            check(&pair, |it| it.username = "serverUfrag:else"),
        ),
        ("fingerprint", broken),
    ] {
        is_silent(&mut pair, name, raw, DropReason::StunAuth);
    }
    // The control: the same message without a fault makes a tuple.
    let mut good = check(&pair, |_| ());
    let (inbound, answered) = pair.probe(elsewhere(), &mut good);
    assert_eq!(inbound, Inbound::Handled);
    assert!(answered > 0 && answered <= good.len());
    let validated = PeerEvent::Validated(elsewhere());
    assert_eq!(pair.peer_events.last(), Some(&validated));
}

#[test]
fn b_s5_b_s7_errors_are_for_the_authentic_only_and_the_peer_lives() {
    let mut pair = Pair::connected(Pair::browser(Role::Publisher));
    for (name, code) in [("unknown attribute", 420), ("role conflict", 487)] {
        let faulty = |it: &mut Check<'_>| match code {
            420 => it.extra = Some((0x7777, vec![0; 4])),
            _ => it.controlled = true,
        };
        let forged = check(&pair, |it| {
            faulty(it);
            it.password = "another-password-24-char";
        });
        is_silent(&mut pair, name, forged, DropReason::StunAuth);
        let mut genuine = check(&pair, faulty);
        let events = pair.peer_events.len();
        let (inbound, answer) = pair.answer(elsewhere(), &mut genuine);
        assert_eq!(inbound, Inbound::Refused, "{name}");
        assert!(answer.len() <= genuine.len(), "{name}");
        assert_eq!(Reading::parse(&answer).unwrap().error_code, Some(code));
        assert_eq!(pair.peer_events.len(), events, "an error makes no tuple");
    }
    pair.send_media(Way::ToPeer, false, &rtp(96, 1, 9));
    pair.run(Duration::from_secs(1), |_| false);
    assert!(pair.peer.is_connected() && pair.peer_media.len() == 1);
}

#[test]
fn b_s9_answers_say_nothing_of_the_software_and_errors_are_few() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    let mut good = check(&pair, |_| ());
    let (_, answer) = pair.answer(elsewhere(), &mut good);
    let mut kinds = Vec::new();
    let mut rest = &answer[20..];
    while let [a, b, c, d, ..] = rest {
        kinds.push(u16::from_be_bytes([*a, *b]));
        let len = usize::from(u16::from_be_bytes([*c, *d])).next_multiple_of(4);
        rest = &rest[4 + len..];
    }
    assert_eq!(
        kinds,
        [0x0020, 0x0008, 0x8028],
        "XOR-MAPPED-ADDRESS and proofs"
    );
    let mut conflict = check(&pair, |it| it.controlled = true);
    let errors = (0..1_000)
        .filter(|_| pair.probe(elsewhere(), &mut conflict).1 > 0)
        .count();
    assert_eq!(errors, 10);
}
