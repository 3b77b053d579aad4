//! Real sockets on loopback: a publisher and viewers through the public handle, on two shards.
#![allow(clippy::unwrap_used)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use media_core::client::{Client, ClientConfig};
use media_core::peer::{Certificate, Codec, Inbound, PeerEvent, SRTP_OVERHEAD};
use media_core::transmit::Transmits;
use media_shard::{
    AcceptError, BroadcastId, CloseReason, Config, LiveCodecs, MediaEvent, MediaHandle, OfferError,
    PeerId, RestartError, Role, parse_sdpfrag, start,
};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

const ROOM: BroadcastId = BroadcastId(3);
const PATIENCE: Duration = Duration::from_secs(30);

fn config(shards: usize) -> Config {
    Config {
        bind: Ipv4Addr::LOCALHOST.into(),
        udp_port: 0,
        tcp_port: None,
        shards,
        advertise: Vec::new(),
    }
}

struct Node {
    client: Client,
    socket: UdpSocket,
    peer: PeerId,
    payloads: Vec<Vec<u8>>,
    events: Vec<PeerEvent>,
    sequence: u16,
}

impl Node {
    async fn join(media: &MediaHandle, role: Role, seed: u64) -> Self {
        let certificate = Certificate::generate().unwrap();
        let mut client = Client::new(ClientConfig::new(role, certificate, seed), Instant::now());
        let accepted = media.accept(role, ROOM, &client.offer()).await.unwrap();
        assert!(accepted.answer.contains(&accepted.ice_ufrag));
        assert!(accepted.answer.contains(&media.certificate_fingerprint()));
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut out = Transmits::new();
        client
            .accept_answer(Instant::now(), &accepted.answer, &mut out)
            .unwrap();
        let (payloads, events) = (Vec::new(), Vec::new());
        let mut node = Self {
            client,
            socket,
            peer: accepted.peer,
            payloads,
            events,
            sequence: 65_530,
        };
        node.send(&out).await;
        node
    }

    async fn send(&mut self, out: &Transmits) {
        for (to, bytes) in out.iter() {
            self.socket.send_to(bytes, to).await.unwrap();
        }
    }

    /// Serves the client for a moment.
    async fn serve(&mut self) {
        let mut out = Transmits::new();
        let mut bytes = [0; 2_048];
        let wait = Duration::from_millis(5);
        if let Ok(Ok((len, from))) = timeout(wait, self.socket.recv_from(&mut bytes)).await {
            let from: SocketAddr = from;
            let now = Instant::now();
            let inbound = self
                .client
                .handle_datagram(now, from, &mut bytes[..len], &mut out);
            if let Inbound::Rtp { len } = inbound {
                self.payloads.push(bytes[12..len].to_vec());
            }
        }
        let now = Instant::now();
        if self.client.next_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now, &mut out);
        }
        self.send(&out).await;
        while let Some(event) = self.client.poll_event() {
            self.events.push(event);
        }
    }

    async fn serve_until(&mut self, done: impl Fn(&Node) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(
                Instant::now() < end,
                "it did not happen; events: {:?}",
                self.events
            );
            self.serve().await;
        }
    }

    /// Sends a VP8 packet with this payload.
    async fn publish(&mut self, payload: &[u8]) {
        let pt = self.client.payload_type(&Codec::Vp8).unwrap();
        let ssrc = self.client.config().video_ssrc;
        let mut packet = vec![0x80, 0x80 | pt];
        packet.extend_from_slice(&self.sequence.to_be_bytes());
        packet.extend_from_slice(&(u32::from(self.sequence) * 3_000).to_be_bytes());
        packet.extend_from_slice(&ssrc.to_be_bytes());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        let len = packet.len();
        packet.resize(len + SRTP_OVERHEAD, 0);
        let sealed = self.client.seal_rtp(&mut packet, len).unwrap();
        self.socket
            .send_to(&packet[..sealed], self.client.remote().unwrap())
            .await
            .unwrap();
    }
}

async fn event(
    events: &mut Receiver<MediaEvent>,
    what: impl Fn(&MediaEvent) -> bool,
) -> MediaEvent {
    let wait = async {
        loop {
            let event = events.recv().await.expect("the shards go on");
            if what(&event) {
                return event;
            }
        }
    };
    timeout(PATIENCE, wait).await.expect("an event in time")
}

