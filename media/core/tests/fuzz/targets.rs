//! The targets: what bytes from outside can reach, one file each.
//!
//! A target lives for many inputs, because a session costs a thousand times more than a packet.
//! The runner makes a new one now and then and keeps the inputs since, so that whatever is found
//! can be played again. A target panics when something is wrong; the input itself never is.

use std::fs;
use std::path::Path;

mod dtls;
mod framing;
mod lanes;
mod rtcp;
mod rtp;
mod sdp;
mod stun;

/// Most operations of one input: what takes long should be one thing, not many.
const MAX_OPERATIONS: usize = 100;

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
    framing::KIND,
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
pub struct Reader<'a> {
    rest: &'a [u8],
    operations: usize,
}

impl<'a> Reader<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        let operations = MAX_OPERATIONS;
        Self { rest, operations }
    }

    /// What to do next; not more than an input may ask for.
    pub fn operation(&mut self) -> Option<u8> {
        self.operations = self.operations.checked_sub(1)?;
        self.byte()
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// A piece with its length in two bytes before it, as far as it is there.
    pub fn piece(&mut self) -> &'a [u8] {
        let length = [self.byte().unwrap_or(0), self.byte().unwrap_or(0)];
        let length = usize::from(u16::from_be_bytes(length) & 0x07ff);
        let (piece, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        piece
    }
}

/// The inverse of [`Reader`]: an operation and its piece.
pub fn write(input: &mut Vec<u8>, operation: u8, piece: &[u8]) {
    input.push(operation);
    input.extend_from_slice(&(piece.len() as u16).to_be_bytes());
    input.extend_from_slice(piece);
}
