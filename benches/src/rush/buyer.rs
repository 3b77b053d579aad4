//! A buyer: one connection kept alive, one purchase at a time, plain HTTP/1.1 without a library, or
//! by the data channels of a viewer, who still pays by HTTP.
//!
//! A purchase that was not answered is asked again under its key until it is, on whatever life of
//! the server. Now and then an answered one is asked again as well, and must get the same order.

mod answer;
mod by_lane;

use std::{rc::Rc, time::Instant};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::{Duration, sleep, timeout},
};

use self::answer::{Answer, parse};
use super::{
    journal::{Acknowledged, Journal},
    lane::Lane,
    pace::Pace,
    seed::{PER_BUYER, Shop},
};

/// An answer that takes longer counts as none.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(15);
/// Before asking again when the server said that it is busy, or was not there.
const PAUSE: Duration = Duration::from_millis(10);
/// One of so many answered purchases is asked again.
const REPEAT_EVERY: u64 = 50;
/// Of those who pay now and then, one of so many times somebody calls an order off.
const REGRET_EVERY: u64 = 3;
/// Purchases over the limit that each account tries.
const TOO_MANY: usize = 5;

/// Where the server is.
#[derive(Debug, Clone)]
pub enum Place {
    /// Here.
    Open(String),
    /// Gone, but it comes back.
    Away,
    /// Here, but the run is over: finish what has begun.
    Closed(String),
}

/// One of them.
pub struct Buyer {
    n: usize,
    account: usize,
    shop: Rc<Shop>,
    journal: Rc<Journal>,
    place: watch::Receiver<Place>,
    pay_every: u64,
    pace: Rc<Pace>,
    /// How the data channels are asked for, for who buys by them.
    lanes: Option<reqwest::Client>,
    lane: Option<Lane>,
    /// Before which the lane takes no further command.
    lane_free: Instant,
    stream: Option<TcpStream>,
    input: Vec<u8>,
    bought: u64,
}

impl Buyer {
    /// The n-th buyer.
    pub fn new(
        n: usize,
        shop: Rc<Shop>,
        journal: Rc<Journal>,
        place: watch::Receiver<Place>,
        pay_every: u64,
        (pace, lanes): (Rc<Pace>, Option<reqwest::Client>),
    ) -> Self {
        Self {
            n,
            account: n % shop.accounts.len(),
            shop,
            journal,
            place,
            pay_every,
            pace,
            lanes,
            lane: None,
            lane_free: Instant::now(),
            stream: None,
            input: Vec::with_capacity(4096),
            bought: 0,
        }
    }

    /// Buys until the run is over or the account may buy no more.
    pub async fn run(mut self) {
        let most = self.shop.products.len() * PER_BUYER + TOO_MANY;
        for round in 0.. {
            tokio::select! {
                () = self.pace.turn() => {}
                _ = self.place.wait_for(|place| matches!(place, Place::Closed(_))) => {}
            }
            if self.is_over() {
                break;
            }
            let turn = self.journal.turn(self.account);
            if turn >= most {
                self.journal.exhaust(self.account);
                break;
            }
            let product = (turn + self.account * 7) % self.shop.products.len();
            let key = format!("{}-{round}", self.n);
            if self.buy(&key, product).await.is_none() {
                break;
            }
        }
        if let Some(lane) = self.lane.take() {
            lane.leave().await;
        }
    }

    fn purchase(&self, key: &str, product: usize) -> String {
        let Shop { sale, products, .. } = &*self.shop;
        let product = &products[product];
        let body =
            format!("{{\"sale_id\":\"{sale}\",\"product_id\":\"{product}\",\"quantity\":1}}");
        self.post("/api/orders", key, &body)
    }

