//! How the shop is run. Plain data, checked by `start`.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use commerce_core::limits::{HOLD_SECONDS_MAX, HOLD_SECONDS_MIN};
use commerce_store::PersonalData;
use serde::{Deserialize, Serialize};

use crate::{LeaseKey, ServiceError, WebhookConfig, limits::WEBHOOK_SECRETS_MAX};

/// A text that never shows up in a log.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one who needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Which provider takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// Play money: the embedded provider that behaves like PortOne V2.
    Sandbox,
    /// PortOne V2 with manual confirm, or with a confirm address.
    PortoneV2,
    /// PortOne's older API, with a confirm address.
    PortoneV1,
}

impl PaymentKind {
    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::PortoneV2 => "portone_v2",
            Self::PortoneV1 => "portone_v1",
        }
    }
}

/// How the buyer pays in PortOne's window. Only ways that charge at once: what a buyer transfers on
/// another day comes when the units are long gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PayMethod {
    /// By card.
    Card,
    /// By a wallet, as its channel says.
    EasyPay,
    /// From the buyer's bank account.
    Transfer,
    /// With the telephone bill.
    Mobile,
    /// With vouchers.
    GiftCertificate,
}

/// The payment provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentConfig {
    /// Which one.
    pub kind: PaymentKind,
    /// Where it listens, as in `https://api.portone.io`, without a slash at the end.
    pub base_url: String,
    /// The secret of its API.
    pub api_secret: Secret,
    /// The key of its older API; `api_secret` is the secret to it.
    #[serde(default)]
    pub imp_key: Option<String>,
    /// The secrets of its webhooks, `whsec_…`: one, or two while they are being changed. Without
    /// any, signed webhooks are refused. The older API does not sign.
    #[serde(default)]
    pub webhook_secrets: Vec<Secret>,
    /// Our store there; when set, charges for another store are not ours.
    #[serde(default)]
    pub store_id: Option<String>,
    /// The channel that the buyer's page opens.
    #[serde(default)]
    pub channel_key: Option<String>,
    /// What that channel opens with.
    #[serde(default)]
    pub pay_method: Option<PayMethod>,
    /// Whether the channel is a test channel, on which no money moves.
    #[serde(default)]
    pub test_channel: bool,
    /// Longest wait for an answer, milliseconds. A provider may take a minute.
    #[serde(default = "PaymentConfig::default_timeout_ms")]
    pub timeout_ms: u64,
    /// After so long without a charge, an unknown payment counts as failed, milliseconds.
    #[serde(default = "PaymentConfig::default_give_up_ms")]
    pub give_up_ms: u64,
}

impl PaymentConfig {
    /// The embedded sandbox at an address.
    pub fn sandbox(base_url: String, api_secret: Secret, webhook_secret: Option<Secret>) -> Self {
        Self {
            kind: PaymentKind::Sandbox,
            base_url,
            api_secret,
            imp_key: None,
            webhook_secrets: webhook_secret.into_iter().collect(),
            store_id: None,
            channel_key: None,
            pay_method: None,
            test_channel: true,
            timeout_ms: Self::default_timeout_ms(),
            give_up_ms: Self::default_give_up_ms(),
        }
    }

    const fn default_timeout_ms() -> u64 {
        65_000
    }

    const fn default_give_up_ms() -> u64 {
        180_000
    }

    /// Whether real money must move.
    pub(crate) const fn is_live(&self) -> bool {
        !self.test_channel
    }

    /// Whether the provider is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        let address = &self.base_url;
        address.starts_with("http://127.0.0.1") || address.starts_with("http://[::1]")
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// Where the shop takes the time from, in microseconds since 1970.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// A clock of one's own, as tests need it.
    pub fn new(now_us: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_us))
    }

    /// Microseconds since 1970.
    pub fn now_us(&self) -> i64 {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(commerce_store::clock::now_us)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How the shop is run.
#[derive(Debug, Clone)]
pub struct CommerceConfig {
    /// Who takes the money.
    pub payment: PaymentConfig,
    /// Seconds for which a purchase is held until paid, where a sale does not say.
    pub hold_seconds: u32,
    /// The marketplace's part of a sale, hundredths of a percent; frozen when an order is paid.
    pub commission_bps: i64,
    /// From what amount on two people must want a refund, by currency, in its minor units; what the
    /// sellers' people gave back for the same order before counts with it. A currency that is not
    /// here has no such amount.
    pub refund_second_person: BTreeMap<String, i64>,
    /// Signs the prices that are promised.
    pub lease_key: LeaseKey,
    /// Seals where parcels go and what signs webhooks; without it the shop takes neither.
    pub personal: Option<PersonalData>,
    /// How events are sent to those who asked for them.
    pub webhooks: WebhookConfig,
    /// The time; the system's unless a test says otherwise.
    pub clock: Clock,
}

/// About a thousand dollars.
pub fn refund_second_person() -> BTreeMap<String, i64> {
    let amounts = [
        ("KRW", 1_000_000),
        ("JPY", 150_000),
        ("USD", 100_000),
        ("EUR", 100_000),
    ];
    amounts
        .map(|(code, amount)| (code.to_owned(), amount))
        .into()
}

impl CommerceConfig {
    /// The usual values around a provider.
    pub fn new(payment: PaymentConfig) -> Self {
        Self {
            payment,
            hold_seconds: 300,
            commission_bps: 500,
            refund_second_person: refund_second_person(),
            lease_key: LeaseKey::default(),
            personal: None,
            webhooks: WebhookConfig::default(),
            clock: Clock::default(),
        }
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`ServiceError::Config`] names the key.
    pub fn check(&self) -> Result<(), ServiceError> {
        let refuse = |text: &str| Err(ServiceError::Config(text.to_owned()));
        if !(HOLD_SECONDS_MIN..=HOLD_SECONDS_MAX).contains(&self.hold_seconds) {
            return refuse("`hold_seconds` must be 1 to 900");
        }
        if !(0..=10_000).contains(&self.commission_bps) {
            return refuse("`commission_bps` must be 0 to 10000");
        }
        if self.refund_second_person.values().any(|amount| *amount < 1) {
            return refuse("`refund_second_person` must be amounts of 1 and more");
        }
        let address = &self.payment.base_url;
        let sound = address.starts_with("https://") || self.payment.is_local();
        if !sound || address.ends_with('/') {
            return refuse(
                "`payment.base_url` must be https, or http on loopback, without a slash at the end",
            );
        }
        if self.payment.api_secret.expose().is_empty() {
            return refuse("`payment.api_secret` is missing");
        }
        if self.payment.webhook_secrets.len() > WEBHOOK_SECRETS_MAX {
            return refuse("`payment.webhook_secrets` are two at most");
        }
        if self.payment.kind == PaymentKind::PortoneV1 && self.payment.imp_key.is_none() {
            return refuse("`payment.imp_key` is missing");
        }
        if self.payment.timeout_ms == 0 || self.payment.give_up_ms < self.payment.timeout_ms {
            return refuse("`payment.give_up_ms` must not be shorter than `payment.timeout_ms`");
        }
        self.webhooks.check()
    }
}
