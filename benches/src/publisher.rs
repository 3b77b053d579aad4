//! A WHIP publisher of synthetic media, paced by the clock.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use media_core::{
    client::ClientConfig,
    peer::{Certificate, Codec, Role},
};
use reqwest::Url;

use crate::{
    endpoint::{Endpoint, Turn},
    synthetic::{FRAME_RATE, Source},
    viewer::Phase,
};

/// What is published.
#[derive(Debug, Clone)]
pub struct Publication {
    /// WHIP endpoint.
    pub url: Url,
    /// Stream key.
    pub token: Option<String>,
    /// Video bitrate.
    pub kbit_per_s: u32,
    /// Frames from one key frame to the next.
    pub key_interval: u32,
}

/// Publishes until the run is over.
///
/// # Errors
/// When the server refuses the publication or closes it.
pub async fn publish(
    http: &reqwest::Client,
    publication: &Publication,
    phase: &Phase,
    started: tokio::sync::oneshot::Sender<()>,
) -> Result<()> {
    let certificate = Certificate::generate().map_err(|error| anyhow::anyhow!("{error}"))?;
    let codec = Codec::H264 {
        profile_level_id: 0x42_e0_1f,
        packetization_mode: 1,
    };
    let mut config = ClientConfig::new(Role::Publisher, certificate, rand::random());
    config.video = vec![codec];
    config.audio = false;
    let ssrc = config.video_ssrc;
    let token = publication.token.as_deref();
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut endpoint = Endpoint::join(http, &publication.url, token, config, deadline)
        .await
        .context("the publisher could not join")?;
    let payload_type = endpoint
        .client()
        .payload_type(&codec)
        .context("H.264 was not accepted")?;
    let mut source = Source::new(
        payload_type,
        ssrc,
        publication.kbit_per_s,
        publication.key_interval,
    );
    let start = Instant::now();
    let mut started = Some(started);
    for frame in 0u32.. {
        if phase.over.load(Relaxed) {
            break;
        }
        let due = start + Duration::from_secs(1) * frame / FRAME_RATE;
        while Instant::now() < due {
            if let Turn::Closed = endpoint.turn(due, |_, _| {}).await? {
                anyhow::bail!("the server closed the publication");
            }
        }
        for mut packet in source.next_frame() {
            endpoint.send_rtp(&mut packet).await;
        }
        if let Some(started) = started.take() {
            // The run may be gone already; then nobody waits.
            let _ = started.send(());
        }
    }
    endpoint.leave(http, token).await;
    Ok(())
}
