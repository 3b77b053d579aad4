//! Requests that are broken below HTTP's own words.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::Shop;
use crate::viewer::PATIENCE;

#[tokio::test]
async fn broken_requests_are_answered_and_closed() {
    let shop = Shop::open().await;
    let many: String = (0..150).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(20_000));
    let twice = "content-length: 4\r\ncontent-length: 5\r\n".to_owned();
    let both = "content-length: 4\r\ntransfer-encoding: chunked\r\n".to_owned();
    let folded = "x-a: 1\r\n b\r\n".to_owned();
    for (what, headers, status) in [
        ("two framings", both, "40"),
        ("two lengths", twice, "400"),
        ("folded", folded, "400"),
        ("no header", "nonsense\r\n".to_owned(), "400"),
        ("many headers", many, "431"),
        ("long header", long, "431"),
    ] {
        let request = format!("POST /api/orders HTTP/1.1\r\nhost: x\r\n{headers}\r\n0\r\n\r\n");
        let mut stream = TcpStream::connect(shop.ready().authority()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let read = timeout(PATIENCE, stream.read(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer[..read.unwrap().unwrap()]).into_owned();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{what}: {answer}"
        );
    }
}

#[tokio::test]
async fn slow_heads_are_closed_and_do_not_stop_others() {
    let shop = Shop::open().await;
    let mut slow = Vec::new();
    for _ in 0..500 {
        let mut stream = TcpStream::connect(shop.ready().authority()).await.unwrap();
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nhost:")
            .await
            .unwrap();
        slow.push(stream);
    }
    shop.nobody.get("/api/products").await;
    let mut rest = Vec::new();
    let closed = timeout(PATIENCE, slow[0].read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "a half request keeps its connection");
}
