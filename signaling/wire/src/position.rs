//! Where a frame stands in its room, so that a reader notices what it missed.
//!
//! A room has one sequence over all its lanes. A frame names its own place and `prev`, the place
//! before it *on its lane*; a reader whose last frame on that lane is not `prev` has a gap. Stock
//! ticks and personal frames (receipts, errors) stand outside the history and carry no position.

use serde::{Deserialize, Serialize};

/// One life of a room, in milliseconds since 1970 of its opening; positions of different epochs
/// do not compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// A frame's place in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The room's life.
    pub epoch: Epoch,
    /// Rises by one with every frame of the room, over all lanes; the first is 1.
    pub seq: u64,
    /// The `seq` of the frame before this one on the same lane; 0 if there is none.
    pub prev: u64,
}
