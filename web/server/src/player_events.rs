//! What a WHEP player is told while it watches: whether the stream is live, how many watch, which
//! layers there are.
//!
//! The first events say how things are; later ones come on change. The layers of a broadcast are
//! asked for at most every two seconds, whatever the number of players that want to know.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::response::sse::Event;
use media_shard::BroadcastId;
use serde_json::json;
use signaling_hub::{SessionInfo, SessionKind};
use signaling_wire::StreamId;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::{limits, report::publisher, state::App};

/// How long the layers of a broadcast are believed.
const LAYERS_AGE_MAX: Duration = Duration::from_secs(2);

/// The events that a player asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted([bool; Wanted::NAMES.len()]);

impl Wanted {
    /// All that there are.
    pub(crate) const NAMES: [&str; 4] = ["active", "inactive", "layers", "viewercount"];

    /// `None` for an event that is not offered, and for none at all.
    pub(crate) fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut wanted = Self::default();
        for name in names {
            let index = Self::NAMES.iter().position(|known| *known == name)?;
            wanted.0[index] = true;
        }
        (wanted != Self::default()).then_some(wanted)
    }

    fn has(self, name: &str) -> bool {
        let mut all = Self::NAMES.iter().zip(self.0);
        all.any(|(known, wanted)| wanted && *known == name)
    }
}

/// The names with dots between, as in an address.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().zip(self.0);
        let wanted: Vec<&str> = names.filter_map(|(name, is)| is.then_some(*name)).collect();
        f.write_str(&wanted.join("."))
    }
}

/// One encoding of the video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    /// The publisher's rid, or the index where it named none.
    pub(crate) id: String,
    /// As the media plane counts.
    pub(crate) index: u8,
    /// Bits a second; 0 while it is silent.
    pub(crate) bitrate: u64,
}

type Seen = (Instant, Arc<Vec<Layer>>);

/// The layers of the broadcasts that somebody asked about.
#[derive(Default)]
pub(crate) struct LayersSeen {
    // A plain lock: held for a lookup, never across an await.
    known: Mutex<HashMap<BroadcastId, Seen>>,
}

impl LayersSeen {
    /// What is known, and whether it is the caller's turn to ask.
    fn look(&self, broadcast: BroadcastId, now: Instant) -> (Arc<Vec<Layer>>, bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let old = |at: Instant| now.saturating_duration_since(at) >= LAYERS_AGE_MAX;
        match known.get_mut(&broadcast) {
            Some((at, layers)) => {
                let turn = old(*at);
                if turn {
                    *at = now;
                }
                (layers.clone(), turn)
            }
            None => {
                if known.len() >= limits::ADMIN_BROADCASTS_MAX {
                    known.retain(|_, (at, _)| !old(*at));
                }
                // One too many is asked about again and again, but not remembered.
                if known.len() < limits::ADMIN_BROADCASTS_MAX {
                    known.insert(broadcast, (now, Arc::default()));
                }
                (Arc::default(), true)
            }
        }
    }

    fn set(&self, broadcast: BroadcastId, layers: Arc<Vec<Layer>>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = known.get_mut(&broadcast) {
            *seen = (Instant::now(), layers);
        }
    }
}

/// The layers of a stream's video, best first as the publisher listed them.
pub(crate) async fn layers(app: &App, stream: StreamId) -> Arc<Vec<Layer>> {
    let Some(broadcast) = app.hub.broadcast(stream) else {
        return Arc::default();
    };
    let (known, turn) = app.layers.look(broadcast, Instant::now());
    // An empty list is no news: somebody else is asking at this moment, or there is nothing.
    if !turn && !known.is_empty() {
        return known;
    }
    let reports = app.media.peers(broadcast).await;
    let tracks = publisher(&reports).map_or(&[][..], |report| &report.tracks);
    let video = tracks.iter().filter(|track| track.video);
    let layers = video.map(|track| Layer {
        id: track.rid.clone().unwrap_or_else(|| track.layer.to_string()),
        index: track.layer,
        bitrate: track.bitrate,
    });
    let layers = Arc::new(layers.collect());
    app.layers.set(broadcast, Arc::clone(&layers));
    layers
}

