//! What only a server can do to us: deadlocks, waits, restarts. Runs with the server's tests.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod callers;
mod tls;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use commerce_store::{
    Store, StoreError, outbox,
    sql::{self, Dialect},
    testing::{self, Database, Server},
};
use signaling_wire::Problem;
use tokio::{sync::Notify, task::JoinSet};

fn is_chosen() -> bool {
    let chosen = testing::chosen() == Dialect::MariaDb;
    if !chosen {
        eprintln!("skipped: set {}=mariadb", testing::CHOICE);
    }
    chosen
}

async fn append(store: &Store, key: &'static str) -> Result<(), StoreError> {
    store
        .write(move |conn| Box::pin(outbox::append(conn, "a", key, "{}", 1)))
        .await
}

/// F29: writers that lock the same rows in any order all come through in the end.
#[tokio::test(flavor = "multi_thread")]
async fn deadlocks_are_repeated_until_they_are_none() {
    if !is_chosen() {
        return;
    }
    let database = Database::mariadb().await;
    let store = database.open().await;
    for _ in 0..4 {
        append(&store, "row").await.unwrap();
    }
    let mut rush = JoinSet::new();
    for n in 0..12_i64 {
        let store = store.clone();
        rush.spawn(async move {
            for round in 0..10_i64 {
                let first = 1 + (n + round) % 4;
                let second = 1 + (n * 3 + round + 2) % 4;
                store
                    .write(move |conn| {
                        Box::pin(async move {
                            for seq in [first, second] {
                                sql::query(
                                    "UPDATE outbox SET created_at = created_at + 1 WHERE seq = ?",
                                )
                                .bind(seq)
                                .execute(&mut *conn)
                                .await?;
                                tokio::time::sleep(Duration::from_millis(2)).await;
                            }
                            Ok(())
                        })
                    })
                    .await?;
            }
            Ok::<_, StoreError>(())
        });
    }
    for outcome in rush.join_all().await {
        outcome.unwrap();
    }
    let sum: i64 = sql::query("SELECT SUM(created_at) FROM outbox")
        .fetch_value(store.reader())
        .await
        .unwrap();
    assert_eq!(sum, 4 + 12 * 10 * 2, "each exactly once");
}

/// F3: a server that is gone is said at once, and is there again without our help.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_went_away_is_said_and_comes_back() {
    if !is_chosen() {
        return;
    }
    let server = Server::start().await;
    let database = Database::on(&server).await;
    let store = database.open().await;
    append(&store, "before").await.unwrap();
    server.kill();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        let refused = append(&store, "while away").await.unwrap_err();
        slowest = slowest.max(asked.elapsed());
        assert!(refused.is_outage(), "{refused:?}");
        let problem = Problem::from(refused);
        assert_eq!(problem.status, 503);
        assert!(problem.retry_after.is_some());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(store.ping().await.is_err());
    server.resume().await;
    let back = Instant::now();
    while append(&store, "after").await.is_err() {
        assert!(
            back.elapsed() < Duration::from_secs(60),
            "it never came back"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = back.elapsed();
    eprintln!("away: answered within {slowest:?}; back after {took:?}");
    let depth = outbox::depth(store.reader()).await.unwrap();
    assert_eq!(depth, 2, "what was acknowledged, nothing else");
    // The new server knows no owner until we tell it, within a second or so; then nobody else is.
    loop {
        match Store::open(database.config()).await {
            Ok(second) => second.close().await,
            Err(error) => {
                assert!(matches!(error, StoreError::Locked(_)), "{error:?}");
                break;
            }
        }
        assert!(back.elapsed() < Duration::from_secs(120), "it is nobody's");
    }
    store.close().await;
}

/// F4: who waits for a lock for too long is answered, and the lock is no longer waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_held_too_long_is_given_up() {
    if !is_chosen() {
        return;
    }
    let database = Database::mariadb().await;
    let store = database.open().await;
    append(&store, "row").await.unwrap();
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, waited, holding) = (begun.clone(), go_on.clone(), store.clone());
    let holder = tokio::spawn(async move {
        holding
            .write(move |conn| {
                Box::pin(async move {
                    sql::query("SELECT seq FROM outbox {for update}")
                        .lock(conn)
                        .await?;
                    told.notify_one();
                    waited.notified().await;
                    Ok(())
                })
            })
            .await
    });
    begun.notified().await;
    let blocked = store
        .write(|conn| {
            Box::pin(async move {
                let update = sql::query("UPDATE outbox SET created_at = 5");
                update.execute(conn).await.map(drop)
            })
        })
        .await;
    assert!(
        blocked.as_ref().is_err_and(StoreError::is_outage),
        "{blocked:?}"
    );
    // Others are not affected.
    append(&store, "other").await.unwrap();
    go_on.notify_one();
    let _ = holder.await.unwrap();
    append(&store, "after").await.unwrap();
}

/// Both histories describe the same tables.
#[tokio::test]
async fn both_databases_have_the_same_columns() {
    if !is_chosen() {
        return;
    }
    let (file, server) = (Database::sqlite(), Database::mariadb().await);
    let (file, server) = (file.open().await, server.open().await);
    let ours = "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) p
                WHERE m.type = 'table' AND m.name <> '_sqlx_migrations'
                  AND m.name <> 'sqlite_sequence'";
    let theirs = "SELECT c.table_name, c.column_name FROM information_schema.columns c
                  JOIN information_schema.tables t
                    ON t.table_schema = c.table_schema AND t.table_name = c.table_name
                  WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE'
                    AND c.table_name <> '_sqlx_migrations'";
    let (ours, theirs) = (columns(&file, ours).await, columns(&server, theirs).await);
    for (table, columns) in &ours {
        assert_eq!(Some(columns), theirs.get(table), "{table}");
    }
    assert!(ours.keys().eq(theirs.keys()), "the same tables");
    assert!(ours.len() > 10);
}

async fn columns(store: &Store, sql: &'static str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = sql::query(sql).fetch_all(store.reader()).await.unwrap();
    let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let table: String = row.at(0).unwrap();
        tables.entry(table).or_default().insert(row.at(1).unwrap());
    }
    tables
}
