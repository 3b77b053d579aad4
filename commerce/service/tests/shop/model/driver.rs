//! Gives commands to the shop and to the naive ledger, and compares what both say.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::poll_fn,
    pin::Pin,
    task::Poll,
    time::{Duration, Instant},
};

use commerce_core::{Refusal, order};
use commerce_service::{
    Cancelled, NewSale, NewSaleItem, Placed, ServiceError, ServiceError::Refused,
};
use commerce_store::{Store, sql};
use signaling_wire::{
    Money, ProductId,
    frame::shop::{Buy, OrderStatus, PaymentStatus, SaleState},
};

use super::{
    super::fixture::{HOLD_SECONDS, PRICE, Shop, actor, eventually},
    command::{OPEN_SALES, Wave},
    ledger::{Bid, Ledger, PRODUCTS, Verdict, total},
};

const BUYERS: usize = 10;
/// A sequencer waits longer than this for more work.
const SEQUENCER_RUNS: Duration = Duration::from_secs(20);
/// Units of each product in a new sale, and on its shelf.
const UNITS: i64 = 30;
const SHELF: i64 = 20;
/// Sales whose levels are compared after each wave.
const LOOKED_AT: usize = 4;
/// For the provider; a machine that is busy must not turn charges into unknown ones.
const PROVIDER_TIME_MS: u64 = 30_000;

/// Where they differ.
type Difference = String;
type Answers = Result<Vec<String>, Difference>;

/// Both of them.
pub(super) struct Driver {
    /// `None` only while it is restarted.
    shop: Option<Shop>,
    ledger: Ledger,
    stranger: ProductId,
    /// When each sale was last asked for something, in this life of the shop.
    asked: BTreeMap<usize, Instant>,
}

