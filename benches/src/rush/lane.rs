//! A buyer's data channels: a viewer of the broadcast, with sound and no picture, that buys on the
//! `shop` lane beside it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use reqwest::Client;
use rtc::rtp_transceiver::{
    RTCRtpTransceiverDirection, RTCRtpTransceiverInit, rtp_sender::RtpCodecKind,
};
use serde_json::{Value, json};
use signaling_wire::Lane as Channel;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit},
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionEventHandler, RTCIceGatheringState,
        RTCSessionDescription,
    },
};

/// A join that takes longer has failed.
const JOIN_TIME_MAX: Duration = Duration::from_secs(10);
/// Answers that wait to be read; a buyer has one question at a time.
const ANSWERS_MAX: usize = 64;

/// What the server says to a purchase.
pub(super) enum Said {
    /// It is placed: the order.
    Order(Value),
    /// It is not, by this code.
    Refused(String),
}

/// The connection of one buyer.
pub(super) struct Lane {
    connection: Arc<dyn PeerConnection>,
    shop: Arc<dyn DataChannel>,
    answers: mpsc::Receiver<Value>,
}

impl Lane {
    /// Joins what is live, as somebody.
    ///
    /// # Errors
    /// When nothing is live yet, or the connection does not come about.
    pub(super) async fn open(client: &Client, url: &str, token: &str) -> Result<Self> {
        timeout(JOIN_TIME_MAX, Self::join(client, url, token))
            .await
            .context("a join took too long")?
    }

    async fn join(client: &Client, url: &str, token: &str) -> Result<Self> {
        let shows = client.get(format!("{url}/api/streams")).send().await?;
        let shows: Value = shows.json().await?;
        let shows = shows["data"].as_array().context("no shows")?;
        let live = shows.iter().find(|show| show["live"] == true);
        let live = live.and_then(|show| show["id"].as_str());
        let whep = format!("{url}/whep/{}", live.context("nothing is live")?);
        let (gathered, mut gathering) = watch::channel(false);
        let connection = build(Handler { gathered }).await?;
        let sound = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Recvonly,
            streams: Vec::new(),
            send_encodings: Vec::new(),
        };
        connection
            .add_transceiver_from_kind(RtpCodecKind::Audio, Some(sound))
            .await?;
        let (sender, answers) = mpsc::channel(ANSWERS_MAX);
        let (opened, mut open) = watch::channel(false);
        let mut shop = None;
        for lane in Channel::ALL {
            let spec = lane.spec();
            let init = RTCDataChannelInit {
                ordered: spec.ordered,
                max_retransmits: spec.max_retransmits,
                negotiated: Some(spec.id),
                ..Default::default()
            };
            let made = connection.create_data_channel(spec.label, Some(init));
            let channel = made.await?;
            let heard = (lane == Channel::Shop).then(|| (sender.clone(), opened.clone()));
            tokio::spawn(listen(channel.clone(), heard));
            if lane == Channel::Shop {
                shop = Some(channel);
            }
        }
        let offer = connection.create_offer(None).await?;
        connection.set_local_description(offer).await?;
        gathering.wait_for(|done| *done).await?;
        let offer = connection.local_description().await.context("no offer")?;
        let request = client.post(whep).bearer_auth(token);
        let request = request.header("content-type", "application/sdp");
        let response = request.body(offer.sdp).send().await?;
        let status = response.status();
        let answer = response.text().await?;
        ensure!(status.is_success(), "{status}: {answer}");
        let answer = RTCSessionDescription::answer(answer)?;
        connection.set_remote_description(answer).await?;
        open.wait_for(|open| *open).await?;
        Ok(Self {
            connection,
            shop: shop.context("no shop lane")?,
            answers,
        })
    }

    /// Buys, and waits for the answer to this key.
    ///
    /// # Errors
    /// When the connection ends first.
    pub(super) async fn buy(&mut self, key: &str, mut command: Value) -> Result<Said> {
        command["key"] = json!(key);
        let frame = json!({ "v": 1, "t": "buy", "d": command });
        self.shop.send_text(&frame.to_string()).await?;
        loop {
            let Some(frame) = self.answers.recv().await else {
                bail!("the lane was closed");
            };
            let said = &frame["d"];
            // The receipt of a payment is an `order` as well, without a key.
            if said["key"] != key {
                continue;
            }
            match frame["t"].as_str() {
                Some("order") => return Ok(Said::Order(said["order"].clone())),
                Some("error") => {
                    let code = said["problem"]["code"].as_str().unwrap_or("none");
                    return Ok(Said::Refused(code.to_owned()));
                }
                _ => {}
            }
        }
    }

    /// Leaves; a server that is gone does not hear of it.
    pub(super) async fn leave(self) {
        let _ = timeout(JOIN_TIME_MAX, self.connection.close()).await;
    }
}

struct Handler {
    gathered: watch::Sender<bool>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered
            .send_replace(state == RTCIceGatheringState::Complete);
    }
}

async fn build(handler: Handler) -> Result<Arc<dyn PeerConnection>> {
    let mut engine = MediaEngine::default();
    engine.register_default_codecs()?;
    crate::loopback::connection(engine, handler).await
}

/// Reads a lane; what is told of the shop lane is handed on, the rest is read and forgotten.
async fn listen(
    channel: Arc<dyn DataChannel>,
    heard: Option<(mpsc::Sender<Value>, watch::Sender<bool>)>,
) {
    while let Some(event) = channel.poll().await {
        let Some((answers, opened)) = &heard else {
            continue;
        };
        match event {
            DataChannelEvent::OnOpen => {
                opened.send_replace(true);
            }
            DataChannelEvent::OnMessage(message) => {
                let Ok(frame) = serde_json::from_slice::<Value>(&message.data) else {
                    continue;
                };
                let answers_to_me = frame["d"]["key"].is_string();
                if answers_to_me && answers.send(frame).await.is_err() {
                    return;
                }
            }
            DataChannelEvent::OnClose => return,
            _ => {}
        }
    }
}
