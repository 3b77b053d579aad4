//! Second factors, and what is asked of administrators beside their role (checklist 12 and 56): a
//! sign-in with a second factor for everything, a proof that is not long ago for every change.

use jsonwebtoken::{EncodingKey, Header, decode_header, encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::{book::Book, script::Stage};
use crate::{
    api::{Api, one_time_code},
    souk::Souk,
};

const KEY: &str = "a-signing-key-of-the-answers-tests";

const SETTING_UP: &str = r#"
    none yet    | $WHO | GET /api/auth/second-factor | - | - | 200 /active=false
    nothing     | $WHO | POST /api/auth/second-factor/confirm | - | {"code":"123456"} | 409 conflict
    wrong       | $WHO | POST /api/auth/second-factor | - | {"password":"not that one at all"} | 401 invalid_credentials
    made        | $WHO | POST /api/auth/second-factor | - | {"password":"$PASSWORD"} | 201 /uri=* SECRET=/secret
    wrong       | $WHO | POST /api/auth/second-factor/confirm | - | {"code":"000000"} | 401 wrong_code
"#;

const USING_IT: &str = r#"
    confirmed   | $WHO | POST /api/auth/second-factor/confirm | - | {"code":"$NOW"} | 200 TOKEN=/access_token SPARE=/recovery_codes/0 LAST=/recovery_codes/1
    one         | $WHO | POST /api/auth/second-factor | - | {"password":"$PASSWORD"} | 409 conflict
    there       | $WHO | GET /api/auth/second-factor | - | - | 200 /active=true /recovery_codes_left=10
    asked       | $WHO | POST /api/auth/login | - | {"email":"$EMAIL","password":"$PASSWORD"} | 401 second_factor_required
    taken       | $WHO | POST /api/auth/login | - | {"email":"$EMAIL","password":"$PASSWORD","code":"$NOW"} | 401 wrong_code
    signed in   | $WHO | POST /api/auth/login | - | {"email":"$EMAIL","password":"$PASSWORD","code":"$NEXT"} | 200 /user/id=*
    twice       | $WHO | POST /api/auth/login | - | {"email":"$EMAIL","password":"$PASSWORD","code":"$NEXT"} | 401 wrong_code
    wrong       | $WHO | POST /api/auth/proof | - | {"password":"not that one at all"} | 401 invalid_credentials
    half        | $WHO | POST /api/auth/proof | - | {"password":"$PASSWORD"} | 401 second_factor_required
    wrong       | $WHO | POST /api/auth/proof | - | {"password":"$PASSWORD","code":"nonsense"} | 401 wrong_code
    proved      | $WHO | POST /api/auth/proof | - | {"password":"$PASSWORD","code":"$SPARE"} | 200 /access_token=*
"#;

const REMOVING_IT: &str = r#"
    wrong       | $WHO | DELETE /api/auth/second-factor | - | {"password":"not that one at all"} | 401 invalid_credentials
    half        | $WHO | DELETE /api/auth/second-factor | - | {"password":"$PASSWORD"} | 401 second_factor_required
    taken       | $WHO | DELETE /api/auth/second-factor | - | {"password":"$PASSWORD","code":"$SPARE"} | 401 wrong_code
    removed     | $WHO | DELETE /api/auth/second-factor | - | {"password":"$PASSWORD","code":"$LAST"} | 204
    none        | $WHO | DELETE /api/auth/second-factor | - | {"password":"$PASSWORD"} | 404 not_found
"#;

/// With an administrator's token of a sign-in by two factors.
const OPERATING: &str = r#"
    looks       | whole | GET /api/admin/users | - | - | 200
    changes     | whole | PUT /api/admin/users/nobody/role | - | {"role":"user"} | 404 not_found
    looks       | stale | GET /api/admin/users | - | - | 200
    a proof     | stale | POST /api/payments/$NO_PAYMENT/refunds | key | {"order_id":"$NO_ORDER","reason":"x"} | 403 fresh_login_required
    a proof     | stale | POST /api/refund-approvals/$NO_REFUND/approve | - | - | 403 fresh_login_required
    buys        | stale | GET /api/cart | - | - | 200
"#;

/// The same token, of somebody who proved who they are an hour earlier.
fn aged(token: &str) -> String {
    let header: Header = decode_header(token).unwrap();
    let mut body: Value = payload(token);
    body["auth_time"] = json!(body["auth_time"].as_u64().unwrap() - 3_600);
    encode(&header, &body, &EncodingKey::from_secret(KEY.as_bytes())).unwrap()
}

fn payload(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode(token)
        .unwrap()
        .claims
}

/// Sets a second factor up and uses it, by the stage's `$WHO`.
async fn set_up(stage: &mut Stage, book: &mut Book) {
    stage
        .play("second factor", &who(SETTING_UP, stage), book)
        .await;
    let secret = stage.fill("$SECRET").unwrap();
    stage.name("NOW", one_time_code(&secret, 0));
    // Clocks may be a step apart.
    stage.name("NEXT", one_time_code(&secret, 30));
    stage
        .play("second factor", &who(USING_IT, stage), book)
        .await;
}

/// The rows, for who it is about.
fn who(rows: &str, stage: &Stage) -> String {
    rows.replace("$WHO", &stage.fill("$WHO").unwrap())
}

pub(super) async fn ask(document: &Value, book: &mut Book) -> Vec<String> {
    let keys = [
        ("SOUK_ACCOUNTS__JWT_SECRET", KEY),
        ("SOUK_ACCOUNTS__ADMIN_SECOND_FACTOR", "true"),
    ];
    let souk = Souk::configured(&["--no-broadcast"], &keys);
    let ready = &souk.ready;
    let mut stage = Stage::new(ready);
    for (name, prefix) in [
        ("NO_ORDER", "ord_"),
        ("NO_REFUND", "rfd_"),
        ("NO_PAYMENT", "p"),
    ] {
        stage.name(name, format!("{prefix}01ARZ3NDEKTSV4RRFFQ69G5FAV"));
    }
    // Anybody may have one.
    let zoe = Api::registered(ready, "zoe@example.com").await;
    stage.caller("zoe", zoe);
    stage.name("WHO", "zoe");
    stage.name("EMAIL", "zoe@example.com");
    stage.name("PASSWORD", "a long pass phrase");
    set_up(&mut stage, book).await;
    stage
        .play("second factor", &who(REMOVING_IT, &stage), book)
        .await;
    // Administrators must.
    let account = ready.account("admin", 0);
    let half = Api::signed_in(ready, account).await;
    let mut wrong = refused(&half, document, book, "second_factor_missing").await;
    stage.caller("admin", half.clone());
    stage.name("WHO", "admin");
    stage.name("EMAIL", &account.email);
    stage.name("PASSWORD", &account.password);
    set_up(&mut stage, book).await;
    let token = stage.fill("$TOKEN").unwrap();
    assert_eq!(payload(&token)["amr"], json!(["pwd", "otp"]));
    let stale = half.with_token(&aged(&token));
    wrong.append(&mut refused(&stale, document, book, "fresh_login_required").await);
    stage.caller("whole", half.with_token(&token));
    stage.caller("stale", stale);
    stage.play("administrators", OPERATING, book).await;
    wrong.append(&mut stage.wrong);
    wrong
}

/// Asks every operation that promises this refusal to administrators alone; returns what answered
/// otherwise.
async fn refused(api: &Api, document: &Value, book: &mut Book, code: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = operation["responses"]["403"]["$ref"].as_str();
            let administrators =
                path.starts_with("/api/admin/") || path.starts_with("/api/categories");
            if !administrators || !place.is_some_and(|place| place.contains(code)) {
                continue;
            }
            asked += 1;
            let path = path.replace(['{', '}'], "");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = api.request(method.clone(), &path).json(&json!({}));
            let response = request.send().await.unwrap();
            let challenge = response.headers().get("www-authenticate").cloned();
            let status = response.status().as_u16();
            let problem: Value = response.json().await.unwrap_or(Value::Null);
            book.note(method.as_str(), &path, status, problem["code"].as_str());
            if status != 403 || problem["code"] != code {
                wrong.push(format!("{method} {path}: {status} {problem}, not {code}"));
            }
            if code == "fresh_login_required" {
                let challenge = challenge.unwrap();
                let told = challenge.to_str().unwrap();
                assert!(told.contains("insufficient_user_authentication"), "{told}");
                assert!(told.contains("max_age=\"900\""), "{told}");
            }
        }
    }
    assert!(asked >= 7, "{code}: {asked}");
    wrong
}
