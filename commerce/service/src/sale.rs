//! Timed sales: products with stock of their own, open for orders while the host says so.

use std::collections::BTreeSet;

use commerce_core::{
    Deed,
    limits::{HOLD_SECONDS_MAX, HOLD_SECONDS_MIN, SALE_ITEMS_MAX, UNITS_MAX},
    sale::SaleEvent,
};
use commerce_store::{audit, clock::us_to_ms, sql::Conn};
use serde::Serialize;
use serde_json::{Value, json};
use signaling_wire::{
    Money, ProductId, SaleId, SellerId, ServerFrame, StreamId, VariantId, frame::shop,
    limits::ORDER_QUANTITY_MAX,
};

use crate::{
    Actor, Commerce, ServiceError, admin::entry, courier, db, mint::mint, validation::Validation,
};

/// How far ahead a sale may open or close: 90 days.
const SALE_AHEAD_MAX_MS: u64 = 90 * 24 * 3600 * 1_000;

/// A sale to create, as a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSale {
    /// In which show.
    pub stream_id: StreamId,
    /// Seconds for which a purchase is held; `None` takes the configured value.
    pub hold_seconds: Option<u32>,
    /// When it opens by itself, milliseconds since 1970; `None` leaves it to the host.
    pub opens_ms: Option<u64>,
    /// When it closes by itself; `None` leaves it to the host.
    pub closes_ms: Option<u64>,
    /// What is on sale.
    pub items: Vec<NewSaleItem>,
}

/// One product of a sale to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSaleItem {
    /// Which product, of the show's seller.
    pub product_id: ProductId,
    /// Which variant of it; needed only where it has several.
    pub variant_id: Option<VariantId>,
    /// Price in the sale; `None` takes the list price.
    pub price: Option<Money>,
    /// Units that move from the shelf to the sale.
    pub allocated: u32,
    /// Most units that one buyer may have.
    pub max_per_buyer: u32,
}

/// A sale with its stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SaleView {
    /// The sale.
    pub sale: shop::Sale,
    /// Stock of its items.
    pub stock: Vec<shop::Stock>,
}

