//! What `start` needs to know, and why it may refuse.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use media_core::peer::CertificateError;

use crate::limits::MAX_SHARDS;

/// Settings of the media plane. Plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Address that the shards' sockets are bound to. `::` takes IPv4 as well.
    pub bind: IpAddr,
    /// UDP port of shard 0; shard `i` has `udp_port + i`. 0 lets the kernel choose each.
    pub udp_port: u16,
    /// Number of shards, 1 to [`MAX_SHARDS`].
    pub shards: usize,
    /// Port of the ICE-TCP listener, one for all shards; `Some(0)` lets the kernel choose, `None`
    /// is without.
    pub tcp_port: Option<u16>,
    /// Addresses that answers offer as candidates. Empty: `bind`, or loopback if that is
    /// unspecified.
    pub advertise: Vec<IpAddr>,
}

/// Why the media plane could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `shards` is 0 or over [`MAX_SHARDS`].
    #[error("media.shards must be 1 to {MAX_SHARDS}")]
    Shards,
    /// `udp_port + shards` runs past 65535.
    #[error("media.udp_port leaves no room for {0} shards")]
    Ports(usize),
    /// An advertised address is unspecified or multicast.
    #[error("media.advertise: {0} is no address that a client can send to")]
    Advertise(IpAddr),
    /// A socket could not be bound.
    #[error("cannot bind UDP {address}: {error}")]
    Bind {
        /// Which address.
        address: SocketAddr,
        /// The kernel's answer.
        error: io::Error,
    },
    /// The ICE-TCP listener could not be bound.
    #[error("cannot bind TCP {address}: {error}")]
    BindTcp {
        /// Which address.
        address: SocketAddr,
        /// The kernel's answer.
        error: io::Error,
    },
    /// A thread or its wake-up could not be made.
    #[error("cannot start a media shard: {0}")]
    Thread(io::Error),
    /// The process identity could not be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl Config {
    /// Checks what can be checked without the kernel.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        if self.shards == 0 || self.shards > MAX_SHARDS {
            return Err(StartError::Shards);
        }
        if self.udp_port != 0 && usize::from(self.udp_port) + self.shards - 1 > 65_535 {
            return Err(StartError::Ports(self.shards));
        }
        match self
            .advertise
            .iter()
            .find(|ip| ip.is_unspecified() || ip.is_multicast())
        {
            Some(ip) => Err(StartError::Advertise(*ip)),
            None => Ok(()),
        }
    }

    /// Address that shard `shard` binds.
    pub(crate) fn address(&self, shard: usize) -> SocketAddr {
        let port = if self.udp_port == 0 {
            0
        } else {
            self.udp_port + shard as u16
        };
        SocketAddr::new(self.bind, port)
    }

    /// Candidates of a shard whose socket got `port`.
    pub(crate) fn candidates(&self, port: u16) -> Vec<SocketAddr> {
        let fallback = match self.bind {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let given = if self.advertise.is_empty() {
            &[fallback][..]
        } else {
            &self.advertise
        };
        given.iter().map(|ip| SocketAddr::new(*ip, port)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn config(bind: &str, udp_port: u16, shards: usize, advertise: &[&str]) -> Config {
        let advertise = advertise.iter().map(|ip| ip.parse().unwrap()).collect();
        Config {
            bind: bind.parse().unwrap(),
            udp_port,
            tcp_port: None,
            shards,
            advertise,
        }
    }

    #[test]
    fn mistakes_are_named() {
        assert!(matches!(
            config("::1", 0, 0, &[]).check(),
            Err(StartError::Shards)
        ));
        assert!(matches!(
            config("::1", 0, 17, &[]).check(),
            Err(StartError::Shards)
        ));
        assert!(matches!(
            config("::1", 65_535, 2, &[]).check(),
            Err(StartError::Ports(2))
        ));
        assert!(matches!(
            config("::1", 1, 1, &["0.0.0.0"]).check(),
            Err(StartError::Advertise(_))
        ));
        assert!(config("::1", 65_535, 1, &["10.0.0.1"]).check().is_ok());
    }

    #[test]
    fn candidates_fall_back_to_what_can_be_reached() {
        let loopback: Vec<SocketAddr> = vec!["127.0.0.1:9".parse().unwrap()];
        assert_eq!(config("0.0.0.0", 9, 1, &[]).candidates(9), loopback);
        let own: Vec<SocketAddr> = vec!["10.1.2.3:9".parse().unwrap()];
        assert_eq!(config("10.1.2.3", 9, 1, &[]).candidates(9), own);
        assert_eq!(config("0.0.0.0", 9, 1, &["10.1.2.3"]).candidates(9), own);
    }
}
