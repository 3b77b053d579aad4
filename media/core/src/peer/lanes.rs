//! The data-channel lanes of one peer: SCTP over DTLS with pre-negotiated streams (RFC 8831).
//!
//! Lane 0 control, 1 shop and 3 chat are reliable and ordered; lane 2 stock is unordered and never
//! retransmitted. They work the moment the association is up; in-band channel openings
//! (RFC 8832) are ignored. A peer whose association ends is gone: its page could neither see a
//! card nor buy. The association is by `sctp-proto`; packets go in and out as DTLS
//! application data. Messages are text, bounded in both directions.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use bytes::Bytes;
use sctp_proto::{
    Association, AssociationHandle, DatagramEvent, Endpoint, EndpointConfig, Event, Payload,
    PayloadProtocolIdentifier, ReliabilityType, ServerConfig, StreamEvent, Transmit,
    TransportConfig,
};

use super::event::LaneError;
use super::limits::{
    LANES, MAX_LANE_BACKLOG, MAX_LANE_MESSAGE, MAX_LANE_MESSAGE_OUT, MAX_STRAY_MESSAGES,
    MAX_STREAMS,
};

/// The lane without retransmission.
const STOCK: u16 = 2;
/// Largest piece of a message in one packet; keeps DTLS datagrams below 1200 bytes.
const MAX_PAYLOAD: u32 = 1100;
/// The association's name for the peer; addresses mean nothing here.
const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 5000));

/// Common header of an SCTP packet (RFC 9260 section 3.1).
const SCTP_HEADER: usize = 12;
const INIT: u8 = 1;
/// ABORT, SHUTDOWN, SHUTDOWN ACK, SHUTDOWN COMPLETE.
const GOODBYES: [u8; 4] = [6, 7, 8, 14];

static ENDPOINT: LazyLock<Arc<EndpointConfig>> = LazyLock::new(|| {
    let mut config = EndpointConfig::new();
    config.max_payload_size(MAX_PAYLOAD);
    Arc::new(config)
});
static TRANSPORT: LazyLock<Arc<TransportConfig>> = LazyLock::new(|| {
    let config = TransportConfig::default()
        .with_max_receive_buffer_size(MAX_LANE_BACKLOG as u32)
        .with_max_receive_message_size(MAX_LANE_MESSAGE as u32)
        .with_max_send_message_size(MAX_LANE_MESSAGE_OUT as u32)
        .with_max_num_inbound_streams(MAX_STREAMS)
        .with_max_num_outbound_streams(MAX_STREAMS)
        .with_rto_initial_ms(1_000)
        .with_rto_min_ms(200)
        .with_rto_max_ms(5_000)
        .with_max_init_retransmits(None);
    Arc::new(config)
});

/// What came out of the association.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LanesEvent {
    /// Messages can be sent.
    Open,
    /// A whole message.
    Message {
        /// Lane id below [`LANES`].
        lane: u16,
        /// Its bytes.
        bytes: Bytes,
    },
    /// The other side ended the association.
    Lost,
    /// The peer broke the rules and must go.
    Abuse,
}

/// SCTP of one peer. See the module header.
pub(crate) struct Lanes {
    endpoint: Endpoint,
    association: Option<(AssociationHandle, Association)>,
    open: bool,
    /// The packet at hand begins with a chunk that ends associations.
    goodbye: bool,
    strays: u32,
    backlog: [usize; LANES as usize],
    events: Vec<LanesEvent>,
    /// Verification tag of the latest packet.
    #[cfg(feature = "fuzzing")]
    pub(crate) tag: Option<[u8; 4]>,
}

impl Lanes {
    /// Waits for the other side to begin.
    pub(crate) fn new() -> Self {
        let mut server = ServerConfig::default();
        server.transport = Arc::clone(&TRANSPORT);
        let endpoint = Endpoint::new(Arc::clone(&ENDPOINT), Some(Arc::new(server)));
        Self {
            endpoint,
            association: None,
            open: false,
            goodbye: false,
            strays: 0,
            backlog: [0; LANES as usize],
            events: Vec::new(),
            #[cfg(feature = "fuzzing")]
            tag: None,
        }
    }

    /// Begins the association from this side.
    #[cfg(any(test, feature = "client"))]
    pub(crate) fn connect(&mut self) {
        let mut config = sctp_proto::ClientConfig::new();
        config.transport = Arc::clone(&TRANSPORT);
        if self.association.is_none() {
            // Fails only for port zero or too many associations.
            self.association = self.endpoint.connect(config, PEER).ok();
        }
    }

    /// Takes one SCTP packet.
    pub(crate) fn handle(&mut self, now: Instant, packet: Bytes) {
        let first_chunk = packet.get(SCTP_HEADER).copied();
        #[cfg(feature = "fuzzing")]
        if let (None | Some([0, 0, 0, 0]), Some(tag)) = (self.tag, packet.get(4..8)) {
            self.tag = tag.try_into().ok();
        }
        if self.open && first_chunk == Some(INIT) {
            // A late repetition; the association would take it as a reason to end.
            return;
        }
        self.goodbye = first_chunk.is_some_and(|kind| GOODBYES.contains(&kind));
        match self.endpoint.handle(now, PEER, None, None, packet) {
            // One association per peer: a second one takes no effect.
            Some((handle, DatagramEvent::NewAssociation(association)))
                if self.association.is_none() =>
            {
                self.association = Some((handle, association));
            }
            Some((handle, DatagramEvent::AssociationEvent(event))) => {
                if let Some((ours, association)) = &mut self.association
                    && *ours == handle
                {
                    association.handle_event(event);
                }
            }
            _ => {}
        }
        self.drain();
    }

