//! An ordinary checkout: items or the cart become one order per seller, in one transaction.
//!
//! Prices come from the variants, discounts from the coupon, the units from the shelf; what the
//! buyer's page says about money is only compared. The units are held until the checkout is paid
//! or its time is over, as in a timed sale.

use std::collections::{BTreeMap, BTreeSet};

use commerce_core::{
    Refusal, coupon, order,
    payment::PaymentEvent,
    shelf::Want,
    totals::{self, Item, Totals},
};
use commerce_store::sql::Conn;
use serde::{Deserialize, Serialize};
use signaling_wire::{
    Money, OrderGroupId, OrderId, OrderLineId, PaymentId, ReservationId, SellerId, UserId,
    VariantId, frame::shop::Order, limits::ORDER_QUANTITY_MAX,
};

use crate::{
    CartOwner, Commerce, ServiceError,
    db::{
        self,
        checkout::{NewGroup, NewLine, NewOrder},
        key::{self, Key},
        ledger::Cause,
        offer::Offer,
    },
    limits,
    mint::mint,
    settle,
    validation::Validation,
};

/// Units of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutItem {
    /// Which variant.
    pub variant_id: VariantId,
    /// How many, 1 and up.
    pub quantity: u32,
}

/// What is bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutSource {
    /// These.
    Items(Vec<CheckoutItem>),
    /// What lies in the buyer's cart, with its coupon.
    Cart,
}

/// What a buyer asks for.
#[derive(Debug, Clone)]
pub struct NewCheckout {
    /// What is bought.
    pub source: CheckoutSource,
    /// A coupon; that of the cart if there is none.
    pub coupon: Option<String>,
    /// The total that the buyer saw; another one is refused.
    pub expected_total: Option<Money>,
    /// Made by the buyer's device; a repeat gets the first answer.
    pub key: String,
}

/// A checkout: one order per seller, one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Checkout {
    /// Its id.
    pub id: OrderGroupId,
    /// What is to be paid for all orders.
    pub total: Money,
    /// The orders.
    pub orders: Vec<Order>,
    /// Whether an earlier request with the same key placed it.
    #[serde(skip)]
    pub replayed: bool,
}

impl Commerce {
    /// Places a checkout; answers after it is durable. The same key gets the same checkout.
    ///
    /// # Errors
    /// Validation, a [`Refusal`], or the database.
    pub async fn checkout(
        &self,
        buyer: UserId,
        mut new: NewCheckout,
    ) -> Result<Checkout, ServiceError> {
        let mut validation = Validation::default();
        if let CheckoutSource::Items(items) = &new.source {
            check_items(&mut validation, items);
        }
        validation.done()?;
        let request = serde_json::json!({
            "checkout": new.source, "coupon": new.coupon, "total": new.expected_total,
        });
        let key = Key::new(buyer, new.key.clone(), &request.to_string());
        let _in_hand = self.take_key(buyer, &key.key)?;
        if new.source == CheckoutSource::Cart && new.coupon.is_none() {
            let owner = CartOwner::User(buyer);
            new.coupon = db::cart::read(self.store().reader(), &owner).await?.1;
        }
        let terms = Terms {
            provider: self.config().payment.kind.name(),
            hold_us: i64::from(self.config().hold_seconds) * 1_000_000,
            rate_bps: self.config().commission_bps,
        };
        let now = self.now_us();
        let placing = |new: NewCheckout, key: Key| {
            self.store().transact(move |conn| {
                Box::pin(async move { place(conn, &key, &new, terms, now).await })
            })
        };
        let (group, replayed) = match placing(new.clone(), key.clone()).await {
            // Two requests with one key met: the other one's checkout is this one's.
            Err(ServiceError::Store(error)) if error.is_unique_violation() => {
                placing(new, key).await?
            }
            other => other?,
        };
        self.wake_courier();
        self.checkout_of(group, replayed).await
    }

    /// A checkout that somebody placed.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], also for that of somebody else.
    pub async fn find_checkout(
        &self,
        buyer: UserId,
        id: OrderGroupId,
    ) -> Result<Checkout, ServiceError> {
        self.caught_up().await?;
        let found = db::payment::of_group(self.store().reader(), buyer, id).await?;
        found.ok_or(ServiceError::NotFound("checkout"))?;
        self.checkout_of(id, false).await
    }

    async fn checkout_of(
        &self,
        id: OrderGroupId,
        replayed: bool,
    ) -> Result<Checkout, ServiceError> {
        let pool = self.store().reader();
        let orders = db::order::by_ids(pool, &db::order::of_group(pool, id).await?).await?;
        let total = orders.first().map(|order| order.payment.amount);
        Ok(Checkout {
            id,
            total: total.ok_or(ServiceError::NotFound("checkout"))?,
            orders,
            replayed,
        })
    }
}

