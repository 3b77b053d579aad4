//! `GET /api/streams/{id}/events`: the room without data channels, by WebSocket (commands too) or
//! server-sent events (read only).
//!
//! A socket says who it is by an `auth` frame, as on the lanes; there are no cookies here and no
//! tokens in addresses. Frames are text, at most 16 KiB from the client. Slow readers are the
//! hub's business; dead ones are noticed here.

use std::{convert::Infallible, pin::pin, time::Duration};

use axum::{
    extract::{
        FromRequestParts, Request, State,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code},
    },
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use signaling_hub::{Hub, SessionKey, SocketReceiver, SocketSession};
use signaling_wire::{Code, Problem, StreamId, limits::CLIENT_FRAME_BYTES_MAX};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, interval, timeout},
};
use utoipa_axum::routes;

use super::table::Table;
use crate::{
    error::{Answer, Refusal},
    extract::{Caller, Id},
    limits, security,
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new().on(routes!(open))
}

/// Opens a socket or an event stream, as the caller asks.
#[utoipa::path(
    get,
    path = "/api/streams/{id}/events",
    responses(
        (status = 200, description = "Frames of the room, one a line; or a WebSocket with 101.", body = String, content_type = "text/event-stream"),
        (status = 406, description = "not_acceptable"),
    ),
)]
pub(crate) async fn open(
    State(app): State<App>,
    Id(stream): Id<StreamId>,
    caller: Caller,
    request: Request,
) -> Answer<Response> {
    let (mut parts, _) = request.into_parts();
    let socket = parts.headers.contains_key(header::UPGRADE);
    if !socket && !wants_events(&parts.headers) {
        let detail = "ask for a WebSocket or for text/event-stream";
        return Err(Refusal::new(Code::NotAcceptable, detail));
    }
    security::same_origin(&app.http, &parts.headers)?;
    let upgrade = match socket {
        true => Some(
            WebSocketUpgrade::from_request_parts(&mut parts, &app)
                .await
                .map_err(|error| Refusal::new(Code::BadRequest, error.body_text()))?,
        ),
        false => None,
    };
    let place = app
        .sockets
        .clone()
        .try_acquire_owned()
        .map_err(|_| full())?;
    if app.hub.presence(stream).is_none() {
        return Err(Refusal::not_found());
    }
    let identity = match &caller.0 {
        Some(claims) => Some(app.identity(claims, stream).await),
        None => None,
    };
    let joined = app
        .hub
        .join_socket(stream, identity)
        .await
        .ok_or_else(full)?;
    Ok(match upgrade {
        Some(upgrade) => accept(app, stream, joined, place, upgrade),
        None => events(app.hub.clone(), stream, joined, place).into_response(),
    })
}

fn full() -> Refusal {
    Problem::new(Code::Busy, "this room takes no more sockets")
        .retry_after(5)
        .into()
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accepts = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    accepts
        .flat_map(|value| value.split(','))
        .any(|range| range.split(';').next().unwrap_or_default().trim() == "text/event-stream")
}

