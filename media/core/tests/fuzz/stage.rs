//! A shard with clients under virtual time, for targets that need sessions.
//!
//! Broadcast 1 has a publisher like a browser, broadcast 2 one like OBS with three layers,
//! broadcast 3 one like FFmpeg; each has a viewer. The browser and the viewers are connected, the
//! encoders exist only as what their offers settled: their packets come in behind the encryption.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use media_core::border::{BroadcastId, Command, Event, PeerId};
use media_core::client::{Client, ClientConfig};
use media_core::peer::{
    Candidates, Certificate, Codec, HANDSHAKE_TIMEOUT, LocalFacts, PeerConfig, Role, answer,
};
use media_core::shard::door::Plain;
use media_core::shard::{Config, Shard};
use media_core::transmit::Transmits;

pub static SERVER: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().unwrap());
pub static CLIENT: LazyLock<Certificate> = LazyLock::new(|| Certificate::generate().unwrap());

const VIDEO: [Codec; 5] = [
    Codec::H264 {
        profile_level_id: 0x42_e0_1f,
        packetization_mode: 1,
    },
    Codec::Vp8,
    Codec::Vp9 { profile: 0 },
    Codec::Av1 { profile: 0 },
    Codec::H265 {
        profile_id: 1,
        tier: 0,
        level_id: 93,
    },
];

const MAX_DELIVERIES: usize = 500;
const MAX_EVENTS: usize = 100;

/// Id of the dependency descriptor, to everyone.
pub const DEPENDENCY: u8 = 12;

pub const PASSWORD: &str = "server-password-of-32-characters";
pub const OBS: &str = include_str!("../fixtures/obs-32.2-h264-simulcast3.reconstructed.sdp");
pub const FFMPEG: &str = include_str!("../fixtures/ffmpeg-9.0.2-offer.captured.sdp");

pub fn here() -> SocketAddr {
    ([192, 0, 2, 10], 5_000).into()
}

/// The address of the client with this number.
pub fn there(id: u32) -> SocketAddr {
    ([198, 51, 100, id as u8], 6_000).into()
}

/// Our answer's ICE user name fragment for the client with this number.
pub fn ufrag(id: u32) -> String {
    format!("ufrag{id:08}")
}

/// Our SSRCs for the client with this number: audio, video.
pub fn ssrcs(id: u32) -> [u32; 2] {
    [10_000 + 2 * id, 10_001 + 2 * id]
}

/// The answer and what it settles for an offer to the peer with this number.
pub fn settle(role: Role, offer: &str, id: u32) -> (String, PeerConfig) {
    let [audio_ssrc, video_ssrc] = ssrcs(id);
    let local = LocalFacts {
        candidates: Candidates {
            udp: &[here()],
            tcp: &[here()],
        },
        certificate: &SERVER,
        ufrag: &ufrag(id),
        pwd: PASSWORD,
        audio_ssrc,
        video_ssrc,
        video_rtx_ssrc: 20_000 + id,
        cname: "cname",
        session_id: 9,
        seed: u64::from(id) * 0x1234_5678_9abc,
    };
    answer(role, offer, &local).unwrap()
}

pub struct Stage {
    pub now: Instant,
    pub began: Instant,
    pub shard: Shard,
    /// The clients that are really there, by number.
    pub clients: Vec<(u32, Client)>,
    pub out: Transmits,
    pub events: Vec<Event>,
}

/// Numbers of the publishers, and of the viewers of the same broadcasts.
pub const PUBLISHERS: [u32; 3] = [1, 2, 3];
pub const VIEWERS: [u32; 3] = [4, 5, 6];

impl Stage {
    pub fn empty() -> Self {
        let now = Instant::now();
        let config = Config {
            shard: 0,
            shards: 1,
            unix: Duration::from_secs(1_700_000_000),
        };
        Self {
            now,
            began: now,
            shard: Shard::new(config, now),
            clients: Vec::new(),
            out: Transmits::new(),
            events: Vec::new(),
        }
    }

    /// Everyone is there.
    pub fn full() -> Self {
        let mut stage = Self::empty();
        stage.add_client(1, Role::Publisher, 1);
        stage.add_offer(2, Role::Publisher, 2, OBS);
        stage.add_offer(3, Role::Publisher, 3, FFMPEG);
        for (viewer, broadcast) in VIEWERS.into_iter().zip(1..) {
            stage.add_client(viewer, Role::Viewer, broadcast);
        }
        stage.play(100);
        assert_eq!(stage.shard.stats().connected, 4, "the stage is set");
        stage
    }

    /// Whether the encoders have been waited for in vain.
    pub fn is_over(&self) -> bool {
        self.now + Duration::from_secs(5) > self.began + HANDSHAKE_TIMEOUT
    }

