//! A WHIP or WHEP client on a real socket, for tests: drives the sans-IO client in a task.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use media_core::{
    client::{Client, ClientConfig},
    peer::{Certificate, Codec, PeerEvent, Role},
    transmit::Transmits,
};
use tokio::{
    net::UdpSocket,
    sync::{mpsc, oneshot},
    time,
};

/// Room that sealing may need beyond the packet.
const SPARE: usize = 64;

/// A running client.
pub(crate) struct Endpoint {
    /// What happened to it.
    pub(crate) events: mpsc::Receiver<PeerEvent>,
    say: mpsc::Sender<(u16, Bytes)>,
    stop: Option<oneshot::Sender<()>>,
}

/// A client before its offer is answered.
pub(crate) struct Offering(Client);

impl Offering {
    pub(crate) fn new(role: Role, seed: u64) -> Self {
        let certificate = Certificate::generate().unwrap();
        Self(Client::new(
            ClientConfig::new(role, certificate, seed),
            Instant::now(),
        ))
    }

    pub(crate) fn offer(&self) -> String {
        self.0.offer()
    }

    /// Takes the answer and runs until it is dropped. A publisher sends VP8 once connected.
    pub(crate) fn run(mut self, answer: &str) -> Endpoint {
        let mut out = Transmits::new();
        self.0
            .accept_answer(Instant::now(), answer, &mut out)
            .unwrap();
        let (heard, events) = mpsc::channel(1_024);
        let (say, said) = mpsc::channel(16);
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(drive(self.0, out, heard, said, stopped));
        Endpoint {
            events,
            say,
            stop: Some(stop),
        }
    }
}

impl Endpoint {
    pub(crate) async fn say(&self, lane: u16, bytes: Bytes) {
        self.say.send((lane, bytes)).await.unwrap();
    }

    /// The next message of a lane, with the lane; `None` when the session has ended.
    pub(crate) async fn message(&mut self) -> Option<(u16, Bytes)> {
        loop {
            let next = time::timeout(Duration::from_secs(30), self.events.recv());
            match next.await.expect("something within half a minute")? {
                PeerEvent::Lane { lane, bytes } => return Some((lane, bytes)),
                PeerEvent::Closed(_) => return None,
                _ => {}
            }
        }
    }

    /// Leaves as a browser does.
    pub(crate) fn leave(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap();
        }
    }
}

async fn drive(
    mut client: Client,
    mut out: Transmits,
    heard: mpsc::Sender<PeerEvent>,
    mut said: mpsc::Receiver<(u16, Bytes)>,
    mut stopped: oneshot::Receiver<()>,
) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut buffer = vec![0; 2_048];
    let mut frames = time::interval(Duration::from_millis(20));
    let mut sequence = 0_u16;
    loop {
        while let Some(event) = client.poll_event() {
            if heard.send(event).await.is_err() {
                return;
            }
        }
        for (to, datagram) in out.iter() {
            socket.send_to(datagram, to).await.unwrap();
        }
        out.clear();
        let idle = Instant::now() + Duration::from_secs(1);
        let due = client.next_timeout().unwrap_or(idle).into();
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                let (len, from) = received.unwrap();
                client.handle_datagram(Instant::now(), from, &mut buffer[..len], &mut out);
            }
            () = time::sleep_until(due) => client.handle_timeout(Instant::now(), &mut out),
            Some((lane, bytes)) = said.recv() => {
                client.send_lane(Instant::now(), lane, &bytes, &mut out).unwrap();
            }
            _ = frames.tick(), if client.config().role == Role::Publisher => {
                sequence = sequence.wrapping_add(1);
                video(&mut client, sequence, &mut out);
            }
            _ = &mut stopped => {
                client.close(Instant::now(), &mut out);
                for (to, datagram) in out.iter() {
                    socket.send_to(datagram, to).await.unwrap();
                }
                return;
            }
        }
    }
}

/// One VP8 key frame in one packet.
fn video(client: &mut Client, sequence: u16, out: &mut Transmits) {
    let (Some(remote), Some(payload_type)) = (client.remote(), client.payload_type(&Codec::Vp8))
    else {
        return;
    };
    let mut packet = vec![0x80, 0x80 | payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 1_800).to_be_bytes());
    packet.extend(client.config().video_ssrc.to_be_bytes());
    // Start of partition 0; key frame with its start code and 16 by 16 pixels (RFC 6386, 9.1).
    packet.extend([
        0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 16, 0, 16, 0, 1, 2, 3,
    ]);
    let len = packet.len();
    packet.resize(len + SPARE, 0);
    if let Some(sealed) = client.seal_rtp(&mut packet, len) {
        out.push(remote, &packet[..sealed]);
    }
}
