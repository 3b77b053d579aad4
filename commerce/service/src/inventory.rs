//! Where goods are and how many: locations, levels, movements, and corrections with their reasons.

use commerce_core::{Deed, limits::UNITS_MAX};
use commerce_store::{audit, sql::Conn};
use serde::{Deserialize, Serialize};
use serde_json::json;
use signaling_wire::{LocationId, ProductId, SaleId, SellerId, VariantId};

use crate::{
    Actor, Commerce, Page, Product, ServiceError, admin::entry, db, limits, mint::mint, page,
    validation::Validation,
};

/// Where a seller keeps goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// Whose.
    pub seller_id: SellerId,
    /// What people call it.
    pub name: String,
}

/// Units of a variant in one place, or in one sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LevelView {
    /// Of which variant.
    pub variant_id: VariantId,
    /// Where.
    pub location_id: LocationId,
    /// In which sale; absent on the shelf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<SaleId>,
    /// Units that are there, sold ones that have not left included.
    pub on_hand: u32,
    /// Units that may be taken.
    pub available: u32,
    /// Units kept for orders that are not paid.
    pub held: u32,
    /// Units sold.
    pub committed: u32,
    /// Sequence of the last movement.
    pub ledger_seq: u64,
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MovementView {
    /// Its place in the ledger.
    pub seq: u64,
    /// What it did.
    pub kind: String,
    /// Where.
    pub location_id: LocationId,
    /// In which sale; absent on the shelf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<SaleId>,
    /// Change of the units that are there.
    pub on_hand: i64,
    /// Change of the units kept for orders.
    pub held: i64,
    /// Change of the units sold.
    pub committed: i64,
    /// Why.
    pub reason: String,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
}

/// Why a count is corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdjustReason {
    /// Goods came in.
    Received,
    /// A count found another number.
    Recount,
    /// Broken.
    Damaged,
    /// Gone.
    Lost,
    /// Found again.
    Found,
    /// A buyer sent it back.
    Returned,
    /// Something else, as the note says.
    Other,
}

impl AdjustReason {
    const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Recount => "recount",
            Self::Damaged => "damaged",
            Self::Lost => "lost",
            Self::Found => "found",
            Self::Returned => "returned",
            Self::Other => "other",
        }
    }
}

/// A correction.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// Where; absent, the seller's first location.
    #[serde(default)]
    pub location_id: Option<LocationId>,
    /// Units that came (or went, when negative); not 0.
    pub delta: i32,
    /// Why.
    pub reason: AdjustReason,
    /// In words; needed for `other`.
    #[serde(default)]
    pub note: String,
}

impl Commerce {
    /// The places where a seller keeps goods.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`].
    pub async fn locations(
        &self,
        actor: Actor,
        seller: SellerId,
    ) -> Result<Vec<Location>, ServiceError> {
        self.authorize(actor, seller, Deed::ManageProducts).await?;
        Ok(db::location::list(self.store().reader(), seller).await?)
    }

    /// Adds a place where goods are kept.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], a name that is taken, too many places.
    pub async fn create_location(
        &self,
        actor: Actor,
        seller: SellerId,
        name: &str,
    ) -> Result<Location, ServiceError> {
        let mut validation = Validation::default();
        validation.title(name, "/name");
        validation.done()?;
        self.authorize(actor, seller, Deed::ManageProducts).await?;
        let now = self.now_us();
        let location = Location {
            id: mint!(LocationId, now),
            seller_id: seller,
            name: name.trim().to_owned(),
        };
        let made = location.clone();
        self.store()
            .transact(move |conn| {
                let location = location.clone();
                Box::pin(async move { db::location::insert(conn, &location, now).await })
            })
            .await
            .map_err(|error: ServiceError| error.or_taken("The name is taken."))?;
        Ok(made)
    }

