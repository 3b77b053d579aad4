//! The HTTP client of the providers: bounded in time and size, without redirects, and without
//! secrets in what it says when it fails.

use reqwest::{Client, RequestBuilder, redirect::Policy};
use serde_json::Value;

use super::answer::Answer;
use crate::{PaymentConfig, ServiceError, limits};

/// A client with the configured patience.
pub(super) fn build(config: &PaymentConfig) -> Result<Client, ServiceError> {
    let client = Client::builder()
        .connect_timeout(limits::PROVIDER_CONNECT_MAX)
        .timeout(config.timeout())
        .pool_max_idle_per_host(limits::PROVIDER_IDLE_MAX)
        .redirect(Policy::none());
    // A proxy of the environment has no business with a provider on this machine.
    let client = match config.is_local() {
        true => client.no_proxy(),
        false => client,
    };
    client
        .build()
        .map_err(|error| ServiceError::Config(error.to_string()))
}

/// Sends a request and reads its answer.
pub(super) async fn answer(request: RequestBuilder) -> Result<Answer, String> {
    // The address may stand in a reqwest error, never the secret.
    let mut response = request
        .send()
        .await
        .map_err(|error| error.without_url().to_string())?;
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| error.without_url().to_string())?
    {
        if bytes.len() + chunk.len() > limits::PROVIDER_BODY_MAX {
            return Err("the provider's answer is too long".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    // A proxy's error page is no JSON; its status says enough.
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Ok(Answer { status, body })
}
