//! Claims: a buyer wants lines called off, sent back or exchanged, and the seller decides.

use commerce_core::{
    claim::{self, ClaimEvent, ClaimKind, ClaimState, FeeBearer},
    fulfillment::Units,
};
use commerce_store::{StoreError, audit, sql::Conn};
use serde::Serialize;
use signaling_wire::{ClaimId, OrderId, RefundId};

use crate::{
    Actor, Commerce, LineUnits, ServiceError, db,
    db::{
        claim::Fresh,
        goods::{self, Goods},
        key::{self, Key},
        order::Standing,
        refund::Promise,
    },
    limits,
    mint::mint,
    refund,
    sequencer::Changed,
    validation::Validation,
};

/// A claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Claim {
    /// Its id.
    pub id: ClaimId,
    /// About which order.
    pub order_id: OrderId,
    /// What the buyer wants.
    pub kind: ClaimKind,
    /// Where it stands.
    pub state: String,
    /// Why, as the buyer puts it.
    pub reason: String,
    /// Who pays for the way back.
    pub fee_bearer: FeeBearer,
    /// What the seller says about it.
    pub answer: String,
    /// About which units.
    pub lines: Vec<LineUnits>,
    /// When it was made, milliseconds since 1970.
    pub at_ms: u64,
}

/// A claim that a buyer makes.
#[derive(Debug, Clone, Serialize)]
pub struct NewClaim {
    /// What is wanted.
    pub kind: ClaimKind,
    /// Units by line; all that the buyer keeps if empty.
    pub lines: Vec<LineUnits>,
    /// Why.
    pub reason: String,
    /// Whether the goods are not as they should be; then the seller pays for the way back.
    pub fault_of_goods: bool,
}

/// What a seller decides about a claim.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// A word to the buyer.
    pub answer: String,
    /// Minor units that the buyer does not get back, such as the fee for the way back.
    pub deduct: i64,
    /// Whether what came back goes into stock again.
    pub restock: bool,
}

impl Commerce {
    /// Makes a claim about lines of one's own order. The same key gets the same claim.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign order, more units than the buyer has, or an order
    /// that takes no such claim any more.
    pub async fn make_claim(
        &self,
        actor: Actor,
        order: OrderId,
        new: NewClaim,
        idempotency_key: String,
    ) -> Result<Claim, ServiceError> {
        crate::order::check_reason(&new.reason)?;
        let mut validation = Validation::default();
        let said = !new.reason.trim().is_empty();
        validation.check(said, "/reason", "required", "is missing");
        validation.done()?;
        self.order(actor.user, order).await?;
        let request = serde_json::json!({ "claim": order, "body": new });
        let key = Key::new(actor.user, idempotency_key, &request.to_string());
        let _in_hand = self.take_key(actor.user, &key.key)?;
        let now = self.now_us();
        let asking = |new: NewClaim, key: Key| {
            self.store().transact(move |conn| {
                Box::pin(async move { ask(conn, order, &new, &key, now).await })
            })
        };
        let id = match asking(new.clone(), key.clone()).await {
            Err(ServiceError::Store(error)) if error.is_unique_violation() => {
                asking(new, key).await?
            }
            other => other?,
        };
        self.after_step(None).await;
        self.find_claim(actor, order, id).await
    }

    /// A buyer asks to call off an order that is being packed.
    pub(crate) async fn ask_to_cancel(
        &self,
        actor: Actor,
        order: OrderId,
        reason: &str,
    ) -> Result<Claim, ServiceError> {
        let reason = match reason.trim() {
            "" => "changed my mind",
            reason => reason,
        };
        let new = NewClaim {
            kind: ClaimKind::Cancel,
            lines: Vec::new(),
            reason: reason.to_owned(),
            fault_of_goods: false,
        };
        // One such wish per order and moment: a repeat finds nothing left to ask for.
        let key = format!("cancel-{order}-{}", self.now_us());
        self.make_claim(actor, order, new, key).await
    }

    async fn find_claim(
        &self,
        actor: Actor,
        order: OrderId,
        id: ClaimId,
    ) -> Result<Claim, ServiceError> {
        let claims = self.claims(actor, order).await?;
        let found = claims.into_iter().find(|claim| claim.id == id);
        found.ok_or(ServiceError::NotFound("claim"))
    }

    /// The claims about an order.
    ///
    /// # Errors
    /// As [`Commerce::order_for`].
    pub async fn claims(&self, actor: Actor, order: OrderId) -> Result<Vec<Claim>, ServiceError> {
        self.authorize_reading(actor, order).await?;
        Ok(db::claim::of_order(self.store().reader(), order).await?)
    }

