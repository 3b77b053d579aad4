//! The demo's shop: a seller, six products, a show with a card for each, one pinned, and an open
//! sale. Everything is made through the shop's own methods and looked for first, so that a kept
//! data folder is found as it was left.

use std::{collections::HashMap, path::Path};

use anyhow::{Context, bail};
use commerce_service::{
    Actor, Choice, Commerce, MemberRole, NewProduct, NewSale, NewSaleItem, NewStream, NewVariant,
    ProductFilter, ProductOption, ProductSummary, StreamFilter, StreamStatus,
};
use serde::{Deserialize, Serialize};
use signaling_wire::{
    Currency, Money, ProductId, SellerId, StreamId,
    frame::shop::{CardState, Localized, SaleState},
};

use super::people::{self, Person};
use crate::{app, state::App};

/// What the demo made, or found.
pub(super) struct Show {
    pub(super) stream: StreamId,
    pub(super) stream_key: String,
    pub(super) people: Vec<Person>,
}

/// What only the demo knows: the database keeps hashes.
#[derive(Serialize, Deserialize)]
struct Kept {
    password: String,
    stream_key: Option<String>,
}

/// A product: picture, Korean and English name, won, units, units in the sale, most per buyer,
/// sale price.
struct Ware(
    &'static str,
    &'static str,
    &'static str,
    i64,
    u32,
    u32,
    u32,
    i64,
);

const WARES: [Ware; 6] = [
    Ware(
        "mug",
        "손그림 머그컵",
        "Hand-painted mug",
        18_000,
        300,
        200,
        5,
        12_900,
    ),
    Ware(
        "tee",
        "유기농 면 티셔츠",
        "Organic cotton tee",
        32_000,
        200,
        120,
        3,
        24_900,
    ),
    Ware(
        "lamp",
        "종이 무드등",
        "Paper mood lamp",
        54_000,
        80,
        50,
        2,
        39_000,
    ),
    Ware(
        "candle",
        "밀랍 향초",
        "Beeswax candle",
        21_000,
        150,
        100,
        4,
        15_900,
    ),
    Ware(
        "bag",
        "캔버스 에코백",
        "Canvas tote bag",
        26_000,
        180,
        100,
        3,
        17_900,
    ),
    Ware(
        "socks",
        "줄무늬 양말",
        "Striped socks",
        9_000,
        500,
        300,
        10,
        5_900,
    ),
];

/// The product that comes in sizes.
const SIZED: &str = "tee";
const SIZES: u32 = 3;

const SELLER: &str = "Haru Goods";
const TITLE: &str = "Slow mornings: mugs, lamps and linen";
/// Long enough to read the receipt and pay without haste.
const HOLD_SECONDS: u32 = 600;

/// Makes or finds everything.
pub(super) async fn show(app: &App, data_dir: &Path) -> anyhow::Result<Show> {
    let file = data_dir.join("demo.json");
    let mut kept = match std::fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes).context("demo.json cannot be read")?,
        Err(_) => Kept {
            password: people::password(),
            stream_key: None,
        },
    };
    // Kept before the accounts are made: a demo that is killed in between finds its password.
    app::write_private(&file, &serde_json::to_string(&kept)?)?;
    let people = people::cast(&app.accounts, &kept.password).await?;
    let actor = |role: &str| {
        let person = people.iter().find(|person| person.role == role);
        let person = person.with_context(|| format!("no {role} in the cast"))?;
        anyhow::Ok(Actor {
            user: person.user,
            admin: role == "admin",
        })
    };
    let owner = actor("seller")?;
    let shop = &app.commerce;
    let seller = seller(shop, owner).await?;
    for role in [MemberRole::Manager, MemberRole::Host, MemberRole::Assistant] {
        let user = actor(role.name())?.user;
        shop.set_member(owner, seller, user, role).await?;
    }
    let stream = stream(shop, owner, seller).await?;
    let products = products(shop, owner, seller).await?;
    cards(shop, owner, stream, &products).await?;
    sale(shop, owner, stream, &products).await?;
    let stream_key = stream_key(app, stream, kept.stream_key.take()).await?;
    kept.stream_key = Some(stream_key.clone());
    app::write_private(&file, &serde_json::to_string(&kept)?)?;
    Ok(Show {
        stream,
        stream_key,
        people,
    })
}

async fn seller(shop: &Commerce, owner: Actor) -> anyhow::Result<SellerId> {
    let own = shop.memberships(owner.user).await?;
    match own.into_iter().find(|own| own.role == MemberRole::Owner) {
        Some(own) => Ok(own.seller_id),
        None => Ok(shop.create_seller(owner, SELLER).await?.id),
    }
}

