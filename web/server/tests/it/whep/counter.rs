//! Counter-offers: what a player gets that cannot take what is on air.

use super::*;
use crate::{api::refusal, whip::text};

/// A player that decodes VP8 alone; the demo broadcasts H.264.
fn vp8_player() -> String {
    let lines = player();
    let lines = lines.lines().filter(|line| !line.starts_with("a=fmtp:96"));
    let offer: String = lines.map(|line| format!("{line}\r\n")).collect();
    offer.replace("H264/90000", "VP8/90000")
}

/// The answer of a player that takes everything.
fn answer_to(counter: &str) -> String {
    let theirs = player();
    let fingerprint = theirs
        .lines()
        .find(|line| line.starts_with("a=fingerprint:"))
        .unwrap();
    let kept = counter.lines().filter(|line| {
        let foreign = [
            "a=candidate",
            "a=end-of-candidates",
            "a=ice-lite",
            "a=ssrc",
            "a=msid",
        ];
        !foreign.iter().any(|start| line.starts_with(start))
    });
    let lines = kept.map(|line| match line.split(':').next().unwrap() {
        "a=ice-ufrag" => "a=ice-ufrag:abcd".to_owned(),
        "a=ice-pwd" => "a=ice-pwd:0123456789abcdef012345".to_owned(),
        "a=fingerprint" => fingerprint.to_owned(),
        "a=setup" => "a=setup:active".to_owned(),
        "a=sendonly" => "a=recvonly".to_owned(),
        _ => line.to_owned(),
    });
    lines.map(|line| format!("{line}\r\n")).collect()
}

struct Countered {
    session: String,
    offer: String,
}

async fn countered(api: &Api, stream: &str) -> Countered {
    // Once something is on air, its codecs are known a moment later: sound and picture by themselves.
    loop {
        let answer = watch_live(api, stream, &vp8_player()).await;
        if answer.status() != StatusCode::CREATED {
            let countered = counter_offer(answer).await;
            if countered.offer.contains("m=audio") {
                return countered;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn counter_offer(answer: Response) -> Countered {
    assert_eq!(answer.status(), StatusCode::NOT_ACCEPTABLE);
    let headers = answer.headers().clone();
    let kind = text(&headers, "content-type");
    let until = kind
        .strip_prefix("application/sdp; valid-until=\"")
        .unwrap_or_else(|| panic!("{kind}"));
    assert!(until.ends_with(" GMT\""), "{until}");
    assert!(text(&headers, "etag").starts_with('"'));
    Countered {
        session: text(&headers, "location").to_owned(),
        offer: answer.text().await.unwrap(),
    }
}

fn reply(api: &Api, session: &str, answer: impl Into<String>) -> RequestBuilder {
    let patch = api.request(Method::PATCH, session);
    patch
        .header("content-type", "application/sdp")
        .body(answer.into())
}

async fn status(api: &Api, method: Method, path: &str) -> u16 {
    let answer = api.request(method, path).send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn e02_e10_a_player_that_lacks_the_codec_is_offered_it_and_comes_in_by_its_answer() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    let Countered { session, offer } = countered(&api, &souk.ready.stream_id).await;
    assert!(
        offer.contains("H264/90000") && offer.contains("a=sendonly"),
        "{offer}"
    );
    assert!(offer.contains("a=candidate:"), "{offer}");
    assert_eq!(status(&api, Method::GET, &session).await, 204);
    for (bad, expected) in [
        ("hello".to_owned(), 400),
        (String::new(), 400),
        (vp8_player(), 422),
        (
            answer_to(&offer).replace("a=setup:active", "a=setup:actpass"),
            422,
        ),
    ] {
        let refused = reply(&api, &session, bad).send().await.unwrap();
        assert_eq!(refusal(refused).await.0, expected);
    }
    let untyped = api.request(Method::PATCH, &session).body(answer_to(&offer));
    assert_eq!(refusal(untyped.send().await.unwrap()).await.0, 415);
    // None of that has spent it.
    let taken = reply(&api, &session, answer_to(&offer))
        .send()
        .await
        .unwrap();
    assert_eq!(taken.status(), StatusCode::NO_CONTENT);
    assert_eq!(status(&api, Method::GET, &session).await, 204);
    // It is a session like others now.
    let again = reply(&api, &session, answer_to(&offer))
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(again).await.0, 415);
    assert_eq!(status(&api, Method::DELETE, &session).await, 200);
    assert_eq!(status(&api, Method::DELETE, &session).await, 404);
}

#[tokio::test]
async fn e02_a_counter_offer_can_be_declined_and_does_not_wait_for_ever() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    let declined = countered(&api, &souk.ready.stream_id).await;
    assert_eq!(status(&api, Method::DELETE, &declined.session).await, 200);
    let late = countered(&api, &souk.ready.stream_id).await;
    let asked = std::time::Instant::now();
    while status(&api, Method::GET, &late.session).await != 404 {
        // Half a minute by the server's clock; the rest is for a machine that is slow.
        assert!(asked.elapsed().as_secs() < 120, "it waits on");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for gone in [&declined, &late] {
        let answer = reply(&api, &gone.session, answer_to(&gone.offer));
        assert_eq!(refusal(answer.send().await.unwrap()).await.0, 404);
    }
    // E7: a player that can take it is never countered.
    let plain = watch_live(&api, &souk.ready.stream_id, &player()).await;
    assert_eq!(plain.status(), StatusCode::CREATED);
}
