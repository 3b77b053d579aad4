//! Making and changing products.

use commerce_core::{
    Deed,
    catalog::{self, Choice, ProductStatus},
    limits::UNITS_MAX,
};
use signaling_wire::{
    CategoryId, Money, ProductId, SellerId, VariantId, frame::shop::Localized,
    limits::ORDER_QUANTITY_MAX,
};

use super::{Media, Product, ProductOption};
use crate::{Actor, Commerce, ServiceError, db, limits, mint::mint, validation::Validation};

/// A product to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    /// Whose it is.
    pub seller_id: SellerId,
    /// Whether it is offered at once.
    pub status: ProductStatus,
    /// What it says.
    pub texts: EditProduct,
    /// In what ways it can be bought; at least one.
    pub variants: Vec<NewVariant>,
}

/// What a product says, all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditProduct {
    /// Its name.
    pub title: Localized,
    /// More words about it.
    pub description: Localized,
    /// Path of this site or https address of its picture.
    pub image_url: String,
    /// More pictures and films, in order.
    pub media: Vec<Media>,
    /// What can be chosen.
    pub options: Vec<ProductOption>,
    /// Where it is found.
    pub categories: Vec<CategoryId>,
}

/// A way to buy a product, to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVariant {
    /// The values that it stands for.
    pub choice: Choice,
    /// The seller's own number; `None` takes the variant's id.
    pub sku: Option<String>,
    /// List price.
    pub price: Money,
    /// What it cost before, if that is shown.
    pub compare_at: Option<Money>,
    /// Weight in grams.
    pub weight_g: u32,
    /// Most units in one order.
    pub max_per_buyer: Option<u32>,
    /// Units that come in with it.
    pub stock: u32,
}

impl NewProduct {
    /// A product with nothing to choose, offered at once.
    pub fn simple(
        seller_id: SellerId,
        title: Localized,
        image_url: String,
        price: Money,
        stock: u32,
    ) -> Self {
        Self {
            seller_id,
            status: ProductStatus::Active,
            texts: EditProduct::named(title, image_url),
            variants: vec![NewVariant::of(Choice::default(), price, stock)],
        }
    }
}

impl EditProduct {
    /// A name and a picture.
    pub fn named(title: Localized, image_url: String) -> Self {
        Self {
            title,
            description: Localized {
                ko: String::new(),
                en: String::new(),
            },
            image_url,
            media: Vec::new(),
            options: Vec::new(),
            categories: Vec::new(),
        }
    }

    fn validate(&self, validation: &mut Validation) {
        validation.localized(&self.title, "/title");
        validation.text(&self.description.ko, "/description/ko");
        validation.text(&self.description.en, "/description/en");
        validation.image(&self.image_url, "/image_url");
        let bounded = self.media.len() <= limits::MEDIA_MAX;
        validation.check(bounded, "/media", "max", "is too many");
        for (n, media) in self.media.iter().enumerate().take(limits::MEDIA_MAX) {
            validation.image(&media.url, &format!("/media/{n}/url"));
            validation.localized(&media.alt, &format!("/media/{n}/alt"));
        }
        for (n, option) in self.options.iter().enumerate().take(limits::MEDIA_MAX) {
            validation.localized(&option.name, &format!("/options/{n}/name"));
            for (v, value) in option.values.iter().enumerate().take(limits::MEDIA_MAX) {
                validation.localized(value, &format!("/options/{n}/values/{v}"));
            }
        }
        let bounded = self.categories.len() <= limits::PRODUCT_CATEGORIES_MAX;
        validation.check(bounded, "/categories", "max", "is too many");
    }

    /// Looks whether variants fit the options.
    fn fits(&self, choices: &[Choice], validation: &mut Validation) {
        let values: Vec<usize> = self
            .options
            .iter()
            .map(|option| option.values.len())
            .collect();
        if let Err((error, at)) = catalog::check(&values, choices) {
            let pointer = match at {
                Some(n) => format!("/variants/{n}/choice"),
                None => "/options".to_owned(),
            };
            validation.check(false, &pointer, "choice", &error.to_string());
        }
    }

    /// What a choice is called.
    pub(crate) fn label(&self, choice: &Choice) -> Option<Localized> {
        let chosen: Vec<&Localized> = choice
            .0
            .iter()
            .zip(&self.options)
            .filter_map(|(n, option)| option.values.get(*n as usize))
            .collect();
        let joined = |word: fn(&Localized) -> &str| {
            let words: Vec<&str> = chosen.iter().map(|value| word(value).trim()).collect();
            words.join(" / ")
        };
        (!chosen.is_empty()).then(|| Localized {
            ko: joined(|value| &value.ko),
            en: joined(|value| &value.en),
        })
    }
}

impl NewVariant {
    /// A variant with a price and units, and nothing special.
    pub fn of(choice: Choice, price: Money, stock: u32) -> Self {
        Self {
            choice,
            sku: None,
            price,
            compare_at: None,
            weight_g: 0,
            max_per_buyer: None,
            stock,
        }
    }

