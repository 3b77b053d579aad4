//! Onlookers: people in the show's room, by WebSocket, who watch the stock and talk.
//!
//! They come back after every restart. What somebody says is repeated under its key until it is
//! heard. The oracle holds the levels that the room showed against the ledger, and what was heard
//! against what is stored.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{interval, sleep, timeout},
};
use tokio_tungstenite::{connect_async, tungstenite::Message as Packet};

use super::{buyer::Place, seed::Shop};

/// The chat takes five messages in ten seconds from one account.
const SPEAK_EVERY: Duration = Duration::from_millis(2_300);
/// Before coming back.
const PAUSE: Duration = Duration::from_millis(20);
/// An opening that takes longer counts as none.
const OPENING_MAX: Duration = Duration::from_secs(15);

/// A level as the room showed it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Of which variant.
    pub variant: String,
    /// At which place of the ledger.
    pub seq: u64,
    /// Units that could be bought.
    pub available: u32,
}

/// A message as it was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its id.
    pub id: String,
    /// Who said it.
    pub user: String,
    /// Under which key.
    pub key: String,
}

/// From one snapshot to the end of its connection.
#[derive(Debug, Default)]
pub struct Visit {
    /// The last message of the snapshot.
    pub since: String,
    /// What came after it.
    pub heard: Vec<Heard>,
    /// Gaps that the frames' positions showed.
    pub holes: u64,
    /// What must not be.
    pub faults: Vec<String>,
    /// The last position on the chat lane.
    pub(super) head: u64,
}

/// What all of them saw.
#[derive(Debug, Default)]
pub struct Log {
    levels: RefCell<BTreeMap<(String, u64), u32>>,
    visits: RefCell<Vec<Visit>>,
}

impl Log {
    /// Levels, the highest number of units for each place of the ledger.
    pub fn levels(&self) -> Vec<Shown> {
        let levels = self.levels.borrow();
        let shown = levels.iter().map(|((variant, seq), available)| Shown {
            variant: variant.clone(),
            seq: *seq,
            available: *available,
        });
        shown.collect()
    }

    /// Reads the visits.
    pub fn read<T>(&self, reader: impl FnOnce(&[Visit]) -> T) -> T {
        reader(&self.visits.borrow())
    }

    /// Notes a visit; returns its place.
    pub(super) fn begin(&self, visit: Visit) -> usize {
        let mut visits = self.visits.borrow_mut();
        visits.push(visit);
        visits.len() - 1
    }

    /// Messages that were heard, by everybody together.
    pub fn heard(&self) -> usize {
        self.visits.borrow().iter().map(|v| v.heard.len()).sum()
    }

    /// Notes levels as frames carry them.
    pub(super) fn show(&self, levels: &Value) {
        for level in levels.as_array().into_iter().flatten() {
            let variant = level["variant_id"].as_str().unwrap_or_default().to_owned();
            let seq = level["ledger_seq"].as_u64().unwrap_or_default();
            let available = level["available"].as_u64().unwrap_or(u64::MAX);
            let available = u32::try_from(available).unwrap_or(u32::MAX);
            let mut levels = self.levels.borrow_mut();
            let most = levels.entry((variant, seq)).or_default();
            *most = available.max(*most);
        }
    }
}

/// One of them.
pub struct Onlooker {
    account: usize,
    shop: Rc<Shop>,
    log: Rc<Log>,
    place: watch::Receiver<Place>,
    /// What was said and heard so far.
    said: u64,
    /// Of the connection.
    visit: Option<usize>,
}

impl Onlooker {
    /// Somebody who talks as the n-th account.
    pub fn new(
        account: usize,
        shop: Rc<Shop>,
        log: Rc<Log>,
        place: watch::Receiver<Place>,
    ) -> Self {
        Self {
            account,
            shop,
            log,
            place,
            said: 0,
            visit: None,
        }
    }

