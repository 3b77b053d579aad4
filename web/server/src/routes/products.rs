//! `/api/sellers` and `/api/products`: who sells what.

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use commerce_service::{
    EditProduct, Media, NewProduct, NewVariant, Product, ProductFilter, ProductOption, ProductSort,
    ProductStatus, ProductSummary, Seller,
};
use serde::Deserialize;
use signaling_wire::{CategoryId, Money, Problem, ProductId, SellerId, frame::shop::Localized};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{
    page::{PageView, checked},
    table::Table,
    variants::VariantFields,
};
use crate::{
    error::Answer,
    extract::{Caller, Fields, Id, IfMatch, Query, User, etag},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(create_seller))
        .on(routes!(list, create))
        .on(routes!(show, replace, archive))
}

/// A shop to be opened.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewSeller)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateSeller {
    name: String,
}

/// Founds a shop; the caller becomes its owner.
#[utoipa::path(
    post,
    path = "/api/sellers",
    security(("user" = [])),
    request_body = CreateSeller,
    responses(
        (status = 201, description = "Made.", body = Seller),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn create_seller(
    State(app): State<App>,
    user: User,
    Fields(create): Fields<CreateSeller>,
) -> Answer<(StatusCode, Json<Seller>)> {
    let made = app.commerce.create_seller(user.actor(), &create.name).await;
    Ok((StatusCode::CREATED, Json(made.map_err(Problem::from)?)))
}

/// Which products are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Words of its name, its description or its number.
    #[serde(default)]
    q: Option<String>,
    /// In this category or one below it.
    #[serde(default)]
    category_id: Option<CategoryId>,
    #[serde(default)]
    seller_id: Option<SellerId>,
    /// Lowest price, minor units.
    #[serde(default)]
    price_min: Option<i64>,
    /// Highest price, minor units.
    #[serde(default)]
    price_max: Option<i64>,
    /// Only what lies on a shelf.
    #[serde(default)]
    in_stock: bool,
    /// `active`; `draft` and `archived` are for the people of `seller_id`.
    #[serde(default)]
    status: Option<ProductStatus>,
    /// `newest`, `price`, `-price` or `-rating`.
    #[serde(default)]
    sort: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Products: found by words, filtered, sorted.
#[utoipa::path(
    get,
    path = "/api/products",
    params(ListQuery),
    responses((status = 200, description = "Done.", body = PageView<ProductSummary>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Answer<Json<PageView<ProductSummary>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let sort = match query.sort.as_deref() {
        None => ProductSort::default(),
        Some(name) => ProductSort::named(name).ok_or_else(|| {
            let detail = "must be newest, price, -price or -rating";
            Problem::new(signaling_wire::Code::ValidationError, "")
                .with_field("/sort", "enum", detail)
        })?,
    };
    let filter = ProductFilter {
        query: query.q,
        category: query.category_id,
        seller: query.seller_id,
        price_min: query.price_min,
        price_max: query.price_max,
        in_stock: query.in_stock,
        status: query.status.unwrap_or(ProductStatus::Active),
        sort,
    };
    let page = app
        .commerce
        .list_products(caller.actor(), filter, cursor.as_deref(), limit)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |product| product)))
}

/// One product.
#[utoipa::path(
    get,
    path = "/api/products/{id}",
    responses((status = 200, description = "Done; `ETag` is its version.", body = Product)),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ProductId>,
) -> Answer<impl IntoResponse> {
    let product = app.commerce.product(caller.actor(), id).await;
    let product = product.map_err(Problem::from)?;
    Ok((etag(product.version), Json(product)))
}

/// What a product says.
#[derive(Deserialize, ToSchema)]
#[schema(as = ProductFields)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    title: Localized,
    #[serde(default)]
    description: Option<Localized>,
    image_url: String,
    #[serde(default)]
    media: Vec<Media>,
    #[serde(default)]
    options: Vec<ProductOption>,
    #[serde(default)]
    categories: Vec<CategoryId>,
    status: ProductStatus,
}

