//! When the loop is on air: while nobody else publishes.
//!
//! It yields at once to another publisher (the newest wins, so the server closes our session) and
//! comes back after the stream has had no publisher for ten seconds.

use std::{sync::Arc, time::Duration};

use signaling_hub::{Hub, SessionKind};
use signaling_wire::StreamId;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    clip::Clip,
    publisher::{Publication, Target},
};

/// How long a stream must have had no publisher before the loop comes back.
const RETURN_AFTER: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Keeps the stream on air until `stop`.
pub(super) async fn run(
    hub: Hub,
    stream: StreamId,
    target: Target,
    clip: Arc<Clip>,
    stop: CancellationToken,
) {
    // At start nobody has published yet: there is nothing to wait out.
    let mut silent_for = Duration::ZERO;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = silence(&hub, stream, silent_for) => {}
        }
        silent_for = RETURN_AFTER;
        match Publication::start(&target, clip.clone()).await {
            Ok(publication) => {
                tracing::info!(%stream, "the loop is on air");
                on_air(&hub, &publication, &stop).await;
                publication.close().await;
                tracing::info!(%stream, "the loop is off air");
            }
            Err(error) => tracing::warn!(%stream, error = %format!("{error:#}"), "no loop"),
        }
    }
}

/// Returns when the stream has had no publisher for `long`.
async fn silence(hub: &Hub, stream: StreamId, long: Duration) {
    let mut since = Instant::now();
    while since.elapsed() < long {
        sleep(LOOK_EVERY).await;
        if is_live(hub, stream) {
            since = Instant::now();
        }
    }
}

fn is_live(hub: &Hub, stream: StreamId) -> bool {
    hub.presence(stream).is_some_and(|presence| presence.live)
}

/// Waits until the session is no longer ours.
async fn on_air(hub: &Hub, publication: &Publication, stop: &CancellationToken) {
    while publication.is_up()
        && hub
            .session(&publication.session, SessionKind::Publisher)
            .is_some()
    {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(LOOK_EVERY) => {}
        }
    }
}
