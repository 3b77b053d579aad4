//! The tree of categories. Everybody reads it; those who run the site change it.

use serde::{Deserialize, Serialize};
use signaling_wire::{CategoryId, frame::shop::Localized};

use crate::{Actor, Commerce, ServiceError, db, limits, mint::mint, validation::Validation};

/// A place in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// The one above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<CategoryId>,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: Localized,
    /// Its place among its siblings, the lowest first.
    pub sort: i32,
    /// How far from the root; 0 is at the top.
    pub depth: u32,
}

/// A category to create.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCategory {
    /// Under which one; `None` is at the top.
    #[serde(default)]
    pub parent_id: Option<CategoryId>,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: Localized,
    /// Its place among its siblings.
    #[serde(default)]
    pub sort: i32,
}

/// Changes of a category; what is absent stays. Categories keep their place in the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditCategory {
    /// Its name in addresses.
    #[serde(default)]
    pub slug: Option<String>,
    /// Its name.
    #[serde(default)]
    pub name: Option<Localized>,
    /// Its place among its siblings.
    #[serde(default)]
    pub sort: Option<i32>,
}

impl Commerce {
    /// The whole tree, parents before their children, siblings in their order.
    ///
    /// # Errors
    /// The database.
    pub async fn categories(&self) -> Result<Vec<Category>, ServiceError> {
        Ok(db::category::all(self.store().reader()).await?)
    }

    /// Creates a category.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], an unknown parent, a slug that is taken.
    pub async fn create_category(
        &self,
        actor: Actor,
        new: NewCategory,
    ) -> Result<Category, ServiceError> {
        admin(actor)?;
        let mut validation = Validation::default();
        validation.slug(&new.slug, "/slug");
        validation.localized(&new.name, "/name");
        validation.done()?;
        let now = self.now_us();
        let id = mint!(CategoryId, now);
        self.store()
            .transact(move |conn| {
                let new = new.clone();
                Box::pin(async move { db::category::insert(conn, id, &new, now).await })
            })
            .await
            .map_err(|error: ServiceError| error.or_taken("The slug is taken."))?;
        self.category(id).await
    }

    /// Changes a category.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], a slug that is taken.
    pub async fn edit_category(
        &self,
        actor: Actor,
        id: CategoryId,
        edit: EditCategory,
    ) -> Result<Category, ServiceError> {
        admin(actor)?;
        let mut validation = Validation::default();
        if let Some(slug) = &edit.slug {
            validation.slug(slug, "/slug");
        }
        if let Some(name) = &edit.name {
            validation.localized(name, "/name");
        }
        validation.done()?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                let edit = edit.clone();
                Box::pin(async move { db::category::update(conn, id, &edit, now).await })
            })
            .await
            .map_err(|error: ServiceError| error.or_taken("The slug is taken."))?;
        self.category(id).await
    }

    /// Removes a category that has nothing below it; products only lose the mention.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], categories below it.
    pub async fn delete_category(&self, actor: Actor, id: CategoryId) -> Result<(), ServiceError> {
        admin(actor)?;
        self.store()
            .transact(move |conn| Box::pin(async move { db::category::delete(conn, id).await }))
            .await
    }

    async fn category(&self, id: CategoryId) -> Result<Category, ServiceError> {
        let all = self.categories().await?;
        let found = all.into_iter().find(|category| category.id == id);
        found.ok_or(ServiceError::NotFound("category"))
    }
}

fn admin(actor: Actor) -> Result<(), ServiceError> {
    match actor.admin {
        true => Ok(()),
        false => Err(ServiceError::Forbidden),
    }
}

/// Whether one more level may be below a path of ids.
pub(crate) fn may_hold(path: &str) -> bool {
    path.matches('/').count() < limits::CATEGORY_DEPTH_MAX
}
