//! WHIP (RFC 9725) against the real server, with the offers of real publishers. A test is named
//! after the point that it shows: W1 to W18 of the standard, O for OBS, B-P for bad input.

mod clients;
mod limits;
mod patches;
mod posts;
mod probes;
mod sessions;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header::HeaderMap};

use crate::{api::refusal, souk::Ready};

pub(crate) const OBS: &str = include_str!("../fixtures/obs-32.2-h264-single.reconstructed.sdp");
const OBS_SIMULCAST: &str = include_str!("../fixtures/obs-32.2-h264-simulcast3.reconstructed.sdp");
const FFMPEG: &str = include_str!("../fixtures/ffmpeg-9.0.2-offer.captured.sdp");
const LIBDATACHANNEL: &str = include_str!("../fixtures/libdatachannel-0.24.5-offer.captured.sdp");
pub(crate) const FRAGMENT: &str = "a=ice-ufrag:1tzd\r\na=ice-pwd:Q0393oaBjpSijHbKslDOnw\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r\na=end-of-candidates\r\n";
pub(crate) const FRAGMENT_TYPE: &str = "application/trickle-ice-sdpfrag";

/// WHIP requests to a server.
pub(crate) struct Whip<'a> {
    client: Client,
    ready: &'a Ready,
}

impl<'a> Whip<'a> {
    pub(crate) fn new(ready: &'a Ready) -> Self {
        Self {
            client: Client::builder().no_proxy().build().unwrap(),
            ready,
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .request(method, format!("{}{path}", self.ready.http))
    }

    /// A POST without a token.
    fn bare_post(&self, offer: &str) -> RequestBuilder {
        self.request("POST", "/whip")
            .header("content-type", "application/sdp")
            .body(offer.to_owned())
    }

    /// A good POST, to be spoilt.
    pub(crate) fn post(&self, offer: &str) -> RequestBuilder {
        self.bare_post(offer).bearer_auth(&self.ready.stream_key)
    }

    pub(crate) async fn publish(&self, offer: &str) -> (HeaderMap, String) {
        let response = self.post(offer).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.unwrap();
        assert_eq!(status, StatusCode::CREATED, "{body}");
        (headers, body)
    }

    /// A trickle fragment for a session.
    pub(crate) fn fragment(&self, session: &str) -> RequestBuilder {
        self.request("PATCH", session)
            .header("content-type", FRAGMENT_TYPE)
            .body(FRAGMENT)
    }

    pub(crate) async fn end(&self, session: &str) -> StatusCode {
        let ended = self.request("DELETE", session).send().await.unwrap();
        ended.status()
    }

    /// Whether a session is still there.
    async fn lives(&self, session: &str) -> bool {
        let probe = self.request("GET", session).send().await.unwrap();
        probe.status().is_success()
    }
}

pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .unwrap_or_else(|| panic!("no {name}"))
        .to_str()
        .unwrap()
}

async fn assert_refused(what: &str, response: Response, status: u16, code: &str) {
    let (got, said) = refusal(response).await;
    assert_eq!((got.as_u16(), said.as_str()), (status, code), "{what}");
}
