//! The network: shards and nodes, a path for each node, virtual time, everything by one seed.
//!
//! [`Net::set_path`] gives a node its own delay, loss, bursts, reordering, duplicates and rate;
//! [`Net::rebind`] moves it behind another address, [`Net::cut`] takes its network away;
//! [`Net::inject`] is an attacker's door, and what is sent to an address that no node has waits in
//! [`Net::stray`]. [`Net::weather`] disturbs the media of everyone. A test that fails prints the
//! seed of its network; `SOUK_SIM_SEED` runs [`seeds`] with that one only.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use media_core::border::{BroadcastId, Command, Event, PeerId};
use media_core::peer::{Candidates, Certificate, LocalFacts, Role, answer};
use media_core::shard::{Config, Shard};
use media_core::transmit::Transmits;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::node::Node;

mod path;
mod wire;

pub use path::{Burst, Carried, Link, Path, Way};
use wire::{Alarms, Directory, Flying, Wire};

pub static SERVER: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().unwrap());
pub static CLIENT: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().unwrap());
pub const ROOM: BroadcastId = BroadcastId(1);

/// What happens to media on its way, in percent and in time.
#[derive(Clone, Copy, Default)]
pub struct Weather {
    pub loss: u32,
    pub duplicates: u32,
    pub jitter: Duration,
}

pub struct Net {
    pub now: Instant,
    pub shards: Vec<Shard>,
    pub nodes: Vec<Node>,
    pub events: Vec<Event>,
    /// For the media of everyone, on top of the paths.
    pub weather: Weather,
    /// Datagrams to addresses that no node has (any more), with their receiver.
    pub stray: Vec<(SocketAddr, Vec<u8>)>,
    /// Sealed media to a node, before its path, if that is recorded.
    records: BTreeMap<usize, Vec<Vec<u8>>>,
    /// Sealed media of a node, before its path, if that is overheard.
    overheard: BTreeMap<usize, Vec<Vec<u8>>>,
    seed: u64,
    links: Vec<[Link; 2]>,
    wire: Wire,
    alarms: Alarms,
    directory: Directory,
    random: StdRng,
    out: Transmits,
}

const UP: usize = 0;
const DOWN: usize = 1;

/// Runs a test with `count` seeds, or with the one in `SOUK_SIM_SEED`; `SOUK_SIM_SEEDS` is
/// another count. The seed is for [`Net::seeded`].
pub fn seeds(count: u64, test: impl Fn(u64)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("SOUK_SIM_SEED") {
        Some(seed) => test(seed),
        None => (1..=number("SOUK_SIM_SEEDS").unwrap_or(count)).for_each(test),
    }
}

pub fn shard_address(shard: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10], 5_000 + shard as u16))
}

impl Net {
    pub fn new(shards: usize) -> Self {
        Self::seeded(shards, 7)
    }

    pub fn seeded(shards: usize, seed: u64) -> Self {
        let now = Instant::now();
        let unix = Duration::from_secs(1_700_000_000);
        let shard = |shard| {
            Shard::new(
                Config {
                    shard,
                    shards,
                    unix,
                },
                now,
            )
        };
        Self {
            now,
            shards: (0..shards).map(shard).collect(),
            nodes: Vec::new(),
            events: Vec::new(),
            weather: Weather::default(),
            stray: Vec::new(),
            records: BTreeMap::new(),
            overheard: BTreeMap::new(),
            seed,
            links: Vec::new(),
            wire: Wire::default(),
            alarms: Alarms::default(),
            directory: Directory::default(),
            random: StdRng::seed_from_u64(seed),
            out: Transmits::new(),
        }
    }

    /// From now on all sealed media to a node is kept for [`Net::recorded`].
    pub fn record(&mut self, place: usize) {
        self.records.insert(place, Vec::new());
    }

    pub fn recorded(&self, place: usize) -> &[Vec<u8>] {
        &self.records[&place]
    }

    /// From now on all sealed media and RTCP of a node is kept for [`Net::overheard`].
    pub fn overhear(&mut self, place: usize) {
        self.overheard.insert(place, Vec::new());
    }

    pub fn overheard(&self, place: usize) -> &[Vec<u8>] {
        &self.overheard[&place]
    }

