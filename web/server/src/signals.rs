//! SIGINT and SIGTERM ask the server to drain; a second one ends the process at once.

use tokio::signal::unix::{SignalKind, signal};

/// Returns at the first signal.
pub(crate) async fn asked_to_stop() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::warn!("ended without draining");
        std::process::exit(130);
    });
    Ok(())
}
