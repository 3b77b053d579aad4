//! The shard threads.
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use media_core::border::{Command, Event};
use media_core::peer::Certificate;
use tokio::sync::mpsc;

use crate::config::{Config, StartError};
use crate::counters::Counters;
use crate::directory::Directory;
use crate::handle::{Link, MediaHandle};
use crate::limits::{COMMANDS, EVENTS};
use crate::wake::{self, Sleeper, Waker};

/// The running shard threads.
pub struct Threads {
    stop: Arc<AtomicBool>,
    wakers: Vec<Waker>,
    joins: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Ends all shards and waits for their threads. Peers are closed first.
    pub fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        for waker in &self.wakers {
            waker.wake();
        }
        for join in self.joins {
            let _ = join.join();
        }
    }
}

struct Seat {
    socket: UdpSocket,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    sleeper: Sleeper,
    counters: Arc<Counters>,
    directory: Arc<Directory>,
    stop: Arc<AtomicBool>,
}

pub(crate) fn start(
    config: &Config,
) -> Result<(MediaHandle, mpsc::Receiver<Event>, Threads), StartError> {
    config.check()?;
    let certificate = Certificate::generate()?;
    let directory = Arc::new(Directory::new(config.shards));
    let stop = Arc::new(AtomicBool::new(false));
    let (events, receiver) = mpsc::channel(EVENTS);
    let (mut links, mut wakers, mut joins) = (Vec::new(), Vec::new(), Vec::new());
    for shard in 0..config.shards {
        let address = config.address(shard);
        let bind = |error| StartError::Bind { address, error };
        let socket = UdpSocket::bind(address).map_err(bind)?;
        let port = socket.local_addr().map_err(bind)?.port();
        let (waker, sleeper) = wake::pair().map_err(StartError::Thread)?;
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let counters = Arc::new(Counters::new());
        wakers.push(waker.clone());
        links.push(Link {
            commands,
            waker,
            counters: counters.clone(),
            candidates: config.candidates(port),
        });
        let seat = Seat {
            socket,
            commands: inbox,
            events: events.clone(),
            sleeper,
            counters,
            directory: directory.clone(),
            stop: stop.clone(),
        };
        let name = format!("media-{shard}");
        let builder = std::thread::Builder::new().name(name);
        joins.push(builder.spawn(move || run(seat)).map_err(StartError::Thread)?);
    }
    let handle = MediaHandle::new(links, directory, certificate);
    Ok((handle, receiver, Threads { stop, wakers, joins }))
}

fn run(mut seat: Seat) {
    let _ = (&seat.socket, &seat.events, &seat.counters, &seat.directory, &mut seat.sleeper);
    while seat.commands.blocking_recv().is_some() && !seat.stop.load(Ordering::SeqCst) {}
}
