//! Sending what is due: a task for each endpoint that something waits for.
//!
//! No endpoint waits for another. Those that took the last one, and fast, are sent to in bundles,
//! several at a time; those that did not, and new ones, have places of their own and one request at
//! a time, so that however many of them hang they hold up nobody but each other. A task sends one
//! bundle, writes what came of it, and ends. What a crash cuts off is sent again.

use std::{collections::HashMap, time::Duration};

use commerce_core::hook::EndpointState;
use signaling_wire::WebhookId;
use tokio::task::{Id, JoinError, JoinSet};

use super::{
    low,
    post::{Answer, Failure, Letter},
    record::{self, Tried},
};
use crate::{
    Commerce, Secret, ServiceError,
    db::hook::{
        delivery::{self, Due, Made},
        endpoint::{self, Endpoint},
    },
    limits, signature,
};

/// Which endpoints are being sent to, and from where to look for more.
#[derive(Default)]
struct Desk {
    busy: HashMap<Id, (WebhookId, bool)>,
    behind: Option<WebhookId>,
}

impl Desk {
    fn has(&self, endpoint: WebhookId) -> bool {
        self.busy.values().any(|(busy, _)| *busy == endpoint)
    }

    /// Whether there is a place for one more of the kind.
    fn has_place(&self, brisk: bool) -> bool {
        let taken = self
            .busy
            .values()
            .filter(|(_, kind)| *kind == brisk)
            .count();
        taken
            < match brisk {
                true => limits::HOOK_BRISK_MAX,
                false => limits::HOOK_SLOW_MAX,
            }
    }
}

