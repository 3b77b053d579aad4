//! Signatures of Standard Webhooks, for those that come in and those that go out.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::HeaderMap;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook, WebhookError,
};

use crate::Secret;

/// The headers of a signed webhook; each must come exactly once.
pub(crate) const HEADERS: [&str; 3] = [
    HEADER_WEBHOOK_ID,
    HEADER_WEBHOOK_TIMESTAMP,
    HEADER_WEBHOOK_SIGNATURE,
];

/// Whether a text can be a secret: `whsec_` and base64.
pub fn is_webhook_secret(text: &str) -> bool {
    text.starts_with("whsec_") && text.len() >= 16 && Webhook::new(text).is_ok()
}

/// A fresh secret of 256 bits.
pub(crate) fn fresh() -> Secret {
    let random: [u8; 32] = rand::random();
    Secret::new(format!("whsec_{}", STANDARD.encode(random)))
}

/// Signs with every secret, so that a receiver that has either one can verify.
///
/// # Errors
/// A secret that is none.
pub(crate) fn sign(
    secrets: &[Secret],
    id: &str,
    at_s: i64,
    body: &str,
) -> Result<String, WebhookError> {
    let sign = |secret: &Secret| Webhook::new(secret.expose())?.sign(id, at_s, body.as_bytes());
    let signatures: Result<Vec<String>, WebhookError> = secrets.iter().map(sign).collect();
    Ok(signatures?.join(" "))
}

/// Whether one of the secrets signed it, within the last five minutes.
///
/// # Errors
/// Why not.
pub(crate) fn verify(secrets: &[Secret], headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    for name in HEADERS {
        if headers.get_all(name).iter().count() != 1 {
            return Err("each webhook header must come once".to_owned());
        }
    }
    let mut why = "no secret is configured".to_owned();
    for secret in secrets {
        let Ok(verifier) = Webhook::new(secret.expose()) else {
            return Err("the secret is malformed".to_owned());
        };
        match verifier.verify(body, headers) {
            Ok(()) => return Ok(()),
            Err(error) => why = error.to_string(),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The vector of the specification's own library.
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let secret = Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
        assert_eq!(
            sign(&[secret], id, 1_649_367_553, body).unwrap(),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
    }

    #[test]
    fn either_secret_verifies_and_no_other() {
        let (old, new, foreign) = (fresh(), fresh(), fresh());
        assert!(is_webhook_secret(new.expose()));
        let at = commerce_store::clock::now_us() / 1_000_000;
        let signature = sign(&[new.clone(), old.clone()], "evt_1", at, "{}").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "evt_1".parse().unwrap());
        headers.insert("webhook-timestamp", at.to_string().parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        for known in [old, new] {
            assert_eq!(verify(&[known], &headers, b"{}"), Ok(()));
        }
        assert!(verify(std::slice::from_ref(&foreign), &headers, b"{}").is_err());
        assert!(verify(&[], &headers, b"{}").is_err());
        headers.append("webhook-id", "evt_2".parse().unwrap());
        assert!(verify(&[foreign], &headers, b"{}").is_err());
    }
}