    /// The buyer takes a claim back.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign one; it has been decided.
    pub async fn withdraw_claim(&self, actor: Actor, id: ClaimId) -> Result<Claim, ServiceError> {
        let order = self.order_of_claim(id).await?;
        self.order(actor.user, order)
            .await
            .map_err(|_| ServiceError::NotFound("claim"))?;
        let decision = Decision::default();
        self.step_claim(actor, order, id, (ClaimEvent::Withdraw, decision))
            .await
    }

    /// The seller takes a step with a claim.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a foreign one, [`ServiceError::Forbidden`], or its kind does
    /// not have the step; the refusal names those that it has.
    pub async fn decide_claim(
        &self,
        actor: Actor,
        id: ClaimId,
        event: ClaimEvent,
        decision: Decision,
    ) -> Result<Claim, ServiceError> {
        crate::order::check_reason(&decision.answer)?;
        let mut validation = Validation::default();
        validation.check(
            decision.deduct >= 0,
            "/deduct",
            "min",
            "must not be negative",
        );
        validation.done()?;
        let order = self.order_of_claim(id).await?;
        self.authorize_order(actor, order)
            .await
            .map_err(|error| match error {
                ServiceError::NotFound(_) => ServiceError::NotFound("claim"),
                other => other,
            })?;
        self.step_claim(actor, order, id, (event, decision)).await
    }

    async fn order_of_claim(&self, id: ClaimId) -> Result<OrderId, ServiceError> {
        let order = db::claim::order_of(self.store().reader(), id).await?;
        order.ok_or(ServiceError::NotFound("claim"))
    }

    async fn step_claim(
        &self,
        actor: Actor,
        order: OrderId,
        id: ClaimId,
        what: (ClaimEvent, Decision),
    ) -> Result<Claim, ServiceError> {
        let (now, by) = (self.now_us(), actor.user.to_string());
        let changed = self
            .store()
            .transact(move |conn| {
                Box::pin(async move { step(conn, order, id, &what, (&by, now)).await })
            })
            .await?;
        self.after_step(changed).await;
        self.find_claim(actor, order, id).await
    }
}

async fn ask(
    conn: &mut Conn,
    id: OrderId,
    new: &NewClaim,
    key: &Key,
    now: i64,
) -> Result<ClaimId, ServiceError> {
    if let Some(effect) = key::known(conn, key).await? {
        return Ok(effect.parse().map_err(StoreError::invalid)?);
    }
    let mut order = db::order::lock(conn, id).await?;
    let since = order.delivered_at.map(|at| now - at);
    claim::admit(new.kind, new.fault_of_goods, order.status, since)?;
    if db::claim::count(conn, id).await? >= limits::CLAIMS_MAX as i64 {
        return Err(ServiceError::Conflict("Too many claims about this order."));
    }
    let units = match new.lines.is_empty() {
        true => open_units(&order, new.kind),
        false => {
            let units = refund::chosen(&order, &new.lines)?;
            for (index, (place, quantity)) in units.iter().enumerate() {
                let left = claimable(
                    order.lines[*place].units,
                    order.lines[*place].claimed,
                    new.kind,
                );
                if *quantity > left {
                    return Err(commerce_core::Refusal::LineExhausted { index, left }.into());
                }
            }
            units
        }
    };
    if units.is_empty() {
        return Err(ServiceError::Conflict("Nothing is left to claim."));
    }
    let fee_bearer = match new.fault_of_goods {
        true => FeeBearer::Seller,
        false => FeeBearer::Buyer,
    };
    let fresh = Fresh {
        id: mint!(ClaimId, now),
        order: id,
        kind: new.kind,
        reason: new.reason.trim().to_owned(),
        fee_bearer,
        lines: units
            .iter()
            .map(|(place, quantity)| (order.lines[*place].id, *quantity))
            .collect(),
    };
    db::claim::insert(conn, &fresh, now).await?;
    for (place, quantity) in &units {
        let claimed = order.lines[*place].claimed + quantity;
        order.set_claimed(conn, *place, claimed).await?;
    }
    let by = (key.scope.to_string(), new.kind.name());
    order
        .note(conn, "claim_requested", (&by.0, by.1), now)
        .await?;
    order.tell(conn, "order.claim", now).await?;
    key::keep(conn, key, &fresh.id.to_string(), now).await?;
    Ok(fresh.id)
}

/// Units of a line that such a claim can be about: unsent ones to call off, sent ones to send back.
fn claimable(units: Units, claimed: u32, kind: ClaimKind) -> u32 {
    let there = match kind {
        ClaimKind::Cancel => units.to_ship(),
        ClaimKind::Return | ClaimKind::Exchange => units.shipped - units.returned,
    };
    there.saturating_sub(claimed)
}

