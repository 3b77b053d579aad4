//! Frames to bytes and back.
//!
//! A server frame is `{"v":1,"lane":"shop","pos":{…},"t":"pinned","d":{…}}`; `pos` is absent on
//! stock ticks and personal frames. A client frame is `{"v":1,"t":"say","d":{…}}`. A frame is
//! encoded once and the same bytes go to everyone.

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    ClientFrame, Code, Lane, Position, Problem, ServerFrame,
    frame::{chat, control, shop},
    limits,
};

/// Version of the frames, in every one of them.
pub const VERSION: u8 = 1;

#[derive(Serialize)]
struct ServerEnvelope<'a> {
    v: u8,
    lane: Lane,
    #[serde(skip_serializing_if = "Option::is_none")]
    pos: Option<Position>,
    #[serde(flatten)]
    frame: &'a ServerFrame,
}

/// A server frame with what its envelope says.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The lane it belongs to.
    pub lane: Lane,
    /// Its place in the room, if it has one.
    pub pos: Option<Position>,
    /// What it says.
    pub frame: ServerFrame,
}

#[derive(Deserialize)]
struct RawServer {
    v: u8,
    lane: Lane,
    #[serde(default)]
    pos: Option<Position>,
    #[serde(flatten)]
    frame: ServerFrame,
}

#[derive(Serialize)]
struct ClientEnvelope<'a> {
    v: u8,
    #[serde(flatten)]
    frame: &'a ClientFrame,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClient<'a> {
    v: u8,
    t: &'a str,
    #[serde(borrow)]
    d: &'a RawValue,
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than a client may send.
    #[error("frame is longer than {} bytes", limits::CLIENT_FRAME_BYTES_MAX)]
    TooLarge,
    /// Not JSON, or not the envelope.
    #[error("not a frame: {0}")]
    Envelope(String),
    /// Another version of the protocol.
    #[error("frame version {0} is not spoken here")]
    Version(u8),
    /// A kind that clients do not send.
    #[error("unknown kind of frame")]
    Kind,
    /// The payload is not what its kind asks for.
    #[error("bad payload: {0}")]
    Payload(String),
}

impl From<&DecodeError> for Problem {
    fn from(error: &DecodeError) -> Self {
        let code = match error {
            DecodeError::TooLarge => Code::PayloadTooLarge,
            DecodeError::Envelope(_) => Code::InvalidJson,
            DecodeError::Version(_) | DecodeError::Kind => Code::UnknownFrame,
            DecodeError::Payload(_) => Code::ValidationError,
        };
        Self::new(code, error.to_string())
    }
}

/// Encodes a server frame for a lane. Errors take the lane that the command came in by; every
/// other frame must be given its own [`ServerFrame::lane`].
pub fn encode_server(lane: Lane, pos: Option<Position>, frame: &ServerFrame) -> Bytes {
    debug_assert!(
        frame.lane().is_none_or(|own| own == lane),
        "frame on a foreign lane"
    );
    encode(&ServerEnvelope {
        v: VERSION,
        lane,
        pos,
        frame,
    })
}

/// Encodes a client frame.
pub fn encode_client(frame: &ClientFrame) -> Bytes {
    encode(&ClientEnvelope { v: VERSION, frame })
}

/// Decodes a server frame, as clients do.
///
/// # Errors
/// [`DecodeError`] says what is wrong with the bytes.
pub fn decode_server(bytes: &[u8]) -> Result<Received, DecodeError> {
    let raw: RawServer =
        serde_json::from_slice(bytes).map_err(|error| DecodeError::Envelope(error.to_string()))?;
    match raw.v {
        VERSION => Ok(Received {
            lane: raw.lane,
            pos: raw.pos,
            frame: raw.frame,
        }),
        other => Err(DecodeError::Version(other)),
    }
}

/// Decodes what a client sent, which is not trusted: bounded, closed, unknown fields refused.
///
/// # Errors
/// [`DecodeError`] says what is wrong with the bytes.
pub fn decode_client(bytes: &[u8]) -> Result<ClientFrame, DecodeError> {
    if bytes.len() > limits::CLIENT_FRAME_BYTES_MAX {
        return Err(DecodeError::TooLarge);
    }
    let raw: RawClient<'_> =
        serde_json::from_slice(bytes).map_err(|error| DecodeError::Envelope(error.to_string()))?;
    // A derived struct also takes a list of its fields; frames are objects.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(DecodeError::Envelope("expected an object".to_owned()));
    }
    if raw.v != VERSION {
        return Err(DecodeError::Version(raw.v));
    }
    match raw.t {
        "auth" => payload::<control::Auth>(raw.d).map(ClientFrame::Auth),
        "ping" => payload::<control::Ping>(raw.d).map(ClientFrame::Ping),
        "resync" => payload::<control::Resync>(raw.d).map(ClientFrame::Resync),
        "say" => payload::<chat::Say>(raw.d).map(ClientFrame::Say),
        "buy" => payload::<shop::Buy>(raw.d).map(ClientFrame::Buy),
        "quote" => payload::<shop::Quote>(raw.d).map(ClientFrame::Quote),
        "glance" => payload::<shop::Glance>(raw.d).map(ClientFrame::Glance),
        _ => Err(DecodeError::Kind),
    }
}

fn payload<T: DeserializeOwned>(raw: &RawValue) -> Result<T, DecodeError> {
    if has_list(raw.get()) {
        return Err(DecodeError::Payload("lists are not taken".to_owned()));
    }
    serde_json::from_str(raw.get()).map_err(|error| DecodeError::Payload(error.to_string()))
}

/// Whether valid JSON holds a list anywhere. No client frame does, and a derived struct would take
/// one in place of its object.
fn has_list(json: &str) -> bool {
    let (mut in_string, mut escaped) = (false, false);
    json.bytes().any(|byte| {
        if escaped {
            escaped = false;
        } else if in_string {
            escaped = byte == b'\\';
            in_string = byte != b'"';
        } else {
            in_string = byte == b'"';
            return byte == b'[';
        }
        false
    })
}

fn encode<T: Serialize>(value: &T) -> Bytes {
    // Frames hold strings, numbers and lists of them: nothing in them can fail to serialise.
    Bytes::from(serde_json::to_vec(value).expect("frames always serialise"))
}
