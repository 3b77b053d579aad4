//! The price that was promised is the price, for as long as it was promised.

use std::time::Duration;

use commerce_core::Refusal;
use commerce_service::{
    ServiceError::{self, Refused},
    limits::LEASE_SECONDS,
};
use signaling_hub::SocketSession;
use signaling_wire::{
    ClientFrame, Money, ServerFrame, encode_client,
    frame::shop::{Buy, Lease, Quote},
};

use super::{
    audit::audit,
    fixture::{PRICE, Shop, command},
    room::next,
};

const DEARER: Money = Money {
    amount: 15_900,
    ..PRICE
};
const TIME: Duration = Duration::from_secs(LEASE_SECONDS);

type Place = (signaling_wire::SaleId, signaling_wire::ProductId);

fn quote((sale_id, product_id): Place) -> Quote {
    Quote {
        key: Some("quote".to_owned()),
        sale_id,
        product_id,
        variant_id: None,
    }
}

fn with(place: Place, key: &str, lease: &Lease) -> Buy {
    Buy {
        expected_unit_price: None,
        lease: Some(lease.lease.clone()),
        ..command(place, 1, key)
    }
}

async fn raise(shop: &Shop, place: Place) {
    let sale = shop
        .commerce
        .reprice(shop.owner, place.0, place.1, None, DEARER)
        .await
        .unwrap();
    assert_eq!(sale.items[0].price, DEARER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_keeps_its_price_and_not_a_second_longer() {
    let shop = Shop::open().await;
    let place = shop.open_sale(20, 20).await;
    let buyer = shop.buyer().await;
    let lease = shop.commerce.lease(&quote(place)).await.unwrap();
    assert_eq!(lease.unit_price, PRICE);
    raise(&shop, place).await;

    // Without a lease: the price of now, and no other.
    let seen = shop.buy(buyer, place, 1, "seen").await;
    assert!(matches!(
        seen,
        Err(Refused(Refusal::PriceChanged { current: DEARER }))
    ));
    let without = Buy {
        expected_unit_price: None,
        ..command(place, 1, "without")
    };
    let order = shop.commerce.buy(buyer, without).await.unwrap().order;
    assert_eq!(order.total, DEARER);

    shop.pass(TIME - Duration::from_millis(1));
    let order = shop
        .commerce
        .buy(buyer, with(place, "in time", &lease))
        .await;
    let order = order.unwrap().order;
    assert_eq!(
        (order.lines[0].unit_price, order.total, order.payment.amount),
        (PRICE, PRICE, PRICE)
    );
    shop.pass(Duration::from_millis(1));
    let late = shop.commerce.buy(buyer, with(place, "late", &lease)).await;
    assert!(matches!(late, Err(Refused(Refusal::OfferExpired))));
    // The repeat of what was answered is answered, expired or not.
    let again = shop
        .commerce
        .buy(buyer, with(place, "in time", &lease))
        .await;
    let again = again.unwrap();
    assert!(again.replayed);
    assert_eq!(again.order.id, order.id);
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_good_for_nothing_else() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let other = shop.open_sale(5, 5).await;
    let buyer = shop.buyer().await;
    let lease = shop.commerce.lease(&quote(place)).await.unwrap();
    let invalid = |outcome: Result<_, ServiceError>| {
        assert!(
            matches!(outcome, Err(Refused(Refusal::OfferInvalid))),
            "{outcome:?}"
        );
    };
    invalid(
        shop.commerce
            .buy(buyer, with(other, "elsewhere", &lease))
            .await,
    );
    let mut forged = lease.clone();
    forged.lease.replace_range(..2, "xx");
    invalid(
        shop.commerce
            .buy(buyer, with(place, "forged", &forged))
            .await,
    );
    let mixed = shop.commerce.lease(&quote((place.0, other.1))).await;
    assert!(matches!(mixed, Err(Refused(Refusal::NotInSale))));

    // It is no hold: limits and stock are judged as without it.
    let two = Buy {
        quantity: 2,
        ..with(place, "two", &lease)
    };
    assert!(matches!(
        shop.commerce.buy(buyer, two).await,
        Err(Refused(Refusal::PerBuyerLimit { .. }))
    ));
    shop.order(place).await;
    let gone = shop.commerce.buy(buyer, with(place, "gone", &lease)).await;
    assert!(matches!(gone, Err(Refused(Refusal::OutOfStock { .. }))));
    shop.commerce.close_sale(shop.owner, place.0).await.unwrap();
    let over = shop.commerce.lease(&quote(place)).await;
    assert!(matches!(over, Err(Refused(Refusal::SaleNotOpen { .. }))));
    audit(&shop.store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_sellers_people_change_a_price() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let stranger = super::fixture::actor(shop.buyer().await);
    let refused = shop
        .commerce
        .reprice(stranger, place.0, place.1, None, DEARER)
        .await;
    assert!(matches!(refused, Err(ServiceError::Forbidden)));
    let dollars = Money {
        currency: signaling_wire::Currency::Usd,
        ..PRICE
    };
    let refused = shop
        .commerce
        .reprice(shop.owner, place.0, place.1, None, dollars)
        .await;
    assert!(matches!(refused, Err(ServiceError::Validation(_))));
    assert_eq!(
        shop.commerce.sale(place.0).await.unwrap().sale.items[0].price,
        PRICE
    );
    raise(&shop, place).await;
    let admin = commerce_service::Actor {
        admin: true,
        ..shop.owner
    };
    let log = shop.commerce.audit_log(admin, None, 20).await.unwrap();
    let entry = log.data.iter().find(|entry| entry.action == "sale.reprice");
    assert_eq!(entry.unwrap().detail["to"]["amount"], DEARER.amount);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lane_promises_prices_to_everybody_who_asks() {
    let shop = Shop::open().await;
    let place = shop.open_sale(1, 1).await;
    let mut socket: SocketSession = shop.hub.join_socket(shop.stream, None).await.unwrap();
    let frame = encode_client(&ClientFrame::Quote(quote(place)));
    shop.hub.socket_frame(shop.stream, socket.key, &frame).await;
    let lease = next(&mut socket, |frame| match frame {
        ServerFrame::Lease(lease) => Some(lease),
        _ => None,
    })
    .await;
    assert_eq!(lease.key.as_deref(), Some("quote"));
    let buyer = shop.buyer().await;
    raise(&shop, place).await;
    let order = shop.commerce.buy(buyer, with(place, "key", &lease)).await;
    assert_eq!(order.unwrap().order.total, PRICE);
}
