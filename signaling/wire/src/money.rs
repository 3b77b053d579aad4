//! Money on the wire: whole minor units and an ISO 4217 code. Arithmetic lives in commerce-core.

use serde::{Deserialize, Serialize};

/// A currency whose exponent is known; others are refused where they come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// South Korean won, no minor unit.
    Krw,
    /// Japanese yen, no minor unit.
    Jpy,
    /// US dollar, cents.
    Usd,
    /// Euro, cents.
    Eur,
}

impl Currency {
    /// Decimal digits of the minor unit (ISO 4217).
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Krw | Self::Jpy => 0,
            Self::Usd | Self::Eur => 2,
        }
    }

    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Krw => "KRW",
            Self::Jpy => "JPY",
            Self::Usd => "USD",
            Self::Eur => "EUR",
        }
    }
}

impl std::str::FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        [Self::Krw, Self::Jpy, Self::Usd, Self::Eur]
            .into_iter()
            .find(|currency| currency.code() == code)
            .ok_or(UnknownCurrency)
    }
}

/// The code names no currency of known exponent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown currency")]
pub struct UnknownCurrency;

/// An amount in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units; 12900 is ₩12,900 or $129.00.
    pub amount: i64,
    /// ISO 4217.
    pub currency: Currency,
}
