//! Who may see an order, and who may do something with it. Foreign orders do not exist.

use commerce_core::{Deed, order::Party};
use signaling_wire::{OrderId, SellerId, UserId};

use crate::{Actor, Commerce, ServiceError, db};

impl Commerce {
    /// The buyer and the seller of an order.
    pub(crate) async fn parties(&self, id: OrderId) -> Result<(UserId, SellerId), ServiceError> {
        self.caught_up().await?;
        let parties = db::order::parties(self.store().reader(), id).await?;
        parties.ok_or(ServiceError::NotFound("order"))
    }

    /// Refuses unless the caller is the order's buyer, speaks for its seller or runs the site.
    pub(crate) async fn authorize_reading(
        &self,
        actor: Actor,
        id: OrderId,
    ) -> Result<(), ServiceError> {
        let (buyer, seller) = self.parties(id).await?;
        if actor.admin || actor.user == buyer {
            return Ok(());
        }
        self.authorize_sold(actor, seller).await
    }

    /// What the caller is to an order.
    pub(crate) async fn party(&self, actor: Actor, id: OrderId) -> Result<Party, ServiceError> {
        let (buyer, seller) = self.parties(id).await?;
        if actor.user == buyer {
            return Ok(Party::Buyer);
        }
        self.authorize_sold(actor, seller).await?;
        Ok(Party::Seller)
    }

    /// Refuses unless the caller may handle the order for its seller; returns the seller.
    pub(crate) async fn authorize_order(
        &self,
        actor: Actor,
        id: OrderId,
    ) -> Result<SellerId, ServiceError> {
        let (_, seller) = self.parties(id).await?;
        self.authorize_sold(actor, seller).await?;
        Ok(seller)
    }

    /// Refuses unless the caller may handle a seller's orders. To strangers the seller's orders do
    /// not exist; members without the right are told that they may not.
    pub(crate) async fn authorize_sold(
        &self,
        actor: Actor,
        seller: SellerId,
    ) -> Result<(), ServiceError> {
        if actor.admin {
            return Ok(());
        }
        match self.membership(actor.user, seller).await? {
            Some(role) if role.may(Deed::HandleOrders) => Ok(()),
            Some(_) => Err(ServiceError::Forbidden),
            None => Err(ServiceError::NotFound("order")),
        }
    }
}
