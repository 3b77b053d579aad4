//! What may be asked of a room. Requests are served in the order in which they came.

use std::sync::Arc;

use bytes::Bytes;
use signaling_wire::{
    Lane, Position, ServerFrame, UserId,
    frame::{
        chat::Backlog,
        control::{ByeReason, Sanction, Stream},
        shop::{Shelf, Stock},
    },
};
use tokio::sync::oneshot;

use crate::{
    directory::MediaRecord,
    identity::{Identity, SessionKey, Viewer},
    session::Session,
};

pub(crate) enum Command {
    /// Title and seller.
    Stream(Stream),
    /// Registered state and frames about it; answered with the last frame's place.
    Publish(Box<Publication>, oneshot::Sender<Option<Position>>),
    /// A stock level.
    Stock(Stock),
    /// Asks for the encoded snapshot.
    Snapshot(oneshot::Sender<Bytes>),
    /// A frame for one connection.
    Personal {
        session: SessionKey,
        lane: Lane,
        frame: Box<ServerFrame>,
    },
    /// A frame for all connections of an account.
    ToUser {
        user: UserId,
        frame: Box<ServerFrame>,
    },
    /// Who a connection speaks as.
    Identify {
        session: SessionKey,
        identity: Option<Identity>,
    },
    /// Credentials of an account no longer hold: of one sign-in, or all of them.
    Forget {
        user: UserId,
        login: Option<Arc<str>>,
    },
    /// What the hosts decided about accounts.
    Sanction(Vec<(UserId, Sanction)>),
    /// Asks which of these accounts are here.
    Present(Vec<UserId>, oneshot::Sender<Vec<UserId>>),
    /// Asks which accounts are here.
    Viewers(oneshot::Sender<Vec<Viewer>>),
    /// May a publisher come? To be followed by `Enter` or `RefundPublish`.
    ReservePublish(oneshot::Sender<bool>),
    /// The publisher did not come.
    RefundPublish,
    /// A connection comes; answered with whether it is taken.
    Enter {
        session: Arc<Session>,
        record: Option<MediaRecord>,
        done: oneshot::Sender<bool>,
    },
    /// A connection goes.
    Leave(SessionKey),
    /// A connection wants the whole room again.
    Resync(SessionKey),
    /// The room ends; answered when everybody was told.
    Close(ByeReason, oneshot::Sender<()>),
    /// Fails.
    #[cfg(test)]
    Panic,
}

/// One step of the room: what is registered and what is said about it.
pub(crate) struct Publication {
    pub(crate) shelf: Option<Shelf>,
    pub(crate) chat: Option<Backlog>,
    pub(crate) frames: Vec<ServerFrame>,
}
