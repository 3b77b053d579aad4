//! Writing RTCP: the parts that a compound is put together from.
//!
//! A [`Writer`] appends to a buffer on the caller's stack. What does not fit is left out whole, so
//! a compound never ends in the middle of a part.

use super::Block;

/// Bytes that one compound may have; the largest we write is a report with a list of NACKs.
pub(crate) const COMPOUND_BYTES: usize = 1_200;

/// A compound in the making.
pub(crate) struct Writer {
    buf: [u8; COMPOUND_BYTES],
    len: usize,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self {
            buf: [0; COMPOUND_BYTES],
            len: 0,
        }
    }

    /// The compound so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    /// RFC 3550 section 6.4.1, without report blocks.
    pub(crate) fn sender_report(&mut self, ssrc: u32, ntp: u64, rtp: u32, sent: (u32, u32)) {
        let words = [ssrc, (ntp >> 32) as u32, ntp as u32, rtp, sent.0, sent.1];
        self.part(0, 200, &words);
    }

    /// RFC 3550 section 6.4.2, with at most 31 blocks.
    pub(crate) fn receiver_report(&mut self, ssrc: u32, blocks: &[Block]) {
        let blocks = &blocks[..blocks.len().min(31)];
        let mut words = [0; 1 + 6 * 31];
        words[0] = ssrc;
        for (block, words) in blocks.iter().zip(words[1..].chunks_exact_mut(6)) {
            let lost = block.lost.min(0x007f_ffff);
            words.copy_from_slice(&[
                block.ssrc,
                (u32::from(block.fraction_lost) << 24) | lost,
                block.highest,
                block.jitter,
                block.last_sr,
                block.delay_since_last_sr,
            ]);
        }
        self.part(blocks.len() as u8, 201, &words[..1 + 6 * blocks.len()]);
    }

    /// RFC 3550 section 6.5: one chunk with a CNAME of at most 64 bytes.
    pub(crate) fn cname(&mut self, ssrc: u32, cname: &str) {
        let name = &cname.as_bytes()[..cname.len().min(64)];
        // Two bytes of item header, the name, at least one zero, up to a multiple of four.
        let padded = (2 + name.len() + 4) / 4 * 4;
        let Some(space) = self.header(1, 202, 4 + padded) else {
            return;
        };
        space[..4].copy_from_slice(&ssrc.to_be_bytes());
        space[4] = 1;
        space[5] = name.len() as u8;
        space[6..6 + name.len()].copy_from_slice(name);
        space[6 + name.len()..].fill(0);
    }

    /// RFC 4585 section 6.2.1. `sequences` in ascending order; at most `MAX_MISSING` of them fit.
    pub(crate) fn nack(&mut self, ssrc: u32, media_ssrc: u32, sequences: &[u16]) {
        let mut words = [0u32; 2 + 256];
        (words[0], words[1]) = (ssrc, media_ssrc);
        let mut used = 2;
        for sequence in sequences {
            let last = words[used - 1];
            let distance = sequence.wrapping_sub((last >> 16) as u16);
            if used > 2 && (1..=16).contains(&distance) {
                words[used - 1] = last | 1 << (distance - 1);
            } else if used < words.len() {
                words[used] = u32::from(*sequence) << 16;
                used += 1;
            }
        }
        if used > 2 {
            self.part(1, 205, &words[..used]);
        }
    }

    /// RFC 4585 section 6.3.1.
    pub(crate) fn pli(&mut self, ssrc: u32, media_ssrc: u32) {
        self.part(1, 206, &[ssrc, media_ssrc]);
    }

    /// A part that is written already; its length is a multiple of four.
    pub(crate) fn whole(&mut self, part: &[u8]) {
        if let Some(space) = self.buf.get_mut(self.len..self.len + part.len()) {
            space.copy_from_slice(part);
            self.len += part.len();
        }
    }

    fn part(&mut self, count: u8, kind: u8, words: &[u32]) {
        let Some(space) = self.header(count, kind, 4 * words.len()) else {
            return;
        };
        for (word, space) in words.iter().zip(space.chunks_exact_mut(4)) {
            space.copy_from_slice(&word.to_be_bytes());
        }
    }

    /// Writes a part's header and returns the room for its `len` bytes, a multiple of four.
    fn header(&mut self, count: u8, kind: u8, len: usize) -> Option<&mut [u8]> {
        let (start, end) = (self.len, self.len + 4 + len);
        let space = self.buf.get_mut(start..end)?;
        space[0] = 0x80 | count;
        space[1] = kind;
        space[2..4].copy_from_slice(&((len / 4) as u16).to_be_bytes());
        self.len = end;
        Some(&mut space[4..])
    }
}
