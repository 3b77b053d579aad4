//! What a run needs in the shop: buyers, products, and an open sale of them.
//!
//! Made over HTTP as anybody would. A buyer's account costs a password hash, so there are few, and
//! each buys as often as the limit per product allows.

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::Plan;

/// Accounts that buy; the server lets one address register so many without waiting.
pub const ACCOUNTS_MAX: usize = 20;
/// Units of one product that an account may have.
pub const PER_BUYER: usize = 99;
/// Products on the shelf.
const SHELF: usize = 20;
/// As long as the shop allows; in a longer run holds end, which the oracle knows.
const HOLD_SECONDS: u32 = 900;

/// An account that buys.
#[derive(Debug)]
pub struct Account {
    /// Its id.
    pub user: String,
    /// Its access token.
    pub token: String,
}

/// What the buyers need to know.
#[derive(Debug)]
pub struct Shop {
    /// The open sale.
    pub sale: String,
    /// The show that it is in.
    pub show: String,
    /// What is sold.
    pub products: Vec<String>,
    /// Variants that lie on the shelf, for carts; none if nobody shops beside the sale.
    pub shelf: Vec<String>,
    /// Who buys.
    pub accounts: Vec<Account>,
}

struct Api {
    client: Client,
    url: String,
    token: Option<String>,
}

impl Api {
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    fn anonymous(url: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().build()?;
        Ok(Self {
            client,
            url: url.to_owned(),
            token: None,
        })
    }
}

fn text(value: &Value, name: &str) -> Result<String> {
    let text = value[name].as_str();
    Ok(text
        .with_context(|| format!("no `{name}` in {value}"))?
        .to_owned())
}

impl Shop {
    /// Makes it.
    ///
    /// # Errors
    /// When the server refuses something.
    pub async fn seed(url: &str, seller: &(String, String), plan: &Plan) -> Result<Self> {
        let mut api = Api::anonymous(url)?;
        let body = json!({ "email": seller.0, "password": seller.1 });
        api.token = Some(text(
            &api.post("/api/auth/login", body).await?,
            "access_token",
        )?);
        let me = api.get("/api/users/profile").await?;
        let owner = text(&me["memberships"][0], "seller_id")?;
        let show = json!({ "seller_id": owner, "title": "A rush" });
        let show = text(&api.post("/api/streams", show).await?, "id")?;
        let product = |n: usize| {
            json!({
                "seller_id": owner,
                "title": { "ko": format!("품목 {n}"), "en": format!("Item {n}") },
                "image_url": "/products/mug.svg",
                "price": { "amount": 1_000 + n, "currency": "KRW" },
                "stock": plan.units,
            })
        };
        let mut products = Vec::with_capacity(plan.items);
        for n in 0..plan.items {
            products.push(text(&api.post("/api/products", product(n)).await?, "id")?);
        }
        let mut shelf = Vec::new();
        for n in 0..if plan.shoppers > 0.0 { SHELF } else { 0 } {
            let made = api.post("/api/products", product(plan.items + n)).await?;
            shelf.push(text(&made["variants"][0], "id")?);
        }
        let item = |id: &String| json!({ "product_id": id, "allocated": plan.units, "max_per_buyer": PER_BUYER });
        let items: Vec<Value> = products.iter().map(item).collect();
        let sale = json!({ "stream_id": show, "hold_seconds": HOLD_SECONDS, "items": items });
        let sale = text(&api.post("/api/sales", sale).await?, "id")?;
        api.call(Method::POST, &format!("/api/sales/{sale}/open"), None)
            .await?;
        let accounts =
            Self::accounts(url, plan.accounts.clamp(1, plan.buyers.min(ACCOUNTS_MAX))).await?;
        Ok(Self {
            sale,
            show,
            products,
            shelf,
            accounts,
        })
    }

    async fn accounts(url: &str, count: usize) -> Result<Vec<Account>> {
        let run: u32 = rand::random();
        let mut accounts = Vec::with_capacity(count);
        for n in 0..count {
            let mut api = Api::anonymous(url)?;
            let body = json!({
                "email": format!("rush-{run:08x}-{n}@souk.example"),
                "password": "a long pass phrase",
                "display_name": format!("Buyer {n}"),
            });
            let token = text(&api.post("/api/auth/register", body).await?, "access_token")?;
            api.token = Some(token.clone());
            let user = text(&api.get("/api/users/profile").await?, "id")?;
            accounts.push(Account { user, token });
        }
        Ok(accounts)
    }
}
