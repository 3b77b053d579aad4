//! STUN errors that went out lately, by source address: a bounded table, so that nobody is sent
//! more than a few, whatever the number of peers that the checks were for.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::limits::{REFUSAL_SOURCES, REFUSALS_PER_SECOND};

/// See the module header.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<Source>);

#[derive(Debug)]
struct Source {
    address: IpAddr,
    since: Instant,
    sent: u32,
}

impl Refusals {
    /// Whether one more error may go to `address`. None may while the table is full of others.
    pub(super) fn allows(&mut self, now: Instant, address: IpAddr) -> bool {
        let old = |since: Instant| now.saturating_duration_since(since) >= Duration::from_secs(1);
        let known = self.0.iter().position(|source| source.address == address);
        let place = known.or_else(|| self.0.iter().position(|source| old(source.since)));
        let at = match place {
            Some(at) => at,
            None if self.0.len() < REFUSAL_SOURCES => {
                let (since, sent) = (now, 0);
                self.0.push(Source {
                    address,
                    since,
                    sent,
                });
                self.0.len() - 1
            }
            None => return false,
        };
        let source = &mut self.0[at];
        if old(source.since) || source.address != address {
            (source.address, source.since, source.sent) = (address, now, 0);
        }
        source.sent += 1;
        source.sent <= REFUSALS_PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use std::net::Ipv4Addr;

    use super::*;
    use crate::border::{BroadcastId, Command, PeerId};
    use crate::client::{Client, ClientConfig};
    use crate::peer::stun::{Check, request};
    use crate::peer::{Candidates, Certificate, LocalFacts, Role, answer};
    use crate::shard::{Config, Shard};
    use crate::transmit::Transmits;

    const PASSWORD: &str = "server-password-24-chars";

    /// A viewer of a shard, and what its checks name.
    fn join(shard: &mut Shard, now: Instant, number: u64, certificate: &Certificate) -> String {
        let seed = 9 + number;
        let client = Client::new(
            ClientConfig::new(Role::Viewer, certificate.clone(), seed),
            now,
        );
        let ufrag = format!("ufrag{number}");
        let local = LocalFacts {
            candidates: Candidates {
                udp: &["192.0.2.10:5000".parse().unwrap()],
                tcp: &[],
            },
            certificate,
            ufrag: &ufrag,
            pwd: PASSWORD,
            audio_ssrc: 71,
            video_rtx_ssrc: 73,
            video_ssrc: 72,
            cname: "souk",
            session_id: 9,
            seed,
        };
        let (_, config) = answer(Role::Viewer, &client.offer(), &local).unwrap();
        let username = format!("{ufrag}:{}", config.ice.remote_ufrag);
        let command = Command::Add {
            peer: PeerId(number),
            broadcast: BroadcastId(1),
            config: Box::new(config),
        };
        shard.handle_command(now, command, &mut Transmits::new());
        username
    }

    #[test]
    fn b_s9_errors_are_few_for_one_source_whatever_the_number_of_peers() {
        let (now, certificate) = (Instant::now(), Certificate::generate().unwrap());
        let config = Config {
            shard: 0,
            shards: 1,
            unix: Duration::ZERO,
        };
        let mut shard = Shard::new(config, now);
        let names = (0..20).map(|number| join(&mut shard, now, number, &certificate));
        let names: Vec<String> = names.collect();
        let mut errors = |from: u32, peers: usize| {
            let mut out = Transmits::new();
            for (at, username) in names.iter().take(peers).cycle().take(100).enumerate() {
                let check = Check {
                    id: [at as u8; 12],
                    username,
                    password: PASSWORD,
                    tie_breaker: 1,
                    use_candidate: false,
                    controlled: true,
                    extra: None,
                };
                let from = (address(from), 1_000 + at as u16).into();
                let mut check = request(&check).unwrap();
                shard.handle_datagram(now, from, &mut check, &mut out);
            }
            out.len()
        };
        assert_eq!(
            errors(1, 20),
            REFUSALS_PER_SECOND as usize,
            "over all peers"
        );
        // Each peer alone would tell as much: what was sent before did not use them up.
        assert_eq!(errors(2, 20), REFUSALS_PER_SECOND as usize);
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(number))
    }

    #[test]
    fn a_source_gets_few_errors_a_second_and_the_table_has_an_end() {
        let (mut refusals, start) = (Refusals::default(), Instant::now());
        let sent = |refusals: &mut Refusals, now, number| {
            (0..100)
                .filter(|_| refusals.allows(now, address(number)))
                .count()
        };
        for source in 0..2 * REFUSAL_SOURCES {
            let expected = match source < REFUSAL_SOURCES {
                true => REFUSALS_PER_SECOND as usize,
                false => 0,
            };
            assert_eq!(sent(&mut refusals, start, source as u32), expected);
        }
        assert_eq!(refusals.0.len(), REFUSAL_SOURCES);
        let later = start + Duration::from_secs(1);
        let again = sent(&mut refusals, later, 3 * REFUSAL_SOURCES as u32);
        assert_eq!(again, REFUSALS_PER_SECOND as usize);
    }
}