    fn post(&self, path: &str, key: &str, body: &str) -> String {
        let token = &self.shop.accounts[self.account].token;
        format!(
            "POST {path} HTTP/1.1\r\nhost: souk\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nidempotency-key: {key}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// `None` when the run is over.
    async fn buy(&mut self, key: &str, product: usize) -> Option<()> {
        let (placed, took) = self.place_order(key, product).await?;
        let Some(acknowledged) = placed else {
            return Some(());
        };
        self.journal.took(took);
        self.bought += 1;
        let payment = acknowledged.payment.clone();
        let order = acknowledged.order.clone();
        self.journal.acknowledge(acknowledged);
        if self.bought.is_multiple_of(REPEAT_EVERY) {
            let (again, _) = self.place_order(key, product).await?;
            self.journal
                .repeated(again.is_some_and(|again| again.order == order));
        }
        if self.pay_every == 0 {
            return Some(());
        }
        let turn = self.bought / self.pay_every;
        if self.bought.is_multiple_of(self.pay_every) {
            self.pay(&payment).await?;
            if turn.is_multiple_of(REGRET_EVERY) {
                self.call_off(&order).await?;
            }
        } else if self.bought % self.pay_every == self.pay_every / 2
            && turn.is_multiple_of(REGRET_EVERY)
        {
            self.call_off(&order).await?;
        }
        Some(())
    }

    /// Asks for an order until there is an answer; the time is that of the attempt that got it.
    async fn place_order(
        &mut self,
        key: &str,
        product: usize,
    ) -> Option<(Option<Acknowledged>, Duration)> {
        if self.lanes.is_some() {
            return self.by_lane(key, product).await;
        }
        let request = self.purchase(key, product);
        let (answer, took) = self.until_answered(&request).await?;
        Some((self.note(key, &answer), took))
    }

    fn note(&self, key: &str, answer: &Answer) -> Option<Acknowledged> {
        if answer.status != 201 {
            let code = answer.text("code").unwrap_or("none");
            self.journal.refused(code);
            return None;
        }
        let payment = answer
            .after("payment")
            .and_then(|rest| rest.split('"').nth(3));
        let read = || {
            Some(Acknowledged {
                buyer: self.n,
                account: self.account,
                key: key.to_owned(),
                order: answer.text("id")?.to_owned(),
                payment: payment?.to_owned(),
                seq: answer.number("ledger_seq")?,
                replayed: answer.replayed,
            })
        };
        let read = read();
        if read.is_none() {
            self.journal.refused("unreadable_order");
        }
        read
    }

    /// Pays as the page does: the window, then the confirmation. What a kill cuts off, the server
    /// settles by itself.
    async fn pay(&mut self, payment: &str) -> Option<()> {
        let key = format!("pay-{payment}");
        let window = self.post(
            &format!("/api/payments/{payment}/sandbox"),
            &key,
            "{\"approve\":true}",
        );
        let (window, _) = self.until_answered(&window).await?;
        let Some(token) = window.text("payment_token") else {
            self.journal
                .refused(window.text("code").unwrap_or("no_payment_window"));
            return Some(());
        };
        let body = format!("{{\"payment_token\":\"{token}\"}}");
        let confirm = self.post(&format!("/api/payments/{payment}/confirm"), &key, &body);
        let (paid, _) = self.until_answered(&confirm).await?;
        match (paid.status, paid.text("payment_status")) {
            (200..300, Some("paid")) => self.journal.paid(payment.to_owned()),
            // The provider's answer was lost with the server that waited for it.
            (200..300, _) => self.journal.refused("payment_pending"),
            _ => self
                .journal
                .refused(paid.text("code").unwrap_or("not_paid")),
        }
        Some(())
    }

    /// Changes one's mind: units go back, and the money of an order that is paid.
    async fn call_off(&mut self, order: &str) -> Option<()> {
        let path = format!("/api/orders/{order}/cancel");
        let request = self.post(&path, &format!("off-{order}"), "{\"reason\":\"regret\"}");
        let (answer, _) = self.until_answered(&request).await?;
        match answer.status {
            200 => self.journal.was_called_off(order.to_owned()),
            // A payment whose outcome is not known, or an answer that was lost with its server.
            _ => {
                let code = answer.text("code").unwrap_or("not_called_off");
                self.journal.refused(&format!("cancel_{code}"));
            }
        }
        Some(())
    }

    /// Asks until there is an answer; the time is that of the attempt that got it.
    async fn until_answered(&mut self, request: &str) -> Option<(Answer, Duration)> {
        loop {
            if self.stream.is_none() && !self.connect().await? {
                continue;
            }
            let asked = Instant::now();
            match timeout(ANSWER_TIME_MAX, self.exchange(request)).await {
                Ok(Ok(answer)) if matches!(answer.status, 429 | 503) => {
                    self.journal.refused(answer.text("code").unwrap_or("busy"));
                    if self.is_over() {
                        return None;
                    }
                    sleep(PAUSE).await;
                }
                Ok(Ok(answer)) => return Some((answer, asked.elapsed())),
                Ok(Err(_)) | Err(_) => {
                    self.stream = None;
                    self.journal.cut_off();
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        matches!(*self.place.borrow(), Place::Closed(_))
    }

    /// `None` when the run is over and the server gone, `false` when nobody is there.
    async fn connect(&mut self) -> Option<bool> {
        let place = self.place.borrow_and_update().clone();
        match place {
            Place::Away => {
                self.place.changed().await.ok()?;
                Some(false)
            }
            Place::Open(url) | Place::Closed(url) => {
                let address = url.trim_start_matches("http://");
                self.input.clear();
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        let _ = stream.set_nodelay(true);
                        self.stream = Some(stream);
                        Some(true)
                    }
                    Err(_) if self.is_over() => None,
                    Err(_) => {
                        // It may have been killed and nobody said so yet.
                        sleep(PAUSE).await;
                        Some(false)
                    }
                }
            }
        }
    }

    async fn exchange(&mut self, request: &str) -> Result<Answer> {
        let stream = self.stream.as_mut().context("no connection")?;
        stream.write_all(request.as_bytes()).await?;
        loop {
            if let Some((answer, length)) = parse(&self.input)? {
                self.input.drain(..length);
                return Ok(answer);
            }
            if stream.read_buf(&mut self.input).await? == 0 {
                bail!("the connection was closed");
            }
        }
    }
}
