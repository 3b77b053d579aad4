//! Lists of products: one statement for a page, whatever its filter. The orders are a closed set of
//! statements; what people type only ever is a value.

use commerce_core::catalog::{ProductStatus, Rating};
use commerce_store::StoreError;
use signaling_wire::ProductId;

use crate::{
    AdminProductFilter, ProductSort, ProductSummary, ShelfStock,
    db::{
        category, count, money, optional, parsed, seq,
        sql::{Reader, Row, get, query},
        title, word,
    },
    product::Search,
};

/// What a list shows of a product, with more columns before it.
macro_rules! columns {
    ($more:literal) => {
        concat!(
            "SELECT ",
            $more,
            " p.id, p.seller_id, p.status, p.image_url, p.price, p.price_max, p.currency,
             p.rating_sum, p.rating_count, ko.title AS title_ko, en.title AS title_en,
             (SELECT CAST(COALESCE(SUM(l.on_hand), 0) AS SIGNED) FROM stock_level l
              WHERE l.product_id = p.id AND l.sale_key = '') AS on_hand,
             (SELECT CAST(COALESCE(SUM(l.on_hand - l.held - l.committed), 0) AS SIGNED)
              FROM stock_level l WHERE l.product_id = p.id AND l.sale_key = '') AS available,
             (SELECT CASE WHEN COUNT(*) = 1 THEN MIN(v.id) ELSE NULL END FROM variant v
              WHERE v.product_id = p.id AND v.status = 'active') AS only_variant
             FROM product p
             JOIN product_text ko ON ko.product_id = p.id AND ko.locale = 'ko'
             JOIN product_text en ON en.product_id = p.id AND en.locale = 'en'"
        )
    };
}
pub(super) use columns;

/// A page: the filter, what comes after the last row, the order.
macro_rules! page {
    ($search:literal, $after:literal, $order:literal) => {
        concat!(
            columns!(""),
            " WHERE p.status = ? AND (? IS NULL OR p.seller_id = ?)
                AND EXISTS (SELECT 1 FROM seller s WHERE s.id = p.seller_id AND s.status = 'active')
                AND (? IS NULL OR p.price_max >= ?) AND (? IS NULL OR p.price <= ?)
                AND (? = 0 OR EXISTS (SELECT 1 FROM stock_level l WHERE l.product_id = p.id
                     AND l.sale_key = '' AND l.on_hand - l.held - l.committed > 0))
                AND (? IS NULL OR EXISTS (SELECT 1 FROM product_category pc
                     JOIN category c ON c.id = pc.category_id
                     WHERE pc.product_id = p.id AND c.path >= ? AND c.path < ?))",
            $search,
            $after,
            $order,
            " LIMIT ?"
        )
    };
}

macro_rules! orders {
    ($search:literal) => {
        [
            page!(
                $search,
                " AND (? = 0 OR (? = ? AND p.id < ?))",
                " ORDER BY p.id DESC"
            ),
            page!(
                $search,
                " AND (? = 0 OR p.price > ? OR (p.price = ? AND p.id < ?))",
                " ORDER BY p.price, p.id DESC"
            ),
            page!(
                $search,
                " AND (? = 0 OR p.price < ? OR (p.price = ? AND p.id < ?))",
                " ORDER BY p.price DESC, p.id DESC"
            ),
            page!(
                $search,
                " AND (? = 0 OR p.rating < ? OR (p.rating = ? AND p.id < ?))",
                " ORDER BY p.rating DESC, p.id DESC"
            ),
        ]
    };
}

const BROWSE: [&str; 4] = orders!("");
/// A product must have a term in every range; the ranges of a search are always four.
const SEARCH: [&str; 4] = orders!(
    " AND p.id IN (SELECT t.product_id FROM product_term t WHERE t.term >= ? AND t.term < ?)
      AND EXISTS (SELECT 1 FROM product_term t WHERE t.product_id = p.id AND t.term >= ? AND t.term < ?)
      AND EXISTS (SELECT 1 FROM product_term t WHERE t.product_id = p.id AND t.term >= ? AND t.term < ?)
      AND EXISTS (SELECT 1 FROM product_term t WHERE t.product_id = p.id AND t.term >= ? AND t.term < ?)"
);

const fn number(sort: ProductSort) -> usize {
    match sort {
        ProductSort::Newest => 0,
        ProductSort::Cheapest => 1,
        ProductSort::Dearest => 2,
        ProductSort::BestRated => 3,
    }
}

pub(crate) async fn list(
    reader: &Reader,
    search: &Search,
    limit: u32,
) -> Result<Vec<ProductSummary>, StoreError> {
    let filter = &search.filter;
    let subtree = match filter.category {
        // An unknown category has nothing in it.
        Some(id) => Some(
            category::path(reader, id)
                .await?
                .unwrap_or_else(|| id.to_string()),
        ),
        None => None,
    };
    let seller = filter.seller.map(|id| id.to_string());
    let statements = if search.terms.is_some() {
        SEARCH
    } else {
        BROWSE
    };
    let mut page = query(statements[number(filter.sort)])
        .bind(filter.status.name())
        .bind(seller.clone())
        .bind(seller)
        .bind(filter.price_min)
        .bind(filter.price_min)
        .bind(filter.price_max)
        .bind(filter.price_max)
        .bind(i64::from(filter.in_stock))
        .bind(subtree.clone())
        .bind(subtree.clone())
        // Ids are followed by a slash in paths, and `0` is what comes after it.
        .bind(subtree.map(|path| format!("{}0", path.trim_end_matches('/'))));
    for (from, to) in search.terms.iter().flatten() {
        page = page.bind(from.clone()).bind(to.clone());
    }
    let (value, last) = match search.after {
        Some((value, id)) => (value, id.to_string()),
        None => (0, String::new()),
    };
    let rows = page
        .bind(i64::from(search.after.is_some()))
        .bind(value)
        .bind(value)
        .bind(last)
        .bind(limit)
        .fetch_all(reader)
        .await?;
    rows.iter().map(summary).collect()
}

/// Products of all sellers, in every state, the newest first.
pub(crate) async fn all(
    reader: &Reader,
    filter: AdminProductFilter,
    after: Option<ProductId>,
    limit: u32,
) -> Result<Vec<ProductSummary>, StoreError> {
    let after = after.map_or_else(|| "prd_~".to_owned(), |id| id.to_string());
    let mut page = query(concat!(columns!(""), " WHERE p.id < ?")).bind(after);
    if let Some(status) = filter.status {
        page = page.and("AND p.status = ?").bind(status.name());
    }
    if let Some(seller) = filter.seller {
        page = page.and("AND p.seller_id = ?").bind(seller.to_string());
    }
    let page = page.and("ORDER BY p.id DESC LIMIT ?").bind(limit);
    page.fetch_all(reader).await?.iter().map(summary).collect()
}

pub(super) fn summary(row: &Row) -> Result<ProductSummary, StoreError> {
    let rating = Rating {
        sum: seq(row, "rating_sum")?,
        count: count(row, "rating_count")?,
    };
    Ok(ProductSummary {
        id: parsed(row, "id")?,
        seller_id: parsed(row, "seller_id")?,
        status: word(row, "status", ProductStatus::parse)?,
        title: title(row)?,
        image_url: get(row, "image_url")?,
        price: money(row, "price")?,
        price_max: money(row, "price_max")?,
        rating: rating.into(),
        stock: ShelfStock {
            on_hand: count(row, "on_hand")?,
            available: count(row, "available")?,
        },
        variant_id: optional(row, "only_variant")?,
    })
}
