//! Carries what the media plane says to the rooms, and what connections say to the consumers.
//!
//! What peers do in their life goes into the room's own queue, and must not be lost: the pump waits
//! for room there. That cannot lock up, since the shards never wait for the pump. Messages of
//! viewers are judged here and passed on or refused at once.

use std::sync::Arc;

use media_shard::MediaEvent;
use signaling_wire::{Lane, ServerFrame, encode_server, frame::control::ByeReason};
use tokio::sync::mpsc;

use crate::{
    clock,
    hub::Inner,
    inbound::{Verdict, judge},
    room_task::Command,
    session::{Outlet, Session},
};

/// Runs until the media plane has stopped.
pub(crate) async fn run(hub: Arc<Inner>, mut events: mpsc::Receiver<MediaEvent>) {
    while let Some(event) = events.recv().await {
        let broadcast = match &event {
            MediaEvent::Lane {
                peer, lane, bytes, ..
            } => {
                if let Some(session) = hub.directory.peer(*peer) {
                    // A lane that is none of ours counts as the wrong one.
                    let lane = Lane::from_id(*lane).unwrap_or(Lane::Stock);
                    receive(&hub, &session, Some(lane), bytes);
                }
                continue;
            }
            MediaEvent::Connected { broadcast, .. }
            | MediaEvent::MediaStarted { broadcast, .. }
            | MediaEvent::LanesOpen { broadcast, .. }
            | MediaEvent::Lint { broadcast, .. }
            | MediaEvent::Closed { broadcast, .. } => *broadcast,
        };
        if let Some(room) = hub.directory.room_of(broadcast) {
            // An error means that the room has just ended, and its peers with it.
            let _ = room.lifecycle.send(event).await;
        }
    }
}

/// Takes one message of a connection.
pub(crate) fn receive(hub: &Inner, session: &Session, via: Option<Lane>, bytes: &[u8]) {
    match judge(session, via, bytes, clock::now(), clock::now_ms()) {
        Verdict::Ignore => {}
        Verdict::Forward(inbound) => {
            if let Err((lane, frame)) = hub.consumers.forward(*inbound) {
                answer(hub, session, lane, *frame);
            }
        }
        Verdict::Resync => tell_room(hub, session, Command::Resync(session.key)),
        Verdict::Answer(lane, frame) => answer(hub, session, lane, *frame),
        Verdict::Close => kick(hub, session),
    }
}

fn answer(hub: &Inner, session: &Session, lane: Lane, frame: ServerFrame) {
    match &session.outlet {
        Outlet::Socket(queue) => {
            queue.push(lane, &encode_server(lane, None, &frame));
        }
        Outlet::Peer { .. } => {
            let frame = Box::new(frame);
            tell_room(
                hub,
                session,
                Command::Personal {
                    session: session.key,
                    lane,
                    frame,
                },
            );
        }
    }
}

/// A room whose mailbox is full has more to do than to answer a viewer; the viewer asks again.
fn tell_room(hub: &Inner, session: &Session, command: Command) {
    let room = hub.directory.room_of(session.room);
    if room.is_none_or(|room| room.mailbox.try_send(command).is_err()) {
        metrics::counter!("souk_hub_answers_dropped_total").increment(1);
    }
}

/// Closes a connection that broke the protocol. Its gate is shut, so this happens once.
fn kick(hub: &Inner, session: &Session) {
    match &session.outlet {
        Outlet::Socket(queue) => queue.close(ByeReason::Protocol),
        Outlet::Peer { peer, .. } => {
            let (plane, peer) = (hub.plane.clone(), *peer);
            tokio::spawn(async move {
                let bye = crate::queue::bye(ByeReason::Protocol);
                plane.send(peer, Lane::Control.id(), bye).await;
                tokio::time::sleep(crate::limits::BYE_LINGER).await;
                plane.close(peer).await;
            });
        }
    }
}
