//! Webhooks as their owners manage them: a seller's by those who run the shop, the site's by
//! administrators. Every change is on record; no secret is.

use commerce_core::{
    Deed,
    hook::{DisabledReason, EndpointEvent, EndpointState, Filter, Health},
};
use commerce_store::audit;
use serde_json::json;
use signaling_wire::{SellerId, WebhookId};

use super::{EditWebhook, NewWebhook, RotateSecret, Webhook, WebhookWithSecret};
use crate::{
    Actor, Commerce, Page, Secret, ServiceError,
    admin::{entry, for_administrators},
    db::hook::endpoint::{self, Endpoint, retire},
    limits,
    mint::mint,
    page, signature,
    validation::Validation,
};

const HOUR_US: i64 = 3_600_000_000;

impl Commerce {
    /// Makes a webhook. The answer is the only place where its secret is shown.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], too many of them.
    pub async fn create_webhook(
        &self,
        actor: Actor,
        new: NewWebhook,
    ) -> Result<WebhookWithSecret, ServiceError> {
        self.authorize_webhooks(actor, new.seller_id).await?;
        let mut validation = Validation::default();
        let url = self.url(&mut validation, &new.url);
        let filter = events(&mut validation, &new.events);
        description(&mut validation, &new.description);
        validation.done()?;
        let (now, secret) = (self.now_us(), signature::fresh());
        let id = mint!(WebhookId, now);
        let made = Endpoint {
            id,
            seller: new.seller_id,
            url,
            description: new.description.trim().to_owned(),
            filter: filter.ok_or(ServiceError::NotFound("event"))?,
            state: EndpointState::Active,
            reason: None,
            secret: self.seal_hook_secret(id, &secret)?,
            previous: None,
            health: Health::default(),
            brisk: false,
            delivered_at: None,
            created_at: now,
            updated_at: now,
        };
        let written = made.clone();
        self.store()
            .transact(move |conn| {
                let made = written.clone();
                Box::pin(async move {
                    let count = endpoint::count(conn, made.seller).await?;
                    if count >= limits::HOOKS_PER_SELLER_MAX {
                        return Err(ServiceError::Conflict("There are too many webhooks."));
                    }
                    endpoint::insert(conn, &made, actor.user).await?;
                    let detail = json!({ "seller": made.seller, "to": told(&made) });
                    let entry = entry(actor, "webhook.created", id, detail);
                    Ok(audit::record(conn, &entry, now).await?)
                })
            })
            .await
            .map_err(|error: ServiceError| error.or_missing("seller"))?;
        Ok(WebhookWithSecret {
            webhook: made.view(now),
            secret: secret.expose().to_owned(),
        })
    }

