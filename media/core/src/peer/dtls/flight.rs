//! Our last flight of handshake datagrams and when it goes out again (RFC 6347 section 4.2.4).
//!
//! The first repetition comes soon, because browsers and phones sit behind lossy networks and a
//! join waits for it; later ones back off. Repetitions have a budget per peer, however they come
//! about, so that nobody makes us repeat for ever. What is sent again is the matter of `dtls.rs`.

use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::super::limits::{MAX_FLIGHT_REPEATS, MAX_REPEAT_INTERVAL, REPEAT_INTERVAL};

/// Our flight is not repeated more often than this.
const MIN_PAUSE: Duration = Duration::from_millis(20);
/// Pause before an early repetition of the first ClientHello, and how many of them there are: an
/// FFmpeg does not listen yet when the first one comes.
const EARLY_PAUSE: Duration = Duration::from_millis(40);
const EARLY_REPEATS: u32 = 4;

/// See the module header.
#[derive(Default)]
pub(super) struct Flight {
    datagrams: Vec<BytesMut>,
    sent: Option<Instant>,
    /// Repetitions of this flight.
    attempts: u32,
    /// Repetitions of all flights.
    repeats: u32,
}

impl Flight {
    /// A new flight takes the place of the last one.
    pub(super) fn begin(&mut self, now: Instant) {
        self.datagrams.clear();
        self.sent = Some(now);
        self.attempts = 0;
    }

    /// Adds a datagram to the flight that was begun last.
    pub(super) fn push(&mut self, datagram: BytesMut) {
        self.datagrams.push(datagram);
    }

    /// Nothing is to be repeated any more.
    pub(super) fn end(&mut self) {
        self.datagrams = Vec::new();
    }

    pub(super) fn datagrams(&self) -> &[BytesMut] {
        &self.datagrams
    }

    /// When it goes out again by itself. `unheard`: we are the client and nobody has answered.
    pub(super) fn due(&self, unheard: bool) -> Option<Instant> {
        let sent = self.sent.filter(|_| self.may_repeat())?;
        let early = if unheard { EARLY_REPEATS } else { 0 };
        if self.attempts < early {
            return Some(sent + EARLY_PAUSE);
        }
        let doubled = REPEAT_INTERVAL * (1 << (self.attempts - early).min(8));
        Some(sent + doubled.min(MAX_REPEAT_INTERVAL))
    }

    /// Whether it may go out once more because the other side shows that it misses it.
    pub(super) fn is_rested(&self, now: Instant) -> bool {
        let rested = self.sent.is_some_and(|sent| now >= sent + MIN_PAUSE);
        rested && self.may_repeat()
    }

    /// It goes out again.
    pub(super) fn note_repeat(&mut self, now: Instant) {
        self.sent = Some(now);
        self.attempts += 1;
        self.repeats += 1;
    }

    /// The engine wrote the flight anew: `fresh` stands for the same flight as before.
    pub(super) fn replace(&mut self, fresh: Vec<BytesMut>) {
        self.datagrams = fresh;
    }

    fn may_repeat(&self) -> bool {
        !self.datagrams.is_empty() && self.repeats < MAX_FLIGHT_REPEATS
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use super::*;

    fn flight(now: Instant) -> Flight {
        let mut flight = Flight::default();
        flight.begin(now);
        flight.push(BytesMut::from(&b"hello"[..]));
        flight
    }

    /// Milliseconds between the first `count` repetitions.
    fn pauses(unheard: bool, count: usize) -> Vec<u128> {
        let mut now = Instant::now();
        let mut flight = flight(now);
        let mut step = || {
            let due = flight.due(unheard).unwrap();
            flight.note_repeat(due);
            let pause = due - std::mem::replace(&mut now, due);
            pause.as_millis()
        };
        (0..count).map(|_| step()).collect()
    }

    #[test]
    fn repetitions_begin_soon_and_back_off() {
        assert_eq!(pauses(false, 7), [100, 200, 400, 800, 1000, 1000, 1000]);
        assert_eq!(pauses(true, 7), [40, 40, 40, 40, 100, 200, 400]);
    }

    #[test]
    fn a_peer_has_a_budget_of_repetitions_over_all_flights() {
        let now = Instant::now();
        let mut flight = flight(now);
        for _ in 0..MAX_FLIGHT_REPEATS {
            assert!(!flight.is_rested(now + MIN_PAUSE / 2));
            flight.begin(now);
            flight.push(BytesMut::from(&b"next"[..]));
            assert!(flight.is_rested(now + MIN_PAUSE));
            flight.note_repeat(now);
        }
        assert!(!flight.is_rested(now + Duration::from_secs(9)));
        assert_eq!(flight.due(false), None);
    }

    #[test]
    fn an_ended_flight_is_not_repeated() {
        let mut flight = flight(Instant::now());
        flight.end();
        assert_eq!(flight.due(true), None);
        assert!(flight.datagrams().is_empty());
    }
}
