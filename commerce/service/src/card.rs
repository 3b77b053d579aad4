//! Cards: products in the queue of a show, at most one of them pinned over the video.

use commerce_core::Deed;
use commerce_store::sql::Conn;
use signaling_wire::{
    CardId, ProductId, ServerFrame, StreamId,
    frame::shop::{Card, Pinned, Unpinned},
};

use crate::{Actor, Commerce, ServiceError, courier, db, mint::mint, validation::Validation};

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
                    let id = match db::show::revive(conn, stream, product, now).await? {
                        Some(hidden) => hidden,
                        None => {
                            db::card::insert(conn, id, stream, product, now).await?;
                            id
                        }
                    };
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

    /// Shows a card as a chip beside the pinned one, or no longer; at most two at a time.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], an ended show, or two other chips.
    pub async fn highlight(
        &self,
        actor: Actor,
        stream: StreamId,
        card: CardId,
        on: bool,
    ) -> Result<Card, ServiceError> {
        self.authorize_stream(actor, stream, Deed::ShowCards)
            .await?;
        let now = self.now_us();
        let card = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::stream::assert_open(conn, stream).await?;
                    db::show::highlight(conn, stream, card, on, now).await?;
                    tell_card(conn, stream, card, now).await
                })
            })
            .await?;
        self.wake_courier();
        Ok(card)
    }

    /// Takes a card out of the queue; a pinned one comes down.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] or an ended show.
    pub async fn remove_card(
        &self,
        actor: Actor,
        stream: StreamId,
        card: CardId,
    ) -> Result<(), ServiceError> {
        self.authorize_stream(actor, stream, Deed::ShowCards)
            .await?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::stream::assert_open(conn, stream).await?;
                    if db::card::unpin(conn, stream, card, now).await? {
                        let frame = ServerFrame::Unpinned(Unpinned { card_id: card });
                        courier::tell_room(conn, stream, &frame, now).await?;
                    }
                    db::show::hide(conn, stream, card, now).await?;
                    tell_card(conn, stream, card, now).await
                })
            })
            .await?;
        self.wake_courier();
        Ok(())
    }

    /// Puts the queue into an order; it names every card once.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a list that is not the queue's, or an ended show.
    pub async fn order_cards(
        &self,
        actor: Actor,
        stream: StreamId,
        cards: Vec<CardId>,
    ) -> Result<Vec<Card>, ServiceError> {
        self.authorize_stream(actor, stream, Deed::ShowCards)
            .await?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::stream::assert_open(conn, stream).await?;
                    let (mut known, mut given) =
                        (db::show::queue(conn, stream).await?, cards.clone());
                    known.sort_unstable();
                    given.sort_unstable();
                    let mut validation = Validation::default();
                    let detail = "must name every card of the queue once";
                    validation.check(known == given, "/cards", "permutation", detail);
                    validation.done()?;
                    for (sort, card) in (1..).zip(&cards) {
                        db::show::place(conn, stream, *card, sort, now).await?;
                        tell_card(conn, stream, *card, now).await?;
                    }
                    Ok::<_, ServiceError>(())
                })
            })
            .await?;
        self.wake_courier();
        self.cards(stream).await
    }
}

/// Reads a card as it is now and tells the room.
async fn tell_card(
    conn: &mut Conn,
    stream: StreamId,
    card: CardId,
    now: i64,
) -> Result<Card, ServiceError> {
    let card = db::card::find(conn, stream, card).await?;
    courier::tell_room(conn, stream, &ServerFrame::Card(card.clone()), now).await?;
    Ok(card)
}
