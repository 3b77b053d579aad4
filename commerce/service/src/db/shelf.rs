//! What checkout asks of the catalog, inside its own transaction. Signatures that hold:
//!
//! ```text
//! // db::shelf: units on the shelf (rows of `stock_level` with `sale_key = ''`).
//! struct Taken { want: Want, product: ProductId, stock_level_id: i64, seq: u64 }   // commerce_core::shelf::Want { variant, quantity }
//! struct Held  { stock_level_id: i64, quantity: u32, cause: ledger::Cause }
//! async fn reserve(conn, wants: &[Want], causes: &[Cause], now) -> Result<Vec<Taken>, ServiceError>
//!     // all or nothing, rows locked in id order; `Refusal::ShortOf { lines }` names what is short.
//!     // causes[i] (reservation, order, actor) goes into the movement of wants[i].
//! async fn release(conn, &[Held], now) -> Result<(), StoreError>     // held -> available
//! async fn commit (conn, &[Held], now) -> Result<(), StoreError>     // held -> committed (paid)
//! async fn retake (conn, &[Held], now) -> Result<bool, StoreError>   // paid late: available -> committed, or false and nothing
//! async fn ship   (conn, &[Held], now) -> Result<(), StoreError>     // committed units leave: on_hand and committed fall
//! async fn restock(conn, &[Held], shipped: bool, now) -> Result<(), StoreError>   // committed (or shipped) units come back
//!
//! // db::offer: what variants cost and whether they are sold, never from the client.
//! struct Offer { variant: VariantId, product: ProductId, seller: SellerId, title: Localized, label: Option<Localized>, sku: String,
//!                unit_price: Money, max_per_buyer: Option<u32>, sold: bool }
//! async fn offers(executor, &[VariantId]) -> Result<Vec<Offer>, StoreError>       // one statement
//!
//! // db::coupon: codes are compared by commerce_core::coupon::code_key; one coupon per order group.
//! struct Quote { coupon: CouponId, promotion: PromotionId, discounts: Vec<i64> }  // one per line, summing to the whole
//! async fn quote(conn, code: &str, buyer: UserId, lines: &[coupon::Line], now) -> Result<Quote, ServiceError>   // Refusal::Coupon { why }
//! async fn consume(conn, &Quote, buyer, group: &str, now) -> Result<(), ServiceError>   // conditional counts, CHECKs
//! async fn give_back(conn, group: &str, now) -> Result<(), StoreError>                  // on cancel or expiry; once
//!
//! // db::cart
//! async fn lines(executor, user: UserId) -> Result<Vec<Want>, StoreError>; async fn coupon(executor, user) -> Result<Option<String>, StoreError>
//! async fn bought(conn, user: UserId, &[VariantId]) -> Result<(), StoreError>            // takes them out of the cart
//! ```
