//! What a connection said: read, judged, and passed on or refused.
//!
//! [`judge`] is pure but for the connection's own gate. Only what is well-formed, within the rate,
//! on its own lane and allowed to the speaker reaches a consumer.

use std::time::Instant;

use signaling_wire::{
    ClientFrame, Code, DecodeError, Lane, Problem, ServerFrame, StreamId, UserId, decode_client,
    frame::{
        Refused,
        control::{Pong, Sanction, SanctionKind},
    },
};
use tokio::sync::mpsc;

use crate::{
    gate::{Admission, Gate},
    identity::{Identity, SessionKey},
    limits,
    session::Session,
};

/// A command of a connection, for the consumer of its lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbound {
    /// In which room.
    pub stream: StreamId,
    /// Who to answer.
    pub session: SessionKey,
    /// The lane that it came in by, and that refusals go back by.
    pub via: Lane,
    /// Who speaks. Always there for `say` and `buy`.
    pub identity: Option<Identity>,
    /// The command.
    pub frame: ClientFrame,
}

/// An account has its first connection in a room, or no longer any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// In which room.
    pub stream: StreamId,
    /// Who.
    pub user: UserId,
    /// Whether they are there.
    pub here: bool,
}

/// The receiving ends that [`Hub::start`](crate::Hub::start) hands out.
pub struct Inbounds {
    /// `auth` frames; ping and resync are answered by the hub.
    pub control: mpsc::Receiver<Inbound>,
    /// `buy`, `quote` and `glance` frames; the last two also of anonymous viewers.
    pub shop: mpsc::Receiver<Inbound>,
    /// `say` frames.
    pub chat: mpsc::Receiver<Inbound>,
    /// Who comes and goes. News that finds the queue full is lost: whoever acts on it asks
    /// [`Hub::present`](crate::Hub::present) now and then. A room that ends says nothing.
    pub attendance: mpsc::Receiver<Attendance>,
}

/// The sending ends of [`Inbounds`].
#[derive(Clone)]
pub(crate) struct Consumers {
    control: mpsc::Sender<Inbound>,
    shop: mpsc::Sender<Inbound>,
    chat: mpsc::Sender<Inbound>,
    attendance: mpsc::Sender<Attendance>,
}

/// What becomes of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Nothing: the connection is going already.
    Ignore,
    /// Pass it on.
    Forward(Box<Inbound>),
    /// Answer with a new snapshot.
    Resync,
    /// Answer at once.
    Answer(Lane, Box<ServerFrame>),
    /// Answer, then close: it broke the protocol too often.
    Close,
}

pub(crate) fn consumers() -> (Consumers, Inbounds) {
    let (control, control_rx) = mpsc::channel(limits::INBOUND_QUEUE);
    let (shop, shop_rx) = mpsc::channel(limits::INBOUND_QUEUE);
    let (chat, chat_rx) = mpsc::channel(limits::INBOUND_QUEUE);
    let (attendance, attendance_rx) = mpsc::channel(limits::ATTENDANCE_QUEUE);
    (
        Consumers {
            control,
            shop,
            chat,
            attendance,
        },
        Inbounds {
            control: control_rx,
            shop: shop_rx,
            chat: chat_rx,
            attendance: attendance_rx,
        },
    )
}

impl Consumers {
    /// Passes a command on, or says why not.
    pub(crate) fn forward(&self, inbound: Inbound) -> Result<(), (Lane, Box<ServerFrame>)> {
        let queue = match inbound.frame.lane() {
            Lane::Shop => &self.shop,
            Lane::Chat => &self.chat,
            Lane::Control | Lane::Stock => &self.control,
        };
        queue.try_send(inbound).map_err(|error| {
            let inbound = match error {
                mpsc::error::TrySendError::Full(inbound)
                | mpsc::error::TrySendError::Closed(inbound) => inbound,
            };
            let problem = Problem::new(Code::Busy, "too many commands wait").retry_after(1);
            refuse(inbound.via, key_of(&inbound.frame), problem)
        })
    }

    /// Says who came or went. Never waits.
    pub(crate) fn attend(&self, news: Attendance) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.attendance.try_send(news) {
            metrics::counter!("souk_attendance_dropped_total").increment(1);
        }
    }
}

