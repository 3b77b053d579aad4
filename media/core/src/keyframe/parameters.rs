//! The parameter sets of an H.264 or H.265 stream, remembered so that they can be repeated in
//! front of a keyframe that comes without them.
//!
//! Sets are taken from packets that carry them whole; the latest of each kind and number counts.

use bytes::Bytes;

use super::{h264, h265, sps};
use crate::keyframe::bits::Bits;
use crate::limits::{MAX_PARAMETER_SET_BYTES, MAX_PARAMETER_SETS};
use crate::peer::Codec;

/// See the module header.
#[derive(Debug, Default)]
pub(crate) struct ParameterSets {
    /// Ascending by kind and number, which is the order in which they must be sent.
    sets: Vec<Set>,
}

#[derive(Debug)]
struct Set {
    kind: u8,
    number: u32,
    unit: Vec<u8>,
}

/// What a packet did to the sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Observed {
    /// It carries a set.
    pub(crate) any: bool,
    /// A sequence parameter set is new or has changed.
    pub(crate) sequence: Option<sps::Sps>,
}

/// The number that tells sets of one kind apart. H.265 sequence sets hide theirs behind the
/// profile; nobody sends two.
fn number(codec: &Codec, kind: u8, unit: &[u8]) -> Option<u32> {
    match (codec, kind) {
        (Codec::H264 { .. }, h264::SPS) => Bits::new(unit.get(4..)?).ue(),
        (Codec::H264 { .. }, _) => Bits::new(unit.get(1..)?).ue(),
        (_, h265::VPS) => Some(u32::from(unit.get(2)? >> 4)),
        (_, h265::PPS) => Bits::new(unit.get(2..)?).ue(),
        _ => Some(0),
    }
}

impl ParameterSets {
    /// Looks at the payload of a packet of the stream.
    pub(crate) fn observe(&mut self, codec: &Codec, payload: &[u8]) -> Observed {
        let mut observed = Observed::default();
        let units = match codec {
            Codec::H264 { .. } => h264::units(payload),
            Codec::H265 { .. } => h265::units(payload),
            _ => return observed,
        };
        for unit in units.flatten() {
            let (kind, wanted, sequence) = match codec {
                Codec::H264 { .. } => (h264::kind(unit), h264::SPS..=h264::PPS, h264::SPS),
                _ => (h265::kind(unit), h265::VPS..=h265::PPS, h265::SPS),
            };
            let Some(kind) = kind.filter(|kind| wanted.contains(kind)) else {
                continue;
            };
            observed.any = true;
            if self.remember(codec, kind, unit) && kind == sequence {
                observed.sequence = match codec {
                    Codec::H264 { .. } => sps::h264(unit),
                    _ => sps::h265(unit),
                };
            }
        }
        observed
    }

    /// Returns whether the set is news.
    fn remember(&mut self, codec: &Codec, kind: u8, unit: &[u8]) -> bool {
        let Some(number) = number(codec, kind, unit) else {
            return false;
        };
        let place = |set: &Set| (set.kind, set.number);
        match self.sets.binary_search_by_key(&(kind, number), place) {
            Ok(at) if self.sets[at].unit == unit => return false,
            // Too long to be repeated: better no set than the one before it.
            Ok(at) if unit.len() > MAX_PARAMETER_SET_BYTES => {
                self.sets.remove(at);
            }
            Ok(at) => self.sets[at].unit = unit.to_vec(),
            Err(at)
                if self.sets.len() < MAX_PARAMETER_SETS
                    && unit.len() <= MAX_PARAMETER_SET_BYTES =>
            {
                let unit = unit.to_vec();
                self.sets.insert(at, Set { kind, number, unit });
            }
            Err(_) => return false,
        }
        true
    }