    /// A publisher like a browser and its viewer, both connected.
    pub fn pair() -> Self {
        let mut stage = Self::empty();
        stage.add_client(PUBLISHERS[0], Role::Publisher, 1);
        stage.add_client(VIEWERS[0], Role::Viewer, 1);
        stage.play(100);
        assert_eq!(stage.shard.stats().connected, 2, "the stage is set");
        stage
    }

    pub fn add_offer(&mut self, id: u32, role: Role, broadcast: u64, offer: &str) -> String {
        let (text, mut config) = settle(role, offer, id);
        if let Some(video) = &mut config.video {
            // No client offers it.
            video.dd_ext = video.dd_ext.or(Some(DEPENDENCY));
        }
        let command = Command::Add {
            peer: PeerId(id.into()),
            broadcast: BroadcastId(broadcast),
            config: Box::new(config),
        };
        self.command(command);
        text
    }

    /// A client that starts its checks.
    pub fn add_client(&mut self, id: u32, role: Role, broadcast: u64) {
        let config = ClientConfig {
            video: VIDEO.to_vec(),
            // Publishers keep payload types that the seeds know: 96 and on, in this order.
            rtx: role == Role::Viewer,
            ..ClientConfig::browser(role, CLIENT.clone(), u64::from(id))
        };
        let mut client = Client::new(config, self.now);
        let text = self.add_offer(id, role, broadcast, &client.offer());
        client
            .accept_answer(self.now, &text, &mut self.out)
            .unwrap();
        self.clients.push((id, client));
        self.carry(there(id));
    }

    pub fn command(&mut self, command: Command) {
        self.shard.handle_command(self.now, command, &mut self.out);
        self.carry(here());
    }

    /// A datagram from anywhere; returns what the shard sent because of it, in bytes.
    pub fn datagram(&mut self, from: SocketAddr, bytes: &[u8]) -> usize {
        let mut bytes = bytes.to_vec();
        self.shard
            .handle_datagram(self.now, from, &mut bytes, &mut self.out);
        let answered = self.out.bytes();
        self.carry(here());
        answered
    }

    /// A packet of a peer, behind the encryption.
    pub fn plain(&mut self, id: u32, kind: Plain, bytes: &[u8]) {
        let peer = PeerId(id.into());
        self.shard
            .take_plain(self.now, peer, kind, bytes, &mut self.out);
        self.carry(here());
    }

    /// Lets a client send something.
    pub fn client(&mut self, id: u32, act: impl FnOnce(&mut Client, Instant, &mut Transmits)) {
        if let Some((_, client)) = self.clients.iter_mut().find(|(at, _)| *at == id) {
            act(client, self.now, &mut self.out);
            self.carry(there(id));
        }
    }

    /// Time passes.
    pub fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
        for at in 0..self.clients.len() {
            let (id, client) = &mut self.clients[at];
            if client.next_timeout().is_some_and(|due| due <= self.now) {
                client.handle_timeout(self.now, &mut self.out);
                let from = there(*id);
                self.carry(from);
            }
        }
        if self.shard.next_timeout() <= self.now {
            self.shard.handle_timeout(self.now, &mut self.out);
        }
        while self.shard.flush(self.now, &mut self.out) {
            self.carry(here());
        }
        self.carry(here());
    }

    /// Time passes in small steps.
    pub fn play(&mut self, milliseconds: u64) {
        (0..milliseconds.div_ceil(5)).for_each(|_| self.wait(5));
    }

    /// Delivers what is queued, and the answers to it, at once. Media for clients goes nowhere.
    fn carry(&mut self, from: SocketAddr) {
        let mut queue = VecDeque::new();
        self.collect(from, &mut queue);
        for _ in 0..MAX_DELIVERIES {
            let Some((from, to, mut bytes)) = queue.pop_front() else {
                break;
            };
            if to == here() {
                self.shard
                    .handle_datagram(self.now, from, &mut bytes, &mut self.out);
                self.collect(here(), &mut queue);
            } else if let Some((_, client)) =
                self.clients.iter_mut().find(|(id, _)| there(*id) == to)
            {
                client.handle_datagram(self.now, from, &mut bytes, &mut self.out);
                while client.poll_event().is_some() {}
                self.collect(to, &mut queue);
            }
        }
        while let Some(event) = self.shard.poll_event() {
            self.events.push(event);
        }
        let old = self.events.len().saturating_sub(MAX_EVENTS);
        self.events.drain(..old);
        while self.shard.poll_bridged().is_some() {}
    }

    fn collect(
        &mut self,
        from: SocketAddr,
        queue: &mut VecDeque<(SocketAddr, SocketAddr, Vec<u8>)>,
    ) {
        let media = |bytes: &[u8]| (128..192).contains(&bytes[0]);
        let queued = self
            .out
            .iter()
            .filter(|(to, bytes)| *to == here() || !media(bytes));
        queue.extend(queued.map(|(to, bytes)| (from, to, bytes.to_vec())));
        self.out.clear();
    }
}
