//! Sellers and who acts for them.

use commerce_core::{Deed, MemberRole};
use commerce_store::audit;
use serde::Serialize;
use serde_json::json;
use signaling_wire::{ProductId, SaleId, SellerId, StreamId, UserId};

use crate::{
    Actor, Commerce, SellerStatus, ServiceError, admin::entry, db, limits, mint::mint,
    validation::Validation,
};

/// A shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Seller {
    /// Its id.
    pub id: SellerId,
    /// Shop name.
    pub name: String,
}

/// What a user is for a seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Membership {
    /// Which seller.
    pub seller_id: SellerId,
    /// Shop name.
    pub seller_name: String,
    /// What.
    pub role: MemberRole,
}

impl Commerce {
    /// Founds a shop; the caller becomes its owner.
    ///
    /// # Errors
    /// Validation, or too many shops of one user ([`ServiceError::Conflict`]).
    pub async fn create_seller(&self, actor: Actor, name: &str) -> Result<Seller, ServiceError> {
        let mut validation = Validation::default();
        validation.title(name, "/name");
        validation.done()?;
        let now = self.now_us();
        let seller = Seller {
            id: mint!(SellerId, now),
            name: name.trim().to_owned(),
        };
        let created = seller.clone();
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    if db::seller::owned(conn, actor.user).await? >= limits::SELLERS_PER_USER_MAX {
                        return Err(ServiceError::Conflict("You have too many shops."));
                    }
                    db::seller::insert(conn, &created, actor.user, now).await?;
                    Ok(())
                })
            })
            .await?;
        Ok(seller)
    }

    /// Makes a user a member of a seller, or changes the role. Owners and admins only; the owner
    /// keeps being one.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], or an unknown seller or user.
    pub async fn set_member(
        &self,
        actor: Actor,
        seller: SellerId,
        user: UserId,
        role: MemberRole,
    ) -> Result<(), ServiceError> {
        let own = self.membership(actor.user, seller).await?;
        if !actor.admin && own != Some(MemberRole::Owner) {
            return Err(ServiceError::Forbidden);
        }
        let theirs = self.membership(user, seller).await?;
        if theirs == Some(role) {
            return Ok(());
        }
        if theirs == Some(MemberRole::Owner) || role == MemberRole::Owner {
            return Err(ServiceError::Conflict(
                "The owner of a shop cannot be changed here.",
            ));
        }
        let now = self.now_us();
        let written = self
            .store()
            .write(move |conn| {
                Box::pin(async move {
                    db::seller::set_member(conn, seller, user, role, now).await?;
                    let detail = json!({ "user": user, "from": theirs, "to": role });
                    let entry = entry(actor, "seller.member_set", seller, detail);
                    audit::record(conn, &entry, now).await
                })
            })
            .await;
        match written {
            Err(error) if error.is_foreign_key_violation() => {
                Err(ServiceError::NotFound("seller or user"))
            }
            other => Ok(other?),
        }
    }

    /// What a user is for a seller.
    ///
    /// # Errors
    /// The database.
    pub async fn membership(
        &self,
        user: UserId,
        seller: SellerId,
    ) -> Result<Option<MemberRole>, ServiceError> {
        Ok(db::seller::role(self.store().reader(), user, seller).await?)
    }

    /// Every seller that a user acts for.
    ///
    /// # Errors
    /// The database.
    pub async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, ServiceError> {
        Ok(db::seller::memberships(self.store().reader(), user).await?)
    }

    /// Whether the caller may see a show's key and host it.
    ///
    /// # Errors
    /// An unknown stream, or the database.
    pub async fn may_host(&self, actor: Actor, stream: StreamId) -> Result<bool, ServiceError> {
        match self.authorize_stream(actor, stream, Deed::RunShows).await {
            Ok(_) => Ok(true),
            Err(ServiceError::Forbidden) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the user speaks for the show's seller, in any role: the badge in chat.
    ///
    /// # Errors
    /// The database.
    pub async fn acts_for(&self, user: UserId, stream: StreamId) -> Result<bool, ServiceError> {
        let Some(seller) = db::stream::seller(self.store().reader(), stream).await? else {
            return Ok(false);
        };
        Ok(self.membership(user, seller).await?.is_some())
    }

    /// Refuses unless the caller may do it for the seller.
    pub(crate) async fn authorize(
        &self,
        actor: Actor,
        seller: SellerId,
        deed: Deed,
    ) -> Result<(), ServiceError> {
        if actor.admin {
            return Ok(());
        }
        match db::seller::standing(self.store().reader(), actor.user, seller).await? {
            // A seller that may not sell still sees to its orders.
            Some((_, SellerStatus::Suspended)) if deed != Deed::HandleOrders => {
                Err(ServiceError::Forbidden)
            }
            Some((role, _)) if role.may(deed) => Ok(()),
            _ => Err(ServiceError::Forbidden),
        }
    }

    /// Refuses unless the caller may do it in the stream; returns its seller.
    pub(crate) async fn authorize_stream(
        &self,
        actor: Actor,
        stream: StreamId,
        deed: Deed,
    ) -> Result<SellerId, ServiceError> {
        let seller = db::stream::seller(self.store().reader(), stream).await?;
        let seller = seller.ok_or(ServiceError::NotFound("stream"))?;
        self.authorize(actor, seller, deed).await?;
        Ok(seller)
    }

    /// Refuses unless the caller may do it with the product; returns its seller.
    pub(crate) async fn authorize_product(
        &self,
        actor: Actor,
        product: ProductId,
        deed: Deed,
    ) -> Result<SellerId, ServiceError> {
        let seller = db::product::seller(self.store().reader(), product).await?;
        let seller = seller.ok_or(ServiceError::NotFound("product"))?;
        self.authorize(actor, seller, deed).await?;
        Ok(seller)
    }

    /// Refuses unless the caller may do it with the sale; returns its stream.
    pub(crate) async fn authorize_sale(
        &self,
        actor: Actor,
        sale: SaleId,
        deed: Deed,
    ) -> Result<StreamId, ServiceError> {
        let place = db::sale::place(self.store().reader(), sale).await?;
        let (stream, seller) = place.ok_or(ServiceError::NotFound("sale"))?;
        self.authorize(actor, seller, deed).await?;
        Ok(stream)
    }
}
