//! The async side's only way to the shards: answers offers, places peers, sends commands.
//!
//! Cheap to clone. Offers are parsed on the caller's thread. Every queue behind it is bounded:
//! commands wait for room, stock messages are dropped and counted instead. It keeps no state of
//! peers beyond the directory.

mod counter;
mod reports;
mod restart;
mod secrets;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use media_core::border::{BroadcastId, Command, PeerId};
use media_core::peer::{
    Candidates, Certificate, CloseReason, LocalFacts, OfferError, PeerConfig, Role, answer,
};
use media_core::stats::Stats;
use tokio::sync::mpsc;

use crate::counters::Counters;
use crate::directory::{Directory, shard_of};
use crate::order::Order;
use crate::wake::Waker;
use secrets::Secrets;

pub(crate) use secrets::shard_of_ufrag;

pub use counter::CounterOffer;
pub use restart::{RestartError, Restarted};

/// Lane whose messages may be lost: the next one carries the newer value.
const STOCK_LANE: u16 = 2;

/// Async handle to all shards. See the module header.
#[derive(Clone)]
pub struct MediaHandle {
    inner: Arc<Inner>,
}

struct Inner {
    links: Vec<Link>,
    directory: Arc<Directory>,
    certificate: Certificate,
    stock_drops: AtomicU64,
}

/// What the async side holds of one shard.
pub(crate) struct Link {
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) waker: Waker,
    pub(crate) counters: Arc<Counters>,
    pub(crate) candidates: Vec<SocketAddr>,
    pub(crate) tcp_candidates: Vec<SocketAddr>,
}

impl Link {
    /// What answers name of this shard.
    fn candidates(&self) -> Candidates<'_> {
        Candidates {
            udp: &self.candidates,
            tcp: &self.tcp_candidates,
        }
    }
}

/// An offer was accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The new peer.
    pub peer: PeerId,
    /// The SDP answer.
    pub answer: String,
    /// Our ICE user name fragment, as it stands in the answer (an ETag, for one).
    pub ice_ufrag: String,
    /// Our ICE password, as it stands in the answer.
    pub ice_pwd: String,
    /// Whether a data section was accepted; only then lanes will open.
    pub lanes: bool,
}

/// Why an offer was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The offer itself is at fault.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// Every shard has all the peers it may have.
    #[error("the server is full")]
    Full,
    /// The shards have stopped.
    #[error("the media plane has stopped")]
    Stopped,
}

impl MediaHandle {
    pub(crate) fn new(
        links: Vec<Link>,
        directory: Arc<Directory>,
        certificate: Certificate,
    ) -> Self {
        let stock_drops = AtomicU64::new(0);
        Self {
            inner: Arc::new(Inner {
                links,
                directory,
                certificate,
                stock_drops,
            }),
        }
    }

    /// Answers an offer and takes the peer in. A publisher replaces the current one of its
    /// broadcast, which is closed with [`CloseReason::Replaced`]. Dropping the future before it
    /// is done leaves nothing behind.
    ///
    /// # Errors
    /// See [`AcceptError`]; nothing has happened then. [`OfferError::NoCommonCodec`] also when a
    /// viewer cannot take the video that is on air; [`MediaHandle::counter`] says what it could.
    pub async fn accept(
        &self,
        role: Role,
        broadcast: BroadcastId,
        offer: &str,
    ) -> Result<Accepted, AcceptError> {
        let shard = self.inner.directory.place().ok_or(AcceptError::Full)?;
        let secrets = Secrets::new(shard);
        let (answer, config) = answer(role, offer, &self.facts(shard, &secrets))?;
        if role == Role::Viewer && !self.can_watch(broadcast, &config) {
            return Err(OfferError::NoCommonCodec.into());
        }
        self.enter(role, broadcast, shard, config, answer).await
    }

    /// Whether a viewer can take the video that is on air, if it wants video at all.
    fn can_watch(&self, broadcast: BroadcastId, config: &PeerConfig) -> bool {
        let video = self.inner.directory.codecs(broadcast).video;
        match (&config.video, video) {
            (Some(section), Some(codec)) => section.format_for(&codec).is_some(),
            _ => true,
        }
    }