    /// Offer and answer for `node` on `shard`; returns its place. Numbers count up from 1.
    pub fn join(&mut self, mut node: Node, shard: usize, broadcast: BroadcastId) -> usize {
        let place = self.nodes.len();
        let id = place as u32 + 1;
        node.peer = PeerId(u64::from(id));
        node.address = SocketAddr::from(([198, 51, 100 + (id >> 8) as u8, id as u8], 6_000));
        let (ufrag, cname) = (format!("ufrag{id:08}"), format!("cname{id}"));
        let local = LocalFacts {
            candidates: Candidates {
                udp: &[shard_address(shard)],
                tcp: &[],
            },
            certificate: &SERVER,
            ufrag: &ufrag,
            pwd: "server-password-of-32-characters",
            audio_ssrc: 10_000 + 2 * id,
            video_ssrc: 10_001 + 2 * id,
            video_rtx_ssrc: 20_000 + id,
            cname: &cname,
            session_id: 9,
            seed: u64::from(id) * 0x1234_5678_9abc,
        };
        let (text, config) =
            answer(node.client.config().role, &node.client.offer(), &local).unwrap();
        let mut config = Box::new(config);
        (node.tweak)(&mut config);
        self.command(
            shard,
            Command::Add {
                peer: node.peer,
                broadcast,
                config,
            },
        );
        node.client
            .accept_answer(self.now, &text, &mut self.out)
            .unwrap();
        let from = node.address;
        self.directory.note(from, place);
        self.nodes.push(node);
        self.links
            .push([UP, DOWN].map(|way| self.link(place, way, Way::default())));
        self.wind_up(place);
        self.launch(from);
        place
    }

    /// The way of a node to the server and back from now on. What is on its way arrives as it
    /// would have. The generators start anew, so the handshake has no influence on the fate of
    /// what comes after.
    pub fn set_path(&mut self, place: usize, path: Path) {
        for (way, describes) in [(UP, path.up), (DOWN, path.down)] {
            let carried = self.links[place][way].carried;
            self.links[place][way] = self.link(place, way, describes);
            self.links[place][way].carried = carried;
        }
    }

    /// Only the rates of a node's path, in bits a second; queues and generators go on.
    pub fn set_rates(&mut self, place: usize, up: Option<u64>, down: Option<u64>) {
        let [to, from] = &mut self.links[place];
        (to.way.rate, from.way.rate) = (up, down);
    }

    /// What went to the server and what came from it so far.
    pub fn carried(&self, place: usize) -> [Carried; 2] {
        [UP, DOWN].map(|way| self.links[place][way].carried)
    }

    /// Nothing gets through to or from a node until [`Net::mend`].
    pub fn cut(&mut self, place: usize) {
        self.links[place]
            .iter_mut()
            .for_each(|link| link.cut = true);
    }

    /// See [`Net::cut`].
    pub fn mend(&mut self, place: usize) {
        self.links[place]
            .iter_mut()
            .for_each(|link| link.cut = false);
    }

    /// The node's address translator gives it another port; the old one leads nowhere. Returns
    /// the old address.
    pub fn rebind(&mut self, place: usize) -> SocketAddr {
        let mut address = self.nodes[place].address;
        address.set_port(address.port() + 1);
        self.rebind_to(place, address)
    }

    /// The node is found at `address` from now on. Returns its old one.
    pub fn rebind_to(&mut self, place: usize, address: SocketAddr) -> SocketAddr {
        self.directory.note(address, place);
        std::mem::replace(&mut self.nodes[place].address, address)
    }

    /// Joins and runs until the media keys are there.
    pub fn connect(&mut self, node: Node, shard: usize) -> usize {
        let place = self.join(node, shard, ROOM);
        self.run_until(|net| net.nodes[place].client.is_connected());
        // The last flight reaches the server.
        self.run(Duration::from_millis(50));
        place
    }

    pub fn publisher(&mut self, shard: usize) -> usize {
        let seed = 100 + self.nodes.len() as u64;
        self.connect(Node::new(Role::Publisher, seed), shard)
    }

    pub fn viewer(&mut self, shard: usize) -> usize {
        let seed = 100 + self.nodes.len() as u64;
        self.connect(Node::new(Role::Viewer, seed), shard)
    }

    pub fn command(&mut self, shard: usize, command: Command) {
        self.shards[shard].handle_command(self.now, command, &mut self.out);
        self.drain(shard);
    }

    /// Puts datagrams of a client on the wire.
    pub fn send_from(
        &mut self,
        place: usize,
        act: impl FnOnce(&mut Node, Instant, &mut Transmits),
    ) {
        act(&mut self.nodes[place], self.now, &mut self.out);
        self.wind_up(place);
        self.launch(self.nodes[place].address);
    }

    /// Puts one datagram on the wire as it is, whoever seems to have sent it.
    pub fn inject(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.out.push(to, bytes);
        self.launch(from);
    }

