//! One viewer of the engine: its session, its socket, the network before it, its milestones.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use media_core::{
    client::{Client, Header},
    peer::{Inbound, PeerEvent},
    transmit::Transmits,
};
use tokio::sync::oneshot;

use super::{
    JOIN_TIMEOUT,
    tally::{Joined, Totals},
};
use crate::{
    frames::KeyWatch,
    inbox::Port,
    synthetic::{Stamp, now_us},
    weather::{Forecast, Weather},
};

/// How soon a key frame is asked for while none has come.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(500);

/// A session to carry.
pub struct Join {
    /// The client that made the offer.
    pub client: Client,
    /// The answer to it.
    pub answer: String,
    /// When the offer was sent.
    pub posted: Instant,
    /// When the answer came.
    pub answered: Instant,
    /// The network before this viewer.
    pub forecast: Forecast,
    /// Told once the session stands, or why it does not.
    pub done: oneshot::Sender<Result<Joined, String>>,
}

/// See the module header.
pub(super) struct Viewer {
    place: usize,
    client: Client,
    pub(super) port: Port,
    pub(super) weather: Option<Weather>,
    pub(super) due: Option<Instant>,
    posted: Instant,
    answered: Duration,
    done: Option<oneshot::Sender<Result<Joined, String>>>,
    h264: Option<u8>,
    checked: bool,
    started: bool,
    closed: bool,
    light: bool,
    key: KeyWatch,
    ask_key: Option<Instant>,
}

type Refused = (oneshot::Sender<Result<Joined, String>>, String);

impl Viewer {
    pub(super) fn begin(place: usize, join: Join, out: &mut Transmits) -> Result<Self, Refused> {
        let now = Instant::now();
        let mut client = join.client;
        if let Err(error) = client.accept_answer(now, &join.answer, out) {
            out.clear();
            return Err((join.done, format!("answer refused: {error}")));
        }
        let port = client.remote().map(Port::open);
        let port = match port {
            Some(Ok(port)) => port,
            Some(Err(error)) => return Err((join.done, error.to_string())),
            None => return Err((join.done, "answer without candidate".to_owned())),
        };
        let light = client.config().light;
        let h264 = client.config().video.first().copied();
        let h264 = h264.and_then(|codec| client.payload_type(&codec));
        Ok(Self {
            place,
            weather: Weather::new(join.forecast, now, client.config().seed),
            client,
            port,
            due: None,
            posted: join.posted,
            answered: join.answered - join.posted,
            done: Some(join.done),
            h264,
            checked: false,
            started: false,
            closed: false,
            light,
            key: KeyWatch::default(),
            ask_key: (!light).then_some(join.posted + KEY_FRAME_INTERVAL),
        })
    }

    /// Takes a datagram; true when it was nothing but media of a light viewer.
    pub(super) fn take(
        &mut self,
        now: Instant,
        arrived: Option<Duration>,
        from: SocketAddr,
        datagram: &mut [u8],
        totals: &mut Totals,
        out: &mut Transmits,
    ) -> bool {
        let is_check = datagram.first().is_some_and(|first| *first < 4);
        let inbound = self.client.handle_datagram(now, from, datagram, out);
        if is_check && inbound == Inbound::Handled && !self.checked {
            self.checked = true;
            totals.ice.add(now - self.posted);
        }
        let Inbound::Rtp { len } = inbound else {
            return false;
        };
        if !self.started {
            self.started = true;
            totals.first_packet.add(now - self.posted);
        }
        if self.light {
            return true;
        }
        let packet = &datagram[..len];
        let header = Header::parse(packet);
        if let Some((header, payload)) = header.and_then(|h| Some((h, h.payload(packet)?))) {
            let h264 = self.h264 == Some(header.pt);
            if self.key.take(h264, &header, payload) {
                self.ask_key = None;
                totals.first_key.add(now - self.posted);
            }
            if let (Some(arrived), Some(stamp)) = (arrived, Stamp::read(payload)) {
                let delay = (arrived.as_micros() as u64).saturating_sub(stamp.sent_us);
                totals.delays.add_us(delay);
            }
        }
        false
    }

    pub(super) fn expire(&mut self, now: Instant, out: &mut Transmits) {
        if self.client.next_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now, out);
        }
        if self.ask_key.is_some_and(|at| at <= now) {
            self.ask_key = Some(now + KEY_FRAME_INTERVAL);
            self.client.request_keyframe(now, out);
        }
        if self.done.is_some() && now >= self.posted + JOIN_TIMEOUT {
            self.fail("not connected in time");
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let given_up = self.done.as_ref().map(|_| self.posted + JOIN_TIMEOUT);
        let times = [self.client.next_timeout(), self.ask_key, given_up];
        times.into_iter().flatten().min()
    }

    pub(super) fn flush(&self, out: &mut Transmits) {
        for (to, datagram) in out.iter() {
            self.port.send(to, datagram);
        }
        out.clear();
    }

    /// Hears what happened.
    pub(super) fn hear(&mut self, totals: &mut Totals) {
        while let Some(event) = self.client.poll_event() {
            match event {
                PeerEvent::Connected => {
                    totals.post.add(self.answered);
                    totals.dtls.add(self.posted.elapsed());
                    if let Some(done) = self.done.take() {
                        let _ = done.send(Ok(Joined { place: self.place }));
                    }
                }
                PeerEvent::Lane { bytes, .. } => {
                    totals.lane_messages += 1;
                    if let Some(sent) = sent_us(&bytes) {
                        totals.lane_delay.add_us(now_us().saturating_sub(sent));
                    }
                }
                PeerEvent::Closed(reason) => {
                    self.closed = true;
                    totals.closed += 1;
                    self.fail(&format!("closed: {reason:?}"));
                }
                _ => {}
            }
        }
    }

    pub(super) fn fail(&mut self, why: &str) {
        if let Some(done) = self.done.take() {
            self.closed = true;
            let _ = done.send(Err(why.to_owned()));
        }
    }

    pub(super) fn leave(&mut self, now: Instant, out: &mut Transmits) {
        self.client.close(now, out);
        self.flush(out);
    }

    pub(super) fn is_alive(&self) -> bool {
        self.done.is_none() && !self.closed
    }

    pub(super) fn is_watching(&self) -> bool {
        self.started
    }

    /// Adds what is counted by the client itself.
    pub(super) fn add_to(&self, totals: &mut Totals) {
        let reception = self.client.reception();
        totals.feedbacks += reception.feedbacks;
        if self.light {
            let counts = self.client.counts();
            totals.packets += counts.packets;
            totals.bytes += counts.bytes;
            totals.lost += counts.lost;
            totals.lost_light += counts.lost;
            return;
        }
        totals.packets += reception.arrived;
        totals.bytes += reception.bytes;
        totals.lost += reception.missing;
        totals.nacked += reception.nacked;
        totals.repaired_rtx += reception.repaired_rtx;
        totals.plis += reception.plis;
        totals.padding += reception.padding;
    }
}

/// The `"sent_us":N` of a lane message.
fn sent_us(message: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(message).ok()?;
    let (_, rest) = text.split_once("\"sent_us\":")?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}
