//! The HTTP API as a client uses it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::{
    souk::{Account, Ready},
    viewer::PATIENCE,
};

/// A client, perhaps signed in.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

impl Api {
    /// Nobody.
    pub(crate) fn anonymous(ready: &Ready) -> Self {
        let client = Client::builder()
            .no_proxy()
            .cookie_store(true)
            .build()
            .unwrap();
        Self {
            client,
            base: ready.http.clone(),
            token: None,
        }
    }

    /// Signed in as one of the demo's accounts.
    pub(crate) async fn signed_in(ready: &Ready, account: &Account) -> Self {
        let mut api = Self::anonymous(ready);
        let body = json!({ "email": account.email, "password": account.password });
        let answer = api.post("/api/auth/login", body).await;
        api.token = Some(answer["access_token"].as_str().unwrap().to_owned());
        api
    }

    /// A new account.
    pub(crate) async fn registered(ready: &Ready, email: &str) -> Self {
        let mut api = Self::anonymous(ready);
        let body = json!({ "email": email, "password": "a long pass phrase", "display_name": "T" });
        let answer = api.post("/api/auth/register", body).await;
        api.token = Some(answer["access_token"].as_str().unwrap().to_owned());
        api
    }

    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    /// With another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same person at a server that was started anew.
    pub(crate) fn at(&self, ready: &Ready) -> Self {
        Self {
            base: ready.http.clone(),
            ..self.clone()
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// GET of something that must be there.
    pub(crate) async fn get(&self, path: &str) -> Value {
        good(path, self.request(Method::GET, path)).await
    }

    /// POST that must succeed.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        good(path, self.request(Method::POST, path).json(&body)).await
    }

    /// POST without a body that must succeed.
    pub(crate) async fn poke(&self, path: &str) -> Value {
        good(path, self.request(Method::POST, path)).await
    }

    /// `POST /api/orders`.
    pub(crate) async fn buy(&self, key: &str, body: &Value) -> reqwest::Result<Response> {
        let request = self
            .request(Method::POST, "/api/orders")
            .header("idempotency-key", key);
        request.json(body).send().await
    }

    /// All rows of a list, page by page.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}?limit=100{cursor}")).await;
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["page"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }
}

/// Sends it, and again for as long as a server that is busy asks to come back.
async fn good(path: &str, request: RequestBuilder) -> Value {
    let begun = Instant::now();
    loop {
        let response = request.try_clone().unwrap().send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        if status == StatusCode::SERVICE_UNAVAILABLE && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        assert!(status.is_success(), "{path}: {status} {text}");
        return serde_json::from_str(&text).unwrap_or(Value::Null);
    }
}

/// Status and `code` of a refusal, after a look at its form.
pub(crate) async fn refusal(response: Response) -> (StatusCode, String) {
    let status = response.status();
    let kind = response.headers().get("content-type").cloned();
    let retry = response.headers().get("retry-after").cloned();
    let text = response.text().await.unwrap();
    assert_eq!(kind.unwrap(), "application/problem+json", "{status} {text}");
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["status"], status.as_u16(), "{text}");
    assert!(
        problem["request_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("req_")),
        "{text}"
    );
    if status == 503 || status == 429 {
        assert!(retry.is_some(), "{status} without Retry-After");
    }
    (status, problem["code"].as_str().unwrap().to_owned())
}

/// What an authenticator with this secret shows in so many seconds.
pub(crate) fn one_time_code(secret: &str, ahead: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let authenticator = Builder::new().with_secret(secret).with_account_name("test");
    let authenticator = authenticator.build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    authenticator.generate(now.as_secs() + ahead).to_string()
}
