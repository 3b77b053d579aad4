//! Viewers as a run sees them: joined one by one, in a storm, or coming and going.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use media_core::{
    client::{Client, ClientConfig, Feedback},
    peer::{Certificate, Codec, Role},
};
use reqwest::Url;
use tokio::sync::Semaphore;

use crate::{
    engine::{Engine, Join, Order, Totals},
    process::Meter,
    report::{Samples, Storm},
    signal,
    weather::Forecast,
};

/// What all viewers of a run have in common.
#[derive(Clone)]
pub struct Audience {
    /// For the offers.
    pub http: reqwest::Client,
    /// WHEP endpoint.
    pub url: Url,
    /// Bearer token of WHEP.
    pub token: Option<String>,
    /// Carries the sessions.
    pub engine: Engine,
    /// Identity of all of them.
    pub certificate: Certificate,
    /// Whether data channels are offered.
    pub lanes: bool,
    /// Whether light viewers send reports and TWCC feedback.
    pub light_feedback: bool,
    /// The network before full viewers.
    pub forecast: Forecast,
}

/// A viewer that joined.
#[derive(Debug)]
pub struct Seat {
    place: usize,
    session: Url,
    connected: Duration,
}

/// How viewers come.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Joins that may be under way at the same time.
    pub at_once: usize,
    /// Joins begun a second; `None`: as fast as they go.
    pub per_second: Option<f64>,
}

/// Viewers that joined, and how long it took.
#[derive(Debug, Default)]
pub struct Seated {
    /// Who.
    pub seats: Vec<Seat>,
    /// From each offer to its media keys.
    pub connect: Samples,
    /// Who could not.
    pub failed: usize,
}

impl Audience {
    fn config(&self, full: bool) -> ClientConfig {
        let certificate = self.certificate.clone();
        let mut config = ClientConfig::browser(Role::Viewer, certificate, rand::random());
        config.video = vec![Codec::H264 {
            profile_level_id: 0x42_e0_1f,
            packetization_mode: 1,
        }];
        config.audio = false;
        config.light = !full;
        config.lanes = self.lanes;
        if let Some(feedback) = &mut config.feedback {
            // Browsers learn how much is mere reordering; here it is known.
            feedback.patience = feedback.patience.max(self.forecast.jitter);
        }
        if !full {
            config.feedback = self.light_feedback.then(|| Feedback {
                nacks: false,
                ..Feedback::default()
            });
        }
        config
    }

    /// One viewer joins.
    ///
    /// # Errors
    /// When the server refuses or does not connect in time.
    pub async fn join(&self, full: bool) -> Result<Seat> {
        let client = Client::new(self.config(full), Instant::now());
        let posted = Instant::now();
        let token = self.token.as_deref();
        let accepted = signal::post_offer(&self.http, &self.url, token, client.offer()).await?;
        let (done, joined) = tokio::sync::oneshot::channel();
        self.engine.order(Order::Join(Box::new(Join {
            client,
            answer: accepted.answer,
            posted,
            answered: Instant::now(),
            forecast: if full {
                self.forecast
            } else {
                Forecast::default()
            },
            done,
        })));
        let joined = joined.await.context("the viewers' thread ended")?;
        let joined = joined.map_err(|why| anyhow::anyhow!(why))?;
        Ok(Seat {
            place: joined.place,
            session: accepted.session,
            connected: posted.elapsed(),
        })
    }

    /// A viewer leaves.
    pub async fn leave(&self, seat: Seat) {
        self.engine.order(Order::Leave(seat.place));
        let ended = signal::end(&self.http, &seat.session, self.token.as_deref());
        let _ = tokio::time::timeout(Duration::from_secs(5), ended).await;
    }

    /// `count` viewers join, `full` of them as full clients. These are spread over the others: a
    /// server that serves viewers in the order of their joining serves the first ones soonest.
    pub async fn seat(&self, count: usize, full: usize, pace: Pace) -> Result<Seated> {
        let gate = Arc::new(Semaphore::new(pace.at_once.max(1)));
        let start = tokio::time::Instant::now();
        let mut joins = Vec::with_capacity(count);
        let full = full.min(count);
        for number in 0..count {
            if let Some(rate) = pace.per_second {
                let due = Duration::from_secs_f64(number as f64 / rate);
                tokio::time::sleep_until(start + due).await;
            }
            let permit = gate.clone().acquire_owned().await?;
            let audience = self.clone();
            // The last of each of `full` equal parts.
            let measures = (number + 1) * full / count != number * full / count;
            joins.push(tokio::task::spawn_local(async move {
                let joined = audience.join(measures).await;
                drop(permit);
                joined
            }));
        }
        let mut seated = Seated::default();
        for join in joins {
            match join.await? {
                Ok(seat) => {
                    seated.connect.add(seat.connected);
                    seated.seats.push(seat);
                }
                Err(error) => {
                    tracing::warn!("a viewer could not join: {error:#}");
                    seated.failed += 1;
                }
            }
        }
        Ok(seated)
    }

