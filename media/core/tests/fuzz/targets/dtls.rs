//! DTLS: datagrams from a validated address, before, within and after a real handshake.

use media_core::border::{Command, PeerId};
use media_core::client::{Client, ClientConfig, Setup};
use media_core::peer::{CloseReason, Role};
use media_core::transmit::Transmits;

use super::{Kind, Reader, Target, write};
use crate::stage::{CLIENT, PASSWORD, Stage, here, settle, there, ufrag};

pub const KIND: Kind = Kind {
    name: "dtls",
    make: || {
        Box::new(Dtls {
            stage: Stage::empty(),
            next: 0,
        })
    },
    seeds,
    words: &[
        &[22, 0xfe, 0xfd, 0, 0],
        &[22, 0xfe, 0xff, 0, 0],
        &[20, 0xfe, 0xfd, 0, 0],
        &[21, 0xfe, 0xfd, 0, 0],
        &[23, 0xfe, 0xfd, 0, 1],
        &[0, 14, 0, 9, 0, 6, 0, 7, 0, 8, 0, 1],
        &[0xff; 3],
    ],
};

struct Dtls {
    stage: Stage,
    next: u32,
}

impl Target for Dtls {
    /// Every input has a peer of its own. The first byte says whether we begin the handshake.
    fn feed(&mut self, input: &[u8]) {
        let mut input = Reader::new(input);
        let passive = input.byte().is_some_and(|byte| byte & 1 != 0);
        self.next += 1;
        let id = self.next;
        let mut client = client(id, passive);
        let stage = &mut self.stage;
        let answer = stage.add_offer(id, Role::Viewer, 1, &client.offer());
        let mut out = Transmits::new();
        client.accept_answer(stage.now, &answer, &mut out).unwrap();
        let mut waiting = drain(&mut out);
        while let Some(operation) = input.operation() {
            match operation & 3 {
                0 => stage.wait(u64::from(operation >> 2) * 50),
                1 | 2 => {
                    stage.datagram(there(200), input.piece());
                }
                _ => {
                    // The real client and the server exchange what waits.
                    for datagram in std::mem::take(&mut waiting) {
                        let mut taken = datagram;
                        stage.shard.handle_datagram(
                            stage.now,
                            there(200),
                            &mut taken,
                            &mut stage.out,
                        );
                        for mut back in drain(&mut stage.out) {
                            client.handle_datagram(stage.now, here(), &mut back, &mut out);
                        }
                        waiting.extend(drain(&mut out));
                    }
                }
            }
        }
        let peer = PeerId(id.into());
        let reason = CloseReason::Requested;
        stage.command(Command::Close { peer, reason });
        assert_eq!(stage.shard.stats().viewers, 0, "it is gone");
    }
}

fn client(id: u32, passive: bool) -> Client {
    let mut config = ClientConfig::new(Role::Viewer, CLIENT.clone(), u64::from(id));
    config.setup = if passive {
        Setup::Passive
    } else {
        Setup::ActPass
    };
    Client::new(config, std::time::Instant::now())
}

fn drain(out: &mut Transmits) -> Vec<Vec<u8>> {
    let all = out.iter().map(|(_, bytes)| bytes.to_vec()).collect();
    out.clear();
    all
}

/// The flights of a real handshake, after so many real exchanges.
fn seeds() -> Vec<Vec<u8>> {
    let mut all = vec![vec![0, 3, 3, 3, 3, 3, 3], vec![1, 3, 3, 3, 3, 3, 3]];
    let _ = (PASSWORD, ufrag(1));
    for passive in [false, true] {
        let now = std::time::Instant::now();
        let mut stage = Stage::empty();
        let mut client = client(1, passive);
        let (text, config) = settle(Role::Viewer, &client.offer(), 1);
        stage.command(Command::Add {
            peer: PeerId(1),
            broadcast: media_core::border::BroadcastId(1),
            config: Box::new(config),
        });
        let mut out = Transmits::new();
        client.accept_answer(now, &text, &mut out).unwrap();
        let mut waiting = drain(&mut out);
        for exchanges in 0..6 {
            let mut input = vec![u8::from(passive)];
            input.extend(std::iter::repeat_n(3, exchanges));
            for datagram in waiting.iter().filter(|datagram| datagram[0] > 3) {
                write(&mut input, 1, datagram);
            }
            input.extend([3, 3]);
            all.push(input);
            for mut datagram in std::mem::take(&mut waiting) {
                stage
                    .shard
                    .handle_datagram(stage.now, there(200), &mut datagram, &mut stage.out);
                for mut back in drain(&mut stage.out) {
                    client.handle_datagram(now, here(), &mut back, &mut out);
                }
                waiting.extend(drain(&mut out));
            }
        }
    }
    all
}
