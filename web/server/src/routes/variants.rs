//! `/api/products/{id}/variants` and `/api/variants`: the ways in which a product can be bought.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use commerce_service::{Choice, EditVariant, NewVariant, Variant, VariantStatus};
use serde::{Deserialize, Deserializer};
use signaling_wire::{Money, Problem, ProductId, VariantId};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::table::Table;
use crate::{
    error::Answer,
    extract::{Fields, Id, IfMatch, User, etag},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new().on(routes!(add)).on(routes!(edit))
}

/// A variant to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewVariant)]
#[serde(deny_unknown_fields)]
pub(crate) struct VariantFields {
    /// The numbers of the values that it stands for, one per option.
    #[serde(default)]
    choice: Choice,
    #[serde(default)]
    sku: Option<String>,
    price: Money,
    #[serde(default)]
    compare_at: Option<Money>,
    #[serde(default)]
    weight_g: u32,
    #[serde(default)]
    max_per_buyer: Option<u32>,
    #[serde(default)]
    stock: u32,
}

impl From<VariantFields> for NewVariant {
    fn from(fields: VariantFields) -> Self {
        Self {
            choice: fields.choice,
            sku: fields.sku,
            price: fields.price,
            compare_at: fields.compare_at,
            weight_g: fields.weight_g,
            max_per_buyer: fields.max_per_buyer,
            stock: fields.stock,
        }
    }
}

/// Changes of a variant; what is absent stays, and `null` takes away.
#[derive(Deserialize, ToSchema)]
#[schema(as = VariantChanges)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    #[serde(default)]
    sku: Option<String>,
    #[serde(default)]
    price: Option<Money>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Money>)]
    compare_at: Option<Option<Money>>,
    #[serde(default)]
    weight_g: Option<u32>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    max_per_buyer: Option<Option<u32>>,
    #[serde(default)]
    status: Option<VariantStatus>,
}

/// Tells `null` from what is absent.
pub(super) fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Adds a variant to a product.
#[utoipa::path(
    post,
    path = "/api/products/{id}/variants",
    security(("user" = [])),
    request_body = VariantFields,
    responses(
        (status = 201, description = "Made.", body = Variant),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn add(
    State(app): State<App>,
    user: User,
    Id(product): Id<ProductId>,
    Fields(fields): Fields<VariantFields>,
) -> Answer<impl IntoResponse> {
    let made = app
        .commerce
        .add_variant(user.actor(), product, fields.into())
        .await
        .map_err(Problem::from)?;
    Ok((StatusCode::CREATED, etag(made.version), Json(made)))
}

/// Changes a variant.
#[utoipa::path(
    patch,
    path = "/api/variants/{id}",
    security(("user" = [])),
    params(("If-Match" = String, Header, description = "The `version` that was seen, quoted.")),
    request_body = Changes,
    responses(
        (status = 200, description = "Done.", body = Variant),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    user: User,
    Id(id): Id<VariantId>,
    IfMatch(version): IfMatch,
    Fields(changes): Fields<Changes>,
) -> Answer<impl IntoResponse> {
    let edit = EditVariant {
        sku: changes.sku,
        price: changes.price,
        compare_at: changes.compare_at,
        weight_g: changes.weight_g,
        max_per_buyer: changes.max_per_buyer,
        status: changes.status,
    };
    let edited = app
        .commerce
        .edit_variant(user.actor(), id, version, edit)
        .await;
    let edited = edited.map_err(Problem::from)?;
    Ok((etag(edited.version), Json(edited)))
}
