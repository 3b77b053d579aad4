//! The counters of a shard, as plain data.
//!
//! A shard owns one [`Stats`] and writes it without locks; whoever publishes them copies the
//! values out ([`Stats::values`]) and may sum them over shards ([`Stats::add`]). Gauges (viewers,
//! publishers, backlog) sum as well. Nothing here knows about metrics libraries.

/// Declares a struct of `u64` counters that can be read and summed by position.
macro_rules! counters {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$field_meta])* pub $field: u64,)+ }

        impl $name {
            /// Names of the counters, in the order of [`Self::values`].
            pub const NAMES: &'static [&'static str] = &[$(stringify!($field)),+];
            /// Number of counters.
            pub const LEN: usize = Self::NAMES.len();

            /// The counters in a fixed order.
            pub fn values(&self) -> [u64; Self::LEN] {
                [$(self.$field),+]
            }

            /// The inverse of [`Self::values`].
            pub fn from_values(values: [u64; Self::LEN]) -> Self {
                let [$($field),+] = values;
                Self { $($field),+ }
            }

            /// Adds the counters of another shard.
            pub fn add(&mut self, other: &Self) {
                $(self.$field = self.$field.wrapping_add(other.$field);)+
            }
        }
    };
}

counters! {
    /// Counters since the start of a shard; the first six are gauges.
    Stats {
        /// Viewers that are there now, connected or not.
        viewers,
        /// Publishers that are there now.
        publishers,
        /// Peers whose handshake is done, now.
        connected,
        /// Broadcasts with at least one peer on this shard, now.
        broadcasts,
        /// Bytes in the lanes of all peers that are not yet acknowledged, at the last message.
        lane_backlog_bytes,
        /// Memory of the packets that are kept for resends and for viewers who join.
        cache_bytes,
        /// Peers that were taken in.
        joins,
        /// Peers that are gone again.
        leaves,
        /// Peers whose handshake was done.
        handshakes,
        /// Connected peers that were followed to another address.
        rebindings,
        /// Media packets from unknown addresses that were tried with the keys of a silent session.
        strays_tried,
        /// Media packets from unknown addresses that were not held, or not tried with some keys: too
        /// many at a time.
        strays_refused,
        /// Addresses that were asked, by a check of ours, whether a silent session is there now.
        asked_out,
        /// ICE restarts whose first check passed.
        ice_restarts,
        /// Datagrams received.
        datagrams_in,
        /// Media packets received from publishers, duplicates included.
        packets_in,
        /// Bytes of media payload received from publishers.
        bytes_in,
        /// Media packets received twice.
        duplicates_in,
        /// Media packets that publishers repeated because of our NACK.
        repaired_in,
        /// Packets that were given up as lost on the way in.
        lost_in,
        /// Media packets sent to viewers, without resends.
        packets_forwarded,
        /// Payload bytes sent to viewers, without resends.
        bytes_forwarded,
        /// Sequence numbers that viewers asked for again.
        nacks_in,
        /// Packets sent again.
        resent,
        /// Sequence numbers not sent again: too old, too soon, or over the viewer's budget.
        resend_refused,
        /// Packets sent again to find out what a viewer's network carries.
        probe_packets,
        /// Transport-wide feedback of viewers.
        feedback_in,
        /// Sequence numbers that were asked for again from publishers.
        nacks_up,
        /// Keyframe requests (PLI, FIR) of viewers.
        plis_in,
        /// Keyframe requests to publishers.
        plis_up,
        /// Keyframes seen.
        keyframes_in,
        /// Times that a viewer's track moved to another source of packets.
        switches,
        /// Packets of the past sent to viewers that catch up, part of `packets_forwarded`.
        caught_up,
        /// Packets not sent to a viewer that cannot take the codec.
        codec_skipped,
        /// Lane messages sent to peers.
        lane_messages_out,
        /// Lane messages received from peers.
        lane_messages_in,
        /// Lane messages not sent because the reader is slow or its lanes are not open.
        lane_drops,
        /// Peers closed because they did not read shop or control messages.
        slow_readers,
        /// Packets that came from another shard.
        bridged_in,
        /// Packets handed to other shards.
        bridged_out,
        /// Datagram dropped: no authenticated check from its source.
        drop_unvalidated_source,
        /// Datagram dropped: STUN that cannot be parsed or belongs to nobody here.
        drop_bad_stun,
        /// Datagram dropped: STUN with a wrong integrity or fingerprint.
        drop_stun_auth,
        /// Datagram dropped: the peer has too many addresses.
        drop_tuple_limit,
        /// Datagram dropped: DTLS that a peer refused.
        drop_dtls,
        /// Datagram dropped: SRTP or SRTCP with a wrong tag.
        drop_srtp_auth,
        /// Datagram dropped: SRTP or SRTCP seen before.
        drop_replay,
        /// Datagram dropped: media before the keys.
        drop_not_ready,
        /// Datagram or packet dropped: cannot be parsed.
        drop_malformed,
        /// Datagram dropped: over 1,500 bytes.
        drop_oversized,
        /// Datagram dropped: abuse of data channels.
        drop_lane_abuse,
        /// Media packet dropped: payload type that was not negotiated.
        drop_unknown_payload_type,
        /// Media packet dropped: SSRC over the limit, or of a layer that is not forwarded.
        drop_ssrc,
        /// Media packet dropped: too old for the ring.
        drop_late,
        /// RTCP compound dropped: cannot be parsed.
        drop_rtcp,
        /// Media packet not sent to viewers because the shard fell behind.
        drop_overrun,
        /// Packet or request dropped: the ring to another shard is full.
        drop_bridge_full,
        /// Datagram dropped: the kernel did not take it (full socket buffer and the like).
        drop_send_errors,
        /// Inbound lane message dropped: the async side does not keep up.
        drop_events_full,
        /// Media packet dropped: the publisher sends more than is taken in from one.
        drop_policed,
        /// Packets of parameter sets put in front of keyframes that came without them.
        parameters_inserted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_names_agree_and_sums_add_up() {
        let one = Stats {
            viewers: 1,
            parameters_inserted: 7,
            ..Stats::default()
        };
        assert_eq!(Stats::NAMES[0], "viewers");
        assert_eq!(one.values()[Stats::LEN - 1], 7);
        assert_eq!(Stats::from_values(one.values()), one);
        let mut sum = one;
        sum.add(&one);
        assert_eq!(
            (sum.viewers, sum.parameters_inserted, sum.joins),
            (2, 14, 0)
        );
    }
}
