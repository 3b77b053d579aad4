//! F39: buyers who go away while their order is being written. The writer owns the commit: it is
//! done whole or not at all, and its connection serves the next one.

use std::{collections::BTreeMap, time::Duration};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::Trial;
use crate::souk::Souk;

const BUYERS: usize = 4;
const ROUNDS: usize = 15;

/// Sends a whole purchase and hangs up after a while.
async fn buy_and_go(trial: &Trial, buyer: usize, key: &str, after: Duration) {
    let address = trial.souk.ready.authority();
    let body = trial.body().to_string();
    let request = format!(
        "POST /api/orders HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         idempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        trial.buyers[buyer].token(),
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(after).await;
    drop(connection);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f39_a_buyer_who_goes_away_leaves_no_half_order() {
    let trial = Trial::new(Souk::demo(&["--no-broadcast"]), BUYERS, None).await;
    let leave = (0..BUYERS).map(|buyer| {
        let trial = &trial;
        async move {
            for round in 0..ROUNDS {
                let after = Duration::from_micros((round * 400) as u64);
                buy_and_go(trial, buyer, &format!("gone-{round}"), after).await;
            }
        }
    });
    futures_util::future::join_all(leave).await;
    // Each comes back with the same key.
    let (mut told, mut found) = (BTreeMap::new(), 0);
    for buyer in 0..BUYERS {
        for round in 0..ROUNDS {
            let key = format!("gone-{round}");
            let (order, was_there) = trial.found_or_made(buyer, &key).await;
            told.insert((buyer, key), order);
            found += usize::from(was_there);
        }
    }
    println!(
        "F39: of {} buyers who hung up, {found} had their order already",
        told.len()
    );
    assert_eq!(trial.audit(&told).await, Vec::<String>::new());
    // The control: an order under a key that nobody has is found to be one too many.
    let stray = trial.buy_in_the_end(0, "stray").await;
    assert_eq!(trial.audit(&told).await.len(), 1);
    told.insert((0, "stray".to_owned()), stray);
    assert_eq!(trial.audit(&told).await, Vec::<String>::new());
}
