//! Who operates the platform changes other people's accounts, on record, and never locks all out.

use commerce_store::audit::{self, Verdict};
use serde_json::json;

use super::*;
use crate::{Person, PersonStatus, Role};

async fn newest(world: &World) -> audit::Recorded {
    let list = audit::list(world.store.reader(), None, 1).await;
    list.unwrap().pop().unwrap()
}

#[tokio::test]
async fn a_suspension_and_a_role_are_on_record_with_what_was_before() {
    let world = World::open().await;
    let (by, accounts) = (world.operator().await, &world.accounts);
    let user = world.register("mina@example.com").await.unwrap().user.id;
    accounts
        .set_suspended(by, user, true, "spam")
        .await
        .unwrap();
    let entry = newest(&world).await;
    assert_eq!(
        (entry.actor, entry.action.as_str(), entry.object),
        (by.to_string(), "user.suspended", user.to_string())
    );
    let detail: serde_json::Value = serde_json::from_str(&entry.detail).unwrap();
    let expected = json!({ "from": "active", "to": "suspended", "reason": "spam" });
    assert_eq!(detail, expected);
    accounts.set_suspended(by, user, false, "").await.unwrap();
    accounts
        .set_role(by, user, Role::Admin, "joins us")
        .await
        .unwrap();
    assert_eq!(newest(&world).await.action, "user.role_set");
    let seq = newest(&world).await.seq;
    accounts
        .set_role(by, user, Role::Admin, "again")
        .await
        .unwrap();
    assert_eq!(newest(&world).await.seq, seq, "nothing changed");
    let verdict = audit::verify(world.store.reader()).await.unwrap();
    assert_eq!(verdict, Verdict::Sound { entries: seq });
}

#[tokio::test]
async fn nobody_locks_the_last_administrator_out() {
    let world = World::open().await;
    let (by, accounts) = (world.operator().await, &world.accounts);
    let user = world.register("mina@example.com").await.unwrap().user.id;
    for refused in [
        accounts.set_suspended(by, by, true, "").await,
        accounts.set_role(by, by, Role::User, "").await,
    ] {
        assert_eq!(code(refused), Code::Conflict);
    }
    for refused in [
        accounts.set_suspended(user, by, true, "").await,
        accounts.set_role(user, user, Role::Admin, "").await,
    ] {
        assert_eq!(code(refused), Code::Forbidden);
    }
    let nobody = UserId::from_parts(9, 9);
    let refused = accounts.set_role(by, nobody, Role::User, "").await;
    assert_eq!(code(refused), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_who_demote_each_other_leave_one() {
    let world = World::open().await;
    let (one, accounts) = (world.operator().await, &world.accounts);
    let other = accounts
        .create_admin("other@example.com", PASSWORD)
        .await
        .unwrap();
    for round in 0..20 {
        let (first, second) = tokio::join!(
            accounts.set_role(one, other, Role::User, ""),
            accounts.set_suspended(other, one, true, ""),
        );
        let ways = (first.is_ok(), second.is_ok());
        assert!(ways.0 != ways.1, "round {round}: {ways:?}");
        let (left, gone) = match ways.0 {
            true => (one, other),
            false => (other, one),
        };
        accounts.set_suspended(left, gone, false, "").await.unwrap();
        accounts
            .set_role(left, gone, Role::Admin, "")
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn people_are_listed_by_status_and_role() {
    let world = World::open().await;
    let (by, accounts) = (world.operator().await, &world.accounts);
    let mut users = Vec::new();
    for name in ["a", "b", "c"] {
        world.pass(1);
        let signed = world.register(&format!("{name}@example.com")).await;
        users.push(signed.unwrap().user.id);
    }
    accounts
        .set_suspended(by, users[1], true, "")
        .await
        .unwrap();
    let ids = |people: Vec<Person>| people.into_iter().map(|each| each.id).collect::<Vec<_>>();
    let all = accounts.people(None, None, None, 10).await.unwrap();
    assert_eq!(ids(all), [users[2], users[1], users[0], by]);
    let rest = accounts.people(None, None, Some(users[1]), 1).await;
    assert_eq!(ids(rest.unwrap()), [users[0]]);
    let suspended = Some(PersonStatus::Suspended);
    let suspended = accounts.people(suspended, None, None, 10).await;
    assert_eq!(ids(suspended.unwrap()), [users[1]]);
    let admins = accounts.people(None, Some(Role::Admin), None, 10).await;
    assert_eq!(ids(admins.unwrap()), [by]);
}
