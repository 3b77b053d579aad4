//! Where the parcels of a checkout go: sealed under the buyer's own key, shown to the buyer and to
//! those who handle the orders of a seller in it, and gone with the key when the buyer withdraws.

use commerce_store::PersonalData;
use signaling_wire::{OrderGroupId, OrderId, PostalAddress, UserId};

use crate::{Actor, Commerce, ServiceError, db};

/// What an address is bound to: it opens for this checkout only.
fn place(group: OrderGroupId) -> String {
    format!("order_group/{group}/ship_to")
}

impl Commerce {
    fn personal(&self) -> Result<PersonalData, ServiceError> {
        let personal = self.config().personal.clone();
        personal.ok_or(ServiceError::NotFound("address"))
    }

    /// Says where the parcels of an order's checkout go. Until a seller of it has begun to pack.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign order, the fields that are wrong, or a conflict
    /// once it is too late.
    pub async fn set_ship_to(
        &self,
        buyer: UserId,
        order: OrderId,
        address: PostalAddress,
    ) -> Result<PostalAddress, ServiceError> {
        let group = self.order(buyer, order).await?.group_id;
        let address = address.checked("").map_err(ServiceError::Validation)?;
        let (personal, now) = (self.personal()?, self.now_us());
        let sealing = address.clone();
        self.store()
            .transact(move |conn| {
                let (personal, address) = (personal.clone(), sealing.clone());
                Box::pin(async move {
                    if !db::ship_to::open(conn, group).await? {
                        let why = "The order is on its way, or over: its address stays.";
                        return Err(ServiceError::Conflict(why));
                    }
                    let key = personal.key(conn, buyer, now).await?;
                    let sealed = key.seal_json(&place(group), &address)?;
                    Ok(db::ship_to::set(conn, group, &sealed).await?)
                })
            })
            .await?;
        Ok(address)
    }

    /// Where the parcels of an order go.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for everybody but the buyer and who handles the seller's orders,
    /// administrators too; for an order without an address, and once the buyer has withdrawn.
    pub async fn ship_to(&self, actor: Actor, id: OrderId) -> Result<PostalAddress, ServiceError> {
        let (buyer, seller) = self.parties(id).await?;
        let reader = self.store().reader();
        if actor.user != buyer {
            // To run the site is no reason to know where people live.
            let nobody_special = Actor {
                admin: false,
                ..actor
            };
            self.authorize_sold(nobody_special, seller).await?;
        }
        let none = ServiceError::NotFound("address");
        let Some((group, Some(sealed))) = db::ship_to::of_order(reader, id).await? else {
            return Err(none);
        };
        match self.personal()?.find(reader, buyer).await? {
            Some(key) => Ok(key.open_json(&place(group), &sealed)?),
            None => Err(none),
        }
    }
}
