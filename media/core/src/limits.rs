//! Bounds of a shard; those of one peer are in `peer/limits.rs`.
//!
//! Counts are packets unless the name says otherwise. Relations between the numbers are asserted
//! at compile time.

use std::time::Duration;

use crate::peer::MAX_DATAGRAM;

/// Most shards of one process.
pub const MAX_SHARDS: usize = 16;
/// Length of an RTP header without CSRCs and extensions, which viewers get but for
/// [`TRANSPORT_EXTENSION`].
pub const RTP_HEADER: usize = 12;
/// Bytes of the header extension with the transport-wide sequence number.
pub const TRANSPORT_EXTENSION: usize = 8;
/// Longest RTP payload that is forwarded.
pub const MAX_PAYLOAD: usize = MAX_DATAGRAM - RTP_HEADER;
/// Packets that the ring of a video track remembers at least.
pub const VIDEO_RING: usize = 1_024;
/// Bytes that the memory of a video layer grows by.
pub const VIDEO_CHUNK: usize = 64 * 1024;
/// Bytes that the memory of an audio track grows by.
pub const AUDIO_CHUNK: usize = 16 * 1024;
/// What a video layer keeps from its latest keyframe on, so that a viewer who joins has a picture
/// at once: as old as this, then only [`VIDEO_RING`] packets until the next keyframe.
pub const CACHE_TIME: Duration = Duration::from_secs(12);
/// As [`CACHE_TIME`], in bytes of memory.
pub const CACHE_BYTES: usize = 8 * 1024 * 1024;
/// As [`CACHE_TIME`], in packets.
pub const CACHE_PACKETS: usize = 16_384;
/// Memory of all packets of a shard; over it the largest layers give up what they keep.
pub const SHARD_CACHE_BYTES: usize = 512 * 1024 * 1024;
/// Packets that the ring of an audio track remembers (about five seconds of Opus).
pub const AUDIO_RING: usize = 256;
/// Longest payload of the audio ring: an Opus packet has at most 1,275 bytes.
pub const MAX_AUDIO_PAYLOAD: usize = 1_280;
/// A forward jump of the sequence number up to this is loss; a larger one is a new beginning.
pub const MAX_SEQUENCE_GAP: u16 = 3_000;
/// Padding-only packets and insertions remembered per track, so that late packets find their place.
pub const MAX_SHIFTS: usize = 64;
/// Parameter sets remembered per track.
pub const MAX_PARAMETER_SETS: usize = 16;
/// Longest parameter set that is remembered, in bytes.
pub const MAX_PARAMETER_SET_BYTES: usize = 512;
/// Longest packet of parameter sets that is put in front of a keyframe, in bytes.
pub const PARAMETER_PACKET_BYTES: usize = 1_200;

/// Packets that may wait for the fan-out of one broadcast before it stops waiting for more.
pub const BATCH: usize = 32;
/// Packets that may wait at all; more are overrun.
pub const MAX_PENDING: usize = 512;
/// Longest hold of a packet in order to lengthen the runs of one send.
pub const HOLD: Duration = Duration::from_millis(2);
/// Bytes by which a video packet may be padded, so that neighbours of nearly one size can be sent as
/// one run.
pub const PAD: u16 = 4;
/// Datagrams after which a fan-out pauses for the caller to send them: few enough that what was
/// sealed is still in the processor's cache when the kernel copies it.
pub const FLUSH_DATAGRAMS: usize = 256;

/// Time in which a viewer that begins with a cached keyframe reaches the live edge at most.
pub const CATCH_UP_TIME: Duration = Duration::from_millis(1_500);
/// A younger past is caught up with in this part of its age.
pub const CATCH_UP_SPEED: u32 = 5;
/// Bits a second that a viewer's past may take, while nothing better is known of its network.
pub const CATCH_UP_BITRATE: u64 = 25_000_000;
/// Packets a second that a shard spends on the past of all viewers. Live ones come first.
pub const CATCH_UP_PACKETS: u32 = 150_000;
/// Packets of them that may go out at once.
pub const CATCH_UP_BURST: u32 = 2_048;
/// How often viewers in the past get what is due.
pub const CATCH_UP_TICK: Duration = Duration::from_millis(5);
/// A viewer whose rest finds no room for so long has a still picture, until there is room or the
/// next live keyframe.
pub const STILL_PATIENCE: Duration = Duration::from_millis(400);
/// Time between two keyframe requests for viewers with a still picture, to a sender that did not
/// answer the last one.
pub const STILL_REQUEST: Duration = Duration::from_secs(10);

