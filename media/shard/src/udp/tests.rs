#![allow(clippy::unwrap_used)]

use std::net::Ipv4Addr;
use std::time::Instant;

use super::*;

fn socket(address: &str) -> (Socket, SocketAddr) {
    let socket = Socket::new(bind(address.parse().unwrap()).unwrap()).unwrap();
    let address = socket.socket.local_addr().unwrap();
    (socket, address)
}

/// Receives `count` datagrams, waiting generously.
fn receive(socket: &mut Socket, count: usize) -> Vec<(SocketAddr, Vec<u8>)> {
    let (_waker, sleeper) = crate::wake::pair().unwrap();
    let (mut got, end) = (Vec::new(), Instant::now() + Duration::from_secs(20));
    while got.len() < count && Instant::now() < end {
        socket.wait(sleeper.fd(), Duration::from_millis(100));
        for at in 0..socket.receive().0 {
            let (from, bytes) = socket.datagram(at).unwrap();
            got.push((from, bytes.to_vec()));
        }
    }
    got
}

fn transmits(to: SocketAddr) -> (Transmits, Vec<Vec<u8>>) {
    let mut transmits = Transmits::new();
    let mut sent = Vec::new();
    // Runs of equal sizes with a shorter end, and single datagrams between them.
    for (at, size) in (0u8..).zip([1_190, 1_190, 1_190, 40, 7, 900, 900, 900, 900, 12]) {
        let datagram = vec![at; size];
        transmits.push(to, &datagram);
        sent.push(datagram);
    }
    (transmits, sent)
}

fn round_trip(bind_to: &str, send_from: &str, segmentation: bool) {
    let (mut receiver, to) = socket(bind_to);
    let (mut sender, from) = socket(send_from);
    sender.segmentation &= segmentation;
    let (transmits, sent) = transmits(to);
    assert_eq!(sender.send(&transmits), 0);
    let got = receive(&mut receiver, sent.len());
    assert!(got.iter().all(|(source, _)| *source == from));
    assert_eq!(
        got.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>(),
        sent
    );
}

#[test]
fn runs_arrive_as_single_datagrams() {
    round_trip("127.0.0.1:0", "127.0.0.1:0", true);
}

#[test]
fn without_segmentation_the_same_arrives() {
    round_trip("127.0.0.1:0", "127.0.0.1:0", false);
}

#[test]
fn bursts_that_the_kernel_joins_are_taken_apart() {
    let (mut receiver, to) = socket("127.0.0.1:0");
    let (mut sender, _) = socket("127.0.0.1:0");
    let (transmits, sent) = transmits(to);
    assert_eq!(sender.send(&transmits), 0);
    let (waker, mut sleeper) = crate::wake::pair().unwrap();
    receiver.wait(sleeper.fd(), Duration::from_secs(20));
    // A run stays whole on the way over loopback, so more datagrams than messages arrive.
    let (first, _) = receiver.receive();
    let got: Vec<Vec<u8>> = (0..first)
        .map(|at| receiver.datagram(at).unwrap().1.to_vec())
        .collect();
    assert_eq!(got, sent[..first]);
    assert!(receiver.datagram(first).is_none());
    drop(waker);
    sleeper.awake();
}

#[test]
fn ipv6_works() {
    round_trip("[::1]:0", "[::1]:0", true);
}

#[test]
fn a_dual_socket_shows_ipv4_as_ipv4() {
    let (mut dual, address) = socket("[::]:0");
    let (mut plain, from) = socket("127.0.0.1:0");
    let mut out = Transmits::new();
    out.push(
        SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        b"ping",
    );
    assert_eq!(plain.send(&out), 0);
    assert_eq!(receive(&mut dual, 1), [(from, b"ping".to_vec())]);
    out.clear();
    out.push(from, b"pong");
    assert_eq!(dual.send(&out), 0);
    assert_eq!(receive(&mut plain, 1)[0].1, b"pong");
}

#[test]
fn what_cannot_be_sent_is_counted_and_the_rest_goes_on() {
    let (mut receiver, to) = socket("127.0.0.1:0");
    let (mut sender, _) = socket("127.0.0.1:0");
    let mut out = Transmits::new();
    out.push("[::1]:9".parse().unwrap(), b"wrong family");
    out.push(to, b"fine");
    assert_eq!(sender.send(&out), 1);
    assert_eq!(receive(&mut receiver, 1)[0].1, b"fine");
}

#[test]
fn a_wake_up_ends_the_sleep() {
    let (socket, _) = socket("127.0.0.1:0");
    let (waker, mut sleeper) = crate::wake::pair().unwrap();
    sleeper.about_to_sleep();
    let waking = std::thread::spawn(move || waker.wake());
    let start = Instant::now();
    socket.wait(sleeper.fd(), Duration::from_secs(30));
    sleeper.awake();
    waking.join().unwrap();
    assert!(start.elapsed() < Duration::from_secs(20));
}
