//! Every value is checked, a mistake names its key, and the sources come in their order.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

use figment::{Jail, value::Value};

use super::{Config, ConfigError};

fn load(jail: &mut Jail, toml: &str) -> Result<Config, ConfigError> {
    jail.clear_env();
    jail.create_file("souk.toml", toml).unwrap();
    Config::load(Some("souk.toml".as_ref()), Vec::new())
}

#[test]
fn a_mistake_names_its_key() {
    let table = [
        ("data_dir = ''", "data_dir"),
        ("[http]\nbind = '8080'", "http.bind"),
        ("[http]\nbnid = '127.0.0.1:80'", "bnid"),
        ("[http]\npublic_url = 'shop.example'", "http.public_url"),
        (
            "[http]\npublic_url = 'https://shop.example/path'",
            "http.public_url",
        ),
        ("[http]\nallowed_origins = ['*']", "http.allowed_origins"),
        (
            "[http]\ntrusted_proxies = ['proxy']",
            "http.trusted_proxies",
        ),
        ("[http]\nmax_connections = 1", "http.max_connections"),
        ("[http]\ntls_key = 'key.pem'", "http.tls_certificate"),
        ("[media]\nudp_port = 70000", "media.udp_port"),
        ("[media]\nudp_port = 'x'", "media.udp_port"),
        ("[media]\nudp_port = 65530\nshards = 8", "media.udp_port"),
        ("[media]\nshards = 65", "media.shards"),
        ("[media]\naddresses = ['0.0.0.0']", "media.addresses"),
        ("[media]\nbind = 'eth0'", "media.bind"),
        (
            "[[media.ice_servers]]\nurl = 'https://turn.example'",
            "media.ice_servers",
        ),
        (
            "[[media.ice_servers]]\nurl = 'turn:turn.example'",
            "media.ice_servers",
        ),
        (
            "[[media.ice_servers]]\nurl = 'turn:a.example'\nusername = 'a'\ncredential = 'b;c'",
            "media.ice_servers",
        ),
        (
            "[[media.ice_servers]]\nurl = 'stun:a.example, stun:b.example'",
            "media.ice_servers",
        ),
        ("[database]\nurl = 'postgres://x'", "database.url"),
        ("[accounts]\njwt_secret = 'short'", "accounts.jwt_secret"),
        (
            "[accounts]\naccess_ttl_seconds = 5",
            "accounts.access_ttl_seconds",
        ),
        (
            "[accounts]\nrefresh_ttl_days = 0",
            "accounts.refresh_ttl_days",
        ),
        (
            "[accounts]\nfresh_login_seconds = 59",
            "accounts.fresh_login_seconds",
        ),
        ("[shop]\npayment = 'cash'", "shop.payment"),
        ("[shop]\nhold_seconds = 901", "shop.hold_seconds"),
        ("[shop]\ncommission_bps = -1", "shop.commission_bps"),
        (
            "[shop]\nrefund_second_person = { KRW = 0 }",
            "shop.refund_second_person",
        ),
        ("[webhooks]\nallow = [\"10.0.0.0/33\"]", "webhooks.allow"),
        ("[webhooks]\ntimeout_ms = 60001", "webhooks.timeout_ms"),
        ("[webhooks]\nstock_low = 1000001", "webhooks.stock_low"),
        ("[webhooks]\nca = 'nowhere.pem'", "webhooks.ca"),
        ("[log]\nformat = 'xml'", "log.format"),
        ("[log]\nfilter = 'souk=loud'", "log.filter"),
        ("[nothing]\nx = 1", "nothing"),
    ];
    assert_named(&table);
}

/// Each text is refused by a word that names its key.
fn assert_named(table: &[(&str, &str)]) {
    for &(toml, key) in table {
        Jail::expect_with(|jail| {
            let error = load(jail, toml).expect_err(toml).to_string();
            assert!(
                error.contains(key),
                "{toml:?} says {error:?}, without {key}"
            );
            Ok(())
        });
    }
}

