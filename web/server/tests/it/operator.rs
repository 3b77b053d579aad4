//! The other verbs, as an operator uses them.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use commerce_store::{
    Store, StoreConfig, sql,
    testing::{Database, Server},
};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    api::{Api, one_time_code, refusal},
    database,
    souk::Souk,
};

/// Runs a verb with arguments, environment and standard input.
fn souk(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
    for (name, _) in std::env::vars() {
        if name.starts_with("SOUK_") {
            command.env_remove(name);
        }
    }
    if let Some(at) = arguments.iter().position(|one| *one == "--data-dir") {
        command.envs(database::keys(arguments[at + 1].as_ref()));
    }
    command.args(arguments).envs(environment.iter().copied());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A verb that reads nothing may end before this is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    let bytes = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn check_config_names_the_key_of_a_mistake() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("souk.toml");
    std::fs::write(&file, "[media]\nudp_port = 9000\n").unwrap();
    let file = file.to_str().unwrap();
    let good = souk(&["check-config", "--config", file], &[], "");
    assert!(
        good.status.success() && said(&good).contains("9000"),
        "{}",
        said(&good)
    );
    for (environment, key) in [
        (("SOUK_MEDIA__UDP_PORT", "many"), "udp_port"),
        (("SOUK_HTTP__BND", "x"), "bnd"),
        (("SOUK_SHOP__HOLD_SECONDS", "0"), "shop.hold_seconds"),
        (("SOUK_DATABASE__WRITERS", "0"), "database.writers"),
    ] {
        let bad = souk(&["check-config", "--config", file], &[environment], "");
        assert!(!bad.status.success(), "{environment:?} was taken");
        assert!(said(&bad).to_lowercase().contains(key), "{}", said(&bad));
    }
}

#[test]
fn the_password_of_the_database_is_never_said() {
    const SECRET: &str = "correct-horse";
    let dir = TempDir::new().unwrap();
    let data = dir.path().to_str().unwrap();
    // Nobody listens there.
    let url = format!("mariadb://souk:{SECRET}@127.0.0.1:9/shop");
    let there = [("SOUK_DATABASE__URL", url.as_str())];
    let checked = souk(&["check-config"], &there, "");
    assert!(checked.status.success(), "{}", said(&checked));
    assert!(
        said(&checked).contains("mariadb://souk@127.0.0.1:9/shop"),
        "{}",
        said(&checked)
    );
    let away = souk(&["migrate", "--data-dir", data], &there, "");
    assert!(!away.status.success(), "{}", said(&away));
    let misread = [("SOUK_DATABASE", url.as_str())];
    let wrong = souk(&["check-config"], &misread, "");
    assert!(!wrong.status.success(), "{}", said(&wrong));
    for output in [&checked, &away, &wrong] {
        assert!(!said(output).contains(SECRET), "{}", said(output));
    }
}

/// The database of a data folder.
fn store_config(data: &Path) -> StoreConfig {
    match database::keys(data).first() {
        Some((_, url)) => StoreConfig {
            url: url.clone(),
            ..StoreConfig::default()
        },
        None => StoreConfig::at(data.join("souk.db")),
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let dir = TempDir::new().unwrap();
    let migrate = || {
        souk(
            &["migrate", "--data-dir", dir.path().to_str().unwrap()],
            &[],
            "",
        )
    };
    assert!(migrate().status.success());
    let store = Store::open(&store_config(dir.path())).await.unwrap();
    let newer = store.write(|conn| {
        Box::pin(async move {
            sql::query(
                "INSERT INTO _sqlx_migrations
                     (version, description, success, checksum, execution_time)
                 VALUES (9999, 'of tomorrow', 1, x'00', 0)",
            )
            .execute(conn)
            .await
        })
    });
    newer.await.unwrap();
    store.close().await;
    let refused = migrate();
    assert!(!refused.status.success(), "{}", said(&refused));
    let sentence = "the database does not fit this version: migration 9999 was made by a newer";
    assert!(said(&refused).contains(sentence), "{}", said(&refused));
}

#[tokio::test]
async fn a_server_that_is_set_to_lose_commits_is_refused() {
    if !database::is_mariadb() {
        return;
    }
    let server = Server::start().await;
    let schema = Database::on(&server).await;
    let keys = database::keys_of(schema.config());
    let keys: Vec<(&str, &str)> = keys.iter().map(|(key, value)| (*key, &**value)).collect();
    let dir = TempDir::new().unwrap();
    let data = dir.path().to_str().unwrap();
    let weak = server.set("innodb_flush_log_at_trx_commit = 2").await;
    assert!(weak, "the server takes the setting");
    let refused = souk(&["migrate", "--data-dir", data], &keys, "");
    assert!(!refused.status.success(), "{}", said(&refused));
    let sentence = "`2`, but innodb_flush_log_at_trx_commit = 1 is needed";
    assert!(said(&refused).contains(sentence), "{}", said(&refused));
    assert!(server.set("innodb_flush_log_at_trx_commit = 1").await);
    let taken = souk(&["migrate", "--data-dir", data], &keys, "");
    assert!(taken.status.success(), "{}", said(&taken));
}

#[test]
fn an_admin_is_made_once_and_its_password_is_judged() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().to_str().unwrap();
    assert!(
        souk(&["migrate", "--data-dir", data], &[], "")
            .status
            .success()
    );
    let make = |password: &str| {
        souk(
            &[
                "create-admin",
                "--data-dir",
                data,
                "--email",
                "boss@souk.example",
            ],
            &[],
            password,
        )
    };
    assert!(!make("").status.success());
    assert!(!make("short\n").status.success());
    let made = make("a long pass phrase\n");
    assert!(made.status.success(), "{}", said(&made));
    assert!(!said(&made).contains("a long pass phrase"));
    assert!(
        !make("a long pass phrase\n").status.success(),
        "the same e-mail twice"
    );
}

#[test]
fn a_database_has_one_server() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let flags = ["--no-broadcast", "--data-dir", data.to_str().unwrap()];
    let running = Souk::demo(&flags);
    let second = souk(&["migrate", "--data-dir", data.to_str().unwrap()], &[], "");
    assert!(!second.status.success(), "{}", said(&second));
    drop(running);
}

#[tokio::test]
async fn c12_who_lost_a_second_factor_is_helped_by_who_has_the_machine() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().to_str().unwrap();
    let flags = ["--no-broadcast", "--data-dir", data];
    let first = Souk::demo(&flags);
    let account = first.ready.account("admin", 0).clone();
    let api = Api::signed_in(&first.ready, &account).await;
    let password = json!({ "password": account.password });
    let made = api.post("/api/auth/second-factor", password).await;
    let code = one_time_code(made["secret"].as_str().unwrap(), 0);
    let confirm = "/api/auth/second-factor/confirm";
    api.post(confirm, json!({ "code": code })).await;
    first.terminate();
    // The demo finds its account again.
    let second = Souk::demo(&flags);
    let body = json!({ "email": account.email, "password": account.password });
    let login = Api::anonymous(&second.ready).request(Method::POST, "/api/auth/login");
    let refused = login.json(&body).send().await.unwrap();
    assert_eq!(refusal(refused).await.1, "second_factor_required");
    second.terminate();
    let reset = || {
        let arguments = ["reset-second-factor", "--data-dir", data, "--email"];
        souk(&[&arguments[..], &[&account.email]].concat(), &[], "")
    };
    let (done, again) = (reset(), reset());
    assert!(done.status.success(), "{}", said(&done));
    assert!(!again.status.success(), "there is none: {}", said(&again));
    let third = Souk::demo(&flags);
    Api::signed_in(&third.ready, &account).await;
}