fn open_units(order: &Standing, kind: ClaimKind) -> Vec<(usize, u32)> {
    let open = order
        .lines
        .iter()
        .enumerate()
        .map(|(place, line)| (place, claimable(line.units, line.claimed, kind)));
    open.filter(|(_, units)| *units > 0).collect()
}

async fn step(
    conn: &mut Conn,
    id: OrderId,
    claim_id: ClaimId,
    (event, decision): &(ClaimEvent, Decision),
    (by, now): (&str, i64),
) -> Result<Option<Changed>, ServiceError> {
    let sale = db::order::sale_of(conn, id).await?;
    Goods::open(conn, sale).await?;
    let mut order = db::order::lock(conn, id).await?;
    let standing = db::claim::lock(conn, claim_id).await?;
    if standing.order != id {
        return Err(ServiceError::NotFound("claim"));
    }
    let event = match (event, decision.deduct) {
        (ClaimEvent::Refund, 1..) => ClaimEvent::RefundPart,
        (event, _) => *event,
    };
    let to = claim::step(standing.kind, standing.state, event)?;
    db::claim::set_state(conn, claim_id, (standing.state, to), &decision.answer, now).await?;
    let mut changed = None;
    if !to.is_open() || (standing.kind == ClaimKind::Cancel && to == ClaimState::Approved) {
        release_units(conn, &mut order, &standing).await?;
    }
    let pays = matches!(to, ClaimState::Refunded | ClaimState::PartiallyRefunded)
        || (standing.kind == ClaimKind::Cancel && to == ClaimState::Approved);
    if pays {
        let what = (claim_id, decision, by);
        changed = pay_back(conn, &mut order, &standing, what, now).await?;
    }
    if standing.kind == ClaimKind::Cancel && to == ClaimState::Approved {
        // What never left needs no looking at: agreed is done.
        let done = claim::step(standing.kind, to, ClaimEvent::Refund)?;
        db::claim::set_state(conn, claim_id, (to, done), "", now).await?;
    }
    order.note(conn, "claim", (by, to.name()), now).await?;
    order.tell(conn, "order.claim", now).await?;
    let entry = audit::Entry {
        actor: by.to_owned(),
        action: "claim.decided",
        object: claim_id.to_string(),
        detail: serde_json::json!({
            "order": id, "from": standing.state.name(), "to": to.name(), "deduct": decision.deduct,
        }),
    };
    audit::record(conn, &entry, now).await?;
    Ok(changed)
}

/// The units are nobody's claim any more.
async fn release_units(
    conn: &mut Conn,
    order: &mut Standing,
    standing: &db::claim::Standing,
) -> Result<(), StoreError> {
    for (line, quantity) in &standing.lines {
        if let Some(place) = order.place(*line) {
            let claimed = order.lines[place].claimed.saturating_sub(*quantity);
            order.set_claimed(conn, place, claimed).await?;
        }
    }
    Ok(())
}

/// The money of a claim goes back, its units with it.
async fn pay_back(
    conn: &mut Conn,
    order: &mut Standing,
    standing: &db::claim::Standing,
    (id, decision, by): (ClaimId, &Decision, &str),
    now: i64,
) -> Result<Option<Changed>, ServiceError> {
    let sent = standing.kind != ClaimKind::Cancel;
    let units: Vec<(usize, u32)> = standing
        .lines
        .iter()
        .filter_map(|(line, quantity)| order.place(*line).map(|place| (place, *quantity)))
        .collect();
    let mut lines = refund::priced(order, &units);
    deduct(&mut lines, decision.deduct);
    let promise = Promise {
        id: mint!(RefundId, now),
        claim: Some(id),
        key: id.to_string(),
        lines,
        shipping: 0,
        reason: format!("claim {id}"),
        actor: by.to_owned(),
    };
    if promise.amount() > 0 {
        db::refund::promise(conn, order, &promise, now).await?;
    }
    refund::take_units(conn, order, &units, sent, now).await?;
    if !sent && order.lines.iter().all(|line| line.units.kept() == 0) {
        let changed = goods::restock(conn, order, &units, sent, now).await?;
        let event = commerce_core::order::OrderEvent::Cancelled;
        if commerce_core::order::step(order.status, event).is_ok() {
            order.step(conn, event, (by, "claim"), now).await?;
        }
        return Ok(changed);
    }
    match decision.restock || !sent {
        true => goods::restock(conn, order, &units, sent, now).await,
        false => Ok(None),
    }
}

/// Takes a fee off what goes back, from the first lines on.
fn deduct(lines: &mut [(usize, u32, i64)], mut fee: i64) {
    for (_, _, amount) in lines {
        let cut = fee.min(*amount);
        *amount -= cut;
        fee -= cut;
    }
}
