//! Two generations of credentials: the new one takes over with its first check, not before.

use super::*;

const NEW: &str = "new-password-of-22-chars";

fn renewed(nominate: bool) -> Check<'static> {
    Check {
        username: "ours2:theirs",
        password: NEW,
        ..check(nominate)
    }
}

fn restarted(now: Instant) -> Ice {
    let mut ice = ice(now);
    let nominating = || request(&check(true)).unwrap();
    change(ice.handle(now, addr(1), &nominating()));
    ice.restart(credentials("ours2", NEW));
    ice
}

#[test]
fn a_restart_that_is_never_checked_leaves_the_old_generation_working() {
    let now = Instant::now();
    let mut ice = restarted(now);
    let wrong = request(&Check {
        password: "a-wrong-password-of-22",
        ..renewed(true)
    });
    let dropped = ice.handle(now, addr(2), &wrong.unwrap());
    assert_eq!(dropped, Outcome::Dropped(DropReason::StunAuth));
    // An error answer is no passed check either.
    let conflict = request(&Check {
        controlled: true,
        ..renewed(true)
    });
    let Outcome::Refused(answer) = ice.handle(now, addr(2), &conflict.unwrap()) else {
        panic!("a role conflict is answered")
    };
    assert!(Reading::parse(&answer).unwrap().is_authentic(NEW));
    for second in 1..60 {
        let at = now + Duration::from_secs(second);
        let old = change(ice.handle(at, addr(1), &request(&check(true)).unwrap()));
        assert!(!old.restarted && !old.moved);
    }
    assert_eq!(ice.target(), Some(addr(1)));
    assert_eq!(ice.credentials().local_ufrag, "ours");
    assert!(ice.next_credentials().is_some());
}

#[test]
fn the_first_check_of_the_new_generation_ends_the_old_one_and_its_nomination_moves_the_target() {
    let now = Instant::now();
    let mut ice = restarted(now);
    let (plain, nominating) = (
        || request(&renewed(false)).unwrap(),
        || request(&renewed(true)).unwrap(),
    );
    let Outcome::Accepted(answer, first) = ice.handle(now, addr(2), &plain()) else {
        panic!("accepted")
    };
    assert!(Reading::parse(&answer).unwrap().is_authentic(NEW));
    assert!(first.restarted && first.validated && !first.moved);
    let old = request(&check(true)).unwrap();
    let dropped = Outcome::Dropped(DropReason::StunAuth);
    assert_eq!(ice.handle(now, addr(1), &old), dropped);
    // What is under way on the old path is still taken, and sent there until the nomination.
    assert!(ice.is_validated(addr(1)));
    assert_eq!(ice.target(), Some(addr(1)));
    let second = change(ice.handle(now, addr(2), &nominating()));
    assert!(second.moved && !second.restarted);
    assert_eq!(ice.target(), Some(addr(2)));
    assert_eq!(ice.credentials().local_ufrag, "ours2");
}

#[test]
fn without_a_nomination_the_new_path_is_taken_when_the_old_one_is_silent() {
    let now = Instant::now();
    let mut ice = restarted(now);
    let plain = || request(&renewed(false)).unwrap();
    assert!(!change(ice.handle(now, addr(2), &plain())).moved);
    assert!(change(ice.handle(now + TARGET_SILENT, addr(2), &plain())).moved);
}

#[test]
fn a_restart_from_the_same_address_and_a_restart_of_a_restart_work() {
    let now = Instant::now();
    let mut ice = restarted(now);
    ice.restart(credentials("ours3", "third-password-22-chars"));
    let given_up = ice.handle(now, addr(1), &request(&renewed(true)).unwrap());
    assert_eq!(given_up, Outcome::Dropped(DropReason::StunAuth));
    let third = Check {
        username: "ours3:theirs",
        password: "third-password-22-chars",
        ..check(true)
    };
    let passed = change(ice.handle(now, addr(1), &request(&third).unwrap()));
    assert!(passed.restarted && !passed.moved);
    assert_eq!(ice.target(), Some(addr(1)));
}

#[test]
fn a_restart_finds_room_in_a_full_table() {
    let now = Instant::now();
    let mut ice = ice(now);
    let nominating = || request(&check(true)).unwrap();
    for port in 1..=MAX_TUPLES as u16 {
        change(ice.handle(now, addr(port), &nominating()));
    }
    ice.restart(credentials("ours2", NEW));
    let passed = change(ice.handle(now, addr(99), &request(&renewed(true)).unwrap()));
    assert!(passed.restarted && passed.moved && passed.forgotten.is_some());
}
