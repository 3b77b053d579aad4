//! What may be said, and how often. Pure: the time is an argument.
//!
//! A body comes out as one line of visible text: control characters, direction overrides and
//! invisible ones are left out, towers of combining marks are cut. Markup stays what it is, text.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use signaling_wire::{
    Code, Problem, UserId,
    limits::{CHAT_BODY_CHARS_MAX, IDEMPOTENCY_KEY_CHARS_MAX},
};

use crate::limits::{COMBINING_MARKS_MAX, RECENT_KEYS, SLOW_MESSAGES, SLOW_WINDOW, SPEAKERS_MAX};

/// Why something is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The key is empty, too long or not visible ASCII.
    #[error("the key must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters")]
    Key,
    /// Nothing visible is left.
    #[error("the message is empty")]
    Empty,
    /// Longer than a message may be.
    #[error("the message is longer than {CHAT_BODY_CHARS_MAX} characters")]
    TooLong,
    /// The account said enough for now.
    #[error("{SLOW_MESSAGES} messages in {} seconds", SLOW_WINDOW.as_secs())]
    TooFast {
        /// Seconds until the next one may be said, 1 and up.
        wait: u32,
    },
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let invalid = |pointer, code| {
            Self::new(Code::ValidationError, "").with_field(pointer, code, refusal.to_string())
        };
        match refusal {
            Refusal::Key => invalid("/key", "format"),
            Refusal::Empty => invalid("/body", "required"),
            Refusal::TooLong => invalid("/body", "max"),
            Refusal::TooFast { wait } => {
                Self::new(Code::RateLimited, refusal.to_string()).retry_after(wait)
            }
        }
    }
}

/// What becomes of something that may be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Say this.
    Say(String),
    /// It has been said already.
    Repeat,
}

/// Watches over one room.
#[derive(Default)]
pub(crate) struct Moderator {
    speakers: HashMap<UserId, Speaker>,
}

#[derive(Default)]
struct Speaker {
    said_at: VecDeque<Instant>,
    keys: VecDeque<String>,
}

impl Moderator {
    /// Judges a message of an account.
    pub(crate) fn judge(
        &mut self,
        user: UserId,
        key: &str,
        body: &str,
        now: Instant,
    ) -> Result<Judgement, Refusal> {
        check_key(key)?;
        if self.speakers.len() >= SPEAKERS_MAX && !self.speakers.contains_key(&user) {
            self.make_room(now);
        }
        let speaker = self.speakers.entry(user).or_default();
        if speaker.keys.iter().any(|known| known == key) {
            return Ok(Judgement::Repeat);
        }
        let body = clean(body)?;
        speaker.forget_before(now);
        if let Some(first) = speaker.said_at.front().filter(|_| speaker.is_at_limit()) {
            let wait = (*first + SLOW_WINDOW).saturating_duration_since(now);
            let wait = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
            return Err(Refusal::TooFast { wait: wait.max(1) });
        }
        speaker.said_at.push_back(now);
        if speaker.keys.len() == RECENT_KEYS {
            speaker.keys.pop_front();
        }
        speaker.keys.push_back(key.to_owned());
        Ok(Judgement::Say(body))
    }

    /// Takes a judgement back: the message could not be kept, and may be tried again.
    pub(crate) fn forget(&mut self, user: UserId, key: &str) {
        if let Some(speaker) = self.speakers.get_mut(&user) {
            speaker.keys.retain(|known| known != key);
            speaker.said_at.pop_back();
        }
    }

    fn make_room(&mut self, now: Instant) {
        self.speakers.retain(|_, speaker| {
            speaker.forget_before(now);
            !speaker.said_at.is_empty()
        });
        if self.speakers.len() >= SPEAKERS_MAX {
            let quietest = self
                .speakers
                .iter()
                .min_by_key(|(_, speaker)| speaker.said_at.back());
            if let Some(user) = quietest.map(|(user, _)| *user) {
                self.speakers.remove(&user);
            }
        }
    }
}

impl Speaker {
    fn forget_before(&mut self, now: Instant) {
        let old = |at: &Instant| now.saturating_duration_since(*at) >= SLOW_WINDOW;
        while self.said_at.front().is_some_and(old) {
            self.said_at.pop_front();
        }
    }

    fn is_at_limit(&self) -> bool {
        self.said_at.len() >= SLOW_MESSAGES
    }
}

fn check_key(key: &str) -> Result<(), Refusal> {
    let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len());
    if fits && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Refusal::Key)
    }
}

/// One line of visible text, or why there is none.
pub(crate) fn clean(body: &str) -> Result<String, Refusal> {
    let mut text = String::with_capacity(body.len());
    let (mut chars, mut marks, mut visible, mut space) = (0, 0, false, false);
    for c in body.chars() {
        if c.is_whitespace() || c.is_control() {
            space = !text.is_empty();
            continue;
        }
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if is_hidden(c) || marks > COMBINING_MARKS_MAX {
            continue;
        }
        if std::mem::take(&mut space) {
            text.push(' ');
            chars += 1;
        }
        text.push(c);
        chars += 1;
        visible |= !is_joiner(c) && !is_mark(c);
        if chars > CHAT_BODY_CHARS_MAX {
            return Err(Refusal::TooLong);
        }
    }
    if visible {
        Ok(text)
    } else {
        Err(Refusal::Empty)
    }
}

/// Marks that stack on the character before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Characters that change how others are shown, or that nobody sees: direction marks and
/// overrides, zero-width and filler characters, tags, interlinear annotation.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Joiners and variation selectors: part of emoji and of some scripts, nothing by themselves.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests;
