//! The targets: what bytes from outside can reach, one file each.
//!
//! A target lives for many inputs, because a session costs a thousand times more than a packet.
//! The runner makes a new one now and then and keeps the inputs since, so that whatever is found
//! can be played again. A target panics when something is wrong; the input itself never is.

use std::fs;
use std::path::Path;

mod dtls;
mod lanes;
mod rtcp;
mod rtp;
mod sdp;
mod stun;

/// One living target.
pub trait Target {
    /// Takes one input.
    fn feed(&mut self, input: &[u8]);
}

/// A kind of target.
pub struct Kind {
    pub name: &'static str,
    pub make: fn() -> Box<dyn Target>,
    /// Valid inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Pieces worth inserting.
    pub words: &'static [&'static [u8]],
}

pub const KINDS: &[Kind] = &[
    stun::KIND,
    dtls::KIND,
    rtp::KIND,
    rtcp::KIND,
    lanes::KIND,
    sdp::KIND,
];

impl Kind {
    /// The kind with this name.
    pub fn named(name: &str) -> Option<&'static Kind> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// Seeds, and what lies in the corpus of this target: finds of earlier runs.
    pub fn corpus(&self) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = folder.join("tests/fuzz/corpus").join(self.name);
        let mut files: Vec<_> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect();
        files.sort();
        let found = files.iter().filter_map(|path| fs::read(path).ok());
        (self.seeds)().into_iter().chain(found).collect()
    }
}

/// Reads an input piece by piece; at its end everything is zero and empty.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A piece with its length in two bytes before it, as far as it is there.
    pub fn piece(&mut self) -> &'a [u8] {
        let length = [self.byte().unwrap_or(0), self.byte().unwrap_or(0)];
        let length = usize::from(u16::from_be_bytes(length) & 0x07ff);
        let (piece, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        piece
    }
}

/// The inverse of [`Reader`]: an operation and its piece.
pub fn write(input: &mut Vec<u8>, operation: u8, piece: &[u8]) {
    input.push(operation);
    input.extend_from_slice(&(piece.len() as u16).to_be_bytes());
    input.extend_from_slice(piece);
}
