//! A WHIP publisher, paced by the clock: synthetic media in one or three layers, or a file.
//!
//! With layers it is like OBS: named by rid, no SSRC lines, one NACK responder for all of them.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use media_core::{
    client::{ClientConfig, Delivery, Repair, Sample, Track},
    peer::{Certificate, Codec, Role},
};
use reqwest::Url;

use crate::{
    annexb::Film,
    endpoint::{Endpoint, Turn},
    synthetic::{FRAME_RATE, Piece, Source},
};

/// Bitrates of the layers as parts of the first, in percent (OBS steps linearly).
const LAYERS: [u32; 3] = [100, 66, 33];

/// What is published.
#[derive(Debug, Clone)]
pub struct Publication {
    /// WHIP endpoint.
    pub url: Url,
    /// Stream key.
    pub token: Option<String>,
    /// A file in place of synthetic media.
    pub file: Option<PathBuf>,
    /// Video bitrate of the (first) synthetic layer.
    pub kbit_per_s: u32,
    /// Frames from one key frame to the next.
    pub key_interval: u32,
    /// Three layers in place of one.
    pub simulcast: bool,
    /// Whether requests for key frames are ignored.
    pub ignore_pli: bool,
}

/// What a running publication shares with the run.
#[derive(Debug, Default)]
pub struct OnAir {
    /// Ends the publication.
    pub over: AtomicBool,
    /// What was sent and asked for so far.
    pub delivery: Mutex<Delivery>,
}

enum Media {
    Synthetic(Vec<Source>),
    Film(Film),
}

impl Media {
    fn open(publication: &Publication) -> Result<Self> {
        if let Some(file) = &publication.file {
            return Ok(Self::Film(Film::open(file)?));
        }
        let layers = if publication.simulcast {
            &LAYERS[..]
        } else {
            &LAYERS[..1]
        };
        let source = |(layer, percent): (u8, &u32)| {
            let rate = publication.kbit_per_s * percent / 100;
            Source::new(layer, rate, publication.key_interval)
        };
        Ok(Self::Synthetic((0u8..).zip(layers).map(source).collect()))
    }

    fn next_frame(&mut self) -> Vec<Piece> {
        match self {
            Self::Synthetic(layers) => layers.iter_mut().flat_map(Source::next_frame).collect(),
            Self::Film(film) => film.next_frame(),
        }
    }

    fn want_keys(&mut self, layers: u8) {
        if let Self::Synthetic(sources) = self {
            for (at, source) in sources.iter_mut().enumerate() {
                if layers & (1 << at) != 0 {
                    source.want_key();
                }
            }
        }
    }
}

/// Publishes until the run is over.
///
/// # Errors
/// When the server refuses the publication or closes it.
pub async fn publish(
    http: &reqwest::Client,
    publication: &Publication,
    on_air: &Arc<OnAir>,
    started: tokio::sync::oneshot::Sender<()>,
) -> Result<()> {
    let certificate = Certificate::generate().map_err(|error| anyhow::anyhow!("{error}"))?;
    let codec = Codec::H264 {
        profile_level_id: 0x42_e0_1f,
        packetization_mode: 1,
    };
    let mut media = Media::open(publication)?;
    let mut config = ClientConfig::browser(Role::Publisher, certificate, rand::random());
    config.video = vec![codec];
    config.audio = false;
    if publication.simulcast {
        config.rids = (0..LAYERS.len()).map(|layer| layer.to_string()).collect();
        (config.rtx, config.twcc, config.remb) = (false, false, false);
        config.sending.repair = Repair::BySequence;
    }
    let token = publication.token.as_deref();
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut endpoint = Endpoint::join(http, &publication.url, token, config, deadline)
        .await
        .context("the publisher could not join")?;
    let pt = endpoint
        .client()
        .payload_type(&codec)
        .context("H.264 was not offered")?;
    let start = Instant::now();
    let mut started = Some(started);
    for frame in 0u32.. {
        if on_air.over.load(Relaxed) {
            break;
        }
        let due = start + Duration::from_secs(1) * frame / FRAME_RATE;
        while Instant::now() < due {
            if let Turn::Closed = endpoint.turn(due).await? {
                anyhow::bail!("the server closed the publication");
            }
        }
        let wanted = endpoint.client_mut().take_keyframe_requests();
        if wanted != 0 && !publication.ignore_pli {
            media.want_keys(wanted);
        }
        for piece in media.next_frame() {
            let sample = Sample {
                track: Track::Video { layer: piece.layer },
                pt,
                timestamp: piece.timestamp,
                marker: piece.marker,
                payload: &piece.payload,
            };
            endpoint.send_media(&sample).await;
        }
        if let Ok(mut delivery) = on_air.delivery.lock() {
            *delivery = endpoint.client().delivery();
        }
        if let Some(started) = started.take() {
            // The run may be gone already; then nobody waits.
            let _ = started.send(());
        }
    }
    endpoint.leave(http, token).await;
    Ok(())
}
