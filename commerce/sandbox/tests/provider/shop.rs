//! A shop to test with: calls the sandbox as commerce-service would, and receives webhooks.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use commerce_sandbox::{Sandbox, SandboxConfig, WebhookTarget};
use serde_json::{Value, json};

pub(crate) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A started sandbox and a client of it.
pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
    client: reqwest::Client,
}

/// Status and body of an answer.
pub(crate) type Answer = (u16, Value);

impl Shop {
    pub(crate) async fn open() -> Self {
        let mut config = SandboxConfig::new("the-api-secret", "store-1");
        config.webhook_retry_unit = Duration::from_millis(2);
        let sandbox = Sandbox::start(config).await.unwrap();
        Self {
            sandbox,
            client: reqwest::Client::new(),
        }
    }

    pub(crate) async fn call(&self, path: &str, body: Value) -> Answer {
        self.call_with(path, body, &[("authorization", "PortOne the-api-secret")])
            .await
    }

    pub(crate) async fn keyed(&self, path: &str, body: Value, key: &str) -> Answer {
        let headers = [
            ("authorization", "PortOne the-api-secret"),
            ("idempotency-key", key),
        ];
        self.call_with(path, body, &headers).await
    }

    pub(crate) async fn call_with(
        &self,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let url = format!("{}{path}", self.sandbox.base_url);
        let request = self.client.post(url).json(&body);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.sandbox.base_url);
        let request = self
            .client
            .get(url)
            .header("authorization", "PortOne the-api-secret");
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn fault(&self, faults: Value) {
        let (status, body) = self.call_with("/sandbox/faults", faults, &[]).await;
        assert_eq!(status, 200, "{body}");
    }

    /// A registered payment of ₩12,900 with a token from the window.
    pub(crate) async fn authorized(&self, id: &str, approve: bool) -> String {
        let amount = json!({ "storeId": "store-1", "totalAmount": 12_900, "currency": "KRW" });
        let registered = self
            .call(&format!("/payments/{id}/pre-register"), amount)
            .await;
        assert_eq!(registered, (200, json!({})));
        self.window(id, approve).await
    }

    pub(crate) async fn window(&self, id: &str, approve: bool) -> String {
        let path = format!("/sandbox/payments/{id}/authorize");
        let (status, body) = self
            .call_with(&path, json!({ "approve": approve }), &[])
            .await;
        assert_eq!(status, 200, "{body}");
        body["paymentToken"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn confirm(&self, id: &str, token: &str) -> Answer {
        self.call(&format!("/payments/{id}/confirm"), order(token))
            .await
    }
}

/// What a shop sends to confirm an order of ₩12,900.
pub(crate) fn order(token: &str) -> Value {
    json!({ "storeId": "store-1", "paymentToken": token, "totalAmount": 12_900, "currency": "KRW",
        "isTest": true })
}

async fn read(answer: reqwest::Response) -> Answer {
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

/// One webhook as it came in.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Delivery {
    pub(crate) fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// A receiver of webhooks that answers 500 to the first few.
pub(crate) struct Receiver {
    pub(crate) target: WebhookTarget,
    inbox: Arc<Inbox>,
}

struct Inbox {
    failures: Mutex<u32>,
    deliveries: Mutex<Vec<Delivery>>,
}

impl Receiver {
    pub(crate) async fn open(failures: u32) -> Self {
        let inbox = Arc::new(Inbox {
            failures: Mutex::new(failures),
            deliveries: Mutex::default(),
        });
        let router = Router::new()
            .route("/hook", post(receive))
            .with_state(inbox.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            target: WebhookTarget {
                url,
                secret: SECRET.to_owned(),
            },
            inbox,
        }
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.inbox.deliveries.lock().unwrap().clone()
    }

    /// Waits until so many deliveries fit.
    pub(crate) async fn wait(
        &self,
        count: usize,
        fits: impl Fn(&Delivery) -> bool,
    ) -> Vec<Delivery> {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let found: Vec<_> = self.deliveries().into_iter().filter(&fits).collect();
            if found.len() >= count {
                return found;
            }
            assert!(
                Instant::now() < deadline,
                "{} of {count} webhooks came",
                found.len()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn receive(
    State(inbox): State<Arc<Inbox>>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::http::StatusCode {
    inbox
        .deliveries
        .lock()
        .unwrap()
        .push(Delivery { headers, body });
    let mut failures = inbox.failures.lock().unwrap();
    if *failures > 0 {
        *failures -= 1;
        return axum::http::StatusCode::INTERNAL_SERVER_ERROR;
    }
    axum::http::StatusCode::NO_CONTENT
}
