//! Where parcels go: sealed, shown to two sides only, and settled once somebody packs.

use commerce_service::{Actor, ServiceError};
use commerce_store::{PersonalData, sql};
use signaling_wire::PostalAddress;

use super::fixture::{Shop, actor};

fn address(line1: &str) -> PostalAddress {
    let json = serde_json::json!({
        "recipient": "Mina", "phone": "010-1234-5678", "postcode": "04524", "line1": line1,
    });
    serde_json::from_value(json).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_sealed_shown_to_two_sides_and_goes_with_the_buyer() {
    let shop = Shop::open().await;
    let place = shop.open_sale(2, 2).await;
    let (buyer, placed) = shop.order(place).await;
    let commerce = &shop.commerce;
    let see = |who: Actor| commerce.ship_to(who, placed.id);
    assert!(matches!(
        see(actor(buyer)).await,
        Err(ServiceError::NotFound("address"))
    ));
    let bad = commerce.set_ship_to(buyer, placed.id, address("")).await;
    assert!(matches!(bad, Err(ServiceError::Validation(_))));
    let stranger = shop.buyer().await;
    let foreign = commerce
        .set_ship_to(stranger, placed.id, address("1"))
        .await;
    assert!(matches!(foreign, Err(ServiceError::NotFound("order"))));
    for line in ["Sejong-daero 110", "Sejong-daero 209"] {
        commerce
            .set_ship_to(buyer, placed.id, address(line))
            .await
            .unwrap();
    }
    for who in [actor(buyer), shop.owner] {
        assert_eq!(see(who).await.unwrap().line1, "Sejong-daero 209");
    }
    let admin = Actor {
        user: stranger,
        admin: true,
    };
    for who in [actor(stranger), admin] {
        assert!(matches!(
            see(who).await,
            Err(ServiceError::NotFound("order"))
        ));
    }
    let sealed: String = sql::query("SELECT ship_to_sealed FROM order_group WHERE id = ?")
        .bind(placed.group_id.to_string())
        .fetch_value(shop.store.reader())
        .await
        .unwrap();
    assert!(!sealed.contains("Sejong") && !sealed.contains("Mina"));
    let gone = shop
        .store
        .write(move |conn| Box::pin(PersonalData::destroy(conn, buyer)));
    gone.await.unwrap();
    assert!(matches!(
        see(shop.owner).await,
        Err(ServiceError::NotFound("address"))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_stays_once_the_seller_packs() {
    let shop = Shop::open().await;
    let place = shop.open_sale(2, 2).await;
    let (buyer, placed) = shop.order(place).await;
    let token = shop.token(buyer, placed.payment.id).await;
    let paid = shop
        .commerce
        .confirm(buyer, placed.payment.id, Some(&token))
        .await;
    paid.unwrap();
    shop.commerce
        .set_ship_to(buyer, placed.id, address("1"))
        .await
        .unwrap();
    shop.commerce
        .accept_order(shop.owner, placed.id)
        .await
        .unwrap();
    let late = shop
        .commerce
        .set_ship_to(buyer, placed.id, address("2"))
        .await;
    assert!(matches!(late, Err(ServiceError::Conflict(_))));
    assert_eq!(
        shop.commerce
            .ship_to(shop.owner, placed.id)
            .await
            .unwrap()
            .line1,
        "1"
    );
}
