//! Coupons of a seller: a promotion and the code that asks for it, with their limits.

use commerce_core::{
    Deed,
    coupon::{self, Discount},
};
use commerce_store::audit;
use serde::{Deserialize, Serialize};
use serde_json::json;
use signaling_wire::{CouponId, Currency, PromotionId, SellerId};

use crate::{
    Actor, Commerce, Page, ServiceError, admin::entry, db, limits, mint::mint, page,
    validation::Validation,
};

/// A coupon with what it promises and what was used of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Coupon {
    /// Its id.
    pub id: CouponId,
    /// What it says.
    #[serde(flatten)]
    pub terms: NewCoupon,
    /// Whether it can be used at all.
    pub active: bool,
    /// How often it was used.
    pub used: u32,
    /// What it took off so far, minor units.
    pub spent: i64,
}

/// A coupon to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCoupon {
    /// Of whose goods; absent is of everybody's, which only those who run the site may offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<SellerId>,
    /// What people enter: 4 to 40 letters and digits; capitals, spaces and hyphens do not matter.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// What is taken off.
    pub discount: Discount,
    /// In which currency.
    pub currency: Currency,
    /// Most that is taken off at once, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<i64>,
    /// Least that must be bought, minor units.
    #[serde(default)]
    pub minimum: i64,
    /// From when, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_ms: Option<u64>,
    /// Until when, not included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_ms: Option<u64>,
    /// Most that all uses together take off, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<i64>,
    /// Most uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_limit: Option<u32>,
    /// Most uses of one buyer.
    #[serde(default = "once")]
    pub per_buyer: u32,
}

const fn once() -> u32 {
    1
}

impl Commerce {
    /// Offers a coupon.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], a code that is taken.
    pub async fn create_coupon(
        &self,
        actor: Actor,
        new: NewCoupon,
    ) -> Result<Coupon, ServiceError> {
        let key = validate(&new)?;
        self.authorize_coupons(actor, new.seller_id).await?;
        let now = self.now_us();
        let (id, promotion) = (mint!(CouponId, now), mint!(PromotionId, now));
        self.store()
            .transact(move |conn| {
                let (new, key) = (new.clone(), key.clone());
                Box::pin(async move {
                    db::coupon::insert(conn, id, promotion, &new, &key, now).await?;
                    let entry = entry(actor, "coupon.created", id, json!({ "to": new }));
                    Ok(audit::record(conn, &entry, now).await?)
                })
            })
            .await
            .map_err(|error: ServiceError| {
                error.or_taken("The code is taken.").or_missing("seller")
            })?;
        self.coupon(id).await
    }

    /// Lets a coupon be used, or stops it.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn set_coupon_active(
        &self,
        actor: Actor,
        id: CouponId,
        active: bool,
    ) -> Result<Coupon, ServiceError> {
        let known = self.coupon(id).await?;
        self.authorize_coupons(actor, known.terms.seller_id)
            .await
            .map_err(|error| error.hidden("coupon"))?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    if !db::coupon::set_active(conn, id, active, now).await? {
                        return Ok(());
                    }
                    let detail = json!({ "from": !active, "to": active });
                    let entry = entry(actor, "coupon.active_set", id, detail);
                    audit::record(conn, &entry, now).await?;
                    Ok::<_, ServiceError>(())
                })
            })
            .await?;
        self.coupon(id).await
    }

    /// The coupons of a seller, or of the site (`None`), the newest first.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a cursor that is none.
    pub async fn coupons(
        &self,
        actor: Actor,
        seller: Option<SellerId>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Coupon>, ServiceError> {
        self.authorize_coupons(actor, seller).await?;
        let after = page::after::<CouponId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::coupon::list(self.store().reader(), seller, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |coupon| coupon.id.to_string()))
    }

    async fn coupon(&self, id: CouponId) -> Result<Coupon, ServiceError> {
        let found = db::coupon::find(self.store().reader(), id).await?;
        found.ok_or(ServiceError::NotFound("coupon"))
    }

    async fn authorize_coupons(
        &self,
        actor: Actor,
        seller: Option<SellerId>,
    ) -> Result<(), ServiceError> {
        match seller {
            Some(seller) => self.authorize(actor, seller, Deed::ManageProducts).await,
            None if actor.admin => Ok(()),
            None => Err(ServiceError::Forbidden),
        }
    }
}

/// Looks at the fields; returns the code's one spelling.
fn validate(new: &NewCoupon) -> Result<String, ServiceError> {
    let mut validation = Validation::default();
    validation.title(&new.name, "/name");
    let key = coupon::code_key(&new.code);
    let detail = "must be 4 to 40 letters and digits";
    validation.check(key.is_some(), "/code", "format", detail);
    let amount = |amount: i64| (1..=limits::DISCOUNT_MAX).contains(&amount);
    let sound = match new.discount {
        Discount::Percent { basis_points } => (1..=10_000).contains(&basis_points),
        Discount::Amount { amount: off } => amount(off),
    };
    validation.check(sound, "/discount", "range", "is out of range");
    for (field, value) in [("/most", new.most), ("/budget", new.budget)] {
        validation.check(value.is_none_or(amount), field, "range", "is out of range");
    }
    let least = (0..=limits::DISCOUNT_MAX).contains(&new.minimum);
    validation.check(least, "/minimum", "range", "is out of range");
    let uses = new.total_limit.is_none_or(|limit| limit >= 1);
    validation.check(uses, "/total_limit", "range", "must be 1 or more");
    let uses = (1..=limits::COUPON_USES_MAX).contains(&new.per_buyer);
    validation.check(uses, "/per_buyer", "range", "is out of range");
    let time = |ms: Option<u64>| ms.is_none_or(|ms| ms < limits::TIME_MS_MAX);
    validation.check(
        time(new.starts_ms),
        "/starts_ms",
        "range",
        "is out of range",
    );
    let ends = match (new.starts_ms, new.ends_ms) {
        (Some(starts), Some(ends)) => starts < ends,
        _ => true,
    };
    validation.check(
        ends && time(new.ends_ms),
        "/ends_ms",
        "range",
        "must come later",
    );
    validation.done()?;
    Ok(key.unwrap_or_default())
}