/// A product to be made: with `variants`, or with the `price` and `stock` of its only one.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewProduct)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    seller_id: SellerId,
    title: Localized,
    #[serde(default)]
    description: Option<Localized>,
    image_url: String,
    #[serde(default)]
    media: Vec<Media>,
    #[serde(default)]
    options: Vec<ProductOption>,
    #[serde(default)]
    categories: Vec<CategoryId>,
    #[serde(default)]
    status: Option<ProductStatus>,
    #[serde(default)]
    variants: Option<Vec<VariantFields>>,
    #[serde(default)]
    price: Option<Money>,
    #[serde(default)]
    stock: Option<u32>,
}

impl Create {
    fn variants(&mut self) -> Answer<Vec<NewVariant>> {
        let refused = |pointer, code, detail| {
            let problem = Problem::new(signaling_wire::Code::ValidationError, "");
            Err(problem.with_field(pointer, code, detail).into())
        };
        match (self.variants.take(), self.price, self.stock) {
            (Some(variants), None, None) => {
                Ok(variants.into_iter().map(NewVariant::from).collect())
            }
            (Some(_), ..) => refused("/price", "unknown", "stands in the variants"),
            (None, Some(price), stock) => {
                let choice = commerce_service::Choice::default();
                Ok(vec![NewVariant::of(choice, price, stock.unwrap_or(0))])
            }
            (None, None, _) => refused("/price", "required", "or `variants`"),
        }
    }
}

fn texts(
    title: Localized,
    description: Option<Localized>,
    image_url: String,
    more: (Vec<Media>, Vec<ProductOption>, Vec<CategoryId>),
) -> EditProduct {
    let mut texts = EditProduct::named(title, image_url);
    if let Some(description) = description {
        texts.description = description;
    }
    (texts.media, texts.options, texts.categories) = more;
    texts
}

/// Makes a product.
#[utoipa::path(
    post,
    path = "/api/products",
    security(("user" = [])),
    request_body = Create,
    responses(
        (status = 201, description = "Made.", body = Product),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    user: User,
    Fields(mut create): Fields<Create>,
) -> Answer<impl IntoResponse> {
    let variants = create.variants()?;
    let more = (create.media, create.options, create.categories);
    let new = NewProduct {
        seller_id: create.seller_id,
        status: create.status.unwrap_or(ProductStatus::Active),
        texts: texts(create.title, create.description, create.image_url, more),
        variants,
    };
    let made = app.commerce.create_product(user.actor(), new).await;
    let made = made.map_err(Problem::from)?;
    Ok((StatusCode::CREATED, etag(made.version), Json(made)))
}

/// Replaces what a product says; its variants stay.
#[utoipa::path(
    put,
    path = "/api/products/{id}",
    security(("user" = [])),
    params(("If-Match" = String, Header, description = "The `ETag` that was seen.")),
    request_body = Texts,
    responses(
        (status = 200, description = "Done.", body = Product),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn replace(
    State(app): State<App>,
    user: User,
    Id(id): Id<ProductId>,
    IfMatch(version): IfMatch,
    Fields(new): Fields<Texts>,
) -> Answer<impl IntoResponse> {
    let more = (new.media, new.options, new.categories);
    let edit = texts(new.title, new.description, new.image_url, more);
    let edited = app
        .commerce
        .edit_product(user.actor(), id, version, edit, new.status)
        .await
        .map_err(Problem::from)?;
    Ok((etag(edited.version), Json(edited)))
}

/// Takes a product out of the shop; orders still show it.
#[utoipa::path(
    delete,
    path = "/api/products/{id}",
    security(("user" = [])),
    params(("If-Match" = String, Header, description = "The `ETag` that was seen.")),
    responses((status = 204, description = "Archived."), (status = 403, description = "forbidden")),
)]
pub(crate) async fn archive(
    State(app): State<App>,
    user: User,
    Id(id): Id<ProductId>,
    IfMatch(version): IfMatch,
) -> Answer<StatusCode> {
    let archived = app
        .commerce
        .archive_product(user.actor(), id, version)
        .await;
    archived.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}