    pub(super) fn validate(&self, at: &str, validation: &mut Validation) {
        validation.price(self.price, &format!("{at}/price"));
        check_terms(
            validation,
            at,
            self.price,
            self.compare_at,
            self.max_per_buyer,
        );
        if let Some(sku) = &self.sku {
            validation.sku(sku, &format!("{at}/sku"));
        }
        let light = self.weight_g <= limits::WEIGHT_G_MAX;
        validation.check(light, &format!("{at}/weight_g"), "max", "is too much");
        let few = self.stock <= UNITS_MAX;
        validation.check(few, &format!("{at}/stock"), "max", "is too much");
    }
}

/// Only those who run the site take a product down, and not by an edit.
fn offered(status: ProductStatus, validation: &mut Validation) {
    let own = status != ProductStatus::Blocked;
    validation.check(own, "/status", "enum", "must be draft, active or archived");
}

/// What stands beside a price must fit it.
pub(super) fn check_terms(
    validation: &mut Validation,
    at: &str,
    price: Money,
    compare_at: Option<Money>,
    max_per_buyer: Option<u32>,
) {
    if let Some(before) = compare_at {
        let pointer = format!("{at}/compare_at");
        validation.price(before, &pointer);
        let more = before.amount > price.amount && before.currency == price.currency;
        validation.check(more, &pointer, "range", "must be more than the price");
    }
    let limit = max_per_buyer.is_none_or(|most| (1..=ORDER_QUANTITY_MAX).contains(&most));
    let pointer = format!("{at}/max_per_buyer");
    validation.check(limit, &pointer, "range", "must be 1 to 99");
}

impl Commerce {
    /// Creates a product with its variants and their stock.
    ///
    /// # Errors
    /// Validation, [`ServiceError::Forbidden`], a number that is taken.
    pub async fn create_product(
        &self,
        actor: Actor,
        new: NewProduct,
    ) -> Result<Product, ServiceError> {
        let mut validation = Validation::default();
        new.texts.validate(&mut validation);
        offered(new.status, &mut validation);
        let choices: Vec<Choice> = new
            .variants
            .iter()
            .map(|each| each.choice.clone())
            .collect();
        new.texts.fits(&choices, &mut validation);
        let single = new.texts.options.is_empty();
        let currency = new.variants.first().map(|variant| variant.price.currency);
        for (n, variant) in new.variants.iter().enumerate().take(limits::VALIDATED_MAX) {
            let at = if single {
                String::new()
            } else {
                format!("/variants/{n}")
            };
            variant.validate(&at, &mut validation);
            let same = Some(variant.price.currency) == currency;
            let pointer = format!("{at}/price/currency");
            validation.check(same, &pointer, "currency", "differs from the others");
        }
        validation.done()?;
        self.authorize(actor, new.seller_id, Deed::ManageProducts)
            .await?;
        let now = self.now_us();
        let id = mint!(ProductId, now);
        let ids: Vec<VariantId> = choices.iter().map(|_| mint!(VariantId, now)).collect();
        self.store()
            .transact(move |conn| {
                let (new, ids) = (new.clone(), ids.clone());
                Box::pin(
                    async move { db::product::insert(conn, id, &new, &ids, actor.user, now).await },
                )
            })
            .await
            .map_err(|error: ServiceError| error.or_missing("seller or category"))?;
        self.product(Some(actor), id).await
    }

    /// Replaces what a product says, if it still is in the version that the caller saw.
    ///
    /// # Errors
    /// Validation (also options that do not fit the variants), [`ServiceError::Forbidden`],
    /// [`ServiceError::Outdated`].
    pub async fn edit_product(
        &self,
        actor: Actor,
        id: ProductId,
        version: u32,
        edit: EditProduct,
        status: ProductStatus,
    ) -> Result<Product, ServiceError> {
        let mut validation = Validation::default();
        edit.validate(&mut validation);
        offered(status, &mut validation);
        validation.done()?;
        self.authorize_product(actor, id, Deed::ManageProducts)
            .await?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                let edit = edit.clone();
                Box::pin(async move {
                    let choices = db::product::lock(conn, id, version, now).await?;
                    db::product::assert_unblocked(conn, id).await?;
                    let mut validation = Validation::default();
                    edit.fits(&choices, &mut validation);
                    validation.done()?;
                    db::product::rewrite(conn, id, &edit, status, now).await
                })
            })
            .await
            .map_err(|error: ServiceError| error.or_missing("category"))?;
        self.product(Some(actor), id).await
    }

    /// Takes a product out of the shop; orders still show it.
    ///
    /// # Errors
    /// As [`Commerce::edit_product`].
    pub async fn archive_product(
        &self,
        actor: Actor,
        id: ProductId,
        version: u32,
    ) -> Result<(), ServiceError> {
        self.authorize_product(actor, id, Deed::ManageProducts)
            .await?;
        let now = self.now_us();
        self.store()
            .transact(move |conn| {
                Box::pin(async move {
                    db::product::lock(conn, id, version, now).await?;
                    db::product::assert_unblocked(conn, id).await?;
                    db::product::set_status(conn, id, ProductStatus::Archived).await
                })
            })
            .await
    }
}
