//! The database goes away, stalls, is cut off, is full: what buyers are told meanwhile, and that
//! nothing they were promised is lost or doubled afterwards.
//!
//! Each test has its control beside it: the same judge over answers, or the same audit over books,
//! that must complain.

mod away;
mod cancel;
mod carts;
mod cut;
mod full;
mod proxy;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{api::Api, purchase::wide_sale, souk::Souk};

/// Units of each product: more than anybody buys here.
const UNITS: u32 = 10_000;
/// How long a database that is back may take until it is used again. A healthy run needs seconds.
const BACK_MAX: Duration = Duration::from_secs(120);

/// A server with an open sale of one product, and buyers.
struct Trial {
    souk: Souk,
    seller: Api,
    sale: String,
    product: String,
    buyers: Vec<Api>,
    _data: Option<TempDir>,
}

/// How one purchase was answered.
#[derive(Debug)]
struct Answer {
    buyer: usize,
    key: String,
    took: Duration,
    said: Said,
}

#[derive(Debug)]
enum Said {
    /// Status 201; whether it was the answer to an earlier request.
    Made { order: String, replayed: bool },
    /// Another status, with its code and whether `Retry-After` came along.
    Refused {
        status: StatusCode,
        code: String,
        retry: bool,
    },
}

impl Answer {
    fn order(&self) -> Option<&str> {
        match &self.said {
            Said::Made { order, .. } => Some(order),
            Said::Refused { .. } => None,
        }
    }

    /// What a buyer must be told while the database is away.
    fn is_come_back(&self) -> bool {
        match &self.said {
            Said::Made { .. } => false,
            Said::Refused {
                status,
                code,
                retry,
            } => {
                *status == StatusCode::SERVICE_UNAVAILABLE
                    && *retry
                    && matches!(&**code, "unavailable" | "busy")
            }
        }
    }
}

impl Trial {
    async fn new(souk: Souk, buyers: usize, data: Option<TempDir>) -> Self {
        let ready = &souk.ready;
        let seller = Api::signed_in(ready, ready.account("seller", 0)).await;
        let (sale, mut products) = wide_sale(ready, &seller, 1, UNITS).await;
        let mut people = Vec::new();
        for n in 0..buyers {
            people.push(Api::registered(ready, &format!("outage{n}@souk.example")).await);
        }
        Self {
            seller,
            sale,
            product: products.remove(0),
            buyers: people,
            souk,
            _data: data,
        }
    }

    fn body(&self) -> Value {
        json!({ "sale_id": self.sale, "product_id": self.product, "quantity": 1 })
    }

    async fn buy(&self, buyer: usize, key: &str) -> Answer {
        let asked = Instant::now();
        let response = self.buyers[buyer].buy(key, &self.body()).await.unwrap();
        let status = response.status();
        let retry = response.headers().contains_key("retry-after");
        let replayed = response.headers().contains_key("idempotent-replayed");
        let body: Value = response.json().await.unwrap();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let said = match status {
            StatusCode::CREATED => Said::Made {
                order: text("id"),
                replayed,
            },
            _ => Said::Refused {
                status,
                code: text("code"),
                retry,
            },
        };
        Answer {
            buyer,
            key: key.to_owned(),
            took: asked.elapsed(),
            said,
        }
    }

    /// Buys with the same key until it is done; returns the order.
    async fn buy_in_the_end(&self, buyer: usize, key: &str) -> String {
        self.found_or_made(buyer, key).await.0
    }

    /// As [`Trial::buy_in_the_end`], with whether the order was there already.
    async fn found_or_made(&self, buyer: usize, key: &str) -> (String, bool) {
        let begun = Instant::now();
        loop {
            let answer = self.buy(buyer, key).await;
            match &answer.said {
                Said::Made { order, replayed } => return (order.clone(), *replayed),
                Said::Refused { .. } => assert!(answer.is_come_back(), "{answer:?}"),
            }
            assert!(begun.elapsed() < BACK_MAX, "never done: {answer:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Each buyer buys `rounds` times, all at once; the keys begin with `prefix`.
    async fn rush(&self, prefix: &str, rounds: usize) -> Vec<Answer> {
        let all = (0..self.buyers.len()).map(|buyer| async move {
            let mut answers = Vec::new();
            for round in 0..rounds {
                answers.push(self.buy(buyer, &format!("{prefix}-{round}")).await);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answers
        });
        let answers = futures_util::future::join_all(all).await;
        answers.into_iter().flatten().collect()
    }

    /// What the books say against what the buyers were told, `told` by buyer and key: an order that
    /// is not there, two under one key, orders nobody asked for, stock that does not add up.
    async fn audit(&self, told: &BTreeMap<(usize, String), String>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut units = 0;
        for (n, buyer) in self.buyers.iter().enumerate() {
            let orders = buyer.all("/api/orders").await;
            units += orders.len();
            let there: Vec<&str> = orders.iter().filter_map(|one| one["id"].as_str()).collect();
            let mine = told.iter().filter(|((who, _), _)| *who == n);
            let mine: Vec<&str> = mine.map(|(_, order)| order.as_str()).collect();
            for order in mine.iter().filter(|order| !there.contains(order)) {
                wrong.push(format!("{order} was acknowledged and is lost"));
            }
            for order in there.iter().filter(|order| !mine.contains(order)) {
                wrong.push(format!("{order} belongs to no key of its buyer"));
            }
        }
        let view = self.seller.get(&format!("/api/sales/{}", self.sale)).await;
        let stock = &view["stock"][0];
        let count = |name: &str| stock[name].as_u64().unwrap_or(u64::MAX);
        if count("held") != units as u64
            || count("available") + count("held") + count("sold") != count("allocated")
        {
            wrong.push(format!("{units} units ordered, but {stock}"));
        }
        wrong
    }
}

/// What one and the same key was answered: never two orders.
fn told(answers: &[Answer]) -> BTreeMap<(usize, String), String> {
    let mut told = BTreeMap::new();
    for answer in answers {
        if let Some(order) = answer.order() {
            let key = (answer.buyer, answer.key.clone());
            let first = told.entry(key).or_insert_with(|| order.to_owned());
            assert_eq!(first, order, "one key, one order");
        }
    }
    told
}

/// Those who were told anything else than to come back.
fn misled(answers: &[Answer]) -> Vec<&Answer> {
    answers
        .iter()
        .filter(|answer| !answer.is_come_back())
        .collect()
}

/// The time by which a part of the answers had come.
fn percentile(answers: &[Answer], part: usize) -> Duration {
    let mut times: Vec<Duration> = answers.iter().map(|answer| answer.took).collect();
    times.sort_unstable();
    let at = (times.len() * part / 100).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}
