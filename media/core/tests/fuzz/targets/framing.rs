//! Datagrams over TCP: whatever way the bytes are cut, the same frames come out.

use media_core::peer::Deframer;

use super::{Kind, Target};

pub const KIND: Kind = Kind {
    name: "framing",
    make: || Box::new(Framing),
    seeds: || {
        vec![
            vec![3, 0, 4, 1, 2, 3, 4, 0, 0, 0, 1, 9],
            vec![1, 5, 0xdc, 1, 2, 3],
        ]
    },
    words: &[&[0, 1], &[5, 0xdc], &[5, 0xdd], &[0, 0]],
};

struct Framing;

impl Target for Framing {
    /// The first byte says where to cut.
    fn feed(&mut self, input: &[u8]) {
        let Some((cut, bytes)) = input.split_first() else {
            return;
        };
        let whole = read(bytes, bytes.len());
        assert_eq!(whole, read(bytes, usize::from(*cut)));
        assert_eq!(whole, read(bytes, 1));
    }
}

/// The frames of `bytes`, read so many at a time, and whether all of it could be read.
fn read(bytes: &[u8], at_once: usize) -> (Vec<Vec<u8>>, bool) {
    let mut deframer = Deframer::default();
    let mut frames = Vec::new();
    for part in bytes.chunks(at_once.max(1)) {
        let mut part = part.to_vec();
        let taken = deframer.read(&mut part, |frame| frames.push(frame.to_vec()));
        if taken.is_err() {
            return (frames, false);
        }
        assert!(deframer.waiting() <= 2 + 1_500, "one datagram at most");
    }
    (frames, true)
}
