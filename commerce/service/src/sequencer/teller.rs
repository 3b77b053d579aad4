//! Tells what batches did, one after the other, while the next one is written.

use tokio::sync::mpsc;

use super::{Changed, Verdict, Waiting};
use crate::{Commerce, ServiceError, limits};

/// What a batch did; it is durable.
pub(super) struct Told {
    pub(super) answers: Vec<(Waiting, Verdict)>,
    pub(super) changed: Changed,
    /// Whether there is news for the courier.
    pub(super) news: bool,
}

/// A task that tells; it ends when all is told that it was given.
pub(super) struct Teller {
    batches: mpsc::Sender<Told>,
}

impl Teller {
    pub(super) fn start(commerce: &Commerce) -> Self {
        let (batches, mut queue) = mpsc::channel::<Told>(limits::TOLD_MAX);
        let speaker = commerce.clone();
        commerce.spawn(async move {
            while let Some(told) = queue.recv().await {
                speaker.say(told).await;
            }
        });
        Self { batches }
    }

    /// Hands over what a batch did; waits when too much is yet to be told.
    pub(super) async fn tell(&self, told: Told) {
        // It ends after everybody who could tell it something.
        let _ = self.batches.send(told).await;
    }
}

impl Commerce {
    /// First the buyers, then the room.
    async fn say(&self, told: Told) {
        #[cfg(feature = "negative-controls")]
        let orders = told.answers.iter().filter(|(_, a)| a.is_ok()).count();
        for (waiting, answer) in told.answers {
            // A buyer who went away finds the order under the same key.
            let _ = waiting.answer.send(answer.map_err(ServiceError::from));
        }
        #[cfg(feature = "negative-controls")]
        self.crash_after_ack(orders).await;
        let Changed { stream, levels } = told.changed;
        self.tick(stream, &levels).await;
        if told.news {
            self.wake_courier();
        }
    }
}
