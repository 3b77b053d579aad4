//! What is made up for each peer: credentials, names and numbers nobody can guess.

use rand::distr::Alphanumeric;
use rand::{Rng, RngExt as _};

use crate::limits::MAX_SHARDS;

/// The letter of shard 0; a connection without a datagram's address is routed by it.
const FIRST_LETTER: u8 = b'a';
const UFRAG_CHARS: usize = 12;
const PWD_CHARS: usize = 32;
const CNAME_CHARS: usize = 16;

/// See the module header.
pub(super) struct Secrets {
    pub(super) ufrag: String,
    pub(super) pwd: String,
    pub(super) cname: String,
    /// The two SSRCs after it are free as well.
    pub(super) ssrc: u32,
    pub(super) session_id: u64,
    pub(super) seed: u64,
}

impl Secrets {
    pub(super) fn new(shard: usize) -> Self {
        let mut rng = rand::rng();
        let (ufrag, pwd) = credentials(&mut rng, shard);
        Self {
            ufrag,
            pwd,
            cname: text(&mut rng, CNAME_CHARS),
            ssrc: rng.random_range(1..u32::MAX / 2),
            session_id: rng.random_range(1..i64::MAX as u64),
            seed: rng.random(),
        }
    }
}

/// A fresh ICE user name fragment and password of a peer of `shard`, whose letter comes first.
pub(super) fn credentials(rng: &mut impl Rng, shard: usize) -> (String, String) {
    let letter = char::from(FIRST_LETTER + shard as u8);
    let ufrag = format!("{letter}{}", text(rng, UFRAG_CHARS));
    (ufrag, text(rng, PWD_CHARS))
}

/// The shard that made a user name fragment up; `None` when none of ours did.
pub(crate) fn shard_of_ufrag(ufrag: &str) -> Option<usize> {
    let first = ufrag.as_bytes().first()?.checked_sub(FIRST_LETTER)?;
    Some(usize::from(first)).filter(|shard| *shard < MAX_SHARDS)
}

fn text(rng: &mut impl Rng, chars: usize) -> String {
    rng.sample_iter(Alphanumeric)
        .take(chars)
        .map(char::from)
        .collect()
}
