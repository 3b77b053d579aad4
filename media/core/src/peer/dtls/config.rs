//! Handshake settings of the DTLS engine, made once per process and shared by all peers.
//!
//! Only ECDHE with AEAD suites, the extended master secret, and a client certificate always;
//! chains are not verified, because WebRTC compares fingerprints, which `dtls.rs` does.

use std::sync::Arc;

use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::cipher_suite::CipherSuiteId;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

use super::super::limits::HANDSHAKE_TIMEOUT;
use super::super::srtp::Profile;

/// Largest handshake datagram that we send.
const MTU: usize = 1200;

/// The settings for each role and profile.
pub(crate) struct Configs {
    server: [Arc<HandshakeConfig>; 3],
    client: Arc<HandshakeConfig>,
}

impl Configs {
    /// Builds all of them for one certificate.
    pub(crate) fn new(
        certificate: &Certificate,
        provider: &Arc<dyn RTCCryptoProvider>,
    ) -> Result<Self, String> {
        let certificate = Some(certificate);
        let server = |profile| build(certificate, provider, false, &[profile]);
        Ok(Self {
            server: [
                server(Profile::ALL[0])?,
                server(Profile::ALL[1])?,
                server(Profile::ALL[2])?,
            ],
            client: build(certificate, provider, true, &Profile::ALL)?,
        })
    }

    /// For a server that has chosen `profile`.
    pub(crate) fn server(&self, profile: Profile) -> Arc<HandshakeConfig> {
        let at = Profile::ALL
            .iter()
            .position(|it| *it == profile)
            .unwrap_or(0);
        Arc::clone(&self.server[at])
    }

    /// For a client that offers all profiles.
    pub(crate) fn client(&self) -> Arc<HandshakeConfig> {
        Arc::clone(&self.client)
    }
}

/// Settings with exactly these profiles, in this order; only tests have no certificate.
pub(crate) fn build(
    certificate: Option<&Certificate>,
    provider: &Arc<dyn RTCCryptoProvider>,
    client: bool,
    profiles: &[Profile],
) -> Result<Arc<HandshakeConfig>, String> {
    let profiles = profiles
        .iter()
        .map(|profile| SrtpProtectionProfile::from(profile.id()));
    let builder = ConfigBuilder::default()
        .with_crypto_provider(Arc::clone(provider))
        .with_certificates(certificate.cloned().into_iter().collect())
        .with_cipher_suites(vec![
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
            CipherSuiteId::Tls_Ecdhe_Rsa_With_Aes_128_Gcm_Sha256,
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_ChaCha20_Poly1305_Sha256,
            CipherSuiteId::Tls_Ecdhe_Rsa_With_ChaCha20_Poly1305_Sha256,
        ])
        .with_srtp_protection_profiles(profiles.collect())
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_insecure_skip_verify(true)
        // Repetitions are ours, `dtls/flight.rs`: its interval is fixed, and it gives up.
        .with_flight_interval(HANDSHAKE_TIMEOUT * 2)
        .with_server_name("souk".to_owned())
        .with_mtu(MTU);
    builder
        .build(client, None)
        .map(Arc::new)
        .map_err(|error| error.to_string())
}