    pub fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.run_to(end);
    }

    /// Runs until `done`, for at most 30 seconds of virtual time.
    pub fn run_until(&mut self, done: impl Fn(&Net) -> bool) {
        let end = self.now + Duration::from_secs(30);
        while !done(self) {
            assert!(self.now < end, "it did not happen");
            self.run(Duration::from_millis(5));
        }
    }

    pub fn stats(&self, shard: usize) -> media_core::stats::Stats {
        self.shards[shard].stats()
    }

    fn run_to(&mut self, end: Instant) {
        loop {
            let shards = self.shards.iter().map(Shard::next_timeout);
            let others = [self.alarms.next(), self.wire.next()];
            let next = shards.chain(others.into_iter().flatten()).min();
            let next = next.unwrap_or(end);
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            self.step();
        }
        self.now = end;
    }

    fn step(&mut self) {
        while let Some(flying) = self.wire.take(self.now) {
            self.arrive(flying);
        }
        for place in self.alarms.due(self.now) {
            self.send_from(place, |node, now, out| node.handle_timeout(now, out));
        }
        for shard in 0..self.shards.len() {
            if self.shards[shard].next_timeout() <= self.now {
                self.shards[shard].handle_timeout(self.now, &mut self.out);
            }
            self.drain(shard);
        }
    }

    fn arrive(&mut self, mut flying: Flying) {
        if let Some(shard) = (0..self.shards.len()).find(|at| shard_address(*at) == flying.to) {
            let bytes = &mut flying.bytes;
            self.shards[shard].handle_datagram(self.now, flying.from, bytes, &mut self.out);
            self.drain(shard);
        } else if let Some(place) = self.place_of(flying.to) {
            let Flying {
                from, mut bytes, ..
            } = flying;
            self.send_from(place, |node, now, out| {
                node.take(now, from, &mut bytes, out)
            });
        } else {
            self.stray.push((flying.to, flying.bytes));
        }
    }

    fn place_of(&self, address: SocketAddr) -> Option<usize> {
        let place = self.directory.place(address)?;
        (self.nodes[place].address == address).then_some(place)
    }

    fn wind_up(&mut self, place: usize) {
        self.alarms.set(place, self.nodes[place].next_timeout());
    }

    fn link(&self, place: usize, way: usize, describes: Way) -> Link {
        let place = (2 * place + way) as u64 + 1;
        Link::new(
            describes,
            self.seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        )
    }

    /// Everything that a real shard thread does after a piece of work.
    fn drain(&mut self, shard: usize) {
        while self.shards[shard].flush(self.now, &mut self.out) {
            self.launch(shard_address(shard));
        }
        self.launch(shard_address(shard));
        while let Some(event) = self.shards[shard].poll_event() {
            self.events.push(event);
        }
        let mut crossing = Vec::new();
        while let Some(bridged) = self.shards[shard].poll_bridged() {
            crossing.push(bridged);
        }
        for (to, bridged) in crossing {
            self.shards[to].handle_bridged(self.now, shard, bridged, &mut self.out);
            self.drain(to);
        }
    }

    fn launch(&mut self, from: SocketAddr) {
        let datagrams: Vec<_> = self
            .out
            .iter()
            .map(|(to, bytes)| (to, bytes.to_vec()))
            .collect();
        self.out.clear();
        for (to, bytes) in datagrams {
            let media = (128..192).contains(&bytes[0]);
            let rtp = media && !(192..224).contains(&bytes[1]);
            let record = self.place_of(to).and_then(|at| self.records.get_mut(&at));
            if let Some(record) = record.filter(|_| rtp) {
                record.push(bytes.clone());
            }
            let sender = self.place_of(from).filter(|_| media);
            if let Some(kept) = sender.and_then(|at| self.overheard.get_mut(&at)) {
                kept.push(bytes.clone());
            }
            let weather = if media {
                self.weather
            } else {
                Weather::default()
            };
            if self.random.random_range(0..100) < weather.loss {
                continue;
            }
            let copies = 1 + u32::from(self.random.random_range(0..100) < weather.duplicates);
            for _ in 0..copies {
                let jitter = self
                    .random
                    .random_range(0..=weather.jitter.as_micros() as u64);
                self.carry(from, to, &bytes, Duration::from_micros(jitter));
            }
        }
    }

    /// Over the path of the node at either end; strangers have none and see the default one.
    fn carry(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8], later: Duration) {
        let link = match (self.place_of(from), self.place_of(to)) {
            (Some(place), _) => Some((place, UP)),
            (None, Some(place)) => Some((place, DOWN)),
            (None, None) => None,
        };
        let arrivals: Vec<Instant> = match link {
            Some((place, way)) => self.links[place][way]
                .carry(self.now, bytes.len())
                .collect(),
            None => vec![self.now + Way::default().delay],
        };
        for at in arrivals {
            let bytes = bytes.to_vec();
            self.wire.put(at + later, Flying { from, to, bytes });
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the network's seed was {}", self.seed);
        }
    }
}
