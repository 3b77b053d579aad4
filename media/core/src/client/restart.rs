//! ICE restart of a client (RFC 9725 section 4.3.3): the request's body, and what its answer means.

use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Client;
use super::checks::Checks;
use crate::peer::{OfferError, parse_sdpfrag};
use crate::transmit::Transmits;

impl Client {
    /// The body of a `PATCH` with `If-Match: *`. Checks go on with the present credentials.
    pub fn restart(&mut self) -> String {
        self.restarts += 1;
        let mut random = StdRng::seed_from_u64(self.config.seed ^ self.restarts << 40);
        let mut text = |len: usize| -> String {
            (0..len)
                .map(|_| char::from(b'a' + random.random_range(0..26u8)))
                .collect()
        };
        let (ufrag, pwd) = (text(8), text(24));
        let fragment = format!(
            "a=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n\
             a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=end-of-candidates\r\n"
        );
        (self.ufrag, self.pwd) = (ufrag, pwd);
        fragment
    }

    /// Takes the body of the 200 to [`Client::restart`]; checks have the new credentials only.
    ///
    /// # Errors
    /// When it is no fragment with credentials, or there is nothing to restart.
    pub fn accept_restart(
        &mut self,
        now: Instant,
        fragment: &str,
        out: &mut Transmits,
    ) -> Result<(), OfferError> {
        let fragment = parse_sdpfrag(fragment)?;
        let (ufrag, pwd) = fragment.credentials().ok_or(OfferError::NoIce)?;
        let running = self.running.as_mut();
        let running = running.ok_or(OfferError::Malformed("there is nothing to restart"))?;
        let username = format!("{ufrag}:{}", self.ufrag);
        let seed = self.config.seed ^ self.restarts << 32;
        let remote = running.checks.remote;
        let passwords = (pwd.to_owned(), self.pwd.clone());
        running.checks = Checks::new(now, remote, username, passwords, seed);
        running.checks.handle_timeout(now, out);
        Ok(())
    }
}