impl Commerce {
    /// Creates a sale as a draft and moves stock from the shelf to it.
    ///
    /// # Errors
    /// Validation (also when the shelf has too little), [`ServiceError::Forbidden`], unknown
    /// products or products of another seller.
    pub async fn create_sale(
        &self,
        actor: Actor,
        new: NewSale,
    ) -> Result<shop::Sale, ServiceError> {
        let hold_seconds = new.hold_seconds.unwrap_or(self.config().hold_seconds);
        validate(&new, hold_seconds, us_to_ms(self.now_us()))?;
        let seller = self
            .authorize_stream(actor, new.stream_id, Deed::RunSales)
            .await?;
        let now = self.now_us();
        let sale = mint!(SaleId, now);
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    let stream = new.stream_id;
                    db::stream::assert_open(conn, stream).await?;
                    db::sale::insert(conn, sale, stream, &new, hold_seconds, now).await?;
                    for (index, item) in new.items.iter().enumerate() {
                        insert_item(conn, sale, seller, index, item, actor, now).await?;
                    }
                    let entry = entry(actor, "sale.created", sale, priced(&new));
                    audit::record(conn, &entry, now).await?;
                    tell(conn, sale, now).await
                })
            })
            .await?;
        self.wake_courier();
        Ok(self.sale(sale).await?.sale)
    }

    /// Opens a sale, or resumes a paused one.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], or a state that does not allow it.
    pub async fn open_sale(&self, actor: Actor, sale: SaleId) -> Result<shop::Sale, ServiceError> {
        self.step_sale(actor, sale, SaleEvent::Open).await
    }

    /// Pauses a sale; holds stay valid.
    ///
    /// # Errors
    /// As [`Commerce::open_sale`].
    pub async fn pause_sale(&self, actor: Actor, sale: SaleId) -> Result<shop::Sale, ServiceError> {
        self.step_sale(actor, sale, SaleEvent::Pause).await
    }

    /// Closes a sale for good; what nobody bought goes back to the shelf.
    ///
    /// # Errors
    /// As [`Commerce::open_sale`].
    pub async fn close_sale(&self, actor: Actor, sale: SaleId) -> Result<shop::Sale, ServiceError> {
        self.step_sale(actor, sale, SaleEvent::Close).await
    }

    /// Pauses sales that those who run the site stop.
    pub(crate) async fn pause_all(
        &self,
        actor: Actor,
        sales: Vec<SaleId>,
    ) -> Result<(), ServiceError> {
        for sale in sales {
            match self.pause_sale(actor, sale).await {
                // It was paused or closed meanwhile.
                Ok(_) | Err(ServiceError::Refused(_) | ServiceError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn step_sale(
        &self,
        actor: Actor,
        sale: SaleId,
        event: SaleEvent,
    ) -> Result<shop::Sale, ServiceError> {
        let stream = self.authorize_sale(actor, sale, Deed::RunSales).await?;
        let now = self.now_us();
        let levels = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    if event == SaleEvent::Open {
                        db::stream::assert_open(conn, stream).await?;
                    }
                    let state = db::sale::step(conn, sale, event, now).await?;
                    let levels = match state {
                        shop::SaleState::Closed => {
                            db::stock::return_unsold(conn, sale, now).await?
                        }
                        _ => Vec::new(),
                    };
                    tell(conn, sale, now).await?;
                    Ok::<_, ServiceError>(levels)
                })
            })
            .await?;
        self.wake_courier();
        self.tick(stream, &levels).await;
        if event == SaleEvent::Open {
            self.run_sequencer(sale);
        }
        Ok(self.sale(sale).await?.sale)
    }

    /// A sale with its stock.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn sale(&self, sale: SaleId) -> Result<SaleView, ServiceError> {
        let found = db::sale::find(self.store().reader(), sale).await?;
        let (sale, stock) = found.ok_or(ServiceError::NotFound("sale"))?;
        Ok(SaleView { sale, stock })
    }

    /// The sales of a show, the newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn sales(&self, stream: StreamId) -> Result<Vec<SaleView>, ServiceError> {
        let ids = db::sale::of_stream(self.store().reader(), stream).await?;
        let mut views = Vec::with_capacity(ids.len());
        for id in ids {
            views.push(self.sale(id).await?);
        }
        Ok(views)
    }

    /// Changes the price of a variant in a sale. Orders that are placed keep theirs, and so do
    /// purchases with a lease while it holds.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], a product that the sale does not have, or a sale
    /// that is over.
    pub async fn reprice(
        &self,
        actor: Actor,
        sale: SaleId,
        product: ProductId,
        variant: Option<VariantId>,
        price: Money,
    ) -> Result<shop::Sale, ServiceError> {
        let mut validation = Validation::default();
        validation.price(price, "/price");
        validation.done()?;
        self.authorize_sale(actor, sale, Deed::RunSales).await?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::ledger::lock(conn, sale).await?;
                    db::sale::assert_unclosed(conn, sale).await?;
                    let variant = db::sale::meant(conn, sale, product, variant).await?;
                    let before = db::sale::reprice(conn, sale, variant, price).await?;
                    let mut validation = Validation::default();
                    let same = before.currency == price.currency;
                    let text = "is not the sale's currency";
                    validation.check(same, "/price/currency", "currency", text);
                    validation.done()?;
                    let entry = audit::Entry {
                        actor: actor.user.to_string(),
                        action: "sale.reprice",
                        object: sale.to_string(),
                        detail: json!({ "variant": variant, "from": before, "to": price }),
                    };
                    audit::record(conn, &entry, now).await?;
                    tell(conn, sale, now).await
                })
            })
            .await?;
        self.wake_courier();
        Ok(self.sale(sale).await?.sale)
    }

    /// Moves `delta` units from the shelf to the sale, or back when negative.
    ///
    /// # Errors
    /// Validation (also when there is too little), [`ServiceError::Forbidden`], a closed sale.
    pub async fn allocate(
        &self,
        actor: Actor,
        sale: SaleId,
        product: ProductId,
        variant: Option<VariantId>,
        delta: i32,
    ) -> Result<shop::Stock, ServiceError> {
        let mut validation = Validation::default();
        validation.check(delta != 0, "/delta", "range", "must not be 0");
        validation.done()?;
        let stream = self.authorize_sale(actor, sale, Deed::RunSales).await?;
        let now = self.now_us();
        let level = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::sale::assert_unclosed(conn, sale).await?;
                    let variant = db::sale::meant(conn, sale, product, variant).await?;
                    let (units, by) = (i64::from(delta), Some(actor.user));
                    let level =
                        db::stock::allocate(conn, sale, variant, units, "/delta", by, now).await?;
                    let detail = json!({ "variant": variant, "delta": delta });
                    let entry = entry(actor, "sale.allocated", sale, detail);
                    audit::record(conn, &entry, now).await?;
                    Ok::<_, ServiceError>(level)
                })
            })
            .await?;
        self.tick(stream, &[level]).await;
        Ok(level)
    }
}

