//! Tables `webhook_endpoint`, `webhook_event`, `webhook_delivery` and `webhook_try`.

pub(crate) mod delivery;
pub(crate) mod endpoint;
pub(crate) mod event;
