//! One track of a publisher as it comes in: order, loss, clock.
//!
//! Turns authenticated RTP packets into [`Packet`]s of a [`Source`] and decides what is missing.
//! Knows neither peers nor viewers; who calls it sends the NACKs and reports that it asks for. A
//! new SSRC, codec or way of counting begins a new generation, so that viewers re-anchor.

mod picture;
mod reception;
mod sequence;

use std::time::Instant;

use bytes::Bytes;

use crate::border::{Packet, PeerId, Source, Svc};
use crate::clock::{Clock, WallClock};
use crate::keyframe::{self, Key};
use crate::limits::SSRC_SILENCE;
use crate::lint::Told;
use crate::nack::Missing;
use crate::peer::Codec;
use crate::report::TrackReport;
use picture::Picture;
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
    /// Packets given up as lost since the last look, and before it.
    pub(crate) lost: u64,
    lost_before: u64,
    /// Packets that came because they were asked for, since the last look, and before it.
    repaired: u64,
    repaired_before: u64,
    inserted: Vec<Bytes>,
}

struct Active {
    ssrc: u32,
    codec: Codec,
    sequence: Sequence,
    reception: Reception,
    clock: Clock,
    picture: Picture,
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
    /// AV1 dependency descriptor; mostly empty.
    pub(crate) descriptor: &'a [u8],
    pub(crate) payload: &'a [u8],
    /// The SSRC is the one that was signalled.
    pub(crate) expected: bool,
    /// It came as a retransmission of its own payload type.
    pub(crate) repeated: bool,
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

/// Parameter sets that the publisher left out.
#[derive(Debug)]
pub(crate) struct Inserted {
    first: u64,
    payloads: Vec<Bytes>,
}

impl Inserted {
    /// They as packets of the same frame as `of`.
    pub(crate) fn packets<'a>(&'a self, of: &Packet<'_>) -> impl Iterator<Item = Packet<'a>> {
        let Packet {
            source,
            codec,
            timestamp,
            ..
        } = *of;
        let payloads = self.payloads.iter();
        payloads.zip(self.first..).map(move |(payload, index)| {
            let (key, svc) = keyframe::look(&codec, payload);
            Packet {
                source,
                codec,
                index,
                timestamp,
                marker: false,
                key,
                svc,
                descriptor: &[],
                payload,
            }
        })
    }
}

impl UpTrack {
    pub(crate) fn new(publisher: PeerId, layer: u8, missing: Missing) -> Self {
        Self {
            publisher,
            layer,
            generation: 0,
            active: None,
            missing,
            lost: 0,
            lost_before: 0,
            repaired: 0,
            repaired_before: 0,
            inserted: Vec::new(),
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
            let near = || active.sequence.is_near(incoming.sequence);
            if incoming.repeated && (active.codec != incoming.codec || !near()) {
                return Outcome::Late;
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
                let no_gap = gap.is_empty();
                self.arrived(now, wall, &incoming, extended, gap);
                let newest = |active: &Active| active.sequence.is_newest(extended);
                let in_order = no_gap && self.active.as_ref().is_some_and(newest);
                Outcome::Forward(self.packet(index, in_order, &incoming))
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
        self.missing.clear();
        let active = self.active.insert(Active {
            ssrc: incoming.ssrc,
            codec: incoming.codec,
            sequence: Sequence::default(),
            reception: Reception::default(),
            clock: Clock::default(),
            picture: Picture::default(),
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
        // A stream of its own as far as loss and jitter go (RFC 4588 section 8.1).
        if incoming.repeated {
            return;
        }
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

    /// The packet for viewers. In front of one that came in order may stand some of our own, which
    /// [`UpTrack::take_inserted`] then hands out.
    fn packet<'a>(&mut self, index: u64, in_order: bool, incoming: &Incoming<'a>) -> Packet<'a> {
        let Incoming {
            codec,
            timestamp,
            marker,
            payload,
            ..
        } = *incoming;
        let mut packet = Packet {
            source: self.source(),
            codec,
            index,
            timestamp,
            marker,
            key: Key::No,
            svc: Svc::default(),
            descriptor: &[],
            payload,
        };
        if let Some(active) = self.active.as_mut().filter(|_| codec.is_video()) {
            (packet.key, packet.svc) = active.picture.look(&codec, timestamp, payload);
            if !incoming.descriptor.is_empty() {
                active.picture.describe(incoming.descriptor, &mut packet);
            }
            let picture = &mut active.picture;
            self.inserted = picture.lacking(&codec, timestamp, packet.key, in_order);
            if !self.inserted.is_empty() {
                packet.index = active.sequence.insert(index, self.inserted.len());
            }
        }
        packet
    }

    fn source(&self) -> Source {
        Source {
            publisher: self.publisher,
            generation: self.generation,
            layer: self.layer,
        }
    }

    /// Hands out the packets of our own that stand in front of `packet`, the last one to arrive.
    pub(crate) fn take_inserted(&mut self, packet: &Packet<'_>) -> Inserted {
        Inserted {
            first: packet.index - self.inserted.len() as u64,
            payloads: std::mem::take(&mut self.inserted),
        }
    }

    /// SSRC of the packets, once there were some.
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.active.as_ref().map(|active| active.ssrc)
    }

    /// Packets given up as lost since the last call.
    pub(crate) fn take_lost(&mut self) -> u64 {
        let lost = std::mem::take(&mut self.lost);
        self.lost_before += lost;
        lost
    }

    /// Packets that came because they were asked for, since the last call.
    pub(crate) fn take_repaired(&mut self) -> u64 {
        let repaired = std::mem::take(&mut self.repaired);
        self.repaired_before += repaired;
        repaired
    }

    /// The figures of the track, for whoever asks; `rid` and `bitrate` are known elsewhere.
    pub(crate) fn describe(&self) -> TrackReport {
        let active = self.active.as_ref();
        let (packets, loss) = active.map_or((0, 0), |active| active.reception.totals());
        TrackReport {
            video: active.is_some_and(|active| active.codec.is_video()),
            codec: active.map(|active| active.codec),
            layer: self.layer,
            packets,
            loss,
            nacks: self.missing.requested,
            resent: self.repaired + self.repaired_before,
            ..TrackReport::default()
        }
    }

    /// What the lint wants to know.
    pub(crate) fn told(&self) -> Told {
        let picture = self.active.as_ref().map(|active| &active.picture);
        Told {
            sps: picture.and_then(|picture| picture.sps),
            b_slices: picture.map_or(0, |picture| picture.b_slices),
            requested: self.missing.requested,
            lost: self.lost + self.lost_before,
        }
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