    /// Changes the shelf stock of a variant, for a reason that is kept.
    ///
    /// # Errors
    /// Validation (also when more would go than is there), [`ServiceError::Forbidden`].
    pub async fn adjust_variant(
        &self,
        actor: Actor,
        variant: VariantId,
        adjustment: Adjustment,
    ) -> Result<LevelView, ServiceError> {
        let mut validation = Validation::default();
        check(&mut validation, adjustment.delta, &adjustment.note);
        let said = adjustment.reason != AdjustReason::Other || !adjustment.note.trim().is_empty();
        validation.check(said, "/note", "required", "says what the reason is");
        validation.done()?;
        self.authorize_variant(actor, variant).await?;
        let now = self.now_us();
        let reason = match adjustment.note.trim() {
            "" => adjustment.reason.name().to_owned(),
            note => format!("{}: {note}", adjustment.reason.name()),
        };
        let (delta, at) = (i64::from(adjustment.delta), adjustment.location_id);
        self.store()
            .transact(move |conn| {
                let reason = reason.clone();
                Box::pin(
                    async move { adjust(conn, actor, (variant, at), (delta, &reason), now).await },
                )
            })
            .await
    }

    /// Changes the shelf stock of a product that comes in one variant.
    ///
    /// # Errors
    /// As [`Commerce::adjust_variant`]; [`commerce_core::Refusal::VariantRequired`].
    pub async fn adjust_stock(
        &self,
        actor: Actor,
        product: ProductId,
        delta: i32,
        reason: &str,
    ) -> Result<Product, ServiceError> {
        let mut validation = Validation::default();
        check(&mut validation, delta, reason);
        validation.done()?;
        self.authorize_product(actor, product, Deed::ManageProducts)
            .await?;
        let (now, reason) = (self.now_us(), reason.to_owned());
        self.store()
            .transact(move |conn| {
                let reason = reason.clone();
                Box::pin(async move {
                    let variant = db::variant::only(conn, product).await?;
                    let change = (i64::from(delta), reason.as_str());
                    adjust(conn, actor, (variant, None), change, now).await
                })
            })
            .await?;
        self.product(Some(actor), product).await
    }

    /// The levels of a variant, on the shelf and in sales.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn levels(
        &self,
        actor: Actor,
        variant: VariantId,
    ) -> Result<Vec<LevelView>, ServiceError> {
        self.authorize_variant(actor, variant).await?;
        db::stock::levels(self.store().reader(), variant).await
    }

    /// The movements of a variant, the newest first.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], a cursor that is none.
    pub async fn movements(
        &self,
        actor: Actor,
        variant: VariantId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<MovementView>, ServiceError> {
        self.authorize_variant(actor, variant).await?;
        let after = page::after::<u64>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::stock::movements(self.store().reader(), variant, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |movement| movement.seq.to_string()))
    }
}

/// Changes the shelf stock of a variant, on record.
async fn adjust(
    conn: &mut Conn,
    actor: Actor,
    (variant, at): (VariantId, Option<LocationId>),
    (delta, reason): (i64, &str),
    now: i64,
) -> Result<LevelView, ServiceError> {
    let level = db::stock::adjust(conn, variant, at, delta, reason, actor.user, now).await?;
    let after = i64::from(level.on_hand);
    let detail = json!({
        "location": level.location_id, "from": after - delta, "to": after, "reason": reason,
    });
    let entry = entry(actor, "stock.adjusted", variant, detail);
    audit::record(conn, &entry, now).await?;
    Ok(level)
}

fn check(validation: &mut Validation, delta: i32, note: &str) {
    let fits = delta != 0 && delta.unsigned_abs() <= UNITS_MAX;
    validation.check(fits, "/delta", "range", "must not be 0");
    let bounded = note.chars().count() <= limits::REASON_CHARS_MAX;
    validation.check(bounded, "/reason", "max", "is too long");
    let plain = !note.chars().any(char::is_control);
    validation.check(plain, "/reason", "format", "must be one line");
}
