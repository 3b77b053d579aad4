//! `[portone]`: who takes real money. Either everything that one of its APIs needs, or nothing.
//!
//! A server that is configured half is refused at start: one that takes play money while its owner
//! believes in real money is worse than one that does not start.

use commerce_service::{PayMethod, PaymentConfig, PaymentKind, Secret};
use serde::{Deserialize, Serialize};

use super::check::{Checked, wrong};

/// Where the newer API is.
const V2_URL: &str = "https://api.portone.io";
/// Where the older API is.
const V1_URL: &str = "https://api.iamport.kr";
/// Most secrets of webhooks: the one in use and the next.
const SECRETS_MAX: usize = 2;

/// `[portone]`
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawPortone {
    /// The secret of the API; with the older one, its `imp_secret`.
    pub(crate) api_secret: String,
    /// The key of the older API.
    pub(crate) imp_key: String,
    /// `whsec_…` of the webhooks of the newer API: one, or two while they are being changed.
    pub(crate) webhook_secrets: Vec<String>,
    /// Our store; with the older API, the code of the merchant, `imp…`.
    pub(crate) store_id: String,
    /// The channel that the buyer's page opens.
    pub(crate) channel_key: String,
    /// What it opens with: `CARD`, `EASY_PAY`, `TRANSFER`, `MOBILE` or `GIFT_CERTIFICATE`; empty:
    /// `CARD`.
    pub(crate) pay_method: String,
    /// Whether that is a test channel, on which no money moves.
    pub(crate) test_channel: bool,
    /// Where the API is; empty: PortOne's own address.
    pub(crate) base_url: String,
}

impl std::fmt::Debug for RawPortone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawPortone")
            .field("store_id", &self.store_id)
            .field("test_channel", &self.test_channel)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// The provider that is meant, or `None` for the embedded sandbox.
pub(super) fn check(payment: &str, raw: RawPortone) -> Checked<Option<PaymentConfig>> {
    match payment {
        "sandbox" => {
            let set = [
                ("portone.api_secret", !raw.api_secret.is_empty()),
                ("portone.imp_key", !raw.imp_key.is_empty()),
                ("portone.webhook_secrets", !raw.webhook_secrets.is_empty()),
                ("portone.store_id", !raw.store_id.is_empty()),
                ("portone.channel_key", !raw.channel_key.is_empty()),
                ("portone.pay_method", !raw.pay_method.is_empty()),
                ("portone.base_url", !raw.base_url.is_empty()),
                ("portone.test_channel", raw.test_channel),
            ];
            match set.into_iter().find(|(_, set)| *set) {
                Some((key, _)) => wrong(key, "is set, but `shop.payment` is `sandbox`"),
                None => Ok(None),
            }
        }
        "portone_v2" => v2(raw).map(Some),
        "portone_v1" => v1(raw).map(Some),
        _ => wrong(
            "shop.payment",
            "must be `sandbox`, `portone_v2` or `portone_v1`",
        ),
    }
}

fn v2(raw: RawPortone) -> Checked<PaymentConfig> {
    if !raw.imp_key.is_empty() {
        return wrong("portone.imp_key", "belongs to `portone_v1`");
    }
    if raw.webhook_secrets.is_empty() {
        return wrong("portone.webhook_secrets", "is missing");
    }
    if raw.webhook_secrets.len() > SECRETS_MAX {
        return wrong("portone.webhook_secrets", "must be one or two");
    }
    for secret in &raw.webhook_secrets {
        if !commerce_service::is_webhook_secret(secret) {
            return wrong("portone.webhook_secrets", "must be `whsec_` and base64");
        }
    }
    let secrets = raw.webhook_secrets.iter().map(Secret::new).collect();
    let config = whole(PaymentKind::PortoneV2, V2_URL, raw)?;
    Ok(PaymentConfig {
        webhook_secrets: secrets,
        ..config
    })
}

fn v1(raw: RawPortone) -> Checked<PaymentConfig> {
    if raw.imp_key.is_empty() {
        return wrong("portone.imp_key", "is missing");
    }
    if !raw.webhook_secrets.is_empty() {
        return wrong("portone.webhook_secrets", "the older API does not sign");
    }
    let key = raw.imp_key.clone();
    let config = whole(PaymentKind::PortoneV1, V1_URL, raw)?;
    Ok(PaymentConfig {
        imp_key: Some(key),
        ..config
    })
}

/// What both APIs need.
fn whole(kind: PaymentKind, url: &str, raw: RawPortone) -> Checked<PaymentConfig> {
    for (key, text) in [
        ("portone.api_secret", &raw.api_secret),
        ("portone.store_id", &raw.store_id),
        ("portone.channel_key", &raw.channel_key),
    ] {
        if text.is_empty() {
            return wrong(key, "is missing");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return wrong(key, "must be printable ASCII without spaces");
        }
    }
    let base_url = match raw.base_url.as_str() {
        "" => url.to_owned(),
        url => url.to_owned(),
    };
    let local = ["http://127.0.0.1:", "http://[::1]:"];
    let sound =
        base_url.starts_with("https://") || local.iter().any(|local| base_url.starts_with(local));
    if !sound || base_url.ends_with('/') {
        return wrong(
            "portone.base_url",
            "must be https, or http on loopback, without a slash at the end",
        );
    }
    let pay_method = pay_method(&raw.pay_method)?;
    let secret = Secret::new(raw.api_secret);
    Ok(PaymentConfig {
        kind,
        store_id: Some(raw.store_id),
        channel_key: Some(raw.channel_key),
        pay_method: Some(pay_method),
        test_channel: raw.test_channel,
        ..PaymentConfig::sandbox(base_url, secret, None)
    })
}

fn pay_method(text: &str) -> Checked<PayMethod> {
    Ok(match text {
        "" | "CARD" => PayMethod::Card,
        "EASY_PAY" => PayMethod::EasyPay,
        "TRANSFER" => PayMethod::Transfer,
        "MOBILE" => PayMethod::Mobile,
        "GIFT_CERTIFICATE" => PayMethod::GiftCertificate,
        _ => {
            return wrong(
                "portone.pay_method",
                "must be `CARD`, `EASY_PAY`, `TRANSFER`, `MOBILE` or `GIFT_CERTIFICATE`",
            );
        }
    })
}
