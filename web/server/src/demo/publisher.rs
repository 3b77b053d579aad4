//! One publication of the clip: a `webrtc` peer connection, offered by WHIP over HTTP to our own
//! edge, and the task that paces frames and packets into it.
//!
//! The loop is a client like any other: it goes through the same route, the same handshake and the
//! same media port as OBS does.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use async_trait::async_trait;
use axum::{body::Body, http::Request};
use hyper_util::rt::TokioIo;
use rtc::{
    media::Sample,
    media_stream::MediaStreamTrack,
    peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS, MediaEngine},
    rtp_transceiver::{
        RTCRtpTransceiverDirection, RTCRtpTransceiverInit,
        rtp_sender::{
            RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
            RtpCodecKind,
        },
    },
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep_until, timeout},
};
use webrtc::{
    media_stream::{
        Track,
        track_local::{TrackLocal, static_sample::TrackLocalStaticSample},
    },
    peer_connection::{
        PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
        RTCPeerConnectionState, RTCSessionDescription, Registry, SettingEngineBuilder,
        register_default_interceptors,
    },
    rtp_transceiver::RtpSender,
};

use super::clip::{Clip, FRAME, PACKET};

/// Time for gathering, answering and the handshakes together.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);
/// Falling behind by more than this (a suspended machine), the loop goes on from now.
const LAG_MAX: Duration = Duration::from_secs(1);
/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Where to publish.
#[derive(Clone)]
pub(super) struct Target {
    /// Our HTTP edge.
    pub(super) http: SocketAddr,
    /// Address at which our own media ports are reached from this machine.
    pub(super) media: IpAddr,
}

/// A running publication; dropping it without [`Publication::close`] leaves the peer to time out.
pub(super) struct Publication {
    /// Names the WHIP session.
    pub(super) session: String,
    connection: Arc<dyn PeerConnection>,
    state: watch::Receiver<RTCPeerConnectionState>,
    pacing: JoinHandle<()>,
}

struct Handler {
    gathered: watch::Sender<bool>,
    state: watch::Sender<RTCPeerConnectionState>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered
            .send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }
}

/// A track with its sender, which knows the negotiated payload type.
struct Outgoing {
    track: Arc<TrackLocalStaticSample>,
    sender: Arc<dyn RtpSender>,
    ssrc: u32,
}

impl Publication {
    /// Publishes the clip with a stream key or a ticket; returns once media can flow.
    pub(super) async fn start(
        target: &Target,
        bearer: &str,
        clip: Arc<Clip>,
    ) -> anyhow::Result<Self> {
        timeout(CONNECT_TIME_MAX, Self::connect(target, bearer, clip))
            .await
            .context("took too long")?
    }

    async fn connect(target: &Target, bearer: &str, clip: Arc<Clip>) -> anyhow::Result<Self> {
        let (gathered, mut gathering) = watch::channel(false);
        let (state, mut states) = watch::channel(RTCPeerConnectionState::New);
        let connection = build(target.media, Handler { gathered, state }).await?;
        let video = outgoing(&*connection, RtpCodecKind::Video, h264().rtp_codec).await?;
        let audio = outgoing(&*connection, RtpCodecKind::Audio, opus().rtp_codec).await?;
        let offer = connection.create_offer(None).await?;
        connection.set_local_description(offer).await?;
        gathering.wait_for(|done| *done).await?;
        let offer = connection
            .local_description()
            .await
            .context("no offer was made")?;
        let (session, answer) = post(target, bearer, offer.sdp).await?;
        let answer = reachable(&answer, target.media);
        connection
            .set_remote_description(RTCSessionDescription::answer(answer)?)
            .await?;
        states
            .wait_for(|state| *state == RTCPeerConnectionState::Connected)
            .await?;
        let pacing = tokio::spawn(async move {
            if let Err(error) = pace(&clip, &video, &audio).await {
                tracing::debug!(%error, "the loop stopped");
            }
        });
        Ok(Self {
            session,
            connection,
            state: states,
            pacing,
        })
    }

    /// Whether the connection still stands, as far as this side knows.
    pub(super) fn is_up(&self) -> bool {
        use RTCPeerConnectionState::{Closed, Failed};
        !self.pacing.is_finished() && !matches!(*self.state.borrow(), Closed | Failed)
    }

    /// Stops sending and closes the connection.
    pub(super) async fn close(self) {
        self.pacing.abort();
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "closing the loop's connection");
        }
    }
}

async fn build(media: IpAddr, handler: Handler) -> anyhow::Result<Arc<dyn PeerConnection>> {
    let mut engine = MediaEngine::default();
    engine.register_codec(h264(), RtpCodecKind::Video)?;
    engine.register_codec(opus(), RtpCodecKind::Audio)?;
    let registry = register_default_interceptors(Registry::new(), &mut engine)?;
    let settings = SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .build();
    let local: IpAddr = if media.is_loopback() {
        media
    } else {
        Ipv4Addr::UNSPECIFIED.into()
    };
    let connection = PeerConnectionBuilder::new()
        .with_media_engine(engine)
        .with_setting_engine(settings)
        .with_interceptor_registry(registry)
        .with_handler(Arc::new(handler))
        .with_udp_addrs(vec![SocketAddr::new(local, 0)])
        .build()
        .await?;
    Ok(Arc::new(connection))
}

