//! ICE restarts of running sessions (RFC 9725 section 4.3.3).

use media_core::border::{Command, PeerId};
use media_core::peer::{IceCredentials, SdpFrag};
use tokio::sync::oneshot;

use super::MediaHandle;
use super::secrets::credentials;
use crate::directory::shard_of;
use crate::order::Order;

/// An ICE restart has begun. The session goes on with the old credentials until the peer's first
/// check with the new ones.
#[derive(Clone, Debug)]
pub struct Restarted {
    /// The body of the 200: our new user name fragment, password and candidates.
    pub sdpfrag: String,
    /// Our new ICE user name fragment, as it stands in `sdpfrag` (an ETag, for one).
    pub ice_ufrag: String,
    /// Our new ICE password, as it stands in `sdpfrag`.
    pub ice_pwd: String,
}

/// Why an ICE restart did not begin; the session is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestartError {
    /// The fragment lacks a user name fragment or a password.
    #[error("an ICE restart needs a=ice-ufrag and a=ice-pwd")]
    NoCredentials,
    /// The peer has ended, or the shards have.
    #[error("the session is over")]
    Gone,
}

impl MediaHandle {
    /// Begins an ICE restart of a peer with what its fragment says.
    ///
    /// # Errors
    /// See [`RestartError`]; nothing has happened then.
    pub async fn restart_ice(
        &self,
        peer: PeerId,
        frag: &SdpFrag,
    ) -> Result<Restarted, RestartError> {
        let (remote_ufrag, remote_pwd) = frag.credentials().ok_or(RestartError::NoCredentials)?;
        let links = &self.inner.links;
        let link = links.get(shard_of(peer)).ok_or(RestartError::Gone)?;
        let (ice_ufrag, ice_pwd) = credentials(&mut rand::rng(), shard_of(peer));
        let credentials = IceCredentials {
            local_ufrag: ice_ufrag.clone(),
            local_pwd: ice_pwd.clone(),
            remote_ufrag: remote_ufrag.to_owned(),
            remote_pwd: remote_pwd.to_owned(),
        };
        let (known, answer) = oneshot::channel();
        let command = Command::RestartIce { peer, credentials };
        let order = Order::IfKnown {
            peer,
            command,
            known,
        };
        if link.orders.send(order).await.is_err() {
            return Err(RestartError::Gone);
        }
        link.waker.wake();
        if !answer.await.unwrap_or(false) {
            return Err(RestartError::Gone);
        }
        Ok(Restarted {
            sdpfrag: frag.restart_answer(&ice_ufrag, &ice_pwd, &link.candidates()),
            ice_ufrag,
            ice_pwd,
        })
    }
}
