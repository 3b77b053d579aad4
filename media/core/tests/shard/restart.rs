//! ICE restarts through a whole shard: both user names are routed, then only the new one.

use std::time::Duration;

use media_core::border::Command;
use media_core::peer::{Candidates, IceCredentials, parse_sdpfrag};

use crate::net::Net;

/// What the server does with a `PATCH` of the node; returns the body of its answer.
fn restart(net: &mut Net, place: usize, ufrag: &str) -> String {
    let request = parse_sdpfrag(&net.nodes[place].client.restart()).unwrap();
    let (remote_ufrag, remote_pwd) = request.credentials().unwrap();
    let pwd = "second-password-of-24-ch";
    let credentials = IceCredentials {
        local_ufrag: ufrag.into(),
        local_pwd: pwd.into(),
        remote_ufrag: remote_ufrag.into(),
        remote_pwd: remote_pwd.into(),
    };
    let answer = request.restart_answer(ufrag, pwd, &Candidates::default());
    let peer = net.nodes[place].peer;
    net.command(0, Command::RestartIce { peer, credentials });
    answer
}

fn frames(net: &mut Net, publisher: usize, numbers: std::ops::Range<u32>) {
    for number in numbers {
        net.send_from(publisher, |node, _, out| {
            node.send_frame(number, number == 0, 3, out);
        });
        net.run(Duration::from_millis(33));
    }
}

#[test]
fn w8_restarted_peers_go_on_over_a_new_path_and_the_old_name_ends() {
    let mut net = Net::new(1);
    let (viewer, publisher) = (net.viewer(0), net.publisher(0));
    frames(&mut net, publisher, 0..30);
    for place in [viewer, publisher] {
        let answer = restart(&mut net, place, &format!("again{place}"));
        // Nothing has changed before the client uses it.
        frames(
            &mut net,
            publisher,
            30 * place as u32 + 30..30 * place as u32 + 60,
        );
        net.rebind(place);
        net.send_from(place, |node, now, out| {
            node.client.accept_restart(now, &answer, out).unwrap();
        });
        net.run(Duration::from_millis(700));
        assert_eq!(net.stats(0).ice_restarts, place as u64 + 1);
    }
    let before = net.nodes[viewer].track(true).len();
    frames(&mut net, publisher, 90..120);
    assert_eq!(net.nodes[viewer].track(true).len(), before + 90);
    assert_eq!((net.stats(0).rebindings, net.stats(0).handshakes), (2, 2));
    // The name of an ended peer is free again, whichever generation it was of.
    let peer = net.nodes[viewer].peer;
    let reason = media_core::peer::CloseReason::Requested;
    net.command(0, Command::Close { peer, reason });
    net.run(Duration::from_secs(40));
    assert_eq!(net.stats(0).viewers, 0);
}
