//! Every answer that the document promises, seen: each operation's success and each of its
//! refusals, on the database of the run.
//!
//! What follows from an operation's form is asked of all of them alike (`answers/forms.rs`), the
//! rest is played (`answers/*.txt`). Then what was seen is held against the document: a promise
//! that nobody saw fails, and so does an answer that nobody promised. What cannot be shown here is
//! in `answers/elsewhere.txt`, with where it is shown instead.

mod administrators;
mod book;
mod forms;
mod portone;
mod script;

use crate::{
    api::Api,
    matrix::{Fixture, ROLES},
    souk::Souk,
    whip::{FRAGMENT, OBS},
};
use book::Book;
use script::Stage;

const ELSEWHERE: &str = include_str!("answers/elsewhere.txt");

/// Played one after the other in the demo's shop, each with people and goods of its own.
const PLAYS: [(&str, &str); 12] = [
    ("accounts", include_str!("answers/accounts.txt")),
    ("catalog", include_str!("answers/catalog.txt")),
    ("stock", include_str!("answers/stock.txt")),
    ("carts", include_str!("answers/carts.txt")),
    ("checkouts", include_str!("answers/checkouts.txt")),
    ("shipping", include_str!("answers/shipping.txt")),
    ("claims", include_str!("answers/claims.txt")),
    ("refunds", include_str!("answers/refunds.txt")),
    ("shows", include_str!("answers/shows.txt")),
    ("sales", include_str!("answers/sales.txt")),
    ("webhooks", include_str!("answers/webhooks.txt")),
    ("admin", include_str!("answers/admin.txt")),
];

const MEDIA: &str = include_str!("answers/media.txt");

/// The demo's people and things, as the rights' matrix has them.
async fn stage(shop: &Fixture) -> Stage {
    let ready = &shop.souk.ready;
    let mut stage = Stage::new(ready);
    for (who, api) in ROLES.into_iter().zip(&shop.callers) {
        let who = if who == "user" { "buyer" } else { who };
        stage.caller(who, api.clone());
    }
    for (name, value) in &shop.names {
        stage.name(name, value);
    }
    let me = shop.callers[1].get("/api/users/profile").await;
    stage.name("BUYER", me["id"].as_str().unwrap());
    stage.name("EMAIL", &ready.account("buyer", 0).email);
    stage.name("PASSWORD", &ready.account("buyer", 0).password);
    stage.name("ADMINPASSWORD", &ready.account("admin", 0).password);
    let helper = ready.account("assistant", 0);
    stage.name("HELPEREMAIL", &helper.email);
    stage.name("HELPERPASSWORD", &helper.password);
    let admin = shop.callers[7].get("/api/users/profile").await;
    stage.name("ADMIN", admin["id"].as_str().unwrap());
    let owner = shop.callers[6].get("/api/users/profile").await;
    stage.name("OWNER", owner["id"].as_str().unwrap());
    stage.name("LONG", "a".repeat(300));
    stage.name("PAST", "1000");
    for (name, prefix) in [
        ("NO_USER", "usr"),
        ("NO_SELLER", "slr"),
        ("NO_PRODUCT", "prd"),
        ("NO_VARIANT", "var"),
        ("NO_CATEGORY", "cat"),
        ("NO_STREAM", "str"),
        ("NO_CARD", "crd"),
        ("NO_SALE", "sal"),
        ("NO_ORDER", "ord"),
        ("NO_LINE", "oln"),
        ("NO_LOCATION", "loc"),
    ] {
        stage.name(name, format!("{prefix}_01ARZ3NDEKTSV4RRFFQ69G5FAV"));
    }
    stage.name("NO_PAYMENT", "p01ARZ3NDEKTSV4RRFFQ69G5FAV");
    stage
}

#[tokio::test]
async fn every_answer_that_the_document_promises_is_seen() {
    // So that a play needs no thousand goods.
    let large = ("SOUK_SHOP__REFUND_SECOND_PERSON", "{ KRW = 50000 }");
    let shop = Fixture::new(Souk::configured(&["--no-broadcast"], &[large])).await;
    let document = shop.callers[0].get("/api/openapi.json").await;
    let mut book = Book::new(&document);
    let mut wrong = forms::ask(&shop, &document, &mut book).await;
    let mut stage = stage(&shop).await;
    for (title, rows) in PLAYS {
        stage.play(title, rows, &mut book).await;
    }
    wrong.append(&mut stage.wrong);
    wrong.append(&mut media(&mut book).await);
    wrong.append(&mut portone::ask(&mut book).await);
    wrong.append(&mut administrators::ask(&document, &mut book).await);
    wrong.append(&mut book.differences(ELSEWHERE));
    assert!(
        wrong.is_empty(),
        "{}\n{}",
        wrong.join("\n"),
        shop.souk.log()
    );
}

/// What needs something on air.
async fn media(book: &mut Book) -> Vec<String> {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let mut stage = Stage::new(ready);
    stage.caller("nobody", Api::anonymous(ready));
    let owner = Api::signed_in(ready, ready.account("seller", 0)).await;
    stage.caller("owner", owner);
    stage.name("STREAM", &ready.stream_id);
    stage.name("KEY", &ready.stream_key);
    stage.name("NO_STREAM", "str_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    stage.name("OFFER", OBS);
    stage.name("PLAYER", OBS.replace("sendonly", "recvonly"));
    stage.name("FRAGMENT", FRAGMENT);
    stage.name("LARGE", "a".repeat(70_000));
    stage.play("media", MEDIA, book).await;
    stage.wrong
}
