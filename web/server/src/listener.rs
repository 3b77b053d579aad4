//! The accept loop: connections in, requests to the router, within limits.
//!
//! Not `axum::serve`, because a connection here has a time for its request head, a size for its
//! headers, a place among `http.max_connections`, and perhaps TLS. When the server drains, open
//! connections finish the request that they are in and close. A closed connection lingers
//! (`linger.rs`), so that a refusal arrives whatever the client was still sending.

mod linger;

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{Router, extract::ConnectInfo};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{config::HttpConfig, limits};
use linger::{Linger, Lingering};

/// A bound edge that does not answer yet.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    places: Arc<Semaphore>,
    linger: Linger,
}

impl Listener {
    /// Binds the address and reads the certificate.
    pub(crate) async fn bind(config: &HttpConfig) -> anyhow::Result<Self> {
        let socket = TcpListener::bind(config.bind)
            .await
            .with_context(|| format!("http.bind: cannot listen on {}", config.bind))?;
        let tls = match &config.tls {
            Some((certificate, key)) => Some(acceptor(certificate, key)?),
            None => None,
        };
        Ok(Self {
            socket,
            tls,
            places: Arc::new(Semaphore::new(config.max_connections)),
            linger: Linger::new(),
        })
    }

    /// The address that was bound.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until `stop`, then waits for open requests, at most
    /// [`DRAIN_TIME_MAX`](limits::DRAIN_TIME_MAX).
    pub(crate) async fn serve(self, router: Router, stop: CancellationToken) {
        let connections = TaskTracker::new();
        loop {
            let place = tokio::select! {
                () = stop.cancelled() => break,
                place = self.places.clone().acquire_owned() => place,
            };
            let Ok(place) = place else { break };
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or the peer left before we looked; neither lasts.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            metrics::counter!("souk_http_connections_total").increment(1);
            // Frames and acknowledgements are small and must not wait for more.
            let _ = stream.set_nodelay(true);
            let stream = self.linger.wrap(stream);
            let work = connection(stream, peer, self.tls.clone(), router.clone(), stop.clone());
            connections.spawn(async move {
                work.await;
                drop(place);
            });
        }
        drop(self.socket);
        connections.close();
        if tokio::time::timeout(limits::DRAIN_TIME_MAX, connections.wait())
            .await
            .is_err()
        {
            tracing::info!(
                open = connections.len(),
                "left connections that did not finish"
            );
        }
    }
}

async fn connection(
    stream: Lingering,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    stop: CancellationToken,
) {
    let Some(tls) = tls else {
        return serve_http(stream, peer, router, stop).await;
    };
    match tokio::time::timeout(limits::TLS_TIME_MAX, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve_http(stream, peer, router, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn serve_http<S>(stream: S, peer: SocketAddr, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let builder = http();
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    tokio::select! {
        served = connection.as_mut() => {
            if let Err(error) = served {
                tracing::debug!(%error, "connection ended");
            }
            return;
        }
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

fn http() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIME_MAX)
        .max_headers(limits::HEADERS_MAX)
        .max_buf_size(limits::HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits::HEAD_BYTES_MAX as u32)
        .max_concurrent_streams(limits::H2_STREAMS_MAX)
        .keep_alive_interval(limits::HEAD_TIME_MAX)
        .keep_alive_timeout(limits::HEAD_TIME_MAX);
    builder
}

fn acceptor(certificate: &Path, key: &Path) -> anyhow::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .context("http.tls_certificate: cannot read the chain")?;
    let key = PrivateKeyDer::from_pem_file(key).context("http.tls_key: cannot read the key")?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("http.tls_certificate: does not fit http.tls_key")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
