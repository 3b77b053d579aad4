//! Rights that change are on record, and the record is sound.

use reqwest::Method;
use serde_json::json;

use crate::{api::Api, souk::Souk};

#[tokio::test]
async fn a_changed_role_is_on_record_and_holds_at_once() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let someone = async |role: &str| Api::signed_in(ready, ready.account(role, 0)).await;
    let (owner, host, admin) = (
        someone("seller").await,
        someone("host").await,
        someone("admin").await,
    );
    let me = host.get("/api/users/profile").await;
    let seller = me["memberships"][0]["seller_id"].as_str().unwrap();
    let member = format!(
        "/api/sellers/{seller}/members/{}",
        me["id"].as_str().unwrap()
    );
    let key = format!("/api/streams/{}/key", ready.stream_id);
    host.poke(&key).await;
    let demoted = owner
        .request(Method::PUT, &member)
        .json(&json!({ "role": "assistant" }));
    assert_eq!(demoted.send().await.unwrap().status(), 204);
    let refused = host.request(Method::POST, &key).send().await.unwrap();
    assert_eq!(refused.status(), 403, "checklist 16: rights change at once");
    let log = admin.get("/api/admin/audit?limit=1").await;
    let newest = &log["data"][0];
    assert_eq!(newest["action"], "seller.member_set");
    assert_eq!(newest["object"], seller);
    assert_eq!(newest["detail"]["from"], "host");
    assert_eq!(newest["detail"]["to"], "assistant");
    let verdict = admin.get("/api/admin/audit/verdict").await;
    assert_eq!(verdict["sound"], true);
    assert_eq!(verdict["entries"], newest["seq"]);
}
