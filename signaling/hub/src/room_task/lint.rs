//! What the newest publisher could do better, told to those who may host and to nobody else.

use media_shard::{Finding, PeerId};
use signaling_wire::{
    Lane, ServerFrame,
    frame::control::{self, Lint},
};

use super::RoomTask;
use crate::{clock, identity::Identity};

impl RoomTask {
    /// The judgement of a publisher. An older one's is of no interest any more.
    pub(super) async fn on_lint(&mut self, peer: PeerId, findings: &[Finding]) {
        let newer = self.lint.as_ref().is_some_and(|(known, _)| *known > peer);
        if newer || !self.publishers.knows(peer) {
            return;
        }
        let findings = findings.iter().map(|finding| control::Finding {
            code: finding.code.to_owned(),
            layer: finding.layer,
            seen: finding.seen,
            wanted: finding.wanted,
        });
        let lint = Lint {
            findings: findings.collect(),
        };
        self.lint = Some((peer, lint));
        self.tell_hosts().await;
    }

    /// Nothing is to be said about a publisher that is gone.
    pub(super) async fn forget_lint(&mut self, peer: PeerId) {
        if self.lint.as_ref().is_some_and(|(known, _)| *known == peer) {
            self.lint = Some((peer, Lint::default()));
            self.tell_hosts().await;
            self.lint = None;
        }
    }

    /// What somebody who signs in is told, if it concerns them.
    pub(super) fn lint_for(&self, identity: Option<&Identity>) -> Option<ServerFrame> {
        let (_, lint) = self.lint.as_ref()?;
        let concerned = identity.is_some_and(Identity::may_host);
        (concerned && !lint.findings.is_empty()).then(|| ServerFrame::Lint(lint.clone()))
    }

    async fn tell_hosts(&self) {
        let Some((_, lint)) = &self.lint else {
            return;
        };
        let frame = ServerFrame::Lint(lint.clone());
        for key in self.members.hosts(clock::now_ms()) {
            self.send_to(key, Lane::Control, &frame).await;
        }
    }
}