/// One player's events.
pub(crate) struct Reader {
    app: App,
    info: SessionInfo,
    wanted: Wanted,
    tick: Interval,
    live: Option<bool>,
    viewers: Option<u32>,
    /// Encodings by name, each with whether it is on air.
    layers: Option<Vec<(String, bool)>>,
    over: bool,
}

impl Reader {
    pub(crate) fn new(app: App, info: SessionInfo, wanted: Wanted) -> Self {
        let mut tick = interval(limits::PLAYER_EVENTS_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            app,
            info,
            wanted,
            tick,
            live: None,
            viewers: None,
            layers: None,
            over: false,
        }
    }

    /// What is new, perhaps nothing; `None` when the session is over and that was said.
    pub(crate) async fn next(&mut self) -> Option<Vec<Event>> {
        if self.over {
            return None;
        }
        self.tick.tick().await;
        let stream = self.info.stream;
        let session = self.app.hub.session(&self.info.id, SessionKind::Viewer);
        let presence = self.app.hub.presence(stream);
        self.over = session.is_none() || self.app.stop.is_cancelled();
        let live = !self.over && presence.is_some_and(|presence| presence.live);
        let mut news = Vec::new();
        if self.live.replace(live) != Some(live) {
            let name = if live { "active" } else { "inactive" };
            news.extend(self.event(name, &json!({})));
        }
        let viewers = presence.map_or(0, |presence| presence.viewers);
        if !self.over && self.viewers.replace(viewers) != Some(viewers) {
            let data = json!({ "viewercount": viewers });
            news.extend(self.event("viewercount", &data));
        }
        if live && self.wanted.has("layers") {
            let layers = layers(&self.app, stream).await;
            let shape: Vec<_> = layers
                .iter()
                .map(|layer| (layer.id.clone(), layer.bitrate > 0))
                .collect();
            if !shape.is_empty() && self.layers.as_ref() != Some(&shape) {
                self.layers = Some(shape);
                news.extend(self.event("layers", &self.describe(&layers)));
            }
        }
        Some(news)
    }

    fn event(&self, name: &str, data: &serde_json::Value) -> Option<Event> {
        let event = Event::default().event(name).data(data.to_string());
        self.wanted.has(name).then_some(event)
    }

    /// By the section of the viewer's answer that carries the video.
    fn describe(&self, layers: &[Layer]) -> serde_json::Value {
        let entry = |layer: &Layer| json!({ "id": layer.id, "simulcastIdx": layer.index, "bitrate": layer.bitrate });
        let (active, inactive): (Vec<_>, Vec<_>) =
            layers.iter().partition(|layer| layer.bitrate > 0);
        let offered = active.iter().map(|layer| {
            json!({
                "encodingId": layer.id,
                "simulcastIdx": layer.index,
                "bitrate": layer.bitrate,
            })
        });
        let section = json!({
            "layers": offered.collect::<Vec<_>>(),
            "active": active.iter().map(|layer| entry(layer)).collect::<Vec<_>>(),
            "inactive": inactive.iter().map(|layer| entry(layer)).collect::<Vec<_>>(),
        });
        let mid = self.info.video_mid.as_deref().unwrap_or("0");
        json!({ mid: section })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn wanted_events_travel_in_an_address() {
        let wanted = Wanted::parse(["viewercount", "active", "active"]).unwrap();
        assert_eq!(wanted.to_string(), "active.viewercount");
        assert_eq!(Wanted::parse(wanted.to_string().split('.')), Some(wanted));
        assert!(wanted.has("active") && !wanted.has("layers"));
        for odd in [&[][..], &["scte35"], &["active", ""], &["ACTIVE"]] {
            assert_eq!(Wanted::parse(odd.iter().copied()), None, "{odd:?}");
        }
    }

    #[test]
    fn one_of_many_asks_for_the_layers() {
        let (seen, now) = (LayersSeen::default(), Instant::now());
        let room = BroadcastId(1);
        assert!(seen.look(room, now).1);
        assert!(!seen.look(room, now).1);
        assert!(seen.look(room, now + LAYERS_AGE_MAX).1);
        assert!(!seen.look(room, now + LAYERS_AGE_MAX).1);
        for n in 0..1_000 {
            seen.look(BroadcastId(n), now + n as u32 * LAYERS_AGE_MAX);
        }
        assert!(seen.known.lock().unwrap().len() <= limits::ADMIN_BROADCASTS_MAX);
    }
}
