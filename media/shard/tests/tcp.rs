//! ICE over TCP on loopback: a viewer that has nothing but the TCP port sees the picture, and
//! strangers are hung up on.
#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use media_core::client::{Client, ClientConfig};
use media_core::peer::{Certificate, Codec, Deframer, Inbound, SRTP_OVERHEAD, frame_header};
use media_core::transmit::Transmits;
use media_shard::{BroadcastId, Config, MediaHandle, Role, start};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const ROOM: BroadcastId = BroadcastId(3);
const PATIENCE: Duration = Duration::from_secs(30);

fn config() -> Config {
    Config {
        bind: Ipv4Addr::LOCALHOST.into(),
        udp_port: 0,
        tcp_port: Some(0),
        shards: 2,
        advertise: Vec::new(),
    }
}

/// A client whose datagrams all go through one connection.
struct Node {
    client: Client,
    stream: TcpStream,
    server: SocketAddr,
    deframer: Deframer,
    payloads: Vec<Vec<u8>>,
    sequence: u16,
}

impl Node {
    async fn join(media: &MediaHandle, role: Role, seed: u64) -> Self {
        let certificate = Certificate::generate().unwrap();
        let mut client = Client::new(ClientConfig::new(role, certificate, seed), Instant::now());
        let accepted = media.accept(role, ROOM, &client.offer()).await.unwrap();
        let port = media.tcp_candidates()[0].port();
        let line = format!("127.0.0.1 {port} typ host tcptype passive");
        assert!(accepted.answer.contains(&line), "{}", accepted.answer);
        let mut out = Transmits::new();
        client
            .accept_answer(Instant::now(), &accepted.answer, &mut out)
            .unwrap();
        let mut node = Self {
            server: client.remote().unwrap(),
            client,
            stream: TcpStream::connect(media.tcp_candidates()[0]).await.unwrap(),
            deframer: Deframer::default(),
            payloads: Vec::new(),
            sequence: 9,
        };
        node.send(&out).await;
        node
    }

    async fn send(&mut self, out: &Transmits) {
        for (_, datagram) in out.iter() {
            self.send_frame(datagram).await;
        }
    }

    async fn send_frame(&mut self, datagram: &[u8]) {
        let header = frame_header(datagram.len()).unwrap();
        self.stream.write_all(&header).await.unwrap();
        self.stream.write_all(datagram).await.unwrap();
    }

    async fn serve(&mut self) {
        let mut out = Transmits::new();
        let mut bytes = [0; 4_096];
        let wait = Duration::from_millis(5);
        if let Ok(read) = timeout(wait, self.stream.read(&mut bytes)).await {
            let len = read.unwrap();
            let (client, payloads, server) = (&mut self.client, &mut self.payloads, self.server);
            self.deframer
                .read(&mut bytes[..len], |datagram| {
                    let inbound =
                        client.handle_datagram(Instant::now(), server, datagram, &mut out);
                    if let Inbound::Rtp { len } = inbound {
                        payloads.push(datagram[..len].to_vec());
                    }
                })
                .unwrap();
        }
        let now = Instant::now();
        if self.client.next_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now, &mut out);
        }
        self.send(&out).await;
        while self.client.poll_event().is_some() {}
    }

    async fn connect(&mut self) {
        let end = Instant::now() + PATIENCE;
        while !self.client.is_connected() {
            assert!(Instant::now() < end, "not connected in time");
            self.serve().await;
        }
    }

    /// Sends the beginning of a VP8 keyframe.
    async fn publish(&mut self) {
        let payload = [0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 0, 1, 0, 1, 7];
        let pt = self.client.payload_type(&Codec::Vp8).unwrap();
        let mut packet = vec![0x80, 0x80 | pt];
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&(u32::from(self.sequence) * 3_000).to_be_bytes());
        packet.extend_from_slice(&self.client.config().video_ssrc.to_be_bytes());
        packet.extend_from_slice(&payload);
        self.sequence += 1;
        let len = packet.len();
        packet.resize(len + SRTP_OVERHEAD, 0);
        let sealed = self.client.seal_rtp(&mut packet, len).unwrap();
        self.send_frame(&packet[..sealed]).await;
    }
}

#[tokio::test]
async fn publisher_and_viewers_get_through_by_tcp_alone() {
    let (media, _events, threads) = start(config()).unwrap();
    let mut publisher = Node::join(&media, Role::Publisher, 1).await;
    publisher.connect().await;
    // One on each shard.
    let mut viewers = Vec::new();
    for seed in 2..4 {
        let mut viewer = Node::join(&media, Role::Viewer, seed).await;
        viewer.connect().await;
        viewers.push(viewer);
    }
    let end = Instant::now() + PATIENCE;
    while viewers.iter().any(|viewer| viewer.payloads.is_empty()) {
        assert!(Instant::now() < end, "no picture in time");
        publisher.publish().await;
        publisher.serve().await;
        for viewer in &mut viewers {
            viewer.serve().await;
        }
    }
    let mapped = media.peers(ROOM).await;
    let local = Ipv4Addr::LOCALHOST;
    assert!(mapped.iter().all(|peer| {
        peer.remote
            .is_some_and(|remote| remote.ip().to_canonical() == local)
    }));
    tokio::task::spawn_blocking(|| threads.stop())
        .await
        .unwrap();
}

#[tokio::test]
async fn strangers_are_hung_up_on() {
    let (media, _events, _threads) = start(config()).unwrap();
    let address = media.tcp_candidates()[0];
    for words in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x00\x04abcd", b"\xff\xff"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(words).await.unwrap();
        let mut answer = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        // A reset is an end as well.
        assert!(ended.is_ok() && answer.is_empty());
    }
}
