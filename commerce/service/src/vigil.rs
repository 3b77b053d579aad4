//! Holds follow their buyer's connection.
//!
//! The hub says who came and who went; the database decides what that changes. A buyer who goes
//! leaves unpaid holds a grace, one who comes back within it has lost nothing, and one who stays has
//! holds that grow up to a cap. News that was lost is made up for by asking the hub, as the sweeper
//! does here. Buyers who never were in the room (by HTTP alone) keep the time that they were given.

use std::collections::BTreeMap;

use commerce_core::reservation;
use signaling_hub::Attendance;
use signaling_wire::{StreamId, UserId};
use tokio::sync::mpsc;

use crate::{Commerce, ServiceError, db, db::vigil::Watched, limits};

/// Who came and who went in one room.
#[derive(Default)]
struct Turns {
    gone: Vec<UserId>,
    back: Vec<UserId>,
}

impl Commerce {
    /// Lets holds follow who comes and goes, until the hub or the shop stops.
    pub fn follow_attendance(&self, news: mpsc::Receiver<Attendance>) {
        self.spawn(self.clone().run_vigil(news));
    }

    async fn run_vigil(self, mut news: mpsc::Receiver<Attendance>) {
        let mut gathered = Vec::with_capacity(limits::ATTENDANCE_BATCH);
        loop {
            tokio::select! {
                biased;
                () = self.stopped() => return,
                count = news.recv_many(&mut gathered, limits::ATTENDANCE_BATCH) => {
                    if count == 0 {
                        return;
                    }
                }
            }
            for (stream, turns) in sort(gathered.drain(..)) {
                if let Err(error) = self.note_turns(stream, turns).await {
                    // Shortening is a courtesy to others; giving back is made up for by the sweeper.
                    tracing::warn!(%stream, %error, "holds did not follow who came and went");
                }
            }
        }
    }

    async fn note_turns(&self, stream: StreamId, turns: Turns) -> Result<(), ServiceError> {
        let Turns { gone, back } = turns;
        self.caught_up().await?;
        let now = self.now_us();
        if !gone.is_empty() {
            let until = reservation::left_alone(i64::MAX, now);
            let holds = self
                .store()
                .write(move |conn| {
                    Box::pin(
                        async move { db::vigil::let_go(conn, stream, &gone, until, now).await },
                    )
                })
                .await?;
            count("shortened", holds);
        }
        if !back.is_empty() {
            self.take_back(stream, back, now).await?;
        }
        Ok(())
    }

    async fn take_back(
        &self,
        stream: StreamId,
        back: Vec<UserId>,
        now: i64,
    ) -> Result<(), ServiceError> {
        let holds = self
            .store()
            .write(move |conn| {
                Box::pin(async move { db::vigil::take_back(conn, stream, &back, now).await })
            })
            .await?;
        count("restored", holds);
        Ok(())
    }

    /// Looks after the holds that end soon: makes those longer whose buyers are there.
    pub(crate) async fn sweep_vigil(&self) -> Result<(), ServiceError> {
        let mut after = (0, String::new());
        for _ in 0..limits::VIGIL_PAGES {
            let now = self.now_us();
            let page = db::vigil::ending(self.store().reader(), (after.0, &after.1), now).await?;
            let Some(last) = page.last() else { break };
            after = (last.expires_at, last.reservation.to_string());
            let whole = page.len() == limits::VIGIL_MAX as usize;
            let mut rooms: BTreeMap<StreamId, Vec<Watched>> = BTreeMap::new();
            for hold in page {
                rooms.entry(hold.stream).or_default().push(hold);
            }
            for (stream, holds) in rooms {
                self.look_after(stream, holds, now).await?;
            }
            if !whole {
                break;
            }
        }
        Ok(())
    }

    async fn look_after(
        &self,
        stream: StreamId,
        mut holds: Vec<Watched>,
        now: i64,
    ) -> Result<(), ServiceError> {
        let buyers = holds.iter().map(|hold| hold.buyer).collect();
        let mut here = self.hub().present(stream, buyers).await;
        here.sort_unstable();
        here.dedup();
        holds.retain(|hold| here.binary_search(&hold.buyer).is_ok());
        let short = holds.iter().filter(|hold| hold.expires_at < hold.due);
        let back: Vec<UserId> = short.map(|hold| hold.buyer).collect();
        if !back.is_empty() {
            self.take_back(stream, back, now).await?;
        }
        let longer: Vec<(Watched, i64)> = holds
            .into_iter()
            .filter_map(|hold| {
                let Watched {
                    placed_at,
                    due,
                    hold_seconds,
                    ..
                } = hold;
                let until = reservation::extended(placed_at, due, hold_seconds, now)?;
                Some((hold, until))
            })
            .collect();
        if longer.is_empty() {
            return Ok(());
        }
        let holds = self
            .store()
            .write(move |conn| {
                Box::pin(async move { db::vigil::extend(conn, stream, &longer, now).await })
            })
            .await?;
        count("extended", holds);
        self.wake_courier();
        Ok(())
    }
}

/// By room, what each account did last.
fn sort(news: impl Iterator<Item = Attendance>) -> BTreeMap<StreamId, Turns> {
    let last: BTreeMap<(StreamId, UserId), bool> = news
        .map(|Attendance { stream, user, here }| ((stream, user), here))
        .collect();
    let mut rooms: BTreeMap<StreamId, Turns> = BTreeMap::new();
    for ((stream, user), here) in last {
        let turns = rooms.entry(stream).or_default();
        match here {
            true => turns.back.push(user),
            false => turns.gone.push(user),
        }
    }
    rooms
}

fn count(what: &'static str, holds: u64) {
    metrics::counter!("souk_holds_followed_total", "what" => what).increment(holds);
}
