//! Streams as shows of a seller: created with a title, live while media flows, ended for good.

use commerce_core::Deed;
use serde::Serialize;
use serde_json::json;
use signaling_wire::{SellerId, StreamId, UserId, frame::control};

use crate::{
    Actor, Commerce, Page, ServiceError, db, limits, mint::mint, page, validation::Validation,
};

/// Where a show stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamStatus {
    /// Nothing was published so far.
    Scheduled,
    /// Media flows.
    Live,
    /// Media flowed, and may again.
    Interrupted,
    /// Over.
    Ended,
}

impl StreamStatus {
    const ALL: [Self; 4] = [Self::Scheduled, Self::Live, Self::Interrupted, Self::Ended];

    /// The stored and wire name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Live => "live",
            Self::Interrupted => "interrupted",
            Self::Ended => "ended",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text)
    }
}

/// A show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// Who sells in it.
    pub seller: control::Seller,
    /// As the host wrote it.
    pub title: String,
    /// Where it stands.
    pub status: StreamStatus,
    /// When it is announced for, milliseconds since 1970.
    pub scheduled_ms: Option<u64>,
    /// When it was created.
    pub created_ms: u64,
    /// When media first flowed.
    pub started_ms: Option<u64>,
    /// When it ended.
    pub ended_ms: Option<u64>,
}

impl Stream {
    /// What viewers and the hub see of it.
    pub fn seen(&self) -> control::Stream {
        let (id, title, seller) = (self.id, self.title.clone(), self.seller.clone());
        control::Stream { id, title, seller }
    }
}

/// Something that happened in a show.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct StreamEvent {
    /// Order of happening.
    pub seq: u64,
    /// What: `live`, `interrupted`, `ended`, `card`, `pinned`, `unpinned`, `sale`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Ids and states that belong to it.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
    /// Its place in the media: milliseconds since what was on air then began. Absent while
    /// nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_ms: Option<u64>,
}

/// A show to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStream {
    /// Whose show; `None` is the one seller that the caller acts for.
    pub seller_id: Option<SellerId>,
    /// Its title.
    pub title: String,
    /// When it is announced for, milliseconds since 1970.
    pub scheduled_ms: Option<u64>,
}

/// Which shows to list, the newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamFilter {
    /// Only in this state; without it, all that have not ended.
    pub status: Option<StreamStatus>,
    /// Only of this seller.
    pub seller: Option<SellerId>,
    /// Only of sellers that this user acts for; includes ended ones.
    pub member: Option<UserId>,
}

