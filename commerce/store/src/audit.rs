//! The audit log: who changed money, stock or rights, in a chain of hashes.
//!
//! Every entry's hash covers its fields and the hash before it, and a head row keeps the last one,
//! so that an entry that was changed, left out or cut off at the end is found by [`verify`]. An
//! entry is written in the transaction of what it tells; the head row puts writers in a line.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::Value;

use crate::{
    StoreError,
    sql::{self, Conn, Reader, Row},
};

/// Entries that one step of [`verify`] reads.
const STEP: u32 = 500;

/// Something to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who did it: an account's id, or `system`.
    pub actor: String,
    /// What, as in `seller.member_set`.
    pub action: &'static str,
    /// Id of what it was done to.
    pub object: String,
    /// What it was before and after.
    pub detail: Value,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Order of recording, from 1 without gaps.
    pub seq: i64,
    /// Who did it.
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub object: String,
    /// JSON, as it was hashed.
    pub detail: String,
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// Hexadecimal SHA-256 over all of it and the hash before.
    pub hash: String,
}

/// What the chain says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry is the one that was written.
    Sound {
        /// How many there are.
        entries: i64,
    },
    /// The first entry that is not what was written, or is missing.
    Broken {
        /// Its number.
        seq: i64,
    },
}

/// Records an entry within the transaction of `conn`.
///
/// # Errors
/// What the database says.
pub async fn record(conn: &mut Conn, entry: &Entry, now_us: i64) -> Result<(), StoreError> {
    let head = sql::query("SELECT seq, hash FROM audit_head WHERE id = 1 {for update}");
    let head = head.fetch_one(&mut *conn).await?;
    let (last, before): (i64, String) = (head.get("seq")?, head.get("hash")?);
    let mut kept = Recorded {
        seq: last + 1,
        actor: entry.actor.clone(),
        action: entry.action.to_owned(),
        object: entry.object.clone(),
        detail: entry.detail.to_string(),
        at_us: now_us,
        hash: String::new(),
    };
    kept.hash = kept.hashed(&before);
    sql::query(
        "INSERT INTO audit_log (seq, actor_id, action, object_id, detail, at, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(kept.seq)
    .bind(&kept.actor)
    .bind(&kept.action)
    .bind(&kept.object)
    .bind(&kept.detail)
    .bind(kept.at_us)
    .bind(&kept.hash)
    .execute(&mut *conn)
    .await?;
    sql::query("UPDATE audit_head SET seq = ?, hash = ? WHERE id = 1")
        .bind(kept.seq)
        .bind(&kept.hash)
        .execute(conn)
        .await?;
    Ok(())
}

/// The newest entries before a number, the newest first.
///
/// # Errors
/// What the database says.
pub async fn list(
    reader: &Reader,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Recorded>, StoreError> {
    let rows = sql::query(
        "SELECT seq, actor_id, action, object_id, detail, at, hash FROM audit_log
         WHERE seq < ? ORDER BY seq DESC LIMIT ?",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(limit)
    .fetch_all(reader)
    .await?;
    rows.iter().map(recorded).collect()
}

/// Reads the whole chain and says whether it is the one that was written.
///
/// # Errors
/// What the database says.
pub async fn verify(reader: &Reader) -> Result<Verdict, StoreError> {
    // The head first: what is recorded meanwhile lies behind it.
    let head = sql::query("SELECT seq, hash FROM audit_head WHERE id = 1");
    let head = head.fetch_one(reader).await?;
    let (entries, end): (i64, String) = (head.get("seq")?, head.get("hash")?);
    let (mut seq, mut hash) = (0, String::new());
    while seq < entries {
        let rows = sql::query(
            "SELECT seq, actor_id, action, object_id, detail, at, hash FROM audit_log
             WHERE seq > ? ORDER BY seq LIMIT ?",
        );
        let rows = rows.bind(seq).bind(STEP).fetch_all(reader).await?;
        if rows.is_empty() {
            return Ok(Verdict::Broken { seq: seq + 1 });
        }
        for row in &rows {
            let entry = recorded(row)?;
            if entry.seq != seq + 1 || entry.hash != entry.hashed(&hash) {
                return Ok(Verdict::Broken { seq: seq + 1 });
            }
            (seq, hash) = (entry.seq, entry.hash);
            if seq == entries {
                break;
            }
        }
    }
    Ok(match hash == end {
        true => Verdict::Sound { entries },
        false => Verdict::Broken { seq },
    })
}

impl Recorded {
    fn hashed(&self, before: &str) -> String {
        let mut digest = Context::new(&SHA256);
        let (seq, at) = (self.seq.to_string(), self.at_us.to_string());
        let fields = [
            before,
            &seq,
            &self.actor,
            &self.action,
            &self.object,
            &self.detail,
            &at,
        ];
        for field in fields {
            // Lengths keep two fields from passing for two others.
            digest.update(&(field.len() as u64).to_be_bytes());
            digest.update(field.as_bytes());
        }
        let hash = digest.finish();
        hash.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

fn recorded(row: &Row) -> Result<Recorded, StoreError> {
    Ok(Recorded {
        seq: row.get("seq")?,
        actor: row.get("actor_id")?,
        action: row.get("action")?,
        object: row.get("object_id")?,
        detail: row.get("detail")?,
        at_us: row.get("at")?,
        hash: row.get("hash")?,
    })
}
