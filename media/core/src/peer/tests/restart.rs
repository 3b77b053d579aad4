//! ICE restarts of a connected pair: media goes on, the new path is taken, failures do no harm.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::time::Duration;

use super::pair::{Pair, Way, rtp};
use crate::peer::{
    CONSENT_TIMEOUT, Candidates, DropReason, IceCredentials, PeerEvent, Role, parse_sdpfrag,
};

/// The restart as the server does it; returns the answer's body.
fn restart(pair: &mut Pair, ufrag: &str) -> String {
    let request = parse_sdpfrag(&pair.client.restart()).unwrap();
    let (remote_ufrag, remote_pwd) = request.credentials().unwrap();
    let pwd = "another-password-24-chars";
    pair.peer.restart_ice(IceCredentials {
        local_ufrag: ufrag.into(),
        local_pwd: pwd.into(),
        remote_ufrag: remote_ufrag.into(),
        remote_pwd: remote_pwd.into(),
    });
    let udp = [pair.server_addr];
    let candidates = Candidates {
        udp: &udp,
        tcp: &[],
    };
    request.restart_answer(ufrag, pwd, &candidates)
}

fn media_both_ways(pair: &mut Pair, number: u16) {
    let before = (pair.peer_media.len(), pair.client_media.len());
    pair.send_media(Way::ToPeer, false, &rtp(96, number, 1000));
    pair.send_media(Way::ToClient, false, &rtp(97, number, 72));
    pair.run(pair.delay * 2, |_| false);
    let after = (pair.peer_media.len(), pair.client_media.len());
    assert_eq!(after, (before.0 + 1, before.1 + 1));
}

#[test]
fn w8_a_restart_moves_the_session_to_a_new_path_without_a_new_handshake() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    pair.run(Duration::from_secs(1), |_| false);
    media_both_ways(&mut pair, 1);
    let old = pair.client_addr;
    let answer = restart(&mut pair, "secondUfrag");
    assert_eq!(pair.peer.local_ufrags().count(), 2);
    pair.client_addr = SocketAddr::from(([198, 51, 100, 77], 7000));
    pair.peer_events.clear();
    pair.accept_restart(&answer);
    assert!(pair.run(Duration::from_secs(1), |pair| {
        pair.peer.remote() == Some(pair.client_addr)
    }));
    let ended = PeerEvent::Restarted {
        ended: "serverUfrag".into(),
    };
    let moved = PeerEvent::Remote(pair.client_addr);
    assert!(pair.peer_events.contains(&ended) && pair.peer_events.contains(&moved));
    assert!(!pair.peer_events.contains(&PeerEvent::Connected));
    assert_eq!(
        pair.peer.local_ufrags().collect::<Vec<_>>(),
        ["secondUfrag"]
    );
    assert_eq!(pair.peer.config().ice.local_ufrag, "secondUfrag");
    media_both_ways(&mut pair, 2);
    assert_ne!(pair.peer.remote(), Some(old));
}

#[test]
fn w8_a_failed_restart_leaves_the_old_connection_working() {
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    for attempt in 0..5u16 {
        // The answer of the server is lost, or the client gives up.
        let _ = restart(&mut pair, &format!("attempt{attempt}"));
        pair.run(CONSENT_TIMEOUT, |_| false);
        assert!(pair.peer.is_connected());
        media_both_ways(&mut pair, attempt);
    }
    assert_eq!(pair.peer.config().ice.local_ufrag, "serverUfrag");
    assert_eq!(pair.peer.local_ufrags().count(), 2);
}

#[test]
fn w8_with_the_old_credentials_only_a_restarted_client_runs_out_of_consent() {
    // The control: the old credentials really end with the first new check.
    let mut pair = Pair::connected(Pair::browser(Role::Viewer));
    let answer = restart(&mut pair, "secondUfrag");
    pair.accept_restart(&answer);
    pair.run(Duration::from_secs(1), |_| false);
    pair.dropped.clear();
    let back = answer
        .replace("secondUfrag", "serverUfrag")
        .replace("another-password-24-chars", super::pair::PASSWORD);
    pair.accept_restart(&back);
    pair.run(Duration::from_secs(2), |_| false);
    assert!(!pair.dropped.is_empty());
    assert!(pair.dropped.iter().all(|it| *it == DropReason::StunAuth));
    assert!(pair.run(CONSENT_TIMEOUT, |pair| pair.peer.is_closed()));
}