impl Driver {
    /// A shop with open sales.
    pub(super) async fn open() -> Self {
        let shop = Shop::open_with(PROVIDER_TIME_MS).await;
        let mut buyers = Vec::new();
        for _ in 0..BUYERS {
            buyers.push(shop.buyer().await);
        }
        let ledger = Ledger {
            now: shop.now_us(),
            buyers,
            ..Ledger::default()
        };
        let stranger = shop.add_product(1).await;
        let mut driver = Self {
            shop: Some(shop),
            ledger,
            stranger,
            asked: BTreeMap::new(),
        };
        for _ in 0..OPEN_SALES {
            driver.open_sale().await;
        }
        driver
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn store(&self) -> &Store {
        &self.shop().store
    }

    fn shop(&self) -> &Shop {
        self.shop.as_ref().unwrap()
    }

    async fn open_sale(&mut self) {
        let shop = self.shop();
        let mut products = Vec::new();
        for _ in 0..PRODUCTS {
            products.push(shop.add_product((UNITS + SHELF) as u32).await);
        }
        let item = |product_id: &ProductId| NewSaleItem {
            product_id: *product_id,
            variant_id: None,
            price: None,
            allocated: UNITS as u32,
            max_per_buyer: super::ledger::LIMIT,
        };
        let new = NewSale {
            stream_id: shop.stream,
            opens_ms: None,
            closes_ms: None,
            hold_seconds: Some(HOLD_SECONDS),
            items: products.iter().map(item).collect(),
        };
        let sale = shop.commerce.create_sale(shop.owner, new).await.unwrap().id;
        shop.commerce.open_sale(shop.owner, sale).await.unwrap();
        let products = products.try_into().unwrap();
        self.ledger.open(sale, products, UNITS, SHELF);
    }

    /// Gives the commands to both; what they answered, in a word each.
    pub(super) async fn play(&mut self, wave: Wave) -> Answers {
        self.ledger.waves += 1;
        let answers = match &wave {
            Wave::Buy(bids) => self.buy(bids).await?,
            Wave::Pay(orders) => self.pay(orders).await?,
            Wave::Cancel(orders) => self.cancel(orders).await?,
            Wave::Allocate(sale, product, delta) => {
                let shop = self.shop();
                let (id, what) = self.place(*sale, *product);
                let delta32 = i32::try_from(*delta).unwrap();
                let moved = shop.commerce.allocate(shop.owner, id, what, None, delta32);
                let moved = moved.await.map(|_| ());
                let there = self.ledger.allocate(*sale, *product, *delta);
                one(&wave, there, "allocated", moved)?
            }
            Wave::Adjust(sale, product, delta) => {
                let shop = self.shop();
                let (_, what) = self.place(*sale, *product);
                let delta32 = i32::try_from(*delta).unwrap();
                let done = shop
                    .commerce
                    .adjust_stock(shop.owner, what, delta32, "count");
                let done = done.await.map(|_| ());
                let there = self.ledger.adjust(*sale, *product, *delta);
                one(&wave, there, "adjusted", done)?
            }
            Wave::Step(sale, to) => self.step(&wave, *sale, *to).await?,
            Wave::Renew(sale) => {
                let closed = self.step(&wave, *sale, SaleState::Closed).await?;
                self.open_sale().await;
                closed
            }
            Wave::Pass(us) => {
                let passed = Duration::from_micros(us.unsigned_abs());
                self.shop().pass(passed);
                let sales = self.ledger.pass(*us);
                self.wake(sales).await?;
                vec!["passed".to_owned()]
            }
            Wave::Restart => {
                let shop = self.shop.take().unwrap();
                self.shop = Some(shop.restart().await);
                self.asked.clear();
                vec!["restarted".to_owned()]
            }
        };
        self.compare_levels(&wave).await?;
        Ok(answers)
    }

    fn place(&self, sale: usize, product: usize) -> (signaling_wire::SaleId, ProductId) {
        let sale = &self.ledger.sales[sale];
        let product = sale.products.get(product).copied();
        (sale.id, product.unwrap_or(self.stranger))
    }

    fn ask(&self, bid: &Bid) -> impl Future<Output = Result<Placed, ServiceError>> {
        let (sale_id, product_id) = self.place(bid.sale, bid.product);
        let buy = Buy {
            key: bid.key.clone(),
            sale_id,
            product_id,
            variant_id: None,
            quantity: bid.quantity,
            expected_unit_price: bid.expected.map(|amount| Money { amount, ..PRICE }),
            lease: None,
        };
        let (commerce, buyer) = (self.shop().commerce.clone(), self.ledger.buyers[bid.buyer]);
        async move { commerce.buy(buyer, buy).await }
    }

    async fn buy(&mut self, bids: &[Bid]) -> Answers {
        // Where the sale's sequencer may have ended, the first alone; the queue of one that runs
        // keeps the order.
        let sale = bids.first().map_or(0, |bid| bid.sale);
        let runs = self.asked.insert(sale, Instant::now());
        let alone = usize::from(runs.is_none_or(|at| at.elapsed() >= SEQUENCER_RUNS));
        let (first, rest) = bids.split_at(alone.min(bids.len()));
        let mut answers = all(first.iter().map(|bid| self.ask(bid)).collect()).await;
        answers.extend(all(rest.iter().map(|bid| self.ask(bid)).collect()).await);
        let mut words = Vec::with_capacity(bids.len());
        for (bid, answer) in bids.iter().zip(answers) {
            let verdict = self.ledger.buy(bid);
            words.push(self.agree(bid, verdict, answer)?);
        }
        Ok(words)
    }

    /// Whether the answer to a bid is the ledger's.
    fn agree(
        &mut self,
        bid: &Bid,
        verdict: Verdict,
        answer: Result<Placed, ServiceError>,
    ) -> Result<String, Difference> {
        let differ = |got: &dyn std::fmt::Debug| format!("{bid:?}: {verdict:?}, not {got:?}");
        match (&verdict, &answer) {
            (Verdict::Placed(index), Ok(placed)) if !placed.replayed => {
                let order = &placed.order;
                let right = order.total == total(bid.quantity)
                    && order.lines[0].quantity == bid.quantity
                    && order.status == OrderStatus::PendingPayment;
                self.ledger.orders[*index].ids = Some((order.id, order.payment.id));
                right
                    .then(|| "placed".to_owned())
                    .ok_or_else(|| differ(order))
            }
            (Verdict::Replayed(index), Ok(placed)) if placed.replayed => {
                let known = &self.ledger.orders[*index];
                let right = known.ids == Some((placed.order.id, placed.order.payment.id))
                    && known.status == placed.order.status;
                right
                    .then(|| "replayed".to_owned())
                    .ok_or_else(|| differ(placed))
            }
            (Verdict::Refused(expected), Err(Refused(got))) if expected == got => {
                Ok(got.code().key().to_owned())
            }
            _ => Err(differ(&answer)),
        }
    }

    async fn pay(&mut self, orders: &[(usize, bool)]) -> Answers {
        let paying = orders
            .iter()
            .map(|(index, approve)| self.pay_one(*index, *approve));
        let answers = all(paying.collect()).await;
        let mut words = Vec::with_capacity(orders.len());
        for ((index, approve), answer) in orders.iter().zip(answers) {
            let expected = self.ledger.pay(*index, *approve);
            words.push(match (&expected, &answer) {
                (Ok(()), Ok(())) => "paid".to_owned(),
                (Err(Refusal::Declined { .. }), Err(Refusal::Declined { .. })) => {
                    "declined".to_owned()
                }
                (Err(expected), Err(got)) if expected == got => got.code().key().to_owned(),
                _ => {
                    let order = &self.ledger.orders[*index];
                    return Err(format!("paying {order:?}: {expected:?}, not {answer:?}"));
                }
            });
        }
        Ok(words)
    }

    /// Goes through the provider's window and confirms. A provider that is slow today is asked
    /// again, as a page would.
    async fn pay_one(&self, index: usize, approve: bool) -> Result<(), Refusal> {
        let known = &self.ledger.orders[index];
        let (_, payment) = known.ids.unwrap();
        let buyer = self.ledger.buyers[known.bid.buyer];
        let commerce = &self.shop().commerce;
        let mut token = Some("again".to_owned());
        if known.status != OrderStatus::Paid {
            loop {
                match commerce.sandbox_authorize(buyer, payment, approve).await {
                    Ok(given) => break token = Some(given),
                    Err(ServiceError::Provider(_)) => {}
                    Err(Refused(refusal)) => return Err(refusal),
                    Err(other) => panic!("{other:?} instead of a token"),
                }
            }
        }
        loop {
            match commerce.confirm(buyer, payment, token.as_deref()).await {
                Ok(order) if order.status == OrderStatus::Paid => return Ok(()),
                Ok(order) if order.payment_status == PaymentStatus::Failed => {
                    let reason = String::new();
                    return Err(Refusal::Declined { reason });
                }
                // The outcome is not known yet.
                Ok(_) | Err(ServiceError::InFlight | ServiceError::Provider(_)) => token = None,
                Err(Refused(refusal)) => return Err(refusal),
                Err(other) => panic!("{other:?} instead of an outcome"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn cancel(&mut self, orders: &[usize]) -> Answers {
        let shop = self.shop();
        let cancelling = orders.iter().map(|index| {
            let known = &self.ledger.orders[*index];
            let buyer = actor(self.ledger.buyers[known.bid.buyer]);
            let (order, _) = known.ids.unwrap();
            async move { shop.commerce.cancel_order(buyer, order, "regret").await }
        });
        let answers = all(cancelling.collect()).await;
        let mut words = Vec::with_capacity(orders.len());
        for (index, answer) in orders.iter().zip(answers) {
            let expected = self.ledger.cancel(*index);
            words.push(match (&expected, &answer) {
                (Ok(()), Ok(Cancelled::Done(order))) if order.status == OrderStatus::Cancelled => {
                    "cancelled".to_owned()
                }
                (
                    Err(Refusal::InvalidTransition { from, .. }),
                    Err(Refused(Refusal::InvalidTransition { from: got, .. })),
                ) if from == got => "invalid_transition".to_owned(),
                _ => {
                    let order = &self.ledger.orders[*index];
                    return Err(format!(
                        "cancelling {order:?}: {expected:?}, not {answer:?}"
                    ));
                }
            });
        }
        Ok(words)
    }

    async fn step(&mut self, wave: &Wave, sale: usize, to: SaleState) -> Answers {
        let shop = self.shop();
        let id = self.ledger.sales[sale].id;
        let done = match to {
            SaleState::Open => shop.commerce.open_sale(shop.owner, id).await,
            SaleState::Paused => shop.commerce.pause_sale(shop.owner, id).await,
            _ => shop.commerce.close_sale(shop.owner, id).await,
        };
        let there = self.ledger.step(sale, to);
        match (there, done) {
            (true, Ok(sale)) if sale.state == to => Ok(vec!["stepped".to_owned()]),
            (false, Err(Refused(Refusal::InvalidTransition { .. }))) => {
                Ok(vec!["invalid_transition".to_owned()])
            }
            (_, done) => Err(format!("{wave:?}: {there}, not {done:?}")),
        }
    }

    /// Has sales look at the clock, by a purchase that nobody can make.
    async fn wake(&mut self, sales: BTreeSet<usize>) -> Result<(), Difference> {
        for sale in sales {
            let bid = Bid {
                sale,
                product: 0,
                buyer: 0,
                quantity: 0,
                expected: None,
                key: format!("wake-{}", self.ledger.waves),
            };
            let answer = self.ask(&bid).await;
            let verdict = self.ledger.buy(&bid);
            self.agree(&bid, verdict, answer)?;
        }
        Ok(())
    }

    /// The levels of the last sales; older ones rest.
    async fn compare_levels(&self, wave: &Wave) -> Result<(), Difference> {
        let shop = self.shop();
        for (n, sale) in self.ledger.sales.iter().enumerate().rev().take(LOOKED_AT) {
            let view = shop.commerce.sale(sale.id).await.unwrap();
            if view.sale.state != sale.state {
                return Err(format!("{wave:?}: sale {n} is {:?}", view.sale.state));
            }
            for (p, product) in sale.products.iter().enumerate() {
                let stock = view.stock.iter().find(|stock| stock.product_id == *product);
                let stock = stock.unwrap();
                let got = [stock.allocated, stock.available, stock.held, stock.sold];
                let (got, expected) = (got.map(i64::from), self.ledger.units(n, p));
                if got != expected {
                    return Err(format!(
                        "{wave:?}: product {p} of sale {n} ({:?}) has {got:?}, not {expected:?}",
                        sale.state
                    ));
                }
            }
        }
        Ok(())
    }

    /// The status and total of every order, and every shelf, at the end.
    pub(super) async fn compare_orders(&self) {
        let shop = self.shop();
        let rows = sql::query("SELECT id, status, total FROM orders")
            .fetch_all(shop.store.reader())
            .await
            .unwrap();
        let stored: HashMap<String, (String, i64)> = rows
            .iter()
            .map(|row| {
                let word = |name| row.get::<String>(name).unwrap();
                (word("id"), (word("status"), row.get("total").unwrap()))
            })
            .collect();
        assert_eq!(stored.len(), self.ledger.orders.len());
        for known in &self.ledger.orders {
            let (id, _) = known.ids.unwrap();
            let status = order::name(known.status).to_owned();
            let expected = (status, total(known.bid.quantity).amount);
            assert_eq!(stored.get(&id.to_string()), Some(&expected), "{known:?}");
        }
        for sale in &self.ledger.sales {
            for (product, shelf) in sale.products.iter().zip(sale.shelf) {
                let seen = shop.commerce.product(None, *product).await.unwrap();
                assert_eq!(i64::from(seen.summary.stock.on_hand), shelf, "{sale:?}");
            }
        }
        eventually("every refund is made", || async {
            let open: i64 = sql::query(
                "SELECT COUNT(*) FROM refund WHERE state IN ('requested', 'submitting')",
            )
            .fetch_value(shop.store.reader())
            .await
            .unwrap();
            shop.pass(Duration::from_secs(1));
            open == 0
        })
        .await;
    }
}

/// The answer to a command that only the stock can refuse.
fn one(wave: &Wave, there: bool, word: &str, done: Result<(), ServiceError>) -> Answers {
    match (there, done) {
        (true, Ok(())) => Ok(vec![word.to_owned()]),
        (false, Err(Refused(Refusal::SaleNotOpen { .. }))) => Ok(vec!["sale_not_open".to_owned()]),
        (false, Err(ServiceError::Validation(_))) => Ok(vec!["too_few".to_owned()]),
        (_, done) => Err(format!("{wave:?}: {there}, not {done:?}")),
    }
}

/// All outputs; the futures are begun in their order.
async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    type Slot<F> = (Pin<Box<F>>, Option<<F as Future>::Output>);
    let mut slots: Vec<Slot<F>> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    poll_fn(|context| {
        let mut open = false;
        for (future, output) in &mut slots {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => open = true,
                }
            }
        }
        if open { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    slots.into_iter().filter_map(|(_, output)| output).collect()
}
