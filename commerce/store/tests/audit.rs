//! The audit log: what was written is found sound, what was touched is found out by its number.
#![allow(clippy::unwrap_used)]

use commerce_store::{
    Store, StoreError,
    audit::{self, Entry, Verdict},
    sql,
    testing::Database,
};
use serde_json::json;

async fn record(store: &Store, n: u32) {
    let entry = Entry {
        actor: format!("usr_{n}"),
        action: "stock.adjusted",
        object: "prd_1".to_owned(),
        detail: json!({ "delta": n }),
    };
    store
        .write(move |conn| {
            let entry = entry.clone();
            Box::pin(async move { audit::record(conn, &entry, i64::from(n)).await })
        })
        .await
        .unwrap();
}

async fn tamper(store: &Store, sql: &'static str) -> Result<(), StoreError> {
    store
        .write(move |conn| Box::pin(async move { sql::query(sql).execute(conn).await.map(drop) }))
        .await
}

#[tokio::test]
async fn a_touched_entry_is_named() {
    let tampers: [(&[&str], i64); 4] = [
        (
            &[
                "DROP TRIGGER audit_log_no_update",
                "UPDATE audit_log SET detail = 'x' WHERE seq = 3",
            ],
            3,
        ),
        (
            &[
                "DROP TRIGGER audit_log_no_update",
                "UPDATE audit_log SET actor_id = 'x' WHERE seq = 1",
            ],
            1,
        ),
        (
            &[
                "DROP TRIGGER audit_log_no_delete",
                "DELETE FROM audit_log WHERE seq = 2",
            ],
            2,
        ),
        (
            &[
                "DROP TRIGGER audit_log_no_delete",
                "DELETE FROM audit_log WHERE seq = 5",
            ],
            5,
        ),
    ];
    for (statements, seq) in tampers {
        // A file, because MariaDB drops no trigger by a prepared statement; the chain is the same.
        let database = Database::sqlite();
        let store = Store::open(database.config()).await.unwrap();
        for n in 1..=5 {
            record(&store, n).await;
        }
        let verdict = audit::verify(store.reader()).await.unwrap();
        assert_eq!(verdict, Verdict::Sound { entries: 5 });
        for statement in statements {
            tamper(&store, statement).await.unwrap();
        }
        let verdict = audit::verify(store.reader()).await.unwrap();
        assert_eq!(verdict, Verdict::Broken { seq }, "{statements:?}");
        store.close().await;
    }
}

#[tokio::test]
async fn the_log_only_grows_and_keeps_its_order_among_many_writers() {
    let database = Database::fresh().await;
    let store = Store::open(database.config()).await.unwrap();
    let writers = (1..=20).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { record(&store, n).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let verdict = audit::verify(store.reader()).await.unwrap();
    assert_eq!(verdict, Verdict::Sound { entries: 20 });
    for sql in ["UPDATE audit_log SET at = 0", "DELETE FROM audit_log"] {
        tamper(&store, sql).await.unwrap_err();
    }
    let newest = audit::list(store.reader(), None, 3).await.unwrap();
    assert_eq!(
        newest.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [20, 19, 18]
    );
    let older = audit::list(store.reader(), Some(18), 3).await.unwrap();
    assert_eq!(older[0].seq, 17);
    store.close().await;
}
