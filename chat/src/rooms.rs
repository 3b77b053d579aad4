//! What the chat knows of each room, and what waits to be said. Pure.
//!
//! A message passes moderation when it comes in, waits for its batch, and is either kept (and then
//! shown to everyone) or taken back.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use signaling_hub::{Identity, Inbound, SessionKey};
use signaling_wire::{
    ChatMessageId, ClientFrame, Code, Lane, Problem, StreamId,
    frame::chat::{Backlog, Badge, Batch, Message, Say},
};

use crate::{
    backlog::Recent,
    limits::FRAME_MESSAGES_MAX,
    message_ids::MessageIds,
    moderation::{Judgement, Moderator},
};

/// All rooms in which something was said or may be.
#[derive(Default)]
pub(crate) struct Rooms {
    rooms: BTreeMap<StreamId, ChatRoom>,
    ids: MessageIds,
    waiting: Vec<Waiting>,
}

struct ChatRoom {
    moderator: Moderator,
    recent: Recent,
}

struct Waiting {
    session: SessionKey,
    via: Lane,
    stream: StreamId,
    message: Message,
}

/// A refusal, for the one who spoke.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) stream: StreamId,
    pub(crate) session: SessionKey,
    pub(crate) via: Lane,
    pub(crate) key: Option<String>,
    pub(crate) problem: Problem,
}

impl Rooms {
    pub(crate) fn knows(&self, stream: StreamId) -> bool {
        self.rooms.contains_key(&stream)
    }

    /// Takes up a room with its last messages; returns what newcomers are shown.
    pub(crate) fn open(&mut self, stream: StreamId, kept: Vec<Message>) -> Backlog {
        let recent = Recent::of(kept);
        let frame = recent.frame();
        self.rooms.insert(
            stream,
            ChatRoom {
                moderator: Moderator::default(),
                recent,
            },
        );
        frame
    }

    /// Forgets rooms that are no longer there.
    pub(crate) fn retain(&mut self, open: impl Fn(StreamId) -> bool) {
        self.rooms.retain(|stream, _| open(*stream));
    }

    /// Takes a message of an open room in, unless it may not be said. A repeat is neither.
    pub(crate) fn take(
        &mut self,
        inbound: Inbound,
        now: Instant,
        now_ms: u64,
        random: u128,
    ) -> Result<(), Box<Refused>> {
        let Inbound {
            stream,
            session,
            via,
            identity,
            frame,
        } = inbound;
        let ClientFrame::Say(Say { key, body }) = frame else {
            return Ok(());
        };
        let refused = |key, problem| {
            let key = Some(key);
            Err(Box::new(Refused {
                stream,
                session,
                via,
                key,
                problem,
            }))
        };
        let Some(identity) = identity else {
            return refused(key, Problem::new(Code::Unauthenticated, ""));
        };
        let Some(room) = self.rooms.get_mut(&stream) else {
            // The room is there, or the hub would not have sent this: it could not be read.
            let problem = Problem::new(Code::Busy, "the chat is not open yet").retry_after(1);
            return refused(key, problem);
        };
        let body = match room.moderator.judge(identity.user, &key, &body, now) {
            Ok(Judgement::Say(body)) => body,
            Ok(Judgement::Repeat) => return Ok(()),
            Err(refusal) => return refused(key, refusal.into()),
        };
        let (id, at_ms) = self.ids.next(now_ms, random);
        let badge = badge_of(&identity);
        let Identity { user, name, .. } = identity;
        let message = Message {
            id,
            user_id: user,
            name,
            badge,
            body,
            at_ms,
            key,
        };
        self.waiting.push(Waiting {
            session,
            via,
            stream,
            message,
        });
        Ok(())
    }

    /// How many messages wait for their batch.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What is to be kept now, oldest first.
    pub(crate) fn batch(&self) -> Vec<(StreamId, Message)> {
        let waiting = self.waiting.iter();
        waiting
            .map(|waiting| (waiting.stream, waiting.message.clone()))
            .collect()
    }

    /// The batch was kept, of which `fresh` had not been kept before. Returns what each room is
    /// told, frame by frame, each with what newcomers are shown after it.
    pub(crate) fn kept(
        &mut self,
        fresh: &[ChatMessageId],
    ) -> Vec<(StreamId, Vec<(Backlog, Batch)>)> {
        let fresh: BTreeSet<ChatMessageId> = fresh.iter().copied().collect();
        let mut batches: BTreeMap<StreamId, Vec<Message>> = BTreeMap::new();
        for Waiting {
            stream, message, ..
        } in self.waiting.drain(..)
        {
            if fresh.contains(&message.id) {
                batches.entry(stream).or_default().push(message);
            }
        }
        let mut told = Vec::new();
        for (stream, messages) in batches {
            let Some(room) = self.rooms.get_mut(&stream) else {
                continue;
            };
            let mut frames = Vec::new();
            for messages in messages.chunks(FRAME_MESSAGES_MAX) {
                room.recent.add(messages);
                frames.push((
                    room.recent.frame(),
                    Batch {
                        messages: messages.to_vec(),
                    },
                ));
            }
            told.push((stream, frames));
        }
        told
    }

    /// The batch could not be kept: everyone may try again.
    pub(crate) fn lost(&mut self) -> Vec<Refused> {
        let mut refusals = Vec::new();
        for Waiting {
            session,
            via,
            stream,
            message,
        } in self.waiting.drain(..)
        {
            if let Some(room) = self.rooms.get_mut(&stream) {
                room.moderator.forget(message.user_id, &message.key);
            }
            let problem = Problem::new(Code::Busy, "the message was not said").retry_after(1);
            refusals.push(Refused {
                stream,
                session,
                via,
                key: Some(message.key),
                problem,
            });
        }
        refusals
    }
}

fn badge_of(identity: &Identity) -> Option<Badge> {
    if identity.seller {
        Some(Badge::Host)
    } else {
        identity.admin.then_some(Badge::Admin)
    }
}

#[cfg(test)]
mod tests;
