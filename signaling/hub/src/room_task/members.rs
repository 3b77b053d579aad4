//! Who is in a room, by every name that the room task is asked by.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use media_shard::PeerId;
use signaling_wire::{UserId, frame::control::Sanction};

use crate::{
    clock,
    identity::{Identity, SessionKey},
    session::Session,
};

/// The connections of a room.
#[derive(Default)]
pub(crate) struct Members {
    all: BTreeMap<SessionKey, Member>,
    /// The sockets among them, which are what every fan-out walks.
    sockets: BTreeMap<SessionKey, Arc<Session>>,
    peers: HashMap<PeerId, SessionKey>,
    users: HashMap<UserId, Vec<SessionKey>>,
    /// Accounts that came with their first connection, or went with their last.
    turns: Vec<(UserId, bool)>,
    gauges: Gauges,
    open_lanes: usize,
}

struct Member {
    session: Arc<Session>,
    /// Counts as a viewer.
    counted: bool,
    /// Has had its snapshot.
    open: bool,
}

/// The room's share of the process-wide gauges; gives it back even when the task fails.
#[derive(Default)]
struct Gauges {
    viewers: u32,
    backlog: f64,
}

impl Gauges {
    fn change(&mut self, by: i32) {
        self.viewers = self.viewers.saturating_add_signed(by);
        metrics::gauge!("souk_viewers").increment(f64::from(by));
    }
}

impl Drop for Gauges {
    fn drop(&mut self) {
        metrics::gauge!("souk_viewers").decrement(f64::from(self.viewers));
        metrics::gauge!("souk_socket_backlog_bytes").decrement(self.backlog);
    }
}

impl Members {
    pub(crate) fn enter(&mut self, session: Arc<Session>) {
        let key = session.key;
        let socket = session.queue().is_some();
        if let Some(peer) = session.peer() {
            self.peers.insert(peer, key);
        } else {
            self.sockets.insert(key, session.clone());
        }
        let identity = session.gate().identity(clock::now_ms()).cloned();
        self.list(key, identity.as_ref());
        let counted = false;
        let open = socket;
        self.all.insert(
            key,
            Member {
                session,
                counted,
                open,
            },
        );
        self.recount(key, identity.as_ref());
    }

    pub(crate) fn leave(&mut self, key: SessionKey) -> Option<Arc<Session>> {
        let Member {
            session,
            counted,
            open,
        } = self.all.remove(&key)?;
        if counted {
            self.gauges.change(-1);
        }
        match session.peer() {
            Some(peer) => {
                self.peers.remove(&peer);
                self.open_lanes -= usize::from(open);
            }
            None => {
                self.sockets.remove(&key);
            }
        }
        let identity = session.gate().identify(None);
        self.unlist(key, identity.as_ref());
        Some(session)
    }

    /// A socket counts as a viewer unless the seller's own people are behind it: a Studio page is
    /// no audience. Media peers are counted by [`Members::connected`].
    fn recount(&mut self, key: SessionKey, identity: Option<&Identity>) {
        let Some(member) = self.all.get_mut(&key) else {
            return;
        };
        if member.session.peer().is_some() {
            return;
        }
        let counts = !identity.is_some_and(|identity| identity.seller);
        if std::mem::replace(&mut member.counted, counts) != counts {
            self.gauges.change(if counts { 1 } else { -1 });
        }
    }

    /// A viewer's media works: it counts.
    pub(crate) fn connected(&mut self, peer: PeerId) {
        let key = self.peers.get(&peer);
        let member = key.and_then(|key| self.all.get_mut(key));
        if member.is_some_and(|member| !std::mem::replace(&mut member.counted, true)) {
            self.gauges.change(1);
        }
    }

    /// A peer's lanes work. Returns its session the first time.
    pub(crate) fn open(&mut self, peer: PeerId) -> Option<Arc<Session>> {
        let member = self.all.get_mut(self.peers.get(&peer)?)?;
        if std::mem::replace(&mut member.open, true) {
            return None;
        }
        self.open_lanes += 1;
        Some(member.session.clone())
    }

    /// A connection that can be spoken to.
    pub(crate) fn speakable(&self, key: SessionKey) -> Option<&Arc<Session>> {
        self.all
            .get(&key)
            .filter(|member| member.open)
            .map(|member| &member.session)
    }

    pub(crate) fn of_user(&self, user: UserId) -> &[SessionKey] {
        self.users.get(&user).map_or(&[], Vec::as_slice)
    }

