//! A WHEP client made of the `webrtc` crate: with the four lanes, or plain.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use reqwest::{Method, StatusCode};
use rtc::rtp_transceiver::{
    RTCRtpTransceiverDirection, RTCRtpTransceiverInit, rtp_sender::RtpCodecKind,
};
use serde_json::{Value, json};
use signaling_wire::Lane;
use tokio::{
    sync::{Mutex, mpsc, watch},
    time::timeout,
};
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit},
    media_stream::track_remote::{TrackRemote, TrackRemoteEvent},
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
        RTCIceGatheringState, RTCSessionDescription, Registry, SettingEngineBuilder,
        register_default_interceptors,
    },
};

use crate::{api::Api, souk::Ready};

/// How long anything may take on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Frames that wait for the test to look at them.
const FRAMES_MAX: usize = 10_000;

/// What arrived.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) video_packets: AtomicU64,
    pub(crate) audio_packets: AtomicU64,
    /// An H.264 keyframe began.
    pub(crate) keyframe: AtomicBool,
}

/// A connected viewer.
pub(crate) struct Viewer {
    connection: Arc<dyn PeerConnection>,
    channels: BTreeMap<u16, Arc<dyn DataChannel>>,
    frames: Mutex<mpsc::Receiver<Value>>,
    pub(crate) received: Arc<Received>,
    /// Address of the WHEP session.
    pub(crate) session: String,
    pub(crate) answer: String,
}

