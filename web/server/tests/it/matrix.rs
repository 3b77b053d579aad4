//! Every route × every role, through the real router: who may do what (checklist 13 and 14).
//!
//! The rows are in `matrix/routes.txt`, one line for each route. The server's own document says
//! which routes there are: one that has no row fails the test, and so does a row without a route.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{api::Api, souk::Souk};

const ROWS: &str = include_str!("matrix/routes.txt");

/// The columns, from the least rights to the most.
pub(crate) const ROLES: [&str; 8] = [
    "nobody",
    "user",
    "other",
    "assistant",
    "host",
    "manager",
    "owner",
    "admin",
];

/// A route, and what each role gets there.
pub(crate) struct Row {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
    /// One letter for each of [`ROLES`].
    pub(crate) rights: String,
}

/// The rows of the table.
pub(crate) fn rows() -> Vec<Row> {
    let lines = ROWS.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [request, body, rights] = fields[..] else {
            panic!("not a row: {line}");
        };
        assert_eq!(rights.len(), ROLES.len(), "{line}");
        let (method, path) = request.split_once(' ').unwrap();
        Row {
            method: method.to_owned(),
            path: path.trim().to_owned(),
            body: body.to_owned(),
            rights: rights.to_owned(),
        }
    };
    lines.map(row).collect()
}

/// Whether a row's path is one of a route: `/api/orders/$ORDER` is of `/api/orders/{id}`.
pub(crate) fn is_of(path: &str, template: &str) -> bool {
    let (path, template): (Vec<&str>, Vec<&str>) =
        (path.split('/').collect(), template.split('/').collect());
    path.len() == template.len()
        && path
            .iter()
            .zip(&template)
            .all(|(word, place)| word == place || (place.starts_with('{') && word.starts_with('$')))
}

/// The routes of the document, with whether they ask for a signed-in caller.
fn routes(document: &Value) -> Vec<(String, String, bool)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let routes = paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| {
            let signed_in = operation["security"].is_array();
            (method.to_uppercase(), path.clone(), signed_in)
        })
    });
    routes.collect()
}

/// Routes without a row, rows without a route, and rows that differ from the document on whether
/// anonymous callers are asked to sign in.
fn gaps(routes: &[(String, String, bool)], rows: &[Row]) -> Vec<String> {
    let mut gaps = Vec::new();
    let mut used = BTreeSet::new();
    for (method, path, signed_in) in routes {
        let found = rows
            .iter()
            .position(|row| row.method == *method && is_of(&row.path, path));
        let Some(found) = found else {
            gaps.push(format!("{method} {path}: no row in matrix/routes.txt"));
            continue;
        };
        used.insert(found);
        let rights = &rows[found].rights;
        let asked = rights.starts_with('-') && rights.chars().skip(1).any(|letter| letter != '-');
        if asked != *signed_in {
            gaps.push(format!("{method} {path}: `security` and the row differ"));
        }
    }
    for (index, row) in rows.iter().enumerate() {
        if !used.contains(&index) {
            gaps.push(format!(
                "{} {}: there is no such route",
                row.method, row.path
            ));
        }
    }
    gaps
}

fn letter(status: StatusCode) -> char {
    match status.as_u16() {
        401 => '-',
        403 => 'x',
        404 => '0',
        500.. => '!',
        _ => '.',
    }
}

/// The demo's shop with an order, and everybody at its door.
pub(crate) struct Fixture {
    pub(crate) souk: Souk,
    /// One for each of [`ROLES`].
    pub(crate) callers: Vec<Api>,
    pub(crate) names: Vec<(&'static str, String)>,
}

impl Fixture {
    pub(crate) async fn new(souk: Souk) -> Self {
        let ready = &souk.ready;
        let mut callers = vec![Api::anonymous(ready)];
        for (role, n) in [
            ("buyer", 0),
            ("buyer", 1),
            ("assistant", 0),
            ("host", 0),
            ("manager", 0),
            ("seller", 0),
            ("admin", 0),
        ] {
            callers.push(Api::signed_in(ready, ready.account(role, n)).await);
        }
        let names = names(&souk, &callers).await;
        Self {
            souk,
            callers,
            names,
        }
    }

    /// A text with its `$NAMES` filled in.
    pub(crate) fn fill(&self, text: &str) -> String {
        let fill =
            |text: String, (name, value): &(&str, String)| text.replace(&format!("${name}"), value);
        self.names.iter().fold(text.to_owned(), fill)
    }

