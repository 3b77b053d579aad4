//! One train of extra packets, sent at once: how fast it arrives tells what the way bears.

/// A train has failed when so much time passed and it has not arrived.
const PATIENCE_US: i64 = 1_000_000;
/// Packets that have to arrive, in percent.
const ENOUGH: u32 = 80;
/// The rate of a train is not believed to the last bit.
const TRUST: f64 = 0.95;

/// See the module header.
pub(crate) struct Probe {
    number: u8,
    /// What it asks for, in bits a second.
    target: u64,
    sent_at: i64,
    packets: u32,
    arrived: u32,
    first: i64,
    last: i64,
    /// Bytes that arrived after the first packet.
    bytes: u64,
}

/// What a train told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Bits a second that the way bears; at most what was asked for. `None` when it got lost.
    pub(crate) bitrate: Option<u64>,
    /// Whether that is what was asked for.
    pub(crate) reached: bool,
}

impl Probe {
    /// `packets` with `number` in the history were sent at `now` microseconds.
    pub(crate) fn new(now: i64, number: u8, target: u64, packets: u32) -> Self {
        Self {
            number,
            target,
            sent_at: now,
            packets,
            arrived: 0,
            first: 0,
            last: 0,
            bytes: 0,
        }
    }

    pub(super) fn number(&self) -> u8 {
        self.number
    }

    pub(super) fn arrived(&mut self, arrival: i64, size: u16) {
        if self.arrived == 0 {
            (self.first, self.last) = (arrival, arrival);
        } else {
            self.bytes += u64::from(size);
            (self.first, self.last) = (self.first.min(arrival), self.last.max(arrival));
        }
        self.arrived += 1;
    }

    /// What it told, once it has arrived or is late.
    pub(super) fn outcome(&self, now: i64) -> Option<Outcome> {
        let late = now - self.sent_at > PATIENCE_US;
        if self.arrived * 100 < self.packets * ENOUGH {
            return late.then_some(Outcome {
                bitrate: None,
                reached: false,
            });
        }
        if self.arrived < self.packets && !late {
            return None;
        }
        let took = (self.last - self.first).max(1_000) as u64;
        let measured = self.bytes * 8 * 1_000_000 / took;
        let believed = ((measured as f64 * TRUST) as u64).min(self.target);
        Some(Outcome {
            bitrate: Some(believed),
            reached: measured >= self.target,
        })
    }
}
