//! One order for everyone, and snapshots that fit the frames after them.
#![allow(clippy::unwrap_used)]

mod live;
mod stock;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use signaling_wire::{
    Epoch, Lane, Position, ServerFrame,
    frame::{
        chat::{Backlog, Batch},
        control::{LaneHeads, Presence, Snapshot},
        shop::Pinned,
    },
};

use super::{Registered, Room};
use crate::testing::{card, message, shelf, stream};

fn room() -> Room {
    let (shelf, chat) = (shelf(0), Backlog::default());
    Room::new(
        Epoch(9),
        Registered {
            stream: stream(1),
            shelf,
            chat,
            sanctions: Default::default(),
        },
    )
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Card,
    Pin,
    Chat,
    Presence,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Card),
        Just(Step::Pin),
        Just(Step::Chat),
        Just(Step::Presence)
    ]
}

/// What a reader knows who applies frames as the front end does.
#[derive(Clone, Debug, PartialEq)]
struct Reader {
    seq: u64,
    heads: LaneHeads,
    cards: u32,
    pinned: Option<u32>,
    said: Vec<String>,
    presence: Presence,
}

impl Reader {
    fn new(snapshot: &Snapshot) -> Self {
        let pinned = snapshot.shop.pinned;
        let cards = &snapshot.shop.cards;
        Self {
            seq: snapshot.seq,
            heads: snapshot.lanes,
            cards: u32::try_from(cards.len()).unwrap(),
            pinned: cards
                .iter()
                .find(|card| Some(card.id) == pinned)
                .map(|card| card.no),
            said: snapshot
                .chat
                .messages
                .iter()
                .map(|message| message.key.clone())
                .collect(),
            presence: snapshot.presence,
        }
    }

    fn apply(&mut self, lane: Lane, position: Position, frame: &ServerFrame) {
        assert_eq!(position.epoch, Epoch(9));
        assert!(position.seq > self.seq, "nothing comes twice");
        let head = match lane {
            Lane::Control => &mut self.heads.control,
            Lane::Shop => &mut self.heads.shop,
            Lane::Chat => &mut self.heads.chat,
            Lane::Stock => panic!("stock has no history"),
        };
        assert_eq!(position.prev, *head, "nothing is missing on the lane");
        (*head, self.seq) = (position.seq, position.seq);
        match frame {
            ServerFrame::Card(_) => self.cards += 1,
            ServerFrame::Pinned(pinned) => self.pinned = Some(pinned.card.no),
            ServerFrame::Chat(batch) => {
                self.said
                    .extend(batch.messages.iter().map(|message| message.key.clone()));
                let surplus = self.said.len().saturating_sub(50);
                self.said.drain(..surplus);
            }
            ServerFrame::Presence(presence) => self.presence = *presence,
            other => panic!("{other:?}"),
        }
    }
}

/// Lets the steps happen; `each` sees the room before every step.
fn play(
    steps: &[Step],
    mut each: impl FnMut(usize, &Room),
) -> (Room, Vec<(Lane, Position, ServerFrame)>) {
    let (mut room, mut log, now) = (room(), Vec::new(), Instant::now());
    let mut chat = Backlog::default();
    for (index, step) in steps.iter().enumerate() {
        each(index, &room);
        let frame = match step {
            Step::Card => {
                let mut state = room.registered().shelf.clone();
                let next = u32::try_from(state.cards.len()).unwrap() + 1;
                state.cards.push(card(next));
                room.set_shelf(state);
                ServerFrame::Card(card(next))
            }
            Step::Pin => {
                let mut state = room.registered().shelf.clone();
                let Some(last) = state.cards.last().cloned() else {
                    continue;
                };
                state.pinned = Some(last.id);
                room.set_shelf(state);
                ServerFrame::Pinned(Pinned {
                    card: last,
                    at_ms: 1,
                })
            }
            Step::Chat => {
                let said = message(u32::try_from(index).unwrap());
                chat.messages.push(said.clone());
                room.set_chat(chat.clone());
                ServerFrame::Chat(Batch {
                    messages: vec![said],
                })
            }
            Step::Presence => {
                room.presence.set_viewers(u32::try_from(index).unwrap() + 1);
                let later = now + Duration::from_secs(10 * (index as u64 + 1));
                let Some(presence) = room.presence.take(later) else {
                    continue;
                };
                ServerFrame::Presence(presence)
            }
        };
        let (lane, position) = room.place(&frame).unwrap();
        log.push((lane, position, frame));
    }
    (room, log)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Wherever a reader joins: snapshot and later frames make the same room as the last snapshot,
    /// with nothing missing and nothing twice.
    #[test]
    fn a_snapshot_and_the_frames_after_it_make_a_whole(
        steps in proptest::collection::vec(step(), 1..120),
        joins in proptest::collection::vec(any::<prop::sample::Index>(), 1..8),
    ) {
        let joins: Vec<usize> = joins.iter().map(|join| join.index(steps.len())).collect();
        let mut readers = Vec::new();
        let (room, log) = play(&steps, |index, room| {
            if joins.contains(&index) {
                readers.push(Reader::new(&room.snapshot(5)));
            }
        });
        let last = Reader::new(&room.snapshot(5));
        for mut reader in readers {
            for (lane, position, frame) in &log {
                if position.seq > reader.seq {
                    reader.apply(*lane, *position, frame);
                }
            }
            prop_assert_eq!(&reader, &last);
        }
    }

    /// Positions rise by one over all lanes, whatever is published in which order.
    #[test]
    fn positions_are_dense(steps in proptest::collection::vec(step(), 1..200)) {
        let (_, log) = play(&steps, |_, _| {});
        for (index, (_, position, _)) in log.iter().enumerate() {
            prop_assert_eq!(position.seq, index as u64 + 1);
        }
    }
}

/// The reader's checks are worth something: a lost and a repeated frame are both noticed.
#[test]
fn a_reader_notices_what_is_lost_or_comes_twice() {
    let steps = [Step::Card, Step::Card, Step::Card];
    let mut first = None;
    let (_, log) = play(&steps, |index, room| {
        if index == 0 {
            first = Some(Reader::new(&room.snapshot(5)));
        }
    });
    for order in [&[0, 2][..], &[0, 0], &[1]] {
        let mut reader = first.clone().unwrap();
        let broken = std::panic::catch_unwind(move || {
            for index in order {
                let (lane, position, frame) = &log_entry(&steps, *index);
                reader.apply(*lane, *position, frame);
            }
        });
        assert!(broken.is_err(), "{order:?} went unnoticed");
    }
    assert_eq!(log.len(), 3);
}

fn log_entry(steps: &[Step], index: usize) -> (Lane, Position, ServerFrame) {
    play(steps, |_, _| {}).1.swap_remove(index)
}

#[test]
fn personal_frames_have_no_place() {
    let mut room = room();
    let before = room.snapshot(5);
    let bye = crate::queue::bye(signaling_wire::frame::control::ByeReason::Ended);
    let frame = crate::testing::read(&bye).frame;
    assert_eq!(room.place(&frame), None);
    assert_eq!(room.snapshot(5), before);
}

#[test]
fn the_backlog_of_a_snapshot_is_bounded() {
    let mut room = room();
    room.set_chat(Backlog {
        messages: (0..80).map(message).collect(),
    });
    let shown = room.snapshot(5).chat.messages;
    assert_eq!(shown.len(), 50);
    assert_eq!(shown.last(), Some(&message(79)));
}
