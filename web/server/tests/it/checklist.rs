//! The edge against the security checklist, each row by its number, and the list of bad input by
//! its ids. What the other files of this suite show is not repeated here.

use reqwest::{Method, RequestBuilder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    api::{Api, refusal},
    souk::Souk,
    viewer::PATIENCE,
};

/// A server behind a proxy on this machine.
fn behind_a_proxy() -> Souk {
    let keys = [
        ("SOUK_HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]"),
        (
            "SOUK_HTTP__ALLOWED_ORIGINS",
            "[\"https://partner.example\"]",
        ),
    ];
    Souk::configured(&["--no-broadcast"], &keys)
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

/// 25 and 26: every answer carries these, whatever it is.
#[tokio::test]
async fn c25_headers_are_the_golden_ones() {
    let souk = behind_a_proxy();
    let api = Api::anonymous(&souk.ready);
    let golden =
        "content-security-policy: default-src 'self'; script-src 'self'; style-src 'self'; \
        img-src 'self' data: blob:; media-src 'self' blob: mediastream:; font-src 'self' data:; \
        connect-src 'self' ws: wss:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; \
        form-action 'self'; frame-ancestors 'none'
x-content-type-options: nosniff
referrer-policy: strict-origin-when-cross-origin
x-frame-options: DENY
cross-origin-opener-policy: same-origin";
    for path in [
        "/",
        "/api/products",
        "/api/nothing",
        "/whip",
        "/livez",
        "/api/docs",
    ] {
        let answer = api.request(Method::GET, path).send().await.unwrap();
        for line in golden.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            assert_eq!(answer.headers()[name], value, "{name} of {path}");
        }
    }
    let account = souk.ready.account("buyer", 0);
    let body = serde_json::json!({ "email": account.email, "password": account.password });
    let login = api.request(Method::POST, "/api/auth/login").json(&body);
    let cookie = login.send().await.unwrap().headers()["set-cookie"].clone();
    let cookie = cookie.to_str().unwrap();
    assert!(cookie.starts_with("souk_refresh="), "{cookie}");
    for word in ["Path=/api/auth", "HttpOnly", "SameSite=Strict"] {
        assert!(
            cookie.split("; ").any(|part| part == word),
            "{word}: {cookie}"
        );
    }
}

/// 27, B-H9: a foreign page can neither use the cookie nor post a form as JSON.
#[tokio::test]
async fn c27_foreign_pages_are_refused() {
    let souk = behind_a_proxy();
    let api = Api::anonymous(&souk.ready);
    let refresh = || api.request(Method::POST, "/api/auth/refresh");
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let answer = refresh().header(name, value).send().await.unwrap();
        assert_eq!(refusal(answer).await.1, "forbidden", "{name}: {value}");
    }
    assert_eq!(
        status(refresh()).await,
        401,
        "our own page is only asked to sign in"
    );
    let form = api.request(Method::POST, "/api/auth/login");
    let form = form.header("content-type", "text/plain").body("{}");
    assert_eq!(
        refusal(form.send().await.unwrap()).await.1,
        "unsupported_media_type"
    );
}

/// 28: only listed origins may read answers.
#[tokio::test]
async fn c28_origins_are_an_exact_list() {
    let souk = behind_a_proxy();
    let api = Api::anonymous(&souk.ready);
    for (origin, listed) in [
        ("https://partner.example", true),
        ("https://shop.example", false),
        ("https://partner.example.evil.example", false),
        ("https://evilpartner.example", false),
        ("http://partner.example", false),
        ("null", false),
    ] {
        let answer = api
            .request(Method::GET, "/api/products")
            .header("origin", origin);
        let answer = answer.send().await.unwrap();
        let allowed = answer.headers().get("access-control-allow-origin");
        assert_eq!(
            allowed.is_some_and(|allowed| allowed == origin),
            listed,
            "{origin}"
        );
        assert_ne!(allowed.map(|allowed| allowed.as_bytes()), Some(&b"*"[..]));
    }
}

/// 31 and 33, B-H8: a proxy is believed when it is named, others never, and nobody from outside sees
/// the metrics or the administration.
#[tokio::test]
async fn c31_addresses_are_not_what_strangers_say() {
    let named = behind_a_proxy();
    let outside = |souk: &Souk, path: &str| {
        let api = Api::anonymous(&souk.ready);
        api.request(Method::GET, path)
            .header("x-forwarded-for", "203.0.113.9")
    };
    assert_eq!(status(outside(&named, "/metrics")).await, 404);
    assert_eq!(status(outside(&named, "/api/admin/broadcasts")).await, 401);
    let unnamed = Souk::demo(&["--no-broadcast"]);
    assert_eq!(
        status(outside(&unnamed, "/metrics")).await,
        200,
        "the header is ignored"
    );
}

