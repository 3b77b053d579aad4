//! Cards: products in the queue of a show, at most one of them pinned over the video.

use commerce_core::Deed;
use signaling_wire::{
    CardId, ProductId, ServerFrame, StreamId,
    frame::shop::{Card, Pinned, Unpinned},
};

use crate::{Actor, Commerce, ServiceError, courier, db, mint::mint};

impl Commerce {
    /// Puts a product into the queue of a show, under the next number.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], an unknown product or one of another seller, one that is there
    /// already, or a full queue.
    pub async fn add_card(
        &self,
        actor: Actor,
        stream: StreamId,
        product: ProductId,
    ) -> Result<Card, ServiceError> {
        let seller = self
            .authorize_stream(actor, stream, Deed::ShowCards)
            .await?;
        if db::product::seller(self.store().reader(), product).await? != Some(seller) {
            return Err(ServiceError::NotFound("product"));
        }
        let now = self.now_us();
        let id = mint!(CardId, now);
        let card = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::stream::assert_open(conn, stream).await?;
                    db::card::insert(conn, id, stream, product, now).await?;
                    let card = db::card::find(conn, stream, id).await?;
                    courier::tell_room(conn, stream, &ServerFrame::Card(card.clone()), now).await?;
                    Ok::<_, ServiceError>(card)
                })
            })
            .await?;
        self.wake_courier();
        Ok(card)
    }

    /// The queue of a show, by number.
    ///
    /// # Errors
    /// The database.
    pub async fn cards(&self, stream: StreamId) -> Result<Vec<Card>, ServiceError> {
        Ok(db::card::list(self.store().reader(), stream).await?)
    }

    /// Pins a card; the one before it no longer is. Pinning it again is harmless.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] or an ended show.
    pub async fn pin(
        &self,
        actor: Actor,
        stream: StreamId,
        card: CardId,
    ) -> Result<Card, ServiceError> {
        self.authorize_stream(actor, stream, Deed::ShowCards)
            .await?;
        let now = self.now_us();
        let at_ms = commerce_store::clock::us_to_ms(now);
        let card = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::stream::assert_open(conn, stream).await?;
                    db::card::pin(conn, stream, card, now).await?;
                    let card = db::card::find(conn, stream, card).await?;
                    let frame = ServerFrame::Pinned(Pinned {
                        card: card.clone(),
                        at_ms,
                    });
                    courier::tell_room(conn, stream, &frame, now).await?;
                    Ok::<_, ServiceError>(card)
                })
            })
            .await?;
        self.wake_courier();
        Ok(card)
    }

    /// Takes a pinned card down; one that is not pinned stays as it is.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] or [`ServiceError::NotFound`].
    pub async fn unpin(
        &self,
        actor: Actor,
        stream: StreamId,
        card: CardId,
    ) -> Result<Card, ServiceError> {
        self.authorize_stream(actor, stream, Deed::ShowCards)
            .await?;
        let now = self.now_us();
        let card = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    let unpinned = db::card::unpin(conn, stream, card, now).await?;
                    if unpinned {
                        let frame = ServerFrame::Unpinned(Unpinned { card_id: card });
                        courier::tell_room(conn, stream, &frame, now).await?;
                    }
                    db::card::find(conn, stream, card).await
                })
            })
            .await?;
        self.wake_courier();
        Ok(card)
    }
}
