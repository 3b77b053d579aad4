//! `baseline`: a WHIP/WHEP server as one writes it with the `webrtc` crate: a peer connection, a
//! socket and a task per viewer, packets handed on by `write_rtp`. What Souk is held against.
#![forbid(unsafe_code)]

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use anyhow::{Context, Result};
use async_trait::async_trait;
use benches::http::{Plane, serve};
use clap::Parser;
use media_core::peer::Role;
use rtc::{
    media_stream::MediaStreamTrack,
    peer_connection::configuration::media_engine::{MIME_TYPE_H264, MediaEngine},
    rtp,
    rtp_transceiver::{
        RTCRtpTransceiverDirection, RTCRtpTransceiverInit,
        rtp_sender::{
            RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
            RtpCodecKind,
        },
    },
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, broadcast, watch},
};
use webrtc::{
    media_stream::{
        track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP},
        track_remote::{TrackRemote, TrackRemoteEvent},
    },
    peer_connection::{
        PeerConnection, PeerConnectionEventHandler, RTCIceGatheringState, RTCSessionDescription,
    },
};

/// Packets that a slow viewer may fall behind.
const BACKLOG: usize = 1_024;

/// A server on the `webrtc` crate.
#[derive(Parser, Debug)]
#[command(version)]
struct Args {
    /// HTTP port on loopback.
    #[arg(long, default_value_t = 26_081)]
    port: u16,
}

struct Baseline {
    media: broadcast::Sender<Arc<rtp::Packet>>,
    sessions: Mutex<HashMap<String, Arc<dyn PeerConnection>>>,
    next: AtomicU64,
}

struct Handler {
    gathered: watch::Sender<bool>,
    media: Option<broadcast::Sender<Arc<rtp::Packet>>>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        let done = state == RTCIceGatheringState::Complete;
        self.gathered.send_replace(done);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let Some(media) = self.media.clone() else {
            return;
        };
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    // No viewer yet: then nobody misses it.
                    let _ = media.send(Arc::new(packet));
                }
            }
        });
    }
}

impl Plane for Baseline {
    async fn answer(&self, role: Role, offer: String) -> Result<(String, String)> {
        let (gathered, mut gathering) = watch::channel(false);
        let publisher = role == Role::Publisher;
        let media = publisher.then(|| self.media.clone());
        let connection = build(Handler { gathered, media }).await?;
        let track = match publisher {
            true => {
                let init = RTCRtpTransceiverInit {
                    direction: RTCRtpTransceiverDirection::Recvonly,
                    streams: Vec::new(),
                    send_encodings: Vec::new(),
                };
                connection
                    .add_transceiver_from_kind(RtpCodecKind::Video, Some(init))
                    .await?;
                None
            }
            false => Some(outgoing(&*connection).await?),
        };
        let offer = RTCSessionDescription::offer(offer)?;
        connection.set_remote_description(offer).await?;
        let answer = connection.create_answer(None).await?;
        connection.set_local_description(answer).await?;
        gathering.wait_for(|done| *done).await?;
        let answer = connection.local_description().await;
        let answer = answer.context("no answer was made")?.sdp;
        if let Some((track, ssrc)) = track {
            tokio::spawn(forward(self.media.subscribe(), track, ssrc));
        }
        let session = self.next.fetch_add(1, Relaxed).to_string();
        let mut sessions = self.sessions.lock().await;
        sessions.insert(session.clone(), connection);
        Ok((answer, session))
    }

    async fn end(&self, session: String) {
        let connection = self.sessions.lock().await.remove(&session);
        if let Some(connection) = connection {
            // It is gone either way.
            let _ = connection.close().await;
        }
    }
}

/// Hands packets on to one viewer until its connection ends.
async fn forward(
    mut media: broadcast::Receiver<Arc<rtp::Packet>>,
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
) {
    loop {
        match media.recv().await {
            Ok(packet) => {
                let mut packet = rtp::Packet::clone(&packet);
                packet.header.ssrc = ssrc;
                // Not connected yet, or no longer: the packet is lost to this viewer.
                let _ = track.write_rtp(packet).await;
            }
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn h264() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_H264.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
            .to_owned(),
        rtcp_feedback: vec![],
    }
}

async fn build(handler: Handler) -> Result<Arc<dyn PeerConnection>> {
    let mut engine = MediaEngine::default();
    let codec = RTCRtpCodecParameters {
        rtp_codec: h264(),
        payload_type: 96,
    };
    engine.register_codec(codec, RtpCodecKind::Video)?;
    benches::loopback::connection(engine, handler).await
}

async fn outgoing(connection: &dyn PeerConnection) -> Result<(Arc<TrackLocalStaticRTP>, u32)> {
    let ssrc = rand::random::<u32>();
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            ..Default::default()
        },
        codec: h264(),
        ..Default::default()
    };
    let names = ["show".to_owned(), "video".to_owned(), "video".to_owned()];
    let [stream, track, label] = names;
    let kind = RtpCodecKind::Video;
    let track = MediaStreamTrack::new(stream, track, label, kind, vec![coding]);
    let track = Arc::new(TrackLocalStaticRTP::new(track));
    let local: Arc<dyn TrackLocal> = track.clone();
    connection.add_track(local).await?;
    Ok((track, ssrc))
}

fn main() -> Result<()> {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter("error")
        .init();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
        let listener = TcpListener::bind(address).await.context("HTTP port")?;
        let plane = Arc::new(Baseline {
            media: broadcast::channel(BACKLOG).0,
            sessions: Mutex::default(),
            next: AtomicU64::new(1),
        });
        serve(listener, plane).await
    })
}
