//! Publish tickets from outside: who gets one, what it opens, and what stays as it was.

use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::{api::Api, souk::Souk, table::Table, whip::OBS};

const REFUSED: &str = "
    nobody         | nobody | POST /api/streams/$STREAM/publish-tickets  | - | - | 401 unauthenticated
    a buyer        | buyer  | POST /api/streams/$STREAM/publish-tickets  | - | - | 403 forbidden
    a ticket       | nobody | POST /api/streams/$STREAM/publish-tickets  | authorization: Bearer $TICKET | - | 401 invalid_token
    unknown stream | host   | POST /api/streams/$NOWHERE/publish-tickets | - | - | 404 not_found
    a foreign one  | host   | POST /api/streams/$FOREIGN/publish-tickets | - | - | 403 forbidden
    no such method | host   | GET /api/streams/$STREAM/publish-tickets   | - | - | 405 method_not_allowed
    ticket at home | nobody | GET /api/users/profile | authorization: Bearer $TICKET | - | 401 invalid_token
    access token   | nobody | POST /whip | $SDP; authorization: Bearer $ACCESS       | $OFFER | 401 invalid_token
    forged ticket  | nobody | POST /whip | $SDP; authorization: Bearer $FORGED       | $OFFER | 401 invalid_token
    another stream | nobody | DELETE $SESSION | authorization: Bearer $ELSEWHERE     | - | 403 forbidden
    forged at end  | nobody | DELETE $SESSION | authorization: Bearer $FORGED        | - | 401 invalid_token
";

/// An offer with a bearer token that may be none of the caller's own.
async fn offer(nobody: &Api, bearer: &str) -> Response {
    let request = nobody.request(Method::POST, "/whip").bearer_auth(bearer);
    let request = request.header("content-type", "application/sdp").body(OBS);
    request.send().await.unwrap()
}

fn session(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::CREATED);
    response.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_host_publishes_with_a_ticket_and_the_key_stays_good() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let nobody = Api::anonymous(ready);
    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let ingest = format!("/api/streams/{}/ingest", ready.stream_id);
    let before = host.get(&ingest).await;
    let path = format!("/api/streams/{}/publish-tickets", ready.stream_id);
    let answer = host.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer["expires_in"], 120);
    assert_eq!(answer["whip_url"], ready.whip.as_str());
    let ticket = answer["ticket"].as_str().unwrap();

    // Good for more than one try, and by itself at the end of a session.
    for _ in 0..2 {
        let session = session(&offer(&nobody, ticket).await);
        let end = nobody.request(Method::DELETE, &session).bearer_auth(ticket);
        assert_eq!(end.send().await.unwrap().status(), StatusCode::OK);
    }
    let by_key = session(&offer(&nobody, &ready.stream_key).await);
    nobody
        .request(Method::DELETE, &by_key)
        .send()
        .await
        .unwrap();
    assert_eq!(host.get(&ingest).await["key_hint"], before["key_hint"]);

    // The other way round: a ticket outlives the key of its time.
    let rotate = format!("/api/streams/{}/key", ready.stream_id);
    host.poke(&rotate).await;
    let old = offer(&nobody, &ready.stream_key).await;
    assert_eq!(old.status(), StatusCode::UNAUTHORIZED);
    session(&offer(&nobody, ticket).await);
    let log = souk.terminate();
    let (_, mark) = ticket.rsplit_once('.').unwrap();
    assert!(!log.contains(mark), "a ticket in the log");
}

#[tokio::test]
async fn tickets_are_for_hosts_and_for_publishing_alone() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let nobody = Api::anonymous(ready);
    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let newcomer = Api::registered(ready, "newcomer@souk.example").await;
    newcomer
        .post("/api/sellers", json!({ "name": "Corner" }))
        .await;
    let show = newcomer
        .post("/api/streams", json!({ "title": "First" }))
        .await;
    let foreign = show["id"].as_str().unwrap();
    let own = ready.stream_id.as_str();
    let ticket = async |api: &Api, stream: &str| {
        let path = format!("/api/streams/{stream}/publish-tickets");
        let answer = api.poke(&path).await;
        answer["ticket"].as_str().unwrap().to_owned()
    };
    for role in ["seller", "admin"] {
        let member = Api::signed_in(ready, ready.account(role, 0)).await;
        ticket(&member, own).await;
    }
    let good = ticket(&host, own).await;
    let (head, mark) = good.rsplit_once('.').unwrap();
    let turned: String = mark.chars().rev().collect();
    let elsewhere = ticket(&newcomer, foreign).await;
    let session = session(&offer(&nobody, &good).await);
    let table = Table::default()
        .caller("nobody", &nobody)
        .caller("host", &host)
        .caller(
            "buyer",
            &Api::signed_in(ready, ready.account("buyer", 0)).await,
        )
        .name("STREAM", own)
        .name("NOWHERE", "str_00000000000000000000000000")
        .name("FOREIGN", foreign)
        .name("TICKET", &good)
        .name("ACCESS", host.token())
        .name("FORGED", format!("{head}.{turned}"))
        .name("ELSEWHERE", elsewhere.as_str())
        .name("SESSION", session.as_str())
        .name("OFFER", OBS);
    let rows = REFUSED.replace("$SDP", "content-type: application/sdp");
    table.assert_refused(&rows).await;
    // None of that has ended what the good ticket opened.
    let probe = nobody.request(Method::GET, &session).send().await;
    assert_eq!(probe.unwrap().status(), StatusCode::NO_CONTENT);
}