fn check_items(validation: &mut Validation, items: &[CheckoutItem]) {
    validation.check(!items.is_empty(), "/items", "required", "must not be empty");
    let bounded = items.len() <= limits::CHECKOUT_LINES_MAX;
    validation.check(bounded, "/items", "max", "has too many lines");
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let pointer = |field: &str| format!("/items/{index}/{field}");
        let fits = (1..=ORDER_QUANTITY_MAX).contains(&item.quantity);
        let detail = format!("must be 1 to {ORDER_QUANTITY_MAX}");
        validation.check(fits, &pointer("quantity"), "range", &detail);
        let once = seen.insert(item.variant_id);
        validation.check(once, &pointer("variant_id"), "unique", "is listed twice");
    }
}

/// The shop's own terms.
#[derive(Debug, Clone, Copy)]
struct Terms {
    provider: &'static str,
    hold_us: i64,
    rate_bps: i64,
}

/// A line that is meant.
struct Wanted {
    offer: Offer,
    quantity: u32,
    discount: i64,
}

async fn place(
    conn: &mut Conn,
    key: &Key,
    new: &NewCheckout,
    terms: Terms,
    now: i64,
) -> Result<(OrderGroupId, bool), ServiceError> {
    if let Some(effect) = key::known(conn, key).await? {
        let group = effect
            .parse()
            .map_err(commerce_store::StoreError::invalid)?;
        return Ok((group, true));
    }
    let buyer = key.scope;
    let (wants, via) = wants(conn, buyer, &new.source).await?;
    let mut wanted = priced(conn, &wants).await?;
    let quote = match &new.coupon {
        Some(code) => Some(discounted(conn, code, buyer, &mut wanted, now).await?),
        None => None,
    };
    let mut group = NewGroup {
        id: mint!(OrderGroupId, now),
        payment: mint!(PaymentId, now),
        provider: terms.provider,
        buyer,
        via,
        currency: wanted[0].offer.unit_price.currency.code(),
        totals: Totals::default(),
        ship_to: None,
        due: now + terms.hold_us,
        orders: arrange(&wanted, now)?,
    };
    group.totals = sum(&group.orders);
    let current = Money {
        amount: group.totals.total,
        currency: wanted[0].offer.unit_price.currency,
    };
    if new
        .expected_total
        .is_some_and(|expected| expected != current)
    {
        return Err(Refusal::CartChanged { current }.into());
    }
    take(conn, &mut group, now).await?;
    if let Some(quote) = &quote {
        db::coupon::consume(conn, quote, buyer, &group.id.to_string(), now).await?;
    }
    db::checkout::insert(conn, &group, now).await?;
    if via == "cart" {
        let variants: Vec<VariantId> = wants.iter().map(|want| want.variant).collect();
        db::cart::bought(conn, buyer, &variants).await?;
    }
    key::keep(conn, key, &group.id.to_string(), now).await?;
    if group.totals.total == 0 {
        // Nothing is to be paid, so nobody has to be asked.
        settle::apply(conn, group.payment, PaymentEvent::Paid, terms.rate_bps, now).await?;
    }
    Ok((group.id, false))
}

/// What is meant to be bought, and how it was said.
async fn wants(
    conn: &mut Conn,
    buyer: UserId,
    source: &CheckoutSource,
) -> Result<(Vec<Want>, &'static str), ServiceError> {
    let want = |item: &CheckoutItem| Want {
        variant: item.variant_id,
        quantity: item.quantity,
    };
    Ok(match source {
        CheckoutSource::Items(items) => (items.iter().map(want).collect(), "items"),
        CheckoutSource::Cart => (db::cart::lines(conn, buyer).await?, "cart"),
    })
}

/// What is wanted, at the prices of this moment.
async fn priced(conn: &mut Conn, wants: &[Want]) -> Result<Vec<Wanted>, ServiceError> {
    let variants: Vec<VariantId> = wants.iter().map(|want| want.variant).collect();
    let offers = db::offer::offers(conn, &variants).await?;
    let mut validation = Validation::default();
    validation.check(!wants.is_empty(), "/items", "required", "the cart is empty");
    let mut wanted = Vec::with_capacity(wants.len());
    for (index, want) in wants.iter().enumerate() {
        let pointer = format!("/items/{index}/variant_id");
        let offer = offers.iter().find(|offer| offer.variant == want.variant);
        let Some(offer) = offer.filter(|offer| offer.sold) else {
            validation.check(false, &pointer, "unknown", "is not sold");
            continue;
        };
        let limit = offer.max_per_buyer.unwrap_or(ORDER_QUANTITY_MAX);
        if want.quantity > limit {
            return Err(Refusal::PerBuyerLimit { limit, have: 0 }.into());
        }
        wanted.push(Wanted {
            offer: offer.clone(),
            quantity: want.quantity,
            discount: 0,
        });
    }
    let currency = wanted.first().map(|line| line.offer.unit_price.currency);
    let one = wanted
        .iter()
        .all(|line| Some(line.offer.unit_price.currency) == currency);
    validation.check(
        one,
        "/items",
        "currency",
        "are priced in several currencies",
    );
    validation.done()?;
    Ok(wanted)
}

