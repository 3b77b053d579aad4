//! `/api/streams`: shows of a seller, and the room of each. What its host publishes with is in
//! `streams/publishing.rs`, who watches in `streams/viewers.rs`, what happened in `streams/record.rs`.

mod publishing;
mod record;
mod viewers;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use commerce_service::{NewStream, Stream, StreamFilter, StreamStatus};
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

use self::publishing::{KeyView, issue};
use super::{
    page::{PageView, checked},
    table::Table,
};
use crate::{
    error::{Answer, Refusal},
    extract::{Caller, Fields, Id, Query, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(list, create))
        .on(routes!(show, announce, end))
        .on(routes!(room))
        .on(routes!(record::timeline))
        .on(routes!(record::metrics))
        .on(routes!(publishing::rotate_key))
        .on(routes!(publishing::issue_ticket))
        .on(routes!(publishing::ingest))
        .on(routes!(viewers::list))
        .on(routes!(viewers::mute, viewers::unmute))
        .on(routes!(viewers::ban, viewers::unban))
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

/// A new show with what its host needs to publish.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedStream)]
struct CreatedView {
    #[serde(flatten)]
    stream: StreamView,
    #[serde(flatten)]
    key: KeyView,
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
    responses(
        (status = 201, description = "Made.", body = CreatedView),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
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
    responses(
        (status = 200, description = "Done.", body = StreamView),
        (status = 403, description = "forbidden"),
        (status = 410, description = "stream_ended"),
    ),
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

/// Ends a show for good; its sales close.
#[utoipa::path(
    delete,
    path = "/api/streams/{id}",
    security(("user" = [])),
    responses((status = 204, description = "Done."), (status = 403, description = "forbidden")),
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
