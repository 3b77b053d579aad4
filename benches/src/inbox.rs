//! Receiving as cheaply as the kernel allows: `recvmmsg` of coalesced datagrams (UDP GRO) into one
//! set of buffers that all sockets share, with the kernel's own arrival times.
//!
//! `swarm` and the floor's drain both receive this way, so that a server's cost and the floor's
//! are charged the same receiving half on loopback.

use std::{
    io::{self, IoSliceMut},
    net::SocketAddr,
    time::Duration,
};

use mio::net::UdpSocket;
use quinn_udp::{RecvMeta, UdpSocketState};

/// What this way of receiving is called in reports.
pub const WAY: &str = "recvmmsg with UDP GRO, one thread, kernel arrival times";
/// Coalesced messages taken at once.
const BATCH: usize = 8;
/// Longest coalesced message.
const MESSAGE_BYTES: usize = 1 << 16;
/// Receive buffer of a socket: a cached group of pictures arrives as a burst.
const SOCKET_BUFFER_BYTES: usize = 1 << 20;

/// A socket that takes coalesced datagrams.
pub struct Port {
    socket: UdpSocket,
    state: UdpSocketState,
}

impl Port {
    /// Binds a port of the kernel's choice for talking to `remote`.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn open(remote: SocketAddr) -> io::Result<Self> {
        let any: SocketAddr = match remote {
            SocketAddr::V4(v4) if v4.ip().is_loopback() => ([127, 0, 0, 1], 0).into(),
            SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
            SocketAddr::V6(_) => ([0u16; 8], 0).into(),
        };
        let socket = std::net::UdpSocket::bind(any)?;
        socket2::SockRef::from(&socket).set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket);
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Self { socket, state })
    }

    /// The address that this port sends from.
    ///
    /// # Errors
    /// When the kernel cannot tell.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Sends one datagram; a full buffer loses it, as a network would.
    pub fn send(&self, to: SocketAddr, datagram: &[u8]) {
        let _ = self.socket.send_to(datagram, to);
    }

    /// The socket, to wait for it.
    pub fn source(&mut self) -> &mut UdpSocket {
        &mut self.socket
    }
}

/// One coalesced message: equal datagrams, the last may be shorter.
pub struct Message<'a> {
    /// Who sent it.
    pub from: SocketAddr,
    /// When it arrived, since 1970, if the kernel told.
    pub arrived: Option<Duration>,
    bytes: &'a mut [u8],
    stride: usize,
}

impl Message<'_> {
    /// Its datagrams in order.
    pub fn datagrams(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bytes.chunks_mut(self.stride)
    }
}

/// Buffers for one batch.
pub struct Inbox {
    bytes: Vec<u8>,
    metas: [RecvMeta; BATCH],
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            bytes: vec![0; BATCH * MESSAGE_BYTES],
            metas: [RecvMeta::default(); BATCH],
        }
    }
}

impl Inbox {
    /// Takes what is there. Returns the messages and whether more may be waiting.
    pub fn receive<'a>(
        &'a mut self,
        port: &Port,
    ) -> (impl Iterator<Item = Message<'a>> + use<'a>, bool) {
        let received = {
            let mut slices = self.bytes.chunks_mut(MESSAGE_BYTES).map(IoSliceMut::new);
            let mut bufs: [IoSliceMut<'_>; BATCH] =
                std::array::from_fn(|_| slices.next().expect("as many chunks as messages"));
            let socket = (&port.socket).into();
            // Nothing there, or the answer of a closed port: the session's timers decide.
            port.state
                .recv(socket, &mut bufs, &mut self.metas)
                .unwrap_or(0)
        };
        let messages = self
            .bytes
            .chunks_mut(MESSAGE_BYTES)
            .zip(&self.metas)
            .take(received)
            .map(|(bytes, meta)| Message {
                from: meta.addr,
                arrived: meta.timestamp,
                bytes: &mut bytes[..meta.len],
                stride: meta.stride.max(1),
            });
        (messages, received == BATCH)
    }
}