async fn stream(shop: &Commerce, owner: Actor, seller: SellerId) -> anyhow::Result<StreamId> {
    let filter = StreamFilter {
        seller: Some(seller),
        ..StreamFilter::default()
    };
    let open = shop.list_streams(filter, None, 100).await?.data;
    let mut open = open
        .into_iter()
        .filter(|stream| stream.status != StreamStatus::Ended);
    match open.find(|stream| stream.title == TITLE) {
        Some(stream) => Ok(stream.id),
        None => {
            let new = NewStream {
                seller_id: Some(seller),
                title: TITLE.to_owned(),
                scheduled_ms: None,
            };
            Ok(shop.create_stream(owner, new).await?.id)
        }
    }
}

/// Makes a product come in three sizes, each with its part of the units.
fn in_sizes(new: &mut NewProduct, price: Money, units: u32) {
    let both = |ko: &str, en: &str| Localized {
        ko: ko.to_owned(),
        en: en.to_owned(),
    };
    new.texts.options = vec![ProductOption {
        name: both("사이즈", "Size"),
        values: ["S", "M", "L"].map(|size| both(size, size)).to_vec(),
    }];
    let sizes = 0..SIZES;
    new.variants = sizes
        .map(|size| NewVariant::of(Choice(vec![size]), price, units / SIZES))
        .collect();
}

/// The products by picture name, in the order of the table.
async fn products(
    shop: &Commerce,
    owner: Actor,
    seller: SellerId,
) -> anyhow::Result<Vec<ProductId>> {
    let filter = ProductFilter::of(seller);
    let known: Vec<ProductSummary> = shop.list_products(None, filter, None, 100).await?.data;
    let mut by_name: HashMap<String, ProductId> = known
        .into_iter()
        .map(|product| (product.title.en, product.id))
        .collect();
    let mut ids = Vec::with_capacity(WARES.len());
    for Ware(picture, ko, en, price, units, ..) in WARES {
        let id = match by_name.remove(en) {
            Some(id) => id,
            None => {
                let title = Localized {
                    ko: ko.to_owned(),
                    en: en.to_owned(),
                };
                let image = format!("/products/{picture}.svg");
                let mut new = NewProduct::simple(seller, title, image, won(price), units);
                if picture == SIZED {
                    in_sizes(&mut new, won(price), units);
                }
                shop.create_product(owner, new).await?.id()
            }
        };
        ids.push(id);
    }
    Ok(ids)
}

async fn cards(
    shop: &Commerce,
    owner: Actor,
    stream: StreamId,
    products: &[ProductId],
) -> anyhow::Result<()> {
    let mut cards = shop.cards(stream).await?;
    for product in products {
        if !cards.iter().any(|card| card.product.id == *product) {
            cards.push(shop.add_card(owner, stream, *product).await?);
        }
    }
    // Only a new show gets its pin: later ones are the host's business.
    let untouched = cards.iter().all(|card| card.state == CardState::Queued);
    if let Some(first) = cards.first().filter(|_| untouched) {
        shop.pin(owner, stream, first.id).await?;
    }
    Ok(())
}

async fn sale(
    shop: &Commerce,
    owner: Actor,
    stream: StreamId,
    products: &[ProductId],
) -> anyhow::Result<()> {
    let sales = shop.sales(stream).await?;
    let draft = match sales
        .iter()
        .find(|view| view.sale.state != SaleState::Closed)
    {
        Some(view) if view.sale.state == SaleState::Draft => view.sale.id,
        Some(_) => return Ok(()),
        None => {
            let mut items = Vec::new();
            for (product, Ware(_, _, _, _, _, allocated, most, price)) in products.iter().zip(WARES)
            {
                let variants = shop.product(Some(owner), *product).await?.variants;
                let parts = u32::try_from(variants.len())?;
                items.extend(variants.iter().map(|variant| NewSaleItem {
                    product_id: *product,
                    variant_id: Some(variant.id),
                    price: Some(won(price)),
                    allocated: allocated / parts,
                    max_per_buyer: most,
                }));
            }
            let new = NewSale {
                stream_id: stream,
                opens_ms: None,
                closes_ms: None,
                hold_seconds: Some(HOLD_SECONDS),
                items,
            };
            shop.create_sale(owner, new).await?.id
        }
    };
    shop.open_sale(owner, draft).await?;
    Ok(())
}

/// The key that was kept, if it still is the stream's; else a new one.
async fn stream_key(app: &App, stream: StreamId, kept: Option<String>) -> anyhow::Result<String> {
    if let Some(key) = kept {
        match app.accounts.resolve_stream_key(&key).await? {
            Some(named) if named == stream => return Ok(key),
            Some(_) => bail!("demo.json holds the key of another stream"),
            // Rotated from Studio: only its hash is known, and the demo has a key to print.
            None => {}
        }
    }
    Ok(app
        .accounts
        .issue_stream_key(stream)
        .await?
        .expose()
        .to_owned())
}

fn won(amount: i64) -> Money {
    Money {
        amount,
        currency: Currency::Krw,
    }
}
