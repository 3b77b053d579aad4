//! `/metrics`: what the parts count through the `metrics` facade, and the media plane's counters,
//! which are copied when somebody asks, because the media plane knows no facade.

use anyhow::Context;
use media_shard::Stats;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{
    limits,
    report::{Audience, bitrate, publisher},
    state::App,
};

/// Orders of one commit.
const BATCH_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Seconds.
const TIME_BUCKETS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Installs the recorder of the process.
pub(crate) fn install() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("batch_size".to_owned()), &BATCH_BUCKETS)
        .and_then(|builder| {
            builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &TIME_BUCKETS)
        })
        .context("metrics: buckets")?
        .install_recorder()
        .context("metrics: a recorder is installed already")?;
    describe();
    Ok(handle)
}

fn describe() {
    describe_counter!(
        "souk_http_requests_total",
        "Answered requests by route and status"
    );
    describe_counter!("souk_http_connections_total", "Accepted connections");
    describe_gauge!("souk_sockets", "Open sockets and event streams");
    describe_gauge!("souk_store_write_queue", "Write jobs that wait");
}

/// Copies what is not counted through the facade.
pub(crate) async fn export(app: &App) {
    let open = limits::SOCKETS_MAX - app.sockets.available_permits();
    gauge!("souk_sockets").set(open as f64);
    gauge!("souk_store_write_queue").set(app.store.queued() as f64);
    media(&app.media.stats());
}

/// Figures of the live broadcasts, the largest audiences first. Written by hand, because the
/// recorder keeps every label that it has ever seen, and streams come and go.
pub(crate) async fn broadcasts(app: &App) -> String {
    let mut live = app.hub.live_streams();
    live.sort_by_key(|(id, presence, _)| (std::cmp::Reverse(presence.viewers), *id));
    live.truncate(limits::ADMIN_BROADCASTS_MAX);
    let mut rows = [const { Vec::new() }; BROADCAST_GAUGES.len()];
    for (stream, ..) in live {
        let Some(broadcast) = app.hub.broadcast(stream) else {
            continue;
        };
        let reports = app.media.peers(broadcast).await;
        let audience = Audience::of(&reports);
        let coming = publisher(&reports).map_or(0, bitrate);
        let values = [
            audience.connected as f64,
            coming as f64,
            audience.bitrate as f64,
            audience.loss,
            audience.suffering as f64,
        ];
        for ((rows, name), value) in rows.iter_mut().zip(BROADCAST_GAUGES).zip(values) {
            rows.push(format!(
                "souk_broadcast_{name}{{stream=\"{stream}\"}} {value}\n"
            ));
        }
    }
    let all = rows.iter().zip(BROADCAST_GAUGES);
    let written = all.filter(|(rows, _)| !rows.is_empty());
    written
        .map(|(rows, name)| format!("# TYPE souk_broadcast_{name} gauge\n{}", rows.concat()))
        .collect()
}

/// Per broadcast, as `souk_broadcast_…{stream}`.
const BROADCAST_GAUGES: [&str; 5] = [
    "viewers",
    "bits_in",
    "bits_out",
    "loss_ratio",
    "suffering_viewers",
];

/// The gauges of the media plane's counters; the others only rise.
const MEDIA_GAUGES: [&str; 6] = [
    "viewers",
    "publishers",
    "connected",
    "broadcasts",
    "lane_backlog_bytes",
    "cache_bytes",
];

fn media(stats: &Stats) {
    for (name, value) in Stats::NAMES.iter().zip(stats.values()) {
        if MEDIA_GAUGES.contains(name) {
            gauge!(format!("souk_media_{name}")).set(value as f64);
        } else {
            counter!(format!("souk_media_{name}_total")).absolute(value);
        }
    }
}
