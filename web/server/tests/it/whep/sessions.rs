//! A player's session: PATCH and DELETE.

use super::*;
use crate::{
    table::Table,
    whip::{FRAGMENT, FRAGMENT_TYPE, Whip, text},
};

const PATCHES: &str = "
    no If-Match     | nobody | PATCH $SESSION  | $FRAG                       | $BODY | 428 precondition_required
    stale tag       | nobody | PATCH $SESSION  | $FRAG; if-match: \"old\"    | $BODY | 412 precondition_failed
    wrong type      | nobody | PATCH $SESSION  | if-match: $TAG; content-type: text/plain | $BODY | 415 unsupported_media_type
    wrong token     | nobody | PATCH $SESSION  | $FRAG; if-match: $TAG; authorization: Bearer x | $BODY | 401 invalid_token
    other kind      | nobody | PATCH $WHIP     | $FRAG; if-match: $TAG       | $BODY | 404 not_found
    wrong token     | nobody | DELETE $SESSION | authorization: Bearer x     | -     | 401 invalid_token
";

#[tokio::test]
async fn e01_sessions_keep_the_rules_of_publishers() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    let created = watch_live(&api, &souk.ready.stream_id, &player()).await;
    let headers = created.headers();
    let (session, etag) = (text(headers, "location"), text(headers, "etag"));
    let whip = Whip::new(&souk.ready);
    let trickled = whip.fragment(session).header("if-match", etag);
    let trickled = trickled.send().await.unwrap();
    assert_eq!(trickled.status(), StatusCode::NO_CONTENT);
    let table = Table::default()
        .caller("nobody", &api)
        .name("WHIP", session.replace("whep", "whip"))
        .name("SESSION", session)
        .name("TAG", etag)
        .name("BODY", FRAGMENT);
    let kind = format!("content-type: {FRAGMENT_TYPE}");
    table.assert_refused(&PATCHES.replace("$FRAG", &kind)).await;
    assert_eq!(whip.end(session).await, StatusCode::OK);
    assert_eq!(whip.end(session).await, StatusCode::NOT_FOUND);
}
