//! What administrators and hosts are told about a broadcast.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::{api::Api, souk::Souk, table::Table, viewer::Viewer};

const REFUSED: &str = "
    nobody        | nobody | GET /api/admin/broadcasts         | - | - | 401 unauthenticated
    forged        | nobody | GET /api/admin/broadcasts         | authorization: Bearer x | - | 401 invalid_token
    a buyer       | buyer  | GET /api/admin/broadcasts         | - | - | 403 forbidden
    a host        | host   | GET /api/admin/broadcasts         | - | - | 403 forbidden
    nobody, one   | nobody | GET /api/admin/broadcasts/$STREAM | - | - | 401 unauthenticated
    a host, one   | host   | GET /api/admin/broadcasts/$STREAM | - | - | 403 forbidden
    unknown       | admin  | GET /api/admin/broadcasts/$NOWHERE | - | - | 404 not_found
    not an id     | admin  | GET /api/admin/broadcasts/x       | - | - | 404 not_found
    a buyer       | buyer  | GET /api/streams/$STREAM/ingest   | - | - | 403 forbidden
    other method  | admin  | POST /api/admin/broadcasts        | - | - | 405 method_not_allowed
";

#[tokio::test]
async fn figures_of_a_broadcast_are_for_those_whom_they_concern() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let someone = async |role: &str| Api::signed_in(ready, ready.account(role, 0)).await;
    let table = Table::default()
        .caller("nobody", &Api::anonymous(ready))
        .caller("buyer", &someone("buyer").await)
        .caller("host", &someone("host").await)
        .caller("admin", &someone("admin").await)
        .name("STREAM", &ready.stream_id)
        .name("NOWHERE", "str_00000000000000000000000000");
    table.assert_refused(REFUSED).await;
    let admin = someone("admin").await;
    let quiet = admin.get("/api/admin/broadcasts").await;
    assert_eq!(quiet["data"], serde_json::json!([]), "nothing is live");
    let one = format!("/api/admin/broadcasts/{}", ready.stream_id);
    assert_eq!(admin.get(&one).await["live"], false);
}

#[tokio::test]
async fn an_administrator_sees_every_peer_and_the_host_the_sum() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let viewer = Viewer::plain(ready, &Api::anonymous(ready)).await;
    viewer.sees_media().await;
    let admin = Api::signed_in(ready, ready.account("admin", 0)).await;
    let list = admin.get("/api/admin/broadcasts").await;
    assert_eq!(list["data"][0]["stream"], ready.stream_id.as_str());
    assert_eq!(list["data"][0]["video"], "H264", "{list}");
    let path = format!("/api/admin/broadcasts/{}", ready.stream_id);
    let one = settled(&admin, &path).await;
    assert_eq!(one["peers_total"], 2, "{one}");
    let of_role = |role: &str| {
        let peers = one["peers"].as_array().unwrap().iter();
        peers
            .clone()
            .find(|peer| peer["role"] == role)
            .unwrap()
            .clone()
    };
    let (host, seen) = (of_role("publisher"), of_role("viewer"));
    assert!(
        host["remote"].is_string() && seen["phases"]["key_ms"].is_u64(),
        "{one}"
    );
    assert!(seen["tracks"].as_array().unwrap().len() == 2, "{seen}");

    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let path = format!("/api/streams/{}/ingest", ready.stream_id);
    let ingest = host.get(&path).await;
    assert_eq!(ingest["audience"]["connected"], 1, "{ingest}");
    assert!(ingest["publisher"]["tracks"].is_array(), "{ingest}");
    assert!(ingest["publisher"]["remote"].is_null(), "{ingest}");

    let metrics = admin.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(metrics.status(), StatusCode::OK);
    let metrics = metrics.text().await.unwrap();
    let line = format!(
        "souk_broadcast_viewers{{stream=\"{}\"}} 1\n",
        ready.stream_id
    );
    assert!(metrics.contains(&line), "{metrics}");
    assert!(metrics.ends_with('\n'));
    viewer.leave().await;
}

/// The broadcast once the rates of its last second are known.
async fn settled(admin: &Api, path: &str) -> Value {
    for _ in 0..200 {
        let one = admin.get(path).await;
        if one["audience"]["bitrate"].as_u64().unwrap() > 0 {
            return one;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no rates");
}