/// A viewer whose picture has stood still for so long, and who waits for a keyframe, gets a cached
/// one: the source seems to ignore requests.
pub const CACHE_AFTER: Duration = Duration::from_millis(1_200);

/// A viewer's picture stands still when nothing is sent for so long.
pub const FREEZE_GAP: Duration = Duration::from_millis(500);

/// Lost packets of one up-track that are asked for; more than that is a lost keyframe interval.
pub const MAX_MISSING: usize = 256;
/// A gap is first given this time to be mere reordering.
pub const NACK_DELAY: Duration = Duration::from_millis(10);
/// Time between two requests for one packet.
pub const NACK_INTERVAL: Duration = Duration::from_millis(100);
/// Requests for one packet before it is given up.
pub const NACK_TRIES: u8 = 6;
/// The same for a lower simulcast layer of a sender without RTX: OBS keeps the packets of all layers
/// by sequence number alone and may answer with another layer's.
pub const NACK_TRIES_LAYER: u8 = 3;
/// Sequence numbers asked for per publisher's track and [`NACK_INTERVAL`].
pub const NACK_BUDGET: u32 = 100;
/// The same per simulcast layer, so that the lists of all layers fit into one compound.
pub const NACK_BUDGET_LAYER: u32 = 60;

/// STUN errors (420, 487) to one source address in a second, whatever peers they are about.
pub const REFUSALS_PER_SECOND: u32 = 10;
/// Source addresses whose errors are counted at a time; others get none until a second has passed.
pub const REFUSAL_SOURCES: usize = 256;

/// Media packets from unknown addresses that are held at a time, one an address, in case they are of
/// a viewer or publisher whose address changed; others are not.
pub const STRAYS: usize = 32;
/// How long one is held. It comes before its session is known to be silent.
pub const STRAY_TIME: Duration = Duration::from_millis(500);
/// Time between two looks at them.
pub const STRAY_LOOK: Duration = Duration::from_millis(50);
/// A session from which nothing came for so long may be found at another address. Those of
/// browsers with transport-wide feedback are heard ten times a second and more.
pub const SILENT_AFTER: Duration = Duration::from_millis(250);
/// One that is silent for longer is not looked for: its own checks find it.
pub const SILENT_MOST: Duration = Duration::from_secs(5);
/// Silent sessions that are looked for at a time, those first that fell silent last.
pub const SILENT_SESSIONS: usize = 64;
/// Packets that are tried with the keys of such a session, in a second.
pub const STRAY_TRIALS_PER_SECOND: u32 = 1_000;
/// Addresses at which sessions are asked for at a time, each for [`ASK_TIME`].
pub const ASKS: usize = 32;
/// How long an answer is waited for.
pub const ASK_TIME: Duration = Duration::from_millis(500);
/// Times that a session is asked for at one address.
pub const ASK_TRIES: u8 = 3;

/// Time between two keyframe requests to a publisher.
pub const PLI_INTERVAL: Duration = Duration::from_secs(1);
/// Most that is taken in from one publisher, all tracks and layers together, in bits a second.
pub const INGEST_BITRATE: u64 = 40_000_000;
/// A publisher that announces its bitrate (`b=` in its offer) may send so many times that.
pub const INGEST_HEADROOM: u64 = 2;
/// The least that an announcement limits a publisher to, in bits a second.
pub const INGEST_LEAST: u64 = 2_000_000;
/// What may come beyond the bitrate at once, as the time that it takes: a keyframe at ten times
/// the bitrate and more.
pub const INGEST_BURST: Duration = Duration::from_secs(1);
/// Time between two transport-wide feedbacks to a publisher, more or less a tick.
pub const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);
/// Transport-wide feedbacks to a publisher at a time; one tells of a few hundred packets.
pub const MAX_FEEDBACKS: usize = 4;
/// Time between two receiver reports to a publisher.
pub const RECEIVER_REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two sender reports of a viewer's track.
pub const SENDER_REPORT_INTERVAL: Duration = Duration::from_secs(2);

/// Resends that a viewer may ask for at once before its share of what was sent counts.
pub const RESEND_BURST: u32 = 100;
/// One resend is allowed per so many packets sent: 20 percent.
pub const RESEND_SHARE: u32 = 5;
/// Resends a second that a viewer may ask for however little it was sent.
pub const RESEND_FLOOR: u32 = 20;
/// Resends remembered per viewer's track, so that one request has one answer per round trip.
pub const RESEND_MEMORY: usize = 64;
/// Packets of a track without RTX whose transport-wide number is remembered to repeat them.
pub const REPEAT_MEMORY: usize = 512;
/// Round-trip time of a viewer that has not told its own.
pub const DEFAULT_RTT: Duration = Duration::from_millis(100);

