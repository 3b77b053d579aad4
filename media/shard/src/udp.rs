//! The kernel: batched receive and send on one UDP socket, segmentation offload, and the sleep of
//! a shard thread. Only this file and `udp/` may use `unsafe`; public for the floor bench.
//!
//! [`Socket`] owns its buffers; nothing is allocated after it was made. What the kernel does not
//! take (full buffers, unreachable hosts) is a counted drop: media that waits is worse than media
//! that is lost. Contract of every `unsafe` block: the pointers given to the kernel point into
//! buffers of `self` or of the caller that outlive the call, and lengths are those of the buffers.

#![allow(unsafe_code)]

mod inbox;
mod memory;

use std::io;
use std::mem::{self, size_of};
use std::net::{SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_uint, c_void, iovec, mmsghdr, sockaddr_storage};
use media_core::transmit::{Run, Transmits};
use socket2::{Domain, Protocol, Type};

use crate::limits::{SEND_BATCH, SOCKET_RECV_BYTES, SOCKET_SEND_BYTES};
use crate::tcp::is_marked;
use inbox::Inbox;

pub(crate) use memory::give_back;

/// Room for one control message with the segment size, aligned as the kernel wants it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; 32]);

const SEGMENT_BYTES: c_uint = size_of::<u16>() as c_uint;
// SAFETY: CMSG_SPACE only computes a size.
const _: () = assert!(unsafe { libc::CMSG_SPACE(SEGMENT_BYTES) } as usize <= 32);

/// See the module header.
pub struct Socket {
    socket: UdpSocket,
    /// An IPv6 socket that takes IPv4 as well: addresses are mapped on the way.
    dual: bool,
    /// The kernel takes runs of datagrams in one message.
    segmentation: bool,
    inbox: Inbox,
    names: Box<[sockaddr_storage]>,
    vectors: Box<[iovec]>,
    headers: Box<[mmsghdr]>,
    controls: Box<[Control]>,
    /// How many datagrams each message of the batch stands for.
    counts: [usize; SEND_BATCH],
}

