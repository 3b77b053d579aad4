//! From the outbox to events, in the transaction that marks the rows as told: an event is made
//! exactly once, however often the process dies, and sent at least once.

use std::collections::{BTreeMap, BTreeSet};

use commerce_core::{day, hook::EventType};
use commerce_store::{StoreError, outbox::Claimed, sql::Conn};
use serde::Serialize;
use serde_json::{Value, json};
use signaling_wire::{
    DeliveryId, EventId, OrderId, ProductId, SellerId, StreamId,
    frame::shop::{Order, Sale},
};

use super::low::LowFact;
use crate::{
    Commerce, ServiceError,
    db::{
        self,
        hook::{
            endpoint::{self, Listener},
            event::{self, New, To},
        },
    },
    mint::mint,
};

/// Something that a row of the outbox tells others.
pub(crate) struct News {
    pub(crate) kind: EventType,
    /// When it became true, microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) about: About,
}

/// What it happened to.
pub(crate) enum About {
    Order(OrderId),
    Sale(StreamId, Box<Sale>),
    Stock(LowFact),
}

impl News {
    /// What a row about an order tells.
    pub(crate) fn of_order(row: &Claimed, order: OrderId) -> Option<Self> {
        Some(Self {
            kind: EventType::of_topic(&row.topic)?,
            at: row.created_us,
            about: About::Order(order),
        })
    }

    /// What a row about shelves tells.
    pub(crate) fn of_stock(row: &Claimed, fact: LowFact) -> Self {
        Self {
            kind: EventType::StockLow,
            at: row.created_us,
            about: About::Stock(fact),
        }
    }

    /// What a row with a sale tells.
    pub(crate) fn of_sale(row: &Claimed, stream: StreamId, sale: &Sale) -> Option<Self> {
        Some(Self {
            kind: EventType::of_sale(sale.state)?,
            at: row.created_us,
            about: About::Sale(stream, Box::new(sale.clone())),
        })
    }
}

/// Events and where they go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    events: Vec<New>,
    to: Vec<To>,
}

impl Told {
    /// Writes all of it.
    pub(crate) async fn write(&self, conn: &mut Conn, now: i64) -> Result<(), StoreError> {
        event::insert(conn, &self.events, &self.to, now).await
    }

    /// Whether there is anything to send.
    pub(crate) fn is_for_somebody(&self) -> bool {
        !self.to.is_empty()
    }
}

/// The body of a webhook.
#[derive(Serialize)]
struct Body<'a> {
    id: EventId,
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: &'a Value,
}

/// An event to write.
pub(super) fn made(
    id: EventId,
    kind: EventType,
    (seller, at): (Option<SellerId>, i64),
    data: &Value,
) -> Result<New, StoreError> {
    let body = Body {
        id,
        kind: kind.name(),
        timestamp: day::timestamp(at),
        data,
    };
    Ok(New {
        id,
        seller,
        kind: kind.name(),
        body: db::json(&body)?,
    })
}

impl Commerce {
    /// The events that news make, and whom they go to. Nothing is made for nobody.
    pub(crate) async fn tell(
        &self,
        news: Vec<News>,
        orders: &[Order],
    ) -> Result<Told, ServiceError> {
        let mut told = Told::default();
        if news.is_empty() || !endpoint::any(self.store().reader()).await? {
            return Ok(told);
        }
        let orders: BTreeMap<OrderId, &Order> = orders.iter().map(|one| (one.id, one)).collect();
        let mut facts = Vec::with_capacity(news.len());
        for one in news {
            let fact = match &one.about {
                About::Order(id) => orders
                    .get(id)
                    .map(|order| (order.seller_id, of_order(order))),
                About::Sale(stream, sale) => {
                    let seller = db::stream::seller(self.store().reader(), *stream).await?;
                    seller.map(|seller| (seller, of_sale(seller, sale)))
                }
                About::Stock(fact) => {
                    let place = db::variant::place(self.store().reader(), fact.variant).await?;
                    place.map(|(product, seller)| (seller, of_stock(product, seller, *fact)))
                }
            };
            facts.extend(fact.map(|(seller, data)| (one, seller, data)));
        }
        let sellers: BTreeSet<SellerId> = facts.iter().map(|(_, seller, _)| *seller).collect();
        let sellers: Vec<SellerId> = sellers.into_iter().collect();
        let listeners = endpoint::listening(self.store().reader(), &sellers).await?;
        let now = self.now_us();
        for (news, seller, data) in facts {
            let wants = |listener: &&Listener| {
                listener.seller.is_none_or(|own| own == seller) && listener.filter.wants(news.kind)
            };
            let wanting: Vec<&Listener> = listeners.iter().filter(wants).collect();
            if wanting.is_empty() {
                continue;
            }
            let id = mint!(EventId, now);
            let event = made(id, news.kind, (Some(seller), news.at), &data)?;
            told.events.push(event);
            // Who is turned off may ask for it later.
            for listener in wanting.into_iter().filter(|listener| listener.active) {
                told.to.push(To {
                    id: mint!(DeliveryId, now),
                    endpoint: listener.id,
                    event: id,
                });
            }
        }
        Ok(told)
    }
}

/// What is told of an order: what and how much, never who or where.
fn of_order(order: &Order) -> Value {
    let lines = order.lines.iter().map(|line| {
        json!({
            "id": line.id,
            "product_id": line.product_id,
            "variant_id": line.variant_id,
            "quantity": line.quantity,
            "quantity_cancelled": line.quantity_cancelled,
            "quantity_returned": line.quantity_returned,
            "total": line.total,
        })
    });
    json!({
        "order_id": order.id,
        "number": order.number,
        "group_id": order.group_id,
        "seller_id": order.seller_id,
        "status": order.status,
        "payment_status": order.payment_status,
        "fulfillment_status": order.fulfillment_status,
        "stream_id": order.stream_id,
        "sale_id": order.sale_id,
        "total": order.total,
        "placed_ms": order.placed_ms,
        "paid_ms": order.paid_ms,
        "lines": lines.collect::<Vec<Value>>(),
    })
}

fn of_sale(seller: SellerId, sale: &Sale) -> Value {
    json!({
        "sale_id": sale.id,
        "seller_id": seller,
        "stream_id": sale.stream_id,
        "state": sale.state,
        "opens_ms": sale.opens_ms,
        "closes_ms": sale.closes_ms,
    })
}

fn of_stock(product: ProductId, seller: SellerId, fact: LowFact) -> Value {
    json!({
        "variant_id": fact.variant,
        "product_id": product,
        "seller_id": seller,
        "available": fact.available,
        "threshold": fact.threshold,
    })
}
