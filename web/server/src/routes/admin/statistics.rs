//! `/api/admin/statistics` and `/api/seller/statistics`: what was sold, by day, seller or show.

use axum::{Json, extract::State};
use commerce_service::{Day, Group, Statistic, StatisticsFilter};
use serde::Deserialize;
use signaling_wire::{Code, Problem, SellerId, StreamId};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::{
    error::{Answer, Refusal},
    extract::{Query, User},
    limits,
    routes::{
        page::{PageView, checked},
        table::Table,
    },
    state::App,
};

/// The routes of this file.
pub(super) fn routes() -> Table {
    Table::new().on(routes!(whole)).on(routes!(of_seller))
}

/// Of which days, by what, and which part.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statistics {
    #[serde(default)]
    #[param(inline)]
    by: Group,
    /// First day of UTC, `2026-11-22`; 30 days before the last unless named.
    #[serde(default)]
    from: Option<String>,
    /// Last day; today unless named.
    #[serde(default)]
    until: Option<String>,
    #[serde(default)]
    seller_id: Option<SellerId>,
    #[serde(default)]
    stream_id: Option<StreamId>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

impl Statistics {
    fn filter(&self) -> Answer<StatisticsFilter> {
        let today = Day::of_us(commerce_store::clock::now_us());
        let until = day(&self.until, "/until")?.unwrap_or(today);
        let from = day(&self.from, "/from")?;
        Ok(StatisticsFilter {
            by: self.by,
            from: from.unwrap_or(until.back(limits::STATISTICS_DAYS)),
            until,
            seller: self.seller_id,
            stream: self.stream_id,
        })
    }
}

fn day(text: &Option<String>, pointer: &str) -> Answer<Option<Day>> {
    let refused = |_| {
        let problem = Problem::new(Code::ValidationError, "");
        Refusal::from(problem.with_field(pointer, "format", "must be a day such as 2026-11-22"))
    };
    text.as_ref()
        .map(|text| text.parse().map_err(refused))
        .transpose()
}

/// What was sold on the whole site: orders, worth of goods, refunds, conversion.
#[utoipa::path(
    get,
    path = "/api/admin/statistics",
    security(("user" = [])),
    params(Statistics),
    responses(
        (status = 200, description = "Done.", body = PageView<Statistic>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn whole(
    State(app): State<App>,
    user: User,
    Query(query): Query<Statistics>,
) -> Answer<Json<PageView<Statistic>>> {
    let filter = query.filter()?;
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let page = app
        .commerce
        .statistics(user.actor(), filter, (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |row| row)))
}

/// What a seller sold, for its owner and managers; `seller_id` is needed.
#[utoipa::path(
    get,
    path = "/api/seller/statistics",
    security(("user" = [])),
    params(Statistics),
    responses(
        (status = 200, description = "Done.", body = PageView<Statistic>),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"),
    ),
)]
pub(crate) async fn of_seller(
    State(app): State<App>,
    user: User,
    Query(query): Query<Statistics>,
) -> Answer<Json<PageView<Statistic>>> {
    let filter = query.filter()?;
    let Some(seller) = filter.seller else {
        let problem = Problem::new(Code::ValidationError, "");
        return Err(problem
            .with_field("/seller_id", "required", "says whose")
            .into());
    };
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let page = app
        .commerce
        .seller_statistics(user.actor(), seller, filter, (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |row| row)))
}
