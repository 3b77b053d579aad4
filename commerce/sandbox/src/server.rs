//! The running provider: listener, shared state, start and stop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use crate::{
    Faults, SandboxConfig, WebhookTarget, api, idempotency::Keys, ledger::Ledger, limits, webhook,
};

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It only listens on loopback: its window asks for no credentials.
    #[error("the payment sandbox listens on loopback addresses only")]
    NotLoopback,
    /// An empty secret or store id.
    #[error("the payment sandbox needs an API secret and a store id")]
    Incomplete,
    /// The port is taken, or the like.
    #[error("payment sandbox: {0}")]
    Listen(#[from] std::io::Error),
    /// The webhook client could not be built.
    #[error("payment sandbox: {0}")]
    Client(#[from] reqwest::Error),
}

/// A running provider. Stops when it is dropped, too, but then nobody waits for it.
pub struct Sandbox {
    /// `http://127.0.0.1:port`, what a shop is configured with.
    pub base_url: String,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

pub(crate) struct State {
    pub(crate) api_secret: String,
    pub(crate) store_id: String,
    pub(crate) sender: webhook::Sender,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) stopped: watch::Receiver<bool>,
    book: Mutex<Book>,
}

/// All that changes, behind one lock that is never held across an await.
pub(crate) struct Book {
    pub(crate) ledger: Ledger,
    pub(crate) keys: Keys,
    pub(crate) faults: Faults,
    pub(crate) webhook: Option<WebhookTarget>,
    pub(crate) confirm_url: Option<String>,
    /// Where events of the older API go.
    pub(crate) webhook_v1: Option<String>,
    /// Events that are kept back, to leave in another order.
    pub(crate) kept: Vec<webhook::Notice>,
    /// The access token of the older API.
    pub(crate) token: Option<String>,
}

impl State {
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sandbox {
    /// Listens and serves in the background.
    ///
    /// # Errors
    /// [`SandboxError`]; nothing runs then.
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        if !config.bind.ip().is_loopback() {
            return Err(SandboxError::NotLoopback);
        }
        if config.api_secret.is_empty() || config.store_id.is_empty() {
            return Err(SandboxError::Incomplete);
        }
        let listener = TcpListener::bind(config.bind).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = watch::channel(false);
        let state = Arc::new(State {
            api_secret: config.api_secret,
            store_id: config.store_id,
            sender: webhook::Sender::new(config.webhook_retry_unit, stopped.clone())?,
            places: Arc::new(Semaphore::new(limits::REQUESTS_MAX)),
            stopped: stopped.clone(),
            book: Mutex::new(Book {
                ledger: Ledger::default(),
                keys: Keys::default(),
                faults: config.faults.bounded(),
                webhook: config.webhook,
                confirm_url: config.confirm_url,
                webhook_v1: None,
                kept: Vec::new(),
                token: None,
            }),
        });
        let router = api::router(state.clone());
        let serving = tokio::spawn(async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(async move {
                    let mut stopped = stopped;
                    // Also when the sandbox was dropped.
                    let _ = stopped.wait_for(|stopped| *stopped).await;
                })
                .await;
            if let Err(error) = served {
                tracing::error!(%error, "sandbox: no longer listening");
            }
        });
        Ok(Self {
            base_url,
            state,
            stop,
            serving,
        })
    }

    /// Replaces the faults; `Faults::default()` heals everything.
    pub fn set_faults(&self, faults: Faults) {
        self.state.book().faults = faults.bounded();
    }

    /// Sends later events elsewhere, or nowhere.
    pub fn set_webhook(&self, target: Option<WebhookTarget>) {
        self.state.book().webhook = target;
    }

    /// Sends later events of the older API to an address, or nowhere.
    pub fn set_webhook_v1(&self, url: Option<String>) {
        self.state.book().webhook_v1 = url;
    }

    /// Asks somebody else before a charge, or nobody.
    pub fn set_confirm_url(&self, url: Option<String>) {
        self.state.book().confirm_url = url;
    }

    /// Stops listening; requests that hang are let go, webhooks that wait are dropped.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let patience = std::time::Duration::from_secs(5);
        if tokio::time::timeout(patience, &mut self.serving)
            .await
            .is_err()
        {
            self.serving.abort();
        }
    }
}
