//! The audit log as administrators read it.

use commerce_store::{
    audit::{self, Recorded, Verdict},
    clock,
};
use serde::Serialize;

use crate::{Actor, Commerce, Page, ServiceError, admin::for_administrators, page};

/// Something that somebody did to money, stock or rights.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// Who: an account's id, or `system`.
    pub actor: String,
    /// What, as in `seller.member_set`.
    pub action: String,
    /// Id of what it was done to.
    pub object: String,
    /// What it was before and after.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
    /// Hash over the entry and the one before, hexadecimal.
    pub hash: String,
}

/// Whether the audit log is the one that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AuditVerdict {
    /// Whether it is.
    pub sound: bool,
    /// How many entries were found good.
    pub entries: u64,
    /// The first one that was changed or is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_seq: Option<u64>,
}

impl Commerce {
    /// The audit log, the newest entries first. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], or a cursor that is none.
    pub async fn audit_log(
        &self,
        actor: Actor,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<AuditEntry>, ServiceError> {
        for_administrators(actor)?;
        let before = page::after::<u32>(cursor)?.map(i64::from);
        let limit = page::clamp(limit);
        let rows = audit::list(self.store().reader(), before, limit + 1).await?;
        let rows = rows.into_iter().map(entry).collect();
        Ok(Page::cut(rows, limit, |entry: &AuditEntry| {
            entry.seq.to_string()
        }))
    }

    /// Checks the whole chain. For administrators.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], or the database.
    pub async fn audit_verdict(&self, actor: Actor) -> Result<AuditVerdict, ServiceError> {
        for_administrators(actor)?;
        Ok(match audit::verify(self.store().reader()).await? {
            Verdict::Sound { entries } => AuditVerdict {
                sound: true,
                entries: entries.unsigned_abs(),
                broken_seq: None,
            },
            Verdict::Broken { seq } => AuditVerdict {
                sound: false,
                entries: seq.unsigned_abs().saturating_sub(1),
                broken_seq: Some(seq.unsigned_abs()),
            },
        })
    }
}

fn entry(kept: Recorded) -> AuditEntry {
    AuditEntry {
        seq: kept.seq.unsigned_abs(),
        actor: kept.actor,
        action: kept.action,
        object: kept.object,
        // Shown even when somebody broke it: the verdict says so.
        detail: serde_json::from_str(&kept.detail)
            .unwrap_or(serde_json::Value::String(kept.detail)),
        at_ms: clock::us_to_ms(kept.at_us),
        hash: kept.hash,
    }
}
