//! The only writer of a room: takes requests one after another, numbers frames, fans them out.
//!
//! Everything about order is decided here. A newcomer gets its snapshot and is a member from the
//! same step on, so it misses nothing and gets nothing twice. What happens to peers comes first,
//! then what is due by time, then requests.

mod command;
mod fanout;
mod lint;
mod members;
mod sanctions;

pub(crate) use command::{Command, Publication};
use members::Members;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use media_shard::{MediaEvent, PeerId, Role};
use signaling_wire::{
    Lane, Position, ServerFrame, encode_server,
    frame::control::{ByeReason, Lint, Presence},
};
use tokio::sync::mpsc;

use crate::{
    clock,
    directory::{MediaRecord, RoomHandle},
    hub::{Inner, LiveChange},
    identity::Identity,
    limits,
    room::{Publishers, Registered, Room},
    session::Session,
};

pub(crate) struct RoomTask {
    hub: Arc<Inner>,
    handle: RoomHandle,
    room: Room,
    publishers: Publishers,
    members: Members,
    /// The registered state, for the case that this task fails.
    kept: Arc<Mutex<Registered>>,
    /// What the newest publisher could do better.
    lint: Option<(PeerId, Lint)>,
    /// Peers that ended before they entered.
    early: VecDeque<PeerId>,
    started_ms: u64,
    sweep_at: Instant,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Receiver<MediaEvent>,
}

impl RoomTask {
    pub(crate) fn new(
        hub: Arc<Inner>,
        handle: RoomHandle,
        room: Room,
        kept: Arc<Mutex<Registered>>,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Receiver<MediaEvent>,
    ) -> Self {
        Self {
            hub,
            handle,
            room,
            publishers: Publishers::default(),
            members: Members::default(),
            kept,
            lint: None,
            early: VecDeque::new(),
            started_ms: 0,
            sweep_at: clock::now() + limits::SWEEP_INTERVAL,
            commands,
            events,
        }
    }