    /// Watches until the run is over.
    pub async fn run(mut self) {
        loop {
            let place = self.place.borrow_and_update().clone();
            match place {
                Place::Closed(_) => return,
                Place::Away => {
                    if self.place.changed().await.is_err() {
                        return;
                    }
                }
                Place::Open(url) => {
                    let mut place = self.place.clone();
                    tokio::select! {
                        _ = place.changed() => {}
                        // The server went away, or closes the room for a moment.
                        _ = self.stay(&url) => sleep(PAUSE).await,
                    }
                }
            }
        }
    }

    async fn stay(&mut self, url: &str) -> Result<()> {
        let address = url.replacen("http", "ws", 1);
        let address = format!("{address}/api/streams/{}/events", self.shop.show);
        let (mut socket, _) = timeout(OPENING_MAX, connect_async(address)).await??;
        self.visit = None;
        let token = &self.shop.accounts[self.account].token;
        let auth = json!({ "v": 1, "t": "auth", "d": { "token": token } });
        socket.send(Packet::text(auth.to_string())).await?;
        let mut clock = interval(SPEAK_EVERY);
        let begun = Instant::now();
        loop {
            tokio::select! {
                packet = socket.next() => match packet.context("closed")?? {
                    Packet::Text(text) => self.hear(&serde_json::from_str(&text)?)?,
                    Packet::Close(_) => bail!("closed after {:?}", begun.elapsed()),
                    _ => {}
                },
                _ = clock.tick() => {
                    let say = json!({ "v": 1, "t": "say", "d": {
                        "key": self.key(),
                        "body": format!("{} is said once", self.key()),
                    }});
                    socket.send(Packet::text(say.to_string())).await?;
                }
            }
        }
    }

    fn key(&self) -> String {
        format!("onlooker-{}-{}", self.account, self.said)
    }

    fn hear(&mut self, frame: &Value) -> Result<()> {
        let d = &frame["d"];
        match frame["t"].as_str() {
            Some("snapshot") => {
                self.log.show(&d["shop"]["stock"]);
                let last = self.listen(&d["chat"]["messages"]).pop();
                self.visit = Some(self.log.begin(Visit {
                    since: last.map(|last| last.id).unwrap_or_default(),
                    head: d["lanes"]["chat"].as_u64().unwrap_or_default(),
                    ..Visit::default()
                }));
            }
            Some("stock") => self.log.show(&d["levels"]),
            Some("chat") => {
                let messages = self.listen(&d["messages"]);
                let visit = self.visit.context("chat before the snapshot")?;
                self.log.visits.borrow_mut()[visit].take(&frame["pos"], messages);
            }
            Some("bye") => bail!("sent away: {d}"),
            _ => {}
        }
        Ok(())
    }

    /// Reads messages, and notes when one's own is among them.
    fn listen(&mut self, messages: &Value) -> Vec<Heard> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let read = |message: &Value| Heard {
            id: text(&message["id"]),
            user: text(&message["user_id"]),
            key: text(&message["key"]),
        };
        let heard: Vec<Heard> = messages
            .as_array()
            .into_iter()
            .flatten()
            .map(read)
            .collect();
        let me = &self.shop.accounts[self.account].user;
        let mine = |heard: &Heard| heard.user == *me && heard.key == self.key();
        if heard.iter().any(mine) {
            self.said += 1;
        }
        heard
    }
}

impl Visit {
    fn take(&mut self, position: &Value, messages: Vec<Heard>) {
        let number = |name: &str| position[name].as_u64().unwrap_or_default();
        let (seq, prev) = (number("seq"), number("prev"));
        if prev > self.head {
            self.holes += 1;
        } else if prev < self.head || seq <= prev {
            self.faults
                .push(format!("{position} came behind {}", self.head));
        }
        self.head = seq;
        for message in messages {
            let last = self.heard.last().map_or(&self.since, |last| &last.id);
            if message.id <= *last {
                self.faults
                    .push(format!("{} came behind {last}", message.id));
            }
            self.heard.push(message);
        }
    }
}
