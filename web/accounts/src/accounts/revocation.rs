//! Sessions that end: what this process remembers of them, who is told, and how it learns of those
//! that another process ended.

use std::sync::PoisonError;

use signaling_wire::UserId;
use tokio::sync::broadcast;

use super::{Accounts, rows};
use crate::{clock::Now, error::AccountError, limits};

/// Sessions of a user ended; connections that speak for them no longer may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Whose sessions.
    pub user: UserId,
    /// Which; the `family` of their access tokens.
    pub families: Vec<String>,
    /// Whether the account itself was suspended or withdrawn.
    pub barred: bool,
}

impl Accounts {
    /// Tells of every revocation from now on.
    pub fn subscribe_revoked(&self) -> broadcast::Receiver<Revoked> {
        self.shared.revoked.subscribe()
    }

    /// Looks for sessions that other processes ended, until it is dropped.
    pub async fn follow_revocations(&self) {
        let mut every = tokio::time::interval(limits::REVOKED_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            // Longer than the pause, because a commit may be late and clocks may differ.
            let back_us = 15 * i64::try_from(limits::REVOKED_EVERY.as_micros()).unwrap_or(0);
            if let Err(error) = self.learn_ended(back_us).await {
                tracing::warn!(%error, "cannot look for ended sessions");
            }
        }
    }

    /// Learns of the sessions that ended in the last `back_us` microseconds.
    pub(super) async fn learn_ended(&self, back_us: i64) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let since = now.db().saturating_sub(back_us);
        for ended in rows::ended_since(self.shared.store.reader(), since).await? {
            let life_us = self.access_life_us();
            let until_s = u64::try_from(ended.at + life_us).unwrap_or(0) / 1_000_000 + 1;
            if self.remember(&ended.family, until_s, now) {
                self.tell(ended.user, vec![ended.family], false);
            }
        }
        Ok(())
    }

    /// How long after its session's end an access token could still be alive, microseconds.
    pub(super) fn access_life_us(&self) -> i64 {
        let life_s = self.shared.tokens.ttl_s() + limits::LEEWAY_S;
        i64::try_from(life_s * 1_000_000).unwrap_or(i64::MAX)
    }

    /// Remembers that sessions of a user ended, for as long as access tokens of them may be alive,
    /// and tells whoever listens.
    pub(super) fn end(
        &self,
        user: UserId,
        families: impl IntoIterator<Item = String>,
        barred: bool,
    ) {
        let now = self.shared.clock.now();
        let until_s = now.s() + self.shared.tokens.ttl_s() + limits::LEEWAY_S + 1;
        let fresh = |family: &String| self.remember(family, until_s, now);
        let families: Vec<String> = families.into_iter().filter(fresh).collect();
        if barred || !families.is_empty() {
            self.tell(user, families, barred);
        }
    }

    /// `false` when it was known already.
    fn remember(&self, family: &str, until_s: u64, now: Now) -> bool {
        let ended = self.shared.ended.write();
        let mut ended = ended.unwrap_or_else(PoisonError::into_inner);
        let fresh = !ended.contains(family);
        ended.insert(family.to_owned(), until_s, now);
        fresh
    }

    fn tell(&self, user: UserId, families: Vec<String>, barred: bool) {
        // Nobody may be listening, as in the verbs of the command line.
        let _ = self.shared.revoked.send(Revoked {
            user,
            families,
            barred,
        });
    }
}
