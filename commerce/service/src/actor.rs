//! Who asks. The edge fills it from a verified access token; nothing else is believed.

use signaling_wire::UserId;

/// The account behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// Which account.
    pub user: UserId,
    /// Whether it runs the site: may everything for every seller.
    pub admin: bool,
}