async fn discounted(
    conn: &mut Conn,
    code: &str,
    buyer: UserId,
    wanted: &mut [Wanted],
    now: i64,
) -> Result<db::coupon::Quote, ServiceError> {
    let lines = wanted
        .iter()
        .map(|line| {
            let total = commerce_core::money::times(line.offer.unit_price, line.quantity);
            total.map(|total| coupon::Line {
                seller: line.offer.seller,
                total,
            })
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| too_much())?;
    let quote = db::coupon::quote(conn, code, buyer, &lines, now).await?;
    for (line, discount) in wanted.iter_mut().zip(&quote.discounts) {
        line.discount = *discount;
    }
    Ok(quote)
}

fn too_much() -> ServiceError {
    let mut validation = Validation::default();
    validation.check(false, "/items", "max", "cost more than can be counted");
    match validation.done() {
        Err(error) => error,
        Ok(()) => ServiceError::Conflict("too much"),
    }
}

/// One order per seller, priced; the units are not taken yet.
fn arrange(wanted: &[Wanted], now: i64) -> Result<Vec<NewOrder>, ServiceError> {
    let mut by_seller: BTreeMap<SellerId, Vec<&Wanted>> = BTreeMap::new();
    for line in wanted {
        by_seller.entry(line.offer.seller).or_default().push(line);
    }
    let mut orders = Vec::with_capacity(by_seller.len());
    for (seller, wanted) in by_seller {
        let items: Vec<Item> = wanted
            .iter()
            .map(|line| Item {
                unit: line.offer.unit_price.amount,
                quantity: line.quantity,
                discount: line.discount,
                tax_free: false,
            })
            .collect();
        let (amounts, totals) = totals::price(&items, 0).map_err(|_| too_much())?;
        let lines = wanted
            .into_iter()
            .zip(amounts)
            .map(|(line, amounts)| NewLine {
                id: mint!(OrderLineId, now),
                reservation: mint!(ReservationId, now),
                offer: line.offer.clone(),
                quantity: line.quantity,
                amounts,
                level: 0,
            });
        orders.push(NewOrder {
            id: mint!(OrderId, now),
            number: String::new(),
            seller,
            totals,
            seq: 0,
            lines: lines.collect(),
        });
    }
    Ok(orders)
}

fn sum(orders: &[NewOrder]) -> Totals {
    orders.iter().fold(Totals::default(), |sum, order| {
        let one = &order.totals;
        Totals {
            items: sum.items.saturating_add(one.items),
            discount: sum.discount.saturating_add(one.discount),
            shipping: sum.shipping.saturating_add(one.shipping),
            tax: sum.tax.saturating_add(one.tax),
            tax_free: sum.tax_free.saturating_add(one.tax_free),
            total: sum.total.saturating_add(one.total),
        }
    })
}

/// Takes the units of all lines off the shelf, or none of them.
async fn take(conn: &mut Conn, group: &mut NewGroup, now: i64) -> Result<(), ServiceError> {
    let lines = || group.orders.iter().flat_map(|order| &order.lines);
    let wants: Vec<Want> = lines()
        .map(|line| Want {
            variant: line.offer.variant,
            quantity: line.quantity,
        })
        .collect();
    let causes: Vec<Cause> = group
        .orders
        .iter()
        .flat_map(|order| order.lines.iter().map(move |line| (order.id, line)))
        .map(|(order, line)| Cause {
            reservation: Some(line.reservation),
            order: Some(order),
            actor: Some(group.buyer),
            reason: "checkout".to_owned(),
        })
        .collect();
    let mut taken = db::shelf::reserve(conn, &wants, &causes, now)
        .await?
        .into_iter();
    for order in &mut group.orders {
        for line in &mut order.lines {
            let Some(units) = taken.next() else {
                return Err(commerce_store::StoreError::invalid("a line without units").into());
            };
            line.level = units.stock_level_id;
            order.seq = units.seq;
        }
        order.number = order::number(now, order.seq);
    }
    Ok(())
}
