//! Sellers as the site sees them: who they are, whether they may sell, what share the site takes.

use commerce_core::MemberRole;
use commerce_store::audit;
use serde::{Deserialize, Serialize};
use serde_json::json;
use signaling_wire::{Money, SellerId, UserId};

use super::{check_reason, entry, for_administrators};
use crate::{Actor, Commerce, Page, ServiceError, db, page, validation::Validation};

/// Whether a seller may sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SellerStatus {
    /// It may.
    Active,
    /// Its products are neither listed nor sold and its shows not run; it sees to its orders.
    Suspended,
}

impl SellerStatus {
    /// The stored name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended]
            .into_iter()
            .find(|status| status.name() == text)
    }
}

/// A seller, for those who run the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SellerRecord {
    /// Its id.
    pub id: SellerId,
    /// Shop name.
    pub name: String,
    /// Who founded it.
    pub owner_id: UserId,
    /// Whether it may sell.
    pub status: SellerStatus,
    /// The site's share of its sales, hundredths of a per cent; absent is the site's usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commission_bps: Option<u32>,
    /// When it was founded, milliseconds since 1970.
    pub created_ms: u64,
}

/// Somebody who acts for a seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SellerMember {
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: MemberRole,
    /// Since when, milliseconds since 1970.
    pub since_ms: u64,
}

/// A seller with who acts for it and what it is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SellerDetail {
    /// The seller.
    #[serde(flatten)]
    pub seller: SellerRecord,
    /// Who acts for it.
    pub members: Vec<SellerMember>,
    /// What it is owed, by currency.
    pub balances: Vec<Money>,
}

/// Changes of a seller; `None` keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SellerChange {
    /// Whether it may sell.
    pub status: Option<SellerStatus>,
    /// The site's share; `Some(None)` is the site's usual one.
    pub commission_bps: Option<Option<u32>>,
    /// Why, for the log.
    pub reason: String,
}

impl Commerce {
    /// Every seller, the newest first. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a cursor that is none.
    pub async fn all_sellers(
        &self,
        actor: Actor,
        status: Option<SellerStatus>,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<SellerRecord>, ServiceError> {
        for_administrators(actor)?;
        let after = page::after::<SellerId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::seller::records(self.store().reader(), status, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |seller| seller.id.to_string()))
    }

    /// A seller with its people and its balance. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn seller_detail(
        &self,
        actor: Actor,
        id: SellerId,
    ) -> Result<SellerDetail, ServiceError> {
        for_administrators(actor)?;
        let pool = self.store().reader();
        let found = db::seller::record(pool, id).await?;
        Ok(SellerDetail {
            seller: found.ok_or(ServiceError::NotFound("seller"))?,
            members: db::seller::members(pool, id).await?,
            balances: db::settlement::balances(pool, id).await?,
        })
    }

    /// Lets a seller sell or not, and sets the site's share. The sales of a seller that is
    /// suspended are paused; what was sold stays sold. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], a share that is none.
    pub async fn change_seller(
        &self,
        actor: Actor,
        id: SellerId,
        change: SellerChange,
    ) -> Result<SellerDetail, ServiceError> {
        for_administrators(actor)?;
        check_reason(&change.reason)?;
        let mut validation = Validation::default();
        let share = change.commission_bps.flatten();
        let sound = share.is_none_or(|share| share <= 10_000);
        validation.check(sound, "/commission_bps", "range", "must be 0 to 10000");
        validation.done()?;
        let now = self.now_us();
        let suspends = change.status == Some(SellerStatus::Suspended);
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    let before = db::seller::lock(conn, id).await?;
                    let mut after = before.clone();
                    after.status = change.status.unwrap_or(after.status);
                    after.commission_bps = change.commission_bps.unwrap_or(after.commission_bps);
                    if after == before {
                        return Ok(());
                    }
                    db::seller::update(conn, &after, now).await?;
                    let terms = |seller: &SellerRecord| {
                        json!({ "status": seller.status, "commission_bps": seller.commission_bps })
                    };
                    let detail = json!({
                        "from": terms(&before), "to": terms(&after), "reason": change.reason,
                    });
                    let entry = entry(actor, "seller.changed", id, detail);
                    audit::record(conn, &entry, now).await?;
                    Ok::<_, ServiceError>(())
                })
            })
            .await?;
        if suspends {
            let open = db::sale::open_of_seller(self.store().reader(), id).await?;
            self.pause_all(actor, open).await?;
        }
        self.seller_detail(actor, id).await
    }
}
