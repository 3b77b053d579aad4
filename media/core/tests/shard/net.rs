//! The network: delay, jitter, loss and duplicates of media by a seeded generator, virtual time.
//! Handshakes are not disturbed here; that is the business of the peer's own tests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use media_core::border::{BroadcastId, Command, Event, PeerId};
use media_core::peer::{Certificate, LocalFacts, Role, answer};
use media_core::shard::{Config, Shard};
use media_core::transmit::Transmits;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::node::Node;

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

struct Flying {
    from: SocketAddr,
    to: SocketAddr,
    bytes: Vec<u8>,
}

pub struct Net {
    pub now: Instant,
    pub shards: Vec<Shard>,
    pub nodes: Vec<Node>,
    pub events: Vec<Event>,
    pub weather: Weather,
    flying: BTreeMap<(Instant, u64), Flying>,
    counter: u64,
    random: StdRng,
    out: Transmits,
}

pub fn shard_address(shard: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 10], 5_000 + shard as u16))
}

impl Net {
    pub fn new(shards: usize) -> Self {
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
            flying: BTreeMap::new(),
            counter: 0,
            random: StdRng::seed_from_u64(7),
            out: Transmits::new(),
        }
    }

    /// Offer and answer for `node` on `shard`; returns its place. Numbers count up from 1.
    pub fn join(&mut self, mut node: Node, shard: usize, broadcast: BroadcastId) -> usize {
        let place = self.nodes.len();
        let id = place as u32 + 1;
        node.peer = PeerId(u64::from(id));
        node.address = SocketAddr::from(([198, 51, 100, id as u8], 6_000 + id as u16));
        let (ufrag, cname) = (format!("ufrag{id:08}"), format!("cname{id}"));
        let local = LocalFacts {
            candidates: &[shard_address(shard)],
            certificate: &SERVER,
            ufrag: &ufrag,
            pwd: "server-password-of-32-characters",
            audio_ssrc: 10_000 + 2 * id,
            video_ssrc: 10_001 + 2 * id,
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
        self.nodes.push(node);
        self.launch(from);
        place
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
            let timers = self.nodes.iter().filter_map(Node::next_timeout);
            let shards = self.shards.iter().map(Shard::next_timeout);
            let flying = self.flying.keys().next().map(|(at, _)| *at);
            let next = timers.chain(shards).chain(flying).min().unwrap_or(end);
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            self.step();
        }
        self.now = end;
    }

    fn step(&mut self) {
        while let Some(entry) = self.flying.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let flying = entry.remove();
            self.arrive(flying);
        }
        for place in 0..self.nodes.len() {
            if self.nodes[place]
                .next_timeout()
                .is_some_and(|at| at <= self.now)
            {
                self.send_from(place, |node, now, out| node.handle_timeout(now, out));
            }
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
        } else if let Some(place) = self.nodes.iter().position(|node| node.address == flying.to) {
            let Flying {
                from, mut bytes, ..
            } = flying;
            self.send_from(place, |node, now, out| {
                node.take(now, from, &mut bytes, out)
            });
        }
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
                let at = self.now + Duration::from_millis(5) + Duration::from_micros(jitter);
                self.counter += 1;
                let flying = Flying {
                    from,
                    to,
                    bytes: bytes.clone(),
                };
                self.flying.insert((at, self.counter), flying);
            }
        }
    }
}
