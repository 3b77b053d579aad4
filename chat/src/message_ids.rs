//! Ids that rise with every message, also within a millisecond and when the clock steps back, so
//! that the order of ids is the order in which things were said. Pure.

use signaling_wire::ChatMessageId;

/// The random part of an id, bits.
const RANDOM_BITS: u32 = 80;

/// Makes ids.
#[derive(Debug, Default)]
pub(crate) struct MessageIds {
    last: Option<(u64, u128)>,
}

impl MessageIds {
    /// The next id and its time, milliseconds since 1970, which is never before the last one's.
    pub(crate) fn next(&mut self, now_ms: u64, random: u128) -> (ChatMessageId, u64) {
        let random = random & ((1 << RANDOM_BITS) - 1);
        // The top bit stays free, so that a millisecond has room for very many messages.
        let fresh = random >> 1;
        let (ms, random) = match self.last {
            Some((ms, last)) if now_ms <= ms => (ms, last + 1),
            _ => (now_ms, fresh),
        };
        self.last = Some((ms, random));
        (ChatMessageId::from_parts(ms, random), ms)
    }
}

#[cfg(test)]
mod tests;
