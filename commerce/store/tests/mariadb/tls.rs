//! A server that is spoken to over TLS alone: whom we take for it, and whom we do not.
//!
//! The session goes over the server's socket, which changes nothing about TLS: the account requires
//! it, and the certificate must be for the host of the address, `localhost`.

use commerce_store::{
    Store, StoreConfig, StoreError, outbox, sql,
    testing::{Authority, Database, Server},
};

use super::{append, is_chosen};

/// A server with a certificate for a name, and a database of an account that requires TLS.
async fn secured(authority: &Authority, name: &str) -> (Server, Database) {
    let server = Server::secured(authority.issue(&[name])).await;
    let database = Database::owned(&server, "ALL", "REQUIRE SSL").await;
    (server, database)
}

/// How an operator says whom to trust: `verify_ca` and the like, and a file.
struct Trust {
    folder: tempfile::TempDir,
}

impl Trust {
    fn in_authority(authority: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        Self { folder }
    }

    async fn open(&self, database: &Database, mode: &str) -> Result<Store, StoreError> {
        let ca = self.folder.path().join("ca.pem");
        let known = database.config();
        let config = StoreConfig {
            url: format!("{}&ssl-mode={mode}&ssl-ca={}", known.url, ca.display()),
            ..known.clone()
        };
        Store::open(&config).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_certificate_fits_is_used_over_tls_alone() {
    if !is_chosen() {
        return;
    }
    let ours = Authority::new("ours");
    let (_server, database) = secured(&ours, "localhost").await;
    let trust = Trust::in_authority(&ours);
    for mode in ["verify_identity", "verify_ca"] {
        let store = trust.open(&database, mode).await.unwrap();
        append(&store, "over TLS").await.unwrap();
        assert!(outbox::depth(store.reader()).await.unwrap() >= 1);
        let cipher = "SELECT variable_value FROM information_schema.session_status
                      WHERE variable_name = 'SSL_CIPHER'";
        let reading: String = sql::query(cipher)
            .fetch_value(store.reader())
            .await
            .unwrap();
        let writing = store.write(move |conn| Box::pin(sql::query(cipher).fetch_value(conn)));
        let writing: String = writing.await.unwrap();
        assert!(!reading.is_empty() && !writing.is_empty(), "both pools");
        store.close().await;
    }
    // The control: the account is good for nothing without.
    let refused = trust.open(&database, "disabled").await.err().unwrap();
    assert!(refused.to_string().contains("Access denied"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_somebody_else_certified_is_refused() {
    if !is_chosen() {
        return;
    }
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (_server, database) = secured(&theirs, "localhost").await;
    let trust = Trust::in_authority(&ours);
    for mode in ["verify_identity", "verify_ca"] {
        let refused = trust.open(&database, mode).await.err().unwrap();
        let said = refused.to_string();
        assert!(said.contains("certificate"), "{mode}: {said}");
        assert!(!said.contains("word"), "no password: {said}");
    }
    // What the words mean: encrypted, whoever it is.
    let store = trust.open(&database, "required").await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_refused_where_names_count() {
    if !is_chosen() {
        return;
    }
    let ours = Authority::new("ours");
    let (_server, database) = secured(&ours, "db.example").await;
    let trust = Trust::in_authority(&ours);
    let refused = trust
        .open(&database, "verify_identity")
        .await
        .err()
        .unwrap();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    let store = trust.open(&database, "verify_ca").await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_no_tls_is_refused_where_it_is_asked_for() {
    if !is_chosen() {
        return;
    }
    let database = Database::mariadb().await;
    let trust = Trust::in_authority(&Authority::new("ours"));
    for mode in ["verify_identity", "verify_ca"] {
        assert!(trust.open(&database, mode).await.is_err(), "{mode}");
    }
    database.open().await.close().await;
}