/// Judges a message. `via` is the lane of a data channel, or `None` for a socket, where every
/// frame comes in by its own lane.
pub(crate) fn judge(
    session: &Session,
    via: Option<Lane>,
    bytes: &[u8],
    now: Instant,
    now_ms: u64,
) -> Verdict {
    let mut gate = session.gate();
    let admission = gate.admit(now);
    match admission {
        Admission::Shut => return Verdict::Ignore,
        Admission::Flood => return Verdict::Close,
        Admission::Granted | Admission::Throttled => {}
    }
    let answer = |lane, key, problem| {
        let (lane, frame) = refuse(lane, key, problem);
        Verdict::Answer(lane, frame)
    };
    let frame = decode_client(bytes);
    let lane = via
        .or(frame.as_ref().ok().map(ClientFrame::lane))
        .unwrap_or(Lane::Control);
    if admission == Admission::Throttled {
        let key = frame.ok().as_ref().and_then(key_of);
        let problem = Problem::new(Code::RateLimited, "too many frames").retry_after(1);
        return answer(lane, key, problem);
    }
    let frame = match frame {
        Ok(frame) if frame.lane() == lane => frame,
        Ok(frame) => {
            return if gate.mistake() {
                Verdict::Close
            } else {
                answer(lane, key_of(&frame), Problem::from(&DecodeError::Kind))
            };
        }
        Err(_) if gate.mistake() => return Verdict::Close,
        Err(error) => return answer(lane, None, Problem::from(&error)),
    };
    if let Some(problem) = forbidden(&gate, &frame, now_ms) {
        return answer(lane, key_of(&frame), problem);
    }
    let identity = gate.identity(now_ms).cloned();
    match frame {
        ClientFrame::Ping(ping) => {
            let pong = Pong {
                client_ms: ping.client_ms,
                server_ms: now_ms,
            };
            Verdict::Answer(Lane::Control, Box::new(ServerFrame::Pong(pong)))
        }
        ClientFrame::Resync(_) => {
            gate.charge(limits::RESYNC_COST);
            Verdict::Resync
        }
        ClientFrame::Auth(_)
        | ClientFrame::Say(_)
        | ClientFrame::Buy(_)
        | ClientFrame::Quote(_)
        | ClientFrame::Glance(_) => Verdict::Forward(Box::new(Inbound {
            stream: session.stream,
            session: session.key,
            via: lane,
            identity,
            frame,
        })),
    }
}

/// Why whoever is behind a connection may not give a command.
fn forbidden(gate: &Gate, frame: &ClientFrame, now_ms: u64) -> Option<Problem> {
    let signed_in = matches!(frame, ClientFrame::Say(_) | ClientFrame::Buy(_));
    let unknown = signed_in && gate.identity(now_ms).is_none();
    sanctioned(gate.sanction(now_ms), frame)
        .or_else(|| unknown.then(|| Problem::new(Code::Unauthenticated, "")))
}

/// Why the hosts' decision about the speaker forbids a command.
fn sanctioned(sanction: Option<Sanction>, frame: &ClientFrame) -> Option<Problem> {
    let Sanction { kind, until_ms } = sanction?;
    let code = match (kind, frame) {
        (SanctionKind::Mute, ClientFrame::Say(_)) => Code::Muted,
        (SanctionKind::Ban, ClientFrame::Say(_) | ClientFrame::Buy(_)) => Code::Banned,
        _ => return None,
    };
    let problem = Problem::new(code, "");
    Some(match until_ms {
        Some(until) => problem.with("until_ms", until),
        None => problem,
    })
}

/// The key by which the sender recognises the answer to a command.
pub(crate) fn key_of(frame: &ClientFrame) -> Option<String> {
    match frame {
        ClientFrame::Say(say) => Some(say.key.clone()),
        ClientFrame::Buy(buy) => Some(buy.key.clone()),
        ClientFrame::Quote(quote) => quote.key.clone(),
        ClientFrame::Auth(_)
        | ClientFrame::Ping(_)
        | ClientFrame::Resync(_)
        | ClientFrame::Glance(_) => None,
    }
}

fn refuse(lane: Lane, key: Option<String>, problem: Problem) -> (Lane, Box<ServerFrame>) {
    // Nothing reliable can be said on the stock lane.
    let lane = if lane == Lane::Stock {
        Lane::Control
    } else {
        lane
    };
    (lane, Box::new(ServerFrame::Error(Refused { key, problem })))
}

#[cfg(test)]
mod tests;
