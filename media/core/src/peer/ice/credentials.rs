//! User name fragments and passwords of one ICE generation (RFC 8445 section 5.3).

use std::fmt;

/// What both sides call themselves in one generation. A restart makes a new one.
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    /// Our user name fragment; the first half of the user name in the peer's checks.
    pub local_ufrag: String,
    /// Our password; authenticates the peer's checks.
    pub local_pwd: String,
    /// The peer's user name fragment.
    pub remote_ufrag: String,
    /// The peer's password; authenticates its answers to checks of ours.
    pub remote_pwd: String,
}

impl IceCredentials {
    /// Whether this is the USERNAME of a check of this generation: `ours:theirs`.
    pub(super) fn is_username(&self, username: &str) -> bool {
        let rest = username.strip_prefix(self.local_ufrag.as_str());
        rest.and_then(|rest| rest.strip_prefix(':')) == Some(self.remote_ufrag.as_str())
    }
}

impl fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCredentials")
            .field("local_ufrag", &self.local_ufrag)
            .finish_non_exhaustive()
    }
}
