//! The last messages of one room, oldest first. Pure.

use std::collections::VecDeque;

use signaling_wire::{
    frame::chat::{Backlog, Message},
    limits::CHAT_BACKLOG_MAX,
};

/// The last [`CHAT_BACKLOG_MAX`] messages.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    messages: VecDeque<Message>,
}

impl Recent {
    /// Takes the last messages as they are kept, oldest first.
    pub(crate) fn of(messages: Vec<Message>) -> Self {
        let mut recent = Self::default();
        recent.add(&messages);
        recent
    }

    /// Adds what was just said, oldest first.
    pub(crate) fn add(&mut self, messages: &[Message]) {
        self.messages.extend(messages.iter().cloned());
        let surplus = self.messages.len().saturating_sub(CHAT_BACKLOG_MAX);
        self.messages.drain(..surplus);
    }

    /// What a newcomer is shown.
    pub(crate) fn frame(&self) -> Backlog {
        Backlog {
            messages: self.messages.iter().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
