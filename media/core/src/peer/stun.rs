//! STUN binding messages as ICE uses them (RFC 8489, RFC 8445 section 7).
//!
//! [`Reading`] walks a datagram without allocating and without trusting it: bounds, attribute
//! count, order. Only what passes and is addressed to this peer reaches the HMAC. Messages are
//! built by `rtc-stun`. No retransmission, no state.

use std::net::SocketAddr;

use rtc_crypto::RTCCryptoProvider;
use rtc_crypto::providers::AwsLcRsProvider;
use rtc_stun::attributes::{
    ATTR_ICE_CONTROLLED, ATTR_ICE_CONTROLLING, ATTR_MESSAGE_INTEGRITY_SHA256, ATTR_PRIORITY,
    ATTR_UNKNOWN_ATTRIBUTES, ATTR_USE_CANDIDATE, ATTR_USERNAME, AttrType,
};
use rtc_stun::error_code::{ErrorCode, ErrorCodeAttribute};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{
    BINDING_ERROR, BINDING_SUCCESS, MAGIC_COOKIE, Message, MessageType, Setter, TransactionId,
};
use rtc_stun::xoraddr::XorMappedAddress;

use super::limits::{MAX_STUN, MAX_STUN_ATTRIBUTES};

static CRYPTO: AwsLcRsProvider = AwsLcRsProvider::new();

const HEADER: usize = 20;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const FINGERPRINT_TYPE: u16 = 0x8028;
/// The longest user name that RFC 8489 section 14.3 allows.
const MAX_USERNAME: usize = 513;

/// Attributes that a message has once at most.
const ONCE: [AttrType; 5] = [
    ATTR_USERNAME,
    ATTR_PRIORITY,
    ATTR_USE_CANDIDATE,
    ATTR_ICE_CONTROLLED,
    ATTR_ICE_CONTROLLING,
];

/// What kind of binding message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Indication,
    Success,
    Error,
}

/// Whether the first bytes say STUN (RFC 7983: first byte 0 to 3, and the magic cookie).
pub(crate) fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|&byte| byte < 4)
}

/// A well-formed binding message whose authenticity is not known yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    datagram: &'a [u8],
    pub(crate) kind: Kind,
    pub(crate) username: Option<&'a str>,
    pub(crate) use_candidate: bool,
    pub(crate) controlled: bool,
    pub(crate) error_code: Option<u16>,
    unknown: Option<u16>,
    /// One bit per attribute of [`ONCE`] that was there.
    seen: u8,
    integrity: bool,
    fingerprint: bool,
}

impl<'a> Reading<'a> {
    /// Reads a message; `None` when it is malformed, too large, or no binding message. Attributes
    /// behind MESSAGE-INTEGRITY are ignored, FINGERPRINT excepted (RFC 8489 section 14.5).
    pub(crate) fn parse(datagram: &'a [u8]) -> Option<Self> {
        if datagram.len() < HEADER || datagram.len() > MAX_STUN {
            return None;
        }
        let length = usize::from(u16_at(datagram, 2));
        let cookie = u32::from(u16_at(datagram, 4)) << 16 | u32::from(u16_at(datagram, 6));
        if cookie != MAGIC_COOKIE || length % 4 != 0 || HEADER + length != datagram.len() {
            return None;
        }
        let kind = match u16_at(datagram, 0) {
            0x0001 => Kind::Request,
            0x0011 => Kind::Indication,
            0x0101 => Kind::Success,
            0x0111 => Kind::Error,
            _ => return None,
        };
        let mut reading = Self {
            datagram,
            kind,
            username: None,
            use_candidate: false,
            controlled: false,
            error_code: None,
            unknown: None,
            seen: 0,
            integrity: false,
            fingerprint: false,
        };
        reading.walk()?;
        Some(reading)
    }

    fn walk(&mut self) -> Option<()> {
        let mut rest = &self.datagram[HEADER..];
        for _ in 0..MAX_STUN_ATTRIBUTES {
            if rest.is_empty() {
                return Some(());
            }
            // FINGERPRINT is the last attribute.
            if rest.len() < 4 || self.fingerprint {
                return None;
            }
            let (kind, length) = (u16_at(rest, 0), usize::from(u16_at(rest, 2)));
            let value = rest.get(4..4 + length)?;
            self.take(kind, value)?;
            rest = rest.get(4 + length.next_multiple_of(4)..)?;
        }
        None
    }

    fn take(&mut self, kind: u16, value: &'a [u8]) -> Option<()> {
        let known = [
            ATTR_PRIORITY,
            ATTR_ICE_CONTROLLING,
            ATTR_MESSAGE_INTEGRITY_SHA256,
        ]
        .iter()
        .any(|attribute| attribute.value() == kind);
        if kind == FINGERPRINT_TYPE {
            self.fingerprint = true;
            return (value.len() == 4).then_some(());
        }
        if self.integrity {
            return Some(());
        }
        if let Some(bit) = ONCE.iter().position(|once| once.value() == kind) {
            let first = self.seen >> bit & 1 == 0;
            self.seen |= 1 << bit;
            first.then_some(())?;
        }
        if known {
            return Some(());
        }
        if kind == MESSAGE_INTEGRITY {
            self.integrity = true;
            return (value.len() == 20).then_some(());
        }
        if kind == ATTR_USERNAME.value() {
            if value.len() > MAX_USERNAME {
                return None;
            }
            self.username = Some(std::str::from_utf8(value).ok()?);
        } else if kind == ATTR_USE_CANDIDATE.value() {
            self.use_candidate = true;
        } else if kind == ATTR_ICE_CONTROLLED.value() {
            self.controlled = true;
        } else if kind == 0x0009 && value.len() >= 4 {
            self.error_code = Some(u16::from(value[2] & 7) * 100 + u16::from(value[3]));
        } else if kind < 0x8000 && self.kind == Kind::Request && self.unknown.is_none() {
            self.unknown = Some(kind);
        }
        Some(())
    }

