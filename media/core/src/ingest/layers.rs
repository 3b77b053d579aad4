//! Which SSRC is which simulcast layer (RFC 8852, RFC 8853).
//!
//! Senders name a layer in its first packets only, so SSRCs are remembered, a limited number of
//! them. An SSRC keeps the name that it had first.

use crate::limits::MAX_LAYER_SSRCS;
use crate::peer::Section;
use crate::rtp::Header;

/// See the module header.
#[derive(Debug, Default)]
pub(super) struct Layers {
    known: Vec<(u32, u8)>,
}

impl Layers {
    /// The layer of a media packet; 0 without simulcast.
    pub(super) fn of_media(
        &mut self,
        section: &Section,
        header: &Header,
        packet: &[u8],
    ) -> Option<u8> {
        if section.layers.is_empty() {
            return Some(0);
        }
        let announced = section.remote_ssrc == Some(header.ssrc);
        self.known(header.ssrc)
            .or_else(|| self.named(section, section.rid_ext, header, packet))
            // A sender that offered layers and sends one stream, without a name.
            .or(announced.then_some(0))
    }

    /// The layer that a retransmission is of.
    pub(super) fn of_repair(
        &mut self,
        section: &Section,
        header: &Header,
        packet: &[u8],
    ) -> Option<u8> {
        if section.layers.is_empty() {
            return Some(0);
        }
        let announced = section.remote_rtx_ssrc == Some(header.ssrc);
        self.known(header.ssrc)
            .or_else(|| self.named(section, section.repaired_rid_ext, header, packet))
            .or_else(|| self.named(section, section.rid_ext, header, packet))
            .or(announced.then_some(0))
    }

    fn known(&self, ssrc: u32) -> Option<u8> {
        let found = self.known.iter().find(|(known, _)| *known == ssrc);
        found.map(|(_, layer)| *layer)
    }

    fn named(
        &mut self,
        section: &Section,
        extension: Option<u8>,
        header: &Header,
        packet: &[u8],
    ) -> Option<u8> {
        let rid = header.extension(packet, extension?)?;
        let is = |layer: &String| layer.as_bytes() == rid;
        let layer = section.layers.iter().position(is)? as u8;
        if self.known.len() == MAX_LAYER_SSRCS {
            return None;
        }
        self.known.push((header.ssrc, layer));
        Some(layer)
    }
}
