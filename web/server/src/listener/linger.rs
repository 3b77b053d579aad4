//! A connection that is closed without losing what was said last.
//!
//! A kernel that closes a socket with unread bytes sends a reset. Then the other side fails in what
//! it is still sending and may never look at the answer: the refusal of a body that was too long,
//! the close frame of a broken WebSocket. So a connection says that it has ended (FIN) and then reads on, for a
//! short time and a bounded number of bytes, until the other side has ended too.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    runtime::Handle,
    sync::Semaphore,
};

use crate::limits;

/// How many connections may linger at once; the others are closed at once.
#[derive(Clone)]
pub(super) struct Linger {
    places: Arc<Semaphore>,
}

impl Linger {
    /// Room for [`LINGERS_MAX`](limits::LINGERS_MAX).
    pub(super) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits::LINGERS_MAX)),
        }
    }

    /// The stream, which lingers when it is dropped.
    pub(super) fn wrap(&self, stream: TcpStream) -> Lingering {
        Lingering {
            stream: Some(stream),
            linger: self.clone(),
        }
    }

    fn begin(&self, stream: TcpStream) {
        let (Ok(runtime), Ok(place)) = (
            Handle::try_current(),
            self.places.clone().try_acquire_owned(),
        ) else {
            return;
        };
        runtime.spawn(async move {
            // Whether it ended in time or not, there is nobody left to tell.
            let _ = tokio::time::timeout(limits::LINGER_TIME_MAX, drain(stream)).await;
            drop(place);
        });
    }
}

async fn drain(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut left = limits::LINGER_BYTES_MAX;
    let mut unread = [0; 4096];
    while left > 0 {
        match stream.read(&mut unread).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

/// See the module header.
pub(super) struct Lingering {
    /// There until the drop.
    stream: Option<TcpStream>,
    linger: Linger,
}

impl Lingering {
    fn inner(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(stream))
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.linger.begin(stream);
        }
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.inner()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.inner()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner()?.poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::net::TcpListener;

    use super::*;

    /// What a client hears that is still sending when the server answers and closes without
    /// having read everything.
    async fn last_words(lingers: bool) -> io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut client = TcpStream::connect(listener.local_addr()?).await?;
        let (mut server, _) = listener.accept().await?;
        client.write_all(&[b'x'; 20_000]).await?;
        server.read_exact(&mut [0; 100]).await?;
        server.write_all(b"too long").await?;
        if lingers {
            drop(Linger::new().wrap(server));
        } else {
            drop(server);
        }
        for _ in 0..10 {
            client.write_all(b"more").await?;
        }
        client.shutdown().await?;
        let mut heard = String::new();
        client.read_to_string(&mut heard).await?;
        Ok(heard)
    }

    #[tokio::test]
    async fn the_last_words_arrive_although_not_all_was_read() {
        assert_eq!(last_words(true).await.unwrap(), "too long");
        assert!(last_words(false).await.is_err(), "a plain close resets");
    }

    #[tokio::test]
    async fn more_than_the_places_close_at_once() {
        let linger = Linger::new();
        let all = linger.places.clone();
        let _taken = all
            .try_acquire_many_owned(u32::try_from(limits::LINGERS_MAX).unwrap())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (server, _) = listener.accept().await.unwrap();
        drop(linger.wrap(server));
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    }
}
