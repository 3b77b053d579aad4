//! Seeded mutations of inputs: bits, bytes, numbers, pieces, words and halves of other inputs.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Longest input.
const MAX_INPUT: usize = 8_192;
/// Numbers at whose edges readers fail.
const EDGES: [u32; 12] = [
    0,
    1,
    2,
    4,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0xffff_ffff,
];

pub struct Mutator {
    random: StdRng,
    pool: Vec<Vec<u8>>,
    words: &'static [&'static [u8]],
}

impl Mutator {
    pub fn new(seed: u64, pool: Vec<Vec<u8>>, words: &'static [&'static [u8]]) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self {
            random,
            pool,
            words,
        }
    }

    /// The next input. Some stay in the pool, so that changes add up.
    pub fn next(&mut self) -> Vec<u8> {
        let base = self.below(self.pool.len());
        let mut input = self.pool[base].clone();
        for _ in 0..=self.below(6) {
            self.change(&mut input);
        }
        input.truncate(MAX_INPUT);
        if self.pool.len() < 4_000 && self.below(50) == 0 {
            self.pool.push(input.clone());
        }
        input
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end.max(1))
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        let len = (1 + self.below(16)).min(input.len() - at);
        match self.below(10) {
            0 if !input.is_empty() => input[at] ^= 1 << self.below(8),
            1 if !input.is_empty() => input[at] = self.random.random(),
            2 if !input.is_empty() => {
                let edge = EDGES[self.below(EDGES.len())].to_be_bytes();
                let width = [1, 2, 4][self.below(3)].min(input.len() - at);
                input[at..at + width].copy_from_slice(&edge[4 - width..]);
            }
            3 if !input.is_empty() => {
                let step = self.random.random_range(1..=8u8);
                let less = self.below(2) == 0;
                input[at] = match less {
                    true => input[at].wrapping_sub(step),
                    false => input[at].wrapping_add(step),
                };
            }
            4 => drop(input.drain(at..at + len)),
            5 => {
                let again = input[at..at + len].to_vec();
                input.splice(at..at, again);
            }
            6 => {
                let fresh: Vec<u8> = (0..len).map(|_| self.random.random()).collect();
                input.splice(at..at, fresh);
            }
            7 if !self.words.is_empty() => {
                let word = self.words[self.below(self.words.len())];
                let over = if self.below(2) == 0 { 0 } else { word.len() };
                let end = (at + over).min(input.len());
                input.splice(at..end, word.iter().copied());
            }
            8 => {
                let other = self.below(self.pool.len());
                let from = self.below(self.pool[other].len());
                input.truncate(at);
                input.extend_from_slice(&self.pool[other][from..]);
            }
            _ => input.truncate(at),
        }
    }
}
