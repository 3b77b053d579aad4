//! Tables `webhook_endpoint`, `webhook_event`, `webhook_delivery` and `webhook_try`, and what is
//! watched for them: `stock_watch`.

pub(crate) mod delivery;
pub(crate) mod endpoint;
pub(crate) mod event;
pub(crate) mod low;
