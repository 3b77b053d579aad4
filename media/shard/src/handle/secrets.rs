//! What is made up for each peer: credentials, names and numbers nobody can guess.

use rand::distr::Alphanumeric;
use rand::{Rng, RngExt as _};

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
    pub(super) fn new() -> Self {
        let mut rng = rand::rng();
        let (ufrag, pwd) = credentials(&mut rng);
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

/// A fresh ICE user name fragment and password.
pub(super) fn credentials(rng: &mut impl Rng) -> (String, String) {
    (text(rng, UFRAG_CHARS), text(rng, PWD_CHARS))
}

fn text(rng: &mut impl Rng, chars: usize) -> String {
    rng.sample_iter(Alphanumeric)
        .take(chars)
        .map(char::from)
        .collect()
}