    /// Connections of one sign-in of an account, or all of it.
    pub(crate) fn of_login(&self, user: UserId, login: Option<&str>) -> Vec<SessionKey> {
        let speaks = |key: &&SessionKey| {
            let member = self.all.get(key);
            member.is_some_and(|member| {
                let gate = member.session.gate();
                let identity = gate.identity(0);
                login.is_none() || identity.is_some_and(|known| Some(&*known.login) == login)
            })
        };
        self.of_user(user).iter().filter(speaks).copied().collect()
    }

    /// Changes who a connection speaks as. False if it is not here.
    pub(crate) fn identify(
        &mut self,
        key: SessionKey,
        identity: Option<Identity>,
        sanction: Option<Sanction>,
    ) -> bool {
        let Some(member) = self.all.get(&key) else {
            return false;
        };
        let before = {
            let mut gate = member.session.gate();
            gate.restrict(sanction);
            gate.identify(identity.clone())
        };
        let user = |identity: &Option<Identity>| identity.as_ref().map(|identity| identity.user);
        // Who only renews neither goes nor comes.
        if user(&before) != user(&identity) {
            self.unlist(key, before.as_ref());
            self.list(key, identity.as_ref());
        }
        self.recount(key, identity.as_ref());
        true
    }

    /// Changes what the hosts decided about whoever is behind a connection.
    pub(crate) fn restrict(&self, key: SessionKey, sanction: Sanction) {
        if let Some(member) = self.all.get(&key) {
            member.session.gate().restrict(Some(sanction));
        }
    }

    /// Whether a connection speaks as an administrator.
    pub(crate) fn is_admin(&self, key: SessionKey) -> bool {
        self.all.get(&key).is_some_and(|member| {
            let gate = member.session.gate();
            gate.identity(0).is_some_and(|identity| identity.admin)
        })
    }

    /// Those of the accounts that have a connection.
    pub(crate) fn present(&self, mut users: Vec<UserId>) -> Vec<UserId> {
        users.retain(|user| self.users.contains_key(user));
        users
    }

    /// Every account that has a connection, with how many.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (Identity, usize)> {
        self.users.values().filter_map(|keys| {
            let member = self.all.get(keys.first()?)?;
            let identity = member.session.gate().identity(0).cloned()?;
            Some((identity, keys.len()))
        })
    }

    /// Who came and who went since the last time, each once.
    pub(crate) fn take_turns(&mut self) -> Vec<(UserId, bool)> {
        std::mem::take(&mut self.turns)
    }

    /// Connections of people who may host.
    pub(crate) fn hosts(&self, now_ms: u64) -> Vec<SessionKey> {
        let listed = self.users.values().flatten();
        let may_host = |key: &&SessionKey| {
            self.all.get(key).is_some_and(|member| {
                let gate = member.session.gate();
                gate.identity(now_ms).is_some_and(Identity::may_host)
            })
        };
        listed.filter(may_host).copied().collect()
    }

    /// Connections whose identity just ended; each is returned once.
    pub(crate) fn expire(&mut self, now_ms: u64) -> Vec<SessionKey> {
        let listed: Vec<SessionKey> = self.users.values().flatten().copied().collect();
        let mut ended = Vec::new();
        for key in listed {
            let expired = self
                .all
                .get(&key)
                .and_then(|member| member.session.gate().expire(now_ms));
            if expired.is_some() {
                self.unlist(key, expired.as_ref());
                self.recount(key, None);
                ended.push(key);
            }
        }
        ended
    }

    pub(crate) fn sockets(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.sockets.values()
    }

    pub(crate) fn socket_count(&self) -> usize {
        self.sockets.len()
    }

    /// Whether any peer listens on the lanes.
    pub(crate) const fn lanes_open(&self) -> bool {
        self.open_lanes > 0
    }

    pub(crate) const fn viewers(&self) -> u32 {
        self.gauges.viewers
    }

    /// Says how many bytes wait for the sockets.
    pub(crate) fn report_backlog(&mut self, bytes: usize) {
        let bytes = bytes as f64;
        metrics::gauge!("souk_socket_backlog_bytes").increment(bytes - self.gauges.backlog);
        self.gauges.backlog = bytes;
    }

    pub(crate) fn key_of(&self, peer: PeerId) -> Option<SessionKey> {
        self.peers.get(&peer).copied()
    }

    fn list(&mut self, key: SessionKey, identity: Option<&Identity>) {
        if let Some(identity) = identity {
            let keys = self.users.entry(identity.user).or_default();
            if keys.is_empty() {
                self.turns.push((identity.user, true));
            }
            keys.push(key);
        }
    }

    fn unlist(&mut self, key: SessionKey, identity: Option<&Identity>) {
        let Some(user) = identity.map(|identity| identity.user) else {
            return;
        };
        if let Some(keys) = self.users.get_mut(&user) {
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                self.users.remove(&user);
                self.turns.push((user, false));
            }
        }
    }
}
