//! Delivery: outbox rows become frames in rooms, receipts for buyers and events for webhooks, after
//! their commit.
//!
//! Facts go out in the order of their commits, at least once. A receipt always carries the order
//! as it is when it is sent, so a repeat or a delay never shows an older state as news.

use std::collections::BTreeMap;

use commerce_store::{StoreError, outbox, sql::Conn};
use serde::{Deserialize, Serialize};
use serde_json::json;
use signaling_wire::{
    OrderId, ServerFrame, StreamId, UserId,
    frame::shop::{Order, OrderUpdate},
};

#[cfg(feature = "negative-controls")]
use crate::sequencer::negative;
use crate::{
    Commerce, ServiceError, db,
    hook::{low, news::News},
    limits,
};

/// The topic of frames for a room.
const ROOM: &str = "room.frame";
/// Everything that this courier delivers.
const TOPICS: [&str; 14] = [
    ROOM,
    "order.placed",
    "order.paid",
    "order.expired",
    "order.cancelled",
    "order.payment",
    "order.extended",
    "order.preparing",
    "order.shipped",
    "order.delivered",
    "order.completed",
    "order.refunded",
    "order.claim",
    low::TOPIC,
];

#[derive(Serialize, Deserialize)]
struct RoomFrame {
    stream: StreamId,
    frame: ServerFrame,
}

#[derive(Serialize, Deserialize)]
struct OrderFact {
    /// The show that it was bought in; other orders are told where they are asked for.
    #[serde(default)]
    stream: Option<StreamId>,
    buyer: UserId,
    order: OrderId,
}

/// Queues a frame for a room, in the transaction that made it true.
pub(crate) async fn tell_room(
    conn: &mut Conn,
    stream: StreamId,
    frame: &ServerFrame,
    now: i64,
) -> Result<(), ServiceError> {
    if let Some((kind, data)) = happening(frame) {
        db::show::note(conn, stream, kind, &data, now).await?;
    }
    let payload = RoomFrame {
        stream,
        frame: frame.clone(),
    };
    let payload = serde_json::to_string(&payload).map_err(StoreError::invalid)?;
    Ok(outbox::append(conn, ROOM, &stream.to_string(), &payload, now).await?)
}

/// What the record of a show keeps of a frame.
fn happening(frame: &ServerFrame) -> Option<(&'static str, serde_json::Value)> {
    Some(match frame {
        ServerFrame::Card(card) => (
            "card",
            json!({ "card_id": card.id, "state": card.state, "highlighted": card.highlighted }),
        ),
        ServerFrame::Pinned(pinned) => ("pinned", json!({ "card_id": pinned.card.id })),
        ServerFrame::Unpinned(unpinned) => ("unpinned", json!({ "card_id": unpinned.card_id })),
        ServerFrame::Sale(sale) => ("sale", json!({ "sale_id": sale.id, "state": sale.state })),
        _ => return None,
    })
}

/// A fact about an order, for the outbox.
pub(crate) fn order_entry(
    topic: &'static str,
    stream: Option<StreamId>,
    buyer: UserId,
    order: OrderId,
) -> outbox::Entry {
    let fact = serde_json::json!({ "stream": stream, "buyer": buyer, "order": order });
    outbox::Entry {
        topic,
        key: order.to_string(),
        payload: fact.to_string(),
    }
}

/// Queues a fact about an order, in the transaction that made it true.
pub(crate) async fn tell_buyer(
    conn: &mut Conn,
    topic: &'static str,
    stream: Option<StreamId>,
    buyer: UserId,
    order: OrderId,
    now: i64,
) -> Result<(), StoreError> {
    outbox::append_all(conn, &[order_entry(topic, stream, buyer, order)], now).await
}

/// What the rows of one claim say, by whom it concerns.
#[derive(Default)]
struct Sorted {
    rooms: BTreeMap<StreamId, Vec<ServerFrame>>,
    orders: BTreeMap<OrderId, OrderFact>,
    news: Vec<News>,
}

fn sort(rows: &[outbox::Claimed]) -> Sorted {
    let mut sorted = Sorted::default();
    for row in rows {
        let read = if row.topic == ROOM {
            serde_json::from_str(&row.payload).map(|told: RoomFrame| {
                if let ServerFrame::Sale(sale) = &told.frame {
                    sorted.news.extend(News::of_sale(row, told.stream, sale));
                }
                sorted
                    .rooms
                    .entry(told.stream)
                    .or_default()
                    .push(told.frame);
            })
        } else if row.topic == low::TOPIC {
            serde_json::from_str(&row.payload)
                .map(|fact: low::LowFact| sorted.news.push(News::of_stock(row, fact)))
        } else {
            serde_json::from_str(&row.payload).map(|fact: OrderFact| {
                sorted.news.extend(News::of_order(row, fact.order));
                sorted.orders.insert(fact.order, fact);
            })
        };
        if let Err(error) = read {
            // It would never become readable: say so, and let the rows behind it pass.
            tracing::error!(seq = row.seq, topic = row.topic, %error, "unreadable outbox row");
        }
    }
    sorted
}

impl Commerce {
    /// Delivers until the process stops: at once when woken, and now and then by itself.
    pub(crate) async fn run_courier(self) {
        while !self.is_stopping() {
            match self.deliver().await {
                Ok(0) => self.courier_rest(limits::COURIER_EVERY).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be delivered");
                    self.courier_rest(limits::COURIER_EVERY).await;
                }
            }
        }
    }

    /// Delivers the oldest facts; returns how many.
    pub(crate) async fn deliver(&self) -> Result<usize, ServiceError> {
        #[cfg(feature = "negative-controls")]
        if negative::is(negative::Fault::CrashAfterAck) {
            return Ok(0);
        }
        let rows = outbox::claim(self.store().reader(), &TOPICS, limits::SWEEP_MAX).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let Sorted {
            rooms,
            orders,
            news,
        } = sort(&rows);
        for (stream, frames) in rooms {
            let shelf = self.shelf(stream).await?;
            self.hub().publish_shop(stream, shelf, frames).await;
        }
        let ids: Vec<OrderId> = orders.keys().copied().collect();
        let found = db::order::by_ids(self.store().reader(), &ids).await?;
        let told = self.tell(news, &found).await?;
        for order in found {
            if let Some(fact) = orders.get(&order.id) {
                self.receipt(fact, order).await;
            }
        }
        let (seqs, now): (Vec<i64>, i64) =
            (rows.iter().map(|row| row.seq).collect(), self.now_us());
        let count = seqs.len();
        let for_somebody = told.is_for_somebody();
        self.store()
            .write(move |conn| {
                Box::pin(async move {
                    // Who marks a row makes its events: two couriers never both do.
                    if outbox::mark(conn, &seqs, now).await? != seqs.len() as u64 {
                        return Err(StoreError::Invalid("facts were told meanwhile".to_owned()));
                    }
                    told.write(conn, now).await
                })
            })
            .await?;
        if for_somebody {
            self.wake_hooks();
        }
        Ok(count)
    }

    async fn receipt(&self, fact: &OrderFact, order: Order) {
        let Some(stream) = fact.stream else { return };
        let order = Box::new(order);
        let frame = ServerFrame::Order(OrderUpdate { key: None, order });
        self.hub().send_to_user(stream, fact.buyer, frame).await;
    }
}