    /// When [`Lanes::handle_timeout`] is due.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.association.as_ref()?.1.poll_timeout()
    }

    /// Runs retransmissions.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if let Some((_, association)) = &mut self.association {
            association.handle_timeout(now);
            self.drain();
        }
    }

    /// Gives every packet that may go now to `send`.
    pub(crate) fn transmit(&mut self, now: Instant, mut send: impl FnMut(&[u8])) {
        let mut emit = |transmit: Transmit| {
            if let Payload::RawEncode(packets) = transmit.payload {
                packets.iter().for_each(|packet| send(packet));
            }
        };
        while let Some(transmit) = self.endpoint.poll_transmit() {
            emit(transmit);
        }
        if let Some((_, association)) = &mut self.association {
            while let Some(transmit) = association.poll_transmit(now) {
                emit(transmit);
            }
        }
    }

    /// Queues one text message; [`Lanes::transmit`] sends it. Empty messages are nothing.
    pub(crate) fn send(&mut self, lane: u16, bytes: &[u8]) -> Result<(), LaneError> {
        if !self.open || lane >= LANES {
            return Err(LaneError::NotOpen);
        }
        if bytes.len() > MAX_LANE_MESSAGE_OUT {
            return Err(LaneError::TooLong);
        }
        if self.backlog.iter().sum::<usize>() + bytes.len() > MAX_LANE_BACKLOG {
            return Err(LaneError::Backlog);
        }
        let (_, association) = self.association.as_mut().ok_or(LaneError::NotOpen)?;
        let mut stream = association.stream(lane).map_err(|_| LaneError::NotOpen)?;
        stream
            .write_with_ppi(bytes, PayloadProtocolIdentifier::String)
            .map_err(|_| LaneError::NotOpen)?;
        self.backlog[usize::from(lane)] += bytes.len();
        Ok(())
    }

    /// Sends a message on any stream, to test what becomes of it.
    #[cfg(test)]
    pub(crate) fn send_stray(&mut self, id: u16, bytes: &[u8]) {
        let text = PayloadProtocolIdentifier::String;
        let association = self
            .association
            .as_mut()
            .map(|(_, association)| association);
        let association = association.expect("the test is associated");
        let _ = association.open_stream(id, text);
        let stream = association.stream(id).ok();
        stream
            .and_then(|mut stream| stream.write_with_ppi(bytes, text).ok())
            .expect("it is sent");
    }

    /// Bytes of a lane that are not acknowledged.
    pub(crate) fn backlog(&self, lane: u16) -> usize {
        self.backlog.get(usize::from(lane)).copied().unwrap_or(0)
    }

    /// What happened since the last call, in order.
    pub(crate) fn take_events(&mut self) -> Vec<LanesEvent> {
        std::mem::take(&mut self.events)
    }

    fn drain(&mut self) {
        while let Some(event) = self.association.as_mut().and_then(|(_, it)| it.poll()) {
            match event {
                Event::Connected => self.open_streams(),
                Event::Stream(StreamEvent::Readable { id }) => self.read(id),
                Event::AssociationLost { .. } | Event::HandshakeFailed { .. } => {
                    self.open = false;
                    let lost = if self.goodbye {
                        LanesEvent::Lost
                    } else {
                        LanesEvent::Abuse
                    };
                    self.events.push(lost);
                }
                _ => {}
            }
        }
        let Some((handle, association)) = &mut self.association else {
            return;
        };
        for (lane, backlog) in (0..).zip(&mut self.backlog) {
            let stream = association.stream(lane);
            *backlog = stream
                .and_then(|stream| stream.buffered_amount())
                .unwrap_or(0);
        }
        while let Some(event) = association.poll_endpoint_event() {
            self.endpoint.handle_event(*handle, event);
        }
    }

    fn open_streams(&mut self) {
        let Some((_, association)) = &mut self.association else {
            return;
        };
        for lane in 0..LANES {
            let text = PayloadProtocolIdentifier::String;
            // The stream exists already when the other side was quicker.
            let _ = association.open_stream(lane, text);
            if let (STOCK, Ok(mut stream)) = (lane, association.stream(lane)) {
                let _ = stream.set_reliability_params(true, ReliabilityType::Rexmit, 0);
            }
        }
        self.open = true;
        self.events.push(LanesEvent::Open);
    }

    /// Reads a stream to its end: readiness is told once only.
    fn read(&mut self, id: u16) {
        let Some((_, association)) = &mut self.association else {
            return;
        };
        while let Ok(mut stream) = association.stream(id)
            && let Ok(Some(chunks)) = stream.read()
        {
            let text = matches!(
                chunks.ppi,
                PayloadProtocolIdentifier::String | PayloadProtocolIdentifier::Binary
            );
            if id >= LANES || !text {
                self.strays += 1;
                if self.strays > MAX_STRAY_MESSAGES {
                    self.events.push(LanesEvent::Abuse);
                    return;
                }
                continue;
            }
            let mut bytes = vec![0; chunks.len()];
            if bytes.len() > MAX_LANE_MESSAGE || chunks.read(&mut bytes).is_err() {
                self.events.push(LanesEvent::Abuse);
                return;
            }
            self.events.push(LanesEvent::Message {
                lane: id,
                bytes: Bytes::from(bytes),
            });
        }
    }
}
