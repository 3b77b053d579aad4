//! The POST and its answer.

use super::*;
use crate::{api::refusal, table::Table};

#[tokio::test]
async fn e03_with_nothing_live_a_player_is_told_when_to_come_back() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let api = Api::anonymous(&souk.ready);
    let known = format!("/whep/{}", souk.ready.stream_id);
    let post = |path: &str| {
        let request = api
            .request(Method::POST, path)
            .header("content-type", "application/sdp");
        request.body(player())
    };
    let early = post(&known).send().await.unwrap();
    assert!(early.headers().contains_key("retry-after"));
    assert_eq!(
        refusal(early).await,
        (StatusCode::CONFLICT, "stream_not_live".to_owned())
    );
    for unknown in ["/whep/nonsense", "/whep/str_01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        let answer = post(unknown).send().await.unwrap();
        assert_eq!(
            refusal(answer).await,
            (StatusCode::NOT_FOUND, "not_found".to_owned())
        );
    }
    let forged = post(&known).bearer_auth("forged").send().await.unwrap();
    assert_eq!(
        refusal(forged).await,
        (StatusCode::UNAUTHORIZED, "invalid_token".to_owned())
    );
}

#[tokio::test]
async fn e01_a_player_is_answered_one_way_whether_it_offers_one_or_both() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    let stream = souk.ready.stream_id.as_str();
    for direction in ["recvonly", "sendrecv"] {
        let offer = OBS.replace("sendonly", direction);
        let created = watch_live(&api, stream, &offer).await;
        assert_eq!(created.status(), StatusCode::CREATED);
        let headers = created.headers().clone();
        assert_eq!(headers["content-type"], "application/sdp");
        let session = headers["location"].to_str().unwrap();
        let name = session.strip_prefix("/whep/sessions/").unwrap();
        assert!(name.len() * 6 >= 128, "{name}");
        assert!(headers["etag"].to_str().unwrap().starts_with('"'));
        let answer = created.text().await.unwrap();
        assert_eq!(answer.matches("a=sendonly").count(), 2, "{answer}");
        assert!(answer.contains("a=ice-lite"), "{answer}");
        let ended = api.request(Method::DELETE, session).send().await.unwrap();
        assert_eq!(ended.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn e07_a_viewer_s_token_needs_no_scheme_but_must_be_good() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let api = Api::anonymous(ready);
    watch_live(&api, &ready.stream_id, &player()).await;
    let buyer = Api::signed_in(ready, ready.account("buyer", 0)).await;
    for (token, status) in [
        (buyer.token().to_owned(), 201),
        (format!("Bearer {}", buyer.token()), 201),
        ("nonsense".to_owned(), 401),
        (ready.stream_key.clone(), 401),
    ] {
        let request = watch(&api, &ready.stream_id, player());
        let answer = request
            .header("authorization", &token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{token:.8}");
    }
}

#[tokio::test]
async fn e09_sound_stays_stereo() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    let offer = player().replace("a=fmtp:111 ", "a=fmtp:111 stereo=1;sprop-stereo=1;");
    let created = watch_live(&api, &souk.ready.stream_id, &offer).await;
    let answer = created.text().await.unwrap();
    let line = answer
        .lines()
        .find(|line| line.starts_with("a=fmtp:111 "))
        .unwrap_or_else(|| panic!("no Opus format in {answer}"));
    for wanted in ["stereo=1", "sprop-stereo=1"] {
        assert!(line.contains(wanted), "{line}");
    }
}

const POSTS: &str = "
    json           | nobody | POST $WHEP | content-type: application/json | $OFFER | 415 unsupported_media_type
    empty          | nobody | POST $WHEP | $SDP | -                        | 400 malformed_offer
    not sdp        | nobody | POST $WHEP | $SDP | hello                    | 400 malformed_offer
    too large      | nobody | POST $WHEP | $SDP | $LARGE                   | 413 payload_too_large
    sendonly       | nobody | POST $WHEP | $SDP | $SENDONLY                | 422 unsupported_offer
    two voices     | nobody | POST $WHEP | $SDP | $VOICES                  | 422 unsupported_offer
";

#[tokio::test]
async fn e01_bad_posts_are_refused_one_by_one() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    watch_live(&api, &souk.ready.stream_id, &player()).await;
    let voice = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:9\r\n";
    let table = Table::default()
        .caller("nobody", &api)
        .name("WHEP", format!("/whep/{}", souk.ready.stream_id))
        .name("LARGE", "a".repeat(70_000))
        .name("SENDONLY", OBS)
        .name("VOICES", format!("{}{voice}", player()))
        .name("OFFER", player());
    let posts = POSTS.replace("$SDP", "content-type: application/sdp");
    table.assert_refused(&posts).await;
}
