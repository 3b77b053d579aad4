//! Carries revocations to what is open: connections that speak for a revoked sign-in become
//! anonymous at once, and what a barred account publishes ends (checklist 5 and 16).

use signaling_hub::Hub;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use web_accounts::{Accounts, Revoked};

/// Runs until the accounts are gone.
pub(crate) async fn run(hub: Hub, accounts: Accounts, mut revoked: Receiver<Revoked>) {
    loop {
        let told = match revoked.recv().await {
            Ok(told) => told,
            Err(RecvError::Lagged(missed)) => {
                // Tokens that ended are refused all the same; identities expire with them.
                tracing::warn!(missed, "revocations came faster than rooms could be told");
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        if told.barred {
            hub.forget(told.user, None).await;
            match accounts.hosted_streams(told.user).await {
                Ok(streams) => {
                    for stream in streams {
                        hub.end_publishers(stream).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "cannot end what a barred account publishes"),
            }
        } else {
            for family in &told.families {
                hub.forget(told.user, Some(family)).await;
            }
        }
    }
}
