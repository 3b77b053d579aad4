//! The shop's registered state of a room: what a snapshot says is sold there.

use signaling_wire::{
    StreamId,
    frame::shop::{CardState, Shelf},
};

use crate::{Commerce, ServiceError, db};

impl Commerce {
    /// The shelf of a show, as the database has it.
    pub(crate) async fn shelf(&self, stream: StreamId) -> Result<Shelf, ServiceError> {
        let reader = self.store().reader();
        let cards = db::card::list(reader, stream).await?;
        let pinned = cards
            .iter()
            .find(|card| card.state == CardState::Pinned)
            .map(|card| card.id);
        let sale = match db::sale::shown(reader, stream).await? {
            Some(sale) => db::sale::find(reader, sale).await?,
            None => None,
        };
        let (sale, stock) = match sale {
            Some((sale, stock)) => (Some(sale), stock),
            None => (None, Vec::new()),
        };
        Ok(Shelf {
            cards,
            pinned,
            sale,
            stock,
        })
    }
}