/// Highest bitrate that is believed, in bits a second.
pub const MAX_BITRATE: u64 = 1_000_000_000;
/// What a viewer's network is taken to carry before anything is known, in bits a second: the
/// first layer that it gets is the best one below this.
pub const START_ESTIMATE: u64 = 2_500_000;
/// Lowest estimate, in bits a second.
pub const MIN_ESTIMATE: u64 = 30_000;
/// Packets whose sending is remembered per viewer with transport-wide feedback, 8 bytes each.
pub const SENT_HISTORY: usize = 1_024;
/// How long the receiver's own estimate (REMB) counts.
pub const REMB_EXPIRY: Duration = Duration::from_secs(5);
/// Time between two probes of one viewer's network: after a success, and at most after failures.
pub const PROBE_PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(6));
/// A probe has as many bytes as its bitrate carries in this time.
pub const PROBE_TIME: Duration = Duration::from_millis(60);
/// Fewest and most bytes of one probe.
pub const PROBE_BYTES: (usize, usize) = (4_500, 50_000);
/// Most packets of one probe.
pub const PROBE_PACKETS: u16 = 96;
/// Packets that one transport-wide feedback may speak of; one with more is dropped.
pub const MAX_FEEDBACK_STATUSES: usize = 4_096;

/// A source whose SSRC is silent so long may go on with another one.
pub const SSRC_SILENCE: Duration = Duration::from_millis(500);
/// Simulcast layers of one video track; an offer with more is refused.
pub const MAX_LAYERS: usize = 4;
/// A layer that sends nothing for so long is not offered to viewers.
pub const LAYER_SILENCE: Duration = Duration::from_secs(1);
/// Time over which the bitrate of a stream is measured.
pub const BITRATE_WINDOW: Duration = Duration::from_secs(1);
/// Simulcast SSRCs remembered per publisher.
pub const MAX_LAYER_SSRCS: usize = 32;

/// Time between two looks at what a publisher could do better.
pub const LINT_INTERVAL: Duration = Duration::from_secs(2);

/// How often a shard with viewers tells the others, and when they stop believing it.
pub const INTEREST_INTERVAL: Duration = Duration::from_secs(1);
/// See [`INTEREST_INTERVAL`].
pub const INTEREST_EXPIRY: Duration = Duration::from_millis(3_500);
/// Cached packets that a shard with new viewers is given at once; the rest follows as soon as the
/// next housekeeping.
pub const REPLAY_PORTION: usize = 512;
/// A shard that waits for the rest of cached packets for so long does without.
pub const REPLAY_PATIENCE: Duration = Duration::from_millis(500);
/// Packets and requests that may wait for the caller to carry them to other shards.
pub const MAX_BRIDGED: usize = 4_096;

/// Housekeeping of a shard while packets are missing.
pub const TICK_BUSY: Duration = Duration::from_millis(10);
/// Housekeeping of a shard otherwise.
pub const TICK_IDLE: Duration = Duration::from_millis(100);
/// Inbound lane messages that may wait for the caller; more are dropped.
pub const MAX_LANE_EVENTS: usize = 4_096;

const _: () = assert!(MAX_PENDING < VIDEO_RING, "a batch must not lap the ring");
const _: () = assert!((MAX_SEQUENCE_GAP as usize) < (1 << 15));
const _: () = assert!(MAX_PAYLOAD <= VIDEO_CHUNK && VIDEO_CHUNK <= 1 << 16);
const _: () = assert!(MAX_AUDIO_PAYLOAD <= AUDIO_CHUNK && AUDIO_CHUNK <= 1 << 16);
const _: () = assert!(VIDEO_RING <= CACHE_PACKETS);
const _: () = assert!(VIDEO_RING * MAX_PAYLOAD <= CACHE_BYTES);
const _: () = assert!(CATCH_UP_TIME.as_millis() + STILL_PATIENCE.as_millis() < 2_000);
const _: () = assert!(BATCH <= MAX_PENDING);
const _: () = assert!(SILENT_AFTER.as_millis() + STRAY_LOOK.as_millis() < STRAY_TIME.as_millis());
const _: () = assert!(MAX_AUDIO_PAYLOAD <= MAX_PAYLOAD);
const _: () = assert!(PARAMETER_PACKET_BYTES <= MAX_PAYLOAD);
const _: () = assert!(MAX_PARAMETER_SET_BYTES <= PARAMETER_PACKET_BYTES);
const _: () = assert!(MAX_MISSING < VIDEO_RING);
