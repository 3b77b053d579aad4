//! Somebody who receives webhooks: a real HTTP server that keeps what came and answers as told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::fixture::eventually;

/// Answers nothing at all.
pub(crate) const SILENCE: u16 = 0;

/// A webhook that came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found
            .unwrap_or_else(|| panic!("{name}: {}", self.head))
            .1
            .to_owned()
    }

    pub(crate) fn id(&self) -> String {
        self.header("webhook-id")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// Signatures that came with it, and how many of them the secret made: the rule of Standard
    /// Webhooks, written out.
    pub(crate) fn signatures(&self, secret: &str) -> (usize, usize) {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signed = format!(
            "{}.{}.{}",
            self.id(),
            self.header("webhook-timestamp"),
            self.body
        );
        let expected = format!(
            "v1,{}",
            STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
        );
        let all = self.header("webhook-signature");
        let fitting = all.split(' ').filter(|one| *one == expected).count();
        (all.split(' ').count(), fitting)
    }
}

/// The server. It ends with the test's runtime.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    scheme: &'static str,
    address: &'static str,
    received: Arc<Mutex<Vec<Received>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    pub(crate) async fn start(status: u16) -> Self {
        Self::at("127.0.0.1", status, "").await
    }

    /// At an address of this machine, with one more header in every answer.
    pub(crate) async fn at(address: &'static str, status: u16, header: &str) -> Self {
        Self::listening(address, status, header, None).await
    }

    /// Behind TLS, with a certificate and its key, as PEM.
    pub(crate) async fn secured(status: u16, (certificate, key): (String, String)) -> Self {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        Self::listening("127.0.0.1", status, "", Some(tls)).await
    }

    async fn listening(
        address: &'static str,
        status: u16,
        header: &str,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let found = Self {
            port: listener.local_addr().unwrap().port(),
            scheme: tls.as_ref().map_or("http", |_| "https"),
            address,
            received: received.clone(),
            status: Arc::new(AtomicU16::new(status)),
        };
        let (status, header) = (found.status.clone(), header.to_owned());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (received, status) = (received.clone(), status.clone());
                let (header, tls) = (header.clone(), tls.clone());
                tokio::spawn(async move {
                    let Some(tls) = tls else {
                        return serve(socket, received, status, header).await;
                    };
                    // Who does not like the certificate hangs up.
                    if let Ok(socket) = tls.accept(socket).await {
                        serve(socket, received, status, header).await;
                    }
                });
            }
        });
        found
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}:{}/hook", self.scheme, self.address, self.port)
    }

    /// What it answers from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits for so many webhooks.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Received> {
        eventually(&format!("{count} webhooks at {}", self.url()), || {
            let there = self.received.lock().unwrap().len() >= count;
            async move { there }
        })
        .await;
        self.received()
    }
}

async fn serve(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    received: Arc<Mutex<Vec<Received>>>,
    status: Arc<AtomicU16>,
    header: String,
) {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let fits = name.eq_ignore_ascii_case("content-length");
            fits.then(|| value.parse::<usize>().unwrap())
        });
        break (head.to_owned(), length.unwrap_or(0));
    };
    let start = head.len() + 4;
    while bytes.len() < start + length {
        if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let body = String::from_utf8(bytes[start..].to_vec()).unwrap();
    let status = status.load(Ordering::SeqCst);
    received.lock().unwrap().push(Received { head, body });
    if status == SILENCE {
        // Until the sender hangs up.
        let _ = socket.read_buf(&mut bytes).await;
        return;
    }
    let answer =
        format!("HTTP/1.1 {status} X\r\n{header}content-length: 0\r\nconnection: close\r\n\r\n");
    let _ = socket.write_all(answer.as_bytes()).await;
    let _ = socket.shutdown().await;
}
