//! Media sessions: offers answered, resources named, the newest publisher wins.
//!
//! A session's name is its only key, so it is made of more random bits than anybody guesses.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use media_shard::{Accepted, OfferError, PeerId, RestartError, Role, SdpFrag};
use signaling_wire::StreamId;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{Hub, Watching};
use crate::{
    clock,
    directory::{MediaRecord, RoomHandle},
    gate::Gate,
    identity::Identity,
    limits::SESSION_ID_BYTES,
    refusal::MediaRefusal,
    room_task::Command,
    session::{Outlet, Session, SessionKind},
};

/// An offer was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaSession {
    /// Names the session's resource: 24 characters of base64url, 144 random bits.
    pub id: String,
    /// The SDP answer.
    pub answer: String,
    /// Entity tag of the ICE session, quotes included, as in `"a1b2"`.
    pub etag: String,
}

/// An ICE restart has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartedSession {
    /// Our new credentials and candidates, as a fragment.
    pub fragment: String,
    /// As in [`MediaSession::etag`], of the new ICE session.
    pub etag: String,
}

/// What is known of a media session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// As in [`MediaSession::id`].
    pub id: String,
    /// Which end of the broadcast it is.
    pub kind: SessionKind,
    /// Its stream.
    pub stream: StreamId,
    /// Its peer in the media plane.
    pub peer: PeerId,
    /// The `a=mid` of the video section in its answer.
    pub video_mid: Option<String>,
    /// Our ICE user name fragment.
    pub ice_ufrag: String,
    /// As in [`MediaSession::etag`].
    pub etag: String,
}

impl Hub {
    /// Answers a publisher's offer. The newest publisher takes the stream over; the one before is
    /// closed.
    ///
    /// # Errors
    /// [`MediaRefusal`]; `PublisherConflict` when the stream changed hands three times within ten
    /// seconds.
    pub async fn publish_offer(
        &self,
        stream: StreamId,
        offer: &str,
    ) -> Result<MediaSession, MediaRefusal> {
        let room = self.room(stream).ok_or(MediaRefusal::NoRoom)?;
        let (done, allowed) = oneshot::channel();
        let asked = room.mailbox.send(Command::ReservePublish(done)).await;
        asked.map_err(|_| MediaRefusal::NoRoom)?;
        if !allowed.await.map_err(|_| MediaRefusal::NoRoom)? {
            return Err(MediaRefusal::PublisherConflict);
        }
        self.offer(room, SessionKind::Publisher, offer, None, None)
            .await
    }

