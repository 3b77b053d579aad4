//! Runs are formed by address and size, keep order, and respect the segment limits.
#![allow(clippy::unwrap_used)]

use super::*;

fn addr(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn shapes(queue: &Transmits) -> Vec<(u16, usize, usize)> {
    queue
        .iter_runs()
        .map(|run| (run.to.port(), run.segment, run.bytes.len()))
        .collect()
}

#[test]
fn equal_sizes_to_one_address_are_one_run_and_a_shorter_one_ends_it() {
    let mut queue = Transmits::new();
    for len in [100, 100, 40, 100] {
        queue.push(addr(1), &vec![len as u8; len]);
    }
    assert_eq!(shapes(&queue), [(1, 100, 240), (1, 100, 100)]);
    let sizes: Vec<usize> = queue.iter().map(|(_, datagram)| datagram.len()).collect();
    assert_eq!(sizes, [100, 100, 40, 100]);
}

#[test]
fn a_larger_datagram_or_another_address_starts_a_new_run() {
    let mut queue = Transmits::new();
    queue.push(addr(1), &[1; 10]);
    queue.push(addr(1), &[2; 20]);
    queue.push(addr(2), &[3; 20]);
    assert_eq!(shapes(&queue), [(1, 10, 10), (1, 20, 20), (2, 20, 20)]);
}

#[test]
fn a_run_stays_below_the_limits_of_one_message() {
    let mut queue = Transmits::new();
    for _ in 0..MAX_RUN_SEGMENTS + 1 {
        queue.push(addr(1), &[0; 10]);
    }
    assert_eq!(shapes(&queue), [(1, 10, 640), (1, 10, 10)]);
    queue.clear();
    assert!(queue.is_empty());
    for _ in 0..60 {
        queue.push(addr(1), &[0; 1200]);
    }
    assert!(
        queue
            .iter_runs()
            .all(|run| run.bytes.len() <= MAX_RUN_BYTES)
    );
    assert_eq!(queue.iter().count(), 60);
}

#[test]
fn reserve_and_commit_write_in_place_and_reuse_the_memory() {
    let mut queue = Transmits::new();
    queue.reserve(1500)[..3].copy_from_slice(b"abc");
    queue.commit(addr(7), 3);
    let capacity = queue.slab.len();
    queue.clear();
    queue.reserve(1500)[..2].copy_from_slice(b"de");
    queue.commit(addr(7), 2);
    queue.commit(addr(7), 0);
    assert_eq!(queue.slab.len(), capacity);
    assert_eq!(queue.iter().next().unwrap(), (addr(7), b"de".as_slice()));
    assert_eq!(queue.len(), 1);
}
