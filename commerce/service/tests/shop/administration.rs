//! What those who run the site see and change, and that every change is on record.

use commerce_service::{
    Actor, AdjustReason, Adjustment, AdminProductFilter, EditProduct, EditVariant, NewCoupon,
    NewProduct, OrderFilter, PaymentFilter, ProductFilter, ProductStatus, SellerChange,
    SellerStatus, ServiceError,
};
use commerce_store::{audit, sql};
use serde_json::{Value, json};
use signaling_wire::{
    Money, OrderId, PaymentId, ProductId, SellerId, UserId, VariantId,
    frame::shop::{Localized, OrderStatus, SaleState},
};

use super::{
    audit::audit as check_books,
    fixture::{PRICE, Shop, actor, add_user},
};

async fn admin(shop: &Shop) -> Actor {
    Actor {
        user: add_user(&shop.store).await,
        admin: true,
    }
}

/// The newest entries of the log, as action, object and detail.
async fn log(shop: &Shop, many: u32) -> Vec<(String, String, Value)> {
    let list = audit::list(shop.store.reader(), None, many).await.unwrap();
    let told = |entry: audit::Recorded| {
        let detail = serde_json::from_str(&entry.detail).unwrap();
        (entry.action, entry.object, detail)
    };
    list.into_iter().map(told).collect()
}

async fn pay(shop: &Shop, buyer: UserId, payment: PaymentId) {
    let token = shop.token(buyer, payment).await;
    let paid = shop.commerce.confirm(buyer, payment, Some(&token)).await;
    paid.unwrap();
}

async fn variant(shop: &Shop, product: ProductId) -> VariantId {
    let product = shop.commerce.product(Some(shop.owner), product).await;
    product.unwrap().variants[0].id
}

