//! Tokens, cookies and sign-ins that do not hold.

use super::Shop;

const TOKENS: &str = r#"
    none        | nobody | GET /api/users/profile | -                                 | - | 401 unauthenticated
    garbage     | nobody | GET /api/users/profile | authorization: Bearer garbage     | - | 401 invalid_token
    signature   | nobody | GET /api/users/profile | authorization: Bearer $FLIPPED    | - | 401 invalid_token
    alg none    | nobody | GET /api/users/profile | authorization: Bearer $UNSIGNED   | - | 401 invalid_token
    9 KB        | nobody | GET /api/users/profile | authorization: Bearer $LONG       | - | 401 invalid_token
    stream key  | nobody | GET /api/users/profile | authorization: Bearer $KEY        | - | 401 invalid_token
    basic       | nobody | GET /api/users/profile | authorization: Basic YTpi         | - | 401 invalid_token
    no scheme   | nobody | GET /api/users/profile | authorization: $TOKEN             | - | 401 invalid_token
"#;

const SIGN_INS: &str = r#"
    wrong password | nobody | POST /api/auth/login    | - | {"email":"$EMAIL","password":"wrong wrong"}             | 401 invalid_credentials
    unknown e-mail | nobody | POST /api/auth/login    | - | {"email":"ghost@souk.example","password":"wrong wrong"} | 401 invalid_credentials
    no password    | nobody | POST /api/auth/login    | - | {"email":"$EMAIL"}                                      | 422 validation_error
    taken          | nobody | POST /api/auth/register | - | {"email":"$EMAIL",$REST}                                | 409 email_taken
    no e-mail      | nobody | POST /api/auth/register | - | {"email":"nonsense",$REST}                              | 422 validation_error
    short password | nobody | POST /api/auth/register | - | {"email":"s@souk.example","password":"short","display_name":"N"} | 422 validation_error
    own role       | nobody | POST /api/auth/register | - | {"email":"r@souk.example","role":"admin",$REST}         | 422 validation_error
    no session     | nobody | POST /api/auth/refresh  | - | -                                                       | 401 unauthenticated
    made up        | nobody | POST /api/auth/refresh  | cookie: souk_refresh=rt_made-up | -                         | 401 invalid_token
    foreign page   | nobody | POST /api/auth/refresh  | origin: https://elsewhere.example | -                       | 403 forbidden
    hidden page    | nobody | POST /api/auth/refresh  | sec-fetch-site: cross-site | -                              | 403 forbidden
    foreign logout | nobody | POST /api/auth/logout   | origin: null | -                                            | 403 forbidden
"#;

#[tokio::test]
async fn tokens_and_sign_ins_that_do_not_hold() {
    let shop = Shop::open().await;
    let token = shop.buyer.token();
    let [head, body, mark] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("{token}");
    };
    let flipped: String = mark.chars().rev().collect();
    // {"alg":"none","typ":"at+jwt"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{body}.");
    let table = shop
        .table()
        .await
        .name("TOKEN", token)
        .name("FLIPPED", format!("{head}.{body}.{flipped}"))
        .name("UNSIGNED", unsigned)
        .name("LONG", "t".repeat(9_000))
        .name("KEY", &shop.ready().stream_key)
        .name("EMAIL", &shop.ready().account("buyer", 0).email)
        .name(
            "REST",
            r#""password":"a long pass phrase","display_name":"N""#,
        );
    table.assert_refused(TOKENS).await;
    table.assert_refused(SIGN_INS).await;
    let log = shop.souk.log();
    assert!(
        !log.contains(head) && !log.contains(mark),
        "a token in the log"
    );
}

#[tokio::test]
async fn a_session_is_renewed_once_and_ends_with_its_copy() {
    let shop = Shop::open().await;
    let account = shop.ready().account("buyer", 0);
    let login = serde_json::json!({ "email": account.email, "password": account.password });
    let signed = shop
        .nobody
        .request(reqwest::Method::POST, "/api/auth/login")
        .json(&login);
    let signed = signed.send().await.unwrap();
    let cookie = signed.headers()["set-cookie"].to_str().unwrap().to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api/auth", "Max-Age="] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(signed.headers()["cache-control"], "no-store");
    // The client keeps cookies, so this is the session of the sign-in.
    let renewed = shop.nobody.poke("/api/auth/refresh").await;
    assert_eq!(renewed["token_type"], "Bearer");
    assert_eq!(renewed["user"]["email"], account.email.as_str());
    shop.nobody.poke("/api/auth/logout").await;
    let gone = shop
        .nobody
        .request(reqwest::Method::POST, "/api/auth/refresh")
        .send()
        .await;
    assert_eq!(gone.unwrap().status(), 401);
}
