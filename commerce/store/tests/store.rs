//! The database as the rest of Souk relies on it: refused when weak, durable when it says so.
#![allow(clippy::unwrap_used)]

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use commerce_store::{
    Store, StoreConfig, StoreError, limits, migrations, outbox, sql, testing::Database,
};
use tokio::{
    sync::Notify,
    task::{JoinHandle, JoinSet},
};

fn config(folder: &Path) -> StoreConfig {
    StoreConfig::at(folder.join("deep/souk.db"))
}

async fn count(store: &Store, sql: &'static str) -> i64 {
    sql::query(sql).fetch_value(store.reader()).await.unwrap()
}

async fn run(store: &Store, sql: &'static str) -> Result<(), StoreError> {
    store
        .write(move |conn| Box::pin(async move { sql::query(sql).execute(conn).await.map(drop) }))
        .await
}

async fn append(store: &Store, topic: &'static str, key: &'static str) -> Result<(), StoreError> {
    store
        .write(move |conn| Box::pin(outbox::append(conn, topic, key, "{}", 1)))
        .await
}

#[tokio::test]
async fn weak_settings_are_refused_by_name() {
    for (pragma, value, name) in [
        ("synchronous", "NORMAL", "synchronous"),
        ("synchronous", "OFF", "synchronous"),
        ("journal_mode", "DELETE", "journal_mode"),
        ("journal_mode", "MEMORY", "journal_mode"),
        ("foreign_keys", "OFF", "foreign_keys"),
        ("ignore_check_constraints", "ON", "ignore_check_constraints"),
        ("busy_timeout", "10", "busy_timeout"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let pragmas = vec![(pragma.to_owned(), value.to_owned())];
        let weak = StoreConfig {
            pragmas,
            ..config(folder.path())
        };
        match Store::open(&weak).await.err() {
            Some(StoreError::Weak { name: found, .. }) => assert_eq!(found, name),
            other => panic!("{pragma}={value}: {other:?}"),
        }
    }
    // The control: what strengthens or only tunes is taken.
    let folder = tempfile::tempdir().unwrap();
    let pragmas = [("synchronous", "EXTRA"), ("cache_size", "-8000")];
    let pragmas = pragmas
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    Store::open(&StoreConfig {
        pragmas,
        ..config(folder.path())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_no_file_or_no_pragma_is_refused() {
    for url in [
        "",
        ":memory:",
        "sqlite://:memory:",
        "sqlite://souk.db?mode=ro",
    ] {
        let config = StoreConfig {
            url: url.to_owned(),
            ..StoreConfig::default()
        };
        assert!(matches!(config.path(), Err(StoreError::Config(_))), "{url}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("cache_size; DROP TABLE users", "1"),
        ("cache_size", "1; DROP TABLE users"),
    ] {
        let pragmas = vec![(name.to_owned(), value.to_owned())];
        let refused = Store::open(&StoreConfig {
            pragmas,
            ..config(folder.path())
        })
        .await
        .err();
        assert!(
            matches!(refused, Some(StoreError::Config(_))),
            "{name}={value}"
        );
    }
}

#[tokio::test]
async fn a_second_process_is_kept_out_until_the_first_is_gone() {
    let database = Database::fresh().await;
    let first = database.open().await;
    let second = Store::open(database.config()).await.err();
    assert!(matches!(second, Some(StoreError::Locked(_))), "{second:?}");
    first.close().await;
    database.open().await;
}

#[tokio::test]
async fn a_database_of_a_newer_or_altered_history_is_refused() {
    let alterations = [
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', 1, x'00', 0)",
        "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
    ];
    for alteration in alterations {
        let database = Database::fresh().await;
        let store = database.open().await;
        run(&store, alteration).await.unwrap();
        store.close().await;
        let refused = Store::open(database.config()).await.err();
        assert!(
            matches!(refused, Some(StoreError::Schema(_))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_store_opens_again_with_everything_it_was_given() {
    let database = Database::fresh().await;
    let store = database.open().await;
    let applied = count(&store, "SELECT COUNT(*) FROM _sqlx_migrations").await;
    assert_eq!(usize::try_from(applied).unwrap(), migrations::count());
    append(&store, "order.placed", "a").await.unwrap();
    store.ping().await.unwrap();
    let clone = store.clone();
    store.close().await;
    assert!(matches!(
        append(&clone, "order.placed", "b").await,
        Err(StoreError::Closed)
    ));
    assert!(clone.ping().await.is_err());
    drop(clone);
    let store = database.open().await;
    assert_eq!(outbox::depth(store.reader()).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_or_panics_leaves_nothing_and_harms_nobody() {
    let database = Database::fresh().await;
    let store = database.open().await;
    let failed: Result<(), StoreError> = store
        .write(|conn| {
            Box::pin(async move {
                outbox::append(conn, "a", "a", "{}", 1).await?;
                sql::query("SELECT 1").execute(&mut *conn).await?;
                Err(StoreError::invalid("changed my mind"))
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Invalid(_))));
    let panicked: Result<(), StoreError> = store
        .write(|conn| {
            Box::pin(async move {
                outbox::append(conn, "a", "a", "{}", 1).await?;
                sql::query("SELECT 1").execute(&mut *conn).await?;
                panic!("on purpose")
            })
        })
        .await;
    assert!(matches!(panicked, Err(StoreError::Panicked)));
    assert_eq!(outbox::depth(store.reader()).await.unwrap(), 0);
    append(&store, "a", "a").await.unwrap();
    assert_eq!(outbox::depth(store.reader()).await.unwrap(), 1);
}

/// A row of the outbox under a number that is its own.
fn numbered(seq: i64) -> sql::Query {
    let insert = "INSERT INTO outbox (seq, topic, agg_key, payload, created_at) \
                  VALUES (?, 'a', 'a', ?, 1)";
    sql::query(insert).bind(seq).bind("{}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_ahead_is_there_for_the_next_statement_and_for_the_commit() {
    let database = Database::fresh().await;
    let store = database.open().await;
    let job = store.write(|conn| {
        Box::pin(async move {
            numbered(1).send(conn).await?;
            numbered(2).send(conn).await?;
            let before: i64 = sql::query("SELECT COUNT(*) FROM outbox")
                .fetch_value(&mut *conn)
                .await?;
            numbered(3).send(conn).await?;
            // More than travel together.
            for seq in 4..40 {
                numbered(seq).send(conn).await?;
            }
            let marked = sql::query("UPDATE outbox SET published_at = 1 WHERE seq IN ({list})")
                .bind_list([2, 3])
                .execute(&mut *conn)
                .await?;
            let last = numbered(40).execute(&mut *conn).await?;
            numbered(41).send(conn).await?;
            Ok((before, marked.rows_affected(), last.rows_affected()))
        })
    });
    // Each counts what is its own.
    assert_eq!(job.await.unwrap(), (2, 2, 1));
    assert_eq!(count(&store, "SELECT COUNT(*) FROM outbox").await, 41);
    assert_eq!(outbox::depth(store.reader()).await.unwrap(), 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_ahead_and_fails_leaves_nothing_and_harms_nobody() {
    let database = Database::fresh().await;
    let store = database.open().await;
    for reads in [false, true] {
        let job = store.write(move |conn| {
            Box::pin(async move {
                numbered(1).send(conn).await?;
                numbered(1).send(conn).await?;
                numbered(2).send(conn).await?;
                if reads {
                    sql::query("SELECT 1").execute(&mut *conn).await?;
                }
                Ok(())
            })
        });
        let failed = job.await.unwrap_err();
        assert!(failed.is_unique_violation(), "{failed}");
        assert_eq!(count(&store, "SELECT COUNT(*) FROM outbox").await, 0);
    }
    // What a job left unsent is not the next one's.
    let job = store.write::<(), _>(|conn| {
        Box::pin(async move {
            sql::query("SELECT 1").execute(&mut *conn).await?;
            numbered(1).send(conn).await?;
            Err(StoreError::invalid("changed my mind"))
        })
    });
    assert!(matches!(job.await, Err(StoreError::Invalid(_))));
    append(&store, "a", "a").await.unwrap();
    assert_eq!(outbox::depth(store.reader()).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_does_not_cut_its_write_in_half() {
    let database = Database::fresh().await;
    let store = database.open().await;
    let begun = Arc::new(Notify::new());
    let go_on = Arc::new(Notify::new());
    let (told, waited) = (Arc::clone(&begun), Arc::clone(&go_on));
    let writing = store.clone();
    let caller = tokio::spawn(async move {
        writing
            .write(move |conn| {
                Box::pin(async move {
                    outbox::append(conn, "a", "1", "{}", 1).await?;
                    sql::query("SELECT 1").execute(&mut *conn).await?;
                    told.notify_one();
                    waited.notified().await;
                    outbox::append(conn, "a", "2", "{}", 1).await
                })
            })
            .await
    });
    begun.notified().await;
    assert_eq!(
        outbox::depth(store.reader()).await.unwrap(),
        0,
        "not seen before the commit"
    );
    caller.abort();
    go_on.notify_one();
    append(&store, "a", "3").await.unwrap();
    for _ in 0..1500 {
        if outbox::depth(store.reader()).await.unwrap() == 3 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the abandoned write was lost");
}

/// A job that runs until it is let go; what lets it go, and its end.
async fn block(store: &Store) -> (Arc<Notify>, JoinHandle<Result<(), StoreError>>) {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, waited, writing) = (Arc::clone(&begun), Arc::clone(&go_on), store.clone());
    let blocking = tokio::spawn(async move {
        let job = writing.write(move |_| {
            Box::pin(async move {
                told.notify_one();
                waited.notified().await;
                Ok(())
            })
        });
        job.await
    });
    begun.notified().await;
    (go_on, blocking)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_says_so() {
    // One writer, so that one job makes the others wait.
    let database = Database::sqlite();
    let store = database.open().await;
    let (go_on, blocking) = block(&store).await;
    let mut waiting = JoinSet::new();
    for _ in 0..limits::WRITE_QUEUE_MAX + 5 {
        let store = store.clone();
        waiting.spawn(async move { append(&store, "a", "a").await });
    }
    // Those that found no place are answered while the writer is still blocked.
    for _ in 0..5 {
        let refused = waiting.join_next().await.unwrap().unwrap();
        assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    }
    go_on.notify_one();
    blocking.await.unwrap().unwrap();
    assert!(waiting.join_all().await.iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread")]
async fn short_jobs_pass_those_in_bulk_but_do_not_starve_them() {
    let database = Database::sqlite();
    let store = database.open().await;
    let (go_on, blocking) = block(&store).await;
    let ran = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = JoinSet::new();
    let short = limits::SHORT_WRITES_IN_A_ROW * 5 / 2;
    for n in 0..3 + short {
        let (kind, store) = match n < 3 {
            true => ("bulk", store.bulk()),
            false => ("short", store.clone()),
        };
        let ran = Arc::clone(&ran);
        waiting.spawn(async move {
            let job = store.write(move |_| {
                Box::pin(async move {
                    ran.lock().unwrap().push(kind);
                    Ok(())
                })
            });
            job.await
        });
    }
    while store.queued() < 3 + short {
        tokio::task::yield_now().await;
    }
    go_on.notify_one();
    blocking.await.unwrap().unwrap();
    assert!(waiting.join_all().await.iter().all(Result::is_ok));
    let ran = ran.lock().unwrap();
    assert_eq!(ran[0], "short", "those in bulk came first: {ran:?}");
    let between: Vec<usize> = ran.split(|kind| *kind == "bulk").map(<[_]>::len).collect();
    assert_eq!(between.len(), 4, "{ran:?}");
    let most = limits::SHORT_WRITES_IN_A_ROW;
    assert!(between.iter().all(|row| *row <= most), "{ran:?}");
    assert_eq!(between[1], most, "one in bulk waits its turn: {ran:?}");
}

#[tokio::test]
async fn readers_cannot_write_and_constraints_hold() {
    let database = Database::fresh().await;
    let store = database.open().await;
    let sneaky = sql::query("DELETE FROM users")
        .execute(store.reader())
        .await;
    assert!(sneaky.is_err(), "the readers' pool is read-only");
    let broken: Result<(), StoreError> = store
        .write(|conn| {
            Box::pin(async move {
                let sql = "INSERT INTO address (id, user_id, sealed, created_at, updated_at)
                           VALUES ('a', 'nobody', '', 0, 0)";
                sql::query(sql).execute(conn).await.map(drop)
            })
        })
        .await;
    assert!(broken.unwrap_err().is_foreign_key_violation());
}

#[tokio::test]
async fn the_outbox_hands_out_in_order_until_told() {
    let database = Database::fresh().await;
    let store = database.open().await;
    let entry = |topic, key: &str| outbox::Entry {
        topic,
        key: key.to_owned(),
        payload: format!("{{\"n\":\"{key}\"}}"),
    };
    let entries = [entry("a", "1"), entry("mail", "2"), entry("a", "3")];
    store
        .write(move |conn| Box::pin(async move { outbox::append_all(conn, &entries, 7).await }))
        .await
        .unwrap();
    let claim = |limit| outbox::claim(store.reader(), &["a", "b"], limit);
    let rows = claim(10).await.unwrap();
    let keys: Vec<&str> = rows.iter().map(|row| row.agg_key.as_str()).collect();
    assert_eq!(keys, ["1", "3"], "in order, and only the topics asked for");
    assert_eq!(rows[0].payload, "{\"n\":\"1\"}");
    assert_eq!(claim(1).await.unwrap().len(), 1);
    assert_eq!(
        claim(10).await.unwrap(),
        rows,
        "until told, they come again"
    );
    let seqs = [rows[0].seq];
    store
        .write(move |conn| Box::pin(async move { outbox::mark(conn, &seqs, 9).await }))
        .await
        .unwrap();
    assert_eq!(claim(10).await.unwrap(), rows[1..]);
    assert!(!outbox::has_told(store.reader(), 9).await.unwrap());
    assert!(outbox::has_told(store.reader(), 10).await.unwrap());
    let pruned = store
        .write(|conn| Box::pin(outbox::prune(conn, 10, 100)))
        .await
        .unwrap();
    assert_eq!(
        (pruned, outbox::depth(store.reader()).await.unwrap()),
        (1, 2)
    );
}

#[tokio::test]
async fn the_ledger_is_append_only() {
    let database = Database::fresh().await;
    let store = database.open().await;
    let seed = [
        "INSERT INTO users (id, email, email_key, password_hash, display_name, created_at, updated_at)
         VALUES ('u', 'e', 'e', '', 'n', 0, 0)",
        "INSERT INTO seller (id, owner_user_id, name, created_at, updated_at)
         VALUES ('s', 'u', 'n', 0, 0)",
        "INSERT INTO product (id, seller_id, image_url, price, price_max, currency, created_at, updated_at)
         VALUES ('p', 's', '/', 1, 1, 'KRW', 0, 0)",
        "INSERT INTO variant (id, product_id, choice, sku, sku_key, price, currency, created_at, updated_at)
         VALUES ('v', 'p', '', 'v', 'v', 1, 'KRW', 0, 0)",
        "INSERT INTO stock_location (id, seller_id, name, created_at, updated_at) VALUES ('l', 's', 'n', 0, 0)",
        "INSERT INTO stock_level (id, product_id, variant_id, location_id, on_hand)
         VALUES (1, 'p', 'v', 'l', 5)",
        "INSERT INTO stock_movement (seq, stock_level_id, kind, d_on_hand, d_held, d_committed, at_us)
         VALUES (1, 1, 'receive', 5, 0, 0, 0)",
    ];
    for sql in seed {
        run(&store, sql).await.unwrap();
    }
    for sql in [
        "DELETE FROM stock_movement",
        "UPDATE stock_movement SET d_on_hand = 6",
        "UPDATE stock_level SET held = 6 WHERE id = 1",
        "UPDATE stock_level SET on_hand = -1 WHERE id = 1",
    ] {
        let refused = run(&store, sql).await;
        assert!(refused.is_err(), "{sql}");
    }
}