#[test]
fn a_provider_that_is_configured_half_is_refused() {
    assert_named(&[
        ("[portone]\nstore_id = 'store'", "portone.store_id"),
        ("[portone]\ntest_channel = true", "portone.test_channel"),
        ("[shop]\npayment = 'portone_v2'", "portone.webhook_secrets"),
        (
            "[shop]\npayment = 'portone_v2'\n[portone]\nwebhook_secrets = ['whsec_MDEyMzQ1Njc4OWFiY2RlZg==']",
            "portone.api_secret",
        ),
        (
            "[shop]\npayment = 'portone_v2'\n[portone]\nwebhook_secrets = ['whsec_?']",
            "portone.webhook_secrets",
        ),
        ("[shop]\npayment = 'portone_v1'", "portone.imp_key"),
        (
            "[shop]\npayment = 'portone_v1'\n[portone]\nimp_key = 'k'\napi_secret = 's'\nstore_id = 'imp1'",
            "portone.channel_key",
        ),
        (
            "[shop]\npayment = 'portone_v1'\n[portone]\nimp_key = 'k'\napi_secret = 's'\nstore_id = 'imp1'\nchannel_key = 'c'\nbase_url = 'http://pay.example'",
            "portone.base_url",
        ),
        (
            "[shop]\npayment = 'portone_v1'\n[portone]\nimp_key = 'k'\napi_secret = 's'\nstore_id = 'imp1'\nchannel_key = 'c'\npay_method = 'VIRTUAL_ACCOUNT'",
            "portone.pay_method",
        ),
    ]);
}

#[test]
fn certificates_for_webhooks_are_read_from_a_file_that_holds_some() {
    Jail::expect_with(|jail| {
        let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        jail.create_file("ca.pem", pem)?;
        jail.create_file("key.pem", "-----BEGIN PRIVATE KEY-----")?;
        let config = load(jail, "[webhooks]\nca = 'ca.pem'\nstock_low = 0").unwrap();
        assert_eq!(config.webhooks.roots, pem);
        assert_eq!(config.webhooks.stock_low, 0);
        let refused = load(jail, "[webhooks]\nca = 'key.pem'").unwrap_err();
        assert!(refused.to_string().contains("webhooks.ca"), "{refused}");
        Ok(())
    });
}

#[test]
fn a_mistake_about_the_database_names_its_key() {
    assert_named(&[
        ("[database]\nurl = 'sqlite://:memory:'", "database.url"),
        ("[database]\nurl = 'mariadb://souk@db'", "database.url"),
        (
            "[database]\nurl = 'mariadb://souk@db/shop?tls=on'",
            "database.url",
        ),
        ("[database]\nreaders = 0", "database.readers"),
        ("[database]\nwriters = 65", "database.writers"),
        (
            "[database]\nconnect_wait_ms = 1",
            "database.connect_wait_ms",
        ),
        ("[database]\nanswer_wait_ms = 0", "database.answer_wait_ms"),
        (
            "[database]\nbusy_timeout_ms = 10",
            "database.busy_timeout_ms",
        ),
    ]);
}

#[test]
fn environment_is_over_file_and_flags_over_both() {
    Jail::expect_with(|jail| {
        let file = "[http]\nbind = '127.0.0.1:1'\n[media]\nudp_port = 2\nshards = 3";
        load(jail, file).unwrap();
        jail.set_env("SOUK_MEDIA__UDP_PORT", "4000");
        jail.set_env("SOUK_HTTP__BIND", "127.0.0.1:5");
        jail.set_env("SOUK_CONFIG", "elsewhere.toml");
        let flags = vec![("http.bind", Value::from("127.0.0.1:6"))];
        let config = Config::load(Some("souk.toml".as_ref()), flags).unwrap();
        assert_eq!(config.http.bind.port(), 6);
        assert_eq!(config.media.udp_port, 4000);
        assert_eq!(config.media.shards, 3);
        jail.set_env("SOUK_MEDIA__UPD_PORT", "1");
        let error = Config::load(None, Vec::new()).unwrap_err().to_string();
        assert!(error.contains("upd_port"), "{error}");
        Ok(())
    });
}

