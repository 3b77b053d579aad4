//! Sends the mails that wait, and looks at who asked for links.
//!
//! At least once: a mail is claimed by moving its next try into the future, so a crash delays it
//! and two processes do not send it twice at a time. Tries come after half a minute, then after
//! twice as long each time; a mail that no try gets through is given up and said so.

use std::time::Duration;

use super::Accounts;
use crate::{
    clock::Now,
    db::{
        mails::{self, Due},
        one_time::{self, Purpose},
        users,
    },
    error::AccountError,
    limits,
    mail::{self, Kind, Mailbox},
    secret::OneTimeToken,
};

/// Pause after the first failed try; doubles with each.
const FIRST_PAUSE_US: i64 = 30 * 1_000_000;
/// Longest rest between two looks at the queue.
const REST_MAX: Duration = Duration::from_secs(5);
/// How long a mail that is through stays in the database, microseconds.
const DONE_STAY_US: i64 = 30 * 24 * 3_600 * 1_000_000;

impl Accounts {
    /// The mailbox of a server that has no mail server.
    pub fn mailbox(&self) -> Option<Mailbox> {
        self.shared.post.mailbox()
    }

    /// Sends mails until it is dropped. Runs once per process.
    pub async fn run_mailer(&self) {
        let asked = self.shared.asked_from.lock();
        let asked = asked
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        let Some(mut asked) = asked else { return };
        loop {
            tokio::select! {
                key = asked.recv() => {
                    let Some(key) = key else { return };
                    if let Err(error) = self.queue_reset(&key).await {
                        tracing::warn!(%error, "a link that somebody asked for is not queued");
                    }
                }
                () = self.shared.mail_waits.notified() => {}
                () = tokio::time::sleep(REST_MAX) => {}
            }
            if let Err(error) = self.send_due().await {
                tracing::warn!(%error, "mails cannot be sent");
            }
        }
    }

    /// Sends the mails whose time has come; returns how many were tried.
    pub(crate) async fn send_due(&self) -> Result<usize, AccountError> {
        let reader = self.shared.store.reader();
        let now = self.shared.clock.now();
        let due = mails::due(reader, now, limits::MAIL_ROUND_MAX).await?;
        let count = due.len();
        for mail in due {
            self.send(mail).await?;
        }
        Ok(count)
    }

    async fn send(&self, mail: Due) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let kind = Kind::from_key(&mail.kind);
        let user = users::by_id(self.shared.store.reader(), mail.user).await?;
        let (Some(kind), Some(user)) = (kind, user.filter(|user| user.active)) else {
            return self.close(mail.id, false).await;
        };
        let Some(token) = self.claim(&mail, kind, now).await? else {
            return Ok(());
        };
        let link = link(&self.shared.config.mail.link_base, kind, &token);
        let reader = mail::Reader {
            email: &user.email,
            name: &user.display_name,
            locale: &user.locale,
        };
        let letter = mail::write(kind, &reader, &link, now.ms());
        let Err(error) = self.shared.post.send(letter).await else {
            return self.close(mail.id, true).await;
        };
        let attempt = mail.attempts + 1;
        tracing::warn!(mail = mail.id, kind = mail.kind, attempt, %error, "a mail did not get through");
        if attempt >= limits::MAIL_ATTEMPTS_MAX {
            return self.close(mail.id, false).await;
        }
        Ok(())
    }

    /// Claims a mail for one try, and makes the token that goes with it, if one does. `None` when
    /// another sender has it.
    async fn claim(
        &self,
        mail: &Due,
        kind: Kind,
        now: Now,
    ) -> Result<Option<OneTimeToken>, AccountError> {
        let token = OneTimeToken::generate();
        let (row, hash) = (mail.clone(), OneTimeToken::hash_of(token.expose()));
        let exponent = u32::try_from(mail.attempts.clamp(0, 16)).unwrap_or(0);
        let next_at = now.db() + FIRST_PAUSE_US * 2_i64.pow(exponent);
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                if !mails::claim(conn, &row, next_at, now).await? {
                    return Ok(false);
                }
                if let Some(purpose) = kind.purpose() {
                    let until = now.db() + life_us(purpose);
                    one_time::replace(conn, row.user, (purpose, &hash), until, now).await?;
                }
                Ok(true)
            })
        });
        Ok(write.await?.then_some(token))
    }

    async fn close(&self, id: i64, sent: bool) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                mails::close(conn, id, sent, now).await?;
                mails::prune(conn, now.db() - DONE_STAY_US).await
            })
        });
        Ok(write.await?)
    }
}

fn life_us(purpose: Purpose) -> i64 {
    let life = match purpose {
        Purpose::VerifyEmail => limits::VERIFY_LINK_TTL,
        Purpose::ResetPassword => limits::RESET_LINK_TTL,
    };
    i64::try_from(life.as_micros()).unwrap_or(i64::MAX)
}

fn link(base: &str, kind: Kind, token: &OneTimeToken) -> String {
    match kind.purpose() {
        Some(Purpose::VerifyEmail) => format!("{base}/verify-email#{}", token.expose()),
        Some(Purpose::ResetPassword) => format!("{base}/reset-password#{}", token.expose()),
        None => format!("{base}/forgot-password"),
    }
}
