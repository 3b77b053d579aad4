//! Receiving: one `recvmmsg` a turn, and bursts of one sender joined by the kernel (UDP GRO) taken
//! apart again.

use std::io;
use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::ptr;

use libc::{c_int, c_uint, iovec, mmsghdr, sockaddr_storage};

use super::{Control, zeroed};
use crate::limits::{RECV_BATCH, RECV_BYTES, RECV_BYTES_SINGLE};

const SIZE_BYTES: c_uint = size_of::<c_int>() as c_uint;
// SAFETY: CMSG_SPACE only computes a size.
const _: () = assert!(unsafe { libc::CMSG_SPACE(SIZE_BYTES) } as usize <= size_of::<Control>());

/// Buffers for what one call receives.
pub(super) struct Inbox {
    /// Bytes of one message's buffer.
    room: usize,
    received: Vec<u8>,
    names: Box<[sockaddr_storage]>,
    vectors: Box<[iovec]>,
    headers: Box<[mmsghdr]>,
    controls: Box<[Control]>,
    /// The datagrams of the last call: message, and where they lie in `received`.
    datagrams: Vec<Datagram>,
}

#[derive(Clone, Copy)]
struct Datagram {
    message: usize,
    start: usize,
    len: usize,
}

impl Inbox {
    /// Asks the kernel to join bursts, and works as well where it does not.
    pub(super) fn new(socket: &UdpSocket) -> Self {
        let room = if enable_joining(socket) {
            RECV_BYTES
        } else {
            RECV_BYTES_SINGLE
        };
        Self {
            room,
            received: vec![0; RECV_BATCH * room],
            names: vec![zeroed::<sockaddr_storage>(); RECV_BATCH].into(),
            vectors: vec![zeroed::<iovec>(); RECV_BATCH].into(),
            headers: vec![zeroed::<mmsghdr>(); RECV_BATCH].into(),
            controls: vec![Control([0; 32]); RECV_BATCH].into(),
            datagrams: Vec::with_capacity(RECV_BATCH),
        }
    }

    /// Receives without waiting. Returns the number of datagrams, and whether there may be more.
    pub(super) fn receive(&mut self, socket: &UdpSocket) -> (usize, bool) {
        for (at, buffer) in self.received.chunks_exact_mut(self.room).enumerate() {
            self.vectors[at] = iovec {
                iov_base: buffer.as_mut_ptr().cast(),
                iov_len: buffer.len(),
            };
            let header = &mut self.headers[at];
            *header = zeroed();
            header.msg_hdr.msg_name = (&raw mut self.names[at]).cast();
            header.msg_hdr.msg_namelen = size_of::<sockaddr_storage>() as u32;
            header.msg_hdr.msg_iov = &raw mut self.vectors[at];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = (&raw mut self.controls[at]).cast();
            header.msg_hdr.msg_controllen = size_of::<Control>() as _;
        }
        // SAFETY: see the module header of `udp`; the headers were set up just above.
        let received = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                RECV_BATCH as c_uint,
                libc::MSG_DONTWAIT as _,
                ptr::null_mut(),
            )
        };
        // Errors are "nothing there" or an ICMP message about something sent before.
        let received = usize::try_from(received).unwrap_or(0);
        self.datagrams.clear();
        for (message, header) in self.headers[..received].iter().enumerate() {
            let total = (header.msg_len as usize).min(self.room);
            let size = joined_size(header).unwrap_or(total).max(1);
            let first = message * self.room;
            // What is longer than its buffer was cut by the kernel and is refused by the core.
            self.datagrams
                .extend((0..total).step_by(size).map(|offset| Datagram {
                    message,
                    start: first + offset,
                    len: size.min(total - offset),
                }));
        }
        (self.datagrams.len(), received == RECV_BATCH)
    }

    /// Datagram `at` of the last call, with its source; mapped IPv4 becomes plain on a `dual` one.
    pub(super) fn datagram(&mut self, at: usize, dual: bool) -> Option<(SocketAddr, &mut [u8])> {
        let Datagram {
            message,
            start,
            len,
        } = *self.datagrams.get(at)?;
        let from = read_name(&self.names[message], dual)?;
        Some((from, &mut self.received[start..start + len]))
    }
}

/// The size of the datagrams that a message was joined of; the last may be shorter.
fn joined_size(header: &mmsghdr) -> Option<usize> {
    // SAFETY: the kernel filled the control buffer that `receive` gave it and stated its length;
    // the CMSG macros stay within that, and the value is read where CMSG_DATA points.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(&raw const header.msg_hdr);
        while !control.is_null() {
            if (*control).cmsg_level == libc::SOL_UDP && (*control).cmsg_type == libc::UDP_GRO {
                let size = ptr::read_unaligned(libc::CMSG_DATA(control).cast::<c_int>());
                return usize::try_from(size).ok().filter(|size| *size > 0);
            }
            control = libc::CMSG_NXTHDR(&raw const header.msg_hdr, control);
        }
    }
    None
}

/// Whether this kernel joins received datagrams (Linux 5.0).
fn enable_joining(socket: &UdpSocket) -> bool {
    let on: c_int = 1;
    // SAFETY: the kernel reads `size_of::<c_int>()` bytes from `on`.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_UDP,
            libc::UDP_GRO,
            (&raw const on).cast(),
            SIZE_BYTES,
        )
    };
    if result != 0 {
        let error = io::Error::last_os_error();
        tracing::debug!(%error, "the kernel does not join received datagrams");
    }
    result == 0
}

/// Reads an address that the kernel wrote.
fn read_name(name: &sockaddr_storage, dual: bool) -> Option<SocketAddr> {
    let name: *const sockaddr_storage = name;
    // SAFETY: the kernel wrote an address of the family that it names, and a sockaddr_storage
    // has room and alignment for both.
    unsafe {
        match c_int::from((*name).ss_family) {
            libc::AF_INET => {
                let address = ptr::read(name.cast::<libc::sockaddr_in>());
                let ip = Ipv4Addr::from(address.sin_addr.s_addr.to_ne_bytes());
                let port = u16::from_be(address.sin_port);
                Some(SocketAddr::new(IpAddr::V4(ip), port))
            }
            libc::AF_INET6 => {
                let address = ptr::read(name.cast::<libc::sockaddr_in6>());
                let port = u16::from_be(address.sin6_port);
                let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
                Some(match ip.to_ipv4_mapped() {
                    Some(v4) if dual => SocketAddr::new(IpAddr::V4(v4), port),
                    _ => SocketAddrV6::new(ip, port, 0, address.sin6_scope_id).into(),
                })
            }
            _ => None,
        }
    }
}