    /// The local half of the user name: whom the request is for.
    pub(crate) fn local_ufrag(&self) -> Option<&'a str> {
        self.username?.split_once(':').map(|(local, _)| local)
    }

    /// A required attribute that is not understood (answered by 420), requests only.
    pub(crate) fn unknown_required(&self) -> Option<u16> {
        self.unknown
    }

    /// The 96-bit transaction id.
    pub(crate) fn transaction(&self) -> TransactionId {
        let mut id = TransactionId::default();
        id.0.copy_from_slice(&self.datagram[8..HEADER]);
        id
    }

    /// Whether MESSAGE-INTEGRITY and FINGERPRINT are there and right for `password`.
    pub(crate) fn is_authentic(&self, password: &str) -> bool {
        if !self.integrity || !self.fingerprint {
            return false;
        }
        let mut message = Message::new();
        message.unmarshal_binary(self.datagram).is_ok()
            && FINGERPRINT.check(&message).is_ok()
            && MessageIntegrity::check(&mut message, password.as_bytes(), CRYPTO.crypto()).is_ok()
    }
}

/// A success response that tells the sender its address. `None` cannot happen with our input.
pub(crate) fn success(id: TransactionId, to: SocketAddr, password: &str) -> Option<Vec<u8>> {
    // An IPv4 peer of a dual-stack socket is told its IPv4 address.
    let mapped = XorMappedAddress {
        ip: to.ip().to_canonical(),
        port: to.port(),
    };
    build(BINDING_SUCCESS, id, vec![Box::new(mapped)], password)
}

/// An error response: 420 names the attribute, 487 is a role conflict (RFC 8445 section 7.3.1.1).
pub(crate) fn error(
    id: TransactionId,
    code: u16,
    unknown: Option<u16>,
    password: &str,
) -> Option<Vec<u8>> {
    let reason = ErrorCodeAttribute {
        code: ErrorCode(code),
        reason: Vec::new(),
    };
    let mut setters: Vec<Box<dyn Setter>> = vec![Box::new(reason)];
    if let Some(kind) = unknown {
        setters.push(Box::new(Plain(
            ATTR_UNKNOWN_ATTRIBUTES,
            kind.to_be_bytes().to_vec(),
        )));
    }
    build(BINDING_ERROR, id, setters, password)
}

/// What a check consists of.
pub(crate) struct Check<'a> {
    pub(crate) id: [u8; 12],
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
    pub(crate) tie_breaker: u64,
    pub(crate) use_candidate: bool,
    /// Sends ICE-CONTROLLED: what a lite side is, and to one a role conflict.
    pub(crate) controlled: bool,
    /// An extra attribute: number and value.
    pub(crate) extra: Option<(u16, Vec<u8>)>,
}

/// A binding request (RFC 8445 section 7.2.2).
pub(crate) fn request(check: &Check<'_>) -> Option<Vec<u8>> {
    use rtc_stun::message::BINDING_REQUEST;
    let role = if check.controlled {
        ATTR_ICE_CONTROLLED
    } else {
        ATTR_ICE_CONTROLLING
    };
    let mut setters: Vec<Box<dyn Setter>> = vec![
        Box::new(Plain(ATTR_USERNAME, check.username.as_bytes().to_vec())),
        Box::new(Plain(role, check.tie_breaker.to_be_bytes().to_vec())),
        Box::new(Plain(
            ATTR_PRIORITY,
            0x6e_00_01_ff_u32.to_be_bytes().to_vec(),
        )),
    ];
    if check.use_candidate {
        setters.push(Box::new(Plain(ATTR_USE_CANDIDATE, Vec::new())));
    }
    if let Some((kind, value)) = &check.extra {
        setters.push(Box::new(Plain(AttrType(*kind), value.clone())));
    }
    build(
        BINDING_REQUEST,
        TransactionId(check.id),
        setters,
        check.password,
    )
}

/// A binding request with these bytes as attributes, then MESSAGE-INTEGRITY and FINGERPRINT as
/// they must be: whatever a peer that knows the password may send.
#[cfg(feature = "fuzzing")]
pub fn signed_request(attributes: &[u8], password: &str) -> Option<Vec<u8>> {
    use rtc_stun::message::BINDING_REQUEST;
    struct Raw(Vec<u8>);
    impl Setter for Raw {
        fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
            message.raw.extend_from_slice(&self.0);
            message.length += self.0.len() as u32;
            message.write_length();
            Ok(())
        }
    }
    let setters: Vec<Box<dyn Setter>> = vec![Box::new(Raw(attributes.to_vec()))];
    build(BINDING_REQUEST, TransactionId([7; 12]), setters, password)
}

struct Plain(AttrType, Vec<u8>);

impl Setter for Plain {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        message.add(self.0, &self.1);
        Ok(())
    }
}

fn build(
    kind: MessageType,
    id: TransactionId,
    setters: Vec<Box<dyn Setter>>,
    password: &str,
) -> Option<Vec<u8>> {
    let key = password.as_bytes();
    let integrity = MessageIntegrity::new_raw_integrity_with_provider(key, CRYPTO.crypto());
    let mut all: Vec<Box<dyn Setter + '_>> = vec![Box::new(kind), Box::new(id)];
    all.extend(
        setters
            .into_iter()
            .map(|setter| setter as Box<dyn Setter + '_>),
    );
    all.push(Box::new(integrity));
    all.push(Box::new(FINGERPRINT));
    let mut message = Message::new();
    message.build(&all).ok()?;
    Some(message.raw)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests;