    async fn enter(
        &self,
        role: Role,
        broadcast: BroadcastId,
        shard: usize,
        config: PeerConfig,
        answer: String,
    ) -> Result<Accepted, AcceptError> {
        let link = &self.inner.links[shard];
        let (ice_ufrag, ice_pwd) = (config.ice.local_ufrag.clone(), config.ice.local_pwd.clone());
        let lanes = config.lanes;
        let permit = link
            .orders
            .reserve()
            .await
            .map_err(|_| AcceptError::Stopped)?;
        // From here on nothing waits, so that a dropped future cannot leave half a peer.
        let entered = self.inner.directory.enter(role, broadcast, shard);
        let entered = entered.ok_or(AcceptError::Full)?;
        let peer = entered.peer;
        permit.send(Order::Command(Command::Add {
            peer,
            broadcast,
            config: Box::new(config),
        }));
        link.waker.wake();
        if let Some(old) = entered.replaced {
            self.close_soon(old, CloseReason::Replaced);
        }
        if role == Role::Publisher && self.inner.directory.is_superseded(broadcast, peer) {
            self.close_soon(peer, CloseReason::Replaced);
        }
        Ok(Accepted {
            peer,
            answer,
            ice_ufrag,
            ice_pwd,
            lanes,
        })
    }

    /// Ends a peer; its `Closed` event says `Requested`. Unknown peers are ignored.
    pub async fn close(&self, peer: PeerId) {
        self.command(
            peer,
            Command::Close {
                peer,
                reason: CloseReason::Requested,
            },
        )
        .await;
    }

    /// The same bytes to all peers of the broadcast whose lanes were opened by
    /// [`MediaHandle::open_lanes`]. Reliable lanes wait for room in the shards' queues; lane 2
    /// (stock) is dropped and counted instead.
    pub async fn broadcast(&self, broadcast: BroadcastId, lane: u16, bytes: Bytes) {
        for shard in self.inner.directory.shards_of(broadcast) {
            let command = Command::Broadcast {
                broadcast,
                lane,
                bytes: bytes.clone(),
            };
            self.message(shard, lane, command).await;
        }
    }

    /// One message to one peer, under the same terms.
    pub async fn send(&self, peer: PeerId, lane: u16, bytes: Bytes) {
        self.message(shard_of(peer), lane, Command::Send { peer, lane, bytes })
            .await;
    }

    /// After `MediaEvent::LanesOpen`: sends `first` on lane 0 and from then on includes the peer
    /// in broadcasts, atomically in the order of commands.
    pub async fn open_lanes(&self, peer: PeerId, first: Bytes) {
        self.command(peer, Command::OpenLanes { peer, first }).await;
    }

    /// Counters summed over the shards; at most about 100 ms old.
    pub fn stats(&self) -> Stats {
        let mut sum = Stats::default();
        for link in &self.inner.links {
            sum.add(&link.counters.read());
        }
        sum.lane_drops += self.inner.stock_drops.load(Ordering::Relaxed);
        sum
    }

    /// SHA-256 fingerprint of the DTLS certificate, `AA:BB:…`.
    pub fn certificate_fingerprint(&self) -> String {
        self.inner.certificate.fingerprint().to_owned()
    }

    /// The addresses of the ICE-TCP listener that answers offer; empty without one.
    pub fn tcp_candidates(&self) -> Vec<SocketAddr> {
        let first = self.inner.links.first();
        first.map_or_else(Vec::new, |link| link.tcp_candidates.clone())
    }

    /// The UDP addresses that answers offer, shard by shard.
    pub fn candidates(&self) -> Vec<SocketAddr> {
        self.inner
            .links
            .iter()
            .flat_map(|link| link.candidates.iter().copied())
            .collect()
    }

    /// Our side of an answer or a counter-offer by a shard.
    fn facts<'a>(&'a self, shard: usize, secrets: &'a Secrets) -> LocalFacts<'a> {
        LocalFacts {
            candidates: self.inner.links[shard].candidates(),
            certificate: &self.inner.certificate,
            ufrag: &secrets.ufrag,
            pwd: &secrets.pwd,
            audio_ssrc: secrets.ssrc,
            video_ssrc: secrets.ssrc + 1,
            video_rtx_ssrc: secrets.ssrc + 2,
            cname: &secrets.cname,
            session_id: secrets.session_id,
            seed: secrets.seed,
        }
    }

    async fn command(&self, peer: PeerId, command: Command) {
        let Some(link) = self.inner.links.get(shard_of(peer)) else {
            return;
        };
        // An error means that the shards have stopped, and their peers with them.
        if link.orders.send(Order::Command(command)).await.is_ok() {
            link.waker.wake();
        }
    }

    async fn message(&self, shard: usize, lane: u16, command: Command) {
        let Some(link) = self.inner.links.get(shard) else {
            return;
        };
        let sent = if lane == STOCK_LANE {
            let sent = link.orders.try_send(Order::Command(command)).is_ok();
            if !sent {
                self.inner.stock_drops.fetch_add(1, Ordering::Relaxed);
            }
            sent
        } else {
            link.orders.send(Order::Command(command)).await.is_ok()
        };
        if sent {
            link.waker.wake();
        }
    }

    fn close_soon(&self, peer: PeerId, reason: CloseReason) {
        let handle = self.clone();
        tokio::spawn(async move { handle.command(peer, Command::Close { peer, reason }).await });
    }
}