fn validate(new: &NewSale, hold_seconds: u32, now_ms: u64) -> Result<(), ServiceError> {
    let mut validation = Validation::default();
    let latest = now_ms + SALE_AHEAD_MAX_MS;
    if let Some(opens) = new.opens_ms {
        let soon = opens <= latest;
        validation.check(soon, "/opens_ms", "range", "is too far ahead");
    }
    if let Some(closes) = new.closes_ms {
        let later = closes > new.opens_ms.unwrap_or(now_ms).max(now_ms) && closes <= latest;
        let text = "must be in the future, after the opening, and not too far ahead";
        validation.check(later, "/closes_ms", "range", text);
    }
    let holds = (HOLD_SECONDS_MIN..=HOLD_SECONDS_MAX).contains(&hold_seconds);
    validation.check(holds, "/hold_seconds", "range", "must be 1 to 900");
    let items = (1..=SALE_ITEMS_MAX).contains(&new.items.len());
    validation.check(items, "/items", "range", "must be 1 to 100");
    let mut seen = BTreeSet::new();
    for (index, item) in new.items.iter().enumerate().take(SALE_ITEMS_MAX) {
        let at = |field: &str| format!("/items/{index}/{field}");
        validation.check(
            seen.insert((item.product_id, item.variant_id)),
            &at("product_id"),
            "unique",
            "is there twice",
        );
        if let Some(price) = item.price {
            validation.price(price, &at("price"));
        }
        validation.check(
            item.allocated <= UNITS_MAX,
            &at("allocated"),
            "max",
            "is too much",
        );
        let limit = (1..=ORDER_QUANTITY_MAX).contains(&item.max_per_buyer);
        validation.check(limit, &at("max_per_buyer"), "range", "must be 1 to 99");
    }
    validation.done()
}

async fn insert_item(
    conn: &mut Conn,
    sale: SaleId,
    seller: SellerId,
    index: usize,
    item: &NewSaleItem,
    actor: Actor,
    now: i64,
) -> Result<(), ServiceError> {
    let at = |field: &str| format!("/items/{index}/{field}");
    let offer = db::offer::meant(conn, item.product_id, item.variant_id).await?;
    if offer.seller != seller || !offer.sold {
        return Err(ServiceError::NotFound("product"));
    }
    let listed = offer.unit_price;
    let price = item.price.unwrap_or(listed);
    let mut validation = Validation::default();
    let same = price.currency == listed.currency;
    validation.check(
        same,
        &at("price/currency"),
        "currency",
        "differs from the list price",
    );
    validation.done()?;
    db::sale::insert_item(conn, sale, item, &offer, price, now).await?;
    if item.allocated > 0 {
        let units = i64::from(item.allocated);
        let pointer = at("allocated");
        db::stock::allocate(
            conn,
            sale,
            offer.variant,
            units,
            &pointer,
            Some(actor.user),
            now,
        )
        .await?;
    }
    Ok(())
}

/// What a sale costs, as the log keeps it.
fn priced(new: &NewSale) -> Value {
    let items = new.items.iter().map(|item| {
        json!({
            "product": item.product_id, "variant": item.variant_id, "price": item.price,
            "allocated": item.allocated, "max_per_buyer": item.max_per_buyer,
        })
    });
    json!({ "stream": new.stream_id, "items": items.collect::<Vec<_>>() })
}

/// Queues the sale's frame for its room, in the transaction that changed it.
pub(crate) async fn tell(conn: &mut Conn, sale: SaleId, now: i64) -> Result<(), ServiceError> {
    let Some((sale, _)) = db::sale::find(&mut *conn, sale).await? else {
        return Err(ServiceError::NotFound("sale"));
    };
    courier::tell_room(conn, sale.stream_id, &ServerFrame::Sale(sale), now).await
}
