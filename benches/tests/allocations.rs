//! Heap allocations per forwarded packet, with everything on: RTX, TWCC, reports of both sides.
//!
//! The shard runs under virtual time with clients in memory; only its own calls are counted. Not a
//! matter of time, so it is asserted.
#![allow(clippy::unwrap_used)]

use std::alloc::System;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use media_core::border::{BroadcastId, Command, PeerId};
use media_core::client::{Client, ClientConfig, Sample, Track};
use media_core::peer::{Candidates, Certificate, Codec, LocalFacts, Role, answer};
use media_core::shard::{Config, Shard};
use media_core::transmit::Transmits;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const VIEWERS: usize = 50;
/// design.md asks for this; the work per packet itself allocates nothing.
const MOST_PER_PACKET: f64 = 0.3;

struct World {
    now: Instant,
    shard: Shard,
    out: Transmits,
    clients: Vec<(SocketAddr, Client)>,
    places: HashMap<SocketAddr, usize>,
    allocations: usize,
}

fn server() -> SocketAddr {
    ([192, 0, 2, 1], 5_000).into()
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let config = Config {
            shard: 0,
            shards: 1,
            unix: Duration::from_secs(1_700_000_000),
        };
        Self {
            now,
            shard: Shard::new(config, now),
            out: Transmits::new(),
            clients: Vec::new(),
            places: HashMap::new(),
            allocations: 0,
        }
    }

    fn join(&mut self, certificate: &Certificate, identity: &Certificate, role: Role) {
        let id = self.clients.len() as u32 + 1;
        let mut config = ClientConfig::browser(role, certificate.clone(), u64::from(id));
        config.video = vec![Codec::Vp8];
        config.lanes = false;
        let mut client = Client::new(config, self.now);
        let (ufrag, cname) = (format!("ufrag{id:08}"), format!("cname{id}"));
        let local = LocalFacts {
            candidates: Candidates {
                udp: &[server()],
                tcp: &[],
            },
            certificate: identity,
            ufrag: &ufrag,
            pwd: "server-password-of-32-characters",
            audio_ssrc: 10_000 + 2 * id,
            video_ssrc: 10_001 + 2 * id,
            video_rtx_ssrc: 20_000 + id,
            cname: &cname,
            session_id: 9,
            seed: u64::from(id),
        };
        let (text, config) = answer(role, &client.offer(), &local).unwrap();
        let add = Command::Add {
            peer: PeerId(u64::from(id)),
            broadcast: BroadcastId(1),
            config: Box::new(config),
        };
        self.shard.handle_command(self.now, add, &mut self.out);
        let mut out = Transmits::new();
        client.accept_answer(self.now, &text, &mut out).unwrap();
        let address = SocketAddr::from(([198, 51, 100, id as u8], 6_000));
        self.places.insert(address, self.clients.len());
        self.clients.push((address, client));
        self.carry(address, &out);
        for _ in 0..200 {
            self.step(Duration::from_millis(5));
        }
        assert!(self.clients.last().unwrap().1.is_connected());
    }

    /// Brings datagrams of a client to the shard, and what the shard says to the clients.
    fn carry(&mut self, from: SocketAddr, datagrams: &Transmits) {
        for (_, bytes) in datagrams.iter() {
            let mut bytes = bytes.to_vec();
            let region = Region::new(COUNTING);
            let (now, out) = (self.now, &mut self.out);
            self.shard.handle_datagram(now, from, &mut bytes, out);
            self.allocations += region.change().allocations;
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        loop {
            let region = Region::new(COUNTING);
            let more = self.shard.flush(self.now, &mut self.out);
            self.allocations += region.change().allocations;
            let sent: Vec<_> = (self.out.iter())
                .map(|(to, bytes)| (to, bytes.to_vec()))
                .collect();
            self.out.clear();
            while self.shard.poll_event().is_some() {}
            for (to, mut bytes) in sent {
                let Some(place) = self.places.get(&to).copied() else {
                    continue;
                };
                let mut back = Transmits::new();
                let client = &mut self.clients[place].1;
                client.handle_datagram(self.now, server(), &mut bytes, &mut back);
                while client.poll_event().is_some() {}
                if !back.is_empty() {
                    self.carry(to, &back);
                }
            }
            if !more {
                return;
            }
        }
    }

    fn step(&mut self, by: Duration) {
        self.now += by;
        for place in 0..self.clients.len() {
            let (address, client) = &mut self.clients[place];
            if client.next_timeout().is_some_and(|at| at <= self.now) {
                let (mut back, address) = (Transmits::new(), *address);
                client.handle_timeout(self.now, &mut back);
                self.carry(address, &back);
            }
        }
        if self.shard.next_timeout() <= self.now {
            let region = Region::new(COUNTING);
            self.shard.handle_timeout(self.now, &mut self.out);
            self.allocations += region.change().allocations;
        }
        self.deliver();
    }

    fn frame(&mut self, number: u32) {
        let mut out = Transmits::new();
        for at in 0..8u8 {
            let first = if at == 0 { 0x10 } else { 0x00 };
            let key = u8::from(!number.is_multiple_of(240));
            let mut payload = vec![first, key, 0, at];
            payload.resize(1_160, 7);
            let (address, client) = &mut self.clients[0];
            let sample = Sample {
                track: Track::Video { layer: 0 },
                pt: client.payload_type(&Codec::Vp8).unwrap(),
                timestamp: number * 3_000,
                marker: at == 7,
                payload: &payload,
            };
            client.send_media(self.now, &sample, &mut out);
            let address = *address;
            self.carry(address, &out);
            out.clear();
        }
        for _ in 0..3 {
            self.step(Duration::from_millis(11));
        }
    }
}

#[test]
#[allow(clippy::print_stdout)]
fn forwarding_hardly_allocates() {
    let (certificate, identity) = (
        Certificate::generate().unwrap(),
        Certificate::generate().unwrap(),
    );
    let mut world = World::new();
    world.join(&certificate, &identity, Role::Publisher);
    for _ in 0..VIEWERS {
        world.join(&certificate, &identity, Role::Viewer);
    }
    for number in 0..150 {
        world.frame(number);
    }
    world.allocations = 0;
    let before = world.shard.stats().packets_forwarded;
    for number in 150..450 {
        world.frame(number);
    }
    let forwarded = world.shard.stats().packets_forwarded - before;
    assert!(forwarded as usize >= 300 * 8 * VIEWERS, "{forwarded}");
    let feedbacks = world.clients.iter().map(|(_, c)| c.reception().feedbacks);
    let feedbacks: u64 = feedbacks.sum();
    assert!(feedbacks > 0, "transport-wide feedback is on");
    let each = world.allocations as f64 / forwarded as f64;
    println!("{each:.3} allocations per forwarded packet ({feedbacks} feedbacks)");
    assert!(each <= MOST_PER_PACKET, "{each} allocations per packet");
}
