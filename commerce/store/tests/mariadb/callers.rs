//! F29 and F39 with their controls: the same done by a caller on a connection of its own, without
//! a writer that repeats and that owns the commit.

use std::{str::FromStr, sync::Arc, time::Duration};

use commerce_store::{Store, StoreError, outbox, sql, testing::Database};
use sqlx::{
    ConnectOptions as _, Executor as _, MySqlConnection, Row as _,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
};
use tokio::sync::{Barrier, Notify};

use super::{append, is_chosen};

fn options(database: &Database) -> MySqlConnectOptions {
    MySqlConnectOptions::from_str(&database.config().url).unwrap()
}

async fn add_to(conn: &mut MySqlConnection, seq: u32) -> Result<(), sqlx::Error> {
    let sql = format!("UPDATE outbox SET created_at = created_at + 1 WHERE seq = {seq}");
    conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)))
        .await?;
    Ok(())
}

/// F29, the control: without repeats a deadlock reaches the one who asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_that_nobody_repeats_is_an_error() {
    if !is_chosen() {
        return;
    }
    let database = Database::mariadb().await;
    let store = database.open().await;
    append(&store, "one").await.unwrap();
    append(&store, "two").await.unwrap();
    let both_have_one = Arc::new(Barrier::new(2));
    let crossed = [(1, 2), (2, 1)].map(|(first, second)| {
        let (options, met) = (options(&database), both_have_one.clone());
        tokio::spawn(async move {
            let mut conn = options.connect().await?;
            conn.execute(sqlx::raw_sql("START TRANSACTION")).await?;
            add_to(&mut conn, first).await?;
            met.wait().await;
            add_to(&mut conn, second).await?;
            conn.execute(sqlx::raw_sql("COMMIT")).await?;
            Ok::<_, sqlx::Error>(())
        })
    });
    let mut deadlocks = 0;
    for outcome in crossed {
        if let Err(sqlx::Error::Database(error)) = outcome.await.unwrap() {
            let error = error.downcast::<sqlx::mysql::MySqlDatabaseError>();
            assert_eq!(error.number(), 1213);
            deadlocks += 1;
        }
    }
    assert_eq!(deadlocks, 1, "one of the two had to give way");
}

/// Between two looks at transactions: the server makes its list anew only after a tenth of a second
/// in which nobody read it.
const LOOK: Duration = Duration::from_millis(250);

/// How many sessions of this database have a transaction open.
async fn transactions(store: &Store) -> Result<i64, StoreError> {
    sql::query(
        "SELECT COUNT(*) FROM information_schema.innodb_trx t
         JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
         WHERE p.db = DATABASE()",
    )
    .fetch_value(store.reader())
    .await
}

/// F39: the writer owns the commit. A caller that goes away in the middle changes nothing about it.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_a_clean_connection() {
    if !is_chosen() {
        return;
    }
    let database = Database::mariadb().await;
    let store = database.open().await;
    for n in 0..12_i64 {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (told, waited) = (begun.clone(), go_on.clone());
        let caller = store.write(move |conn| {
            let (told, waited) = (told.clone(), waited.clone());
            Box::pin(async move {
                outbox::append(conn, "a", "left", "{}", n).await?;
                told.notify_one();
                waited.notified().await;
                outbox::append(conn, "a", "after", "{}", n).await
            })
        });
        tokio::select! {
            _ = caller => panic!("it waits in the middle"),
            () = begun.notified() => {}
        }
        // The caller is gone by now.
        go_on.notify_one();
    }
    let whole = async {
        while outbox::depth(store.reader()).await.unwrap() != 24
            || transactions(&store).await.unwrap() != 0
        {
            tokio::time::sleep(LOOK).await;
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(60), whole).await;
    assert!(done.is_ok(), "half done, or never");
    append(&store, "next").await.unwrap();
}

/// F39, the control: a transaction that its caller runs is left open when the caller goes, and the
/// next one who gets the connection is in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_owns_the_transaction_leaves_it_open() {
    if !is_chosen() {
        return;
    }
    let database = Database::mariadb().await;
    let store = database.open().await;
    append(&store, "one").await.unwrap();
    let pool = MySqlPoolOptions::new().max_connections(1);
    let pool = pool.connect_with(options(&database)).await.unwrap();
    let begun = Notify::new();
    let caller = async {
        let mut conn = pool.acquire().await.unwrap();
        conn.execute(sqlx::raw_sql("START TRANSACTION"))
            .await
            .unwrap();
        add_to(&mut conn, 1).await.unwrap();
        begun.notify_one();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = caller => {}
        () = begun.notified() => {}
    }
    let row = sqlx::query("SELECT CAST(@@in_transaction AS SIGNED)")
        .fetch_one(&pool)
        .await;
    assert_eq!(row.unwrap().try_get::<i64, _>(0).unwrap(), 1);
    let seen = async {
        while transactions(&store).await.unwrap() != 1 {
            tokio::time::sleep(LOOK).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(60), seen).await;
    assert!(seen.is_ok(), "the open transaction is nowhere to be seen");
}
