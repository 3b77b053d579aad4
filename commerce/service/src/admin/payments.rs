//! Payments: what our books say, and how that differs from what the provider says.

use commerce_core::{
    PaymentState,
    payment::{Charge, Needed, Report},
};
use serde::Serialize;
use signaling_wire::{Money, OrderGroupId, OrderId, PaymentId, UserId};

use super::for_administrators;
use crate::{Actor, Commerce, Page, RefundView, ServiceError, db, db::payment::Head, page};

/// Which payments are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// In this state: `created`, `paid`, `unknown`, ….
    pub state: Option<String>,
}

/// A payment, for those who run the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PaymentRecord {
    /// The id that the provider knows.
    pub id: PaymentId,
    /// The checkout that it pays for.
    pub group_id: OrderGroupId,
    /// Who pays.
    pub buyer_id: UserId,
    /// `sandbox`, `portone_v2` or `portone_v1`.
    pub provider: String,
    /// Where it stands.
    pub state: String,
    /// What is to be paid.
    pub amount: Money,
    /// What refunds set aside.
    pub promised: Money,
    /// What went back.
    pub returned: Money,
    /// The provider's own transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// When the provider is asked again; absent when nothing is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_check_ms: Option<u64>,
    /// When it was paid, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_ms: Option<u64>,
    /// When it was made.
    pub created_ms: u64,
}

/// A try to charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AttemptRecord {
    /// Its number, from 1.
    pub no: u32,
    /// `sent`, `paid`, `declined` or `unknown`.
    pub state: String,
    /// What the provider said.
    pub detail: String,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
}

/// A payment with everything that happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PaymentDetail {
    /// The payment.
    #[serde(flatten)]
    pub payment: PaymentRecord,
    /// The orders that it pays for.
    pub order_ids: Vec<OrderId>,
    /// Tries to charge it.
    pub attempts: Vec<AttemptRecord>,
    /// What went back, or is to.
    pub refunds: Vec<RefundView>,
}

/// What the provider says now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ProviderReport {
    /// `open`, `failed`, `paid` or `cancelled`.
    pub state: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was charged; absent in a currency that we do not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charged: Option<Money>,
    /// What went back, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<i64>,
    /// The store that it was charged for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_id: Option<String>,
    /// Whether real money moved, where the provider says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<bool>,
    /// The provider's own transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
}

/// Something in which our books and the provider's differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Difference {
    /// `state`, `charged`, `returned`, `store_id`, `live` or `transaction`.
    pub what: String,
    /// What ours say.
    pub ours: String,
    /// What the provider's say.
    pub provider: String,
}

/// Our books beside the provider's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Comparison {
    /// Ours.
    pub ours: PaymentRecord,
    /// The provider's, asked for now.
    pub provider: ProviderReport,
    /// In what they differ; nothing when all is well.
    pub differences: Vec<Difference>,
}

/// A comparison of the last while with the provider's whole list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Reconciliation {
    /// Its number.
    pub id: u64,
    /// From when payments were compared, milliseconds since 1970.
    pub from_ms: u64,
    /// Until when.
    pub until_ms: u64,
    /// How many were.
    pub checked: u64,
    /// Those that differed.
    pub differing: Vec<PaymentId>,
}

impl Commerce {
    /// Every payment, the newest first. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a state that is none, a cursor that is none.
    pub async fn all_payments(
        &self,
        actor: Actor,
        filter: PaymentFilter,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<PaymentRecord>, ServiceError> {
        for_administrators(actor)?;
        let state = match &filter.state {
            Some(text) => Some(PaymentState::parse(text).ok_or_else(|| {
                let mut validation = crate::validation::Validation::default();
                validation.check(false, "/state", "enum", "is no state of a payment");
                validation.done().err().unwrap_or(ServiceError::Forbidden)
            })?),
            None => None,
        };
        self.caught_up().await?;
        let after = page::after::<PaymentId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = db::payment::records(self.store().reader(), state, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |payment| payment.id.to_string()))
    }

