//! `kill -9` while buyers buy: every acknowledged order is there afterwards, and stock adds up.
//!
//! The negative control runs the same check on a binary that was told to acknowledge before it
//! commits, and must find losses. It needs that binary: `cargo build -p web-server --features
//! negative-controls --target-dir ELSEWHERE`, named by `SOUK_NEGATIVE_CONTROL_BIN`; `cargo ci`
//! builds and runs it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::Mutex, task::JoinSet};

use crate::{
    api::Api,
    purchase::{PER_BUYER, wide_sale},
    souk::Souk,
};

const KILLS: usize = 20;
const BUYERS: usize = 8;
const PRODUCTS: usize = 100;
const UNITS: u32 = 10_000;
/// A buyer goes on to the next product before its limit, and starts at other ones after each kill.
const ORDERS_PER_PRODUCT: usize = PER_BUYER - 9;
const PRODUCTS_PER_KILL: usize = 5;

/// What the buyers were told, by the order's id.
type Acknowledged = Arc<Mutex<BTreeMap<String, usize>>>;

/// What the buyers buy.
struct Sale {
    id: String,
    products: Vec<String>,
}

/// What a run found out.
#[derive(Debug, Default)]
struct Findings {
    acknowledged: usize,
    lost: Vec<String>,
    stock: Vec<String>,
    ready_ms: Vec<u128>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_order_is_lost() {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_souk"));
    let findings = run(&binary, KILLS, 0x5eed, &[]).await;
    let slowest = findings.ready_ms.iter().max().unwrap();
    println!(
        "{KILLS} kills, {} acknowledged orders, ready again in {:?} ms (slowest {slowest})",
        findings.acknowledged, findings.ready_ms
    );
    assert!(
        findings.acknowledged > KILLS,
        "the buyers hardly bought: {findings:?}"
    );
    assert_eq!(findings.lost, Vec::<String>::new());
    assert_eq!(findings.stock, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs SOUK_NEGATIVE_CONTROL_BIN; cargo ci builds it and runs this"]
async fn acknowledging_before_the_commit_is_found_out() {
    let binary = std::env::var_os("SOUK_NEGATIVE_CONTROL_BIN");
    let binary = PathBuf::from(binary.expect("SOUK_NEGATIVE_CONTROL_BIN names the binary"));
    let wrong = [("NEGATIVE_CONTROL", "ack-before-commit")];
    let findings = run(&binary, KILLS, 0x5eed, &wrong).await;
    println!(
        "{} acknowledged, {} lost",
        findings.acknowledged,
        findings.lost.len()
    );
    assert!(
        !findings.lost.is_empty(),
        "the check finds nothing: {findings:?}"
    );
}

async fn run(binary: &Path, kills: usize, seed: u64, keys: &[(&str, &str)]) -> Findings {
    let mut random = StdRng::seed_from_u64(seed);
    let data = TempDir::new().unwrap();
    let flags = [
        "--no-broadcast",
        "--data-dir",
        data.path().to_str().unwrap(),
    ];
    let mut souk = Souk::start_with(binary, &flags, keys);
    let seller = Api::signed_in(&souk.ready, souk.ready.account("seller", 0)).await;
    let (sale, products) = wide_sale(&souk.ready, &seller, PRODUCTS, UNITS).await;
    let sale = Arc::new(Sale { id: sale, products });
    let mut buyers = Vec::new();
    for n in 0..BUYERS {
        buyers.push(Api::registered(&souk.ready, &format!("crash{n}@souk.example")).await);
    }
    let acknowledged = Acknowledged::default();
    let mut findings = Findings::default();
    for kill in 0..kills {
        let mut buying = JoinSet::new();
        for (n, buyer) in buyers.iter().enumerate() {
            let buyer = buyer.at(&souk.ready);
            buying.spawn(buy(buyer, n, kill, sale.clone(), acknowledged.clone()));
        }
        let moment = Duration::from_millis(random.random_range(50..600));
        tokio::time::sleep(moment).await;
        souk.kill();
        // A buyer stops at the first answer that does not come.
        while let Some(done) = buying.join_next().await {
            done.unwrap();
        }
        souk = Souk::start_with(binary, &flags, keys);
        findings.ready_ms.push(souk.took.as_millis());
        check(&souk, &buyers, &sale.id, &acknowledged, kill, &mut findings).await;
    }
    findings.acknowledged = acknowledged.lock().await.len();
    findings
}

/// Buys with a new key each time, and writes down what was acknowledged.
async fn buy(buyer: Api, n: usize, kill: usize, sale: Arc<Sale>, acknowledged: Acknowledged) {
    for round in 0.. {
        let product = kill * PRODUCTS_PER_KILL + round / ORDERS_PER_PRODUCT;
        let product = &sale.products[product % sale.products.len()];
        let body = json!({ "sale_id": sale.id, "product_id": product, "quantity": 1 });
        let Ok(response) = buyer.buy(&format!("{kill}-{n}-{round}"), &body).await else {
            return;
        };
        let status = response.status();
        let Ok(order) = response.json::<Value>().await else {
            return;
        };
        if status == 201 {
            let id = order["id"].as_str().unwrap().to_owned();
            acknowledged.lock().await.insert(id, n);
        } else {
            let code = order["code"].as_str().unwrap();
            assert!(matches!(code, "busy" | "per_buyer_limit"), "{order}");
        }
    }
}

async fn check(
    souk: &Souk,
    buyers: &[Api],
    sale: &str,
    acknowledged: &Acknowledged,
    kill: usize,
    findings: &mut Findings,
) {
    let mut there = BTreeSet::new();
    let mut by_product: BTreeMap<String, u64> = BTreeMap::new();
    for buyer in buyers {
        for order in buyer.at(&souk.ready).all("/api/orders").await {
            let line = &order["lines"][0];
            assert_eq!(line["quantity"], 1);
            *by_product
                .entry(line["product_id"].as_str().unwrap().to_owned())
                .or_default() += 1;
            there.insert(order["id"].as_str().unwrap().to_owned());
        }
    }
    let mut told = acknowledged.lock().await;
    let lost: Vec<String> = told
        .keys()
        .filter(|id| !there.contains(*id))
        .cloned()
        .collect();
    for id in lost {
        told.remove(&id);
        findings.lost.push(format!("{id} after kill {kill}"));
    }
    let view = buyers[0]
        .at(&souk.ready)
        .get(&format!("/api/sales/{sale}"))
        .await;
    for stock in view["stock"].as_array().unwrap() {
        let units = |name: &str| stock[name].as_u64().unwrap();
        let ordered = by_product
            .get(stock["product_id"].as_str().unwrap())
            .copied();
        let adds_up = units("allocated") == units("available") + units("held") + units("sold")
            && units("held") + units("sold") == ordered.unwrap_or(0);
        if !adds_up {
            findings
                .stock
                .push(format!("{stock} with {ordered:?} orders after kill {kill}"));
        }
    }
}
