//! A TCP proxy before the database server that stalls or cuts a connection at a chosen moment.

use std::{path::PathBuf, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::{Mutex, watch},
};

/// How a statement that ends a transaction looks on the wire: the command and its text.
const COMMIT: &[u8] = b"\x03COMMIT";
const BEGIN: &[u8] = b"\x03START TRANSACTION";

/// What happens to one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The commit does not reach the server.
    CutBefore,
    /// The commit is done; the answer does not come back.
    CutAfter,
    /// The commit is done; the answer comes when the proxy lets go.
    Stall,
}

/// The proxy; it ends with the test's runtime.
pub(super) struct Proxy {
    address: String,
    plan: Plan,
    hold: watch::Sender<bool>,
    release: watch::Sender<()>,
}

/// The fault to come, and what the transaction says that it is for.
type Plan = Arc<Mutex<Option<(Fault, Vec<u8>)>>>;

impl Proxy {
    pub(super) async fn before(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (plan, (hold, held)) = (Plan::default(), watch::channel(false));
        let (release, released) = watch::channel(());
        let known = plan.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&socket).await else {
                    continue;
                };
                let link = Link {
                    client,
                    server,
                    plan: known.clone(),
                    held: held.clone(),
                    released: released.clone(),
                    said: Vec::new(),
                };
                tokio::spawn(link.run());
            }
        });
        Self {
            address,
            plan,
            hold,
            release,
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Hits the next transaction that says `word`.
    pub(super) async fn hit(&self, fault: Fault, word: &str) {
        *self.plan.lock().await = Some((fault, word.as_bytes().to_vec()));
    }

    /// Whether the fault has happened.
    pub(super) async fn has_hit(&self) -> bool {
        self.plan.lock().await.is_none()
    }

    /// Lets the answers go that were stalled.
    pub(super) fn release(&self) {
        self.release.send_replace(());
    }

    /// Lets nothing through, without a word, or all again.
    pub(super) fn hold(&self, held: bool) {
        self.hold.send_replace(held);
    }
}

struct Link {
    client: TcpStream,
    server: UnixStream,
    plan: Plan,
    held: watch::Receiver<bool>,
    released: watch::Receiver<()>,
    /// What the client said in this transaction.
    said: Vec<u8>,
}

impl Link {
    async fn run(mut self) {
        let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        loop {
            tokio::select! {
                read = self.client.read(&mut up) => {
                    let Ok(count @ 1..) = read else { return };
                    if self.ask(&up[..count]).await.is_none() {
                        return;
                    }
                }
                read = self.server.read(&mut down) => {
                    let Ok(count @ 1..) = read else { return };
                    if self.answer(&down[..count]).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Passes on what the client says; `None` cuts the connection.
    async fn ask(&mut self, bytes: &[u8]) -> Option<()> {
        self.said.extend_from_slice(bytes);
        if bytes.ends_with(BEGIN) {
            self.said.clear();
        }
        let fault = match bytes.ends_with(COMMIT) {
            true => self.fault().await,
            false => None,
        };
        self.held.wait_for(|held| !held).await.ok()?;
        if fault == Some(Fault::CutBefore) {
            return None;
        }
        self.server.write_all(bytes).await.ok()?;
        if fault.is_none() {
            return Some(());
        }
        let mut done = vec![0; 1024];
        let count = self.server.read(&mut done).await.ok()?;
        if fault == Some(Fault::CutAfter) {
            return None;
        }
        self.released.mark_unchanged();
        self.released.changed().await.ok()?;
        self.answer(&done[..count]).await
    }

    async fn answer(&mut self, bytes: &[u8]) -> Option<()> {
        self.held.wait_for(|held| !held).await.ok()?;
        self.client.write_all(bytes).await.ok()
    }

    async fn fault(&mut self) -> Option<Fault> {
        let said = std::mem::take(&mut self.said);
        let mut plan = self.plan.lock().await;
        let is_meant = |word: &[u8]| said.windows(word.len()).any(|part| part == word);
        let (fault, _) = plan.take_if(|(_, word)| is_meant(word))?;
        Some(fault)
    }
}