impl Commerce {
    /// Creates a show and opens its room.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], or too many open shows.
    pub async fn create_stream(
        &self,
        actor: Actor,
        new: NewStream,
    ) -> Result<Stream, ServiceError> {
        let mut validation = Validation::default();
        validation.title(&new.title, "/title");
        validation.done()?;
        let seller = match new.seller_id {
            Some(seller) => seller,
            None => self.only_seller(actor).await?,
        };
        self.authorize(actor, seller, Deed::RunShows).await?;
        let now = self.now_us();
        let id = mint!(StreamId, now);
        let title = new.title.trim().to_owned();
        let scheduled = scheduled_us(new.scheduled_ms)?;
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    if db::stream::open_count(conn, seller).await? >= limits::OPEN_STREAMS_MAX {
                        return Err(ServiceError::Conflict(
                            "The seller has too many open shows.",
                        ));
                    }
                    db::stream::insert(conn, id, seller, actor.user, &title, now).await?;
                    Ok(db::show::announce(conn, id, &title, scheduled, now).await?)
                })
            })
            .await
            .map_err(|error| error.or_missing("seller"))?;
        let stream = self.stream(id).await?;
        self.hub().open_room(stream.seen()).await;
        self.hub().set_shelf(id, Default::default()).await;
        Ok(stream)
    }

    async fn only_seller(&self, actor: Actor) -> Result<SellerId, ServiceError> {
        let mut memberships = self.memberships(actor.user).await?;
        memberships.retain(|membership| membership.role.may(Deed::RunShows));
        match memberships.as_slice() {
            [only] => Ok(only.seller_id),
            [] => Err(ServiceError::Forbidden),
            _ => {
                let mut validation = Validation::default();
                validation.check(
                    false,
                    "/seller_id",
                    "required",
                    "you act for several sellers",
                );
                validation.done().and(Err(ServiceError::Forbidden))
            }
        }
    }

    /// Changes the title and the announced time of a show.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], or a show that is over.
    pub async fn announce_stream(
        &self,
        actor: Actor,
        stream: StreamId,
        title: &str,
        scheduled_ms: Option<u64>,
    ) -> Result<Stream, ServiceError> {
        self.authorize_stream(actor, stream, Deed::RunShows).await?;
        let mut validation = Validation::default();
        validation.title(title, "/title");
        validation.done()?;
        let scheduled = scheduled_us(scheduled_ms)?;
        let (title, now) = (title.trim().to_owned(), self.now_us());
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::stream::assert_open(conn, stream).await?;
                    db::show::announce(conn, stream, &title, scheduled, now).await?;
                    Ok::<_, ServiceError>(())
                })
            })
            .await?;
        self.stream(stream).await
    }

    /// What happened in a show, the oldest first: cards, sales, media.
    ///
    /// # Errors
    /// The database, or a cursor that is none.
    pub async fn timeline(
        &self,
        stream: StreamId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<StreamEvent>, ServiceError> {
        self.stream(stream).await?;
        let after = page::after::<u32>(cursor)?.unwrap_or(0);
        let limit = page::clamp(limit);
        let reader = self.store().reader();
        let rows = db::show::events(reader, stream, i64::from(after), limit + 1).await?;
        Ok(Page::cut(rows, limit, |event| event.seq.to_string()))
    }

    /// Ends a show for good: sales close, the room says goodbye. Ending it again is harmless.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] or [`ServiceError::NotFound`].
    pub async fn end_stream(&self, actor: Actor, stream: StreamId) -> Result<(), ServiceError> {
        self.authorize_stream(actor, stream, Deed::RunShows).await?;
        for sale in db::sale::unclosed(self.store().reader(), stream).await? {
            self.close_sale(actor, sale).await?;
        }
        let now = self.now_us();
        self.store()
            .write(move |conn| {
                Box::pin(async move {
                    if db::stream::end(conn, stream, now).await? {
                        db::show::note(conn, stream, "ended", &json!({}), now).await?;
                        db::stream::off_air(conn, stream).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.hub().close_room(stream).await;
        Ok(())
    }

    /// A show by its id.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn stream(&self, id: StreamId) -> Result<Stream, ServiceError> {
        let found = db::stream::find(self.store().reader(), id).await?;
        found.ok_or(ServiceError::NotFound("stream"))
    }

    /// Shows, the newest first.
    ///
    /// # Errors
    /// The database, or a cursor that is none.
    pub async fn list_streams(
        &self,
        filter: StreamFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Stream>, ServiceError> {
        let after = page::after::<StreamId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::stream::list(self.store().reader(), filter, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |stream| stream.id.to_string()))
    }

    /// Notes that media began or ceased to flow.
    pub(crate) async fn note_live(&self, stream: StreamId, live: bool) -> Result<(), ServiceError> {
        let now = self.now_us();
        self.store()
            .write(move |conn| {
                Box::pin(async move {
                    if db::stream::note_live(conn, stream, live, now).await? {
                        let kind = if live { "live" } else { "interrupted" };
                        db::show::note(conn, stream, kind, &json!({}), now).await?;
                        db::stream::off_air(conn, stream).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        Ok(())
    }
}

/// A wire time as the database keeps it.
fn scheduled_us(ms: Option<u64>) -> Result<Option<i64>, ServiceError> {
    let us = ms.map(|ms| i64::try_from(ms).ok()?.checked_mul(1_000));
    let mut validation = Validation::default();
    validation.check(
        us != Some(None),
        "/scheduled_ms",
        "range",
        "is out of range",
    );
    validation.done()?;
    Ok(us.flatten())
}
