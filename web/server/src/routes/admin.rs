//! `/api/admin`: what goes on in the media plane, who changed what, and all of the shop, for
//! administrators.

mod books;
mod orders;
mod payments;
mod products;
mod sellers;
mod statistics;
mod users;

use axum::{Json, extract::State};
use commerce_service::{AuditEntry, AuditVerdict};
use media_shard::PeerReport;
use serde::Serialize;
use signaling_wire::{Problem, StreamId};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{
    page::{PageQuery, PageView},
    table::Table,
};
use crate::{
    error::{Answer, Refusal},
    extract::{Admin, Id, Query, User},
    limits,
    report::{Audience, PeerView, publisher, worst_loss},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(list))
        .on(routes!(show))
        .on(routes!(audit_log))
        .on(routes!(audit_verdict))
        .and(users::routes())
        .and(sellers::routes())
        .and(products::routes())
        .and(orders::routes())
        .and(payments::routes())
        .and(statistics::routes())
        .and(books::routes())
}

/// A room's broadcast.
#[derive(Serialize, ToSchema)]
#[schema(as = Broadcast)]
pub(crate) struct BroadcastView {
    stream: StreamId,
    live: bool,
    /// When its media began; 0 if none has.
    started_ms: u64,
    /// People in the room, by media and by socket.
    viewers: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<PeerView>,
    audience: Audience,
}

/// A broadcast with its peers.
#[derive(Serialize, ToSchema)]
#[schema(as = BroadcastDetail)]
pub(crate) struct DetailView {
    #[serde(flatten)]
    broadcast: BroadcastView,
    /// Peers in all.
    peers_total: usize,
    /// Those that fare worst first; at most `ADMIN_PEERS_MAX`.
    peers: Vec<PeerView>,
}

/// Every live broadcast, the largest audience first.
#[utoipa::path(
    get,
    path = "/api/admin/broadcasts",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<BroadcastView>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    _: Admin,
) -> Answer<Json<PageView<BroadcastView>>> {
    let mut live = app.hub.live_streams();
    live.sort_by_key(|(id, presence, _)| (std::cmp::Reverse(presence.viewers), *id));
    let mut data = Vec::new();
    for (stream, ..) in live.into_iter().take(limits::ADMIN_BROADCASTS_MAX) {
        data.extend(read(&app, stream).await.map(|(view, _)| view));
    }
    Ok(Json(PageView::whole(data)))
}

/// One broadcast and its peers, live or not.
#[utoipa::path(
    get,
    path = "/api/admin/broadcasts/{stream}",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = DetailView),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    _: Admin,
    Id(stream): Id<StreamId>,
) -> Answer<Json<DetailView>> {
    let Some((broadcast, mut reports)) = read(&app, stream).await else {
        return Err(Refusal::not_found());
    };
    let peers_total = reports.len();
    reports.sort_by_key(|report| (std::cmp::Reverse(worst_loss(report)), report.peer));
    let peers = reports.iter().take(limits::ADMIN_PEERS_MAX);
    Ok(Json(DetailView {
        broadcast,
        peers_total,
        peers: peers.map(PeerView::of).collect(),
    }))
}

/// Who changed money, stock or rights, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/audit",
    security(("user" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Done.", body = PageView<AuditEntry>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn audit_log(
    State(app): State<App>,
    user: User,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<AuditEntry>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app
        .commerce
        .audit_log(user.actor(), cursor.as_deref(), limit)
        .await;
    Ok(Json(PageView::of(page.map_err(Problem::from)?, |entry| {
        entry
    })))
}

/// Checks the whole audit log and names the first entry that was touched.
#[utoipa::path(
    get,
    path = "/api/admin/audit/verdict",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = AuditVerdict),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn audit_verdict(
    State(app): State<App>,
    user: User,
) -> Answer<Json<AuditVerdict>> {
    let verdict = app.commerce.audit_verdict(user.actor()).await;
    Ok(Json(verdict.map_err(Problem::from)?))
}

async fn read(app: &App, stream: StreamId) -> Option<(BroadcastView, Vec<PeerReport>)> {
    let broadcast = app.hub.broadcast(stream)?;
    let presence = app.hub.presence(stream)?;
    let reports = app.media.peers(broadcast).await;
    let codecs = app.media.codecs(broadcast);
    let live = app.hub.live_streams().into_iter();
    let started_ms = live
        .filter(|(id, ..)| *id == stream)
        .map(|(.., at)| at)
        .next();
    let view = BroadcastView {
        stream,
        live: presence.live,
        started_ms: started_ms.unwrap_or(0),
        viewers: presence.viewers,
        video: codecs.video.map(|codec| codec.name()),
        audio: codecs.audio.map(|codec| codec.name()),
        publisher: publisher(&reports).map(PeerView::of),
        audience: Audience::of(&reports),
    };
    Some((view, reports))
}
