//! A bad network between the server and a viewer: loss, delay, jitter and a rate limit with a
//! queue, applied to what the viewer receives.

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::SmallRng};

/// What the bottleneck's queue holds at most.
const QUEUE: Duration = Duration::from_millis(300);

/// Settings of one network.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Forecast {
    /// Share of datagrams that are lost, 0 to 1.
    pub loss: f64,
    /// Delay of every datagram.
    pub delay: Duration,
    /// Random delay on top; it reorders, as `netem` does.
    pub jitter: Duration,
    /// Rate of the bottleneck.
    pub kbit_per_s: Option<u32>,
}

/// One network with its state.
#[derive(Debug)]
pub struct Weather {
    forecast: Forecast,
    random: SmallRng,
    free: Instant,
}

impl Weather {
    /// A network; `None` when the forecast is fine, so that nothing has to be held back.
    pub fn new(forecast: Forecast, now: Instant, seed: u64) -> Option<Self> {
        (forecast != Forecast::default()).then(|| Self {
            forecast,
            random: SmallRng::seed_from_u64(seed),
            free: now,
        })
    }

    /// When a datagram that is sent now arrives; `None` when it is lost.
    pub fn arrival(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        if self.random.random_bool(self.forecast.loss.clamp(0.0, 1.0)) {
            return None;
        }
        let mut at = now;
        if let Some(rate) = self.forecast.kbit_per_s {
            let begins = self.free.max(now);
            if begins - now > QUEUE {
                return None;
            }
            at = begins + Duration::from_secs_f64(bytes as f64 * 8.0 / 1000.0 / f64::from(rate));
            self.free = at;
        }
        let jitter = self.forecast.jitter.mul_f64(self.random.random());
        Some(at + self.forecast.delay + jitter)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_bottleneck_delays_and_then_loses() {
        let now = Instant::now();
        let forecast = Forecast {
            kbit_per_s: Some(1_000),
            ..Forecast::default()
        };
        let mut weather = Weather::new(forecast, now, 1).unwrap();
        let arrivals: Vec<_> = (0..100).map(|_| weather.arrival(now, 1_250)).collect();
        assert_eq!(arrivals[0], Some(now + Duration::from_millis(10)));
        assert_eq!(arrivals.iter().flatten().count(), 31);
        assert!(Weather::new(Forecast::default(), now, 1).is_none());
    }
}
