//! What reaches a consumer, and what is answered instead.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use media_shard::{BroadcastId, PeerId};
use signaling_wire::{Code, Lane, ServerFrame, StreamId, UserId};

use super::{Inbound, Verdict, consumers, judge};
use crate::{
    gate::Gate,
    identity::{Identity, SessionKey},
    limits,
    session::{Outlet, Session, SessionKind},
};

const SAY: &[u8] = br#"{"v":1,"t":"say","d":{"key":"k7","body":"hi"}}"#;
const PING: &[u8] = br#"{"v":1,"t":"ping","d":{"client_ms":5}}"#;
const AUTH: &[u8] = br#"{"v":1,"t":"auth","d":{"token":"t"}}"#;

fn session(signed_in: bool) -> Session {
    let identity = signed_in.then(|| Identity {
        user: UserId::from_parts(1, 1),
        login: "".into(),
        name: "Anna".to_owned(),
        admin: false,
        seller: false,
        expires_ms: 1_000,
    });
    let (id, kind) = (String::new(), SessionKind::Viewer);
    let outlet = Outlet::Peer {
        peer: PeerId(1),
        kind,
        id,
    };
    let gate = Gate::new(identity, Instant::now());
    Session::new(
        SessionKey(7),
        StreamId::from_parts(2, 2),
        BroadcastId(3),
        outlet,
        gate,
    )
}

fn say(session: &Session, via: Option<Lane>, bytes: &[u8]) -> Verdict {
    judge(session, via, bytes, Instant::now(), 500)
}

fn refusal(verdict: Verdict) -> (Lane, Option<String>, Code) {
    match verdict {
        Verdict::Answer(lane, frame) => match *frame {
            ServerFrame::Error(refused) => (lane, refused.key, refused.problem.code),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_of_an_account_passes_with_who_spoke() {
    for via in [Some(Lane::Chat), None] {
        match say(&session(true), via, SAY) {
            Verdict::Forward(inbound) => {
                assert_eq!(inbound.session, SessionKey(7));
                assert_eq!(inbound.via, Lane::Chat);
                assert_eq!(inbound.identity.unwrap().name, "Anna");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn anonymous_viewers_are_asked_to_sign_in() {
    let refused = refusal(say(&session(false), Some(Lane::Chat), SAY));
    assert_eq!(
        refused,
        (Lane::Chat, Some("k7".to_owned()), Code::Unauthenticated)
    );
    // An identity that has ended is none.
    let verdict = judge(&session(true), None, SAY, Instant::now(), 1_000);
    assert_eq!(refusal(verdict).2, Code::Unauthenticated);
    assert!(matches!(
        say(&session(false), None, AUTH),
        Verdict::Forward(_)
    ));
    assert_eq!(
        say(&session(false), None, br#"{"v":1,"t":"resync","d":{}}"#),
        Verdict::Resync
    );
}

#[test]
fn a_ping_gets_the_clock_at_once() {
    match say(&session(false), Some(Lane::Control), PING) {
        Verdict::Answer(Lane::Control, frame) => match *frame {
            ServerFrame::Pong(pong) => assert_eq!((pong.client_ms, pong.server_ms), (5, 500)),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_frame_on_a_foreign_lane_is_a_mistake() {
    let refused = refusal(say(&session(true), Some(Lane::Shop), SAY));
    assert_eq!(
        refused,
        (Lane::Shop, Some("k7".to_owned()), Code::UnknownFrame)
    );
    let refused = refusal(say(&session(true), Some(Lane::Stock), SAY));
    assert_eq!(refused.0, Lane::Control, "the stock lane answers nothing");
}

#[test]
fn nonsense_is_answered_until_it_is_too_much() {
    let session = session(true);
    for _ in 1..limits::BAD_FRAMES_MAX {
        assert_eq!(refusal(say(&session, None, b"{")).2, Code::InvalidJson);
    }
    assert_eq!(say(&session, None, b"{"), Verdict::Close);
    assert_eq!(say(&session, None, SAY), Verdict::Ignore);
}

#[test]
fn over_the_rate_the_command_is_refused_by_its_key() {
    let session = session(true);
    let now = Instant::now();
    let passed =
        (0..60).filter(|_| matches!(judge(&session, None, SAY, now, 500), Verdict::Forward(_)));
    assert!((40..=41).contains(&passed.count()));
    let refused = refusal(judge(&session, None, SAY, now, 500));
    assert_eq!(
        refused,
        (Lane::Chat, Some("k7".to_owned()), Code::RateLimited)
    );
}

#[test]
fn snapshots_cost_more_than_other_answers() {
    let (session, now) = (session(true), Instant::now());
    let resync = br#"{"v":1,"t":"resync","d":{}}"#;
    let granted = (0..20).filter(|_| judge(&session, None, resync, now, 500) == Verdict::Resync);
    assert_eq!(granted.count(), 4);
}

#[test]
fn a_full_queue_is_said() {
    let (consumers, mut inbounds) = consumers();
    let command = || match say(&session(true), None, SAY) {
        Verdict::Forward(inbound) => *inbound,
        other => panic!("{other:?}"),
    };
    for _ in 0..limits::INBOUND_QUEUE {
        consumers.forward(command()).unwrap();
    }
    let (lane, frame) = consumers.forward(command()).unwrap_err();
    let refused = refusal(Verdict::Answer(lane, frame));
    assert_eq!(refused, (Lane::Chat, Some("k7".to_owned()), Code::Busy));
    let first: Inbound = inbounds.chat.try_recv().unwrap();
    assert_eq!(first.via, Lane::Chat);
    assert!(inbounds.shop.try_recv().is_err() && inbounds.control.try_recv().is_err());
    consumers.forward(command()).unwrap();
}
