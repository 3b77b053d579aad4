//! Who is there, and what the hosts decided about them.

use signaling_wire::{
    ClientFrame, Code, ServerFrame, UserId, encode_client,
    frame::{
        chat::Say,
        control::{Sanction, SanctionKind},
        shop::Buy,
    },
};

use super::stage;
use crate::{
    Attendance, Identity, SocketReceiver, clock,
    testing::{find, identity},
};

const MUTE: SanctionKind = SanctionKind::Mute;
const BAN: SanctionKind = SanctionKind::Ban;
const LIFTED: SanctionKind = SanctionKind::Lifted;

fn someone(n: u128) -> Identity {
    identity(n, clock::now_ms() + 600_000)
}

fn for_good(kind: SanctionKind) -> Sanction {
    let until_ms = None;
    Sanction { kind, until_ms }
}

async fn told(rx: &mut SocketReceiver) -> SanctionKind {
    find(rx, |frame| match frame {
        ServerFrame::Sanction(sanction) => Some(sanction.kind),
        _ => None,
    })
    .await
}

async fn speaks_as(rx: &mut SocketReceiver) -> Option<UserId> {
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
    let (key, body) = ("k".to_owned(), "hi".to_owned());
    encode_client(&ClientFrame::Say(Say { key, body }))
}

fn buy() -> bytes::Bytes {
    let level = crate::testing::level(1, 1);
    encode_client(&ClientFrame::Buy(Buy {
        key: "b".to_owned(),
        sale_id: level.sale_id,
        product_id: level.product_id,
        variant_id: None,
        quantity: 1,
        expected_unit_price: None,
        lease: None,
    }))
}

#[tokio::test]
async fn a_muted_account_buys_but_does_not_write_wherever_it_comes_from() {
    let mut stage = stage().await;
    let (hub, id) = (stage.hub.clone(), stage.room());
    let anna = someone(1);
    let mut phone = hub.join_socket(id, Some(anna.clone())).await.unwrap();
    let mut other = hub.join_socket(id, Some(someone(2))).await.unwrap();
    hub.sanction(id, vec![(anna.user, for_good(MUTE))]).await;
    assert_eq!(told(&mut phone.rx).await, MUTE);
    hub.socket_frame(id, phone.key, &say()).await;
    assert_eq!(refused(&mut phone.rx).await, Code::Muted);
    hub.socket_frame(id, phone.key, &buy()).await;
    let bought = stage.inbounds.shop.recv().await.unwrap();
    assert_eq!(bought.identity.unwrap().user, anna.user);

    // Neither coming back nor signing in later helps.
    hub.leave_socket(id, phone.key).await;
    let mut again = hub.join_socket(id, Some(anna.clone())).await.unwrap();
    assert_eq!(told(&mut again.rx).await, MUTE);
    hub.socket_frame(id, again.key, &say()).await;
    assert_eq!(refused(&mut again.rx).await, Code::Muted);
    let mut late = hub.join_socket(id, None).await.unwrap();
    hub.identify(id, late.key, Some(anna.clone())).await;
    assert_eq!(told(&mut late.rx).await, MUTE);
    hub.socket_frame(id, late.key, &say()).await;
    assert_eq!(refused(&mut late.rx).await, Code::Muted);

    // Nobody else is meant, and a lifted one is over.
    hub.socket_frame(id, other.key, &say()).await;
    let said = stage.inbounds.chat.recv().await.unwrap();
    assert_eq!(said.identity.unwrap().user, someone(2).user);
    hub.sanction(id, vec![(anna.user, for_good(LIFTED))]).await;
    assert_eq!(told(&mut again.rx).await, LIFTED);
    hub.socket_frame(id, again.key, &say()).await;
    let said = stage.inbounds.chat.recv().await.unwrap();
    assert_eq!(said.identity.unwrap().user, anna.user);
    assert!(other.rx.recv().await.is_some());
}

