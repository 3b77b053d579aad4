//! One thread that carries all viewers: `epoll` over their sockets, coalesced receiving, a heap of
//! timers. Two thousand light viewers fit on one core.
//!
//! The async side signals (POST, DELETE) and hands sessions over by [`Order`]s.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Result;
use media_core::transmit::Transmits;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::inbox::Inbox;

mod tally;
mod viewer;

pub use tally::{Joined, Totals};
pub use viewer::Join;
use viewer::Viewer;

const WAKE: Token = Token(usize::MAX);
/// Longest sleep.
const SLEEP_MAX: Duration = Duration::from_millis(100);
/// Orders that wait at most; whoever gives one more waits.
const ORDERS_MAX: usize = 4_096;
/// A viewer that is not connected after this long is given up.
pub const JOIN_TIMEOUT: Duration = Duration::from_secs(20);

/// What the engine is asked for.
pub enum Order {
    /// Carries a session whose answer came.
    Join(Box<Join>),
    /// Ends a session with a goodbye.
    Leave(usize),
    /// Sums up everything so far.
    Totals(tokio::sync::oneshot::Sender<Totals>),
    /// Delays count from now on, or no longer.
    Measure(bool),
    /// Ends the thread.
    Stop,
}

/// The way to the engine.
#[derive(Clone)]
pub struct Engine {
    orders: SyncSender<Order>,
    waker: Arc<Waker>,
}

impl Engine {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn start() -> Result<(Self, JoinHandle<()>)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let (orders, inbox) = sync_channel(ORDERS_MAX);
        let thread = std::thread::Builder::new()
            .name("viewers".to_owned())
            .spawn(move || Thread::new(poll, inbox).run())?;
        Ok((Self { orders, waker }, thread))
    }

    /// Gives an order.
    pub fn order(&self, order: Order) {
        // The thread ends only when it was asked to.
        let _ = self.orders.send(order);
        let _ = self.waker.wake();
    }

    /// Sums up everything so far.
    ///
    /// # Errors
    /// When the thread has ended.
    pub async fn totals(&self) -> Result<Totals> {
        let (reply, totals) = tokio::sync::oneshot::channel();
        self.order(Order::Totals(reply));
        Ok(totals.await?)
    }
}

/// A datagram that is held back by bad weather.
struct Flying {
    at: Instant,
    number: u64,
    viewer: usize,
    from: SocketAddr,
    bytes: Vec<u8>,
}

impl PartialEq for Flying {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl Eq for Flying {}
impl PartialOrd for Flying {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Flying {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

struct Thread {
    poll: Poll,
    orders: Receiver<Order>,
    viewers: Vec<Option<Viewer>>,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    flying: BinaryHeap<Reverse<Flying>>,
    flights: u64,
    inbox: Inbox,
    out: Transmits,
    totals: Totals,
    measuring: bool,
}

impl Thread {
    fn new(poll: Poll, orders: Receiver<Order>) -> Self {
        Self {
            poll,
            orders,
            viewers: Vec::new(),
            timers: BinaryHeap::new(),
            flying: BinaryHeap::new(),
            flights: 0,
            inbox: Inbox::default(),
            out: Transmits::new(),
            totals: Totals::default(),
            measuring: false,
        }
    }

    fn run(mut self) {
        let mut events = Events::with_capacity(1_024);
        loop {
            let now = Instant::now();
            let timer = self.timers.peek().map(|Reverse((at, _))| *at);
            let flying = self.flying.peek().map(|Reverse(flying)| flying.at);
            let next = [timer, flying].into_iter().flatten().min();
            let sleep = next.map_or(SLEEP_MAX, |at| at.saturating_duration_since(now));
            if let Err(error) = self.poll.poll(&mut events, Some(sleep.min(SLEEP_MAX)))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the viewers' thread cannot wait");
                return;
            }
            for event in &events {
                if event.token() != WAKE {
                    self.receive(event.token().0);
                }
            }
            self.land();
            self.expire();
            while let Ok(order) = self.orders.try_recv() {
                if !self.obey(order) {
                    return;
                }
            }
        }
    }

    fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Join(join) => self.join(*join),
            Order::Leave(at) => {
                if let Some(mut viewer) = self.viewers.get_mut(at).and_then(Option::take) {
                    viewer.leave(Instant::now(), &mut self.out);
                    viewer.add_to(&mut self.totals);
                }
            }
            Order::Totals(reply) => {
                let mut totals = self.totals.clone();
                for viewer in self.viewers.iter().flatten() {
                    viewer.add_to(&mut totals);
                    totals.alive += usize::from(viewer.is_alive());
                    totals.watching += usize::from(viewer.is_alive() && viewer.is_watching());
                }
                // Nobody waits any more: then nobody misses it.
                let _ = reply.send(totals);
            }
            Order::Measure(measuring) => self.measuring = measuring,
            Order::Stop => return false,
        }
        true
    }

    fn join(&mut self, join: Join) {
        let at = self.viewers.len();
        match Viewer::begin(at, join, &mut self.out) {
            Ok(mut viewer) => {
                let source = viewer.port.source();
                let registry = self.poll.registry();
                if let Err(error) = registry.register(source, Token(at), Interest::READABLE) {
                    viewer.fail(&error.to_string());
                }
                self.viewers.push(Some(viewer));
                self.settle(at);
            }
            Err((reply, error)) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    /// Takes what is in a viewer's socket.
    fn receive(&mut self, at: usize) {
        let Some(Some(viewer)) = self.viewers.get_mut(at) else {
            return;
        };
        let mut quiet = true;
        loop {
            let now = Instant::now();
            let (messages, more) = self.inbox.receive(&viewer.port);
            for mut message in messages {
                let (from, arrived) = (message.from, message.arrived);
                for datagram in message.datagrams() {
                    if let Some(weather) = &mut viewer.weather {
                        if let Some(landing) = weather.arrival(now, datagram.len()) {
                            self.flights += 1;
                            self.flying.push(Reverse(Flying {
                                at: landing,
                                number: self.flights,
                                viewer: at,
                                from,
                                bytes: datagram.to_vec(),
                            }));
                        }
                        continue;
                    }
                    let arrived = arrived.filter(|_| self.measuring);
                    let (totals, out) = (&mut self.totals, &mut self.out);
                    quiet &= viewer.take(now, arrived, from, datagram, totals, out);
                }
            }
            if !more {
                break;
            }
        }
        if !quiet {
            self.settle(at);
        }
    }

    /// Delivers what bad weather held back.
    fn land(&mut self) {
        let now = Instant::now();
        while self
            .flying
            .peek()
            .is_some_and(|Reverse(next)| next.at <= now)
        {
            let Some(Reverse(mut flying)) = self.flying.pop() else {
                break;
            };
            let at = flying.viewer;
            if let Some(Some(viewer)) = self.viewers.get_mut(at) {
                let (totals, out) = (&mut self.totals, &mut self.out);
                viewer.take(now, None, flying.from, &mut flying.bytes, totals, out);
                self.settle(at);
            }
        }
    }

    fn expire(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((due, at))) = self.timers.peek().copied() {
            if due > now {
                break;
            }
            self.timers.pop();
            if let Some(Some(viewer)) = self.viewers.get_mut(at)
                && viewer.due == Some(due)
            {
                viewer.expire(now, &mut self.out);
                self.settle(at);
            }
        }
    }

    /// Sends, hears the news of, and sets the timer of a viewer.
    fn settle(&mut self, at: usize) {
        let Some(Some(viewer)) = self.viewers.get_mut(at) else {
            return;
        };
        viewer.flush(&mut self.out);
        viewer.hear(&mut self.totals);
        let due = viewer.next_timeout();
        if due != viewer.due {
            viewer.due = due;
            self.timers.extend(due.map(|due| Reverse((due, at))));
        }
    }
}
