//! What a user may do for a seller: a role by membership, and a table of what each role may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a user is for a seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Everything.
    Owner,
    /// Everything but the shop itself.
    Manager,
    /// Runs shows and sales.
    Host,
    /// Helps in a show: cards, and peace in the chat.
    Assistant,
}

/// Something done for a seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Create products, change stock.
    ManageProducts,
    /// Create and end shows, see their keys.
    RunShows,
    /// Create, open, pause and close sales, allocate stock to them.
    RunSales,
    /// Add and pin cards.
    ShowCards,
    /// See who watches, mute and ban.
    Moderate,
    /// See the seller's orders, send them, decide claims, give money back.
    HandleOrders,
    /// Have the shop's events sent elsewhere.
    ManageWebhooks,
}

impl MemberRole {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Manager, Self::Host, Self::Assistant];

    /// Whether the role may do it. What is not listed is refused.
    pub const fn may(self, deed: Deed) -> bool {
        match self {
            Self::Owner | Self::Manager => true,
            Self::Host => matches!(
                deed,
                Deed::RunShows | Deed::RunSales | Deed::ShowCards | Deed::Moderate
            ),
            Self::Assistant => matches!(deed, Deed::ShowCards | Deed::Moderate),
        }
    }

    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Host => "host",
            Self::Assistant => "assistant",
        }
    }
}

impl fmt::Display for MemberRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown role")]
pub struct UnknownRole;

impl FromStr for MemberRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesser_role_never_may_what_a_mightier_may_not() {
        for deed in [
            Deed::ManageProducts,
            Deed::RunShows,
            Deed::RunSales,
            Deed::ShowCards,
            Deed::Moderate,
            Deed::HandleOrders,
            Deed::ManageWebhooks,
        ] {
            let may: Vec<bool> = MemberRole::ALL.iter().map(|role| role.may(deed)).collect();
            assert!(may.is_sorted_by(|a, b| a >= b), "{deed:?}: {may:?}");
            assert!(may[0], "the owner may everything");
        }
        assert!(!MemberRole::Assistant.may(Deed::RunSales));
        assert!(!MemberRole::Host.may(Deed::ManageProducts));
    }
}