#[tokio::test]
async fn a_banned_account_is_nobody_in_the_room() {
    let mut stage = stage().await;
    let (hub, id) = (stage.hub.clone(), stage.room());
    let anna = someone(1);
    let mut here = hub.join_socket(id, Some(anna.clone())).await.unwrap();
    assert_eq!(speaks_as(&mut here.rx).await, Some(anna.user));
    hub.sanction(id, vec![(anna.user, for_good(BAN))]).await;
    assert_eq!(speaks_as(&mut here.rx).await, None);
    assert_eq!(told(&mut here.rx).await, BAN);
    for frame in [say(), buy()] {
        hub.socket_frame(id, here.key, &frame).await;
        assert_eq!(refused(&mut here.rx).await, Code::Banned);
    }
    let mut again = hub.join_socket(id, Some(anna.clone())).await.unwrap();
    assert_eq!(told(&mut again.rx).await, BAN);
    hub.identify(id, again.key, Some(anna.clone())).await;
    assert_eq!(speaks_as(&mut again.rx).await, None);
    hub.socket_frame(id, again.key, &buy()).await;
    assert_eq!(refused(&mut again.rx).await, Code::Banned);
    assert!(stage.inbounds.shop.try_recv().is_err());
    assert!(hub.present(id, vec![anna.user]).await.is_empty());

    hub.sanction(id, vec![(anna.user, for_good(LIFTED))]).await;
    hub.identify(id, again.key, Some(anna.clone())).await;
    assert_eq!(speaks_as(&mut again.rx).await, Some(anna.user));
    hub.socket_frame(id, again.key, &buy()).await;
    assert!(stage.inbounds.shop.recv().await.is_some());
}

#[tokio::test]
async fn a_sanction_ends_with_its_time_and_outlives_the_room_task() {
    let mut stage = stage().await;
    let (hub, id) = (stage.hub.clone(), stage.room());
    let (anna, bert) = (someone(1), someone(2));
    let over = Sanction {
        kind: MUTE,
        until_ms: Some(clock::now_ms()),
    };
    hub.sanction(id, vec![(anna.user, over), (bert.user, for_good(MUTE))])
        .await;
    let room = hub.inner.directory.room(id).unwrap();
    room.mailbox
        .send(crate::room_task::Command::Panic)
        .await
        .unwrap();
    stage
        .until(|stage| {
            let now = stage.hub.inner.directory.room(id);
            now.filter(|now| now.broadcast != room.broadcast)
        })
        .await;
    let spoke = hub.join_socket(id, Some(anna.clone())).await.unwrap();
    hub.socket_frame(id, spoke.key, &say()).await;
    let said = stage.inbounds.chat.recv().await.unwrap();
    assert_eq!(said.identity.unwrap().user, anna.user);
    let mut still = hub.join_socket(id, Some(bert)).await.unwrap();
    hub.socket_frame(id, still.key, &say()).await;
    assert_eq!(refused(&mut still.rx).await, Code::Muted);
}

#[tokio::test]
async fn the_last_connection_that_goes_is_news_and_the_first_that_comes() {
    let mut stage = stage().await;
    let (hub, id) = (stage.hub.clone(), stage.room());
    let anna = someone(1);
    let news = |here| Attendance {
        stream: id,
        user: anna.user,
        here,
    };
    let phone = hub.join_socket(id, Some(anna.clone())).await.unwrap();
    assert_eq!(stage.inbounds.attendance.recv().await, Some(news(true)));
    let laptop = hub.join_socket(id, Some(anna.clone())).await.unwrap();
    hub.leave_socket(id, phone.key).await;
    // A renewed token is no news either.
    hub.identify(id, laptop.key, Some(anna.clone())).await;
    let viewers = hub.viewers(id).await;
    assert_eq!((viewers.len(), viewers[0].connections), (1, 1));
    assert_eq!(hub.present(id, vec![anna.user]).await, [anna.user]);
    assert!(stage.inbounds.attendance.try_recv().is_err());
    hub.identify(id, laptop.key, None).await;
    assert_eq!(stage.inbounds.attendance.recv().await, Some(news(false)));
    assert!(hub.viewers(id).await.is_empty());
    hub.identify(id, laptop.key, Some(anna.clone())).await;
    assert_eq!(stage.inbounds.attendance.recv().await, Some(news(true)));
    // A room that ends is no viewer that goes.
    hub.close_room(id).await;
    assert!(stage.inbounds.attendance.try_recv().is_err());
}
