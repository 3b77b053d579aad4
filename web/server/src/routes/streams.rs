//! `/api/streams`: shows of a seller, their keys, and the room of each.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use commerce_service::{NewStream, Stream, StreamEvent, StreamFilter, StreamStatus};
use serde::{Deserialize, Serialize};
use signaling_wire::{
    Code, Problem, SellerId, StreamId,
    frame::{
        control::{Presence, Seller},
        shop::{Card, CardState},
    },
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{
    page::{PageQuery, PageView, checked},
    table::Table,
};
use crate::{
    error::{Answer, Refusal},
    extract::{Caller, Fields, Id, Query, User},
    report::{self, Audience, PeerView},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(list, create))
        .on(routes!(show, announce, end))
        .on(routes!(timeline))
        .on(routes!(rotate_key))
        .on(routes!(issue_ticket))
        .on(routes!(ingest))
        .on(routes!(room))
}

/// A show as everybody sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Stream)]
pub(crate) struct StreamView {
    id: StreamId,
    title: String,
    status: StreamStatus,
    live: bool,
    viewers: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_ms: Option<u64>,
    seller: Seller,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<Card>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Links>,
}

/// Where to watch it.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamLinks)]
struct Links {
    whep: String,
    events: String,
    room: String,
}

/// What the host needs to publish; the key is shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamKey)]
struct KeyView {
    stream_key: String,
    whip_url: String,
}

/// A new show with what its host needs to publish.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedStream)]
struct CreatedView {
    #[serde(flatten)]
    stream: StreamView,
    #[serde(flatten)]
    key: KeyView,
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

/// Which shows are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    #[serde(default)]
    #[param(inline)]
    status: Option<Wanted>,
    #[serde(default)]
    mine: bool,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = StreamChoice)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Live,
    All,
}

/// Shows: those that are live, or all, or those of the caller.
#[utoipa::path(
    get,
    path = "/api/streams",
    params(ListQuery),
    responses((status = 200, description = "Done.", body = PageView<StreamView>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Answer<Json<PageView<StreamView>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    if query.mine {
        let Some(actor) = caller.actor() else {
            return Err(Refusal::new(Code::Unauthenticated, ""));
        };
        let filter = StreamFilter {
            member: Some(actor.user),
            ..StreamFilter::default()
        };
        let page = app
            .commerce
            .list_streams(filter, cursor.as_deref(), limit)
            .await
            .map_err(Problem::from)?;
        return Ok(Json(views(&app, page).await?));
    }
    if query.status.unwrap_or(Wanted::Live) == Wanted::All {
        let filter = StreamFilter::default();
        let page = app
            .commerce
            .list_streams(filter, cursor.as_deref(), limit)
            .await
            .map_err(Problem::from)?;
        return Ok(Json(views(&app, page).await?));
    }
    let mut live = app.hub.live_streams();
    live.sort_by_key(|(id, presence, _)| (std::cmp::Reverse(presence.viewers), *id));
    let mut data = Vec::new();
    for (id, _, _) in live.into_iter().take(limit as usize) {
        if let Ok(stream) = app.commerce.stream(id).await {
            data.push(view(&app, stream).await?);
        }
    }
    Ok(Json(PageView::whole(data)))
}

async fn views(app: &App, page: commerce_service::Page<Stream>) -> Answer<PageView<StreamView>> {
    let mut seen = Vec::with_capacity(page.data.len());
    for stream in page.data.clone() {
        seen.push(view(app, stream).await?);
    }
    let mut seen = seen.into_iter();
    Ok(PageView::of(page, |_| {
        seen.next().expect("one view for each row")
    }))
}

async fn view(app: &App, stream: Stream) -> Answer<StreamView> {
    let presence = app.hub.presence(stream.id).unwrap_or(Presence {
        live: false,
        viewers: 0,
    });
    let cards = app.commerce.cards(stream.id).await.map_err(Problem::from)?;
    let pinned = cards
        .into_iter()
        .find(|card| card.state == CardState::Pinned);
    let status = if presence.live {
        StreamStatus::Live
    } else {
        stream.status
    };
    Ok(StreamView {
        id: stream.id,
        title: stream.title,
        status,
        live: presence.live,
        viewers: presence.viewers,
        scheduled_ms: stream.scheduled_ms,
        started_ms: stream.started_ms,
        seller: stream.seller,
        pinned,
        links: None,
    })
}

/// One show.
#[utoipa::path(
    get,
    path = "/api/streams/{id}",
    responses((status = 200, description = "Done.", body = StreamView)),
)]
pub(crate) async fn show(State(app): State<App>, Id(id): Id<StreamId>) -> Answer<Json<StreamView>> {
    let stream = app.commerce.stream(id).await.map_err(Problem::from)?;
    let mut view = view(&app, stream).await?;
    view.links = Some(Links {
        whep: format!("/whep/{id}"),
        events: format!("/api/streams/{id}/events"),
        room: format!("/api/streams/{id}/room"),
    });
    Ok(Json(view))
}