struct Handler {
    gathered: watch::Sender<bool>,
    received: Arc<Received>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered
            .send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let received = self.received.clone();
        tokio::spawn(async move {
            let video = track.kind().await == RtpCodecKind::Video;
            while let Some(event) = track.poll().await {
                let TrackRemoteEvent::OnRtpPacket(packet) = event else {
                    continue;
                };
                if video {
                    received.video_packets.fetch_add(1, Ordering::Relaxed);
                    if begins_keyframe(&packet.payload) {
                        received.keyframe.store(true, Ordering::Relaxed);
                    }
                } else {
                    received.audio_packets.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
}

/// Whether an H.264 payload begins a keyframe: parameter sets, an IDR slice, or its first fragment
/// (RFC 6184).
fn begins_keyframe(payload: &[u8]) -> bool {
    match payload {
        [first, ..] if matches!(first & 0x1f, 5 | 7 | 24) => true,
        [first, second, ..] if first & 0x1f == 28 => second & 0x9f == 0x85,
        _ => false,
    }
}

impl Viewer {
    /// Joins with the four lanes and sees the snapshot.
    pub(crate) async fn with_lanes(ready: &Ready, api: &Api) -> (Self, Value) {
        let viewer = Self::join(ready, api, true).await;
        let is_snapshot = |frame: &Value| frame["t"] == "snapshot";
        // This client library drops a message that comes before its own channel object is up,
        // which the server's first one may; a browser keeps it. So it asks again, as after a gap.
        let first = viewer.frame("the first snapshot", is_snapshot);
        if let Ok(snapshot) = timeout(Duration::from_secs(3), first).await {
            return (viewer, snapshot);
        }
        viewer.send(Lane::Control, "resync", json!({})).await;
        let snapshot = viewer.frame("the snapshot", is_snapshot).await;
        (viewer, snapshot)
    }

    /// Joins without a data section.
    pub(crate) async fn plain(ready: &Ready, api: &Api) -> Self {
        Self::join(ready, api, false).await
    }

    async fn join(ready: &Ready, api: &Api, lanes: bool) -> Self {
        // The server's own clients and a test's client need a provider each process.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let received = Arc::new(Received::default());
        let (gathered, mut gathering) = watch::channel(false);
        let connection = build(Handler {
            gathered,
            received: received.clone(),
        })
        .await;
        for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
            let init = RTCRtpTransceiverInit {
                direction: RTCRtpTransceiverDirection::Recvonly,
                streams: Vec::new(),
                send_encodings: Vec::new(),
            };
            connection
                .add_transceiver_from_kind(kind, Some(init))
                .await
                .unwrap();
        }
        let (sender, frames) = mpsc::channel(FRAMES_MAX);
        let mut channels = BTreeMap::new();
        for lane in Lane::ALL.into_iter().filter(|_| lanes) {
            let spec = lane.spec();
            let init = RTCDataChannelInit {
                ordered: spec.ordered,
                max_retransmits: spec.max_retransmits,
                negotiated: Some(spec.id),
                ..Default::default()
            };
            let channel = connection
                .create_data_channel(spec.label, Some(init))
                .await
                .unwrap();
            channels.insert(spec.id, channel.clone());
            tokio::spawn(listen(channel, sender.clone()));
        }
        let offer = connection.create_offer(None).await.unwrap();
        connection.set_local_description(offer).await.unwrap();
        timeout(PATIENCE, gathering.wait_for(|done| *done))
            .await
            .unwrap()
            .unwrap();
        let offer = connection.local_description().await.unwrap();
        let (session, answer) = post(ready, api, offer.sdp).await;
        let description = RTCSessionDescription::answer(answer.clone()).unwrap();
        connection
            .set_remote_description(description)
            .await
            .unwrap();
        Self {
            connection,
            channels,
            frames: Mutex::new(frames),
            received,
            session,
            answer,
        }
    }

    /// The next frame that fits; others are passed over.
    pub(crate) async fn frame(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut frames = self.frames.lock().await;
        let next = async {
            loop {
                let frame = frames
                    .recv()
                    .await
                    .unwrap_or_else(|| panic!("closed before {what}"));
                if fits(&frame) {
                    return frame;
                }
            }
        };
        timeout(PATIENCE, next)
            .await
            .unwrap_or_else(|_| panic!("no {what}"))
    }

    /// Sends a client frame on its lane.
    pub(crate) async fn send(&self, lane: Lane, kind: &str, payload: Value) {
        let frame = json!({ "v": 1, "t": kind, "d": payload });
        self.channels[&lane.id()]
            .send_text(&frame.to_string())
            .await
            .unwrap();
    }

    /// Signs the connection in.
    pub(crate) async fn authenticate(&self, token: &str) {
        self.send(Lane::Control, "auth", json!({ "token": token }))
            .await;
        let session = self
            .frame("a session", |frame| frame["t"] == "session")
            .await;
        assert!(session["d"]["user"]["id"].is_string(), "{session}");
    }

    /// Waits until picture and sound flow.
    pub(crate) async fn sees_media(&self) {
        let flows = async {
            let received = &self.received;
            while received.video_packets.load(Ordering::Relaxed) < 60
                || received.audio_packets.load(Ordering::Relaxed) < 30
                || !received.keyframe.load(Ordering::Relaxed)
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let counted = timeout(PATIENCE, flows).await;
        let video = self.received.video_packets.load(Ordering::Relaxed);
        let audio = self.received.audio_packets.load(Ordering::Relaxed);
        assert!(
            counted.is_ok(),
            "no media: {video} video and {audio} audio packets"
        );
    }

    pub(crate) async fn leave(self) {
        self.connection.close().await.unwrap();
    }
}

async fn build(handler: Handler) -> Arc<dyn PeerConnection> {
    let mut engine = MediaEngine::default();
    engine.register_default_codecs().unwrap();
    let registry = register_default_interceptors(Registry::new(), &mut engine).unwrap();
    let settings = SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .build();
    let connection = PeerConnectionBuilder::new()
        .with_media_engine(engine)
        .with_setting_engine(settings)
        .with_interceptor_registry(registry)
        .with_handler(Arc::new(handler))
        .with_udp_addrs(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))])
        .build()
        .await
        .unwrap();
    Arc::new(connection)
}

async fn listen(channel: Arc<dyn DataChannel>, frames: mpsc::Sender<Value>) {
    while let Some(event) = channel.poll().await {
        if let DataChannelEvent::OnMessage(message) = event {
            let frame = serde_json::from_slice(&message.data).unwrap();
            if frames.send(frame).await.is_err() {
                return;
            }
        }
    }
}

async fn post(ready: &Ready, api: &Api, offer: String) -> (String, String) {
    let path = format!("/whep/{}", ready.stream_id);
    let request = api
        .request(Method::POST, &path)
        .header("content-type", "application/sdp");
    let response = request.body(offer).send().await.unwrap();
    let status = response.status();
    let session = response.headers().get("location").cloned();
    let answer = response.text().await.unwrap();
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    (session.unwrap().to_str().unwrap().to_owned(), answer)
}
