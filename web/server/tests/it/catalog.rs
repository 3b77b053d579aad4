//! The catalog over HTTP: products, categories, carts, coupons, wishes and reviews, each path with
//! what it gives and with each refusal that it documents.

mod buyers;
mod products;
mod refused;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{api::Api, souk::Souk};

/// The demo's shop, its people, and a product made for the test.
struct Counter {
    souk: Souk,
    owner: Api,
    manager: Api,
    host: Api,
    admin: Api,
    buyer: Api,
    nobody: Api,
    seller: String,
    product: Value,
}

impl Counter {
    async fn open() -> Self {
        let souk = Souk::demo(&["--no-broadcast"]);
        let ready = &souk.ready;
        let sign_in = async |role| Api::signed_in(ready, ready.account(role, 0)).await;
        let owner = sign_in("seller").await;
        let me = owner.get("/api/users/profile").await;
        let seller = text(&me["memberships"][0]["seller_id"]);
        let product = owner
            .post("/api/products", new_product(&seller, "Test teapot", 12_000))
            .await;
        let (manager, host) = (sign_in("manager").await, sign_in("host").await);
        let (admin, buyer) = (sign_in("admin").await, sign_in("buyer").await);
        let nobody = Api::anonymous(ready);
        Self {
            owner,
            manager,
            host,
            admin,
            buyer,
            nobody,
            seller,
            product,
            souk,
        }
    }

    fn product(&self) -> String {
        text(&self.product["id"])
    }

    fn variant(&self) -> String {
        text(&self.product["variants"][0]["id"])
    }

    fn path(&self) -> String {
        format!("/api/products/{}", self.product())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn won(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "KRW" })
}

fn new_product(seller: &str, title: &str, price: i64) -> Value {
    json!({
        "seller_id": seller, "title": { "ko": title, "en": title },
        "image_url": "/products/mug.svg", "price": won(price), "stock": 5,
    })
}

async fn send(api: &Api, method: Method, path: &str, body: &Value) -> Response {
    api.request(method, path).json(body).send().await.unwrap()
}

/// The ids of a list's rows.
fn ids(list: &Value) -> Vec<String> {
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|row| text(&row["id"])).collect()
}
