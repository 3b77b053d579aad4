//! One track of a publisher as it comes in: order, loss, clock.
//!
//! Turns authenticated RTP packets into [`Packet`]s of a [`Source`] and decides what is missing.
//! Knows neither peers nor viewers; who calls it sends the NACKs and reports that it asks for. A
//! new SSRC, codec or way of counting begins a new generation, so that viewers re-anchor.

mod reception;
mod sequence;

use std::time::Instant;

use crate::border::{Packet, PeerId, Source, Svc};
use crate::clock::{Clock, WallClock};
use crate::keyframe::{self, Key};
use crate::limits::SSRC_SILENCE;
use crate::nack::Missing;
use crate::peer::Codec;
use reception::Reception;
use sequence::{Place, Sequence};

/// See the module header.
pub(crate) struct UpTrack {
    publisher: PeerId,
    layer: u8,
    generation: u32,
    active: Option<Active>,
    /// What is asked for again.
    pub(crate) missing: Missing,
    /// Packets given up as lost since the last look.
    pub(crate) lost: u64,
    /// Packets that came because they were asked for, since the last look.
    pub(crate) repaired: u64,
}

struct Active {
    ssrc: u32,
    codec: Codec,
    sequence: Sequence,
    reception: Reception,
    clock: Clock,
    heard: Instant,
}

/// The RTP fields of one packet of the track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) ssrc: u32,
    pub(crate) codec: Codec,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: &'a [u8],
    /// The SSRC is the one that was signalled, or of the layer that was chosen.
    pub(crate) expected: bool,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome<'a> {
    /// Hand it on. Duplicates are for the ring to find.
    Forward(Packet<'a>),
    /// Padding without a place, or padding seen before.
    Padding,
    /// Of another SSRC while the track's own is alive.
    Foreign,
    /// Too old, or the first packet after a jump.
    Late,
}

impl UpTrack {
    pub(crate) fn new(publisher: PeerId, layer: u8) -> Self {
        let missing = Missing::default();
        Self {
            publisher,
            layer,
            generation: 0,
            active: None,
            missing,
            lost: 0,
            repaired: 0,
        }
    }

    /// Takes the next packet to arrive.
    pub(crate) fn accept<'a>(
        &mut self,
        now: Instant,
        wall: &WallClock,
        incoming: Incoming<'a>,
    ) -> Outcome<'a> {
        if let Some(active) = &self.active {
            let other = active.ssrc != incoming.ssrc;
            let silent = now.saturating_duration_since(active.heard) >= SSRC_SILENCE;
            if other && !incoming.expected && !silent {
                return Outcome::Foreign;
            }
            if other || active.codec != incoming.codec {
                self.active = None;
            }
        }
        match self.place(now, &incoming) {
            Place::At {
                index,
                extended,
                gap,
            } => {
                self.arrived(now, wall, &incoming, extended, gap);
                Outcome::Forward(self.packet(index, &incoming))
            }
            Place::Skipped { extended, gap } => {
                self.arrived(now, wall, &incoming, extended, gap);
                Outcome::Padding
            }
            Place::Duplicate => Outcome::Padding,
            Place::Late | Place::Wild | Place::Restart => Outcome::Late,
        }
    }

    fn place(&mut self, now: Instant, incoming: &Incoming<'_>) -> Place {
        let padding = incoming.payload.is_empty();
        if let Some(active) = &mut self.active {
            let place = active.sequence.place(incoming.sequence, padding);
            if place != Place::Restart {
                return place;
            }
        }
        self.generation += 1;
        self.missing = Missing::default();
        let active = self.active.insert(Active {
            ssrc: incoming.ssrc,
            codec: incoming.codec,
            sequence: Sequence::default(),
            reception: Reception::default(),
            clock: Clock::default(),
            heard: now,
        });
        active.sequence.place(incoming.sequence, padding)
    }

    fn arrived(
        &mut self,
        now: Instant,
        wall: &WallClock,
        incoming: &Incoming<'_>,
        extended: u64,
        gap: std::ops::Range<u64>,
    ) {
        self.lost += self.missing.gap(now, gap);
        let repaired = self.missing.received(extended);
        self.repaired += u64::from(repaired);
        let Some(active) = &mut self.active else {
            return;
        };
        active.heard = now;
        let rate = active.codec.clock_rate();
        let ntp = wall.ntp(now);
        let ticks = ((u128::from(ntp) * u128::from(rate)) >> 32) as u32;
        active
            .reception
            .received(extended, incoming.timestamp, ticks);
        if !repaired {
            active.clock.arrived(ntp, incoming.timestamp, rate);
        }
    }

    fn packet<'a>(&self, index: u64, incoming: &Incoming<'a>) -> Packet<'a> {
        let source = Source {
            publisher: self.publisher,
            generation: self.generation,
            layer: self.layer,
        };
        let Incoming {
            codec,
            timestamp,
            marker,
            payload,
            ..
        } = *incoming;
        let key = if codec.is_video() {
            keyframe::classify(&codec, payload)
        } else {
            Key::No
        };
        Packet {
            source,
            codec,
            index,
            timestamp,
            marker,
            key,
            svc: Svc::default(),
            payload,
        }
    }

    /// SSRC of the packets, once there were some.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.active.as_ref().map(|active| active.ssrc)
    }

    /// A sender report of this track. Returns whether it can be true.
    pub(crate) fn sender_report(&mut self, now: Instant, local: u64, ntp: u64, rtp: u32) -> bool {
        let Some(active) = &mut self.active else {
            return false;
        };
        let rate = active.codec.clock_rate();
        active.reception.sender_report(ntp, now);
        active.clock.reported(ntp, rtp, local, rate)
    }

    /// How its timestamps map to our time.
    pub(crate) fn clock(&self) -> Option<&Clock> {
        self.active.as_ref().map(|active| &active.clock)
    }

    /// The block for the next receiver report.
    pub(crate) fn report(&mut self, now: Instant) -> Option<crate::rtcp::Block> {
        let active = self.active.as_mut()?;
        active.reception.block(active.ssrc, now)
    }
}

#[cfg(test)]
mod tests;
