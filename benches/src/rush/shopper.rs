//! Shoppers beside the sale: they look through the catalog and fill carts, at a rate of their own.
//!
//! A request is sent when its time has come, whether or not those before it were answered, and its
//! time counts from then: a server that falls behind is not asked less.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use super::{buyer::Place, seed::Shop};
use crate::report::{Percentiles, Samples};

/// An answer that takes longer counts as none.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(15);

/// What the shoppers saw.
#[derive(Debug, Default)]
pub struct Errands {
    catalog: RefCell<Samples>,
    cart: RefCell<Samples>,
    failed: Cell<u64>,
}

/// The JSON form of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Errand {
    /// From the time that a list of products was due to be asked for to its last byte.
    pub catalog_ms: Percentiles,
    /// The same of a line that is put into a cart.
    pub cart_ms: Percentiles,
    /// Requests that got no answer, or not the right one.
    pub failed: u64,
}

impl Errands {
    /// What there is to report.
    pub fn report(&self) -> Errand {
        Errand {
            catalog_ms: self.catalog.borrow().percentiles(),
            cart_ms: self.cart.borrow().percentiles(),
            failed: self.failed.get(),
        }
    }
}

/// All of them.
pub struct Shoppers {
    shop: Rc<Shop>,
    errands: Rc<Errands>,
    place: watch::Receiver<Place>,
    client: Client,
    every: Duration,
}

impl Shoppers {
    /// So many requests a second, every second one a change of a cart.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn new(
        rate: f64,
        shop: Rc<Shop>,
        errands: Rc<Errands>,
        place: watch::Receiver<Place>,
    ) -> reqwest::Result<Self> {
        let client = Client::builder().no_proxy().timeout(ANSWER_TIME_MAX);
        Ok(Self {
            shop,
            errands,
            place,
            client: client.build()?,
            every: Duration::from_secs_f64(1.0 / rate),
        })
    }

    /// Asks until the run is over.
    pub async fn run(mut self) {
        let mut asked = JoinSet::new();
        let mut due = Instant::now();
        for turn in 0.. {
            tokio::time::sleep_until(due.into()).await;
            while asked.try_join_next().is_some() {}
            let place = self.place.borrow_and_update().clone();
            match place {
                Place::Closed(_) => break,
                Place::Away => {
                    if self.place.changed().await.is_err() {
                        break;
                    }
                    due = Instant::now();
                }
                Place::Open(url) => {
                    let (errands, is_cart) = (self.errands.clone(), turn % 2 == 1);
                    let request = match is_cart {
                        true => self.cart(&url, turn / 2),
                        false => self.client.get(format!("{url}/api/products?limit=20")),
                    };
                    asked.spawn_local(ask(request, due, errands, is_cart));
                    due += self.every;
                }
            }
        }
        while asked.join_next().await.is_some() {}
    }

    fn cart(&self, url: &str, turn: usize) -> RequestBuilder {
        let Shop {
            accounts, shelf, ..
        } = &*self.shop;
        let account = &accounts[turn % accounts.len()];
        let variant = &shelf[turn / accounts.len() % shelf.len()];
        self.client
            .post(format!("{url}/api/cart/items"))
            .bearer_auth(&account.token)
            .json(&json!({ "variant_id": variant, "quantity": 1 }))
    }
}

async fn ask(request: RequestBuilder, due: Instant, errands: Rc<Errands>, is_cart: bool) {
    let answer = async { request.send().await?.error_for_status()?.bytes().await };
    match answer.await {
        Ok(_) if is_cart => errands.cart.borrow_mut().add(due.elapsed()),
        Ok(_) => errands.catalog.borrow_mut().add(due.elapsed()),
        Err(_) => errands.failed.set(errands.failed.get() + 1),
    }
}
