//! What the layers of a scalable stream (VP9, AV1) cost, and the parts of it that can be given.

use crate::border::Svc;

/// Spatial and temporal layers that are told apart; higher ones count as the last.
const LAYERS: usize = 4;
/// Parts that a stream can have: all spatial layers, then the temporal ones of the lowest.
pub(crate) const MAX_POINTS: usize = 2 * LAYERS - 1;

/// See the module header.
#[derive(Debug, Default)]
pub(crate) struct Points {
    /// Bytes by spatial and temporal layer since the window began.
    window: [[u64; LAYERS]; LAYERS],
    /// Bits a second over the last window.
    rates: [[u64; LAYERS]; LAYERS],
}

/// A part of a stream: everything up to these layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
    /// Bits a second.
    pub(crate) bitrate: u64,
}

impl Points {
    /// A packet came.
    pub(super) fn note(&mut self, svc: Svc, bytes: usize) {
        let place = |layer: u8| usize::from(layer).min(LAYERS - 1);
        self.window[place(svc.spatial)][place(svc.temporal)] += bytes as u64;
    }

    /// Whether there is more than one spatial layer.
    pub(super) fn is_spatial(&self) -> bool {
        let mut higher = self.window[1..].iter().chain(&self.rates[1..]);
        higher.any(|row| row.iter().any(|bytes| *bytes > 0))
    }

    /// A window of so many milliseconds is over.
    pub(super) fn turn(&mut self, millis: u64) {
        let rate = |bytes: u64| bytes * 8_000 / millis.max(1);
        self.rates = self.window.map(|row| row.map(rate));
        self.window = Default::default();
    }

    /// The parts of the stream, best first: fewer spatial layers, then fewer temporal ones.
    pub(crate) fn all(&self) -> impl Iterator<Item = Point> + use<'_> {
        let used = |spatial: usize, temporal: usize| self.rates[spatial][temporal] > 0;
        let any = |at: usize, of: &dyn Fn(usize, usize) -> bool| (0..LAYERS).any(|it| of(at, it));
        let top = |of: &dyn Fn(usize, usize) -> bool| (0..LAYERS).rev().find(|at| any(*at, of));
        let spatial = top(&|at, other| used(at, other));
        let temporal = top(&|at, other| used(other, at));
        let (spatial, temporal) = (spatial.unwrap_or(0), temporal.unwrap_or(0));
        let by_space = (0..=spatial).rev().map(move |spatial| (spatial, temporal));
        let by_time = (0..temporal).rev().map(|temporal| (0, temporal));
        by_space.chain(by_time).map(|(spatial, temporal)| Point {
            spatial: spatial as u8,
            temporal: temporal as u8,
            bitrate: self.up_to(spatial, temporal),
        })
    }

    fn up_to(&self, spatial: usize, temporal: usize) -> u64 {
        let rows = self.rates.iter().take(spatial + 1);
        rows.map(|row| row.iter().take(temporal + 1).sum::<u64>())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_sums_of_layers_best_first() {
        let mut points = Points::default();
        for (spatial, temporal, bytes) in [(0, 0, 100), (0, 1, 50), (1, 0, 300), (1, 1, 200)] {
            let svc = Svc {
                has_info: true,
                spatial,
                temporal,
                ..Svc::default()
            };
            points.note(svc, bytes);
        }
        points.turn(1_000);
        let all: Vec<_> = points
            .all()
            .map(|point| (point.spatial, point.temporal, point.bitrate))
            .collect();
        assert_eq!(all, [(1, 1, 5_200), (0, 1, 1_200), (0, 0, 800)]);
    }
}
