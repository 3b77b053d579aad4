//! Who speaks, for how long, and who is told.

use signaling_wire::{
    ClientFrame, Code, Lane, ServerFrame, UserId, encode_client,
    frame::{chat::Say, control::Auth},
};

use super::stage;
use crate::{
    Identity, SocketReceiver, clock,
    testing::{card, find, identity, next},
};

async fn session(rx: &mut SocketReceiver) -> Option<UserId> {
    find(rx, |frame| match frame {
        ServerFrame::Session(session) => Some(session.user.as_ref().map(|user| user.id)),
        _ => None,
    })
    .await
}

async fn refused(rx: &mut SocketReceiver) -> Code {
    find(rx, |frame| match frame {
        ServerFrame::Error(refused) => Some(refused.problem.code),
        _ => None,
    })
    .await
}

fn say() -> bytes::Bytes {
    encode_client(&ClientFrame::Say(Say {
        key: "k".to_owned(),
        body: "hi".to_owned(),
    }))
}

#[tokio::test]
async fn a_login_while_watching_lets_a_viewer_speak() {
    let mut stage = stage().await;
    let (hub, id) = (stage.hub.clone(), stage.room());
    let mut socket = hub.join_socket(id, None).await.unwrap();
    hub.socket_frame(id, socket.key, &say()).await;
    assert_eq!(refused(&mut socket.rx).await, Code::Unauthenticated);
    let auth = ClientFrame::Auth(Auth {
        token: Some("t".to_owned()),
    });
    hub.socket_frame(id, socket.key, &encode_client(&auth))
        .await;
    let asked = stage.inbounds.control.recv().await.unwrap();
    assert_eq!(
        (asked.session, asked.frame, asked.identity),
        (socket.key, auth, None)
    );
    let anna = identity(1, clock::now_ms() + 60_000);
    hub.identify(id, asked.session, Some(anna.clone())).await;
    assert_eq!(session(&mut socket.rx).await, Some(anna.user));
    hub.socket_frame(id, socket.key, &say()).await;
    let said = stage.inbounds.chat.recv().await.unwrap();
    assert_eq!(said.identity, Some(anna));
    // Signing out takes the word away again.
    hub.identify(id, asked.session, None).await;
    assert_eq!(session(&mut socket.rx).await, None);
    hub.socket_frame(id, socket.key, &say()).await;
    assert_eq!(refused(&mut socket.rx).await, Code::Unauthenticated);
    assert!(stage.inbounds.chat.try_recv().is_err());
}

#[tokio::test]
async fn an_identity_ends_by_itself() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let anna = identity(1, clock::now_ms() + 200);
    let mut socket = hub.join_socket(id, Some(anna.clone())).await.unwrap();
    assert_eq!(session(&mut socket.rx).await, Some(anna.user));
    assert_eq!(session(&mut socket.rx).await, None);
    assert!(clock::now_ms() >= anna.expires_ms);
    hub.send_to_user(id, anna.user, ServerFrame::Card(card(1)))
        .await;
    hub.socket_frame(id, socket.key, &say()).await;
    let first = next(&mut socket.rx).await.unwrap().frame;
    assert!(
        !matches!(first, ServerFrame::Card(_)),
        "receipts are for those who are signed in"
    );
    // Credentials that have ended already give nobody a name.
    hub.identify(id, socket.key, Some(identity(2, clock::now_ms())))
        .await;
    assert_eq!(session(&mut socket.rx).await, None);
}

#[tokio::test]
async fn receipts_reach_all_connections_of_their_account_and_no_other() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let later = clock::now_ms() + 60_000;
    let mut phone = hub.join_socket(id, Some(identity(1, later))).await.unwrap();
    let mut laptop = hub.join_socket(id, Some(identity(1, later))).await.unwrap();
    let mut other = hub.join_socket(id, Some(identity(2, later))).await.unwrap();
    let receipt = |no| ServerFrame::Card(card(no));
    let number = |frame: &ServerFrame| match frame {
        ServerFrame::Card(card) => Some(card.no),
        _ => None,
    };
    hub.send_to_user(id, identity(1, 0).user, receipt(1)).await;
    hub.send_to_user(id, identity(2, 0).user, receipt(2)).await;
    hub.reply(id, laptop.key, Lane::Shop, receipt(3)).await;
    assert_eq!(find(&mut phone.rx, number).await, 1);
    assert_eq!(find(&mut laptop.rx, number).await, 1);
    assert_eq!(find(&mut laptop.rx, number).await, 3);
    assert_eq!(find(&mut other.rx, number).await, 2);
    // Who changes the account leaves the old one's receipts behind.
    hub.identify(id, phone.key, Some(identity(2, later))).await;
    hub.send_to_user(id, identity(1, 0).user, receipt(4)).await;
    hub.send_to_user(id, identity(2, 0).user, receipt(5)).await;
    assert_eq!(find(&mut phone.rx, number).await, 5);
    assert_eq!(find(&mut laptop.rx, number).await, 4);
}

#[tokio::test]
async fn the_sellers_own_people_at_a_desk_are_no_audience() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let viewers = async |wanted: u32| {
        stage
            .until(|stage| stage.hub.presence(id).filter(|now| now.viewers == wanted))
            .await;
    };
    let host = |n| Identity {
        seller: true,
        ..identity(n, clock::now_ms() + 60_000)
    };
    let desk = hub.join_socket(id, None).await.unwrap();
    let _viewer = hub.join_socket(id, None).await.unwrap();
    viewers(2).await;
    hub.identify(id, desk.key, Some(host(1))).await;
    viewers(1).await;
    hub.identify(id, desk.key, Some(host(2))).await;
    hub.identify(id, desk.key, None).await;
    viewers(2).await;
    hub.leave_socket(id, desk.key).await;
    viewers(1).await;
    let known = hub.join_socket(id, Some(host(3))).await.unwrap();
    drop(known);
    viewers(1).await;
}

#[tokio::test]
async fn a_revoked_sign_in_is_anonymous_at_once_and_others_speak_on() {
    let stage = stage().await;
    let (hub, id) = (stage.hub.clone(), stage.room());
    let of = |login: &str| Identity {
        login: login.into(),
        ..identity(1, clock::now_ms() + 600_000)
    };
    let mut gone = hub.join_socket(id, Some(of("one"))).await.unwrap();
    let mut stays = hub.join_socket(id, Some(of("two"))).await.unwrap();
    let anna = of("one").user;
    hub.forget(anna, Some("one")).await;
    assert_eq!(session(&mut gone.rx).await, Some(anna), "as it joined");
    assert_eq!(session(&mut gone.rx).await, None);
    hub.socket_frame(id, gone.key, &say()).await;
    assert_eq!(refused(&mut gone.rx).await, Code::Unauthenticated);
    assert_eq!(session(&mut stays.rx).await, Some(anna));
    hub.forget(anna, None).await;
    assert_eq!(session(&mut stays.rx).await, None);
}