    /// A payment with its tries and refunds. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn payment_detail(
        &self,
        actor: Actor,
        id: PaymentId,
    ) -> Result<PaymentDetail, ServiceError> {
        for_administrators(actor)?;
        let pool = self.store().reader();
        let payment = self.payment_record(id).await?;
        Ok(PaymentDetail {
            order_ids: db::order::of_group(pool, payment.group_id).await?,
            attempts: db::payment::attempts(pool, id).await?,
            refunds: db::refund::of_payment(pool, id).await?,
            payment,
        })
    }

    /// Asks the provider about a payment and names what differs; changes nothing. For
    /// administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], a provider that does not answer.
    pub async fn compare_payment(
        &self,
        actor: Actor,
        id: PaymentId,
    ) -> Result<Comparison, ServiceError> {
        for_administrators(actor)?;
        let head = db::payment::head(self.store().reader(), id).await?;
        let head = head.ok_or(ServiceError::NotFound("payment"))?;
        let report = self.provider().lookup(id).await;
        let report = report.map_err(ServiceError::Provider)?;
        let ours = self.payment_record(id).await?;
        let differences = differences(&head, &ours, &report, &self.needed(&head));
        Ok(Comparison {
            ours,
            provider: told(&report),
            differences,
        })
    }

    /// The comparisons with the provider's list, the newest first. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], a cursor that is none.
    pub async fn reconciliations(
        &self,
        actor: Actor,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<Reconciliation>, ServiceError> {
        for_administrators(actor)?;
        let after = page::after::<u32>(cursor)?.map(i64::from);
        let limit = page::clamp(limit);
        let rows = db::reconcile::list(self.store().reader(), after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |run| run.id.to_string()))
    }

    async fn payment_record(&self, id: PaymentId) -> Result<PaymentRecord, ServiceError> {
        let found = db::payment::record(self.store().reader(), id).await?;
        found.ok_or(ServiceError::NotFound("payment"))
    }
}

fn told(report: &Report) -> ProviderReport {
    let (state, reason) = match report {
        Report::Open => ("open", None),
        Report::Failed { reason } => ("failed", Some(reason.clone())),
        Report::Paid(_) => ("paid", None),
        Report::Cancelled(_) => ("cancelled", None),
    };
    let charge = report.charge();
    ProviderReport {
        state: state.to_owned(),
        reason,
        charged: charge.and_then(|charge| charge.total),
        returned: charge.map(|charge| charge.cancelled),
        store_id: charge.map(|charge| charge.store_id.clone()),
        live: charge.and_then(|charge| charge.live),
        transaction: charge.map(|charge| charge.transaction.clone()),
    }
}

/// In what the books differ. While the provider is being asked to charge or to give back, nothing
/// that it has not done yet counts.
fn differences(
    head: &Head,
    ours: &PaymentRecord,
    report: &Report,
    needed: &Needed,
) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |what: &str, ours: String, provider: String| {
        found.push(Difference {
            what: what.to_owned(),
            ours,
            provider,
        });
    };
    let state = told(report).state;
    let agrees = match head.state {
        PaymentState::Created | PaymentState::Ready | PaymentState::Expired => {
            matches!(report, Report::Open | Report::Failed { .. })
        }
        PaymentState::Failed => matches!(report, Report::Failed { .. } | Report::Open),
        PaymentState::Confirming
        | PaymentState::Unknown
        | PaymentState::IntegrityFailure
        | PaymentState::CancelPending => true,
        PaymentState::Paid | PaymentState::PartiallyCancelled => {
            matches!(report, Report::Paid(_))
        }
        PaymentState::Cancelled => matches!(report, Report::Cancelled(_)),
    };
    if !agrees {
        differ("state", head.state.name().to_owned(), state);
    }
    let Some(charge) = report.charge() else {
        return found;
    };
    for (what, ours, provider) in facts(ours, charge, needed) {
        differ(what, ours, provider);
    }
    let whole = charge
        .total
        .map_or(needed.total.amount, |total| total.amount);
    let back = match head.state {
        PaymentState::Paid | PaymentState::PartiallyCancelled => {
            // What is set aside may be on its way.
            (head.returned..=head.promised).contains(&charge.cancelled)
        }
        PaymentState::Cancelled => charge.cancelled == whole,
        _ => true,
    };
    if !back {
        differ(
            "returned",
            head.returned.to_string(),
            charge.cancelled.to_string(),
        );
    }
    found
}

/// What must be the same of any charge.
fn facts(
    ours: &PaymentRecord,
    charge: &Charge,
    needed: &Needed,
) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    if charge.total != Some(needed.total) {
        let text = |money: Money| format!("{} {}", money.amount, money.currency.code());
        let theirs = charge.total.map_or_else(|| "unknown".to_owned(), text);
        found.push(("charged", text(needed.total), theirs));
    }
    if let Some(store) = needed
        .store_id
        .as_ref()
        .filter(|store| **store != charge.store_id)
    {
        found.push(("store_id", store.clone(), charge.store_id.clone()));
    }
    if let Some(live) = charge.live.filter(|live| *live != needed.live) {
        found.push(("live", needed.live.to_string(), live.to_string()));
    }
    // Ours keeps the first 64 characters.
    let theirs: String = charge.transaction.chars().take(64).collect();
    if let Some(known) = ours.transaction.as_ref().filter(|known| **known != theirs) {
        found.push(("transaction", known.clone(), theirs));
    }
    found
}

#[cfg(test)]
mod tests;
