//! As much of an HTTP server as WHIP and WHEP clients of this crate need: POST and DELETE.
//!
//! For the servers that stand here to be compared (the bare media plane, the baseline). No
//! authorization, no limits, no ETag: never for anything else.

use std::{future::Future, sync::Arc};

use anyhow::{Context, Result};
use media_core::peer::Role;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Something that answers offers.
pub trait Plane: Send + Sync + 'static {
    /// Answers an offer: the answer and a name for the session.
    fn answer(
        &self,
        role: Role,
        offer: String,
    ) -> impl Future<Output = Result<(String, String)>> + Send;

    /// Ends a session.
    fn end(&self, session: String) -> impl Future<Output = ()> + Send;
}

struct Request {
    method: String,
    path: String,
    body: String,
}

/// Serves until the listener fails.
///
/// # Errors
/// When it does.
pub async fn serve<P: Plane>(listener: TcpListener, plane: Arc<P>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let plane = plane.clone();
        tokio::spawn(async move {
            if let Err(error) = connection(stream, &*plane).await {
                tracing::debug!("a connection ended: {error:#}");
            }
        });
    }
}

async fn connection(stream: TcpStream, plane: &impl Plane) -> Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let role = match request.path.as_str() {
            "/whip" => Some(Role::Publisher),
            "/whep" => Some(Role::Viewer),
            _ => None,
        };
        let response = match (request.method.as_str(), role) {
            ("POST", Some(role)) => match plane.answer(role, request.body).await {
                Ok((answer, session)) => format!(
                    "HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\n\
                     Location: /session/{session}\r\nContent-Length: {}\r\n\r\n{answer}",
                    answer.len()
                ),
                Err(error) => {
                    let text = format!("{error:#}");
                    let len = text.len();
                    format!("HTTP/1.1 422 Refused\r\nContent-Length: {len}\r\n\r\n{text}")
                }
            },
            ("DELETE", None) => {
                let session = request.path.trim_start_matches("/session/");
                plane.end(session.to_owned()).await;
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()
            }
            _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        };
        stream.get_mut().write_all(response.as_bytes()).await?;
    }
    Ok(())
}

async fn read(stream: &mut BufReader<TcpStream>) -> Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut parts = line.split(' ');
    let method = parts.next().context("no method")?.to_owned();
    let path = parts.next().context("no path")?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let body = String::from_utf8(body)?;
    Ok(Some(Request { method, path, body }))
}
