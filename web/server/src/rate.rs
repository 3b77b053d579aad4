//! Token buckets by caller, for the few requests that cost much or can be guessed with.
//!
//! A rule has a rate and a burst. Callers are remembered in a bounded table; when it is full, the
//! buckets that have refilled are forgotten first, and if none has, the newcomer is refused: an
//! attacker with many addresses fills the table, but opens no way round it.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use signaling_wire::{Code, Problem};

use crate::{error::Refusal, extract::ClientAddress, limits, state::App};

/// Middleware of the API: how often one address may read, and how often write. Callers on this
/// machine are its own programs; behind a proxy, name it, so that its callers are told apart.
pub(crate) async fn admit(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    request: Request,
    next: Next,
) -> Response {
    let limit = match request.method().is_safe() {
        true => &app.rates.reads,
        false => &app.rates.writes,
    };
    if !address.is_loopback()
        && let Err(refusal) = limit.check(network(address))
    {
        return refusal.into_response();
    }
    next.run(request).await
}

/// What one subscriber has: an IPv4 address, or an IPv6 network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(whole) => {
            let prefix = u128::from(whole) & !u128::from(u64::MAX);
            Ipv6Addr::from(prefix).into()
        }
    }
}

/// How often something may be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// How many at once.
    pub(crate) burst: f64,
    /// How many a second in the long run.
    pub(crate) per_second: f64,
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

/// The buckets of one rule.
pub(crate) struct RateLimit<K> {
    rule: Rule,
    // A plain lock: held for a lookup, never across an await.
    buckets: Mutex<HashMap<K, Bucket>>,
}

impl<K: Hash + Eq> RateLimit<K> {
    pub(crate) fn new(rule: Rule) -> Self {
        Self {
            rule,
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Takes a token, or says after how long there is one.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = self.rule;
        let level = |bucket: &Bucket| {
            let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.tokens + passed * rule.per_second).min(rule.burst)
        };
        if buckets.len() >= limits::RATE_KEYS_MAX && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| level(bucket) < rule.burst);
            if buckets.len() >= limits::RATE_KEYS_MAX {
                return Err(Duration::from_secs_f64(1.0 / rule.per_second));
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket {
            tokens: rule.burst,
            at: now,
        });
        let tokens = level(bucket);
        bucket.at = now;
        if tokens >= 1.0 {
            bucket.tokens = tokens - 1.0;
            return Ok(());
        }
        bucket.tokens = tokens;
        Err(Duration::from_secs_f64((1.0 - tokens) / rule.per_second))
    }

    /// As [`RateLimit::take`], with the answer for the caller.
    pub(crate) fn check(&self, key: K) -> Result<(), Refusal> {
        self.take(key, Instant::now()).map_err(|wait| {
            let seconds = u32::try_from(wait.as_secs())
                .unwrap_or(u32::MAX)
                .saturating_add(1);
            Problem::new(Code::RateLimited, "")
                .retry_after(seconds)
                .into()
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const RULE: Rule = Rule {
        burst: 3.0,
        per_second: 2.0,
    };

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let limit = RateLimit::new(RULE);
        let start = Instant::now();
        for _ in 0..3 {
            limit.take(1, start).unwrap();
        }
        let wait = limit.take(1, start).unwrap_err();
        assert!((wait.as_secs_f64() - 0.5).abs() < 1e-6);
        limit.take(2, start).unwrap();
        limit.take(1, start + Duration::from_millis(501)).unwrap();
        limit
            .take(1, start + Duration::from_millis(502))
            .unwrap_err();
    }

    #[test]
    fn addresses_of_one_subscriber_count_together() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(network(ip("2001:db8::1:2:3:4")), network(ip("2001:db8::9")));
        assert_ne!(network(ip("2001:db8:0:1::1")), network(ip("2001:db8::1")));
        assert_ne!(network(ip("192.0.2.1")), network(ip("192.0.2.2")));
    }

    #[test]
    fn a_full_table_refuses_newcomers_and_recovers() {
        let limit = RateLimit::new(RULE);
        let start = Instant::now();
        for key in 0..limits::RATE_KEYS_MAX {
            limit.take(key, start).unwrap();
        }
        limit.take(usize::MAX, start).unwrap_err();
        limit
            .take(usize::MAX, start + Duration::from_secs(2))
            .unwrap();
    }
}
