//! Which products are listed, in which order, and where a page starts.
//!
//! The orders are a closed list. A cursor names its order and holds the sorted value beside the id,
//! so that pages neither repeat nor skip what has equal values.

use commerce_core::{catalog::ProductStatus, limits::QUERY_WORDS_MAX, search};
use signaling_wire::{CategoryId, ProductId, SellerId};

use super::ProductSummary;
use crate::{ServiceError, limits, validation::Validation};

/// In which order products are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProductSort {
    /// The newest first.
    #[default]
    Newest,
    /// The cheapest first.
    Cheapest,
    /// The dearest first.
    Dearest,
    /// The best liked first.
    BestRated,
}

/// Which products to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductFilter {
    /// Words that are in the name, the description or a number.
    pub query: Option<String>,
    /// Of this category, or one below it.
    pub category: Option<CategoryId>,
    /// Only of this seller.
    pub seller: Option<SellerId>,
    /// With a variant of this price or above, minor units.
    pub price_min: Option<i64>,
    /// With a variant of this price or below.
    pub price_max: Option<i64>,
    /// Only what lies on a shelf.
    pub in_stock: bool,
    /// Others than active ones are for those who act for the seller.
    pub status: ProductStatus,
    /// In which order.
    pub sort: ProductSort,
}

impl Default for ProductFilter {
    fn default() -> Self {
        Self {
            query: None,
            category: None,
            seller: None,
            price_min: None,
            price_max: None,
            in_stock: false,
            status: ProductStatus::Active,
            sort: ProductSort::Newest,
        }
    }
}

/// A filter that was looked at, as the database is asked for it.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) filter: ProductFilter,
    pub(crate) terms: Option<[(String, String); QUERY_WORDS_MAX]>,
    /// The last row that the caller has: its sorted value and its id.
    pub(crate) after: Option<(i64, ProductId)>,
}

impl ProductFilter {
    /// Only of one seller.
    pub fn of(seller: SellerId) -> Self {
        Self {
            seller: Some(seller),
            ..Self::default()
        }
    }

    pub(crate) fn checked(self, cursor: Option<&str>) -> Result<Search, ServiceError> {
        let mut validation = Validation::default();
        let mut terms = None;
        if let Some(query) = &self.query {
            let bounded = query.chars().count() <= limits::QUERY_CHARS_MAX;
            validation.check(bounded, "/q", "max", "is too long");
            terms = search::ranges(query);
            validation.check(terms.is_some(), "/q", "format", "has no word to look for");
        }
        for (bound, pointer) in [
            (self.price_min, "/price_min"),
            (self.price_max, "/price_max"),
        ] {
            let sound = bound.is_none_or(|amount| amount >= 0);
            validation.check(sound, pointer, "range", "must not be negative");
        }
        let after = match cursor {
            Some(text) => {
                let after = self.sort.parse(text);
                let detail = "is not a cursor of this list";
                validation.check(after.is_some(), "/cursor", "format", detail);
                after
            }
            None => None,
        };
        validation.done()?;
        Ok(Search {
            filter: self,
            terms,
            after,
        })
    }
}

impl ProductSort {
    /// Every order, by its name in a query.
    pub const ALL: [(&'static str, Self); 4] = [
        ("newest", Self::Newest),
        ("price", Self::Cheapest),
        ("-price", Self::Dearest),
        ("-rating", Self::BestRated),
    ];

    /// The order of a name.
    pub fn named(text: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, sort)| *sort)
    }

    const fn letter(self) -> char {
        match self {
            Self::Newest => 'n',
            Self::Cheapest => 'c',
            Self::Dearest => 'd',
            Self::BestRated => 'r',
        }
    }

    /// Where the page after a product starts.
    pub(crate) fn cursor(self, product: &ProductSummary) -> String {
        let value = match self {
            Self::Newest => 0,
            Self::Cheapest | Self::Dearest => product.price.amount,
            #[allow(clippy::cast_possible_truncation)]
            Self::BestRated => (product.rating.average * 100.0).round() as i64,
        };
        format!("{}{value}.{}", self.letter(), product.id)
    }

    fn parse(self, cursor: &str) -> Option<(i64, ProductId)> {
        let (value, id) = cursor.strip_prefix(self.letter())?.split_once('.')?;
        Some((value.parse().ok()?, id.parse().ok()?))
    }
}
