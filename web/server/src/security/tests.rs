//! Origins: exact names only, `null` and look-alikes are foreign.
#![allow(clippy::unwrap_used)]

use super::*;

fn http(public: Option<&str>) -> HttpConfig {
    HttpConfig {
        bind: "127.0.0.1:8080".parse().unwrap(),
        public_url: public.map(str::to_owned),
        allowed_origins: vec!["https://partner.example".to_owned()],
        trusted_proxies: Vec::new(),
        metrics_allow: Vec::new(),
        max_connections: 100,
        tls: None,
        portone_window: false,
    }
}

fn request(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect()
}

#[test]
fn only_exact_origins_are_ours() {
    let table = [
        (None, "http://shop.local:8080", "shop.local:8080", true),
        (None, "http://shop.local", "shop.local:8080", false),
        (None, "https://partner.example", "shop.local:8080", true),
        (
            None,
            "https://partner.example.evil.example",
            "shop.local:8080",
            false,
        ),
        (
            None,
            "https://evilpartner.example",
            "shop.local:8080",
            false,
        ),
        (None, "null", "shop.local:8080", false),
        (
            Some("https://shop.example"),
            "https://shop.example",
            "shop.example",
            true,
        ),
        (
            Some("https://shop.example"),
            "http://shop.example",
            "shop.example",
            false,
        ),
    ];
    for (public, origin, host, expected) in table {
        let headers = request(&[("origin", origin), ("host", host)]);
        let allowed = same_origin(&http(public), &headers).is_ok();
        assert_eq!(allowed, expected, "{origin} at {host}");
    }
}

#[test]
fn programs_pass_and_hidden_foreign_pages_do_not() {
    let http = http(None);
    assert!(same_origin(&http, &request(&[("host", "a")])).is_ok());
    assert!(same_origin(&http, &request(&[("sec-fetch-site", "same-origin")])).is_ok());
    assert!(same_origin(&http, &request(&[("sec-fetch-site", "cross-site")])).is_err());
    assert!(same_origin(&http, &request(&[("sec-fetch-site", "same-site")])).is_err());
}

#[test]
fn foreign_host_names_are_refused_behind_a_public_address() {
    let public = http(Some("https://shop.example"));
    let table = [
        ("shop.example", true),
        ("SHOP.example", true),
        ("127.0.0.1:8080", true),
        ("[::1]:8080", true),
        ("localhost:8080", true),
        ("evil.example", false),
    ];
    for (host, expected) in table {
        assert_eq!(
            host_is_ours(&public, &request(&[("host", host)])),
            expected,
            "{host}"
        );
    }
    assert!(host_is_ours(
        &http(None),
        &request(&[("host", "any.example")])
    ));
}

#[test]
fn portone_s_window_opens_where_it_is_what_takes_the_money_and_nowhere_else() {
    let value = |http: &HttpConfig, name| {
        let (_, value) = fixed(http).find(|(header, _)| *header == name).unwrap();
        value.to_owned()
    };
    let plain = http(None);
    let policy = value(&plain, header::CONTENT_SECURITY_POLICY);
    assert!(!policy.contains("portone"), "{policy}");
    let paid = HttpConfig {
        portone_window: true,
        ..plain
    };
    let policy = value(&paid, header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("script-src 'self' https://cdn.portone.io;"));
    assert!(policy.contains("object-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe"), "{policy}");
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    assert_eq!(value(&paid, opener), "same-origin-allow-popups");
}
