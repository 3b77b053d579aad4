//! Answers by idempotency key: the same request is done once and answered alike.
//!
//! Pure; `now` is an argument. The oldest answers are forgotten, after three hours or when there
//! are too many.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use axum::http::StatusCode;
use serde_json::Value;

use crate::{error::Refusal, limits};

/// A finished answer.
pub(crate) type Answer = (StatusCode, Value);

/// What to do with a request that carries a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Work on it, then say how it ended with [`Keys::finish`].
    Fresh,
    /// It was done; this was the answer.
    Replay(Answer),
}

struct Entry {
    fingerprint: u64,
    answer: Option<Answer>,
}

/// The keys of a provider.
#[derive(Default)]
pub(crate) struct Keys {
    entries: HashMap<String, Entry>,
    order: VecDeque<(Instant, String)>,
}

/// Reads the header's value, quoted (a structured-field string) or not.
pub(crate) fn parse(value: &str) -> Result<&str, Refusal> {
    let key = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    let ok = limits::IDEMPOTENCY_KEY_CHARS.contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if ok {
        Ok(key)
    } else {
        Err(Refusal::invalid_request(
            "Idempotency-Key must be 16 to 256 ASCII characters",
        ))
    }
}

impl Keys {
    /// Begins a request, or tells what became of the one before.
    pub(crate) fn begin(
        &mut self,
        key: &str,
        fingerprint: u64,
        now: Instant,
    ) -> Result<Admission, Refusal> {
        self.forget(now, limits::IDEMPOTENCY_KEYS_MAX);
        match self.entries.get(key) {
            Some(entry) if entry.fingerprint != fingerprint => Err(Refusal::idempotency_reused()),
            Some(Entry {
                answer: Some(answer),
                ..
            }) => Ok(Admission::Replay(answer.clone())),
            Some(_) => Err(Refusal::idempotency_outstanding()),
            None => {
                self.forget(now, limits::IDEMPOTENCY_KEYS_MAX - 1);
                self.entries.insert(
                    key.to_owned(),
                    Entry {
                        fingerprint,
                        answer: None,
                    },
                );
                self.order.push_back((now, key.to_owned()));
                Ok(Admission::Fresh)
            }
        }
    }

    /// Keeps the answer; `None` for a request that did nothing and may be tried again.
    pub(crate) fn finish(&mut self, key: &str, answer: Option<Answer>) {
        if answer.is_none() {
            self.entries.remove(key);
            // It began lately, so it is near the end.
            if let Some(at) = self.order.iter().rposition(|(_, other)| other == key) {
                self.order.remove(at);
            }
        } else if let Some(entry) = self.entries.get_mut(key) {
            entry.answer = answer;
        }
    }

    /// Drops stale answers, and the oldest beyond `most`.
    fn forget(&mut self, now: Instant, most: usize) {
        while let Some((at, _)) = self.order.front() {
            let stale = now.duration_since(*at) > limits::IDEMPOTENCY_STAY;
            if !stale && self.order.len() <= most {
                return;
            }
            if let Some((_, key)) = self.order.pop_front() {
                self.entries.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests;