fn missing<T: std::fmt::Debug>(outcome: Result<T, ServiceError>) {
    let missing = matches!(outcome, Err(ServiceError::NotFound(_)));
    assert!(missing, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_seller_sells_nothing_and_sees_to_its_orders() {
    let shop = Shop::open().await;
    let (who, commerce) = (admin(&shop).await, &shop.commerce);
    let place = shop.open_sale(10, 9).await;
    let (buyer, order) = shop.order(place).await;
    pay(&shop, buyer, order.payment.id).await;
    let change = |status| SellerChange {
        status: Some(status),
        commission_bps: None,
        reason: "counterfeits".to_owned(),
    };
    let suspended = change(SellerStatus::Suspended);
    let detail = commerce
        .change_seller(who, shop.seller, suspended)
        .await
        .unwrap();
    assert_eq!(detail.seller.status, SellerStatus::Suspended);
    assert_eq!(detail.members[0].user_id, shop.owner.user);
    let entries = log(&shop, 1).await;
    let (action, object, told) = &entries[0];
    assert_eq!(
        (action.as_str(), object),
        ("seller.changed", &shop.seller.to_string())
    );
    assert_eq!(told["from"]["status"], "active");
    assert_eq!(told["to"]["status"], "suspended");
    assert_eq!(told["reason"], "counterfeits");

    let sale = commerce.sale(place.0).await.unwrap().sale;
    assert_eq!(sale.state, SaleState::Paused);
    let late = shop.buyer().await;
    assert!(shop.buy(late, place, 1, "late").await.is_err());
    let listed = commerce
        .list_products(None, ProductFilter::of(shop.seller), None, 10)
        .await
        .unwrap();
    assert!(listed.data.is_empty(), "{listed:?}");
    let title = Localized {
        ko: "잔".to_owned(),
        en: "Cup".to_owned(),
    };
    let new = NewProduct::simple(shop.seller, title, "/a.svg".to_owned(), PRICE, 1);
    let refused = commerce.create_product(shop.owner, new).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden)));
    let refused = commerce.open_sale(who, place.0).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))));
    commerce.accept_order(shop.owner, order.id).await.unwrap();

    let active = change(SellerStatus::Active);
    commerce
        .change_seller(who, shop.seller, active)
        .await
        .unwrap();
    commerce.open_sale(shop.owner, place.0).await.unwrap();
    shop.buy(late, place, 1, "late again").await.unwrap();
    check_books(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_own_share_is_frozen_into_what_is_sold_from_then_on() {
    let shop = Shop::open().await;
    let (who, commerce) = (admin(&shop).await, &shop.commerce);
    let place = shop.open_sale(10, 9).await;
    let share = |bps| SellerChange {
        commission_bps: Some(bps),
        ..SellerChange::default()
    };
    let mut owed = 0;
    for (bps, fee) in [(None, 645), (Some(2_000), 2_580), (Some(0), 0), (None, 645)] {
        commerce
            .change_seller(who, shop.seller, share(bps))
            .await
            .unwrap();
        let (buyer, order) = shop.order(place).await;
        pay(&shop, buyer, order.payment.id).await;
        owed += PRICE.amount - fee;
        let detail = commerce.seller_detail(who, shop.seller).await.unwrap();
        assert_eq!(detail.balances[0].amount, owed, "{bps:?}");
    }
    let refused = commerce
        .change_seller(who, shop.seller, share(Some(10_001)))
        .await;
    assert!(matches!(refused, Err(ServiceError::Validation(_))));
    let seen = log(&shop, 100).await.len();
    commerce
        .change_seller(who, shop.seller, share(None))
        .await
        .unwrap();
    assert_eq!(log(&shop, 100).await.len(), seen, "nothing changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_was_taken_down_comes_back_only_by_who_took_it() {
    let shop = Shop::open().await;
    let (who, commerce) = (admin(&shop).await, &shop.commerce);
    let (sale, product) = shop.open_sale(10, 9).await;
    let blocked = commerce
        .block_product(who, product, true, "recalled")
        .await
        .unwrap();
    assert_eq!(blocked.summary.status, ProductStatus::Blocked);
    assert_eq!(log(&shop, 1).await[0].0, "product.taken_down");
    missing(commerce.product(None, product).await);
    let state = commerce.sale(sale).await.unwrap().sale.state;
    assert_eq!(state, SaleState::Paused);
    let refused = commerce.open_sale(shop.owner, sale).await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))));
    let texts = EditProduct::named(blocked.summary.title.clone(), "/a.svg".to_owned());
    let edit = |version, status| {
        commerce.edit_product(shop.owner, product, version, texts.clone(), status)
    };
    let refused = edit(blocked.version, ProductStatus::Active).await;
    assert!(
        matches!(refused, Err(ServiceError::Conflict(_))),
        "{refused:?}"
    );
    let refused = commerce
        .archive_product(shop.owner, product, blocked.version)
        .await;
    assert!(matches!(refused, Err(ServiceError::Conflict(_))));
    let down = AdminProductFilter {
        status: Some(ProductStatus::Blocked),
        seller: None,
    };
    let listed = commerce.all_products(who, down, (None, 10)).await.unwrap();
    assert_eq!(listed.data[0].id, product);

    let back = commerce
        .block_product(who, product, false, "")
        .await
        .unwrap();
    assert_eq!(back.summary.status, ProductStatus::Draft);
    let refused = edit(back.version, ProductStatus::Blocked).await;
    assert!(matches!(refused, Err(ServiceError::Validation(_))));
    edit(back.version, ProductStatus::Active).await.unwrap();
    commerce.open_sale(shop.owner, sale).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_payments_are_found_page_by_page() {
    let shop = Shop::open().await;
    let (who, commerce) = (admin(&shop).await, &shop.commerce);
    let place = shop.open_sale(10, 9).await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(shop.order(place).await);
        shop.pass(std::time::Duration::from_secs(1));
    }
    let (buyer, paid) = placed[1].clone();
    pay(&shop, buyer, paid.payment.id).await;
    let found = async |filter: OrderFilter| {
        let page = commerce.all_orders(who, filter, (None, 10)).await.unwrap();
        let ids = page.data.iter().map(|record| record.order.id);
        ids.collect::<Vec<OrderId>>()
    };
    let ids: Vec<OrderId> = placed.iter().rev().map(|(_, order)| order.id).collect();
    assert_eq!(found(OrderFilter::default()).await, ids);
    let mut cursor = None;
    for (n, id) in ids.iter().enumerate() {
        let part = (cursor.as_deref(), 1);
        let page = commerce
            .all_orders(who, OrderFilter::default(), part)
            .await
            .unwrap();
        assert_eq!((page.data[0].order.id, page.has_more), (*id, n < 2));
        cursor = page.next_cursor;
    }
    let base = OrderFilter::default;
    for filter in [
        OrderFilter {
            number: Some(paid.number.clone()),
            ..base()
        },
        OrderFilter {
            buyer: Some(buyer),
            ..base()
        },
        OrderFilter {
            status: Some(OrderStatus::Paid),
            ..base()
        },
        OrderFilter {
            from_ms: Some(paid.placed_ms),
            until_ms: Some(paid.placed_ms + 1),
            seller: Some(shop.seller),
            ..base()
        },
    ] {
        assert_eq!(found(filter.clone()).await, [paid.id], "{filter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_are_found_by_their_state() {
    let shop = Shop::open().await;
    let (who, commerce) = (admin(&shop).await, &shop.commerce);
    let place = shop.open_sale(10, 9).await;
    shop.order(place).await;
    let (buyer, paid) = shop.order(place).await;
    pay(&shop, buyer, paid.payment.id).await;
    let state = |text: &str| PaymentFilter {
        state: Some(text.to_owned()),
    };
    let page = commerce.all_payments(who, state("paid"), (None, 10)).await;
    let page = page.unwrap();
    assert_eq!((page.data.len(), page.data[0].id), (1, paid.payment.id));
    let refused = commerce.all_payments(who, state("lost"), (None, 10)).await;
    assert!(matches!(refused, Err(ServiceError::Validation(_))));
    let detail = commerce.payment_detail(who, paid.payment.id).await.unwrap();
    assert_eq!(detail.order_ids, [paid.id]);
    assert_eq!(detail.attempts[0].state, "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_books_are_held_beside_the_providers() {
    let shop = Shop::open().await;
    let (who, commerce) = (admin(&shop).await, &shop.commerce);
    let place = shop.open_sale(10, 9).await;
    let (buyer, order) = shop.order(place).await;
    let payment = order.payment.id;
    pay(&shop, buyer, payment).await;
    let same = commerce.compare_payment(who, payment).await.unwrap();
    assert!(same.differences.is_empty(), "{same:?}");
    assert_eq!(same.provider.charged, Some(PRICE));
    let write = shop.store.write(|conn| {
        Box::pin(async move {
            sql::query("UPDATE payment SET state = 'cancelled', pg_tx_id = 'other'")
                .execute(conn)
                .await
                .map(drop)
        })
    });
    write.await.unwrap();
    let differs = commerce.compare_payment(who, payment).await.unwrap();
    let named: Vec<&str> = differs
        .differences
        .iter()
        .map(|each| each.what.as_str())
        .collect();
    assert_eq!(named, ["state", "transaction", "returned"]);
    assert_eq!(differs.differences[0].ours, "cancelled");
    assert_eq!(differs.differences[0].provider, "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_are_checked_and_what_is_wrong_is_named() {
    let shop = Shop::open().await;
    let (who, commerce) = (admin(&shop).await, &shop.commerce);
    assert!(!commerce.books(who).await.unwrap().sound, "not checked yet");
    let place = shop.open_sale(10, 9).await;
    let (buyer, order) = shop.order(place).await;
    pay(&shop, buyer, order.payment.id).await;
    shop.order(place).await;
    commerce.check_books().await.unwrap();
    let books = commerce.books(who).await.unwrap();
    assert!(books.sound, "{books:?}");
    assert!(
        books.checks.iter().all(|check| check.checked >= 2),
        "{books:?}"
    );

    for (change, check) in [
        (
            "UPDATE stock_level SET held = held + 1 WHERE sale_id IS NOT NULL",
            "stock_holds",
        ),
        (
            "UPDATE stock_level SET on_hand = on_hand + 1 WHERE sale_id IS NOT NULL",
            "stock_ledger",
        ),
        (
            "UPDATE payment SET amount = amount + 1 WHERE state = 'paid'",
            "payments",
        ),
        (
            "UPDATE payment SET promised = 1 WHERE state = 'paid'",
            "refunds",
        ),
    ] {
        let write = shop.store.write(move |conn| {
            Box::pin(async move { sql::query(change).execute(conn).await.map(drop) })
        });
        write.await.unwrap();
        commerce.check_books().await.unwrap();
        let books = commerce.books(who).await.unwrap();
        let found = books.checks.iter().find(|each| each.name == check).unwrap();
        assert!(!books.sound && found.violations == 1, "{change}: {books:?}");
        assert_eq!(found.samples.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_stock_and_prices_are_on_record() {
    let shop = Shop::open().await;
    let commerce = &shop.commerce;
    let product = shop.add_product(5).await;
    let variant = variant(&shop, product).await;
    let adjustment = Adjustment {
        location_id: None,
        delta: -2,
        reason: AdjustReason::Damaged,
        note: String::new(),
    };
    commerce
        .adjust_variant(shop.owner, variant, adjustment)
        .await
        .unwrap();
    let (action, object, detail) = log(&shop, 1).await.remove(0);
    assert_eq!(
        (action.as_str(), object),
        ("stock.adjusted", variant.to_string())
    );
    assert_eq!((&detail["from"], &detail["to"]), (&json!(5), &json!(3)));

    let version = commerce.product(None, product).await.unwrap().variants[0].version;
    let dearer = EditVariant {
        price: Some(Money {
            amount: 20_000,
            ..PRICE
        }),
        ..EditVariant::default()
    };
    let edited = commerce
        .edit_variant(shop.owner, variant, version, dearer.clone())
        .await;
    let version = edited.unwrap().version;
    let (action, _, detail) = log(&shop, 1).await.remove(0);
    assert_eq!(action, "variant.terms_set");
    assert_eq!(detail["from"]["price"]["amount"], 12_900);
    assert_eq!(detail["to"]["price"]["amount"], 20_000);
    let seen = log(&shop, 100).await.len();
    let same = commerce
        .edit_variant(shop.owner, variant, version, dearer)
        .await;
    same.unwrap();
    assert_eq!(log(&shop, 100).await.len(), seen, "the same price");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_coupons_and_sales_are_on_record() {
    let shop = Shop::open().await;
    let commerce = &shop.commerce;
    let new: NewCoupon = serde_json::from_value(json!({
        "seller_id": shop.seller, "code": "SPRING1", "name": "Spring", "currency": "KRW",
        "discount": { "kind": "percent", "basis_points": 500 },
    }))
    .unwrap();
    let coupon = commerce.create_coupon(shop.owner, new).await.unwrap();
    assert_eq!(log(&shop, 1).await[0].0, "coupon.created");
    commerce
        .set_coupon_active(shop.owner, coupon.id, false)
        .await
        .unwrap();
    let (action, _, detail) = log(&shop, 1).await.remove(0);
    assert_eq!(
        (action.as_str(), &detail["to"]),
        ("coupon.active_set", &json!(false))
    );
    let who = admin(&shop).await;
    let all = commerce.all_coupons(who, (None, 10)).await.unwrap();
    assert_eq!(all.data[0].id, coupon.id);

    let (sale, product) = shop.open_sale(3, 1).await;
    let (action, object, detail) = log(&shop, 1).await.remove(0);
    assert_eq!(
        (action.as_str(), object),
        ("sale.created", sale.to_string())
    );
    assert_eq!(detail["items"][0]["allocated"], 3);
    commerce
        .allocate(shop.owner, sale, product, None, 2)
        .await
        .unwrap();
    assert_eq!(log(&shop, 1).await[0].0, "sale.allocated");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_sees_any_of_it() {
    let shop = Shop::open().await;
    let commerce = &shop.commerce;
    let (payment, product) = (PaymentId::from_parts(9, 9), ProductId::from_parts(9, 9));
    let forbidden = |outcome: Result<(), ServiceError>| {
        assert!(
            matches!(outcome, Err(ServiceError::Forbidden)),
            "{outcome:?}"
        );
    };
    let change = SellerChange::default;
    for other in [shop.owner, actor(shop.buyer().await)] {
        let first = (None, 10);
        forbidden(commerce.all_sellers(other, None, first).await.map(drop));
        forbidden(commerce.seller_detail(other, shop.seller).await.map(drop));
        forbidden(
            commerce
                .change_seller(other, shop.seller, change())
                .await
                .map(drop),
        );
        let filter = AdminProductFilter::default();
        forbidden(commerce.all_products(other, filter, first).await.map(drop));
        forbidden(
            commerce
                .block_product(other, product, true, "")
                .await
                .map(drop),
        );
        forbidden(
            commerce
                .all_orders(other, OrderFilter::default(), first)
                .await
                .map(drop),
        );
        let filter = PaymentFilter::default();
        forbidden(commerce.all_payments(other, filter, first).await.map(drop));
        forbidden(commerce.payment_detail(other, payment).await.map(drop));
        forbidden(commerce.compare_payment(other, payment).await.map(drop));
        forbidden(commerce.reconciliations(other, first).await.map(drop));
        forbidden(commerce.all_coupons(other, first).await.map(drop));
        forbidden(commerce.books(other).await.map(drop));
    }
    let who = admin(&shop).await;
    let nowhere = SellerId::from_parts(9, 9);
    missing(commerce.seller_detail(who, nowhere).await);
    missing(commerce.change_seller(who, nowhere, change()).await);
    missing(commerce.block_product(who, product, true, "").await);
    missing(commerce.payment_detail(who, payment).await);
    missing(commerce.compare_payment(who, payment).await);
}
