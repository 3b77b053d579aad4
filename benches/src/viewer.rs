//! One viewer of a load run: full (decrypts, sends feedback) or light (counts clear headers).

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    endpoint::{Endpoint, Turn},
    report::Samples,
    synthetic::{Stamp, now_us},
};

mod feedback;

use feedback::Feedback;

/// How often a viewer reports on what it received (RFC 3550 asks for seconds).
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How soon a gap is asked for again, and a key frame while none has come.
const REPAIR_INTERVAL: Duration = Duration::from_millis(100);
/// How soon a key frame is asked for again.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(500);

/// What a viewer has received so far; written by its task, read by the run.
#[derive(Debug, Default)]
pub struct Tally {
    /// RTP packets.
    pub packets: AtomicU64,
    /// Bytes of RTP.
    pub bytes: AtomicU64,
    /// Packets missing by sequence number, over the whole session.
    pub lost: AtomicU64,
    /// Whether the session ended on its own.
    pub closed: AtomicBool,
    /// Forward delays of the measuring window.
    pub delays: Mutex<Samples>,
}

/// What the run tells all viewers.
#[derive(Debug, Default)]
pub struct Phase {
    /// Delays count only while this is set.
    pub measuring: AtomicBool,
    /// Ends the viewers.
    pub over: AtomicBool,
}

/// Watches until the run is over. `posted` is when the offer was sent; the time from there to the
/// first whole key frame goes to `first_frame`.
///
/// # Errors
/// When the socket fails.
pub async fn watch(
    endpoint: &mut Endpoint,
    full: bool,
    posted: Instant,
    tally: &Tally,
    phase: &Arc<Phase>,
    first_frame: &Mutex<Samples>,
) -> Result<()> {
    let mut watcher = Watcher::new(posted);
    while !phase.over.load(Relaxed) {
        let wake = Instant::now() + REPAIR_INTERVAL;
        let turn = endpoint
            .turn(wake, |now, packet| {
                // A light viewer's packets stay sealed: only their headers can be read.
                if full {
                    watcher.take(now, packet, tally, phase, first_frame);
                }
            })
            .await?;
        if let Turn::Closed = turn {
            tally.closed.store(true, Relaxed);
            return Ok(());
        }
        if full {
            for packet in watcher.feedback_due(Instant::now()) {
                endpoint.send_rtcp(packet).await;
            }
            tally.lost.store(watcher.feedback.missing(), Relaxed);
        } else {
            let counts = endpoint.client().counts();
            tally.packets.store(counts.packets, Relaxed);
            tally.bytes.store(counts.bytes, Relaxed);
            tally.lost.store(counts.lost, Relaxed);
        }
    }
    Ok(())
}

struct Watcher {
    posted: Instant,
    feedback: Feedback,
    /// Frame number and stamped packets seen of the first key frame that began to arrive.
    first_key: Option<(u32, u16)>,
    complete: bool,
    reported: Instant,
    repaired: Instant,
    asked_key: Instant,
}

impl Watcher {
    fn new(posted: Instant) -> Self {
        Self {
            posted,
            feedback: Feedback::new(),
            first_key: None,
            complete: false,
            reported: posted,
            repaired: posted,
            asked_key: posted,
        }
    }

    fn take(
        &mut self,
        now: Instant,
        packet: &[u8],
        tally: &Tally,
        phase: &Phase,
        first_frame: &Mutex<Samples>,
    ) {
        tally.packets.fetch_add(1, Relaxed);
        tally.bytes.fetch_add(packet.len() as u64, Relaxed);
        let Some(payload) = self.feedback.take(packet) else {
            return;
        };
        let Some(stamp) = Stamp::read(payload) else {
            return;
        };
        if phase.measuring.load(Relaxed)
            && let Ok(mut delays) = tally.delays.lock()
        {
            delays.add_us(now_us().saturating_sub(stamp.sent_us));
        }
        if self.complete || !stamp.key {
            return;
        }
        let seen = match self.first_key {
            Some((frame, seen)) if frame == stamp.frame => seen + 1,
            _ => 1,
        };
        self.first_key = Some((stamp.frame, seen));
        if seen == stamp.count {
            self.complete = true;
            if let Ok(mut samples) = first_frame.lock() {
                samples.add_us((now - self.posted).as_micros() as u64);
            }
        }
    }

    fn feedback_due(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut due = Vec::new();
        if now - self.reported >= REPORT_INTERVAL {
            self.reported = now;
            due.extend(self.feedback.receiver_report());
        }
        if now - self.repaired >= REPAIR_INTERVAL {
            self.repaired = now;
            due.extend(self.feedback.nack());
        }
        if !self.complete && now - self.asked_key >= KEY_FRAME_INTERVAL {
            self.asked_key = now;
            due.extend(self.feedback.picture_loss());
        }
        due
    }
}
