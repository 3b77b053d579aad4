//! Why an offer got no answer, and what the client is told.

use media_shard::{AcceptError, OfferError};
use signaling_wire::{Code, Problem};

/// Why an offer was refused. Nothing has happened then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaRefusal {
    /// There is no such room.
    #[error("no such stream")]
    NoRoom,
    /// Nothing is published, so there is nothing to watch.
    #[error("nothing is live in this stream")]
    NotLive,
    /// Publishers take the stream from one another too fast.
    #[error("another publisher is using this stream key")]
    PublisherConflict,
    /// The offer is at fault.
    #[error(transparent)]
    Offer(OfferError),
    /// The media plane has no room for another peer.
    #[error("the server is full")]
    Full,
    /// The media plane or the room is going away.
    #[error("the server is stopping")]
    Stopped,
}

impl From<AcceptError> for MediaRefusal {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Offer(error) => Self::Offer(error),
            AcceptError::Full => Self::Full,
            AcceptError::Stopped => Self::Stopped,
        }
    }
}

impl From<MediaRefusal> for Problem {
    fn from(refusal: MediaRefusal) -> Self {
        let code = match refusal {
            MediaRefusal::NoRoom => Code::NotFound,
            MediaRefusal::NotLive => Code::StreamNotLive,
            MediaRefusal::PublisherConflict => Code::PublisherConflict,
            MediaRefusal::Offer(OfferError::Malformed(_)) => Code::MalformedOffer,
            MediaRefusal::Offer(OfferError::TooLarge) => Code::PayloadTooLarge,
            MediaRefusal::Offer(_) => Code::UnsupportedOffer,
            MediaRefusal::Full | MediaRefusal::Stopped => Code::Busy,
        };
        let problem = Problem::new(code, refusal.to_string());
        match refusal {
            MediaRefusal::NotLive => problem.retry_after(2),
            MediaRefusal::PublisherConflict => problem.retry_after(10),
            MediaRefusal::Full | MediaRefusal::Stopped => problem.retry_after(5),
            MediaRefusal::Offer(error) => problem.with("reason", error.code()),
            MediaRefusal::NoRoom => problem,
        }
    }
}
