//! The peers of a shard and the ways to find one: by number, by source address, by ICE user name.
//!
//! An address leads to a peer only after that peer saw an authenticated check from it; anything
//! else can only get in by naming a user name fragment in a STUN request. Addresses that moved on
//! to a later peer stay with that one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use crate::border::{BroadcastId, Kind, PeerId};
use crate::broadcast::Slot;
use crate::forward::{DownTrack, Network};
use crate::ingest::Publishing;
use crate::peer::{CloseReason, IceCredentials, Peer, Role};
use crate::report::Phases;

/// One peer and what the shard knows about it.
pub(crate) struct Member {
    pub(crate) id: PeerId,
    pub(crate) broadcast: BroadcastId,
    pub(crate) peer: Peer,
    pub(crate) part: Part,
    /// Broadcast messages go to it.
    pub(crate) lanes_open: bool,
    pub(crate) connected: bool,
    /// Why it is being closed, if the shard itself does so.
    pub(crate) closing: Option<CloseReason>,
    pub(crate) since: Instant,
    pub(crate) phases: Phases,
    /// The earliest timer that is queued for it.
    pub(crate) timer: Option<Instant>,
    addresses: Vec<SocketAddr>,
}

/// What a peer does here.
pub(crate) enum Part {
    Publisher(Box<Publishing>),
    Viewer(Box<Viewing>),
}

/// A viewer.
pub(crate) struct Viewing {
    pub(crate) tracks: Tracks,
    pub(crate) network: Network,
    /// The layer that it has asked for; `None`: chosen for it.
    pub(crate) selected: Option<u8>,
}

/// The tracks of a viewer.
pub(crate) struct Tracks {
    pub(crate) audio: Option<DownTrack>,
    pub(crate) video: Option<DownTrack>,
}

impl Tracks {
    pub(crate) fn track(&mut self, kind: Kind) -> Option<&mut DownTrack> {
        match kind {
            Kind::Audio => self.audio.as_mut(),
            Kind::Video => self.video.as_mut(),
        }
    }

    /// The track that is sent with `ssrc`.
    pub(crate) fn by_ssrc(&mut self, ssrc: u32) -> Option<(Kind, &mut DownTrack)> {
        let audio = self.audio.as_mut().map(|track| (Kind::Audio, track));
        let video = self.video.as_mut().map(|track| (Kind::Video, track));
        [audio, video]
            .into_iter()
            .flatten()
            .find(|(_, track)| track.ssrc() == ssrc)
    }
}

impl Member {
    pub(crate) fn new(
        now: Instant,
        id: PeerId,
        broadcast: BroadcastId,
        peer: Peer,
        part: Part,
    ) -> Self {
        Self {
            id,
            broadcast,
            peer,
            part,
            lanes_open: false,
            connected: false,
            closing: None,
            since: now,
            phases: Phases::default(),
            timer: None,
            addresses: Vec::new(),
        }
    }

    pub(crate) fn role(&self) -> Role {
        match self.part {
            Part::Publisher(_) => Role::Publisher,
            Part::Viewer(_) => Role::Viewer,
        }
    }
}

/// See the module header.
#[derive(Default)]
pub(crate) struct Members {
    slots: Vec<Option<Box<Member>>>,
    free: Vec<Slot>,
    by_id: HashMap<PeerId, Slot>,
    by_address: HashMap<SocketAddr, Slot>,
    by_ufrag: HashMap<String, Slot>,
}

impl Members {
    /// Takes a peer in. `None` (and nothing happens) when its number or user name exists already.
    pub(crate) fn insert(&mut self, member: Member) -> Option<Slot> {
        let ufrag = member.peer.config().ice.local_ufrag.clone();
        if self.by_id.contains_key(&member.id) || self.by_ufrag.contains_key(&ufrag) {
            return None;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as Slot
        });
        self.by_id.insert(member.id, slot);
        self.by_ufrag.insert(ufrag, slot);
        self.slots[slot as usize] = Some(Box::new(member));
        Some(slot)
    }

    /// Lets a peer and all ways to it go.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Box<Member>> {
        let member = self.slots.get_mut(slot as usize)?.take()?;
        self.by_id.remove(&member.id);
        for ufrag in member.peer.local_ufrags() {
            self.by_ufrag.remove(ufrag);
        }
        for address in &member.addresses {
            if self.by_address.get(address) == Some(&slot) {
                self.by_address.remove(address);
            }
        }
        self.free.push(slot);
        Some(member)
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Member> {
        self.slots.get(slot as usize)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Member> {
        self.slots.get_mut(slot as usize)?.as_deref_mut()
    }

    pub(crate) fn by_id(&self, id: PeerId) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn by_address(&self, address: SocketAddr) -> Option<Slot> {
        self.by_address.get(&address).copied()
    }

    pub(crate) fn by_ufrag(&self, ufrag: &str) -> Option<Slot> {
        self.by_ufrag.get(ufrag).copied()
    }

    /// Begins an ICE restart of the peer; checks to both user names find it from now on. Nothing
    /// happens when the new name exists already.
    pub(crate) fn restart_ice(&mut self, slot: Slot, credentials: IceCredentials) {
        let ufrag = credentials.local_ufrag.clone();
        if self.by_ufrag.contains_key(&ufrag) {
            return;
        }
        let Some(member) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else {
            return;
        };
        // A restart under way that was never checked gives way.
        if let Some(given_up) = member.peer.local_ufrags().nth(1) {
            self.by_ufrag.remove(given_up);
        }
        member.peer.restart_ice(credentials);
        self.by_ufrag.insert(ufrag, slot);
    }

    /// The peer no longer answers to this user name.
    pub(crate) fn unname(&mut self, slot: Slot, ufrag: &str) {
        if self.by_ufrag.get(ufrag) == Some(&slot) {
            self.by_ufrag.remove(ufrag);
        }
    }

    /// `address` passed an authenticated check of the peer.
    pub(crate) fn validated(&mut self, slot: Slot, address: SocketAddr) {
        let Some(member) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else {
            return;
        };
        if !member.addresses.contains(&address) {
            member.addresses.push(address);
        }
        self.by_address.insert(address, slot);
    }

    /// The peer no longer accepts `address`.
    pub(crate) fn forgotten(&mut self, slot: Slot, address: SocketAddr) {
        if let Some(member) = self.get_mut(slot) {
            member.addresses.retain(|known| *known != address);
        }
        if self.by_address.get(&address) == Some(&slot) {
            self.by_address.remove(&address);
        }
    }

    /// All occupied places, in order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + use<'_> {
        let occupied = |(at, slot): (usize, &Option<_>)| slot.is_some().then_some(at as Slot);
        self.slots.iter().enumerate().filter_map(occupied)
    }
}
