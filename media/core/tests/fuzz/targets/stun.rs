//! STUN: raw datagrams from any address, and requests with arbitrary attributes that are signed as
//! a peer that knows the password would sign them.

use std::net::SocketAddr;

use media_core::peer::{Role, signed_request};

use super::{Kind, Reader, Target, write};
use crate::stage::{PASSWORD, Stage, there, ufrag};

pub const KIND: Kind = Kind {
    name: "stun",
    make: || Box::new(Stun(new())),
    seeds,
    words: &[
        &[0x00, 0x06, 0x00, 0x09],
        &[0x00, 0x24, 0x00, 0x04, 0x6e, 0, 1, 0xff],
        &[0x00, 0x25, 0x00, 0x00],
        &[0x80, 0x29, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0x80, 0x28, 0x00, 0x04],
        &[0x21, 0x12, 0xa4, 0x42],
    ],
};

struct Stun(Stage);

fn new() -> Stage {
    let mut stage = Stage::empty();
    stage.add_client(1, Role::Viewer, 1);
    stage.add_client(2, Role::Publisher, 1);
    stage.play(60);
    stage
}

fn stranger(at: u8) -> SocketAddr {
    ([203, 0, 113, at], 999).into()
}

impl Target for Stun {
    fn feed(&mut self, input: &[u8]) {
        let mut input = Reader::new(input);
        while let Some(operation) = input.operation() {
            let from = match operation >> 4 {
                0 | 1 => there(1),
                at => stranger(at),
            };
            match operation & 3 {
                0 => self.0.wait(u64::from(operation >> 2) * 20),
                1 => {
                    let datagram = input.piece();
                    let answered = self.0.datagram(from, datagram);
                    assert!(from == there(1) || answered <= datagram.len(), "amplified");
                }
                _ => {
                    let attributes = input.piece();
                    if let Some(request) = signed_request(attributes, PASSWORD) {
                        // The first answer starts no handshake: we are the DTLS server.
                        let answered = self.0.datagram(from, &request);
                        assert!(answered <= request.len(), "amplified");
                    }
                }
            }
        }
    }
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend_from_slice(&(value.len() as u16).to_be_bytes());
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn seeds() -> Vec<Vec<u8>> {
    let name = format!("{}:{}", ufrag(1), "abcdefgh");
    let real = format!("{}:{}", ufrag(1), client_ufrag());
    let mut all = Vec::new();
    for name in [name, real] {
        let mut attributes = attribute(0x0006, name.as_bytes());
        attributes.extend(attribute(0x802a, &[7; 8]));
        attributes.extend(attribute(0x0024, &[0x6e, 0, 1, 0xff]));
        for more in [
            vec![],
            attribute(0x0025, &[]),
            attribute(0x0029, &[1; 8]),
            attribute(0x7777, &[1; 3]),
        ] {
            let attributes = [attributes.clone(), more].concat();
            for operation in [0x02, 0x22, 0x52] {
                let mut input = Vec::new();
                write(&mut input, operation, &attributes);
                write(&mut input, operation | 0x30, &attributes);
                all.push(input);
            }
            let mut input = Vec::new();
            let datagram = signed_request(&attributes, PASSWORD).unwrap();
            write(&mut input, 0x21, &datagram);
            write(&mut input, 0x01, &datagram);
            all.push(input);
        }
    }
    all
}

/// The other half of the user name of client 1.
fn client_ufrag() -> String {
    let (_, client) = new().clients.remove(0);
    let offer = client.offer();
    let line = offer.lines().find(|line| line.starts_with("a=ice-ufrag:"));
    line.map_or(String::new(), |line| line[12..].trim().to_owned())
}