    /// The webhooks of a seller, or all of them (`None`, for administrators), the newest first.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a cursor that is none.
    pub async fn webhooks(
        &self,
        actor: Actor,
        seller: Option<SellerId>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Webhook>, ServiceError> {
        self.authorize_webhooks(actor, seller).await?;
        let after = page::after::<WebhookId>(cursor)?;
        let (limit, now) = (page::clamp(limit), self.now_us());
        let rows = endpoint::list(self.store().reader(), seller, after, limit + 1).await?;
        let rows = rows.into_iter().map(|row| row.view(now)).collect();
        Ok(Page::cut(rows, limit, |row: &Webhook| row.id.to_string()))
    }

    /// One webhook.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], also for what the caller may not see.
    pub async fn webhook_shown(
        &self,
        actor: Actor,
        id: WebhookId,
    ) -> Result<Webhook, ServiceError> {
        Ok(self.own_webhook(actor, id).await?.view(self.now_us()))
    }

    /// Changes a webhook, or turns it on or off.
    ///
    /// # Errors
    /// Validation, [`ServiceError::NotFound`].
    pub async fn edit_webhook(
        &self,
        actor: Actor,
        id: WebhookId,
        edit: EditWebhook,
    ) -> Result<Webhook, ServiceError> {
        self.own_webhook(actor, id).await?;
        let mut validation = Validation::default();
        let url = edit.url.as_deref();
        let url = url.map(|url| self.url(&mut validation, url));
        let filter = edit.events.as_deref();
        let filter = filter.and_then(|entries| events(&mut validation, entries));
        if let Some(text) = &edit.description {
            description(&mut validation, text);
        }
        validation.done()?;
        if edit.enabled == Some(true) {
            self.give_up_backlog(id).await?;
        }
        let now = self.now_us();
        let edited = self.store().transact(move |conn| {
            let (url, filter, edit) = (url.clone(), filter.clone(), edit.clone());
            Box::pin(async move {
                let found = endpoint::lock(conn, id, None).await?;
                let before = found.ok_or(ServiceError::NotFound("webhook"))?;
                let mut after = before.clone();
                if let Some(url) = url {
                    // Another address has not failed yet, and owes nobody a rest.
                    (after.url, after.health, after.brisk) = (url, Health::default(), false);
                }
                after.filter = filter.unwrap_or(after.filter);
                if let Some(text) = edit.description {
                    after.description = text.trim().to_owned();
                }
                if let Some(enabled) = edit.enabled {
                    turn(&mut after, enabled)?;
                }
                let backlog = before.reason == Some(DisabledReason::Backlog);
                if backlog && after.state == EndpointState::Active {
                    // What came since the portions before.
                    retire::give_up(conn, id, limits::SWEEP_MAX, now).await?;
                }
                after.updated_at = now;
                endpoint::update(conn, &after).await?;
                let detail = json!({ "from": told(&before), "to": told(&after) });
                let entry = entry(actor, "webhook.changed", id, detail);
                audit::record(conn, &entry, now).await?;
                Ok::<_, ServiceError>(after)
            })
        });
        let edited = edited.await?;
        self.wake_hooks();
        Ok(edited.view(now))
    }

    /// Takes a webhook away. Its deliveries follow, bit by bit; nobody sees them any more.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn delete_webhook(&self, actor: Actor, id: WebhookId) -> Result<(), ServiceError> {
        let known = self.own_webhook(actor, id).await?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                let known = known.clone();
                Box::pin(async move {
                    if endpoint::lock(conn, id, None).await?.is_none() {
                        return Err(ServiceError::NotFound("webhook"));
                    }
                    retire::hide(conn, id, now).await?;
                    let detail = json!({ "seller": known.seller, "from": told(&known) });
                    let entry = entry(actor, "webhook.deleted", id, detail);
                    Ok(audit::record(conn, &entry, now).await?)
                })
            })
            .await
            .inspect(|()| self.wake_hooks())
    }

    /// Gives a webhook another secret; the one before signs as well for a while.
    ///
    /// # Errors
    /// Validation, [`ServiceError::NotFound`].
    pub async fn rotate_webhook_secret(
        &self,
        actor: Actor,
        id: WebhookId,
        asked: RotateSecret,
    ) -> Result<WebhookWithSecret, ServiceError> {
        self.own_webhook(actor, id).await?;
        let hours = asked.overlap_hours.unwrap_or(limits::HOOK_OVERLAP_HOURS);
        let mut validation = Validation::default();
        let fits = hours <= limits::HOOK_OVERLAP_HOURS_MAX;
        validation.check(fits, "/overlap_hours", "range", "must be 0 to 168");
        validation.done()?;
        let (now, secret) = (self.now_us(), signature::fresh());
        let sealed = self.seal_hook_secret(id, &secret)?;
        let until = now + i64::from(hours) * HOUR_US;
        let rotated = self.store().transact(move |conn| {
            let sealed = sealed.clone();
            Box::pin(async move {
                let found = endpoint::lock(conn, id, None).await?;
                let mut found = found.ok_or(ServiceError::NotFound("webhook"))?;
                let before = std::mem::replace(&mut found.secret, sealed);
                found.previous = (hours > 0).then_some((before, until));
                found.updated_at = now;
                endpoint::update(conn, &found).await?;
                let detail = json!({ "overlap_hours": hours });
                let entry = entry(actor, "webhook.secret_rotated", id, detail);
                audit::record(conn, &entry, now).await?;
                Ok::<_, ServiceError>(found)
            })
        });
        Ok(WebhookWithSecret {
            webhook: rotated.await?.view(now),
            secret: secret.expose().to_owned(),
        })
    }

    /// A webhook that the caller may manage; any other is not there.
    pub(super) async fn own_webhook(
        &self,
        actor: Actor,
        id: WebhookId,
    ) -> Result<Endpoint, ServiceError> {
        let found = endpoint::find(self.store().reader(), id, None).await?;
        let found = found.ok_or(ServiceError::NotFound("webhook"))?;
        let may = self.authorize_webhooks(actor, found.seller).await;
        may.map_err(|error| error.hidden("webhook"))?;
        Ok(found)
    }

    async fn authorize_webhooks(
        &self,
        actor: Actor,
        seller: Option<SellerId>,
    ) -> Result<(), ServiceError> {
        match seller {
            Some(seller) => self.authorize(actor, seller, Deed::ManageWebhooks).await,
            None => for_administrators(actor),
        }
    }

    fn url(&self, validation: &mut Validation, text: &str) -> String {
        match self.poster().target(text) {
            Ok(url) => url.to_string(),
            Err(why) => {
                validation.check(false, "/url", "format", why);
                String::new()
            }
        }
    }

    fn seal_hook_secret(&self, id: WebhookId, secret: &Secret) -> Result<String, ServiceError> {
        let personal = self.config().personal.as_ref();
        let personal = personal.ok_or_else(no_key)?;
        Ok(personal.seal_secret(&place(id), secret.expose())?)
    }

    pub(super) fn open_hook_secret(
        &self,
        id: WebhookId,
        sealed: &str,
    ) -> Result<Secret, ServiceError> {
        let personal = self.config().personal.as_ref();
        let personal = personal.ok_or_else(no_key)?;
        Ok(Secret::new(personal.open_secret(&place(id), sealed)?))
    }
}

