//! Carts of people without an account are kept for a month, and not for ever.

use std::time::Duration;

use commerce_service::{CartOwner, limits::GUEST_CART_KEPT};
use commerce_store::sql::{self, Field, Rows};

use super::fixture::{Shop, eventually};

const CARTS: Rows = Rows::tuples(&[("id", Field::Id), ("hash", Field::Id)]);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn guest(n: usize) -> CartOwner {
    CartOwner::Guest(format!("{n:064x}"))
}

async fn rows(shop: &Shop, table: &'static str) -> i64 {
    let sql = match table {
        "cart" => "SELECT COUNT(*) FROM cart",
        _ => "SELECT COUNT(*) FROM cart_item",
    };
    sql::query(sql)
        .fetch_value(shop.store.reader())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_cart_of_a_guest_is_forgotten_and_no_other() {
    let shop = Shop::open().await;
    let product = shop.add_product(10).await;
    let product = shop.commerce.product(None, product).await.unwrap();
    let variant = product.variants[0].id;
    let mine = CartOwner::User(shop.buyer().await);
    let add = async |owner: &CartOwner| {
        shop.commerce
            .add_to_cart(owner.clone(), variant, 1)
            .await
            .unwrap();
    };
    add(&mine).await;
    for n in 0..3 {
        add(&guest(n)).await;
    }
    shop.pass(DAY);
    // Whoever comes back keeps the cart.
    add(&guest(2)).await;
    shop.pass(GUEST_CART_KEPT - DAY);
    assert_eq!(rows(&shop, "cart").await, 4, "the time is not over");
    shop.pass(Duration::from_millis(1));
    eventually("two carts are gone", || async {
        rows(&shop, "cart").await == 2
    })
    .await;
    assert_eq!(rows(&shop, "cart_item").await, 2);
    for owner in [&mine, &guest(2)] {
        assert_eq!(shop.commerce.cart(owner).await.unwrap().items.len(), 1);
    }
    assert!(
        shop.commerce
            .cart(&guest(0))
            .await
            .unwrap()
            .items
            .is_empty()
    );
    // The same token may begin anew.
    add(&guest(0)).await;
    assert_eq!(shop.commerce.cart(&guest(0)).await.unwrap().items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_old_carts_than_one_sweep_takes_go_in_several() {
    let shop = Shop::open().await;
    let before = shop.now_us();
    let many = commerce_service::limits::SWEEP_MAX + 20;
    let old: Vec<_> = (0..many)
        .map(|n| (format!("crt_{n:026}"), format!("{n:064x}")))
        .collect();
    shop.store
        .write(move |conn| {
            Box::pin(async move {
                sql::query(
                    "INSERT INTO cart (id, token_hash, created_at, updated_at)
                     SELECT j.id, j.hash, ?, ? FROM {rows}",
                )
                .bind(before)
                .bind(before)
                .bind_rows(&CARTS, &old)
                .execute(conn)
                .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    shop.pass(GUEST_CART_KEPT + Duration::from_secs(1));
    eventually("all of them are gone", || async {
        rows(&shop, "cart").await == 0
    })
    .await;
}
