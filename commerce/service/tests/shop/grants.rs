//! The rights on MariaDB that the operator's handbook tells to grant are enough, and not more than
//! enough.
#![allow(clippy::print_stderr)]

use commerce_store::{
    Store, StoreError, outbox,
    sql::Dialect,
    testing::{self, Database},
};
use signaling_wire::frame::shop::OrderStatus;

use super::{
    audit::audit,
    checkout::{items, variant},
    fixture::Shop,
};

const HANDBOOK: &str = include_str!("../../../../docs/OPERATING.md");

/// The rights, as the handbook grants them on the shop's own schema.
fn documented() -> Vec<&'static str> {
    let mut lines = HANDBOOK.lines();
    let granted = lines.find_map(|line| line.strip_prefix("GRANT ")).unwrap();
    let (rights, _) = granted.split_once(" ON souk.* TO ").unwrap();
    rights.split(", ").collect()
}

fn is_chosen() -> bool {
    let chosen = testing::chosen() == Dialect::MariaDb;
    if !chosen {
        eprintln!("skipped: set {}=mariadb", testing::CHOICE);
    }
    chosen
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_handbook_grants_is_enough_to_make_the_tables_and_to_sell() {
    if !is_chosen() {
        return;
    }
    let shop = Shop::open_on(Database::granted(&documented().join(", ")).await).await;
    let pay = async |buyer, payment| {
        let token = shop.token(buyer, payment).await;
        let paid = shop.commerce.confirm(buyer, payment, Some(&token)).await;
        assert_eq!(paid.unwrap().status, OrderStatus::Paid);
    };
    let place = shop.open_sale(3, 3).await;
    let (buyer, order) = shop.order(place).await;
    pay(buyer, order.payment.id).await;
    let new = items(&[(variant(&shop, 5).await, 2)], "shelf");
    let checkout = shop.commerce.checkout(buyer, new).await.unwrap();
    pay(buyer, checkout.orders[0].payment.id).await;
    shop.commerce.close_sale(shop.owner, place.0).await.unwrap();
    audit(&shop.store).await;
    // A second start finds its tables, takes the database over and goes on.
    let shop = shop.restart().await;
    let order = shop.commerce.order(buyer, order.id).await.unwrap();
    assert_eq!(order.status, OrderStatus::Paid);
}

/// Makes the tables, and tells and forgets one fact.
async fn use_it(database: &Database) -> Result<(), StoreError> {
    let store = Store::open(database.config()).await?;
    let used = store
        .write(|conn| {
            Box::pin(async move {
                outbox::append(conn, "a", "key", "{}", 1).await?;
                outbox::mark(conn, &[1], 2).await?;
                assert_eq!(outbox::prune(conn, 3, 1).await?, 1);
                Ok(())
            })
        })
        .await;
    store.close().await;
    used
}

#[tokio::test(flavor = "multi_thread")]
async fn none_of_them_can_be_spared() {
    if !is_chosen() {
        return;
    }
    let rights = documented();
    let all = Database::granted(&rights.join(", ")).await;
    use_it(&all).await.unwrap();
    for spared in &rights {
        let rest = rights.iter().copied().filter(|right| right != spared);
        let rest: Vec<&str> = rest.collect();
        let database = Database::granted(&rest.join(", ")).await;
        let refused = use_it(&database).await.err();
        let refused = refused.unwrap_or_else(|| panic!("{spared} is not needed"));
        assert!(
            refused.to_string().contains("denied"),
            "{spared}: {refused}"
        );
    }
}
