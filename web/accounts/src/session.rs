//! Sessions: what a refresh token may do now, and which sessions have ended.
//!
//! A session is a family of refresh tokens that descend from one sign-in. Each is good for one use;
//! a later use means that two hold it, so the family ends (RFC 9700 4.14.2). Pure; times are
//! arguments.

use std::collections::HashMap;

use crate::{clock::Now, limits};

/// What the database holds about a refresh token, times in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) expires_at: i64,
    pub(crate) used_at: Option<i64>,
    pub(crate) revoked_at: Option<i64>,
}

/// How well the owner of a session has proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proof {
    /// When, microseconds: by a password, at the sign-in or since.
    pub(crate) at: i64,
    /// By a second factor, too.
    pub(crate) two_factors: bool,
}

/// What follows from presenting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// First use: this one and its unused siblings are spent, a new one is issued.
    Rotate,
    /// A second use so soon that it is another tab of the same browser: a sibling is issued.
    Grace,
    /// A second use later: somebody copied it. The family ends.
    Reused,
    /// Expired or revoked.
    Ended,
}

impl Held {
    pub(crate) fn judge(self, now: Now) -> Verdict {
        let grace_us = i64::try_from(limits::REFRESH_GRACE.as_micros()).unwrap_or(0);
        match self.used_at {
            _ if self.revoked_at.is_some() || now.db() >= self.expires_at => Verdict::Ended,
            None => Verdict::Rotate,
            Some(used_at) if now.db().saturating_sub(used_at) <= grace_us => Verdict::Grace,
            Some(_) => Verdict::Reused,
        }
    }
}

/// Sessions that ended so recently that access tokens of them could still be alive.
///
/// It is as large as the sign-outs of one access token's life, each of which needed a sign-in.
#[derive(Debug, Default)]
pub(crate) struct EndedSessions {
    until_s: HashMap<String, u64>,
}

impl EndedSessions {
    /// Remembers that a session ended, until `until_s`, when the last of its access tokens is dead.
    pub(crate) fn insert(&mut self, family: String, until_s: u64, now: Now) {
        // Sweeping at doublings keeps inserting cheap on average.
        if self.until_s.len() == self.until_s.capacity() {
            self.until_s.retain(|_, until| *until >= now.s());
        }
        let known = self.until_s.entry(family).or_default();
        *known = (*known).max(until_s);
    }

    pub(crate) fn contains(&self, family: &str) -> bool {
        self.until_s.contains_key(family)
    }
}

#[cfg(test)]
mod tests;
