//! Who may do what, and what is refused before it reaches the books.

use commerce_service::{
    Actor, MemberRole, NewProduct, NewSale, NewSaleItem, NewStream, ProductFilter, ServiceError,
    StreamFilter,
};
use signaling_wire::{
    Problem,
    frame::shop::{Localized, SaleState},
};

use super::{
    audit::audit,
    fixture::{PRICE, Shop},
};

fn product(shop: &Shop) -> NewProduct {
    let title = Localized {
        ko: "찻잔".to_owned(),
        en: "Cup".to_owned(),
    };
    NewProduct::simple(shop.seller, title, "/cup.svg".to_owned(), PRICE, 1)
}

fn pointers(error: ServiceError) -> Vec<String> {
    let problem = Problem::from(error);
    assert_eq!(problem.status, 422);
    problem
        .errors
        .into_iter()
        .map(|error| error.pointer)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_may_what_the_table_says() {
    let shop = Shop::open().await;
    let (sale, item) = shop.open_sale(5, 5).await;
    let actor = |user| Actor { user, admin: false };
    let stranger = actor(shop.buyer().await);
    let assistant = actor(shop.buyer().await);
    let host = actor(shop.buyer().await);
    let commerce = &shop.commerce;
    for (member, role) in [(assistant, MemberRole::Assistant), (host, MemberRole::Host)] {
        commerce
            .set_member(shop.owner, shop.seller, member.user, role)
            .await
            .unwrap();
    }
    let card = commerce
        .add_card(assistant, shop.stream, item)
        .await
        .unwrap();
    commerce.pin(assistant, shop.stream, card.id).await.unwrap();
    commerce.pause_sale(host, sale).await.unwrap();
    let forbidden = |outcome: Result<(), ServiceError>| {
        assert!(
            matches!(outcome, Err(ServiceError::Forbidden)),
            "{outcome:?}"
        );
    };
    forbidden(commerce.pin(stranger, shop.stream, card.id).await.map(drop));
    forbidden(commerce.open_sale(assistant, sale).await.map(drop));
    forbidden(
        commerce
            .create_product(host, product(&shop))
            .await
            .map(drop),
    );
    forbidden(commerce.adjust_stock(host, item, 1, "").await.map(drop));
    forbidden(
        commerce
            .allocate(stranger, sale, item, None, 1)
            .await
            .map(drop),
    );
    forbidden(commerce.end_stream(assistant, shop.stream).await);
    forbidden(
        commerce
            .set_member(host, shop.seller, stranger.user, MemberRole::Manager)
            .await,
    );
    assert!(commerce.may_host(host, shop.stream).await.unwrap());
    assert!(!commerce.may_host(assistant, shop.stream).await.unwrap());
    assert!(
        commerce
            .acts_for(assistant.user, shop.stream)
            .await
            .unwrap()
    );
    let admin = Actor {
        user: stranger.user,
        admin: true,
    };
    assert_eq!(
        commerce.open_sale(admin, sale).await.unwrap().state,
        SaleState::Open
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_named_when_refused() {
    let shop = Shop::open().await;
    let mut bad = product(&shop);
    bad.texts.title = Localized {
        ko: " ".to_owned(),
        en: "x".repeat(121),
    };
    bad.texts.image_url = "javascript:alert(1)".to_owned();
    bad.variants[0].price.amount = 0;
    let refused = shop
        .commerce
        .create_product(shop.owner, bad)
        .await
        .unwrap_err();
    assert_eq!(
        pointers(refused),
        ["/title/ko", "/title/en", "/image_url", "/price/amount"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_cannot_have_what_the_shelf_has_not() {
    let shop = Shop::open().await;
    let product_id = shop.add_product(3).await;
    let item = NewSaleItem {
        product_id,
        variant_id: None,
        price: None,
        allocated: 4,
        max_per_buyer: 1,
    };
    let sale = |items| NewSale {
        stream_id: shop.stream,
        opens_ms: None,
        closes_ms: None,
        hold_seconds: None,
        items,
    };
    let refused = shop
        .commerce
        .create_sale(shop.owner, sale(vec![item]))
        .await
        .unwrap_err();
    assert_eq!(
        pointers(refused),
        ["/items/0/allocated"],
        "the shelf has three"
    );
    let twice = NewSaleItem {
        allocated: 1,
        ..item
    };
    let refused = shop
        .commerce
        .create_sale(shop.owner, sale(vec![twice, twice]))
        .await
        .unwrap_err();
    assert_eq!(pointers(refused), ["/items/1/product_id"]);
    let refused = shop
        .commerce
        .create_sale(shop.owner, sale(vec![]))
        .await
        .unwrap_err();
    assert_eq!(pointers(refused), ["/items"]);
    let refused = shop
        .commerce
        .adjust_stock(shop.owner, product_id, -4, "lost")
        .await
        .unwrap_err();
    assert_eq!(pointers(refused), ["/delta"]);
    let refused = shop
        .commerce
        .list_products(None, ProductFilter::default(), Some("7"), 5)
        .await
        .unwrap_err();
    assert_eq!(pointers(refused), ["/cursor"]);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_moves_between_shelf_and_sale_but_never_from_under_a_hold() {
    let shop = Shop::open().await;
    let place = shop.open_sale(5, 5).await;
    shop.order(place).await;
    let refused = shop
        .commerce
        .allocate(shop.owner, place.0, place.1, None, -5)
        .await
        .unwrap_err();
    assert_eq!(pointers(refused), ["/delta"]);
    let level = shop
        .commerce
        .allocate(shop.owner, place.0, place.1, None, -4)
        .await
        .unwrap();
    assert_eq!((level.allocated, level.available, level.held), (1, 0, 1));
    assert_eq!(
        shop.commerce
            .product(None, place.1)
            .await
            .unwrap()
            .summary
            .stock
            .on_hand,
        14
    );
    shop.commerce
        .adjust_stock(shop.owner, place.1, 6, "found")
        .await
        .unwrap();
    shop.commerce
        .allocate(shop.owner, place.0, place.1, None, 20)
        .await
        .unwrap();
    assert_eq!(shop.stock(place.0).await.available, 20);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_show_takes_nothing_more() {
    let shop = Shop::open().await;
    let place = shop.open_sale(5, 5).await;
    let ended = |outcome: Result<(), ServiceError>| {
        assert!(
            matches!(outcome, Err(ServiceError::StreamEnded)),
            "{outcome:?}"
        );
    };
    shop.commerce
        .end_stream(shop.owner, shop.stream)
        .await
        .unwrap();
    shop.commerce
        .end_stream(shop.owner, shop.stream)
        .await
        .unwrap();
    assert_eq!(
        shop.commerce.sale(place.0).await.unwrap().sale.state,
        SaleState::Closed
    );
    ended(
        shop.commerce
            .add_card(shop.owner, shop.stream, place.1)
            .await
            .map(drop),
    );
    assert!(
        shop.hub.presence(shop.stream).is_none(),
        "the room is closed"
    );
    let buyer = shop.buyer().await;
    assert_eq!(
        Problem::from(shop.buy(buyer, place, 1, "k").await.unwrap_err()).status,
        409
    );
    let open = shop
        .commerce
        .list_streams(StreamFilter::default(), None, 0)
        .await
        .unwrap();
    assert!(open.data.is_empty());
    let mine = StreamFilter {
        member: Some(shop.owner.user),
        ..StreamFilter::default()
    };
    assert_eq!(
        shop.commerce
            .list_streams(mine, None, 0)
            .await
            .unwrap()
            .data
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_pages_without_gaps() {
    let shop = Shop::open().await;
    let mut all = Vec::new();
    for _ in 0..7 {
        all.push(shop.add_product(1).await);
    }
    all.sort_by(|a, b| b.cmp(a));
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let filter = ProductFilter::of(shop.seller);
        let page = shop
            .commerce
            .list_products(None, filter, cursor.as_deref(), 3)
            .await
            .unwrap();
        seen.extend(page.data.iter().map(|product| product.id));
        assert_eq!(page.has_more, page.next_cursor.is_some());
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, all);
    for n in 0..3 {
        shop.pass(std::time::Duration::from_millis(1));
        let title = format!("Show {n}");
        let new = NewStream {
            seller_id: Some(shop.seller),
            title,
            scheduled_ms: None,
        };
        shop.commerce.create_stream(shop.owner, new).await.unwrap();
    }
    let page = shop
        .commerce
        .list_streams(StreamFilter::default(), None, 2)
        .await
        .unwrap();
    assert_eq!(
        (page.data.len(), page.has_more, page.data[0].title.as_str()),
        (2, true, "Show 2")
    );
}
