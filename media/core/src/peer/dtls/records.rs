//! Between the network and the DTLS engine: what is not a plausible record never gets there.
//!
//! The engine stores plaintext handshake fragments without a useful bound and loses messages that
//! share a record with a fragment, so handshake messages are reassembled here, in bounded space,
//! and handed on whole, one to a record (RFC 6347 section 4.2.3). Plaintext alerts and data, which
//! anyone could forge, go nowhere; after the handshake nothing plaintext does. Encrypted records
//! pass unchanged, those before the end of the handshake by count.

use super::super::limits::{
    MAX_EARLY_RECORDS, MAX_HANDSHAKE_BYTES, MAX_HANDSHAKE_FRAGMENTS, MAX_HANDSHAKE_MESSAGE,
    MAX_HANDSHAKE_SEQUENCE,
};

pub(super) const RECORD_HEADER: usize = 13;
const HANDSHAKE_HEADER: usize = 12;
/// Ranges that one message may arrive in out of order.
const MAX_RANGES: usize = 32;
/// Epoch and sequence number after the content type and version.
const EPOCH: std::ops::Range<usize> = 3..5;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const DTLS_1_2: [u8; 2] = [0xfe, 0xfd];

/// A ClientHello's message type.
pub(super) const CLIENT_HELLO: u8 = 1;

/// Filter and reassembler of one connection.
#[derive(Default)]
pub(super) struct Records {
    partial: Vec<Message>,
    /// One bit per message number that is complete.
    complete: u32,
    fragments: u32,
    bytes: usize,
    /// Encrypted records before the end of the handshake: messages of it, and others. Forged
    /// ones of one sort use up nothing of the other.
    early: [u32; 2],
    cipher_changes: u32,
    late_handshake: u32,
    sequence: u64,
}

struct Message {
    kind: u8,
    number: u16,
    body: Vec<u8>,
    /// What has arrived: sorted, disjoint, not touching.
    have: Vec<(usize, usize)>,
}

/// What came out of one datagram.
#[derive(Default)]
pub(super) struct Sorted {
    /// Records for the engine; empty when there is nothing for it.
    pub(super) records: Vec<u8>,
    /// Body of the first message when it became complete: a server's ClientHello.
    pub(super) first: Option<Vec<u8>>,
    /// A fragment of an already complete message came again: the other side misses our flight.
    pub(super) repeated: bool,
    /// Something was thrown away.
    pub(super) dropped: bool,
}

impl Records {
    /// Sorts one datagram. `finished` says that the handshake is over.
    pub(super) fn sort(&mut self, datagram: &[u8], finished: bool) -> Sorted {
        let mut sorted = Sorted::default();
        let mut rest = datagram;
        while !rest.is_empty() {
            let Some(len) = record_len(rest) else {
                sorted.dropped = true;
                break;
            };
            let (record, next) = rest.split_at(len);
            rest = next;
            let epoch = u16::from_be_bytes([record[EPOCH.start], record[EPOCH.start + 1]]);
            let kept = match (epoch, record[0]) {
                (0, _) if finished => false,
                (0, HANDSHAKE) => self.plaintext_handshake(&record[RECORD_HEADER..], &mut sorted),
                (0, CHANGE_CIPHER_SPEC) => self.change_cipher_spec(record, &mut sorted),
                (1, ALERT | HANDSHAKE | APPLICATION_DATA) => {
                    self.encrypted(record, finished, &mut sorted)
                }
                _ => false,
            };
            sorted.dropped |= !kept;
        }
        sorted
    }

    fn encrypted(&mut self, record: &[u8], finished: bool, sorted: &mut Sorted) -> bool {
        if !finished {
            let early = &mut self.early[usize::from(record[0] != HANDSHAKE)];
            *early += 1;
            if *early > MAX_EARLY_RECORDS {
                return false;
            }
        } else if record[0] == HANDSHAKE {
            // A repeated Finished asks for our last flight; nothing else is due here.
            self.late_handshake += 1;
            if self.late_handshake > MAX_EARLY_RECORDS {
                return false;
            }
        }
        sorted.records.extend_from_slice(record);
        true
    }

    fn change_cipher_spec(&mut self, record: &[u8], sorted: &mut Sorted) -> bool {
        self.cipher_changes += 1;
        let few = self.cipher_changes <= MAX_EARLY_RECORDS;
        let fine = record[RECORD_HEADER..] == [1] && few;
        if fine {
            self.emit(CHANGE_CIPHER_SPEC, &[1], &mut sorted.records);
        }
        fine
    }

    /// Takes the fragments of one record; false when one of them was refused.
    fn plaintext_handshake(&mut self, mut content: &[u8], sorted: &mut Sorted) -> bool {
        while !content.is_empty() {
            let Some((fragment, next)) = Fragment::parse(content) else {
                return false;
            };
            content = next;
            self.fragments += 1;
            self.bytes += fragment.data.len();
            if self.fragments > MAX_HANDSHAKE_FRAGMENTS || self.bytes > MAX_HANDSHAKE_BYTES {
                return false;
            }
            if self.complete >> fragment.number & 1 == 1 {
                sorted.repeated = true;
            } else if !self.take(&fragment, sorted) {
                return false;
            }
        }
        true
    }