    /// Many join at once while others watch; they stay.
    ///
    /// # Errors
    /// When the server cannot be measured.
    pub async fn storm(
        &self,
        (count, full): (usize, usize),
        pace: Pace,
        meter: Option<&Meter>,
    ) -> Result<Storm> {
        let usage = || meter.map(Meter::usage).transpose();
        let (before, used_before, start) = (self.engine.totals().await?, usage()?, Instant::now());
        let seated = self.seat(count, full, pace).await?;
        let (took, used) = (start.elapsed(), usage()?);
        // The last ones get their pictures.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let after = self.engine.totals().await?;
        let joined = seated.seats.len();
        Ok(Storm {
            joined,
            failed: seated.failed,
            all_in_ms: took.as_secs_f64() * 1000.0,
            connect_ms: seated.connect.percentiles(),
            phases: after.phases_since(&before),
            cpu_us_per_join: used
                .zip(used_before)
                .map(|(now, then)| (now.cpu_us - then.cpu_us) as f64 / joined.max(1) as f64),
            lost_by_others: lost(&after, &before),
            rss_before_kb: used_before.map(|usage| usage.rss_kb),
            rss_after_kb: used.map(|usage| usage.rss_kb),
            cores_before: None,
            cores_after: None,
        })
    }

    /// Viewers come and go, each at once after it is connected; the server's memory and idle cost
    /// are compared before and after.
    ///
    /// # Errors
    /// When the server cannot be measured.
    pub async fn churn(
        &self,
        count: usize,
        at_once: usize,
        meter: Option<&Meter>,
    ) -> Result<Storm> {
        let cores_before = cores(meter).await?;
        let usage = || meter.map(Meter::usage).transpose();
        let (before, used_before, start) = (self.engine.totals().await?, usage()?, Instant::now());
        let (mut connect, mut failed, mut joined) = (Samples::default(), 0, 0);
        let gate = Arc::new(Semaphore::new(at_once.max(1)));
        let mut visits = Vec::with_capacity(count);
        for _ in 0..count {
            let permit = gate.clone().acquire_owned().await?;
            let audience = self.clone();
            visits.push(tokio::task::spawn_local(async move {
                let joined = audience.join(false).await;
                let connected = joined.as_ref().map(|seat| seat.connected).ok();
                if let Ok(seat) = joined {
                    audience.leave(seat).await;
                }
                drop(permit);
                connected
            }));
        }
        for visit in visits {
            match visit.await? {
                Some(connected) => {
                    connect.add(connected);
                    joined += 1;
                }
                None => failed += 1,
            }
        }
        let (took, used) = (start.elapsed(), usage()?);
        tokio::time::sleep(Duration::from_secs(5)).await;
        let cores_after = cores(meter).await?;
        let after = self.engine.totals().await?;
        Ok(Storm {
            joined,
            failed,
            all_in_ms: took.as_secs_f64() * 1000.0,
            connect_ms: connect.percentiles(),
            phases: after.phases_since(&before),
            cpu_us_per_join: used
                .zip(used_before)
                .map(|(now, then)| (now.cpu_us - then.cpu_us) as f64 / joined.max(1) as f64),
            lost_by_others: lost(&after, &before),
            rss_before_kb: used_before.map(|usage| usage.rss_kb),
            rss_after_kb: usage()?.map(|usage| usage.rss_kb),
            cores_before,
            cores_after,
        })
    }
}

fn lost(after: &Totals, before: &Totals) -> u64 {
    after.lost_light.saturating_sub(before.lost_light)
}

/// Share of a core that the server uses now, over three seconds.
async fn cores(meter: Option<&Meter>) -> Result<Option<f64>> {
    let Some(meter) = meter else {
        return Ok(None);
    };
    let (then, start) = (meter.usage()?, Instant::now());
    tokio::time::sleep(Duration::from_secs(3)).await;
    let spent = meter.usage()?.cpu_us - then.cpu_us;
    Ok(Some(spent as f64 / 1e6 / start.elapsed().as_secs_f64()))
}
