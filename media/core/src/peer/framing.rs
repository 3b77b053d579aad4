//! Datagrams over a TCP connection (RFC 4571 section 2, as RFC 6544 uses it for ICE).
//!
//! Two bytes of length in front of each datagram. Whole frames are handed on where they lie in the
//! bytes just read; only a frame that is cut in two is copied. Holds at most one datagram. Whoever
//! breaks the rules cannot be understood any more and is to be hung up on.

use super::limits::MAX_DATAGRAM;

/// Length of what stands in front of a datagram.
pub const FRAME_HEADER: usize = 2;

/// A frame that is longer than [`MAX_DATAGRAM`]: the other side speaks something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {0} bytes is too long")]
pub struct FrameTooLong(
    /// The length that was announced.
    pub usize,
);

/// What stands in front of a datagram of `len` bytes; `None` when it is too long to be sent.
pub fn frame_header(len: usize) -> Option<[u8; FRAME_HEADER]> {
    let short = u16::try_from(len).ok().filter(|_| len <= MAX_DATAGRAM)?;
    Some(short.to_be_bytes())
}

/// Takes one connection's bytes apart.
#[derive(Debug, Default)]
pub struct Deframer {
    /// The beginning of a frame, header included.
    partial: Vec<u8>,
}

impl Deframer {
    /// Takes the next bytes, calls `frame` for each datagram that is complete with them; the
    /// datagram may be changed in place. Empty frames mean nothing and are left out.
    ///
    /// # Errors
    /// [`FrameTooLong`]: close the connection. Frames before it were handed on.
    pub fn read(
        &mut self,
        mut bytes: &mut [u8],
        mut frame: impl FnMut(&mut [u8]),
    ) -> Result<(), FrameTooLong> {
        while !bytes.is_empty() {
            if self.partial.is_empty()
                && let Some(end) = end(bytes)?
                && end <= bytes.len()
            {
                let (whole, rest) = bytes.split_at_mut(end);
                hand_on(whole, &mut frame);
                bytes = rest;
                continue;
            }
            let wanted = end(&self.partial)?.unwrap_or(FRAME_HEADER);
            let missing = (wanted - self.partial.len()).min(bytes.len());
            let (taken, rest) = bytes.split_at_mut(missing);
            self.partial.extend_from_slice(taken);
            bytes = rest;
            if end(&self.partial)? == Some(self.partial.len()) {
                hand_on(&mut self.partial, &mut frame);
                self.partial.clear();
            }
        }
        Ok(())
    }

    /// Bytes that wait for the rest of their frame.
    pub fn waiting(&self) -> usize {
        self.partial.len()
    }
}

/// Where the frame that begins with `bytes` ends; `None` before its header is complete.
fn end(bytes: &[u8]) -> Result<Option<usize>, FrameTooLong> {
    let [high, low, ..] = bytes else {
        return Ok(None);
    };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    if len > MAX_DATAGRAM {
        return Err(FrameTooLong(len));
    }
    Ok(Some(FRAME_HEADER + len))
}

fn hand_on(whole: &mut [u8], frame: &mut impl FnMut(&mut [u8])) {
    let datagram = &mut whole[FRAME_HEADER..];
    if !datagram.is_empty() {
        frame(datagram);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn framed(datagrams: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for datagram in datagrams {
            bytes.extend(frame_header(datagram.len()).unwrap());
            bytes.extend(datagram);
        }
        bytes
    }

    #[test]
    fn frames_of_one_read_are_handed_on_and_empty_ones_are_not() {
        let mut bytes = framed(&[vec![1], vec![], vec![2; MAX_DATAGRAM]]);
        let mut deframer = Deframer::default();
        let mut sizes = Vec::new();
        let read = deframer.read(&mut bytes, |datagram| sizes.push(datagram.len()));
        assert_eq!((read, sizes), (Ok(()), vec![1, MAX_DATAGRAM]));
        assert_eq!(deframer.waiting(), 0);
    }

    #[test]
    fn a_frame_that_is_too_long_ends_the_connection_and_nothing_is_kept_of_it() {
        assert_eq!(frame_header(MAX_DATAGRAM + 1), None);
        let mut deframer = Deframer::default();
        let mut got = 0;
        let mut request = *b"\x00\x01xGET / HTTP/1.1\r\n";
        let read = deframer.read(&mut request, |_| got += 1);
        assert_eq!((read, got), (Err(FrameTooLong(0x4745)), 1));
        // Cut behind its first byte it is refused as well.
        let mut deframer = Deframer::default();
        assert_eq!(deframer.read(&mut [0xff], |_| ()), Ok(()));
        assert!(deframer.read(&mut [0xff, 1, 2, 3], |_| ()).is_err());
        assert!(deframer.waiting() <= FRAME_HEADER + MAX_DATAGRAM);
    }

    proptest::proptest! {
        #[test]
        fn datagrams_come_out_as_they_went_in_however_the_stream_is_cut(
            datagrams in proptest::collection::vec(
                proptest::collection::vec(proptest::num::u8::ANY, 1..MAX_DATAGRAM), 0..8),
            cuts in proptest::collection::vec(1usize..2_000, 1..60),
        ) {
            let mut bytes = framed(&datagrams);
            let mut rest = bytes.as_mut_slice();
            let mut deframer = Deframer::default();
            let mut got = Vec::new();
            let mut cuts = cuts.into_iter().cycle();
            while !rest.is_empty() {
                let (head, tail) = rest.split_at_mut(cuts.next().unwrap().min(rest.len()));
                deframer.read(head, |datagram| got.push(datagram.to_vec())).unwrap();
                assert!(deframer.waiting() < FRAME_HEADER + MAX_DATAGRAM);
                rest = tail;
            }
            assert_eq!(got, datagrams);
            assert_eq!(deframer.waiting(), 0);
        }

        #[test]
        fn no_bytes_make_it_panic(
            reads in proptest::collection::vec(
                proptest::collection::vec(proptest::num::u8::ANY, 0..80), 0..40),
        ) {
            let mut deframer = Deframer::default();
            for mut bytes in reads {
                if deframer.read(&mut bytes, |_| ()).is_err() {
                    break;
                }
            }
        }
    }
}
