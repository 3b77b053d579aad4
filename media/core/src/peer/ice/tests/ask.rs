//! F14: a check of our own moves the target by its authentic answer from there, and by nothing else.

use super::*;
use crate::peer::stun::success;

const THEIRS: &str = "the-password-of-the-peer";
const ID: [u8; 12] = [5; 12];

/// A viewer on port 1 that was asked at port 2.
fn asked(now: Instant) -> (Ice, Vec<u8>) {
    let mut credentials = credentials("ours", PASSWORD);
    credentials.remote_pwd = THEIRS.into();
    let mut ice = Ice::new(credentials, now);
    change(ice.handle(now, addr(1), &request(&check(true)).unwrap()));
    let question = ice.ask(addr(2), ID).unwrap();
    (ice, question)
}

fn answer(id: [u8; 12], password: &str) -> Vec<u8> {
    let mut transaction = Reading::parse(&request(&check(false)).unwrap())
        .unwrap()
        .transaction();
    transaction.0 = id;
    success(transaction, addr(9), password).unwrap()
}

#[test]
fn f14_the_question_is_a_check_of_a_controlled_side_for_the_peer() {
    let (ice, question) = asked(Instant::now());
    let reading = Reading::parse(&question).unwrap();
    assert_eq!(reading.kind, Kind::Request);
    assert_eq!(reading.username, Some("theirs:ours"));
    assert!(reading.controlled && !reading.use_candidate);
    assert!(reading.is_authentic(THEIRS));
    assert_eq!(ice.ask_again(addr(2)), Some(question));
    assert_eq!(ice.ask_again(addr(3)), None);
}

#[test]
fn f14_its_answer_moves_the_target_once() {
    let now = Instant::now();
    let (mut ice, _) = asked(now);
    let genuine = answer(ID, THEIRS);
    let Outcome::Answered(change) = ice.handle(now, addr(2), &genuine) else {
        panic!("not taken");
    };
    assert!(change.moved && change.validated);
    assert_eq!(ice.target(), Some(addr(2)));
    assert_eq!(ice.ask_again(addr(2)), None);
    let again = ice.handle(now, addr(2), &genuine);
    assert_eq!(again, Outcome::Dropped(DropReason::BadStun));
}

#[test]
fn f14_other_answers_change_nothing() {
    let now = Instant::now();
    let unasked = Outcome::Dropped(DropReason::BadStun);
    let forged = Outcome::Dropped(DropReason::StunAuth);
    let (mut ice, _) = asked(now);
    assert_eq!(ice.handle(now, addr(3), &answer(ID, THEIRS)), unasked);
    assert_eq!(ice.handle(now, addr(2), &answer([6; 12], THEIRS)), unasked);
    assert_eq!(ice.handle(now, addr(2), &answer(ID, PASSWORD)), forged);
    assert_eq!(ice.target(), Some(addr(1)));
    assert!(!ice.is_validated(addr(2)) && !ice.is_validated(addr(3)));

    // The old place is not silent any more.
    let (mut ice, _) = asked(now);
    ice.heard(now + Duration::from_millis(1), addr(1));
    assert_eq!(
        ice.handle(now, addr(2), &answer(ID, THEIRS)),
        Outcome::Ignored
    );
    assert_eq!(ice.target(), Some(addr(1)));

    // A peer that told no password cannot answer.
    let mut ice = super::ice(now);
    change(ice.handle(now, addr(1), &request(&check(true)).unwrap()));
    ice.ask(addr(2), ID);
    assert_eq!(ice.handle(now, addr(2), &answer(ID, "")), forged);
}
