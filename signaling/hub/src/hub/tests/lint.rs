//! Who is told what the encoder could do better.

use media_shard::{CloseReason, Finding, MediaEvent, PeerId, Role};
use signaling_wire::{ServerFrame, frame::control::Lint};

use super::{Stage, stage};
use crate::{
    Identity, clock,
    testing::{find, identity, next},
};

fn finding(code: &'static str) -> Finding {
    Finding {
        code,
        layer: 0,
        seen: 8_333,
        wanted: 2_000,
    }
}

fn host() -> Identity {
    Identity {
        seller: true,
        ..identity(1, clock::now_ms() + 60_000)
    }
}

async fn judge(stage: &Stage, peer: PeerId, findings: Vec<Finding>) {
    let (broadcast, _) = stage.last_accepted();
    let event = MediaEvent::Lint {
        peer,
        broadcast,
        findings,
    };
    stage.event(event).await;
}

fn codes(frame: &ServerFrame) -> Option<Vec<String>> {
    let ServerFrame::Lint(Lint { findings }) = frame else {
        return None;
    };
    Some(
        findings
            .iter()
            .map(|finding| finding.code.clone())
            .collect(),
    )
}

#[tokio::test]
async fn the_host_is_told_and_nobody_else_is() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let (broadcast, peer) = stage.go_live().await;
    let mut studio = hub.join_socket(id, Some(host())).await.unwrap();
    let buyer = identity(2, clock::now_ms() + 60_000);
    let mut buyer = hub.join_socket(id, Some(buyer)).await.unwrap();
    let mut stranger = hub.join_socket(id, None).await.unwrap();
    judge(&stage, peer, vec![finding("no_keyframes")]).await;
    assert_eq!(find(&mut studio.rx, codes).await, ["no_keyframes"]);
    // Somebody who signs in later hears how it stands.
    let late = hub.join_socket(id, None).await.unwrap();
    hub.identify(id, late.key, Some(host())).await;
    let mut late = late;
    assert_eq!(find(&mut late.rx, codes).await, ["no_keyframes"]);
    // An encoder that is gone has nothing to better.
    stage
        .event(MediaEvent::Closed {
            peer,
            broadcast,
            role: Role::Publisher,
            reason: CloseReason::Remote,
        })
        .await;
    assert!(find(&mut studio.rx, codes).await.is_empty());
    hub.close_room(id).await;
    for rx in [&mut buyer.rx, &mut stranger.rx] {
        while let Some(received) = next(rx).await {
            assert!(codes(&received.frame).is_none(), "{:?}", received.frame);
        }
    }
}

#[tokio::test]
async fn an_encoder_that_was_replaced_is_not_judged_any_more() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let (_, old) = stage.go_live().await;
    let (_, new) = stage.go_live().await;
    let mut studio = hub.join_socket(id, Some(host())).await.unwrap();
    judge(&stage, new, vec![finding("b_frames")]).await;
    judge(&stage, old, vec![finding("packet_loss")]).await;
    judge(&stage, PeerId(999), vec![finding("packet_loss")]).await;
    judge(&stage, new, vec![finding("bitrate_high")]).await;
    assert_eq!(find(&mut studio.rx, codes).await, ["b_frames"]);
    assert_eq!(find(&mut studio.rx, codes).await, ["bitrate_high"]);
}