/// The snapshot frame of the room, in its exact bytes.
#[utoipa::path(
    get,
    path = "/api/streams/{id}/room",
    responses((status = 200, description = "Done.", body = serde_json::Value)),
)]
pub(crate) async fn room(State(app): State<App>, Id(id): Id<StreamId>) -> Answer<Response> {
    let Some(snapshot) = app.hub.snapshot(id).await else {
        return Err(Refusal::not_found());
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, snapshot).into_response())
}

/// A show to be made; without a seller, the caller's only one.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewStream)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    #[serde(default)]
    seller_id: Option<SellerId>,
    title: String,
    /// When it is announced for.
    #[serde(default)]
    scheduled_ms: Option<u64>,
}

/// Makes a show and its stream key, which is shown once.
#[utoipa::path(
    post,
    path = "/api/streams",
    security(("user" = [])),
    request_body = Create,
    responses((status = 201, description = "Made.", body = CreatedView)),
)]
pub(crate) async fn create(
    State(app): State<App>,
    user: User,
    headers: HeaderMap,
    Fields(create): Fields<Create>,
) -> Answer<Response> {
    let new = NewStream {
        seller_id: create.seller_id,
        title: create.title,
        scheduled_ms: create.scheduled_ms,
    };
    let stream = app
        .commerce
        .create_stream(user.actor(), new)
        .await
        .map_err(Problem::from)?;
    let id = stream.id;
    let key = issue(&app, &headers, id).await?;
    let stream = view(&app, stream).await?;
    let location = [(header::LOCATION, format!("/api/streams/{id}"))];
    let made = Json(CreatedView { stream, key });
    Ok((StatusCode::CREATED, location, made).into_response())
}

/// What is announced of a show.
#[derive(Deserialize, ToSchema)]
#[schema(as = StreamAnnouncement)]
#[serde(deny_unknown_fields)]
pub(crate) struct Announce {
    title: String,
    /// When it will be; nothing takes an earlier time back.
    #[serde(default)]
    scheduled_ms: Option<u64>,
}

/// Changes what is announced of a show.
#[utoipa::path(
    put,
    path = "/api/streams/{id}",
    security(("user" = [])),
    request_body = Announce,
    responses((status = 200, description = "Done.", body = StreamView)),
)]
pub(crate) async fn announce(
    State(app): State<App>,
    user: User,
    Id(id): Id<StreamId>,
    Fields(announce): Fields<Announce>,
) -> Answer<Json<StreamView>> {
    let Announce {
        title,
        scheduled_ms,
    } = announce;
    let stream = app
        .commerce
        .announce_stream(user.actor(), id, &title, scheduled_ms)
        .await;
    Ok(Json(view(&app, stream.map_err(Problem::from)?).await?))
}

/// What happened in a show, the oldest first: media, cards, sales.
#[utoipa::path(
    get,
    path = "/api/streams/{id}/timeline",
    params(PageQuery),
    responses((status = 200, description = "Done.", body = PageView<StreamEvent>)),
)]
pub(crate) async fn timeline(
    State(app): State<App>,
    Id(id): Id<StreamId>,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<StreamEvent>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app.commerce.timeline(id, cursor.as_deref(), limit).await;
    Ok(Json(PageView::of(page.map_err(Problem::from)?, |event| {
        event
    })))
}

/// Ends a show for good; its sales close.
#[utoipa::path(
    delete,
    path = "/api/streams/{id}",
    security(("user" = [])),
    responses((status = 204, description = "Done.")),
)]
pub(crate) async fn end(
    State(app): State<App>,
    user: User,
    Id(id): Id<StreamId>,
) -> Answer<StatusCode> {
    app.commerce
        .end_stream(user.actor(), id)
        .await
        .map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new key; the one before no longer publishes.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/key",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = KeyView)),
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
    responses((status = 201, description = "Made.", body = TicketView)),
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
    responses((status = 200, description = "Done.", body = IngestView)),
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

async fn issue(app: &App, headers: &HeaderMap, id: StreamId) -> Answer<KeyView> {
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
