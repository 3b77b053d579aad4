//! How frames leave a room: encoded once, one media broadcast per lane, the same bytes per socket.

use std::{cell::OnceCell, time::Instant};

use bytes::Bytes;
use media_shard::PeerId;
use signaling_wire::{
    Lane, Position, ServerFrame, UserId, encode_server,
    frame::{
        control::ByeReason,
        shop::{Stock, StockBatch},
    },
};

use super::RoomTask;
use crate::{
    clock,
    identity::{Identity, SessionKey},
    limits,
    queue::{self, Pushed},
    session::{Outlet, Session},
};

impl RoomTask {
    /// Gives a frame its place and sends it to everyone. `None` if it has no place.
    pub(super) async fn publish(&mut self, frame: &ServerFrame) -> Option<Position> {
        let Some((lane, position)) = self.room.place(frame) else {
            tracing::warn!("a frame without a place in the history was published");
            return None;
        };
        let bytes = encode_server(lane, Some(position), frame);
        self.broadcast(lane, &bytes).await;
        for session in self.members.sockets() {
            if let Some(Pushed::Dropped) = session.queue().map(|queue| queue.push(lane, &bytes)) {
                count_drop(lane);
            }
        }
        Some(position)
    }

    /// Sends the stock levels that are due.
    pub(super) async fn flush_stock(&mut self, now: Instant) {
        let levels = self.room.board.take(now);
        if levels.is_empty() {
            return;
        }
        let frames = stock_frames(&levels);
        for bytes in &frames {
            self.broadcast(Lane::Stock, bytes).await;
        }
        let whole = OnceCell::new();
        for session in self.members.sockets() {
            let all = || {
                whole
                    .get_or_init(|| stock_frames(&self.room.board.levels()))
                    .clone()
            };
            let pushed = session.queue().map(|queue| queue.push_stock(&frames, all));
            if pushed == Some(Pushed::Dropped) {
                count_drop(Lane::Stock);
            }
        }
    }

    /// The room as its encoded snapshot frame. The oldest chat is left out if it would be too
    /// long for a data channel.
    pub(super) fn snapshot(&self) -> Bytes {
        let mut frame = ServerFrame::Snapshot(Box::new(self.room.snapshot(clock::now_ms())));
        loop {
            let bytes = encode_server(Lane::Control, None, &frame);
            let ServerFrame::Snapshot(snapshot) = &mut frame else {
                return bytes;
            };
            let messages = &mut snapshot.chat.messages;
            if bytes.len() <= limits::LANE_FRAME_BYTES || messages.is_empty() {
                warn_if_long(Lane::Control, &bytes);
                return bytes;
            }
            messages.drain(..messages.len().div_ceil(4));
        }
    }

    /// A peer's lanes work: the snapshot, and from then on every broadcast.
    pub(super) async fn open_lanes(&mut self, peer: PeerId) {
        let Some(session) = self.members.open(peer) else {
            return;
        };
        self.hub.plane.open_lanes(peer, self.snapshot()).await;
        let identity = session.gate().identity(clock::now_ms()).cloned();
        if identity.is_some() {
            let frame = ServerFrame::Session(Identity::session(identity.as_ref()));
            self.send(&session, Lane::Control, &frame).await;
        }
        let sanction = session.gate().sanction(clock::now_ms());
        if let Some(sanction) = sanction {
            let frame = ServerFrame::Sanction(sanction);
            self.send(&session, Lane::Control, &frame).await;
        }
        if let Some(frame) = self.lint_for(identity.as_ref()) {
            self.send(&session, Lane::Control, &frame).await;
        }
    }

    /// The whole room again, for one connection.
    pub(super) async fn resync(&self, key: SessionKey) {
        if let Some(session) = self.members.speakable(key) {
            self.send_bytes(session, Lane::Control, self.snapshot())
                .await;
        }
    }