/// Binds a UDP socket as the shards want it: large buffers, non-blocking, `::` for both families.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // The kernel clamps the sizes to what the host allows.
    socket.set_recv_buffer_size(SOCKET_RECV_BYTES)?;
    socket.set_send_buffer_size(SOCKET_SEND_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// An all-zero value of one of the kernel's plain structs.
fn zeroed<T: Copy>() -> T {
    // SAFETY: only called for C structs of integers and nullable pointers, for which zero is valid.
    unsafe { mem::zeroed() }
}

impl Socket {
    /// Takes over a socket from [`bind`].
    pub fn new(socket: UdpSocket) -> io::Result<Self> {
        let local = socket.local_addr()?;
        Ok(Self {
            dual: local.is_ipv6() && local.ip().is_unspecified(),
            segmentation: supports_segmentation(&socket),
            inbox: Inbox::new(&socket),
            socket,
            names: vec![zeroed::<sockaddr_storage>(); SEND_BATCH].into(),
            vectors: vec![zeroed::<iovec>(); SEND_BATCH].into(),
            headers: vec![zeroed::<mmsghdr>(); SEND_BATCH].into(),
            controls: vec![Control([0; 32]); SEND_BATCH].into(),
            counts: [0; SEND_BATCH],
        })
    }

    /// Receives a batch without waiting. Returns how many datagrams there are to be read with
    /// [`Socket::datagram`], and whether there may be more to receive.
    pub fn receive(&mut self) -> (usize, bool) {
        self.inbox.receive(&self.socket)
    }

    /// Datagram `at` of the last [`Socket::receive`], with its source.
    pub fn datagram(&mut self, at: usize) -> Option<(SocketAddr, &mut [u8])> {
        self.inbox.datagram(at, self.dual)
    }

    /// Sends everything that is queued for UDP peers, in runs where the kernel takes them. Returns how many
    /// datagrams it did not take.
    pub fn send(&mut self, transmits: &Transmits) -> u64 {
        let mut dropped = 0;
        let ours = |run: &Run<'_>| !is_marked(run.to);
        let mut runs = transmits.iter_runs().filter(ours).peekable();
        while runs.peek().is_some() {
            let mut used = 0;
            while used < SEND_BATCH
                && let Some(run) = runs.peek()
            {
                if self.segmentation || run.bytes.len() <= run.segment {
                    self.prepare(used, run);
                    used += 1;
                    runs.next();
                } else if used == 0 {
                    dropped += self.send_one_by_one(run);
                    runs.next();
                } else {
                    break;
                }
            }
            dropped += self.submit(used);
        }
        dropped
    }

    /// Sends the datagrams of a run as one message each.
    fn send_one_by_one(&mut self, run: &Run<'_>) -> u64 {
        let mut dropped = 0;
        let mut datagrams = run.datagrams().peekable();
        while datagrams.peek().is_some() {
            let mut used = 0;
            for bytes in datagrams.by_ref().take(SEND_BATCH) {
                self.prepare(
                    used,
                    &Run {
                        to: run.to,
                        segment: bytes.len(),
                        bytes,
                    },
                );
                used += 1;
            }
            dropped += self.submit(used);
        }
        dropped
    }

    /// Fills message `at` of the batch.
    fn prepare(&mut self, at: usize, run: &Run<'_>) {
        let length = self.write_name(run.to, at);
        self.counts[at] = run.bytes.len().div_ceil(run.segment.max(1));
        self.vectors[at] = iovec {
            // The kernel only reads what it sends.
            iov_base: run.bytes.as_ptr().cast_mut().cast(),
            iov_len: run.bytes.len(),
        };
        let header = &mut self.headers[at];
        *header = zeroed();
        header.msg_hdr.msg_name = (&raw mut self.names[at]).cast();
        header.msg_hdr.msg_namelen = length;
        header.msg_hdr.msg_iov = &raw mut self.vectors[at];
        header.msg_hdr.msg_iovlen = 1;
        if self.counts[at] > 1 {
            header.msg_hdr.msg_control = (&raw mut self.controls[at]).cast();
            // SAFETY: CMSG_SPACE and CMSG_LEN only compute; the control buffer is large enough and
            // aligned, so CMSG_FIRSTHDR points into it and the header and two bytes of data fit.
            unsafe {
                header.msg_hdr.msg_controllen = libc::CMSG_SPACE(SEGMENT_BYTES) as _;
                let control = libc::CMSG_FIRSTHDR(&header.msg_hdr);
                (*control).cmsg_level = libc::SOL_UDP;
                (*control).cmsg_type = libc::UDP_SEGMENT;
                (*control).cmsg_len = libc::CMSG_LEN(SEGMENT_BYTES) as _;
                ptr::write_unaligned(libc::CMSG_DATA(control).cast::<u16>(), run.segment as u16);
            }
        }
    }

    /// Gives the first `used` messages to the kernel. Returns how many datagrams it refused.
    fn submit(&mut self, used: usize) -> u64 {
        let (mut sent, mut dropped) = (0, 0);
        while sent < used {
            // SAFETY: see the module header; `prepare` set up the messages, and the caller of
            // `send` keeps their bytes borrowed.
            let result = unsafe {
                libc::sendmmsg(
                    self.socket.as_raw_fd(),
                    self.headers[sent..].as_mut_ptr(),
                    (used - sent) as c_uint,
                    libc::MSG_DONTWAIT as _,
                )
            };
            if let Ok(taken @ 1..) = usize::try_from(result) {
                sent += taken;
                continue;
            }
            let error = io::Error::last_os_error();
            if error.kind() == io::ErrorKind::Interrupted {
                continue;
            }
            // No checksum offload on the way out: segmentation is refused for good.
            let refused = matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL));
            if refused && self.counts[sent] > 1 && self.segmentation {
                self.segmentation = false;
                tracing::warn!(%error, "the kernel refuses UDP segmentation; sending without");
            }
            dropped += self.counts[sent] as u64;
            sent += 1;
        }
        dropped
    }

    /// Sleeps until there is something to receive, `wake` is readable, or `timeout` is over.
    pub fn wait(&self, wake: BorrowedFd<'_>, timeout: Duration) {
        let events = libc::POLLIN;
        let poll = |fd: c_int| libc::pollfd {
            fd,
            events,
            revents: 0,
        };
        let mut fds = [poll(self.socket.as_raw_fd()), poll(wake.as_raw_fd())];
        let timeout = libc::timespec {
            tv_sec: timeout.as_secs() as _,
            tv_nsec: timeout.subsec_nanos() as _,
        };
        // SAFETY: see the module header. An interrupted sleep is just a short one.
        unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as _, &timeout, ptr::null()) };
    }

    /// Writes `to` as the name of message `at` and returns its length.
    fn write_name(&mut self, to: SocketAddr, at: usize) -> u32 {
        let to = match to {
            SocketAddr::V4(v4) if self.dual => {
                SocketAddr::V6(SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0))
            }
            to => to,
        };
        let name: *mut sockaddr_storage = &raw mut self.names[at];
        match to {
            SocketAddr::V4(v4) => {
                let mut address: libc::sockaddr_in = zeroed();
                address.sin_family = libc::AF_INET as _;
                address.sin_port = v4.port().to_be();
                address.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
                // SAFETY: a sockaddr_storage has room and alignment for every address.
                unsafe { ptr::write(name.cast(), address) };
                size_of::<libc::sockaddr_in>() as u32
            }
            SocketAddr::V6(v6) => {
                let mut address: libc::sockaddr_in6 = zeroed();
                address.sin6_family = libc::AF_INET6 as _;
                address.sin6_port = v6.port().to_be();
                address.sin6_addr.s6_addr = v6.ip().octets();
                address.sin6_scope_id = v6.scope_id();
                // SAFETY: as above.
                unsafe { ptr::write(name.cast(), address) };
                size_of::<libc::sockaddr_in6>() as u32
            }
        }
    }
}

/// Whether this kernel knows UDP segmentation (Linux 4.18).
fn supports_segmentation(socket: &UdpSocket) -> bool {
    let mut size: c_int = 0;
    let mut length = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to `size`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_UDP,
            libc::UDP_SEGMENT,
            (&raw mut size).cast::<c_void>(),
            &raw mut length,
        )
    };
    result == 0
}

#[cfg(test)]
mod tests;
