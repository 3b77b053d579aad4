//! The replay window of one SSRC (RFC 3711 section 3.3.2).
//!
//! It is wide, because encoders such as OBS retransmit with the original sequence number seconds
//! later, and such a packet must still get in once.

/// Window width in packets.
const WIDTH: u64 = 1024;
const WORDS: usize = (WIDTH / 64) as usize;

/// Which of the last [`WIDTH`] indexes were seen.
pub(super) struct Replay {
    highest: u64,
    seen: [u64; WORDS],
}

impl Replay {
    /// A window in which only `first` was seen. Older packets may still come.
    pub(super) fn new(first: u64) -> Self {
        let mut replay = Self {
            highest: first,
            seen: [0; WORDS],
        };
        replay.mark(first);
        replay
    }

    /// The highest index seen.
    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    /// Whether `index` was not seen and is inside or ahead of the window.
    pub(super) fn is_new(&self, index: u64) -> bool {
        if index > self.highest {
            return true;
        }
        let (word, bit) = place(index);
        self.highest - index < WIDTH && self.seen[word] & bit == 0
    }

    /// Marks a genuine packet as seen and moves the window forward.
    pub(super) fn accept(&mut self, index: u64) {
        if index > self.highest {
            if index - self.highest >= WIDTH {
                self.seen = [0; WORDS];
            } else {
                for skipped in self.highest + 1..=index {
                    let (word, bit) = place(skipped);
                    self.seen[word] &= !bit;
                }
            }
            self.highest = index;
        }
        self.mark(index);
    }

    fn mark(&mut self, index: u64) {
        let (word, bit) = place(index);
        self.seen[word] |= bit;
    }
}

fn place(index: u64) -> (usize, u64) {
    let slot = index % WIDTH;
    ((slot / 64) as usize, 1 << (slot % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_is_new_once_in_any_order() {
        let mut replay = Replay::new(5000);
        let mut fresh = 0;
        for index in [
            5001, 5000, 4999, 5001, 6000, 5500, 5500, 4976, 4977, 6000, 9000, 6000,
        ] {
            if replay.is_new(index) {
                replay.accept(index);
                fresh += 1;
            }
        }
        // New were 5001, 4999, 6000, 5500, 4977 (1023 behind), 9000; 4976 is 1024 behind.
        assert_eq!(fresh, 6);
    }

    #[test]
    fn a_jump_forgets_only_what_left_the_window() {
        let mut replay = Replay::new(0);
        for index in 1..=2000 {
            assert!(replay.is_new(index));
            replay.accept(index);
        }
        assert!(!replay.is_new(1000) && !replay.is_new(976));
        replay.accept(3023);
        assert!(!replay.is_new(2000));
        assert!(replay.is_new(2001));
        replay.accept(100_000);
        assert!(replay.is_new(99_999) && !replay.is_new(100_000));
    }
}