fn h264() -> RTCRtpCodecParameters {
    let fmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_H264.to_owned(),
            clock_rate: 90_000,
            channels: 0,
            sdp_fmtp_line: fmtp.to_owned(),
            rtcp_feedback: vec![],
        },
        payload_type: 96,
    }
}

fn opus() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1".to_owned(),
            rtcp_feedback: vec![],
        },
        payload_type: 111,
    }
}

async fn outgoing(
    connection: &dyn PeerConnection,
    kind: RtpCodecKind,
    codec: RTCRtpCodec,
) -> anyhow::Result<Outgoing> {
    let ssrc = rand::random::<u32>();
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            ..Default::default()
        },
        codec,
        active: true,
        ..Default::default()
    };
    let label = format!("loop-{kind}");
    let track = MediaStreamTrack::new("loop".to_owned(), label.clone(), label, kind, vec![coding]);
    let track = Arc::new(TrackLocalStaticSample::new(Instant::now(), track)?);
    let init = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Sendonly,
        streams: Vec::new(),
        send_encodings: Vec::new(),
    };
    let local: Arc<dyn TrackLocal> = track.clone();
    let transceiver = connection
        .add_transceiver_from_track(local, Some(init))
        .await?;
    let sender = transceiver
        .sender()
        .await?
        .context("a sending transceiver has a sender")?;
    let ssrc = track.ssrcs().await.first().copied().unwrap_or(ssrc);
    Ok(Outgoing {
        track,
        sender,
        ssrc,
    })
}

/// POSTs the offer; returns the session's name and the answer.
async fn post(target: &Target, bearer: &str, offer: String) -> anyhow::Result<(String, String)> {
    let stream = tokio::net::TcpStream::connect(target.http).await?;
    let (mut http, connection) =
        hyper::client::conn::http1::handshake::<_, Body>(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::post("/whip")
        .header("host", target.http.to_string())
        .header("content-type", "application/sdp")
        .header("authorization", format!("Bearer {bearer}"))
        .body(Body::from(offer))?;
    let response = http.send_request(request).await?;
    let status = response.status();
    let location = response
        .headers()
        .get("location")
        .and_then(|value| value.to_str().ok());
    let session = location
        .and_then(|path| path.rsplit('/').next())
        .map(str::to_owned);
    let body = axum::body::to_bytes(Body::new(response.into_body()), ANSWER_BYTES_MAX).await?;
    let body = String::from_utf8(body.to_vec())?;
    ensure!(status == 201, "WHIP answered {status}: {body}");
    Ok((session.context("WHIP answered without a Location")?, body))
}

/// The answer names the addresses that viewers use, which this machine itself may not reach
/// (address translation); our own media ports are always reached at `media`.
fn reachable(answer: &str, media: IpAddr) -> String {
    let mut text = String::with_capacity(answer.len());
    for line in answer.lines() {
        if line.starts_with("a=candidate:") {
            let mut fields: Vec<&str> = line.split(' ').collect();
            let address = media.to_string();
            if let Some(field) = fields.get_mut(4) {
                *field = &address;
            }
            text.push_str(&fields.join(" "));
        } else {
            text.push_str(line);
        }
        text.push_str("\r\n");
    }
    text
}

/// Sends frames and packets at their times, round after round. Timestamps never jump, because
/// every sample adds its own duration.
async fn pace(clip: &Clip, video: &Outgoing, audio: &Outgoing) -> anyhow::Result<()> {
    let (video_type, audio_type) = (payload_type(video).await?, payload_type(audio).await?);
    let mut start = tokio::time::Instant::now();
    let (mut frame, mut packet) = (0u32, 0u32);
    loop {
        let (video_due, audio_due) = (start + FRAME * frame, start + PACKET * packet);
        let due = video_due.min(audio_due);
        let now = tokio::time::Instant::now();
        if now > due + LAG_MAX {
            start += now - due;
            continue;
        }
        sleep_until(due).await;
        if video_due <= audio_due {
            let data = &clip.frames[frame as usize % clip.frames.len()];
            send(video, video_type, data, FRAME).await?;
            frame = frame.wrapping_add(1);
        } else {
            let data = &clip.packets[packet as usize % clip.packets.len()];
            send(audio, audio_type, data, PACKET).await?;
            packet = packet.wrapping_add(1);
        }
    }
}

async fn payload_type(outgoing: &Outgoing) -> anyhow::Result<u8> {
    let parameters = outgoing.sender.get_parameters().await?;
    let codec = parameters.rtp_parameters.codecs.first();
    Ok(codec.context("no codec was negotiated")?.payload_type)
}

async fn send(
    outgoing: &Outgoing,
    payload_type: u8,
    data: &bytes::Bytes,
    duration: Duration,
) -> anyhow::Result<()> {
    let sample = Sample {
        data: data.clone(),
        duration,
        ..Sample::new(Instant::now())
    };
    outgoing
        .track
        .write_sample(outgoing.ssrc, payload_type, &sample, &[])
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_pointed_at_this_machine() {
        let answer = "v=0\r\na=candidate:1 1 udp 1 203.0.113.5 8100 typ host\r\na=mid:0\r\n";
        let expected = "v=0\r\na=candidate:1 1 udp 1 127.0.0.1 8100 typ host\r\na=mid:0\r\n";
        assert_eq!(reachable(answer, Ipv4Addr::LOCALHOST.into()), expected);
    }
}
