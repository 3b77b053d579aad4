//! Commands of the `shop` lane: `buy`, the twin of `POST /api/orders`, and `quote`, that of
//! `POST /api/sales/{id}/leases`.

use std::sync::Arc;

use signaling_hub::Inbound;
use signaling_wire::{
    ClientFrame, Code, Problem, ServerFrame,
    frame::{Refused, shop::OrderUpdate},
};
use tokio::sync::{Semaphore, mpsc};

use crate::{Commerce, limits};

impl Commerce {
    /// Works on commands until the hub goes away. Commands wait for their sale side by side, so
    /// that one slow commit holds up nobody else's.
    pub(crate) async fn run_lane(self, mut commands: mpsc::Receiver<Inbound>) {
        let room = Arc::new(Semaphore::new(limits::LANE_COMMANDS_MAX));
        loop {
            let inbound = tokio::select! {
                inbound = commands.recv() => inbound,
                () = self.stopped() => return,
            };
            let Some(inbound) = inbound else { return };
            // Beyond the limit the hub's own queue fills, and the hub answers `busy`.
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let commerce = self.clone();
            self.spawn(async move {
                commerce.answer(inbound).await;
                drop(permit);
            });
        }
    }

    async fn answer(&self, inbound: Inbound) {
        let Inbound {
            stream,
            session,
            via,
            identity,
            frame,
        } = inbound;
        let (key, outcome) = match (frame, identity) {
            (ClientFrame::Glance(glance), _) => {
                self.tally().note(stream, session, glance);
                return;
            }
            (ClientFrame::Buy(buy), Some(identity)) => {
                let key = Some(buy.key.clone());
                let placed = self.buy(identity.user, buy).await;
                let told = placed.map(|placed| {
                    let (key, order) = (key.clone(), Box::new(placed.order));
                    ServerFrame::Order(OrderUpdate { key, order })
                });
                (key, told.map_err(Problem::from))
            }
            (ClientFrame::Quote(quote), _) => {
                let lease = self.lease(&quote).await;
                (
                    quote.key,
                    lease.map(ServerFrame::Lease).map_err(Problem::from),
                )
            }
            (ClientFrame::Buy(buy), None) => {
                (Some(buy.key), Err(Problem::new(Code::Unauthenticated, "")))
            }
            _ => (
                None,
                Err(Problem::new(
                    Code::UnknownFrame,
                    "not a command of the shop",
                )),
            ),
        };
        let frame = match outcome {
            Ok(frame) => frame,
            Err(problem) => ServerFrame::Error(Refused { key, problem }),
        };
        self.hub().reply(stream, session, via, frame).await;
    }
}
