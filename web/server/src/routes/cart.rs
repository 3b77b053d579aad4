//! `/api/cart`: what somebody means to buy, with or without an account.
//!
//! A guest's cart is named by a token of 128 random bits in a cookie that only this site reads, or
//! in the header `Cart-Token`. The first request of somebody who has signed in meanwhile brings it
//! into their own cart and takes the cookie away.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{HeaderName, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use commerce_service::{Cart, CartOwner};
use serde::Deserialize;
use signaling_wire::{Code, Problem, VariantId};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::table::Table;
use crate::{
    cookies::Cookie,
    error::{Answer, Refusal},
    extract::{Caller, ClientAddress, Fields, Id},
    security,
    state::App,
};

/// How long a guest's browser keeps the token; as long as the cart is kept.
const COOKIE_SECONDS: u64 = commerce_service::limits::GUEST_CART_KEPT.as_secs();
const TOKEN: HeaderName = HeaderName::from_static("cart-token");

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(show))
        .on(routes!(add))
        .on(routes!(change, remove))
        .on(routes!(enter_coupon, remove_coupon))
}

/// Whose cart a request is about; `None` is a guest without one.
pub(crate) struct CartOf {
    owner: Option<CartOwner>,
    /// What the answer says about the cookie.
    cookie: Option<HeaderValue>,
}

impl FromRequestParts<App> for CartOf {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let Caller(claims) = Caller::from_request_parts(parts, app).await?;
        let headers = &parts.headers;
        let by_cookie = Cookie::Cart.read(&app.http, headers);
        if by_cookie.is_some() && parts.method != Method::GET {
            security::same_origin(&app.http, headers)?;
        }
        let by_header = headers.get(TOKEN).and_then(|value| value.to_str().ok());
        let guest = by_header
            .or(by_cookie.as_deref())
            .and_then(CartOwner::guest);
        if headers.contains_key(TOKEN) && guest.is_none() {
            return Err(Refusal::new(Code::BadRequest, "Cart-Token is no token"));
        }
        let Some(claims) = claims else {
            return Ok(Self {
                owner: guest,
                cookie: None,
            });
        };
        let mut cookie = None;
        if let Some(guest) = guest {
            app.commerce
                .merge_cart(claims.user, guest)
                .await
                .map_err(Problem::from)?;
            cookie = by_cookie
                .as_ref()
                .map(|_| Cookie::Cart.set(&app.http, "", 0))
                .transpose()?;
        }
        Ok(Self {
            owner: Some(CartOwner::User(claims.user)),
            cookie,
        })
    }
}

impl CartOf {
    /// Somebody's cart as it is now, with what the browser is told about the token.
    async fn answer(self, app: &App) -> Answer<Response> {
        let cart = match &self.owner {
            Some(owner) => app.commerce.cart(owner).await.map_err(Problem::from)?,
            None => Cart::default(),
        };
        let mut response = Json(cart).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(cookie) = self.cookie {
            headers.insert(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }

    fn known(&self) -> Answer<CartOwner> {
        self.owner.clone().ok_or_else(Refusal::not_found)
    }
}

/// The cart, with prices and stock of this moment.
#[utoipa::path(
    get,
    path = "/api/cart",
    responses((status = 200, description = "Done.", body = Cart)),
)]
pub(crate) async fn show(State(app): State<App>, cart: CartOf) -> Answer<Response> {
    cart.answer(&app).await
}

/// Units to put into a cart.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewCartItem)]
#[serde(deny_unknown_fields)]
pub(crate) struct Add {
    variant_id: VariantId,
    quantity: u32,
}

/// Puts units into the cart, beside what is there. A guest without a cart is given one, and its
/// token in a cookie and in `Cart-Token`.
#[utoipa::path(
    post,
    path = "/api/cart/items",
    request_body = Add,
    responses(
        (status = 200, description = "The cart after it.", body = Cart),
        (status = 404, description = "not_found"),
    ),
)]
pub(crate) async fn add(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    mut cart: CartOf,
    Fields(add): Fields<Add>,
) -> Answer<Response> {
    let mut token = None;
    let owner = match cart.owner.clone() {
        Some(owner) => owner,
        None => {
            app.rates.carts.check(address)?;
            let new = CartOwner::token();
            let owner = CartOwner::guest(&new).ok_or_else(Refusal::not_found)?;
            cart.cookie = Some(Cookie::Cart.set(&app.http, &new, COOKIE_SECONDS)?);
            cart.owner = Some(owner.clone());
            token = HeaderValue::try_from(new).ok();
            owner
        }
    };
    app.commerce
        .add_to_cart(owner, add.variant_id, add.quantity)
        .await
        .map_err(Problem::from)?;
    let mut response = cart.answer(&app).await?;
    if let Some(token) = token {
        response.headers_mut().insert(TOKEN, token);
    }
    Ok(response)
}

/// How many units there are to be.
#[derive(Deserialize, ToSchema)]
#[schema(as = CartItemChanges)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    quantity: u32,
}

/// Changes the units of a line.
#[utoipa::path(
    patch,
    path = "/api/cart/items/{id}",
    request_body = Change,
    responses((status = 200, description = "The cart after it.", body = Cart)),
)]
pub(crate) async fn change(
    State(app): State<App>,
    cart: CartOf,
    Id(variant): Id<VariantId>,
    Fields(change): Fields<Change>,
) -> Answer<Response> {
    let changed = app
        .commerce
        .change_cart(cart.known()?, variant, change.quantity)
        .await;
    changed.map_err(Problem::from)?;
    cart.answer(&app).await
}

/// Takes a line out.
#[utoipa::path(
    delete,
    path = "/api/cart/items/{id}",
    responses((status = 200, description = "The cart after it.", body = Cart)),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    cart: CartOf,
    Id(variant): Id<VariantId>,
) -> Answer<Response> {
    let removed = app.commerce.remove_from_cart(cart.known()?, variant).await;
    removed.map_err(Problem::from)?;
    cart.answer(&app).await
}

/// A coupon's code.
#[derive(Deserialize, ToSchema)]
#[schema(as = EnterCoupon)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enter {
    code: String,
}

/// Enters a coupon that applies to what is in the cart.
#[utoipa::path(
    post,
    path = "/api/cart/coupons",
    request_body = Enter,
    responses(
        (status = 200, description = "The cart with it.", body = Cart),
        (status = 422, description = "coupon_refused"),
    ),
)]
pub(crate) async fn enter_coupon(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    cart: CartOf,
    Fields(enter): Fields<Enter>,
) -> Answer<Response> {
    // Codes are not to be guessed at speed.
    app.rates.coupons.check(address)?;
    let entered = app
        .commerce
        .set_cart_coupon(cart.known()?, Some(&enter.code))
        .await;
    entered.map_err(Problem::from)?;
    cart.answer(&app).await
}

/// Takes the coupon out of the cart.
#[utoipa::path(
    delete,
    path = "/api/cart/coupons",
    responses((status = 200, description = "The cart without it.", body = Cart)),
)]
pub(crate) async fn remove_coupon(State(app): State<App>, cart: CartOf) -> Answer<Response> {
    let removed = app.commerce.set_cart_coupon(cart.known()?, None).await;
    removed.map_err(Problem::from)?;
    cart.answer(&app).await
}
