//! The room by WebSocket.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use crate::{souk::Ready, viewer::PATIENCE};

/// An open socket in a room.
pub(crate) struct Socket {
    inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens one in the demo's room. Its send buffer is so small that the server may close while
    /// a long message is still being written.
    pub(crate) async fn open(ready: &Ready) -> Self {
        let address = ready.ws(&format!("/api/streams/{}/events", ready.stream_id));
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_send_buffer_size(2_048).unwrap();
        let server = ready.authority().parse().unwrap();
        let stream = MaybeTlsStream::Plain(tcp.connect(server).await.unwrap());
        Self {
            inner: client_async(address, stream).await.unwrap().0,
        }
    }

    /// The next frame that fits; others are passed over.
    pub(crate) async fn frame(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let next = async {
            loop {
                match self.inner.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let frame: Value = serde_json::from_str(&text).unwrap();
                        if fits(&frame) {
                            return frame;
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("{other:?} instead of {what}"),
                }
            }
        };
        timeout(PATIENCE, next)
            .await
            .unwrap_or_else(|_| panic!("no {what}"))
    }

    /// Sends a client frame.
    pub(crate) async fn send(&mut self, kind: &str, payload: Value) {
        let frame = json!({ "v": 1, "t": kind, "d": payload }).to_string();
        self.raw(Message::text(frame)).await;
    }

    /// Sends anything.
    pub(crate) async fn raw(&mut self, message: Message) {
        self.inner.send(message).await.unwrap();
    }

    /// The code with which the server closes.
    pub(crate) async fn close_code(mut self) -> CloseCode {
        let closed = async {
            loop {
                match self.inner.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return frame.code,
                    Some(Ok(_)) => {}
                    other => panic!("{other:?} instead of a close frame"),
                }
            }
        };
        timeout(PATIENCE, closed).await.unwrap()
    }
}
