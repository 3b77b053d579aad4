//! Sums by day, seller and show: the same as a full recount, whatever happened.

use std::time::Duration;

use commerce_service::{
    Actor, CheckoutItem, CheckoutSource, Day, Group, LineUnits, NewCheckout, NewRefund,
    ServiceError, Statistic, StatisticsFilter,
};
use commerce_store::sql;
use signaling_wire::{
    OrderId, OrderLineId, PaymentId, UserId, VariantId,
    frame::shop::{Order, PaymentStatus},
};

use super::{
    audit::{audit, miscounted},
    fixture::{PRICE, Shop, actor, add_user, eventually},
};

/// A small generator, so that a run can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Somebody who runs the site.
async fn admin(shop: &Shop) -> Actor {
    Actor {
        user: add_user(&shop.store).await,
        admin: true,
    }
}

fn since(shop: &Shop, by: Group) -> StatisticsFilter {
    let until = Day::of_us(shop.now_us());
    StatisticsFilter {
        by,
        from: until.back(30),
        until,
        seller: None,
        stream: None,
    }
}

async fn shelf(shop: &Shop, variant: VariantId, quantity: u32) -> (UserId, Order) {
    let buyer = shop.buyer().await;
    let item = CheckoutItem {
        variant_id: variant,
        quantity,
    };
    let new = NewCheckout {
        source: CheckoutSource::Items(vec![item]),
        coupon: None,
        expected_total: None,
        key: "first".to_owned(),
    };
    let placed = shop.commerce.checkout(buyer, new).await.unwrap();
    (buyer, placed.orders[0].clone())
}

async fn pay(shop: &Shop, buyer: UserId, payment: PaymentId) {
    let token = shop.token(buyer, payment).await;
    let paid = shop.commerce.confirm(buyer, payment, Some(&token)).await;
    paid.unwrap();
}

async fn give_back(shop: &Shop, order: &Order, line_id: OrderLineId, key: &str) {
    let new = NewRefund {
        order_id: order.id,
        lines: vec![LineUnits {
            line_id,
            quantity: 1,
        }],
        shipping: false,
        restock: false,
        reason: "broken".to_owned(),
    };
    let refund = shop
        .commerce
        .refund(shop.owner, order.payment.id, new, key.to_owned())
        .await;
    refund.unwrap();
}

async fn money_is(shop: &Shop, buyer: UserId, order: OrderId, status: PaymentStatus) {
    eventually("the money is back", || async {
        shop.pass(Duration::from_secs(1));
        let order = shop.commerce.order(buyer, order).await.unwrap();
        order.payment_status == status
    })
    .await;
}

/// Waits until every refund is made and every hold is over.
async fn settled(shop: &Shop) {
    eventually("nothing is open", || async {
        shop.pass(Duration::from_secs(10));
        let open: i64 = sql::query(
            "SELECT (SELECT COUNT(*) FROM refund WHERE state IN ('requested', 'submitting'))
                  + (SELECT COUNT(*) FROM reservation WHERE state = 'held')",
        )
        .fetch_value(shop.store.reader())
        .await
        .unwrap();
        open == 0
    })
    .await;
}

/// All pages of two rows.
async fn all(shop: &Shop, by: Group) -> Vec<Statistic> {
    let (who, mut rows, mut cursor) = (admin(shop).await, Vec::new(), None::<String>);
    loop {
        let part = (cursor.as_deref(), 2);
        let page = shop.commerce.statistics(who, since(shop, by), part).await;
        let page = page.unwrap();
        rows.extend(page.data);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return rows,
        }
    }
}

