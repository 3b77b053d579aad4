//! Who is in the room, and what the hosts decided about them.
//!
//! A muted account is told and may not write. A banned one is nobody here: its connections are
//! anonymous, whenever they come and however they sign in. Administrators are above it. The gate of each connection knows, so
//! that nothing forbidden reaches a consumer.

use signaling_wire::{
    Lane, ServerFrame, UserId,
    frame::control::{Sanction, SanctionKind},
};

use super::RoomTask;
use crate::{
    clock,
    identity::{Identity, Viewer},
    inbound::Attendance,
    limits,
    session::Session,
};

impl RoomTask {
    /// Puts on a newcomer what the hosts decided; says who it speaks as then.
    pub(super) fn admit(&self, session: &Session) -> (Option<Identity>, Option<Sanction>) {
        let now_ms = clock::now_ms();
        let mut gate = session.gate();
        let identity = gate.identity(now_ms).cloned();
        let (identity, sanction) = self.judged(identity, now_ms);
        gate.restrict(sanction);
        if identity.is_none() {
            gate.identify(None);
        }
        (identity, sanction)
    }

    /// Who somebody is in this room, by what the hosts decided about them.
    pub(super) fn judged(
        &self,
        identity: Option<Identity>,
        now_ms: u64,
    ) -> (Option<Identity>, Option<Sanction>) {
        let meant = identity.as_ref().filter(|identity| !identity.admin);
        let user = meant.map(|identity| identity.user);
        let sanction = user.and_then(|user| self.room.sanction(user, now_ms));
        let banned = sanction.is_some_and(|sanction| sanction.kind == SanctionKind::Ban);
        (identity.filter(|_| !banned), sanction)
    }

    /// The hosts decided about an account: it holds for who is here and for who comes.
    pub(super) async fn sanction(&mut self, user: UserId, sanction: Sanction) {
        self.room.set_sanction(user, sanction, clock::now_ms());
        self.keep();
        let frame = ServerFrame::Sanction(sanction);
        for key in self.members.of_user(user).to_vec() {
            if self.members.is_admin(key) {
                continue;
            }
            if sanction.kind == SanctionKind::Ban {
                self.members.identify(key, None, Some(sanction));
                let session = ServerFrame::Session(Identity::session(None));
                self.send_to(key, Lane::Control, &session).await;
            } else {
                self.members.restrict(key, sanction);
            }
            self.send_to(key, Lane::Control, &frame).await;
        }
        self.count_viewers();
    }

    /// The accounts that are here.
    pub(super) fn viewers(&self) -> Vec<Viewer> {
        let now_ms = clock::now_ms();
        let viewers = self.members.accounts().take(limits::VIEWERS_LISTED);
        let viewer = |(identity, connections): (Identity, usize)| Viewer {
            sanction: self.room.sanction(identity.user, now_ms),
            user: identity.user,
            name: identity.name,
            seller: identity.seller,
            connections,
        };
        viewers.map(viewer).collect()
    }

    /// Says who came and who went in this step.
    pub(super) fn tell_attendance(&mut self) {
        let stream = self.handle.stream;
        for (user, here) in self.members.take_turns() {
            self.hub.consumers.attend(Attendance { stream, user, here });
        }
    }
}