    /// The payloads that carry all sets, in order: one aggregate where the format knows them and
    /// the sets fit into `room` bytes. Empty when a kind is missing.
    pub(crate) fn payloads(&self, codec: &Codec, room: usize) -> Vec<Bytes> {
        let (kinds, head): (&[u8], &[u8]) = match codec {
            // NRI 3, as the sets in it have.
            Codec::H264 { .. } => (&[h264::SPS, h264::PPS], &[0x60 | h264::STAP_A]),
            Codec::H265 { .. } => (&[h265::VPS, h265::SPS, h265::PPS], &[h265::AP << 1, 1]),
            _ => return Vec::new(),
        };
        let has = |kind: &u8| self.sets.iter().any(|set| set.kind == *kind);
        if !kinds.iter().all(has) {
            return Vec::new();
        }
        let aggregates = !matches!(
            codec,
            Codec::H264 {
                packetization_mode: 0,
                ..
            }
        );
        let len = |set: &Set| 2 + set.unit.len();
        if !aggregates || head.len() + self.sets.iter().map(len).sum::<usize>() > room {
            let single = |set: &Set| Bytes::copy_from_slice(&set.unit);
            return self.sets.iter().map(single).collect();
        }
        let mut payload = head.to_vec();
        for set in &self.sets {
            payload.extend_from_slice(&(set.unit.len() as u16).to_be_bytes());
            payload.extend_from_slice(&set.unit);
        }
        vec![Bytes::from(payload)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const H264: Codec = Codec::H264 {
        profile_level_id: 0x42_e0_1f,
        packetization_mode: 1,
    };
    const SPS: &[u8] = &[0x67, 0x42, 0xe0, 0x1f, 0x8d, 0x68, 0x05, 0x00, 0x5b, 0xa1];
    const PPS: &[u8] = &[0x68, 0xce, 0x06, 0xe2];

    #[test]
    fn sets_are_collected_from_single_units_and_aggregates() {
        let mut sets = ParameterSets::default();
        assert!(sets.payloads(&H264, 1_200).is_empty());
        let first = sets.observe(&H264, SPS);
        assert!(first.any);
        assert_eq!(sets.observe(&H264, SPS).sequence, None, "no news");
        assert!(sets.payloads(&H264, 1_200).is_empty(), "no picture set");
        let stap = [&[24, 0, 4], PPS, &[0, 1, 9]].concat();
        assert!(sets.observe(&H264, &stap).any);
        let expected = [&[0x78, 0, 10], SPS, &[0, 4], PPS].concat();
        assert_eq!(sets.payloads(&H264, 1_200), [Bytes::from(expected)]);
        assert_eq!(sets.payloads(&H264, 12), [SPS, PPS], "no room for both");
        let single = Codec::H264 {
            profile_level_id: 0x42_e0_1f,
            packetization_mode: 0,
        };
        assert_eq!(sets.payloads(&single, 1_200), [SPS, PPS]);
    }

    #[test]
    fn h265_needs_three_kinds() {
        let codec = Codec::H265 {
            profile_id: 1,
            tier: 0,
            level_id: 93,
        };
        let mut sets = ParameterSets::default();
        sets.observe(&codec, &[0x44, 1, 0x80]);
        sets.observe(&codec, &[0x42, 1, 2]);
        assert!(sets.payloads(&codec, 1_200).is_empty());
        sets.observe(&codec, &[0x60, 1, 0, 3, 0x40, 1, 0x0c]);
        let expected = [
            0x60, 1, 0, 3, 0x40, 1, 0x0c, 0, 3, 0x42, 1, 2, 0, 3, 0x44, 1, 0x80,
        ];
        assert_eq!(sets.payloads(&codec, 1_200), [&expected[..]]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut sets = ParameterSets::default();
        for number in 0..200u8 {
            // Picture sets 0 to 199, as far as one byte of Exp-Golomb reaches.
            sets.observe(&H264, &[0x68, number, number, 1]);
            sets.observe(&H264, &[&[0x68, number][..], &[7; 2_000]].concat());
        }
        assert!(sets.sets.len() <= MAX_PARAMETER_SETS);
        let bytes = sets.sets.iter().map(|set| set.unit.len()).sum::<usize>();
        assert!(bytes <= MAX_PARAMETER_SETS * MAX_PARAMETER_SET_BYTES);
    }
}