    /// Answers a viewer's offer, or says what could be answered.
    ///
    /// # Errors
    /// [`MediaRefusal`]; `NotLive` when there is nothing to watch.
    pub async fn watch_offer(
        &self,
        stream: StreamId,
        offer: &str,
        identity: Option<Identity>,
    ) -> Result<Watching, MediaRefusal> {
        let room = self.room(stream).ok_or(MediaRefusal::NoRoom)?;
        if !room.notice.presence().live {
            return Err(MediaRefusal::NotLive);
        }
        let seat = self.inner.seats.clone().try_acquire_owned();
        let seat = Some(seat.map_err(|_| MediaRefusal::Full)?);
        let asked = self.offer(
            room.clone(),
            SessionKind::Viewer,
            offer,
            identity.clone(),
            seat,
        );
        match asked.await {
            Ok(session) => Ok(Watching::Answered(session)),
            Err(MediaRefusal::Offer(OfferError::NoCommonCodec)) => {
                let seat = self.inner.seats.clone().try_acquire_owned();
                let seat = seat.map_err(|_| MediaRefusal::Full)?;
                let counter = self.counter(room, offer, identity, seat);
                counter.map(Watching::Countered)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Restarts ICE of a media session with the credentials of a fragment. Until the client's first
    /// check with the new ones the session goes on as it was.
    ///
    /// # Errors
    /// [`RestartError`]; nothing has happened then.
    pub async fn restart_session(
        &self,
        id: &str,
        kind: SessionKind,
        fragment: &SdpFrag,
    ) -> Result<RestartedSession, RestartError> {
        let record = self.inner.directory.media(id, kind);
        let record = record.ok_or(RestartError::Gone)?;
        let restarted = self.inner.plane.restart_ice(record.peer, fragment).await?;
        let etag = etag(&restarted.ice_ufrag);
        if !self.inner.directory.rename_ice(id, restarted.ice_ufrag) {
            return Err(RestartError::Gone);
        }
        Ok(RestartedSession {
            fragment: restarted.sdpfrag,
            etag,
        })
    }

    /// Ends a media session. False if there is no session of that name and kind.
    pub async fn end_session(&self, id: &str, kind: SessionKind) -> bool {
        let Some(record) = self.inner.directory.take_media(id, kind) else {
            return false;
        };
        self.inner.plane.close(record.peer).await;
        true
    }

    /// Ends every session that publishes into a stream.
    pub async fn end_publishers(&self, stream: StreamId) {
        for id in self.inner.directory.publishers(stream) {
            self.end_session(&id, SessionKind::Publisher).await;
        }
    }

    /// What is known of a media session.
    pub fn session(&self, id: &str, kind: SessionKind) -> Option<SessionInfo> {
        let record = self.inner.directory.media(id, kind)?;
        let etag = etag(&record.ice_ufrag);
        Some(SessionInfo {
            id: id.to_owned(),
            kind,
            stream: record.stream,
            peer: record.peer,
            video_mid: record.video_mid,
            ice_ufrag: record.ice_ufrag,
            etag,
        })
    }

    async fn offer(
        &self,
        room: RoomHandle,
        kind: SessionKind,
        offer: &str,
        identity: Option<Identity>,
        seat: Option<OwnedSemaphorePermit>,
    ) -> Result<MediaSession, MediaRefusal> {
        // A client that hangs up must not leave a peer that no room knows, so this part runs on.
        let (hub, offer) = (self.clone(), offer.to_owned());
        let run = async move { hub.admit(&room, kind, &offer, identity, seat).await };
        tokio::spawn(run)
            .await
            .unwrap_or(Err(MediaRefusal::Stopped))
    }

    async fn admit(
        &self,
        room: &RoomHandle,
        kind: SessionKind,
        offer: &str,
        identity: Option<Identity>,
        seat: Option<OwnedSemaphorePermit>,
    ) -> Result<MediaSession, MediaRefusal> {
        let role = match kind {
            SessionKind::Publisher => Role::Publisher,
            SessionKind::Viewer => Role::Viewer,
        };
        let accepted = match self.inner.plane.accept(role, room.broadcast, offer).await {
            Ok(accepted) => accepted,
            Err(error) => {
                if kind == SessionKind::Publisher {
                    // An error means that the room is gone, and the reservation with it.
                    let _ = room.mailbox.send(Command::RefundPublish).await;
                }
                return Err(error.into());
            }
        };
        let id = new_id();
        self.enter_media(room, kind, id, accepted, identity, seat)
            .await
    }

    /// Brings a peer that the media plane has taken in into its room.
    pub(super) async fn enter_media(
        &self,
        room: &RoomHandle,
        kind: SessionKind,
        id: String,
        accepted: Accepted,
        identity: Option<Identity>,
        seat: Option<OwnedSemaphorePermit>,
    ) -> Result<MediaSession, MediaRefusal> {
        let Accepted {
            peer,
            answer,
            ice_ufrag,
            ..
        } = accepted;
        let etag = etag(&ice_ufrag);
        let record = MediaRecord {
            stream: room.stream,
            kind,
            peer,
            video_mid: video_mid(&answer),
            ice_ufrag,
        };
        let outlet = Outlet::Peer {
            peer,
            kind,
            id: id.clone(),
        };
        let gate = Gate::new(identity, clock::now());
        let key = self.inner.next_session();
        let session = Session::new(key, room.stream, room.broadcast, outlet, gate);
        let session = Arc::new(session.seated(seat));
        let (done, entered) = oneshot::channel();
        let enter = Command::Enter {
            session,
            record: Some(record),
            done,
        };
        if room.mailbox.send(enter).await.is_ok() && entered.await.unwrap_or(false) {
            return Ok(MediaSession { id, answer, etag });
        }
        self.inner.plane.close(peer).await;
        Err(MediaRefusal::Stopped)
    }
}

/// A name that nobody guesses.
pub(super) fn new_id() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; SESSION_ID_BYTES]>())
}

/// The `a=mid` of an answer's video section.
fn video_mid(answer: &str) -> Option<String> {
    let mut lines = answer
        .lines()
        .skip_while(|line| !line.starts_with("m=video "));
    lines.next()?;
    let mut section = lines.take_while(|line| !line.starts_with("m="));
    let mid = section.find_map(|line| line.strip_prefix("a=mid:"))?;
    Some(mid.trim_end().to_owned())
}

pub(super) fn etag(ice_ufrag: &str) -> String {
    format!("\"{ice_ufrag}\"")
}
