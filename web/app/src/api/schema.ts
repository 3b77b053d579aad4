// @generated from the handlers of web/server, with its openapi.json. Not edited by hand:
// SOUK_UPDATE_API=1 cargo test -p web-server openapi

export type Access = { access_token: string; expires_in: number }
export type Address = { address: PostalAddress; id: AddressId; is_default: boolean; label: string }
export type AddressChange = { address?: (PostalAddress | null); is_default?: (boolean | null); label?: (string | null) }
export type AddressId = string
export type AdjustReason = 'received' | 'recount' | 'damaged' | 'lost' | 'found' | 'returned' | 'other'
export type Adjustment = { delta: number; location_id?: (LocationId | null); note?: string; reason: AdjustReason }
export type Allocation = { delta: number; variant_id?: (VariantId | null) }
export type AttemptRecord = { at_ms: number; detail: string; no: number; state: string }
export type Audience = { bitrate: number; by_layer: Array<number>; connected: number; first_key_ms?: (number | null); loss: number; suffering: number }
export type AuditEntry = { action: string; actor: string; at_ms: number; detail: Record<string, unknown>; hash: string; object: string; seq: number }
export type AuditVerdict = { broken_seq?: (number | null); entries: number; sound: boolean }
export type BlockChange = { blocked: boolean; reason?: string }
export type BookCheck = { checked: number; claim: string; finished_ms?: (number | null); name: string; samples: Array<string>; started_ms?: (number | null); violations: number }
export type Books = { checks: Array<BookCheck>; sound: boolean; violations: number }
export type Broadcast = { audience: Audience; audio?: (string | null); live: boolean; publisher?: (Peer | null); started_ms: number; stream: StreamId; video?: (string | null); viewers: number }
export type BroadcastDetail = (Broadcast & { peers: Array<Peer>; peers_total: number })
export type CancelReason = { reason?: string }
export type Card = { highlighted?: boolean; id: CardId; no: number; product: CardProduct; sort?: (number | null); state: CardState }
export type CardChange = { highlighted: boolean }
export type CardId = string
export type CardMetrics = { card_id: CardId; clicked: number; no: number; orders: number; product_id: ProductId; revenue: Money; shown: number; units: number }
export type CardOrder = { cards: Array<CardId> }
export type CardProduct = { id: ProductId; image_url: string; price: Money; title: Localized; variant_id?: (VariantId | null) }
export type CardState = 'queued' | 'pinned' | 'shown' | 'hidden'
export type Cart = { coupon?: (CartCoupon | null); discount?: (Money | null); items: Array<CartItem>; subtotal?: (Money | null); total?: (Money | null) }
export type CartCoupon = { code: string; reason?: (string | null) }
export type CartItem = { available: number; image_url: string; label?: (Localized | null); max_per_buyer: number; product_id: ProductId; quantity: number; seller_id: SellerId; state: CartItemState; title: Localized; total: Money; unit_price: Money; variant_id: VariantId; was?: (Money | null) }
export type CartItemChanges = { quantity: number }
export type CartItemState = 'ok' | 'short' | 'over_limit' | 'gone'
export type Category = { depth: number; id: CategoryId; name: Localized; parent_id?: (CategoryId | null); slug: string; sort: number }
export type CategoryId = string
export type Checkout = { id: OrderGroupId; orders: Array<Order>; total: Money }
export type CheckoutItem = { quantity: number; variant_id: VariantId }
export type Choice = Array<number>
export type Claim = { answer: string; at_ms: number; fee_bearer: FeeBearer; id: ClaimId; kind: ClaimKind; lines: Array<LineUnits>; order_id: OrderId; reason: string; state: string }
export type ClaimDecision = { action: string; answer?: string; deduct?: number; restock?: boolean }
export type ClaimId = string
export type ClaimKind = 'cancel' | 'return' | 'exchange'
export type Code = 'invalid_json' | 'bad_request' | 'idempotency_key_missing' | 'malformed_offer' | 'unknown_frame' | 'unauthenticated' | 'invalid_credentials' | 'second_factor_required' | 'wrong_code' | 'invalid_token' | 'payment_declined' | 'fresh_login_required' | 'second_factor_missing' | 'second_person_required' | 'muted' | 'banned' | 'forbidden' | 'not_found' | 'method_not_allowed' | 'not_acceptable' | 'email_taken' | 'out_of_stock' | 'per_buyer_limit' | 'sale_not_open' | 'price_changed' | 'invalid_transition' | 'cart_changed' | 'return_window_closed' | 'refund_too_high' | 'idempotency_in_flight' | 'stream_not_live' | 'publisher_conflict' | 'limit_reached' | 'conflict' | 'reservation_expired' | 'offer_expired' | 'token_spent' | 'stream_ended' | 'precondition_failed' | 'payload_too_large' | 'unsupported_media_type' | 'validation_error' | 'unsupported_offer' | 'variant_required' | 'offer_invalid' | 'coupon_refused' | 'idempotency_key_reused' | 'payment_amount_mismatch' | 'precondition_required' | 'rate_limited' | 'headers_too_large' | 'internal' | 'payment_provider_unavailable' | 'busy' | 'unavailable'
export type Comparison = { differences: Array<Difference>; ours: PaymentRecord; provider: ProviderReport }
export type ConfirmedSecondFactor = (Access & { recovery_codes: Array<string> })
export type Coupon = (NewCoupon & { active: boolean; id: CouponId; spent: number; used: number })
export type CouponChanges = { active: boolean }
export type CouponId = string
export type CreatedStream = (Stream & StreamKey)
export type Currency = 'KRW' | 'JPY' | 'USD' | 'EUR'
export type DeliveryId = string
export type Difference = { ours: string; provider: string; what: string }
export type Discount = ({ basis_points: number; kind: 'percent' } | { amount: number; kind: 'amount' })
export type EditCategory = { name?: (Localized | null); slug?: (string | null); sort?: (number | null) }
export type EditWebhook = { description?: (string | null); enabled?: (boolean | null); events?: (Array<string> | null); url?: (string | null) }
export type EnterCoupon = { code: string }
export type EventId = string
export type FeeBearer = 'buyer' | 'seller'
export type FieldError = { code: string; detail: string; pointer: string }
export type Forgot = { email: string }
export type FulfillmentStatus = 'unfulfilled' | 'partial' | 'fulfilled' | 'delivered' | 'returned'
export type Ingest = { audience: Audience; key_hint?: (string | null); live: boolean; publisher?: (Peer | null); viewers: number; whip_url: string }
export type LayerChoice = { encodingId?: (string | null); mediaId?: unknown }
export type Lease = { expires_ms: number; key?: (string | null); lease: string; product_id: ProductId; sale_id: SaleId; unit_price: Money; variant_id: VariantId }
export type LedgerEntry = { amount: Money; at_ms: number; kind: string; order_id: OrderId; order_line_id?: (OrderLineId | null); refund_id?: (RefundId | null); seq: number }
export type LevelView = { available: number; committed: number; held: number; ledger_seq: number; location_id: LocationId; on_hand: number; sale_id?: (SaleId | null); variant_id: VariantId }
export type LineUnits = { line_id: OrderLineId; quantity: number }
export type Localized = { en: string; ko: string }
export type Location = { id: LocationId; name: string; seller_id: SellerId }
export type LocationId = string
export type Login = { code?: (string | null); email: string; password: string }
export type Made = (Order | Checkout)
export type Me = { display_name: string; email: string; email_verified: boolean; id: UserId; locale: string; memberships: Array<Membership>; role: Role }
export type Media = { alt: Localized; url: string }
export type MemberChange = { role: MemberRole }
export type MemberRole = 'owner' | 'manager' | 'host' | 'assistant'
export type Membership = { role: MemberRole; seller_id: SellerId; seller_name: string }
export type Money = { amount: number; currency: Currency }
export type MovementView = { at_ms: number; committed: number; held: number; kind: string; location_id: LocationId; on_hand: number; reason: string; sale_id?: (SaleId | null); seq: number }
export type NewAccount = { display_name: string; email: string; locale?: (string | null); marketing?: boolean; password: string }
export type NewAddress = { address: PostalAddress; is_default?: boolean; label?: string }
export type NewCard = { product_id: ProductId }
export type NewCartItem = { quantity: number; variant_id: VariantId }
export type NewCategory = { name: Localized; parent_id?: (CategoryId | null); slug: string; sort?: number }
export type NewClaim = { fault_of_goods?: boolean; lines?: Array<LineUnits>; reason: string }
export type NewCoupon = { budget?: (number | null); code: string; currency: Currency; discount: Discount; ends_ms?: (number | null); minimum?: number; most?: (number | null); name: string; per_buyer?: number; seller_id?: (SellerId | null); starts_ms?: (number | null); total_limit?: (number | null) }
export type NewLease = { product_id: ProductId; variant_id?: (VariantId | null) }
export type NewLocation = { name: string }
export type NewOrder = { cart?: boolean; coupon?: (string | null); expected_total?: (Money | null); expected_unit_price?: (Money | null); items?: (Array<CheckoutItem> | null); lease?: (string | null); product_id?: (ProductId | null); quantity?: (number | null); sale_id?: (SaleId | null); variant_id?: (VariantId | null) }
export type NewPayment = { group_id: OrderGroupId }
export type NewProduct = { categories?: Array<CategoryId>; description?: (Localized | null); image_url: string; media?: Array<Media>; options?: Array<ProductOption>; price?: (Money | null); seller_id: SellerId; status?: (ProductStatus | null); stock?: (number | null); title: Localized; variants?: (Array<NewVariant> | null) }
export type NewRefund = { lines?: Array<LineUnits>; order_id: OrderId; reason: string; restock?: boolean; shipping?: boolean }
export type NewReview = { body?: string; order_line_id?: (OrderLineId | null); rating: number }
export type NewSale = { closes_ms?: (number | null); hold_seconds?: (number | null); items: Array<NewSaleItem>; opens_ms?: (number | null); stream_id: StreamId }
export type NewSaleItem = { allocated: number; max_per_buyer: number; price?: (Money | null); product_id: ProductId; variant_id?: (VariantId | null) }
export type NewSanction = { seconds?: (number | null) }
export type NewSecondFactor = { secret: string; uri: string }
export type NewSeller = { name: string }
export type NewShipment = { courier: string; invoice_no: string; lines?: Array<LineUnits> }
export type NewStream = { scheduled_ms?: (number | null); seller_id?: (SellerId | null); title: string }
export type NewTrackingEvent = { location?: string; state: string }
export type NewVariant = { choice?: Choice; compare_at?: (Money | null); max_per_buyer?: (number | null); price: Money; sku?: (string | null); stock?: number; weight_g?: number }
export type NewWebhook = { description?: string; events: Array<string>; seller_id?: (SellerId | null); url: string }
export type OpenSession = { address: string; created_ms: number; current: boolean; expires_ms: number; id: string; seen_ms: number; user_agent: string }
export type Order = { completed_ms?: (number | null); delivered_ms?: (number | null); discount: Money; fulfillment_status: FulfillmentStatus; group_id: OrderGroupId; id: OrderId; items_total: Money; ledger_seq: number; lines: Array<OrderLine>; number: string; paid_ms?: (number | null); payment: OrderPayment; payment_due_ms?: (number | null); payment_status: PaymentStatus; placed_ms: number; sale_id?: (SaleId | null); seller_id: SellerId; shipping: Money; status: OrderStatus; stream_id?: (StreamId | null); tax: Money; total: Money }
export type OrderChange = { reason?: string; shipment?: (NewShipment | null); status: OrderStatus }
export type OrderEvent = { at_ms: number; from_status?: (string | null); seq: number; to_status: string; type: string }
export type OrderGroupId = string
export type OrderId = string
export type OrderLine = { discount: Money; id: OrderLineId; label?: (Localized | null); product_id: ProductId; quantity: number; quantity_cancelled?: number; quantity_returned?: number; title: Localized; total: Money; unit_price: Money; variant_id: VariantId }
export type OrderLineId = string
export type OrderPayment = { amount: Money; id: PaymentId; provider: string }
export type OrderRecord = (Order & { buyer_id: UserId })
export type OrderStatus = 'pending_payment' | 'paid' | 'preparing' | 'partially_shipped' | 'shipped' | 'delivered' | 'completed' | 'expired' | 'cancelled' | 'refunded'
export type PageEnd = { has_more: boolean; next_cursor?: (string | null) }
export type PageView_Address = { data: Array<{ address: PostalAddress; id: AddressId; is_default: boolean; label: string }>; page: PageEnd }
export type PageView_AuditEntry = { data: Array<{ action: string; actor: string; at_ms: number; detail: Record<string, unknown>; hash: string; object: string; seq: number }>; page: PageEnd }
export type PageView_Broadcast = { data: Array<{ audience: Audience; audio?: (string | null); live: boolean; publisher?: (Peer | null); started_ms: number; stream: StreamId; video?: (string | null); viewers: number }>; page: PageEnd }
export type PageView_Card = { data: Array<{ highlighted?: boolean; id: CardId; no: number; product: CardProduct; sort?: (number | null); state: CardState }>; page: PageEnd }
export type PageView_Category = { data: Array<{ depth: number; id: CategoryId; name: Localized; parent_id?: (CategoryId | null); slug: string; sort: number }>; page: PageEnd }
export type PageView_Claim = { data: Array<{ answer: string; at_ms: number; fee_bearer: FeeBearer; id: ClaimId; kind: ClaimKind; lines: Array<LineUnits>; order_id: OrderId; reason: string; state: string }>; page: PageEnd }
export type PageView_Coupon = { data: Array<(NewCoupon & { active: boolean; id: CouponId; spent: number; used: number })>; page: PageEnd }
export type PageView_LedgerEntry = { data: Array<{ amount: Money; at_ms: number; kind: string; order_id: OrderId; order_line_id?: (OrderLineId | null); refund_id?: (RefundId | null); seq: number }>; page: PageEnd }
export type PageView_LevelView = { data: Array<{ available: number; committed: number; held: number; ledger_seq: number; location_id: LocationId; on_hand: number; sale_id?: (SaleId | null); variant_id: VariantId }>; page: PageEnd }
export type PageView_Location = { data: Array<{ id: LocationId; name: string; seller_id: SellerId }>; page: PageEnd }
export type PageView_MovementView = { data: Array<{ at_ms: number; committed: number; held: number; kind: string; location_id: LocationId; on_hand: number; reason: string; sale_id?: (SaleId | null); seq: number }>; page: PageEnd }
export type PageView_OpenSession = { data: Array<{ address: string; created_ms: number; current: boolean; expires_ms: number; id: string; seen_ms: number; user_agent: string }>; page: PageEnd }
export type PageView_Order = { data: Array<{ completed_ms?: (number | null); delivered_ms?: (number | null); discount: Money; fulfillment_status: FulfillmentStatus; group_id: OrderGroupId; id: OrderId; items_total: Money; ledger_seq: number; lines: Array<OrderLine>; number: string; paid_ms?: (number | null); payment: OrderPayment; payment_due_ms?: (number | null); payment_status: PaymentStatus; placed_ms: number; sale_id?: (SaleId | null); seller_id: SellerId; shipping: Money; status: OrderStatus; stream_id?: (StreamId | null); tax: Money; total: Money }>; page: PageEnd }
export type PageView_OrderEvent = { data: Array<{ at_ms: number; from_status?: (string | null); seq: number; to_status: string; type: string }>; page: PageEnd }
export type PageView_OrderRecord = { data: Array<(Order & { buyer_id: UserId })>; page: PageEnd }
export type PageView_PaymentRecord = { data: Array<{ amount: Money; buyer_id: UserId; created_ms: number; group_id: OrderGroupId; id: PaymentId; next_check_ms?: (number | null); paid_ms?: (number | null); promised: Money; provider: string; returned: Money; state: string; transaction?: (string | null) }>; page: PageEnd }
export type PageView_Person = { data: Array<{ created_ms: number; display_name: string; email: string; email_verified: boolean; id: UserId; role: Role; status: PersonStatus }>; page: PageEnd }
export type PageView_ProductSummary = { data: Array<{ id: ProductId; image_url: string; price: Money; price_max: Money; rating: RatingView; seller_id: SellerId; status: ProductStatus; stock: ShelfStock; title: Localized; variant_id?: (VariantId | null) }>; page: PageEnd }
export type PageView_Reconciliation = { data: Array<{ checked: number; differing: Array<PaymentId>; from_ms: number; id: number; until_ms: number }>; page: PageEnd }
export type PageView_RefundApproval = { data: Array<{ amount: Money; asked_by: UserId; asked_ms: number; decided_by?: (UserId | null); decided_ms?: (number | null); id: RefundId; lines: Array<LineUnits>; order_id: OrderId; payment_id: PaymentId; reason: string; restock: boolean; shipping: boolean; state: string }>; page: PageEnd }
export type PageView_RefundView = { data: Array<{ amount: Money; at_ms: number; claim_id?: (ClaimId | null); id: RefundId; lines: Array<RefundLine>; order_id: OrderId; payment_id: PaymentId; reason: string; shipping: Money; state: string }>; page: PageEnd }
export type PageView_Review = { data: Array<{ author: string; body: string; created_ms: number; id: ReviewId; product_id: ProductId; rating: number }>; page: PageEnd }
export type PageView_SellerRecord = { data: Array<{ commission_bps?: (number | null); created_ms: number; id: SellerId; name: string; owner_id: UserId; status: SellerStatus }>; page: PageEnd }
export type PageView_Shipment = { data: Array<{ courier: string; delivered_ms?: (number | null); events: Array<TrackingEvent>; id: ShipmentId; invoice_no: string; lines: Array<LineUnits>; order_id: OrderId; shipped_ms: number; state: string }>; page: PageEnd }
export type PageView_Statistic = { data: Array<{ conversion_percent?: (number | null); day?: (string | null); gmv: Money; net: Money; orders_paid: number; orders_placed: number; orders_refunded: number; refund_percent?: (number | null); refunded: Money; seller_id?: (SellerId | null); stream_id?: (StreamId | null) }>; page: PageEnd }
export type PageView_Stream = { data: Array<{ id: StreamId; links?: (StreamLinks | null); live: boolean; pinned?: (Card | null); scheduled_ms?: (number | null); seller: StreamSeller; started_ms?: (number | null); status: StreamStatus; title: string; viewers: number }>; page: PageEnd }
export type PageView_StreamEvent = { data: Array<{ at_ms: number; data: Record<string, unknown>; media_ms?: (number | null); seq: number; type: string }>; page: PageEnd }
export type PageView_Webhook = { data: Array<{ created_ms: number; delivered_ms?: (number | null); description: string; disabled_reason?: (WebhookDisabledReason | null); events: Array<string>; failing_since_ms?: (number | null); id: WebhookId; previous_secret_until_ms?: (number | null); seller_id?: (SellerId | null); status: WebhookStatus; updated_ms: number; url: string }>; page: PageEnd }
export type PageView_WebhookDelivery = { data: Array<{ created_ms: number; event_id: EventId; event_type: string; id: DeliveryId; last_error?: (string | null); last_status?: (number | null); next_ms?: (number | null); state: WebhookDeliveryState; tries: number; updated_ms: number; webhook_id: WebhookId }>; page: PageEnd }
export type PageView_Wish = { data: Array<{ added_ms: number; available: number; image_url: string; label?: (Localized | null); price: Money; product_id: ProductId; sold: boolean; title: Localized; variant_id: VariantId }>; page: PageEnd }
export type Password = { password: string }
export type PasswordChange = { current_password: string; new_password: string }
export type PayMethod = 'CARD' | 'EASY_PAY' | 'TRANSFER' | 'MOBILE' | 'GIFT_CERTIFICATE'
export type PaymentConfirmation = { payment_token?: (string | null) }
export type PaymentDetail = (PaymentRecord & { attempts: Array<AttemptRecord>; order_ids: Array<OrderId>; refunds: Array<RefundView> })
export type PaymentId = string
export type PaymentRecord = { amount: Money; buyer_id: UserId; created_ms: number; group_id: OrderGroupId; id: PaymentId; next_check_ms?: (number | null); paid_ms?: (number | null); promised: Money; provider: string; returned: Money; state: string; transaction?: (string | null) }
export type PaymentStatus = 'none' | 'pending' | 'paid' | 'failed' | 'integrity_failure' | 'partially_refunded' | 'refunded'
export type PaymentView = { amount: Money; attempts: number; group_id: OrderGroupId; id: PaymentId; order_id: OrderId; paid_ms?: (number | null); provider: string; receipt_url?: (string | null); refunded: Money; state: string }
export type Peer = { age_ms: number; connected: boolean; estimate?: (number | null); lane_backlog_bytes: number; peer: number; phases: PeerPhases; remote?: (string | null); role: string; selected_layer?: (number | null); tracks: Array<PeerTrack> }
export type PeerPhases = { dtls_ms?: (number | null); ice_ms?: (number | null); key_ms?: (number | null); media_ms?: (number | null); whole_ms?: (number | null) }
export type PeerTrack = { bitrate: number; codec?: (string | null); gap_ms: number; gaps: number; kind: string; layer: number; loss: number; nacks: number; packets: number; resent: number; rid?: (string | null); rtt_ms?: (number | null) }
export type Person = { created_ms: number; display_name: string; email: string; email_verified: boolean; id: UserId; role: Role; status: PersonStatus }
export type PersonDetail = (Person & { memberships: Array<Membership> })
export type PersonStatus = 'active' | 'suspended' | 'withdrawn'
export type PostalAddress = { city?: string; country?: string; line1: string; line2?: string; note?: string; phone: string; postcode: string; recipient: string; region?: string }
export type Prepared = (PaymentView & { channel_key?: (string | null); pay_method?: (PayMethod | null); store_id?: (string | null) })
export type Problem = { code: Code; detail?: string; errors?: Array<FieldError>; request_id?: (string | null); retry_after?: (number | null); status: number; title: string; type: string }
export type Product = (ProductSummary & { categories: Array<CategoryId>; created_ms: number; description: Localized; media: Array<Media>; options: Array<ProductOption>; updated_ms: number; variants: Array<Variant>; version: number })
export type ProductFields = { categories?: Array<CategoryId>; description?: (Localized | null); image_url: string; media?: Array<Media>; options?: Array<ProductOption>; status: ProductStatus; title: Localized }
export type ProductId = string
export type ProductOption = { name: Localized; values: Array<Localized> }
export type ProductStatus = 'draft' | 'active' | 'archived' | 'blocked'
export type ProductSummary = { id: ProductId; image_url: string; price: Money; price_max: Money; rating: RatingView; seller_id: SellerId; status: ProductStatus; stock: ShelfStock; title: Localized; variant_id?: (VariantId | null) }
export type ProfileChange = { display_name: string; locale?: (string | null); marketing?: (boolean | null); phone?: (string | null) }
export type ProfileView = (Me & { created_ms: number; marketing: boolean; phone?: (string | null) })
export type ProofOfIdentity = { code?: (string | null); password: string }
export type ProviderReport = { charged?: (Money | null); live?: (boolean | null); reason?: (string | null); returned?: (number | null); state: string; store_id?: (string | null); transaction?: (string | null) }
export type PublishTicket = { expires_in: number; ticket: string; whip_url: string }
export type RatingView = { average: number; count: number }
export type Reconciliation = { checked: number; differing: Array<PaymentId>; from_ms: number; id: number; until_ms: number }
export type RefundApproval = { amount: Money; asked_by: UserId; asked_ms: number; decided_by?: (UserId | null); decided_ms?: (number | null); id: RefundId; lines: Array<LineUnits>; order_id: OrderId; payment_id: PaymentId; reason: string; restock: boolean; shipping: boolean; state: string }
export type RefundId = string
export type RefundLine = { amount: Money; line_id: OrderLineId; quantity: number }
export type RefundView = { amount: Money; at_ms: number; claim_id?: (ClaimId | null); id: RefundId; lines: Array<RefundLine>; order_id: OrderId; payment_id: PaymentId; reason: string; shipping: Money; state: string }
export type ReplayRange = { all?: boolean; cursor?: (string | null); from_ms: number; until_ms: number }
export type Replayed = { next_cursor?: (string | null); queued: number }
export type Reset = { new_password: string; token: string }
export type Review = { author: string; body: string; created_ms: number; id: ReviewId; product_id: ProductId; rating: number }
export type ReviewId = string
export type Role = 'user' | 'admin'
export type RoleChange = { reason?: string; role: Role }
export type RotateSecret = { overlap_hours?: (number | null) }
export type Sale = { closes_ms?: (number | null); hold_seconds: number; id: SaleId; items: Array<SaleItem>; opens_ms?: (number | null); state: SaleState; stream_id: StreamId }
export type SaleId = string
export type SaleItem = { label?: (Localized | null); max_per_buyer: number; price: Money; product_id: ProductId; variant_id: VariantId }
export type SaleItemChange = { price: Money; variant_id?: (VariantId | null) }
export type SaleState = 'draft' | 'open' | 'paused' | 'closed'
export type SaleView = { sale: Sale; stock: Array<Stock> }
export type Sanction = { kind: SanctionKind; until_ms?: (number | null) }
export type SanctionKind = 'mute' | 'ban' | 'lifted'
export type SandboxAnswer = { approve: boolean }
export type SandboxToken = { payment_token: string }
export type SecondFactor = { active: boolean; recovery_codes_left: number; required: boolean; since_ms?: (number | null) }
export type SecondFactorCode = { code: string }
export type Seller = { id: SellerId; name: string }
export type SellerBalance = { balances: Array<Money> }
export type SellerChanges = { commission_bps?: (number | null); reason?: string; status?: (SellerStatus | null) }
export type SellerDetail = (SellerRecord & { balances: Array<Money>; members: Array<SellerMember> })
export type SellerId = string
export type SellerMember = { role: MemberRole; since_ms: number; user_id: UserId }
export type SellerRecord = { commission_bps?: (number | null); created_ms: number; id: SellerId; name: string; owner_id: UserId; status: SellerStatus }
export type SellerStatus = 'active' | 'suspended'
export type ShelfStock = { available: number; on_hand: number }
export type ShipTo = ({ address_id: AddressId } | { address: PostalAddress })
export type Shipment = { courier: string; delivered_ms?: (number | null); events: Array<TrackingEvent>; id: ShipmentId; invoice_no: string; lines: Array<LineUnits>; order_id: OrderId; shipped_ms: number; state: string }
export type ShipmentId = string
export type SignedIn = { access_token: string; expires_in: number; token_type: string; user: Me }
export type Statistic = { conversion_percent?: (number | null); day?: (string | null); gmv: Money; net: Money; orders_paid: number; orders_placed: number; orders_refunded: number; refund_percent?: (number | null); refunded: Money; seller_id?: (SellerId | null); stream_id?: (StreamId | null) }
export type StatusChange = { reason?: string; suspended: boolean }
export type Stock = { allocated: number; available: number; held: number; ledger_seq: number; product_id: ProductId; sale_id: SaleId; sold: number; variant_id: VariantId }
export type StockAdjustment = { delta: number; reason: string }
export type Stream = { id: StreamId; links?: (StreamLinks | null); live: boolean; pinned?: (Card | null); scheduled_ms?: (number | null); seller: StreamSeller; started_ms?: (number | null); status: StreamStatus; title: string; viewers: number }
export type StreamAnnouncement = { scheduled_ms?: (number | null); title: string }
export type StreamAudience = { accounts: Array<StreamViewer>; sanctions: Array<StreamSanction>; viewers: number }
export type StreamEvent = { at_ms: number; data: Record<string, unknown>; media_ms?: (number | null); seq: number; type: string }
export type StreamId = string
export type StreamKey = { stream_key: string; whip_url: string }
export type StreamLinks = { events: string; room: string; whep: string }
export type StreamMetrics = { cards: Array<CardMetrics>; viewers: number }
export type StreamSanction = (Sanction & { by_user_id: UserId; name: string; since_ms: number; user_id: UserId })
export type StreamSeller = { id: SellerId; name: string }
export type StreamStatus = 'scheduled' | 'live' | 'interrupted' | 'ended'
export type StreamViewer = { connections: number; name: string; sanction?: (Sanction | null); seller?: boolean; user_id: UserId }
export type TrackingEvent = { at_ms: number; location: string; state: string }
export type UserId = string
export type Variant = { choice: Choice; compare_at?: (Money | null); id: VariantId; label?: (Localized | null); max_per_buyer?: (number | null); price: Money; sku: string; status: VariantStatus; stock: ShelfStock; version: number; weight_g: number }
export type VariantChanges = { compare_at?: (Money | null); max_per_buyer?: (number | null); price?: (Money | null); sku?: (string | null); status?: (VariantStatus | null); weight_g?: (number | null) }
export type VariantId = string
export type VariantStatus = 'active' | 'archived'
export type Verify = { token: string }
export type Webhook = { created_ms: number; delivered_ms?: (number | null); description: string; disabled_reason?: (WebhookDisabledReason | null); events: Array<string>; failing_since_ms?: (number | null); id: WebhookId; previous_secret_until_ms?: (number | null); seller_id?: (SellerId | null); status: WebhookStatus; updated_ms: number; url: string }
export type WebhookDelivery = { created_ms: number; event_id: EventId; event_type: string; id: DeliveryId; last_error?: (string | null); last_status?: (number | null); next_ms?: (number | null); state: WebhookDeliveryState; tries: number; updated_ms: number; webhook_id: WebhookId }
export type WebhookDeliveryDetail = { body: Record<string, unknown>; delivery: WebhookDelivery; tries: Array<WebhookTry> }
export type WebhookDeliveryState = 'pending' | 'delivered' | 'failed'
export type WebhookDisabledReason = 'gone' | 'failing' | 'backlog'
export type WebhookId = string
export type WebhookStatus = 'active' | 'paused' | 'disabled'
export type WebhookTry = { at_ms: number; error?: (string | null); no: number; status?: (number | null); took_ms: number }
export type WebhookWithSecret = { secret: string; webhook: Webhook }
export type Wish = { added_ms: number; available: number; image_url: string; label?: (Localized | null); price: Money; product_id: ProductId; sold: boolean; title: Localized; variant_id: VariantId }
export type Withdraw = { password: string }

