//! Answers `auth` frames: who a connection speaks as, on any lane or socket.

use signaling_hub::{Hub, Inbound};
use signaling_wire::{ClientFrame, Problem, ServerFrame, frame::Refused};
use tokio::sync::mpsc;
use web_accounts::Accounts;

use crate::state::identify;
use commerce_service::Commerce;

/// Runs until the hub is gone.
pub(crate) async fn run(
    hub: Hub,
    accounts: Accounts,
    commerce: Commerce,
    mut inbound: mpsc::Receiver<Inbound>,
) {
    while let Some(inbound) = inbound.recv().await {
        let Inbound {
            stream,
            session,
            via,
            frame: ClientFrame::Auth(auth),
            ..
        } = inbound
        else {
            continue;
        };
        match auth.token.as_deref().map(|token| accounts.verify(token)) {
            None => hub.identify(stream, session, None).await,
            Some(Ok(claims)) => {
                let identity = identify(&commerce, &claims, stream).await;
                hub.identify(stream, session, Some(identity)).await;
            }
            Some(Err(error)) => {
                let refused = Refused {
                    key: None,
                    problem: Problem::from(error),
                };
                hub.reply(stream, session, via, ServerFrame::Error(refused))
                    .await;
            }
        }
    }
}