    /// Runs until the room is closed.
    pub(crate) async fn run(mut self) {
        loop {
            let due = tokio::time::Instant::from_std(self.due(clock::now()));
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => self.on_event(event).await,
                () = tokio::time::sleep_until(due) => self.on_time(clock::now()).await,
                command = self.commands.recv() => match command {
                    Some(Command::Close(reason, done)) => {
                        self.close(reason).await;
                        // Whoever closed the room may have gone.
                        let _ = done.send(());
                        return tokio::time::sleep(limits::BYE_LINGER).await;
                    }
                    Some(command) => self.on_command(command).await,
                    None => return,
                },
            }
            self.tell_attendance();
        }
    }

    /// When something is to be done, whatever comes in.
    fn due(&self, now: Instant) -> Instant {
        let timers = [
            self.room.presence.due(now),
            self.room.board.due(now),
            self.publishers.due(),
        ];
        timers
            .into_iter()
            .flatten()
            .fold(self.sweep_at, Instant::min)
    }

    async fn on_time(&mut self, now: Instant) {
        if self.publishers.expire(now) {
            self.set_live(false, self.started_ms);
        }
        if let Some(presence) = self.room.presence.take(now) {
            self.publish(&ServerFrame::Presence(presence)).await;
        }
        self.flush_stock(now).await;
        if self.sweep_at <= now {
            self.sweep_at = now + limits::SWEEP_INTERVAL;
            self.sweep().await;
        }
    }

    async fn on_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Connected {
                peer,
                role: Role::Viewer,
                ..
            } => {
                self.members.connected(peer);
                self.count_viewers();
            }
            MediaEvent::MediaStarted { peer, .. } => {
                if self.publishers.started(peer) {
                    self.set_live(true, clock::now_ms());
                }
            }
            MediaEvent::LanesOpen { peer, .. } => self.open_lanes(peer).await,
            MediaEvent::Closed { peer, .. } => {
                self.publishers.closed(peer, clock::now());
                self.note_published();
                self.forget_lint(peer).await;
                match self.members.key_of(peer) {
                    Some(key) => self.leave(key),
                    None => self.remember_early(peer),
                }
            }
            MediaEvent::Lint { peer, findings, .. } => self.on_lint(peer, &findings).await,
            // Publishers that connect have nothing to show so far; messages go by the pump.
            MediaEvent::Connected { .. } | MediaEvent::Lane { .. } => {}
        }
    }

    async fn on_command(&mut self, command: Command) {
        match command {
            Command::Stream(stream) => {
                self.room.set_stream(stream);
                self.keep();
            }
            Command::Publish(publication, done) => {
                let position = self.on_publication(*publication).await;
                // A publisher of frames that does not wait for the place is fine.
                let _ = done.send(position);
            }
            Command::Stock(level) => {
                self.room.board.offer(level);
            }
            Command::Snapshot(done) => {
                let _ = done.send(self.snapshot());
            }
            Command::Personal {
                session,
                lane,
                frame,
            } => {
                self.send_to(session, lane, &frame).await;
            }
            Command::ToUser { user, frame } => self.send_to_user(user, &frame).await,
            Command::Identify { session, identity } => self.identify(session, identity).await,
            Command::Forget { user, login } => self.forget(user, login.as_deref()).await,
            Command::Sanction(all) => {
                for (user, sanction) in all {
                    self.sanction(user, sanction).await;
                }
            }
            // Whoever asked may have gone.
            Command::Present(users, done) => {
                let _ = done.send(self.members.present(users));
            }
            Command::Viewers(done) => {
                let _ = done.send(self.viewers());
            }
            Command::ReservePublish(done) => {
                let allowed = self.publishers.reserve(clock::now());
                if done.send(allowed).is_err() && allowed {
                    self.publishers.refund();
                }
            }
            Command::RefundPublish => self.publishers.refund(),
            Command::Enter {
                session,
                record,
                done,
            } => {
                // A socket whose client has gone is found by the sweep, a peer by its timeout.
                let _ = done.send(self.enter(session, record));
            }
            Command::Leave(session) => self.leave(session),
            Command::Resync(session) => self.resync(session).await,
            Command::Close(..) => {}
            #[cfg(test)]
            Command::Panic => panic!("asked to"),
        }
    }

    async fn on_publication(&mut self, publication: Publication) -> Option<Position> {
        let Publication {
            shelf,
            chat,
            frames,
        } = publication;
        let registers = shelf.is_some() || chat.is_some();
        if let Some(shelf) = shelf {
            self.room.set_shelf(shelf);
        }
        if let Some(chat) = chat {
            self.room.set_chat(chat);
        }
        if registers {
            self.keep();
        }
        let mut last = None;
        for frame in &frames {
            last = self.publish(frame).await;
        }
        last
    }

    fn enter(&mut self, session: Arc<Session>, record: Option<MediaRecord>) -> bool {
        if let Some(peer) = session.peer() {
            if session.is_publisher() {
                self.publishers.enter(peer);
                self.note_published();
            }
            if let Some(index) = self.early.iter().position(|early| *early == peer) {
                self.early.remove(index);
                self.publishers.closed(peer, clock::now());
                self.note_published();
                return false;
            }
        }
        let (identity, sanction) = self.admit(&session);
        if let Some(queue) = session.queue() {
            if self.members.socket_count() >= self.hub.config.sockets_per_room {
                return false;
            }
            queue.push(Lane::Control, &self.snapshot());
            if identity.is_some() {
                let frame = ServerFrame::Session(Identity::session(identity.as_ref()));
                queue.push(Lane::Control, &encode_server(Lane::Control, None, &frame));
            }
            if let Some(sanction) = sanction {
                let frame = ServerFrame::Sanction(sanction);
                queue.push(Lane::Control, &encode_server(Lane::Control, None, &frame));
            }
            if let Some(frame) = self.lint_for(identity.as_ref()) {
                queue.push(Lane::Control, &encode_server(Lane::Control, None, &frame));
            }
        }
        self.hub.directory.enter(&session, record);
        self.members.enter(session);
        self.count_viewers();
        true
    }

    fn leave(&mut self, key: crate::SessionKey) {
        if let Some(session) = self.members.leave(key) {
            self.hub.directory.leave(&session);
            self.count_viewers();
        }
    }

    fn remember_early(&mut self, peer: PeerId) {
        if self.early.len() == limits::EARLY_ENDS {
            self.early.pop_front();
        }
        self.early.push_back(peer);
    }

    pub(super) fn count_viewers(&mut self) {
        self.room.presence.set_viewers(self.members.viewers());
        self.notice();
    }

    fn set_live(&mut self, live: bool, started_ms: u64) {
        self.started_ms = started_ms;
        self.room.presence.set_live(live);
        self.notice();
        let stream = self.handle.stream;
        // Nobody listening is fine.
        let _ = self.hub.live.send(LiveChange {
            stream,
            live,
            started_ms,
        });
    }

    fn note_published(&self) {
        let published = !self.publishers.is_empty();
        self.handle.notice.write_published(published);
    }

    fn notice(&self) {
        let Presence { live, viewers } = self.room.presence.current();
        debug_assert_eq!(
            live,
            self.publishers.live(),
            "presence says what publishers do"
        );
        self.handle
            .notice
            .write(Presence { live, viewers }, self.started_ms);
    }

    fn keep(&self) {
        let registered = self.room.registered().clone();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = registered;
    }

    async fn close(&mut self, reason: ByeReason) {
        self.commands.close();
        self.say_bye(reason).await;
    }
}