/// Publishes until every viewer has 40 packets. Every payload is a keyframe, so the viewers start
/// whenever they are ready.
async fn broadcast_frames(media: &MediaHandle, publisher: &mut Node, viewers: &mut [Node]) {
    let mut sent = 0u32;
    let end = Instant::now() + PATIENCE;
    while viewers.iter().any(|viewer| viewer.payloads.len() < 40) {
        assert!(
            Instant::now() < end,
            "media did not arrive: {:?}",
            media.stats()
        );
        let mut payload = vec![0x10, 0x00, 0, 0];
        payload.extend_from_slice(&sent.to_be_bytes());
        payload.resize(900, 5);
        publisher.publish(&payload).await;
        sent += 1;
        publisher.serve().await;
        for viewer in &mut *viewers {
            viewer.serve().await;
        }
    }
}

/// The viewer got media in order, and its messages.
fn check(viewer: &Node) {
    let number = |payload: &Vec<u8>| u32::from_be_bytes(payload[4..8].try_into().unwrap());
    assert!(
        viewer
            .payloads
            .iter()
            .map(number)
            .is_sorted_by(|one, two| one < two)
    );
    assert!(viewer.payloads.iter().all(|payload| payload.len() == 900));
    let lane = |lane, bytes| PeerEvent::Lane {
        lane,
        bytes: Bytes::from_static(bytes),
    };
    assert!(viewer.events.contains(&lane(0, b"{\"snapshot\":1}")));
    assert!(viewer.events.contains(&lane(1, b"{\"card\":7}")));
}

