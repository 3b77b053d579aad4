//! Orders per second through one sequencer, on this disk: `cargo run --release --example
//! throughput -p commerce-service [URL]`. Prints one line; measures the path of `Commerce::buy`
//! without the network, on a file with `synchronous=FULL` or on the empty database at the address.
#![allow(clippy::print_stdout)]

use std::{path::Path, time::Instant};

use commerce_service::{
    Actor, Commerce, CommerceConfig, NewProduct, NewSale, NewSaleItem, NewStream, PaymentConfig,
    Secret,
};
use commerce_store::{
    Store, StoreConfig,
    sql::{self, Field, Rows},
};
use signaling_hub::{Hub, HubConfig};
use signaling_wire::{
    Currency, Money, ProductId, SaleId, UserId,
    frame::shop::{Buy, Localized},
};
use tokio::task::JoinSet;

const IDS: Rows = Rows::tuples(&[("id", Field::Id)]);
const BUYERS: u128 = 512;
const ORDERS_EACH: u32 = 40;

async fn add_users(store: &Store) -> Result<Vec<UserId>, commerce_store::StoreError> {
    let users: Vec<UserId> = (0..=BUYERS).map(|n| UserId::from_parts(1, n)).collect();
    let rows: Vec<[UserId; 1]> = users.iter().map(|id| [*id]).collect();
    let insert = store.write(move |conn| {
        Box::pin(async move {
            sql::query(
                "INSERT INTO users (id, email, email_key, password_hash, display_name, created_at,
                        updated_at)
                 SELECT j.id, j.id, j.id, '', 'n', 0, 0 FROM {rows}",
            )
            .bind_rows(&IDS, &rows)
            .execute(conn)
            .await?;
            Ok(())
        })
    });
    insert.await?;
    Ok(users)
}

async fn open_sale(
    commerce: &Commerce,
    owner: Actor,
) -> Result<(SaleId, ProductId), commerce_service::ServiceError> {
    let seller_id = commerce.create_seller(owner, "Bench").await?.id;
    let new = NewStream {
        seller_id: Some(seller_id),
        title: "Bench".to_owned(),
        scheduled_ms: None,
    };
    let stream_id = commerce.create_stream(owner, new).await?.id;
    let title = Localized {
        ko: "컵".to_owned(),
        en: "Cup".to_owned(),
    };
    let price = Money {
        amount: 9_900,
        currency: Currency::Krw,
    };
    let new = NewProduct::simple(seller_id, title, "/cup.svg".to_owned(), price, 1_000_000);
    let product_id = commerce.create_product(owner, new).await?.id();
    let item = NewSaleItem {
        product_id,
        variant_id: None,
        price: None,
        allocated: 1_000_000,
        max_per_buyer: 99,
    };
    let new = NewSale {
        stream_id,
        opens_ms: None,
        closes_ms: None,
        hold_seconds: None,
        items: vec![item],
    };
    let sale = commerce.create_sale(owner, new).await?.id;
    commerce.open_sale(owner, sale).await?;
    Ok((sale, product_id))
}

async fn measure(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let store = match std::env::args().nth(1) {
        Some(url) => StoreConfig {
            url,
            ..StoreConfig::default()
        },
        None => StoreConfig::at(folder.join("bench.db")),
    };
    let store = Store::open(&store).await?;
    let (hub, inbounds) = Hub::without_media(HubConfig::default());
    // Nothing is paid here, so nobody needs to listen.
    let payment = PaymentConfig::sandbox("http://127.0.0.1:9".to_owned(), Secret::new("x"), None);
    let config = CommerceConfig::new(payment);
    let commerce = commerce_service::start(config, store.clone(), hub, inbounds.shop).await?;
    let mut users = add_users(&store).await?;
    let owner = users.pop().ok_or("no users")?;
    let (sale_id, product_id) = open_sale(
        &commerce,
        Actor {
            user: owner,
            admin: false,
        },
    )
    .await?;
    let begun = Instant::now();
    let mut rush = JoinSet::new();
    for user in users {
        let commerce = commerce.clone();
        rush.spawn(async move {
            let mut slowest = 0.0_f64;
            for n in 0..ORDERS_EACH {
                let key = n.to_string();
                let buy = Buy {
                    key,
                    sale_id,
                    product_id,
                    variant_id: None,
                    quantity: 1,
                    expected_unit_price: None,
                    lease: None,
                };
                let asked = Instant::now();
                commerce.buy(user, buy).await?;
                slowest = slowest.max(asked.elapsed().as_secs_f64());
            }
            Ok::<_, commerce_service::ServiceError>(slowest)
        });
    }
    let outcomes = rush.join_all().await;
    let seconds = begun.elapsed().as_secs_f64();
    let placed =
        outcomes.iter().filter(|outcome| outcome.is_ok()).count() as f64 * f64::from(ORDERS_EACH);
    let slowest = outcomes.into_iter().flatten().fold(0.0, f64::max);
    println!(
        "{placed} orders in {seconds:.2} s: {:.0} orders/s, slowest {:.0} ms",
        placed / seconds,
        slowest * 1e3
    );
    commerce.stop().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    measure(folder.path()).await
}
