//! When the loop is on air: while nobody else publishes.
//!
//! It yields at once to another publisher (the newest wins, so the server closes our session) and
//! comes back after the stream has had no publisher for ten seconds. Each time it publishes with a
//! ticket made for the occasion, so that a key rotated in Studio does not silence it.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use signaling_hub::{Hub, SessionKind};
use signaling_wire::{StreamId, UserId};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    clip::Clip,
    publisher::{Publication, Target},
};
use crate::state::App;

/// How long a stream must have had no publisher before the loop comes back.
const RETURN_AFTER: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What is on air, and in whose name.
pub(super) struct Loop {
    pub(super) stream: StreamId,
    /// An account of the stream's seller.
    pub(super) user: UserId,
    pub(super) target: Target,
    pub(super) clip: Arc<Clip>,
}

/// Keeps the stream on air until `stop`.
pub(super) async fn run(app: App, what: Loop, stop: CancellationToken) {
    let (hub, stream) = (&app.hub, what.stream);
    // At start nobody has published yet: there is nothing to wait out.
    let mut silent_for = Duration::ZERO;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = silence(hub, stream, silent_for) => {}
        }
        silent_for = RETURN_AFTER;
        match publish(&app, &what).await {
            Ok(publication) => {
                tracing::info!(%stream, "the loop is on air");
                on_air(hub, &publication, &stop).await;
                publication.close().await;
                tracing::info!(%stream, "the loop is off air");
            }
            Err(error) => tracing::warn!(%stream, error = %format!("{error:#}"), "no loop"),
        }
    }
}

async fn publish(app: &App, what: &Loop) -> anyhow::Result<Publication> {
    let ticket = app.accounts.issue_publish_ticket(what.user, what.stream);
    let ticket = ticket.context("no ticket")?;
    Publication::start(&what.target, ticket.expose(), what.clip.clone()).await
}

/// Returns when the stream has had no publisher for `long`.
async fn silence(hub: &Hub, stream: StreamId, long: Duration) {
    let mut since = Instant::now();
    while since.elapsed() < long {
        sleep(LOOK_EVERY).await;
        if hub.is_published(stream) {
            since = Instant::now();
        }
    }
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