/// Closes one of two viewers; it is gone from the events and from the counters.
async fn leave(media: &MediaHandle, events: &mut Receiver<MediaEvent>, peer: PeerId) {
    media.close(peer).await;
    let closed = event(events, |e| matches!(e, MediaEvent::Closed { .. })).await;
    let reason = CloseReason::Requested;
    assert_eq!(
        closed,
        MediaEvent::Closed {
            peer,
            broadcast: ROOM,
            role: Role::Viewer,
            reason
        }
    );

    // Each shard publishes its counters in a moment of its own.
    let told = |stats: &media_shard::Stats| {
        (stats.publishers, stats.viewers, stats.joins, stats.leaves) == (1, 1, 3, 1)
            && stats.packets_forwarded >= 80
            && stats.bridged_in > 0
    };
    let end = Instant::now() + PATIENCE;
    while !told(&media.stats()) {
        assert!(Instant::now() < end, "{:?}", media.stats());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let stats = media.stats();
    assert_eq!(stats.drop_unvalidated_source, 0);
}

#[tokio::test]
async fn media_and_lanes_flow_from_end_to_end() {
    let (media, mut events, threads) = start(config(2)).unwrap();
    // Placement alternates: the publisher and one viewer share a shard, the other one is bridged.
    let mut publisher = Node::join(&media, Role::Publisher, 1).await;
    let mut viewers = vec![
        Node::join(&media, Role::Viewer, 2).await,
        Node::join(&media, Role::Viewer, 3).await,
    ];
    publisher
        .serve_until(|node| node.client.is_connected())
        .await;
    let opens = |event: &PeerEvent| matches!(event, PeerEvent::LanesOpen);
    for viewer in &mut viewers {
        viewer
            .serve_until(|node| node.events.iter().any(opens))
            .await;
        let peer = viewer.peer;
        event(
            &mut events,
            |e| matches!(e, MediaEvent::LanesOpen { peer: p, .. } if *p == peer),
        )
        .await;
        media
            .open_lanes(peer, Bytes::from_static(b"{\"snapshot\":1}"))
            .await;
    }
    media
        .broadcast(ROOM, 1, Bytes::from_static(b"{\"card\":7}"))
        .await;

    broadcast_frames(&media, &mut publisher, &mut viewers).await;
    viewers.iter().for_each(check);
    let started = event(&mut events, |e| {
        matches!(e, MediaEvent::MediaStarted { .. })
    })
    .await;
    assert!(matches!(started, MediaEvent::MediaStarted { video: Some(name), .. } if name == "VP8"));
    check_reports(&media, publisher.peer, &viewers).await;
    check_counter(&media).await;

    leave(&media, &mut events, viewers[0].peer).await;
    let frag = parse_sdpfrag("a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef012345\r\n").unwrap();
    let gone = media.restart_ice(viewers[0].peer, &frag).await;
    assert_eq!(gone.unwrap_err(), RestartError::Gone);
    let restarted = media.restart_ice(viewers[1].peer, &frag).await.unwrap();
    assert!(restarted.sdpfrag.contains(&restarted.ice_ufrag));
    let bare = parse_sdpfrag("a=end-of-candidates\r\n").unwrap();
    let refused = media.restart_ice(viewers[1].peer, &bare).await;
    assert_eq!(refused.unwrap_err(), RestartError::NoCredentials);
    tokio::task::spawn_blocking(|| threads.stop())
        .await
        .unwrap();
    let offer = Client::new(
        ClientConfig::new(Role::Viewer, Certificate::generate().unwrap(), 9),
        Instant::now(),
    )
    .offer();
    let refused = media.accept(Role::Viewer, ROOM, &offer).await;
    assert!(matches!(refused, Err(AcceptError::Stopped)));
}

/// A viewer that cannot take what is on air is told what it could take.
async fn check_counter(media: &MediaHandle) {
    let mut config = ClientConfig::new(Role::Viewer, Certificate::generate().unwrap(), 77);
    config.video = vec![Codec::Vp9 { profile: 0 }];
    let offer = Client::new(config, Instant::now()).offer();
    let refused = media.accept(Role::Viewer, ROOM, &offer).await;
    assert!(matches!(
        refused,
        Err(AcceptError::Offer(OfferError::NoCommonCodec))
    ));
    let counter = media.counter(ROOM, true).unwrap().unwrap();
    // The publisher agreed on sound, of which nothing has come so far.
    assert!(counter.offer().contains("m=audio") && counter.offer().contains("opus/48000"));
    assert!(counter.offer().contains("VP8/90000") && counter.offer().contains("a=setup:actpass"));
    assert!(counter.offer().contains(counter.ice_ufrag()));
    assert!(media.accept_counter(&counter, "v=0\r\n").await.is_err());
    assert!(media.counter(BroadcastId(77), true).unwrap().is_none());
}

/// What the shards tell of themselves while the broadcast is on.
async fn check_reports(media: &MediaHandle, publisher: PeerId, viewers: &[Node]) {
    let codecs = media.codecs(ROOM);
    assert_eq!((codecs.video, codecs.audio), (Some(Codec::Vp8), None));
    assert_eq!(media.codecs(BroadcastId(77)), LiveCodecs::default());
    media.select_layer(viewers[0].peer, Some(0)).await;
    let peers = media.peers(ROOM).await;
    assert_eq!(peers.len(), 1 + viewers.len());
    for report in &peers {
        assert!(report.connected && report.remote.is_some());
        assert!(report.phases.ice <= report.phases.dtls && report.phases.dtls.is_some());
        if report.peer == publisher {
            assert_eq!(report.role, Role::Publisher);
            continue;
        }
        let video = report.tracks.iter().find(|track| track.video).unwrap();
        assert_eq!(video.codec, Some(Codec::Vp8));
        assert!(video.packets > 0 && report.phases.key.is_some());
        let selected = (report.peer == viewers[0].peer).then_some(0);
        assert_eq!(report.selected_layer, selected);
    }
    assert!(media.peers(BroadcastId(77)).await.is_empty());
}

#[tokio::test]
async fn a_second_publisher_takes_over_across_shards() {
    let (media, mut events, _threads) = start(config(2)).unwrap();
    let mut first = Node::join(&media, Role::Publisher, 1).await;
    first.serve_until(|node| node.client.is_connected()).await;
    let mut second = Node::join(&media, Role::Publisher, 2).await;
    let closed = event(&mut events, |e| matches!(e, MediaEvent::Closed { .. })).await;
    let (peer, reason) = (first.peer, CloseReason::Replaced);
    assert_eq!(
        closed,
        MediaEvent::Closed {
            peer,
            broadcast: ROOM,
            role: Role::Publisher,
            reason
        }
    );
    second.serve_until(|node| node.client.is_connected()).await;
    let told = |event: &PeerEvent| matches!(event, PeerEvent::Closed(_));
    first.serve_until(|node| node.events.iter().any(told)).await;
}

#[tokio::test]
async fn a_bad_offer_and_a_taken_port_are_refused() {
    let (media, _events, _threads) = start(config(1)).unwrap();
    let refused = media.accept(Role::Viewer, ROOM, "v=0\r\n").await;
    assert!(matches!(refused, Err(AcceptError::Offer(_))));
    let address = media.candidates()[0];
    assert_eq!(address.ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let taken = Config {
        udp_port: address.port(),
        ..config(1)
    };
    assert!(start(taken).is_err());
}