/// 34, B-H3 and B-H4: bodies end where they must, and compressed ones are not opened.
#[tokio::test]
async fn c34_bodies_are_bounded() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let api = Api::anonymous(&souk.ready);
    for encoding in ["gzip", "br"] {
        let packed = api
            .request(Method::POST, "/api/auth/login")
            .header("content-encoding", encoding);
        let packed = packed.header("content-type", "application/json").body("{}");
        assert_eq!(
            refusal(packed.send().await.unwrap()).await.1,
            "unsupported_media_type"
        );
    }
    let mut stream = TcpStream::connect(souk.ready.authority()).await.unwrap();
    let head = "POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096));
    for _ in 0..64 {
        // The server may have answered and closed; the answer still arrives.
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 512];
    let read = timeout(PATIENCE, stream.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

/// 17 and 20: one account is held to its rate from all its addresses, others are not.
#[tokio::test]
async fn c17_an_account_is_held_to_its_rate() {
    let souk = behind_a_proxy();
    let ready = &souk.ready;
    let buyer = Api::signed_in(ready, ready.account("buyer", 0)).await;
    let other = Api::signed_in(ready, ready.account("buyer", 1)).await;
    let found = |api: &Api, from: u8| {
        let request = api.request(Method::POST, "/api/sellers");
        let request = request.header("x-forwarded-for", format!("203.0.113.{from}"));
        request.json(&serde_json::json!({ "name": "" }))
    };
    let mut refused = None;
    for n in 0..5_000_u32 {
        let answer = found(&buyer, (n % 200) as u8).send().await.unwrap();
        if answer.status() == 429 {
            refused = Some((n, refusal(answer).await));
            break;
        }
    }
    let (before, (_, code)) = refused.expect("an account without a limit");
    assert!(before >= 100, "only {before} requests passed");
    assert_eq!(code, "rate_limited");
    assert_eq!(
        status(found(&other, 1)).await,
        422,
        "another account from the same address"
    );
    let local = buyer.request(Method::POST, "/api/sellers");
    let local = local.json(&serde_json::json!({ "name": "" }));
    assert_eq!(status(local).await, 422, "this machine's own programs");
}

/// 38, B-J8: what strangers say makes no lines of its own in the log, and colours nothing.
#[tokio::test]
async fn c38_an_event_is_one_line_of_the_log() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let (ready, forged) = (
        &souk.ready,
        "x\n2026-01-01T00:00:00Z  INFO forged\u{1b}[31m",
    );
    let nobody = Api::anonymous(ready);
    let admin = Api::signed_in(ready, ready.account("admin", 0)).await;
    let buyer = ready.account("buyer", 0);
    let json = |value: serde_json::Value| value.to_string();
    let wrong = serde_json::json!({ "email": buyer.email, "password": forged });
    let named = serde_json::json!({ "email": forged, "password": forged });
    let new = serde_json::json!({ "email": "f@example.com", "password": "a long pass phrase",
        "display_name": forged, "locale": forged });
    let seller = serde_json::json!({ "name": forged });
    for (api, path, kind, body) in [
        (&nobody, "/api/auth/login", "application/json", json(wrong)),
        (&nobody, "/api/auth/login", "application/json", json(named)),
        (&nobody, "/api/auth/register", "application/json", json(new)),
        (&admin, "/api/sellers", "application/json", json(seller)),
        (&nobody, "/whip", "application/sdp", forged.to_owned()),
        (
            &nobody,
            "/api/%0a%1b[31m",
            "application/json",
            "{}".to_owned(),
        ),
    ] {
        let request = api.request(Method::POST, path).header("content-type", kind);
        request
            .header("user-agent", "a\tb")
            .body(body)
            .send()
            .await
            .unwrap();
    }
    let log = souk.log();
    assert!(log.contains("a sign-in was refused"), "the control: {log}");
    assert!(!log.contains('\u{1b}'), "{log}");
    let odd = log.lines().find(|line| !line.is_empty() && !is_event(line));
    assert_eq!(odd, None, "{log}");
    assert!(
        !log.lines().any(|line| line.starts_with("2026-01-01")),
        "{log}"
    );
}

/// A line of the log, or of what the demo says to people.
fn is_event(line: &str) -> bool {
    line.starts_with("20") || line.starts_with("  ") || line.ends_with('.')
}

const SECURITY: &str = include_str!("../../../../docs/SECURITY.md");

/// Rows `| 7 | what is promised | tests |` whose tests are none.
fn untested(table: &str, rows: impl Iterator<Item = u32>) -> Vec<u32> {
    let tested = |row: &u32| {
        let line = table
            .lines()
            .find(|line| line.starts_with(&format!("| {row} |")));
        line.is_some_and(|line| line.matches("::").count() > 0)
    };
    rows.filter(|row| !tested(row)).collect()
}

/// Whether the tests exist is a matter of the tidy rules.
#[test]
fn every_row_about_accounts_and_the_api_names_its_tests() {
    let rows = || (1..=40).chain([54, 56]);
    assert_eq!(untested(SECURITY, rows()), Vec::<u32>::new());
    let table = SECURITY.replace("| 7 |", "| 70 |");
    assert_eq!(untested(&table, rows()), [7], "the control");
}