    fn take(&mut self, fragment: &Fragment<'_>, sorted: &mut Sorted) -> bool {
        let position = self
            .partial
            .iter()
            .position(|it| it.number == fragment.number);
        let at = match position {
            Some(at) => at,
            None => {
                let reserved: usize = self.partial.iter().map(|message| message.body.len()).sum();
                if reserved + fragment.length > MAX_HANDSHAKE_BYTES {
                    return false;
                }
                self.partial.push(Message {
                    kind: fragment.kind,
                    number: fragment.number,
                    body: vec![0; fragment.length],
                    have: Vec::new(),
                });
                self.partial.len() - 1
            }
        };
        let message = &mut self.partial[at];
        if message.kind != fragment.kind || message.body.len() != fragment.length {
            return false;
        }
        if !message.insert(fragment.offset, fragment.data) {
            return true;
        }
        let message = self.partial.swap_remove(at);
        self.complete |= 1 << message.number;
        let mut content = Vec::with_capacity(HANDSHAKE_HEADER + message.body.len());
        let length = (message.body.len() as u32).to_be_bytes();
        content.push(message.kind);
        content.extend_from_slice(&length[1..]);
        content.extend_from_slice(&message.number.to_be_bytes());
        content.extend_from_slice(&[0; 3]);
        content.extend_from_slice(&length[1..]);
        content.extend_from_slice(&message.body);
        self.emit(HANDSHAKE, &content, &mut sorted.records);
        if message.number == 0 && message.kind == CLIENT_HELLO {
            sorted.first = Some(message.body);
        }
        true
    }

    /// Appends a plaintext record under our own numbering, which keeps the engine's replay check
    /// out of the way: these records are not authenticated anyhow.
    fn emit(&mut self, kind: u8, content: &[u8], records: &mut Vec<u8>) {
        append_record(records, kind, self.sequence, content);
        self.sequence += 1;
    }
}

/// Appends one plaintext DTLS 1.2 record.
fn append_record(records: &mut Vec<u8>, kind: u8, sequence: u64, content: &[u8]) {
    records.push(kind);
    records.extend_from_slice(&DTLS_1_2);
    records.extend_from_slice(&sequence.to_be_bytes());
    records.extend_from_slice(&(content.len() as u16).to_be_bytes());
    records.extend_from_slice(content);
}

/// A fatal plaintext alert, for a handshake that cannot begin.
pub(super) fn alert(description: u8) -> Vec<u8> {
    let mut record = Vec::with_capacity(RECORD_HEADER + 2);
    append_record(&mut record, ALERT, 0, &[2, description]);
    record
}

/// Length of the record at the start of `bytes`, header included; `None` when it is no record.
fn record_len(bytes: &[u8]) -> Option<usize> {
    let known = matches!(bytes.first()?, CHANGE_CIPHER_SPEC..=APPLICATION_DATA);
    let length = bytes.get(RECORD_HEADER - 2..RECORD_HEADER)?;
    let len = RECORD_HEADER + usize::from(u16::from_be_bytes([length[0], length[1]]));
    (known && bytes[1] == 0xfe && len > RECORD_HEADER && len <= bytes.len()).then_some(len)
}

struct Fragment<'a> {
    kind: u8,
    number: u16,
    length: usize,
    offset: usize,
    data: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// Reads the fragment at the start of `content` and what follows it. Refuses what cannot be
    /// part of a handshake: empty pieces of something, pieces past the end, huge messages.
    fn parse(content: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let header = content.get(..HANDSHAKE_HEADER)?;
        let u24 = |at: usize| {
            usize::from(header[at]) << 16
                | usize::from(header[at + 1]) << 8
                | usize::from(header[at + 2])
        };
        let (length, offset, size) = (u24(1), u24(6), u24(9));
        let number = u16::from_be_bytes([header[4], header[5]]);
        let end = HANDSHAKE_HEADER + size;
        let data = content.get(HANDSHAKE_HEADER..end)?;
        let fits = length <= MAX_HANDSHAKE_MESSAGE && offset + size <= length;
        let plausible = number <= MAX_HANDSHAKE_SEQUENCE && (size > 0 || length == 0);
        let fragment = Self {
            kind: header[0],
            number,
            length,
            offset,
            data,
        };
        (fits && plausible).then_some((fragment, &content[end..]))
    }
}

impl Message {
    /// Copies a piece; true when the message is whole.
    fn insert(&mut self, offset: usize, data: &[u8]) -> bool {
        let end = offset + data.len();
        if self.have.len() < MAX_RANGES {
            self.body[offset..end].copy_from_slice(data);
            self.have.push((offset, end));
            self.have.sort_unstable();
            self.have.dedup_by(|next, kept| {
                let touch = next.0 <= kept.1;
                if touch {
                    kept.1 = kept.1.max(next.1);
                }
                touch
            });
        }
        self.have == [(0, self.body.len())]
    }
}

#[cfg(test)]
mod tests;
