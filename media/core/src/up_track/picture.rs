//! What the packets of a video track say about its pictures: keyframes, parameter sets, B-frames.
//!
//! Encoders that send their parameter sets once leave a viewer who joins later with keyframes that
//! cannot be decoded. So sets are remembered, and repeated in front of a keyframe without them.

use bytes::Bytes;

use crate::border::{Packet, Svc};
use crate::keyframe::{self, Dependencies, Key, ParameterSets, Sps};
use crate::limits::PARAMETER_PACKET_BYTES;
use crate::peer::Codec;

/// See the module header.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    sets: ParameterSets,
    /// Timestamp of the latest frame that has its sets.
    equipped: Option<u32>,
    /// The latest sequence parameter set.
    pub(crate) sps: Option<Sps>,
    dependencies: Dependencies,
    /// B slices so far.
    pub(crate) b_slices: u64,
}

impl Picture {
    /// Looks at a packet of the track.
    pub(super) fn look(&mut self, codec: &Codec, timestamp: u32, payload: &[u8]) -> (Key, Svc) {
        let observed = self.sets.observe(codec, payload);
        if observed.any {
            self.equipped = Some(timestamp);
            self.sps = observed.sequence.or(self.sps);
        }
        self.b_slices += u64::from(keyframe::begins_b_slice(codec, payload));
        keyframe::look(codec, payload)
    }

    /// Takes what the descriptor of a packet says before what its payload says. A keyframe needs its
    /// structure, or those who read descriptors could not start there.
    #[cold]
    pub(super) fn describe<'a>(&mut self, descriptor: &'a [u8], packet: &mut Packet<'a>) {
        let Some(described) = self.dependencies.look(descriptor) else {
            return;
        };
        packet.descriptor = descriptor;
        packet.svc = described.svc.unwrap_or(packet.svc);
        if !described.structure {
            packet.key = Key::No;
        }
    }

    /// The payloads to put in front of this packet: those that a keyframe lacks, mostly none.
    /// None either when packets before it are missing, which may be the sets.
    pub(super) fn lacking(
        &mut self,
        codec: &Codec,
        timestamp: u32,
        key: Key,
        in_order: bool,
    ) -> Vec<Bytes> {
        if key != Key::Slice || self.equipped == Some(timestamp) {
            return Vec::new();
        }
        self.equipped = Some(timestamp);
        if !in_order {
            return Vec::new();
        }
        self.sets.payloads(codec, PARAMETER_PACKET_BYTES)
    }
}