    pub(super) async fn identify(&mut self, key: SessionKey, identity: Option<Identity>) {
        let now_ms = clock::now_ms();
        let identity = identity.filter(|identity| identity.holds_at(now_ms));
        let (identity, sanction) = self.judged(identity, now_ms);
        let frame = ServerFrame::Session(Identity::session(identity.as_ref()));
        let lint = self.lint_for(identity.as_ref());
        if self.members.identify(key, identity, sanction) {
            self.count_viewers();
            self.send_to(key, Lane::Control, &frame).await;
            if let Some(sanction) = sanction {
                let frame = ServerFrame::Sanction(sanction);
                self.send_to(key, Lane::Control, &frame).await;
            }
            if let Some(lint) = lint {
                self.send_to(key, Lane::Control, &lint).await;
            }
        }
    }

    /// Makes the connections of a sign-in anonymous, or all of an account.
    pub(super) async fn forget(&mut self, user: UserId, login: Option<&str>) {
        for key in self.members.of_login(user, login) {
            self.identify(key, None).await;
        }
    }

    pub(super) async fn send_to(&self, key: SessionKey, lane: Lane, frame: &ServerFrame) {
        if let Some(session) = self.members.speakable(key) {
            self.send(session, lane, frame).await;
        }
    }

    pub(super) async fn send_to_user(&self, user: UserId, frame: &ServerFrame) {
        let lane = frame.lane().unwrap_or(Lane::Control);
        let bytes = encode_server(lane, None, frame);
        for key in self.members.of_user(user) {
            if let Some(session) = self.members.speakable(*key) {
                self.send_bytes(session, lane, bytes.clone()).await;
            }
        }
    }

    /// Once a second: identities that ended, sockets that have gone, figures.
    pub(super) async fn sweep(&mut self) {
        for key in self.members.expire(clock::now_ms()) {
            let frame = ServerFrame::Session(Identity::session(None));
            self.send_to(key, Lane::Control, &frame).await;
            self.count_viewers();
        }
        let (mut gone, mut backlog) = (Vec::new(), 0);
        for session in self.members.sockets() {
            let Some(queue) = session.queue() else {
                continue;
            };
            backlog += queue.backlog();
            if queue.is_closed() {
                gone.push(session.key);
            }
        }
        for key in gone {
            self.leave(key);
        }
        self.members.report_backlog(backlog);
    }

    /// The last words to everyone.
    pub(super) async fn say_bye(&self, reason: ByeReason) {
        self.broadcast(Lane::Control, &queue::bye(reason)).await;
        for session in self.members.sockets() {
            if let Some(queue) = session.queue() {
                queue.close(reason);
            }
        }
    }

    async fn broadcast(&self, lane: Lane, bytes: &Bytes) {
        warn_if_long(lane, bytes);
        metrics::counter!("souk_lane_frames_total", "lane" => lane.spec().label).increment(1);
        if self.members.lanes_open() {
            let (id, bytes) = (lane.id(), bytes.clone());
            self.hub
                .plane
                .broadcast(self.handle.broadcast, id, bytes)
                .await;
        }
    }

    async fn send(&self, session: &Session, lane: Lane, frame: &ServerFrame) {
        self.send_bytes(session, lane, encode_server(lane, None, frame))
            .await;
    }

    async fn send_bytes(&self, session: &Session, lane: Lane, bytes: Bytes) {
        match &session.outlet {
            Outlet::Peer { peer, .. } => self.hub.plane.send(*peer, lane.id(), bytes).await,
            Outlet::Socket(queue) => {
                queue.push(lane, &bytes);
            }
        }
    }
}

fn stock_frames(levels: &[Stock]) -> Vec<Bytes> {
    let chunks = levels.chunks(limits::STOCK_LEVELS_PER_FRAME);
    let frames = chunks.map(|chunk| {
        ServerFrame::Stock(StockBatch {
            levels: chunk.to_vec(),
        })
    });
    frames
        .map(|frame| encode_server(Lane::Stock, None, &frame))
        .collect()
}

/// Whoever registers or publishes that much must say less; sockets get it all the same.
fn warn_if_long(lane: Lane, bytes: &Bytes) {
    if bytes.len() > limits::LANE_FRAME_BYTES {
        let (lane, bytes) = (lane.spec().label, bytes.len());
        tracing::warn!(lane, bytes, "a frame is too long for data channels");
    }
}

fn count_drop(lane: Lane) {
    metrics::counter!("souk_lane_drops_total", "lane" => lane.spec().label).increment(1);
}
