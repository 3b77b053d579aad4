//! Rooms as people see them: who is there, what has been said and sold, in one order for everyone.
//!
//! A [`Hub`] has one room per stream. A room task is the only writer of its room: it numbers the
//! frames, composes snapshots and fans the same bytes out to data channels and sockets. Commands
//! of viewers leave through [`Inbounds`], one bounded queue per lane; whoever answers them calls
//! the hub back. The hub knows nothing of what chat and commerce mean, and asks no database.
#![forbid(unsafe_code)]

mod clock;
mod directory;
mod gate;
mod hub;
mod identity;
mod inbound;
mod limits;
mod plane;
mod pump;
mod queue;
mod refusal;
mod room;
mod room_task;
mod session;
#[cfg(test)]
mod testing;

pub use hub::{
    CounterSession, Hub, HubConfig, LiveChange, MediaSession, RestartedSession, SessionInfo,
    SocketSession, Watching,
};
pub use identity::{Identity, SessionKey, Viewer};
pub use inbound::{Attendance, Inbound, Inbounds};
pub use queue::SocketReceiver;
pub use refusal::MediaRefusal;
pub use session::SessionKind;
