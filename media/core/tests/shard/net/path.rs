//! One peer's way to the server and back: delay, loss, bursts, reordering, duplicates and a rate.
//!
//! A [`Way`] describes one direction, a [`Link`] is that direction at work. Each link draws from a
//! generator of its own, so what one peer suffers does not change what another one does. The same
//! seed and the same datagrams give the same fate.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Bytes of IPv4 and UDP around each datagram; they count against [`Way::rate`].
const HEADERS: usize = 28;

/// Loss in bursts (Gilbert): a state in which much is lost is entered and left at random.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Percent of datagrams after which the bad state begins.
    pub begins: f64,
    /// Percent of datagrams after which it ends; 20 gives bursts of five datagrams on average.
    pub ends: f64,
    /// Percent of datagrams lost while it lasts.
    pub loss: f64,
}

/// One direction. Percentages are of datagrams, from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// What every datagram takes at least.
    pub delay: Duration,
    /// Up to this much more, without overtaking (a queue somewhere).
    pub jitter: Duration,
    /// Up to this much more, each for itself, so that datagrams overtake each other.
    pub scatter: Duration,
    /// Percent of datagrams that are held back by `reordered_by`.
    pub reordered: f64,
    /// See `reordered`.
    pub reordered_by: Duration,
    /// Percent lost, each for itself.
    pub loss: f64,
    /// Loss in bursts, on top of `loss`.
    pub burst: Option<Burst>,
    /// Percent that arrive twice.
    pub duplicates: f64,
    /// Bits a second, headers of IP and UDP included; `None` is no limit.
    pub rate: Option<u64>,
    /// How much waits in front of a limited rate, as time; what comes then is lost.
    pub queue: Duration,
}

impl Default for Way {
    /// Five milliseconds and nothing else.
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(5),
            jitter: Duration::ZERO,
            scatter: Duration::ZERO,
            reordered: 0.0,
            reordered_by: Duration::from_millis(30),
            loss: 0.0,
            burst: None,
            duplicates: 0.0,
            rate: None,
            queue: Duration::from_millis(300),
        }
    }
}

/// Both directions of one peer, seen from the peer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Path {
    /// From the peer to the server.
    pub up: Way,
    /// From the server to the peer.
    pub down: Way,
}

impl Path {
    /// The same in both directions.
    pub fn both(way: Way) -> Self {
        Self { up: way, down: way }
    }

    /// Only from the server to the peer.
    pub fn down(down: Way) -> Self {
        let up = Way::default();
        Self { up, down }
    }
}

/// What a link did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Datagrams that went in.
    pub datagrams: u64,
    /// Their bytes, without headers of IP and UDP.
    pub bytes: u64,
    /// Lost at random or in bursts, or while cut.
    pub lost: u64,
    /// Lost because the queue in front of the rate was full.
    pub overflowed: u64,
    /// Arrived twice.
    pub doubled: u64,
}

/// One direction at work.
pub struct Link {
    pub way: Way,
    /// Nothing gets through.
    pub cut: bool,
    pub carried: Carried,
    random: StdRng,
    bad: bool,
    busy_until: Option<Instant>,
    latest: Option<Instant>,
}

impl Link {
    pub fn new(way: Way, seed: u64) -> Self {
        Self {
            way,
            cut: false,
            carried: Carried::default(),
            random: StdRng::seed_from_u64(seed),
            bad: false,
            busy_until: None,
            latest: None,
        }
    }

    /// When a datagram of `len` bytes that is sent at `now` arrives: never, once or twice.
    pub fn carry(&mut self, now: Instant, len: usize) -> impl Iterator<Item = Instant> + use<> {
        self.carried.datagrams += 1;
        self.carried.bytes += len as u64;
        let first = if self.cut || self.is_lost() {
            self.carried.lost += 1;
            None
        } else {
            self.through_the_rate(now, len).map(|at| self.arrival(at))
        };
        let twice = first.is_some() && self.happens(self.way.duplicates);
        self.carried.doubled += u64::from(twice);
        let second = first.filter(|_| twice);
        first
            .into_iter()
            .chain(second.map(|at| at + Duration::from_micros(300)))
    }

    fn is_lost(&mut self) -> bool {
        let in_burst = match self.way.burst {
            Some(burst) => {
                let turn = if self.bad { burst.ends } else { burst.begins };
                self.bad ^= self.happens(turn);
                self.bad && self.happens(burst.loss)
            }
            None => false,
        };
        self.happens(self.way.loss) || in_burst
    }

    /// When the last bit has left, unless the queue is full.
    fn through_the_rate(&mut self, now: Instant, len: usize) -> Option<Instant> {
        let Some(rate) = self.way.rate else {
            return Some(now);
        };
        let starts = self.busy_until.map_or(now, |busy| busy.max(now));
        if starts - now > self.way.queue {
            self.carried.overflowed += 1;
            return None;
        }
        let bits = 8 * (len + HEADERS) as u64;
        let leaves = starts + Duration::from_nanos(bits * 1_000_000_000 / rate.max(1));
        self.busy_until = Some(leaves);
        Some(leaves)
    }

    fn arrival(&mut self, left: Instant) -> Instant {
        let jitter = self.up_to(self.way.jitter);
        let scatter = self.up_to(self.way.scatter);
        let in_order = left + self.way.delay + jitter;
        let in_order = self.latest.map_or(in_order, |latest| latest.max(in_order));
        if self.happens(self.way.reordered) {
            return in_order + self.way.reordered_by;
        }
        self.latest = Some(in_order);
        in_order + scatter
    }

    fn happens(&mut self, percent: f64) -> bool {
        percent > 0.0 && self.random.random_range(0.0..100.0) < percent
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        if most.is_zero() {
            return most;
        }
        Duration::from_micros(self.random.random_range(0..=most.as_micros() as u64))
    }
}
