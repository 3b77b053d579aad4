//! `/api/streams/{id}/key`, `/publish-tickets`, `/ingest`: what a show is published with, and how
//! that goes. For those who may host it.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use signaling_wire::{Code, Problem, StreamId, frame::control::Presence};
use utoipa::ToSchema;

use crate::{
    error::{Answer, Refusal},
    extract::{Id, User},
    report::{self, Audience, PeerView},
    state::App,
};

/// What the host needs to publish; the key is shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamKey)]
pub(super) struct KeyView {
    stream_key: String,
    whip_url: String,
}

/// What a page needs to publish now; the stream's key stays as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = PublishTicket)]
struct TicketView {
    ticket: String,
    whip_url: String,
    /// Seconds.
    expires_in: u64,
}

/// A new key; the one before no longer publishes.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/key",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = KeyView),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn rotate_key(
    State(app): State<App>,
    user: User,
    Id(id): Id<StreamId>,
    headers: HeaderMap,
) -> Answer<Response> {
    may_host(&app, &user, id).await?;
    let key = issue(&app, &headers, id).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(key)).into_response())
}

/// A ticket to publish with from the browser within the next two minutes.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/publish-tickets",
    security(("user" = [])),
    responses(
        (status = 201, description = "Made.", body = TicketView),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn issue_ticket(
    State(app): State<App>,
    user: User,
    Id(id): Id<StreamId>,
    headers: HeaderMap,
) -> Answer<Response> {
    may_host(&app, &user, id).await?;
    let ticket = app.accounts.issue_publish_ticket(user.0.user, id);
    let ticket = ticket.map_err(Problem::from)?;
    let view = TicketView {
        ticket: ticket.expose().to_owned(),
        whip_url: whip_url(&app, &headers),
        expires_in: ticket.expires_in(),
    };
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Json(view)).into_response())
}

/// What the host's page shows about publishing; never the key itself.
#[derive(Serialize, ToSchema)]
#[schema(as = Ingest)]
pub(crate) struct IngestView {
    whip_url: String,
    key_hint: Option<String>,
    live: bool,
    viewers: u32,
    /// What comes in, while something does.
    #[serde(skip_serializing_if = "Option::is_none")]
    publisher: Option<PeerView>,
    /// What goes out.
    audience: Audience,
}

/// How publishing goes, for those who may host.
#[utoipa::path(
    get,
    path = "/api/streams/{id}/ingest",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = IngestView),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn ingest(
    State(app): State<App>,
    user: User,
    Id(id): Id<StreamId>,
    headers: HeaderMap,
) -> Answer<Json<IngestView>> {
    may_host(&app, &user, id).await?;
    let presence = app.hub.presence(id).unwrap_or(Presence {
        live: false,
        viewers: 0,
    });
    let reports = match app.hub.broadcast(id) {
        Some(broadcast) => app.media.peers(broadcast).await,
        None => Vec::new(),
    };
    let publisher = report::publisher(&reports).map(|report| PeerView::of(report).unplaced());
    Ok(Json(IngestView {
        publisher,
        audience: Audience::of(&reports),
        whip_url: whip_url(&app, &headers),
        key_hint: app
            .accounts
            .stream_key_hint(id)
            .await
            .map_err(Problem::from)?,
        live: presence.live,
        viewers: presence.viewers,
    }))
}

async fn may_host(app: &App, user: &User, id: StreamId) -> Answer<()> {
    app.commerce.stream(id).await.map_err(Problem::from)?;
    match app
        .commerce
        .may_host(user.actor(), id)
        .await
        .map_err(Problem::from)?
    {
        true => Ok(()),
        false => Err(Refusal::new(Code::Forbidden, "")),
    }
}

pub(super) async fn issue(app: &App, headers: &HeaderMap, id: StreamId) -> Answer<KeyView> {
    let key = app
        .accounts
        .issue_stream_key(id)
        .await
        .map_err(Problem::from)?;
    Ok(KeyView {
        stream_key: key.expose().to_owned(),
        whip_url: whip_url(app, headers),
    })
}

/// The address to type into an encoder: the configured origin, or the one that the caller used.
fn whip_url(app: &App, headers: &HeaderMap) -> String {
    if let Some(public) = &app.http.public_url {
        return format!("{public}/whip");
    }
    let scheme = if app.http.is_secure() {
        "https"
    } else {
        "http"
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let bind = app.http.bind.to_string();
    format!("{scheme}://{}/whip", host.unwrap_or(&bind))
}
