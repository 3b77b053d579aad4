//! One request to an address that somebody else chose.
//!
//! The name is looked up here, every address that comes back is judged, and the connection is made
//! to one of those addresses and no other: a name that means something else a moment later changes
//! nothing. Addresses written out in a URL pass no lookup, so they are judged by themselves. No
//! redirect is followed, no proxy asked, and of the answer little is read.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use commerce_core::hook::{Allowances, Forbidden, Outcome};
use reqwest::{
    Certificate, Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT},
    redirect::Policy,
};

use super::{Names, WebhookConfig};
use crate::{ServiceError, limits, signature};

/// What we call ourselves.
const AGENT: &str = concat!("Souk-Webhooks/", env!("CARGO_PKG_VERSION"));

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Not in time.
    Timeout,
    /// No connection, or one that broke.
    Connect,
    /// The address answered with a certificate that is not good for it.
    Tls,
    /// The address is none that webhooks may go to.
    ForbiddenAddress,
    /// The URL is none that webhooks may go to.
    Url,
    /// Our own copy of the secret cannot be read.
    Secret,
}

impl Failure {
    /// The stored and wire name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::ForbiddenAddress => "forbidden_address",
            Self::Url => "url",
            Self::Secret => "secret",
        }
    }
}

/// What came of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// The status, or why there was none.
    pub(crate) status: Result<u16, Failure>,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

impl Answer {
    /// There was none.
    pub(crate) const fn none(why: Failure, took: Duration) -> Self {
        Self {
            status: Err(why),
            outcome: Outcome::NONE,
            took,
        }
    }
}

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) url: String,
    pub(crate) id: String,
    /// When it is signed, seconds since 1970.
    pub(crate) at_s: i64,
    pub(crate) signature: String,
    pub(crate) body: String,
}

/// Sends; clones share the connections.
#[derive(Clone)]
pub(crate) struct Poster {
    client: Client,
    config: Arc<WebhookConfig>,
}

impl Poster {
    /// Makes the client.
    ///
    /// # Errors
    /// [`ServiceError::Config`].
    pub(crate) fn new(config: WebhookConfig) -> Result<Self, ServiceError> {
        let guard = Guard {
            allow: Arc::new(config.allow.clone()),
            names: config.names.clone(),
        };
        let roots = Certificate::from_pem_bundle(config.roots.as_bytes());
        let roots = roots.map_err(|error| ServiceError::Config(error.to_string()))?;
        let client = Client::builder()
            .tls_certs_merge(roots)
            .https_only(!config.plain_http)
            .redirect(Policy::none())
            .referer(false)
            // A proxy would look names up and connect by itself.
            .no_proxy()
            .dns_resolver(Arc::new(guard))
            .connect_timeout(limits::HOOK_CONNECT_MAX)
            .timeout(Duration::from_millis(config.timeout_ms))
            .pool_max_idle_per_host(limits::HOOK_PARALLEL_MAX)
            .pool_idle_timeout(limits::HOOK_IDLE_MAX)
            .build()
            .map_err(|error| ServiceError::Config(error.to_string()))?;
        Ok(Self {
            client,
            config: Arc::new(config),
        })
    }

    /// Whether a text is an address that webhooks may be sent to, as far as it says by itself;
    /// returns it in its one spelling.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(crate) fn target(&self, text: &str) -> Result<Url, &'static str> {
        if text.len() > limits::HOOK_URL_BYTES_MAX {
            return Err("is too long");
        }
        let url = Url::parse(text).map_err(|_| "is not an address")?;
        match url.scheme() {
            "https" => {}
            "http" if self.config.plain_http => {}
            _ => return Err("must be an https address"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a password");
        }
        if url.fragment().is_some() {
            return Err("must not have a fragment");
        }
        let port = url.port_or_known_default();
        let open = |port| self.config.ports.is_empty() || self.config.ports.contains(&port);
        if !port.is_some_and(open) {
            return Err("is on a port that is not allowed");
        }
        match written_out(&url) {
            Some(address) => match self.config.allow.admit(&address.to_string(), address) {
                Ok(()) => Ok(url),
                Err(_) => Err("is an address that is not allowed"),
            },
            None => Ok(url),
        }
    }

    /// Sends, and hears what comes back.
    pub(crate) async fn send(&self, letter: Letter) -> Answer {
        let began = Instant::now();
        let Ok(url) = self.target(&letter.url) else {
            return Answer::none(Failure::Url, began.elapsed());
        };
        let [id, at, signed] = signature::HEADERS;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, AGENT)
            .header(id, letter.id)
            .header(at, letter.at_s)
            .header(signed, letter.signature)
            .body(letter.body);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Answer::none(failure(&error), began.elapsed()),
        };
        let took = began.elapsed();
        let status = answer.status().as_u16();
        let outcome = Outcome::of(status, retry_after_s(answer.headers()));
        // The status has said everything; the rest is read for the connection's sake.
        let _ = tokio::time::timeout(limits::HOOK_BODY_WAIT, skim(answer)).await;
        Answer {
            status: Ok(status),
            outcome,
            took,
        }
    }
}

/// The address in a URL that names none but an address.
fn written_out(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_matches(['[', ']']).parse().ok()
}

/// Reads a short answer to its end, so that the connection can be used again; leaves a long one.
async fn skim(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > limits::HOOK_BODY_BYTES_MAX {
            return;
        }
    }
}

/// Seconds of `Retry-After`; dates are not read, which makes the wait the usual one.
fn retry_after_s(headers: &HeaderMap) -> Option<u32> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

fn failure(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<Refused>() {
            metrics::counter!("souk_webhook_addresses_refused_total").increment(1);
            return Failure::ForbiddenAddress;
        }
        if inner.is::<rustls::Error>() {
            return Failure::Tls;
        }
        // The source of an error of the system is not what it wraps, but the source of that.
        cause = match inner.downcast_ref::<io::Error>() {
            Some(outer) => outer.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => inner.source(),
        };
    }
    match error.is_timeout() {
        true => Failure::Timeout,
        false => Failure::Connect,
    }
}

/// Looks names up and lets through what may be connected to.
struct Guard {
    allow: Arc<Allowances>,
    names: Names,
}

/// A name that means an address which webhooks may not go to.
#[derive(Debug)]
struct Refused(Forbidden);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the address is not public: {:?}", self.0)
    }
}

impl Error for Refused {}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow, names) = (self.allow.clone(), self.names.clone());
        Box::pin(async move {
            let host = name.as_str();
            let found = names.look_up(host).await?;
            for address in &found {
                // One address that is not public spoils them all: an honest name has none.
                allow.admit(host, *address).map_err(Refused)?;
            }
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}
