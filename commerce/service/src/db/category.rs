//! Table `category`: the tree, by the path of ids from its root.

use signaling_wire::{CategoryId, frame::shop::Localized};

use super::{
    optional, parsed,
    sql::{Conn, On, Reader, Row, get, query},
};
use crate::{Category, EditCategory, NewCategory, ServiceError, category::may_hold, limits};
use commerce_store::StoreError;

/// Every category: parents before their children, siblings in their order.
pub(crate) async fn all(reader: &Reader) -> Result<Vec<Category>, StoreError> {
    let rows = query(
        "SELECT id, parent_id, slug, name_ko, name_en, sort, path FROM category ORDER BY sort, id",
    )
    .fetch_all(reader)
    .await?;
    let mut all = rows.iter().map(category).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|category| category.depth);
    Ok(all)
}

pub(crate) async fn insert(
    conn: &mut Conn,
    id: CategoryId,
    new: &NewCategory,
    now: i64,
) -> Result<(), ServiceError> {
    let row = query("SELECT COUNT(*) AS n FROM category")
        .fetch_one(&mut *conn)
        .await?;
    if get::<i64>(&row, "n")? >= limits::CATEGORIES_MAX {
        return Err(ServiceError::Conflict("There are too many categories."));
    }
    let mut path = String::new();
    if let Some(parent) = new.parent_id {
        path = self::path(&mut *conn, parent)
            .await?
            .ok_or(ServiceError::NotFound("parent category"))?;
        if !may_hold(&path) {
            return Err(ServiceError::Conflict("The tree would be too deep."));
        }
    }
    query(
        "INSERT INTO category (id, parent_id, slug, name_ko, name_en, sort, path, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(new.parent_id.map(|id| id.to_string()))
    .bind(new.slug.clone())
    .bind(new.name.ko.trim().to_owned())
    .bind(new.name.en.trim().to_owned())
    .bind(new.sort)
    .bind(format!("{path}{id}/"))
    .bind(now)
    .bind(now)
    .execute(&mut *conn)
    .await?;
    Ok(())
}

/// The path of a category, by which its whole subtree is a range.
pub(crate) async fn path<'e>(
    on: impl Into<On<'e>>,
    id: CategoryId,
) -> Result<Option<String>, StoreError> {
    let row = query("SELECT path FROM category WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(on)
        .await?;
    row.map(|row| get(&row, "path")).transpose()
}

pub(crate) async fn update(
    conn: &mut Conn,
    id: CategoryId,
    edit: &EditCategory,
    now: i64,
) -> Result<(), ServiceError> {
    let name =
        |word: fn(&Localized) -> &String| edit.name.as_ref().map(|n| word(n).trim().to_owned());
    let done = query(
        "UPDATE category SET slug = COALESCE(?, slug), name_ko = COALESCE(?, name_ko),
                name_en = COALESCE(?, name_en), sort = COALESCE(?, sort),
                updated_at = ?, version = version + 1
         WHERE id = ?",
    )
    .bind(edit.slug.clone())
    .bind(name(|name| &name.ko))
    .bind(name(|name| &name.en))
    .bind(edit.sort)
    .bind(now)
    .bind(id.to_string())
    .execute(&mut *conn)
    .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(ServiceError::NotFound("category")),
    }
}

/// Removes a leaf.
pub(crate) async fn delete(conn: &mut Conn, id: CategoryId) -> Result<(), ServiceError> {
    let below = query("SELECT id FROM category WHERE parent_id = ? LIMIT 1")
        .bind(id.to_string())
        .fetch_optional(&mut *conn)
        .await?;
    if below.is_some() {
        return Err(ServiceError::Conflict("There are categories below it."));
    }
    query("DELETE FROM product_category WHERE category_id = ?")
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    let done = query("DELETE FROM category WHERE id = ?")
        .bind(id.to_string())
        .execute(&mut *conn)
        .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(ServiceError::NotFound("category")),
    }
}

fn category(row: &Row) -> Result<Category, StoreError> {
    let path: String = get(row, "path")?;
    Ok(Category {
        id: parsed(row, "id")?,
        parent_id: optional(row, "parent_id")?,
        slug: get(row, "slug")?,
        name: Localized {
            ko: get(row, "name_ko")?,
            en: get(row, "name_en")?,
        },
        sort: get(row, "sort")?,
        depth: u32::try_from(path.matches('/').count().saturating_sub(1))
            .map_err(StoreError::invalid)?,
    })
}