    async fn send(&self, row: &Row, caller: &Api) -> StatusCode {
        let method = Method::from_bytes(row.method.as_bytes()).unwrap();
        let mut request = caller.request(method, &self.fill(&row.path));
        if row.body != "-" {
            let body = self.fill(&row.body);
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let request = request.header("idempotency-key", "matrix");
        request.send().await.unwrap().status()
    }
}

async fn names(souk: &Souk, callers: &[Api]) -> Vec<(&'static str, String)> {
    let [nobody, user, .., owner, _] = callers else {
        panic!("eight callers");
    };
    let stream = souk.ready.stream_id.clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let room = nobody.get(&format!("/api/streams/{stream}/room")).await;
    let shop = &room["d"]["shop"];
    let (sale, product) = (
        text(&shop["sale"]["id"]),
        text(&shop["sale"]["items"][0]["product_id"]),
    );
    let order = json!({ "sale_id": sale, "product_id": product, "quantity": 1 });
    let order: Value = user
        .buy("matrix-order", &order)
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let me = owner.get("/api/users/profile").await;
    let helper = callers[3].get("/api/users/profile").await;
    let seller = text(&me["memberships"][0]["seller_id"]);
    let new_product = json!({
        "seller_id": seller, "title": { "ko": "행", "en": "Row" }, "image_url": "/products/mug.svg",
        "price": { "amount": 1000, "currency": "KRW" }, "stock": 1,
    });
    let new_sale = json!({
        "stream_id": stream, "items": [{ "product_id": product, "allocated": 1, "max_per_buyer": 1 }],
    });
    let new_coupon = json!({
        "seller_id": seller, "code": "MATRIX1", "name": "Matrix", "currency": "KRW",
        "discount": { "kind": "percent", "basis_points": 100 },
    });
    let new_webhook = json!({
        "seller_id": seller, "url": "https://receiver.invalid/matrix", "events": ["*"],
    });
    let webhook = owner.post("/api/webhooks", new_webhook.clone()).await;
    let last = owner.post("/api/webhooks", new_webhook.clone()).await;
    let webhook = text(&webhook["webhook"]["id"]);
    let tested = owner.poke(&format!("/api/webhooks/{webhook}/test")).await;
    vec![
        ("NEW_WEBHOOK", new_webhook.to_string()),
        ("WEBHOOK", webhook),
        ("LAST_WEBHOOK", text(&last["webhook"]["id"])),
        ("DELIVERY", text(&tested["id"])),
        ("NEW_PRODUCT", new_product.to_string()),
        ("NEW_COUPON", new_coupon.to_string()),
        ("VARIANT", text(&shop["sale"]["items"][0]["variant_id"])),
        ("CATEGORY", "cat_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()),
        ("COUPON", "cpn_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()),
        ("NEW_SALE", new_sale.to_string()),
        ("NOWHERE", "nowhere".to_owned()),
        ("STREAM", stream),
        ("SELLER", seller),
        ("MEMBER", text(&helper["id"])),
        ("CARD", text(&shop["cards"][0]["id"])),
        ("SALE", sale),
        ("PRODUCT", product),
        ("GROUP", text(&order["group_id"])),
        ("NOAPPROVAL", "rfd_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()),
        ("NOCLAIM", "clm_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()),
        ("NOSHIPMENT", "shp_01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()),
        ("ORDER", text(&order["id"])),
        // Nobody's: each person has their own, and sees no other.
        ("ADDRESS", "adr_00000000000000000000000001".to_owned()),
        ("LOGIN", "none".to_owned()),
        ("PAYMENT", text(&order["payment"]["id"])),
    ]
}

#[tokio::test]
async fn every_role_gets_what_the_table_says_on_every_route() {
    let shop = Fixture::new(Souk::demo(&["--no-broadcast"])).await;
    let rows = rows();
    let document = shop.callers[0].get("/api/openapi.json").await;
    let mut wrong = gaps(&routes(&document), &rows);
    for row in &rows {
        let mut seen = String::new();
        for caller in &shop.callers {
            seen.push(letter(shop.send(row, caller).await));
        }
        if seen != row.rights {
            wrong.push(format!(
                "{} {}: {seen}, not {}",
                row.method, row.path, row.rights
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{ROLES:?}\n{}\n{}",
        wrong.join("\n"),
        shop.souk.log()
    );
}

#[test]
fn a_route_without_a_row_is_noticed() {
    let route =
        |method: &str, path: &str, signed_in| (method.to_owned(), path.to_owned(), signed_in);
    let row = |rights: &str| Row {
        method: "GET".to_owned(),
        path: "/api/things/$THING".to_owned(),
        body: "-".to_owned(),
        rights: rights.to_owned(),
    };
    let thing = route("GET", "/api/things/{id}", true);
    assert!(gaps(std::slice::from_ref(&thing), &[row("-.......")]).is_empty());
    assert_eq!(
        gaps(std::slice::from_ref(&thing), &[row("........")]).len(),
        1
    );
    assert_eq!(
        gaps(
            &[thing, route("PUT", "/api/things/{id}", true)],
            &[row("-.......")]
        )
        .len(),
        1
    );
    assert_eq!(gaps(&[], &[row("-.......")]).len(), 1);
}
