//! F4: the connection to the database is cut in the middle of a commit, or nothing comes through
//! it any more. Whether the order was made is not known then, the buyer is told to ask again, and
//! the key finds out.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use commerce_store::testing::Database;
use tempfile::TempDir;

use super::{
    BACK_MAX, Said, Trial, misled, percentile,
    proxy::{Fault, Proxy},
    told,
};
use crate::{database, souk::Souk};

const BUYERS: usize = 3;
const ROUNDS: usize = 4;

/// A server that reaches its database through the proxy.
async fn behind_proxy() -> (Trial, Proxy) {
    let schema = Database::mariadb().await;
    let (login, place) = schema.config().url.split_once("@localhost/").unwrap();
    let (name, socket) = place.split_once("?socket=").unwrap();
    let proxy = Proxy::before(PathBuf::from(socket)).await;
    let url = format!("{login}@{}/{name}?ssl-mode=disabled", proxy.address());
    let data = TempDir::new().unwrap();
    let flags = [
        "--no-broadcast",
        "--data-dir",
        data.path().to_str().unwrap(),
    ];
    let keys = [
        ("SOUK_DATABASE__URL", &*url),
        ("SOUK_DATABASE__WRITERS", "4"),
    ];
    // The proxy must run while the server starts.
    let souk = tokio::task::block_in_place(|| Souk::configured(&flags, &keys));
    (Trial::new(souk, BUYERS, Some(data)).await, proxy)
}

fn is_skipped() -> bool {
    let skipped = !database::is_mariadb();
    if skipped {
        println!("skipped: SOUK_TEST_DATABASE=mariadb runs it");
    }
    skipped
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f4_a_commit_of_unknown_outcome_is_found_out_by_its_key() {
    if is_skipped() {
        return;
    }
    let (trial, proxy) = behind_proxy().await;
    let mut told = BTreeMap::new();
    let mut done = BTreeMap::new();
    for round in 0..ROUNDS {
        for (fault, was_done) in [
            (Fault::CutBefore, false),
            (Fault::CutAfter, true),
            (Fault::Stall, true),
        ] {
            let key = format!("{fault:?}-{round}");
            proxy.hit(fault, &key).await;
            // Not a lie either way: the buyer is asked to come back.
            while !proxy.has_hit().await {
                let first = trial.buy(round % BUYERS, &key).await;
                assert!(first.is_come_back(), "{key}: {first:?}");
            }
            if fault == Fault::Stall {
                // The answer that was held comes now, too late for the one who waited.
                proxy.release();
            }
            let (order, found) = trial.found_or_made(round % BUYERS, &key).await;
            assert_eq!(found, was_done, "{key}: made at the first request");
            let again = trial.buy(round % BUYERS, &key).await;
            assert_eq!(again.order(), Some(&*order), "{key}");
            told.insert((round % BUYERS, key), order);
            *done.entry(format!("{fault:?}")).or_insert(0) += 1;
        }
    }
    assert_eq!(trial.audit(&told).await, Vec::<String>::new());
    println!(
        "F4: {done:?} of {} orders, none doubled, none lost",
        told.len()
    );
    // The control: with a new key each time a repeat doubles, and the audit says so.
    proxy.hit(Fault::CutAfter, "careless").await;
    while !proxy.has_hit().await {
        let lost = trial.buy(0, "careless").await;
        assert!(lost.is_come_back(), "{lost:?}");
    }
    let order = trial.buy_in_the_end(0, "another").await;
    told.insert((0, "careless".to_owned()), order);
    assert_eq!(trial.audit(&told).await.len(), 1, "the double is found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f4_a_database_that_says_nothing_is_not_waited_for() {
    if is_skipped() {
        return;
    }
    let (trial, proxy) = behind_proxy().await;
    let before = trial.rush("before", 2).await;
    // The control: the judge does not take orders for refusals.
    assert!(!misled(&before).is_empty(), "{before:?}");
    proxy.hold(true);
    let meanwhile = trial.rush("silent", 6).await;
    assert!(misled(&meanwhile).is_empty(), "{:?}", misled(&meanwhile));
    let begun = Instant::now();
    proxy.hold(false);
    let first = trial.buy_in_the_end(0, "first").await;
    let back = begun.elapsed();
    assert!(back < BACK_MAX);
    println!(
        "F4: silent, {} buyers were told within p50 {:?}, p99 {:?}; back after {back:?}",
        meanwhile.len(),
        percentile(&meanwhile, 50),
        percentile(&meanwhile, 99),
    );
    let mut told = told(&before);
    told.insert((0, "first".to_owned()), first);
    for answer in before.iter().chain(&meanwhile) {
        let order = trial.buy_in_the_end(answer.buyer, &answer.key).await;
        told.insert((answer.buyer, answer.key.clone()), order);
    }
    assert_eq!(trial.audit(&told).await, Vec::<String>::new());
    // Nobody's answer took for ever, and once it is known that it is away, hardly any time.
    let slow = Duration::from_secs(20);
    assert!(
        meanwhile.iter().all(|answer| answer.took < slow),
        "{meanwhile:?}"
    );
    assert!(matches!(meanwhile[0].said, Said::Refused { .. }));
}
