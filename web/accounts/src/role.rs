//! What an account may do in the whole platform. What it may do for a seller is membership, which
//! commerce-service owns.

use serde::{Deserialize, Serialize};

/// The platform's two roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everybody.
    User,
    /// Operates the platform.
    Admin,
}

impl Role {
    /// As in JSON and in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }

    /// Reads the database's text; anything unknown has no rights beyond a user's.
    pub(crate) fn from_key(key: &str) -> Self {
        if key == "admin" {
            Self::Admin
        } else {
            Self::User
        }
    }
}