impl Commerce {
    /// Sends until the process stops: when woken, and at intervals.
    pub(crate) async fn run_sender(self) {
        let mut desk = Desk::default();
        let mut tasks = JoinSet::new();
        let (mut tended, mut round) = (i64::MIN, low::Round::default());
        while !self.is_stopping() {
            if self.now_us().saturating_sub(tended) >= limits::HOOK_TEND_EVERY.as_micros() as i64 {
                tended = self.now_us();
                if let Err(error) = self.tend_hooks().await {
                    tracing::warn!(%error, "webhooks could not be looked after");
                }
            }
            if let Err(error) = self.dispatch(&mut desk, &mut tasks).await {
                tracing::warn!(%error, "webhooks that are due could not be read");
            }
            if let Err(error) = self.look_at_shelves(&mut round).await {
                tracing::warn!(%error, "the shelves could not be looked at");
            }
            match self.retire_hooks().await {
                Ok(true) => self.wake_hooks(),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "what webhooks left could not be taken away"),
            }
            tokio::select! {
                Some(ended) = tasks.join_next_with_id() => clear(&mut desk, ended),
                () = self.hooks_rest(limits::HOOK_EVERY) => {}
            }
            while let Some(ended) = tasks.try_join_next_with_id() {
                clear(&mut desk, ended);
            }
        }
        // They hear of the stop themselves, and write what they know.
        while tasks.join_next().await.is_some() {}
    }

    /// Gives every endpoint that is due a task, as far as there are places.
    async fn dispatch(&self, desk: &mut Desk, tasks: &mut JoinSet<()>) -> Result<(), ServiceError> {
        let (reader, now) = (self.store().reader(), self.now_us());
        // From where the last look ended, and then from the start: everybody has a turn.
        let behind = desk.behind.take();
        let mut due = endpoint::due(reader, behind, now, limits::HOOK_LOOK).await?;
        if (due.len() as u32) < limits::HOOK_LOOK && behind.is_some() {
            due.extend(endpoint::due(reader, None, now, limits::HOOK_LOOK).await?);
        }
        for (id, brisk) in due {
            if desk.has(id) || !desk.has_place(brisk) {
                continue;
            }
            let task = tasks.spawn(self.clone().serve(id, brisk));
            desk.busy.insert(task.id(), (id, brisk));
            desk.behind = Some(id);
        }
        Ok(())
    }

    async fn serve(self, id: WebhookId, brisk: bool) {
        if let Err(error) = self.send_due(id, brisk).await {
            tracing::warn!(webhook = %id, %error, "deliveries could not be read or noted");
            // Without a pause it would be found due at once.
            tokio::select! {
                () = tokio::time::sleep(limits::HOOK_EVERY) => {}
                () = self.stopped() => {}
            }
        }
    }

    /// Sends one bundle to one endpoint.
    async fn send_due(&self, id: WebhookId, brisk: bool) -> Result<(), ServiceError> {
        let (reader, now) = (self.store().reader(), self.now_us());
        let Some(endpoint) = endpoint::find(reader, id, None).await? else {
            return Ok(());
        };
        if endpoint.state != EndpointState::Active || endpoint.health.not_before > now {
            return Ok(());
        }
        let (bundle, parallel) = match brisk {
            true => (limits::HOOK_BUNDLE_MAX, limits::HOOK_PARALLEL_MAX),
            false => (1, 1),
        };
        let due = delivery::due(reader, id, now, bundle).await?;
        let tried = self.send_all(&endpoint, due, parallel).await;
        if tried.is_empty() {
            return Ok(());
        }
        let now = self.now_us();
        let written = self
            .store()
            .transact(move |conn| {
                Box::pin(async move { record::write(conn, id, &tried, now).await })
            })
            .await?;
        for (result, count) in [
            ("delivered", written.delivered),
            ("again", written.again),
            ("given_up", written.given_up),
        ] {
            metrics::counter!("souk_webhook_tries_total", "result" => result).increment(count);
        }
        Ok(())
    }

    /// Sends, several at a time, until one is not taken or the process stops; returns what came
    /// of those that were sent.
    async fn send_all(&self, endpoint: &Endpoint, due: Vec<Due>, parallel: usize) -> Vec<Tried> {
        let secrets = self.secrets_of(endpoint);
        let mut due = due.into_iter();
        let mut under_way = JoinSet::new();
        let (mut tried, mut go_on) = (Vec::new(), true);
        loop {
            while go_on && under_way.len() < parallel {
                let Some(one) = due.next() else { break };
                let secrets = secrets.as_deref();
                under_way.spawn(
                    self.clone()
                        .send_one(self.letter(endpoint, &one, secrets), one),
                );
            }
            let ended = tokio::select! {
                ended = under_way.join_next() => ended,
                () = self.stopped() => return tried,
            };
            match ended {
                Some(Ok(one)) => {
                    go_on &= one.outcome == commerce_core::hook::Outcome::Taken;
                    tried.push(one);
                }
                Some(Err(error)) => tracing::error!(%error, "a webhook's task ended by a panic"),
                None => return tried,
            }
        }
    }

    async fn send_one(self, letter: Option<Letter>, due: Due) -> Tried {
        let at = self.now_us();
        let answer = match letter {
            Some(letter) => self.poster().send(letter).await,
            None => Answer::none(Failure::Secret, Duration::ZERO),
        };
        metrics::histogram!("souk_webhook_seconds").record(answer.took.as_secs_f64());
        let made = Made {
            delivery: due.id,
            no: due.tries + 1,
            at,
            took_us: i64::try_from(answer.took.as_micros()).unwrap_or(i64::MAX),
            status: answer.status.ok(),
            error: answer.status.err().map(Failure::name),
        };
        Tried {
            made,
            of_these: due.tries - due.tries_before + 1,
            outcome: answer.outcome,
            fast: answer.took <= limits::HOOK_FAST,
            chance: rand::random(),
        }
    }

    /// What is sent; `None` when it cannot be signed.
    fn letter(&self, endpoint: &Endpoint, due: &Due, secrets: Option<&[Secret]>) -> Option<Letter> {
        let (id, at_s) = (due.event.to_string(), self.now_us() / 1_000_000);
        let signature = signature::sign(secrets?, &id, at_s, &due.body).ok()?;
        Some(Letter {
            url: endpoint.url.clone(),
            id,
            at_s,
            signature,
            body: due.body.clone(),
        })
    }

    /// The secrets that sign now, the current one first.
    fn secrets_of(&self, endpoint: &Endpoint) -> Option<Vec<Secret>> {
        let now = self.now_us();
        let previous = endpoint.previous.as_ref();
        let previous = previous.filter(|(_, until)| *until > now);
        let sealed = [Some(&endpoint.secret), previous.map(|(sealed, _)| sealed)];
        let open = |sealed: &String| self.open_hook_secret(endpoint.id, sealed);
        let opened: Result<Vec<Secret>, ServiceError> =
            sealed.into_iter().flatten().map(open).collect();
        match opened {
            Ok(secrets) => Some(secrets),
            Err(error) => {
                tracing::error!(webhook = %endpoint.id, %error, "a secret cannot be read");
                None
            }
        }
    }
}

fn clear(desk: &mut Desk, ended: Result<(Id, ()), JoinError>) {
    let id = match ended {
        Ok((id, ())) => id,
        Err(error) => {
            tracing::error!(%error, "a webhook's task ended by a panic");
            error.id()
        }
    };
    desk.busy.remove(&id);
}
