//! So many purchases a second and no more, whoever makes them.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// Hands out moments, one after the other.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    next: Cell<Option<Instant>>,
}

impl Pace {
    /// So many a second; 0 lets everybody go at once.
    pub fn new(rate: f64) -> Self {
        let every = match rate > 0.0 {
            true => Duration::from_secs_f64(1.0 / rate),
            false => Duration::ZERO,
        };
        Self {
            every,
            next: Cell::new(None),
        }
    }

    /// Waits for one's turn. Turns that nobody was there to take are not made up for.
    pub async fn turn(&self) {
        if self.every.is_zero() {
            return;
        }
        let now = Instant::now();
        let mine = self.next.get().map_or(now, |next| next.max(now));
        self.next.set(Some(mine + self.every));
        tokio::time::sleep_until(mine.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_are_apart() {
        let pace = Pace::new(100.0);
        let begun = Instant::now();
        for _ in 0..11 {
            pace.turn().await;
        }
        assert!(begun.elapsed() >= Duration::from_millis(100));
    }
}
