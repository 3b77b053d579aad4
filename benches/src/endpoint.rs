//! A sans-IO publisher on a socket of its own: joins by WHIP and keeps its timers.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use media_core::{
    client::{Client, ClientConfig, Sample},
    peer::PeerEvent,
    transmit::Transmits,
};
use reqwest::Url;
use tokio::{net::UdpSocket, time::timeout_at};

use crate::signal;

/// Longest datagram that a server sends.
const DATAGRAM_BYTES_MAX: usize = 2048;
/// Receive buffer of a viewer's socket: a key frame arrives as one burst.
const SOCKET_BUFFER_BYTES: usize = 1 << 20;
/// Datagrams taken from the socket before timers and other tasks get their turn.
const RECEIVE_BUDGET: usize = 256;

/// A client and its socket.
pub struct Endpoint {
    client: Client,
    socket: UdpSocket,
    local: SocketAddr,
    out: Transmits,
    buffer: Box<[u8; DATAGRAM_BYTES_MAX]>,
    session: Url,
}

/// What a turn of an endpoint brings.
pub enum Turn {
    /// Time is up.
    Deadline,
    /// The server closed the session.
    Closed,
}

impl Endpoint {
    /// Posts the offer and runs ICE and DTLS until media keys are there.
    ///
    /// # Errors
    /// When the server refuses, or nothing comes of it before `deadline`.
    pub async fn join(
        http: &reqwest::Client,
        url: &Url,
        token: Option<&str>,
        config: ClientConfig,
        deadline: Instant,
    ) -> Result<Self> {
        let mut client = Client::new(config, Instant::now());
        let accepted = signal::post_offer(http, url, token, client.offer()).await?;
        let mut out = Transmits::new();
        client
            .accept_answer(Instant::now(), &accepted.answer, &mut out)
            .map_err(|error| anyhow::anyhow!("answer refused: {error:?}"))?;
        let remote = client.remote().context("answer without candidate")?;
        let (socket, local) = open_socket(remote).await?;
        let session = accepted.session;
        let buffer = Box::new([0; DATAGRAM_BYTES_MAX]);
        let mut endpoint = Self {
            client,
            socket,
            local,
            out,
            buffer,
            session,
        };
        endpoint.flush().await;
        while !endpoint.client.is_connected() {
            if let Turn::Closed = endpoint.turn(deadline).await? {
                bail!("closed before it was connected");
            }
            if Instant::now() >= deadline {
                bail!("not connected in time");
            }
        }
        Ok(endpoint)
    }

    /// Receives and runs timers once, until at most `deadline`.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn turn(&mut self, deadline: Instant) -> Result<Turn> {
        let wake = self
            .client
            .next_timeout()
            .map_or(deadline, |at| at.min(deadline));
        let ready = timeout_at(wake.into(), self.socket.readable()).await;
        let mut now = Instant::now();
        if ready.is_ok() {
            for _ in 0..RECEIVE_BUDGET {
                let (len, from) = match self.socket.try_recv_from(&mut self.buffer[..]) {
                    Ok(received) => received,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // A closed server port reports itself here; the session's own timers decide.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                    Err(error) => return Err(error.into()),
                };
                now = Instant::now();
                let datagram = &mut self.buffer[..len];
                let out = &mut self.out;
                self.client.handle_datagram(now, from, datagram, out);
            }
        }
        if self.client.next_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now, &mut self.out);
        }
        self.flush().await;
        while let Some(event) = self.client.poll_event() {
            if let PeerEvent::Closed(_) = event {
                return Ok(Turn::Closed);
            }
        }
        Ok(Turn::Deadline)
    }

    /// Seals and sends one media packet.
    pub async fn send_media(&mut self, sample: &Sample<'_>) {
        self.client
            .send_media(Instant::now(), sample, &mut self.out);
        self.flush().await;
    }

    /// The client behind the socket.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The client behind the socket, to ask and tell it.
    pub fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// The address that this endpoint sends from.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Says goodbye and ends the session.
    pub async fn leave(mut self, http: &reqwest::Client, token: Option<&str>) {
        self.client.close(Instant::now(), &mut self.out);
        self.flush().await;
        let ended = signal::end(http, &self.session, token);
        let _ = tokio::time::timeout(Duration::from_secs(5), ended).await;
    }

    async fn flush(&mut self) {
        for (to, datagram) in self.out.iter() {
            // A full socket buffer loses the datagram, as a network would.
            let _ = self.socket.send_to(datagram, to).await;
        }
        self.out.clear();
    }
}

async fn open_socket(remote: SocketAddr) -> Result<(UdpSocket, SocketAddr)> {
    let any: SocketAddr = match remote {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0u16; 8], 0).into(),
    };
    let socket = std::net::UdpSocket::bind(any)?;
    let shared = socket2::SockRef::from(&socket);
    shared.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    let socket = UdpSocket::from_std(socket)?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}
