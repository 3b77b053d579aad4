//! Wakes a sleeping shard thread: a flag that says whether it sleeps, and a socket pair that its
//! `poll` waits on. A busy shard costs its wakers one atomic operation and no system call.
//!
//! Protocol: put the work into the queue, then `wake`. The sleeper announces its sleep
//! ([`Sleeper::about_to_sleep`]), looks at its queues once more, and only then sleeps.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The side of whoever has work for the shard. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Waker {
    shared: Arc<Shared>,
}

struct Shared {
    asleep: AtomicBool,
    signal: UnixStream,
}

/// The side of the shard thread.
pub(crate) struct Sleeper {
    shared: Arc<Shared>,
    signalled: UnixStream,
}

/// A connected pair.
pub(crate) fn pair() -> io::Result<(Waker, Sleeper)> {
    let (signal, signalled) = UnixStream::pair()?;
    signal.set_nonblocking(true)?;
    signalled.set_nonblocking(true)?;
    let shared = Arc::new(Shared {
        asleep: AtomicBool::new(false),
        signal,
    });
    Ok((
        Waker {
            shared: shared.clone(),
        },
        Sleeper { shared, signalled },
    ))
}

impl Waker {
    /// Call after the work was queued.
    pub(crate) fn wake(&self) {
        if self.shared.asleep.swap(false, Ordering::SeqCst) {
            // A full pipe means that the wake-up is on its way already.
            let _ = (&self.shared.signal).write(&[1]);
        }
    }
}

impl Sleeper {
    /// From here on `wake` signals. Look at all queues after this and before sleeping.
    pub(crate) fn about_to_sleep(&self) {
        self.shared.asleep.store(true, Ordering::SeqCst);
    }

    /// The sleep is over or was called off.
    pub(crate) fn awake(&mut self) {
        if !self.shared.asleep.swap(false, Ordering::SeqCst) {
            let mut sink = [0; 64];
            while matches!(self.signalled.read(&mut sink), Ok(read) if read == sink.len()) {}
        }
    }

    /// What `poll` waits on.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.signalled.as_fd()
    }
}
