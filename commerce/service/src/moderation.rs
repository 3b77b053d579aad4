//! Peace in a room: who watches, and whom the hosts mute or ban.
//!
//! A decision is a row first, with an entry in the audit log, and then the hub's to enforce: for the
//! connections that are there, and for all that come, also after a restart. A muted viewer may watch
//! and buy. A banned one is nobody in the room, on whatever connection, and buys nothing in its
//! sales; orders stay theirs.

use commerce_core::Deed;
use commerce_store::audit;
use serde::Serialize;
use serde_json::json;
use signaling_wire::{
    StreamId, UserId,
    frame::control::{Sanction, SanctionKind},
};

use crate::{Actor, Commerce, ServiceError, db, limits, validation::Validation};

/// Decisions that the list of a show's viewers names.
const LISTED: u32 = 1_000;
/// Decisions of one show that are brought back after a restart.
const RECALLED: u32 = 10_000;

/// Who watches a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = StreamAudience)]
pub struct Audience {
    /// How many, with those who are not signed in and without the seller's people at their desks.
    pub viewers: u32,
    /// The accounts among them, a thousand at most.
    pub accounts: Vec<ViewerView>,
    /// The decisions that hold, also about people who are not there, the newest first.
    pub sanctions: Vec<SanctionView>,
}

/// An account that is in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = StreamViewer)]
pub struct ViewerView {
    /// The account.
    pub user_id: UserId,
    /// As shown in chat.
    pub name: String,
    /// Acts for the show's seller.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub seller: bool,
    /// Connections that speak as it.
    pub connections: usize,
    /// What was decided about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sanction: Option<Sanction>,
}

/// A decision about an account in a show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = StreamSanction)]
pub struct SanctionView {
    /// About whom.
    pub user_id: UserId,
    /// What they are called.
    pub name: String,
    /// What was decided.
    #[serde(flatten)]
    pub sanction: Sanction,
    /// Who decided.
    pub by_user_id: UserId,
    /// When, milliseconds since 1970.
    pub since_ms: u64,
}

impl Commerce {
    /// Who watches a show. For those who keep the peace in it.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] or [`ServiceError::NotFound`].
    pub async fn audience(&self, actor: Actor, stream: StreamId) -> Result<Audience, ServiceError> {
        self.authorize_stream(actor, stream, Deed::Moderate).await?;
        let (reader, now) = (self.store().reader(), self.now_us());
        let viewer = |viewer: signaling_hub::Viewer| ViewerView {
            user_id: viewer.user,
            name: viewer.name,
            seller: viewer.seller,
            connections: viewer.connections,
            sanction: viewer.sanction,
        };
        let presence = self.hub().presence(stream);
        let here = self.hub().viewers(stream).await;
        Ok(Audience {
            viewers: presence.map_or(0, |presence| presence.viewers),
            accounts: here.into_iter().map(viewer).collect(),
            sanctions: db::sanction::in_force(reader, stream, None, now, LISTED).await?,
        })
    }

    /// Mutes or bans an account in a show, for some seconds or until that is lifted; the newest
    /// decision replaces the one before.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], an unknown account, or one of the seller's people.
    pub async fn sanction(
        &self,
        actor: Actor,
        stream: StreamId,
        user: UserId,
        kind: SanctionKind,
        seconds: Option<u32>,
    ) -> Result<SanctionView, ServiceError> {
        let seller = self.authorize_stream(actor, stream, Deed::Moderate).await?;
        let mut validation = Validation::default();
        let fits = seconds.is_none_or(|s| (1..=limits::SANCTION_SECONDS_MAX).contains(&s));
        validation.check(fits, "/seconds", "range", "must be 1 second to 365 days");
        validation.done()?;
        if self.membership(user, seller).await?.is_some() {
            let why = "People of the shop are not muted or banned in their own show.";
            return Err(ServiceError::Conflict(why));
        }
        let now = self.now_us();
        let until = seconds.map(|seconds| now + i64::from(seconds) * 1_000_000);
        let sanction = db::sanction::wire(kind, until);
        let action = match kind {
            SanctionKind::Mute => "stream.mute",
            SanctionKind::Ban => "stream.ban",
            SanctionKind::Lifted => return Err(ServiceError::NotFound("sanction")),
        };
        let entry = entry(actor, action, stream, user, sanction.until_ms);
        let written = self
            .store()
            .write(move |conn| {
                Box::pin(async move {
                    let decided = (kind, until);
                    db::sanction::put(conn, stream, user, decided, actor.user, now).await?;
                    audit::record(conn, &entry, now).await
                })
            })
            .await;
        match written {
            Err(error) if error.is_foreign_key_violation() => {
                return Err(ServiceError::NotFound("user"));
            }
            other => other?,
        }
        self.hub().sanction(stream, vec![(user, sanction)]).await;
        metrics::counter!("souk_sanctions_total", "kind" => action).increment(1);
        let reader = self.store().reader();
        let found = db::sanction::in_force(reader, stream, Some(user), now, 1).await?;
        found
            .into_iter()
            .next()
            .ok_or(ServiceError::NotFound("sanction"))
    }

    /// Takes a mute or a ban back. Taking back what is not there is harmless.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] or [`ServiceError::NotFound`].
    pub async fn lift(
        &self,
        actor: Actor,
        stream: StreamId,
        user: UserId,
        kind: SanctionKind,
    ) -> Result<(), ServiceError> {
        self.authorize_stream(actor, stream, Deed::Moderate).await?;
        let now = self.now_us();
        let entry = entry(actor, "stream.pardon", stream, user, None);
        let lifted = self
            .store()
            .write(move |conn| {
                Box::pin(async move {
                    let lifted = db::sanction::lift(conn, stream, user, Some(kind)).await?;
                    if lifted {
                        audit::record(conn, &entry, now).await?;
                    }
                    Ok(lifted)
                })
            })
            .await?;
        if lifted {
            let sanction = db::sanction::wire(SanctionKind::Lifted, None);
            self.hub().sanction(stream, vec![(user, sanction)]).await;
        }
        Ok(())
    }

    /// Tells the room again what was decided, after a restart.
    pub(crate) async fn recall_sanctions(&self, stream: StreamId) -> Result<(), ServiceError> {
        let now = self.now_us();
        let reader = self.store().reader();
        let all = db::sanction::in_force(reader, stream, None, now, RECALLED).await?;
        if !all.is_empty() {
            let all = all
                .iter()
                .map(|view| (view.user_id, view.sanction))
                .collect();
            self.hub().sanction(stream, all).await;
        }
        Ok(())
    }
}

fn entry(
    actor: Actor,
    action: &'static str,
    stream: StreamId,
    user: UserId,
    until_ms: Option<u64>,
) -> audit::Entry {
    audit::Entry {
        actor: actor.user.to_string(),
        action,
        object: stream.to_string(),
        detail: json!({ "user": user, "until_ms": until_ms }),
    }
}