/// Frames as `data:` lines, in the order and the bytes of the socket.
fn events(
    hub: Hub,
    stream: StreamId,
    joined: SocketSession,
    place: OwnedSemaphorePermit,
) -> impl IntoResponse {
    // The room notices a reader that went away when its receiver is dropped with this state.
    let frames = stream::unfold((joined.rx, place), |(mut rx, place)| async move {
        let frame = rx.recv().await?;
        let text = String::from_utf8_lossy(&frame).into_owned();
        Some((
            Ok::<_, Infallible>(Event::default().data(text)),
            (rx, place),
        ))
    });
    let key = joined.key;
    let frames = leave_at_end(frames, hub, stream, key);
    let no_buffer = (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    let sse = Sse::new(frames).keep_alive(KeepAlive::new().interval(limits::EVENTS_KEEP_ALIVE));
    ([no_buffer], sse)
}

/// Leaves the room when the frames end; a reader that hangs up is noticed by its dropped receiver.
fn leave_at_end<S: Stream>(
    frames: S,
    hub: Hub,
    room: StreamId,
    key: SessionKey,
) -> impl Stream<Item = S::Item> {
    let leave = stream::once(async move {
        hub.leave_socket(room, key).await;
        None
    });
    frames
        .map(Some)
        .chain(leave)
        .filter_map(|item| async { item })
}

fn accept(
    app: App,
    stream: StreamId,
    joined: SocketSession,
    place: OwnedSemaphorePermit,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .max_message_size(CLIENT_FRAME_BYTES_MAX)
        .max_frame_size(CLIENT_FRAME_BYTES_MAX)
        .read_buffer_size(limits::SOCKET_BUFFER_BYTES)
        .write_buffer_size(limits::SOCKET_BUFFER_BYTES)
        .max_write_buffer_size(limits::SOCKET_WRITE_BYTES_MAX)
        .on_upgrade(move |socket| async move {
            let key = joined.key;
            let end = talk(&app, stream, key, joined.rx, socket).await;
            app.hub.leave_socket(stream, key).await;
            tracing::debug!(%stream, ?end, "socket closed");
            drop(place);
        })
}

/// Why a conversation ended.
#[derive(Debug)]
enum End {
    /// The client closed, or is gone.
    Client,
    /// The hub closed the connection; its last frame said why.
    Hub,
    /// The client broke the protocol.
    Protocol,
    /// Nothing was heard, or nothing could be written, for too long.
    Silent,
    /// The server drains.
    Stop,
}

async fn talk(
    app: &App,
    stream: StreamId,
    key: SessionKey,
    mut rx: SocketReceiver,
    mut socket: WebSocket,
) -> End {
    let mut pings = interval(limits::SOCKET_PING_EVERY);
    let mut heard = Instant::now();
    let stop = app.stop.clone();
    let mut stopped = pin!(stop.cancelled());
    loop {
        let out = tokio::select! {
            frame = rx.recv() => match frame {
                Some(bytes) => text(bytes),
                None => break close(&mut socket, close_code::NORMAL, "", End::Hub).await,
            },
            message = socket.recv() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => {
                        app.hub.socket_frame(stream, key, text.as_bytes()).await;
                        continue;
                    }
                    Some(Ok(Message::Binary(_))) => {
                        let why = "frames are text";
                        break close(&mut socket, close_code::UNSUPPORTED, why, End::Protocol).await;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_))) | None => break End::Client,
                    Some(Err(error)) => {
                        let (code, why) = reason(&error);
                        break close(&mut socket, code, why, End::Protocol).await;
                    }
                }
            },
            _ = pings.tick() => {
                if heard.elapsed() > limits::SOCKET_SILENCE_MAX {
                    break End::Silent;
                }
                Message::Ping(Bytes::new())
            }
            () = &mut stopped => {
                // The rooms have said goodbye before this; it must not lose the race.
                let goodbye = async {
                    while let Some(frame) = rx.try_recv() {
                        socket.send(text(frame)).await?;
                    }
                    Ok::<(), axum::Error>(())
                };
                // Whoever does not read cannot be told.
                let _ = timeout(limits::SOCKET_GOODBYE_TIME_MAX, goodbye).await;
                break close(&mut socket, close_code::RESTART, "", End::Stop).await;
            }
        };
        match timeout(limits::SOCKET_WRITE_TIME_MAX, socket.send(out)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => break End::Client,
            Err(_) => break End::Silent,
        }
    }
}

/// Frames are JSON, so they are UTF-8; the check costs less than a second kind of message.
fn text(bytes: Bytes) -> Message {
    match Utf8Bytes::try_from(bytes) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Ping(Bytes::new()),
    }
}

/// Says why, if the client still listens.
async fn close(socket: &mut WebSocket, code: u16, why: &'static str, end: End) -> End {
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::from_static(why),
    };
    let said = timeout(
        Duration::from_secs(1),
        socket.send(Message::Close(Some(frame))),
    )
    .await;
    drop(said);
    end
}

/// The close code of a broken message (RFC 6455 section 7.4.1).
fn reason(error: &axum::Error) -> (u16, &'static str) {
    let text = error.to_string();
    if text.contains("too long") || text.contains("too big") {
        (close_code::SIZE, "at most 16 KiB")
    } else if text.contains("UTF-8") {
        (close_code::INVALID, "not UTF-8")
    } else {
        (close_code::PROTOCOL, "protocol error")
    }
}