export interface Operations {
  'GET /actuator/health': { path: undefined; query: undefined; body: undefined; answer: unknown }
  'GET /api/admin/audit': { path: undefined; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_AuditEntry }
  'GET /api/admin/audit/verdict': { path: undefined; query: undefined; body: undefined; answer: AuditVerdict }
  'GET /api/admin/books': { path: undefined; query: undefined; body: undefined; answer: Books }
  'GET /api/admin/broadcasts': { path: undefined; query: undefined; body: undefined; answer: PageView_Broadcast }
  'GET /api/admin/broadcasts/{stream}': { path: { stream: string }; query: undefined; body: undefined; answer: BroadcastDetail }
  'GET /api/admin/coupons': { path: undefined; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_Coupon }
  'GET /api/admin/orders': { path: undefined; query: { number?: string; buyer_id?: UserId; seller_id?: SellerId; status?: OrderStatus; from_ms?: number; until_ms?: number; limit?: number; cursor?: string }; body: undefined; answer: PageView_OrderRecord }
  'GET /api/admin/payments': { path: undefined; query: { state?: string; limit?: number; cursor?: string }; body: undefined; answer: PageView_PaymentRecord }
  'GET /api/admin/payments/{id}': { path: { id: string }; query: undefined; body: undefined; answer: PaymentDetail }
  'GET /api/admin/payments/{id}/comparison': { path: { id: string }; query: undefined; body: undefined; answer: Comparison }
  'GET /api/admin/products': { path: undefined; query: { status?: 'draft' | 'active' | 'archived' | 'blocked'; seller_id?: SellerId; limit?: number; cursor?: string }; body: undefined; answer: PageView_ProductSummary }
  'PUT /api/admin/products/{id}/blocked': { path: { id: string }; query: undefined; body: BlockChange; answer: Product }
  'GET /api/admin/reconciliations': { path: undefined; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_Reconciliation }
  'GET /api/admin/refund-approvals': { path: undefined; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_RefundApproval }
  'GET /api/admin/sellers': { path: undefined; query: { status?: 'active' | 'suspended'; limit?: number; cursor?: string }; body: undefined; answer: PageView_SellerRecord }
  'GET /api/admin/sellers/{id}': { path: { id: string }; query: undefined; body: undefined; answer: SellerDetail }
  'PATCH /api/admin/sellers/{id}': { path: { id: string }; query: undefined; body: SellerChanges; answer: SellerDetail }
  'GET /api/admin/statistics': { path: undefined; query: { by?: 'day' | 'seller' | 'stream'; from?: string; until?: string; seller_id?: SellerId; stream_id?: StreamId; limit?: number; cursor?: string }; body: undefined; answer: PageView_Statistic }
  'GET /api/admin/users': { path: undefined; query: { status?: 'active' | 'suspended' | 'withdrawn'; role?: 'user' | 'admin'; email?: string; limit?: number; cursor?: string }; body: undefined; answer: PageView_Person }
  'GET /api/admin/users/{id}': { path: { id: string }; query: undefined; body: undefined; answer: PersonDetail }
  'PUT /api/admin/users/{id}/role': { path: { id: string }; query: undefined; body: RoleChange; answer: PersonDetail }
  'PUT /api/admin/users/{id}/status': { path: { id: string }; query: undefined; body: StatusChange; answer: PersonDetail }
  'POST /api/auth/email/resend': { path: undefined; query: undefined; body: undefined; answer: null }
  'POST /api/auth/email/verify': { path: undefined; query: undefined; body: Verify; answer: null }
  'POST /api/auth/login': { path: undefined; query: undefined; body: Login; answer: SignedIn }
  'POST /api/auth/logout': { path: undefined; query: undefined; body: undefined; answer: null }
  'POST /api/auth/password': { path: undefined; query: undefined; body: PasswordChange; answer: SignedIn }
  'POST /api/auth/password/forgot': { path: undefined; query: undefined; body: Forgot; answer: null }
  'POST /api/auth/password/reset': { path: undefined; query: undefined; body: Reset; answer: null }
  'POST /api/auth/proof': { path: undefined; query: undefined; body: ProofOfIdentity; answer: Access }
  'POST /api/auth/refresh': { path: undefined; query: undefined; body: undefined; answer: SignedIn }
  'POST /api/auth/register': { path: undefined; query: undefined; body: NewAccount; answer: SignedIn }
  'DELETE /api/auth/second-factor': { path: undefined; query: undefined; body: ProofOfIdentity; answer: null }
  'GET /api/auth/second-factor': { path: undefined; query: undefined; body: undefined; answer: SecondFactor }
  'POST /api/auth/second-factor': { path: undefined; query: undefined; body: Password; answer: NewSecondFactor }
  'POST /api/auth/second-factor/confirm': { path: undefined; query: undefined; body: SecondFactorCode; answer: ConfirmedSecondFactor }
  'DELETE /api/auth/sessions': { path: undefined; query: undefined; body: undefined; answer: null }
  'GET /api/auth/sessions': { path: undefined; query: undefined; body: undefined; answer: PageView_OpenSession }
  'DELETE /api/auth/sessions/{family}': { path: { family: string }; query: undefined; body: undefined; answer: null }
  'GET /api/cart': { path: undefined; query: undefined; body: undefined; answer: Cart }
  'DELETE /api/cart/coupons': { path: undefined; query: undefined; body: undefined; answer: Cart }
  'POST /api/cart/coupons': { path: undefined; query: undefined; body: EnterCoupon; answer: Cart }
  'POST /api/cart/items': { path: undefined; query: undefined; body: NewCartItem; answer: Cart }
  'DELETE /api/cart/items/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Cart }
  'PATCH /api/cart/items/{id}': { path: { id: string }; query: undefined; body: CartItemChanges; answer: Cart }
  'GET /api/categories': { path: undefined; query: undefined; body: undefined; answer: PageView_Category }
  'POST /api/categories': { path: undefined; query: undefined; body: NewCategory; answer: Category }
  'DELETE /api/categories/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'PATCH /api/categories/{id}': { path: { id: string }; query: undefined; body: EditCategory; answer: Category }
  'GET /api/checkouts/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Checkout }
  'POST /api/claims/{id}/withdraw': { path: { id: string }; query: undefined; body: undefined; answer: Claim }
  'GET /api/coupons': { path: undefined; query: { seller_id?: SellerId; limit?: number; cursor?: string }; body: undefined; answer: PageView_Coupon }
  'POST /api/coupons': { path: undefined; query: undefined; body: NewCoupon; answer: Coupon }
  'PATCH /api/coupons/{id}': { path: { id: string }; query: undefined; body: CouponChanges; answer: Coupon }
  'GET /api/docs': { path: undefined; query: undefined; body: undefined; answer: string }
  'GET /api/docs.css': { path: undefined; query: undefined; body: undefined; answer: string }
  'GET /api/openapi.json': { path: undefined; query: undefined; body: undefined; answer: unknown }
  'GET /api/orders': { path: undefined; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_Order }
  'POST /api/orders': { path: undefined; query: undefined; body: NewOrder; answer: Made }
  'GET /api/orders/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Order }
  'PUT /api/orders/{id}': { path: { id: string }; query: undefined; body: OrderChange; answer: Order }
  'POST /api/orders/{id}/cancel': { path: { id: string }; query: undefined; body: CancelReason; answer: Order | Claim }
  'GET /api/orders/{id}/claims': { path: { id: string }; query: undefined; body: undefined; answer: PageView_Claim }
  'POST /api/orders/{id}/confirm-purchase': { path: { id: string }; query: undefined; body: undefined; answer: Order }
  'GET /api/orders/{id}/events': { path: { id: string }; query: undefined; body: undefined; answer: PageView_OrderEvent }
  'POST /api/orders/{id}/exchanges': { path: { id: string }; query: undefined; body: NewClaim; answer: Claim }
  'GET /api/orders/{id}/refund-approvals': { path: { id: string }; query: undefined; body: undefined; answer: PageView_RefundApproval }
  'GET /api/orders/{id}/refunds': { path: { id: string }; query: undefined; body: undefined; answer: PageView_RefundView }
  'POST /api/orders/{id}/returns': { path: { id: string }; query: undefined; body: NewClaim; answer: Claim }
  'GET /api/orders/{id}/ship-to': { path: { id: string }; query: undefined; body: undefined; answer: PostalAddress }
  'PUT /api/orders/{id}/ship-to': { path: { id: string }; query: undefined; body: ShipTo; answer: PostalAddress }
  'GET /api/orders/{id}/tracking': { path: { id: string }; query: undefined; body: undefined; answer: PageView_Shipment }
  'POST /api/payments': { path: undefined; query: undefined; body: NewPayment; answer: Prepared }
  'GET /api/payments/{id}': { path: { id: string }; query: undefined; body: undefined; answer: PaymentView }
  'POST /api/payments/{id}/confirm': { path: { id: string }; query: undefined; body: PaymentConfirmation; answer: Order }
  'POST /api/payments/{id}/refunds': { path: { id: string }; query: undefined; body: NewRefund; answer: RefundView | RefundApproval }
  'POST /api/payments/{id}/sandbox': { path: { id: string }; query: undefined; body: SandboxAnswer; answer: SandboxToken }
  'GET /api/products': { path: undefined; query: { q?: string; category_id?: CategoryId; seller_id?: SellerId; price_min?: number; price_max?: number; in_stock?: boolean; status?: ProductStatus; sort?: string; limit?: number; cursor?: string }; body: undefined; answer: PageView_ProductSummary }
  'POST /api/products': { path: undefined; query: undefined; body: NewProduct; answer: Product }
  'DELETE /api/products/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'GET /api/products/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Product }
  'PUT /api/products/{id}': { path: { id: string }; query: undefined; body: ProductFields; answer: Product }
  'GET /api/products/{id}/reviews': { path: { id: string }; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_Review }
  'POST /api/products/{id}/reviews': { path: { id: string }; query: undefined; body: NewReview; answer: Review }
  'POST /api/products/{id}/stock-adjustments': { path: { id: string }; query: undefined; body: StockAdjustment; answer: Product }
  'POST /api/products/{id}/variants': { path: { id: string }; query: undefined; body: NewVariant; answer: Variant }
  'POST /api/refund-approvals/{id}/approve': { path: { id: string }; query: undefined; body: undefined; answer: RefundView }
  'POST /api/refund-approvals/{id}/refuse': { path: { id: string }; query: undefined; body: undefined; answer: RefundApproval }
  'POST /api/sales': { path: undefined; query: undefined; body: NewSale; answer: Sale }
  'GET /api/sales/{id}': { path: { id: string }; query: undefined; body: undefined; answer: SaleView }
  'POST /api/sales/{id}/close': { path: { id: string }; query: undefined; body: undefined; answer: Sale }
  'PATCH /api/sales/{id}/items/{product}': { path: { id: string; product: string }; query: undefined; body: SaleItemChange; answer: Sale }
  'POST /api/sales/{id}/items/{product}/allocations': { path: { id: string; product: string }; query: undefined; body: Allocation; answer: Stock }
  'POST /api/sales/{id}/leases': { path: { id: string }; query: undefined; body: NewLease; answer: Lease }
  'POST /api/sales/{id}/open': { path: { id: string }; query: undefined; body: undefined; answer: Sale }
  'POST /api/sales/{id}/pause': { path: { id: string }; query: undefined; body: undefined; answer: Sale }
  'GET /api/seller/balance': { path: undefined; query: { seller_id: SellerId }; body: undefined; answer: SellerBalance }
  'POST /api/seller/claims/{id}/decisions': { path: { id: string }; query: undefined; body: ClaimDecision; answer: Claim }
  'GET /api/seller/ledger': { path: undefined; query: { seller_id: SellerId; limit?: number; cursor?: string }; body: undefined; answer: PageView_LedgerEntry }
  'GET /api/seller/orders': { path: undefined; query: { seller_id: SellerId; status?: OrderStatus; limit?: number; cursor?: string }; body: undefined; answer: PageView_Order }
  'POST /api/seller/orders/{id}/accept': { path: { id: string }; query: undefined; body: undefined; answer: Order }
  'POST /api/seller/orders/{id}/shipments': { path: { id: string }; query: undefined; body: NewShipment; answer: PageView_Shipment }
  'POST /api/seller/shipments/{id}/events': { path: { id: string }; query: undefined; body: NewTrackingEvent; answer: PageView_Shipment }
  'GET /api/seller/statistics': { path: undefined; query: { by?: 'day' | 'seller' | 'stream'; from?: string; until?: string; seller_id?: SellerId; stream_id?: StreamId; limit?: number; cursor?: string }; body: undefined; answer: PageView_Statistic }
  'POST /api/sellers': { path: undefined; query: undefined; body: NewSeller; answer: Seller }
  'GET /api/sellers/{id}/locations': { path: { id: string }; query: undefined; body: undefined; answer: PageView_Location }
  'POST /api/sellers/{id}/locations': { path: { id: string }; query: undefined; body: NewLocation; answer: Location }
  'PUT /api/sellers/{id}/members/{user}': { path: { id: string; user: string }; query: undefined; body: MemberChange; answer: null }
  'GET /api/streams': { path: undefined; query: { status?: 'live' | 'all'; mine?: boolean; limit?: number; cursor?: string }; body: undefined; answer: PageView_Stream }
  'POST /api/streams': { path: undefined; query: undefined; body: NewStream; answer: CreatedStream }
  'DELETE /api/streams/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'GET /api/streams/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Stream }
  'PUT /api/streams/{id}': { path: { id: string }; query: undefined; body: StreamAnnouncement; answer: Stream }
  'GET /api/streams/{id}/cards': { path: { id: string }; query: undefined; body: undefined; answer: PageView_Card }
  'POST /api/streams/{id}/cards': { path: { id: string }; query: undefined; body: NewCard; answer: Card }
  'PUT /api/streams/{id}/cards/order': { path: { id: string }; query: undefined; body: CardOrder; answer: PageView_Card }
  'DELETE /api/streams/{id}/cards/{card}': { path: { id: string; card: string }; query: undefined; body: undefined; answer: null }
  'PATCH /api/streams/{id}/cards/{card}': { path: { id: string; card: string }; query: undefined; body: CardChange; answer: Card }
  'POST /api/streams/{id}/cards/{card}/highlight': { path: { id: string; card: string }; query: undefined; body: undefined; answer: Card }
  'POST /api/streams/{id}/cards/{card}/pin': { path: { id: string; card: string }; query: undefined; body: undefined; answer: Card }
  'POST /api/streams/{id}/cards/{card}/unpin': { path: { id: string; card: string }; query: undefined; body: undefined; answer: Card }
  'GET /api/streams/{id}/events': { path: { id: string }; query: undefined; body: undefined; answer: string }
  'GET /api/streams/{id}/ingest': { path: { id: string }; query: undefined; body: undefined; answer: Ingest }
  'POST /api/streams/{id}/key': { path: { id: string }; query: undefined; body: undefined; answer: StreamKey }
  'GET /api/streams/{id}/metrics': { path: { id: string }; query: undefined; body: undefined; answer: StreamMetrics }
  'POST /api/streams/{id}/publish-tickets': { path: { id: string }; query: undefined; body: undefined; answer: PublishTicket }
  'GET /api/streams/{id}/room': { path: { id: string }; query: undefined; body: undefined; answer: unknown }
  'GET /api/streams/{id}/timeline': { path: { id: string }; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_StreamEvent }
  'GET /api/streams/{id}/viewers': { path: { id: string }; query: undefined; body: undefined; answer: StreamAudience }
  'DELETE /api/streams/{id}/viewers/{user}/ban': { path: { id: string; user: string }; query: undefined; body: undefined; answer: null }
  'POST /api/streams/{id}/viewers/{user}/ban': { path: { id: string; user: string }; query: undefined; body: NewSanction; answer: StreamSanction }
  'DELETE /api/streams/{id}/viewers/{user}/mute': { path: { id: string; user: string }; query: undefined; body: undefined; answer: null }
  'POST /api/streams/{id}/viewers/{user}/mute': { path: { id: string; user: string }; query: undefined; body: NewSanction; answer: StreamSanction }
  'GET /api/users/addresses': { path: undefined; query: undefined; body: undefined; answer: PageView_Address }
  'POST /api/users/addresses': { path: undefined; query: undefined; body: NewAddress; answer: Address }
  'DELETE /api/users/addresses/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'GET /api/users/addresses/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Address }
  'PATCH /api/users/addresses/{id}': { path: { id: string }; query: undefined; body: AddressChange; answer: Address }
  'GET /api/users/me/export': { path: undefined; query: undefined; body: undefined; answer: Record<string, unknown> }
  'GET /api/users/profile': { path: undefined; query: undefined; body: undefined; answer: ProfileView }
  'PUT /api/users/profile': { path: undefined; query: undefined; body: ProfileChange; answer: ProfileView }
  'DELETE /api/users/withdraw': { path: undefined; query: undefined; body: Withdraw; answer: null }
  'PATCH /api/variants/{id}': { path: { id: string }; query: undefined; body: VariantChanges; answer: Variant }
  'GET /api/variants/{id}/movements': { path: { id: string }; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_MovementView }
  'GET /api/variants/{id}/stock': { path: { id: string }; query: undefined; body: undefined; answer: PageView_LevelView }
  'POST /api/variants/{id}/stock-adjustments': { path: { id: string }; query: undefined; body: Adjustment; answer: LevelView }
  'GET /api/webhooks': { path: undefined; query: { seller_id?: SellerId; limit?: number; cursor?: string }; body: undefined; answer: PageView_Webhook }
  'POST /api/webhooks': { path: undefined; query: undefined; body: NewWebhook; answer: WebhookWithSecret }
  'POST /api/webhooks/portone/confirm': { path: undefined; query: undefined; body: string; answer: null }
  'POST /api/webhooks/portone/v1': { path: undefined; query: undefined; body: string; answer: null }
  'POST /api/webhooks/portone/v2': { path: undefined; query: undefined; body: string; answer: null }
  'DELETE /api/webhooks/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'GET /api/webhooks/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Webhook }
  'PATCH /api/webhooks/{id}': { path: { id: string }; query: undefined; body: EditWebhook; answer: Webhook }
  'GET /api/webhooks/{id}/deliveries': { path: { id: string }; query: { state?: 'pending' | 'delivered' | 'failed'; limit?: number; cursor?: string }; body: undefined; answer: PageView_WebhookDelivery }
  'GET /api/webhooks/{id}/deliveries/{delivery}': { path: { id: string; delivery: string }; query: undefined; body: undefined; answer: WebhookDeliveryDetail }
  'POST /api/webhooks/{id}/deliveries/{delivery}/replay': { path: { id: string; delivery: string }; query: undefined; body: undefined; answer: WebhookDelivery }
  'POST /api/webhooks/{id}/replay': { path: { id: string }; query: undefined; body: ReplayRange; answer: Replayed }
  'POST /api/webhooks/{id}/secret': { path: { id: string }; query: undefined; body: RotateSecret; answer: WebhookWithSecret }
  'POST /api/webhooks/{id}/test': { path: { id: string }; query: undefined; body: undefined; answer: WebhookDelivery }
  'GET /api/wishlist': { path: undefined; query: undefined; body: undefined; answer: PageView_Wish }
  'DELETE /api/wishlist/items/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'POST /api/wishlist/items/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'GET /livez': { path: undefined; query: undefined; body: undefined; answer: string }
  'GET /metrics': { path: undefined; query: undefined; body: undefined; answer: string }
  'GET /readyz': { path: undefined; query: undefined; body: undefined; answer: string }
  'DELETE /whep/sessions/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'GET /whep/sessions/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'PATCH /whep/sessions/{id}': { path: { id: string }; query: undefined; body: string; answer: null }
  'POST /whep/sessions/{id}/events': { path: { id: string }; query: undefined; body: Array<string>; answer: null }
  'GET /whep/sessions/{id}/events/{wanted}': { path: { id: string; wanted: string }; query: undefined; body: undefined; answer: string }
  'DELETE /whep/sessions/{id}/layer': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'POST /whep/sessions/{id}/layer': { path: { id: string }; query: undefined; body: LayerChoice; answer: null }
  'GET /whep/{stream}': { path: { stream: string }; query: undefined; body: undefined; answer: null }
  'POST /whep/{stream}': { path: { stream: string }; query: undefined; body: string; answer: string }
  'GET /whip': { path: undefined; query: undefined; body: undefined; answer: null }
  'POST /whip': { path: undefined; query: undefined; body: string; answer: string }
  'DELETE /whip/sessions/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'GET /whip/sessions/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'PATCH /whip/sessions/{id}': { path: { id: string }; query: undefined; body: string; answer: null }
}