fn no_key() -> ServiceError {
    ServiceError::Config("webhooks need the key of personal data".to_owned())
}

fn place(id: WebhookId) -> String {
    format!("webhook/{id}")
}

/// Turns it on or off. What is turned on starts afresh.
fn turn(endpoint: &mut Endpoint, on: bool) -> Result<(), ServiceError> {
    let event = match on {
        true => EndpointEvent::Resume,
        false => EndpointEvent::Pause,
    };
    let before = endpoint.state;
    endpoint.state = before.on(event)?;
    if endpoint.state == EndpointState::Active && before != EndpointState::Active {
        (endpoint.reason, endpoint.health) = (None, Health::default());
    }
    Ok(())
}

/// What the audit log keeps of it. An address may hold a token, so only whose it is is kept.
fn told(endpoint: &Endpoint) -> serde_json::Value {
    let url = reqwest::Url::parse(&endpoint.url).ok();
    let host = url.as_ref().and_then(|url| url.host_str());
    json!({ "host": host, "events": endpoint.filter, "status": endpoint.state })
}

fn events(validation: &mut Validation, entries: &[String]) -> Option<Filter> {
    match Filter::parse(entries) {
        Ok(filter) => Some(filter),
        Err(error) => {
            validation.check(false, "/events", "format", &error.to_string());
            None
        }
    }
}

fn description(validation: &mut Validation, text: &str) {
    validation.text(text, "/description");
    let bounded = text.chars().count() <= limits::HOOK_DESCRIPTION_CHARS_MAX;
    validation.check(bounded, "/description", "max", "is too long");
}