#[test]
fn a_whole_provider_is_taken_and_its_secrets_are_not_shown() {
    Jail::expect_with(|jail| {
        let secret = "MDEyMzQ1Njc4OWFiY2RlZg==";
        let file = format!(
            "[shop]\npayment = 'portone_v2'\n[portone]\napi_secret = '{secret}'\nstore_id = 'store-1'\n\
             channel_key = 'channel-1'\npay_method = 'EASY_PAY'\nwebhook_secrets = ['whsec_{secret}', 'whsec_{secret}']"
        );
        let config = load(jail, &file).unwrap();
        assert!(!format!("{config:?}").contains(secret));
        let payment = config.payment.unwrap();
        assert_eq!(payment.base_url, "https://api.portone.io");
        assert_eq!(payment.webhook_secrets.len(), 2);
        assert!(!payment.test_channel);
        assert_eq!(
            payment.pay_method,
            Some(commerce_service::PayMethod::EasyPay)
        );
        Ok(())
    });
}

#[test]
fn media_is_private_until_an_address_is_named() {
    Jail::expect_with(|jail| {
        assert!(load(jail, "").unwrap().media.bind.is_loopback());
        let named = load(jail, "[media]\naddresses = ['192.0.2.1']").unwrap();
        assert!(named.media.bind.is_unspecified());
        Ok(())
    });
}

#[test]
fn a_missing_file_is_a_mistake_and_secrets_are_not_shown() {
    Jail::expect_with(|jail| {
        let secret = "0123456789abcdef0123456789abcdef";
        let config = load(jail, &format!("[accounts]\njwt_secret = '{secret}'")).unwrap();
        assert!(!format!("{config:?}").contains(secret));
        let server = format!(
            "[[media.ice_servers]]\nurl = 'turn:a.example'\nusername = 'a'\ncredential = '{secret}'"
        );
        let config = load(jail, &server).unwrap();
        assert_eq!(config.media.ice_servers[0].credential, secret);
        assert!(!format!("{config:?}").contains(secret));
        let error = Config::load(Some("none.toml".as_ref()), Vec::new()).unwrap_err();
        assert!(matches!(error, ConfigError::NoFile(_)));
        Ok(())
    });
}

#[test]
fn a_database_is_named_and_its_password_is_not_shown() {
    const SECRET: &str = "correct-horse";
    Jail::expect_with(|jail| {
        let url = format!("mariadb://souk:{SECRET}@db.example/shop");
        let config = load(jail, &format!("[database]\nurl = '{url}'\nwriters = 3")).unwrap();
        assert_eq!(config.database.url, url);
        assert_eq!(config.database.writers, 3);
        assert_eq!(config.database.shown(), "mariadb://souk@db.example/shop");
        assert!(!format!("{config:?}").contains(SECRET));
        let unnamed = load(jail, "data_dir = '/srv/souk'").unwrap();
        assert_eq!(unnamed.database.url, "sqlite:///srv/souk/souk.db");
        for mistake in [
            format!("[database]\nurl = 'mariadb://souk:{SECRET}@db.example'"),
            format!("[database]\nurl = 'postgres://souk:{SECRET}@db.example/shop'"),
            format!("database = '{url}'"),
            format!("[database]\nurl = ['{url}']"),
            format!("[accounts]\njwt_secret = ['{SECRET}']"),
        ] {
            let error = load(jail, &mistake).expect_err(&mistake).to_string();
            assert!(!error.contains(SECRET), "{error}");
        }
        Ok(())
    });
}