fn totals(rows: &[Statistic]) -> (u64, u64, u64, i64, i64) {
    rows.iter().fold((0, 0, 0, 0, 0), |sums, row| {
        (
            sums.0 + row.orders_placed,
            sums.1 + row.orders_paid,
            sums.2 + row.orders_refunded,
            sums.3 + row.gmv.amount,
            sums.4 + row.refunded.amount,
        )
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_equal_a_full_recount_after_random_orders_and_refunds() {
    let shop = Shop::open().await;
    let place = shop.open_sale(100, 9).await;
    let product = shop.add_product(100).await;
    let product = shop.commerce.product(Some(shop.owner), product).await;
    let variant = product.unwrap().variants[0].id;
    let mut dice = Dice(0x5eed_0001);
    let (mut paid, mut worth, mut back) = (0, 0, 0);
    for n in 0..24 {
        let quantity = 1 + u32::try_from(dice.roll(3)).unwrap();
        let (buyer, order) = match dice.roll(2) {
            0 => shelf(&shop, variant, quantity).await,
            _ => {
                let buyer = shop.buyer().await;
                let placed = shop.buy(buyer, place, quantity, "first").await.unwrap();
                (buyer, placed.order)
            }
        };
        match dice.roll(4) {
            // Not paid: it expires, or its buyer calls it off.
            0 if dice.roll(2) == 0 => {
                let off = shop.commerce.cancel_order(actor(buyer), order.id, "").await;
                off.unwrap();
            }
            0 => {}
            what => {
                pay(&shop, buyer, order.payment.id).await;
                (paid, worth) = (paid + 1, worth + PRICE.amount * i64::from(quantity));
                if what == 2 {
                    let off = shop.commerce.cancel_order(actor(buyer), order.id, "").await;
                    off.unwrap();
                    money_is(&shop, buyer, order.id, PaymentStatus::Refunded).await;
                    back += PRICE.amount * i64::from(quantity);
                } else if what == 3 {
                    let times = 1 + dice.roll(u64::from(quantity));
                    let line = order.lines[0].id;
                    for time in 0..times {
                        let key = format!("{n}-{time}");
                        give_back(&shop, &order, line, &key).await;
                        back += PRICE.amount;
                    }
                    let status = match times == u64::from(quantity) && order.shipping.amount == 0 {
                        true => PaymentStatus::Refunded,
                        false => PaymentStatus::PartiallyRefunded,
                    };
                    money_is(&shop, buyer, order.id, status).await;
                }
            }
        }
        // Days go by.
        if dice.roll(3) == 0 {
            shop.pass(Duration::from_secs(3600 * (1 + dice.roll(40))));
        }
    }
    settled(&shop).await;
    audit(&shop.store).await;
    let days = all(&shop, Group::Day).await;
    assert!(days.len() > 1, "several days: {days:?}");
    let sums = totals(&days);
    assert_eq!((sums.0, sums.1), (24, paid));
    assert_eq!((sums.3, sums.4), (worth, back));
    assert_eq!(totals(&all(&shop, Group::Seller).await), sums);
    let shows = all(&shop, Group::Stream).await;
    assert_eq!(totals(&shows), sums);
    let ids: Vec<_> = shows.iter().map(|row| row.stream_id).collect();
    assert_eq!(ids, [None, Some(shop.stream)], "on the shelf, in the show");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sum_that_was_not_kept_is_found() {
    let shop = Shop::open().await;
    let place = shop.open_sale(10, 9).await;
    let (buyer, order) = shop.order(place).await;
    pay(&shop, buyer, order.payment.id).await;
    assert_eq!(miscounted(&shop.store).await, 0);
    for change in [
        "UPDATE sales_day SET placed = placed + 1",
        "UPDATE sales_day SET placed = placed - 1, sold = sold - 1",
        "UPDATE sales_day SET sold = sold + 1, refunded = refunded + 1",
        "UPDATE sales_day SET refunded = 0, day = day - 1",
    ] {
        let write = shop.store.write(move |conn| {
            Box::pin(async move { sql::query(change).execute(conn).await.map(drop) })
        });
        write.await.unwrap();
        assert!(miscounted(&shop.store).await > 0, "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_sums_are_for_who_handles_its_orders() {
    let shop = Shop::open().await;
    let place = shop.open_sale(10, 9).await;
    let (buyer, order) = shop.order(place).await;
    pay(&shop, buyer, order.payment.id).await;
    let (commerce, first) = (&shop.commerce, (None, 10));
    let filter = since(&shop, Group::Day);
    let own = commerce
        .seller_statistics(shop.owner, shop.seller, filter, first)
        .await
        .unwrap();
    assert_eq!(own.data.len(), 1);
    let row = &own.data[0];
    assert_eq!((row.orders_placed, row.orders_paid), (1, 1));
    assert_eq!(row.gmv, PRICE);
    assert_eq!(row.conversion_percent, Some(100.0));
    assert_eq!(row.refund_percent, Some(0.0));
    let stranger = actor(shop.buyer().await);
    let refused = commerce
        .seller_statistics(stranger, shop.seller, filter, first)
        .await;
    assert!(matches!(refused, Err(ServiceError::NotFound("seller"))));
    let refused = commerce.statistics(shop.owner, filter, first).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden)));
    let who = admin(&shop).await;
    let far = StatisticsFilter {
        from: filter.until.back(366),
        ..filter
    };
    let turned = StatisticsFilter {
        from: filter.until,
        until: filter.until.back(1),
        ..filter
    };
    for (filter, cursor) in [
        (far, None),
        (turned, None),
        (filter, Some("x")),
        (filter, Some("slr_x.KRW")),
    ] {
        let refused = commerce.statistics(who, filter, (cursor, 10)).await;
        assert!(
            matches!(refused, Err(ServiceError::Validation(_))),
            "{cursor:?}"
        );
    }
}
