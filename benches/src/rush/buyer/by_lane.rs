//! Buying by data channel.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::time::{Duration, sleep, sleep_until, timeout};

use super::{ANSWER_TIME_MAX, Acknowledged, Buyer, Place, Shop};
use crate::rush::lane::{Lane, Said};

/// The hub takes twenty frames a second of one connection.
const APART: Duration = Duration::from_millis(55);
/// Before joining again when nothing was live yet, or asking again who was refused for the moment.
const PAUSE: Duration = Duration::from_millis(200);

impl Buyer {
    /// As `place_order`; a connection that ends is replaced, and its question asked again.
    pub(super) async fn by_lane(
        &mut self,
        key: &str,
        product: usize,
    ) -> Option<(Option<Acknowledged>, Duration)> {
        let Shop { sale, products, .. } = &*self.shop;
        let command = json!({ "sale_id": sale, "product_id": products[product], "quantity": 1 });
        loop {
            if self.lane.is_none() && !self.join().await? {
                continue;
            }
            sleep_until(self.lane_free.into()).await;
            self.lane_free = Instant::now() + APART;
            let asked = Instant::now();
            match self.ask(key, command.clone()).await {
                Some(Said::Order(order)) => {
                    let acknowledged = self.read(key, &order);
                    if acknowledged.is_none() {
                        self.journal.refused("unreadable_order");
                    }
                    return Some((acknowledged, asked.elapsed()));
                }
                Some(Said::Refused(code)) => {
                    self.journal.refused(&code);
                    let passing = ["rate_limited", "busy", "unavailable"];
                    if !passing.contains(&code.as_str()) {
                        return Some((None, asked.elapsed()));
                    }
                    if self.is_over() {
                        return None;
                    }
                    sleep(PAUSE).await;
                }
                None => {
                    self.lane = None;
                    self.journal.cut_off();
                }
            }
        }
    }

    /// `None` when the connection ended, or the server did.
    async fn ask(&mut self, key: &str, command: Value) -> Option<Said> {
        let lane = self.lane.as_mut()?;
        let mut place = self.place.clone();
        tokio::select! {
            said = timeout(ANSWER_TIME_MAX, lane.buy(key, command)) => said.ok()?.ok(),
            _ = place.wait_for(|place| matches!(place, Place::Away)) => None,
        }
    }

    /// `None` when the run is over, `false` when nobody is there.
    async fn join(&mut self) -> Option<bool> {
        let place = self.place.borrow_and_update().clone();
        let url = match place {
            Place::Away => {
                self.place.changed().await.ok()?;
                return Some(false);
            }
            Place::Open(url) | Place::Closed(url) => url,
        };
        let (client, token) = (
            self.lanes.as_ref()?,
            &self.shop.accounts[self.account].token,
        );
        match Lane::open(client, &url, token).await {
            Ok(lane) => {
                self.lane = Some(lane);
                Some(true)
            }
            Err(error) => {
                tracing::debug!(%error, "a join failed");
                // Who had asked already goes on: the order may be there.
                sleep(PAUSE).await;
                Some(false)
            }
        }
    }

    fn read(&self, key: &str, order: &Value) -> Option<Acknowledged> {
        Some(Acknowledged {
            buyer: self.n,
            account: self.account,
            key: key.to_owned(),
            order: order["id"].as_str()?.to_owned(),
            payment: order["payment"]["id"].as_str()?.to_owned(),
            seq: order["ledger_seq"].as_u64()?,
            // The lane does not say.
            replayed: false,
        })
    }
}
