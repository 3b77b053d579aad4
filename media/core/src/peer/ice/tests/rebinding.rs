//! F14: the target follows whoever proved to be the peer, and nobody else.

use super::*;

/// Makes a check of its own transaction.
type Checking = fn() -> Vec<u8>;

/// A viewer on port 1, nominated; checks with and without nomination.
fn nominated(now: Instant) -> (Ice, Checking, Checking) {
    let mut ice = ice(now);
    let plain = || request(&check(false)).unwrap();
    let nominating = || request(&check(true)).unwrap();
    change(ice.handle(now, addr(1), &nominating()));
    (ice, plain, nominating)
}

#[test]
fn f14_the_first_nominating_check_from_a_new_port_moves_the_target_at_once() {
    let now = Instant::now();
    let (mut ice, _, nominating) = nominated(now);
    let at = now + Duration::from_millis(1);
    assert!(change(ice.handle(at, addr(2), &nominating())).moved);
    // And back, and forth, as long as each old path stops being nominated.
    let (mut ice, plain, nominating) = nominated(now);
    for step in 1..20u16 {
        let (here, there) = (addr(1 + step % 2), addr(1 + (step + 1) % 2));
        let at = now + Duration::from_millis(u64::from(step) * 200);
        assert!(change(ice.handle(at, here, &nominating())).moved);
        assert!(!change(ice.handle(at, there, &plain())).moved);
        assert_eq!(ice.target(), Some(here));
    }
}

#[test]
fn f14_media_from_a_validated_path_moves_the_target_when_the_old_one_is_silent() {
    let now = Instant::now();
    let (mut ice, plain, nominating) = nominated(now);
    assert!(!change(ice.handle(now, addr(2), &plain())).moved);
    let soon = now + TARGET_SILENT / 2;
    assert!(!ice.heard(soon, addr(2)), "the old path may still live");
    assert!(ice.heard(now + TARGET_SILENT, addr(2)));
    assert_eq!(ice.target(), Some(addr(2)));

    // Back to a path that was nominated before: no new nomination shows it, its media does.
    let (mut ice, _, _) = nominated(now);
    assert!(change(ice.handle(now, addr(2), &nominating())).moved);
    assert!(!change(ice.handle(soon, addr(1), &nominating())).moved);
    assert!(ice.heard(now + TARGET_SILENT, addr(1)));
}

#[test]
fn f14_a_path_that_carries_media_is_kept_against_checks_of_another() {
    let now = Instant::now();
    let (mut ice, plain, nominating) = nominated(now);
    change(ice.handle(now, addr(2), &nominating()));
    for step in 1..200u64 {
        let at = now + Duration::from_millis(step * 100);
        assert!(!ice.heard(at, addr(2)));
        assert!(!change(ice.handle(at, addr(1), &nominating())).moved);
        assert!(!change(ice.handle(at, addr(3), &plain())).moved);
    }
    assert_eq!(ice.target(), Some(addr(2)));
}

#[test]
fn f14_media_from_an_address_without_a_check_moves_nothing() {
    let now = Instant::now();
    let (mut ice, _, _) = nominated(now);
    assert!(!ice.heard(now + Duration::from_secs(20), addr(9)));
    assert_eq!(ice.target(), Some(addr(1)));
    assert!(!ice.is_validated(addr(9)));
}

#[test]
fn f14_a_check_that_was_overheard_is_worth_nothing_elsewhere() {
    let now = Instant::now();
    let (mut ice, _, nominating) = nominated(now);
    let replayed = Outcome::Dropped(DropReason::Replay);
    let mut overheard = Vec::new();
    for number in 0..MAX_TRANSACTIONS as u64 {
        let at = now + Duration::from_millis(number * 2_500);
        let genuine = nominating();
        change(ice.handle(at, addr(1), &genuine));
        assert_eq!(ice.handle(at, addr(666), &genuine), replayed);
        // Repeated from its own address it is answered: the answer may have been lost.
        assert!(!change(ice.handle(at, addr(1), &genuine)).moved);
        overheard.push(genuine);
    }
    assert_eq!(ice.target(), Some(addr(1)));
    assert!(!ice.is_validated(addr(666)));
    assert_eq!(ice.transactions.len(), MAX_TRANSACTIONS);
    // The control: a genuine check from there would have moved the target.
    assert!(change(ice.handle(now, addr(666), &nominating())).moved);
}
