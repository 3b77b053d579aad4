// @generated from the handlers of web/server, with its openapi.json. Not edited by hand:
// SOUK_UPDATE_API=1 cargo test -p web-server openapi

export type Address = { address: PostalAddress; id: AddressId; is_default: boolean; label: string }
export type AddressChange = { address?: (PostalAddress | null); is_default?: (boolean | null); label?: (string | null) }
export type AddressId = string
export type Allocation = { delta: number }
export type Audience = { bitrate: number; by_layer: Array<number>; connected: number; first_key_ms?: (number | null); loss: number; suffering: number }
export type AuditEntry = { action: string; actor: string; at_ms: number; detail: Record<string, unknown>; hash: string; object: string; seq: number }
export type AuditVerdict = { broken_seq?: (number | null); entries: number; sound: boolean }
export type Broadcast = { audience: Audience; audio?: (string | null); live: boolean; publisher?: (Peer | null); started_ms: number; stream: StreamId; video?: (string | null); viewers: number }
export type BroadcastDetail = (Broadcast & { peers: Array<Peer>; peers_total: number })
export type Card = { highlighted?: boolean; id: CardId; no: number; product: CardProduct; sort?: (number | null); state: CardState }
export type CardChange = { highlighted: boolean }
export type CardId = string
export type CardOrder = { cards: Array<CardId> }
export type CardProduct = { id: ProductId; image_url: string; price: Money; title: Localized }
export type CardState = 'queued' | 'pinned' | 'shown' | 'hidden'
export type Code = 'invalid_json' | 'bad_request' | 'idempotency_key_missing' | 'malformed_offer' | 'unknown_frame' | 'unauthenticated' | 'invalid_credentials' | 'invalid_token' | 'payment_declined' | 'fresh_login_required' | 'forbidden' | 'not_found' | 'method_not_allowed' | 'not_acceptable' | 'email_taken' | 'out_of_stock' | 'per_buyer_limit' | 'sale_not_open' | 'price_changed' | 'invalid_transition' | 'cart_changed' | 'return_window_closed' | 'refund_too_high' | 'idempotency_in_flight' | 'stream_not_live' | 'publisher_conflict' | 'limit_reached' | 'conflict' | 'reservation_expired' | 'token_spent' | 'stream_ended' | 'precondition_failed' | 'payload_too_large' | 'unsupported_media_type' | 'validation_error' | 'unsupported_offer' | 'variant_required' | 'coupon_refused' | 'idempotency_key_reused' | 'payment_amount_mismatch' | 'precondition_required' | 'rate_limited' | 'headers_too_large' | 'internal' | 'payment_provider_unavailable' | 'busy' | 'unavailable'
export type CreatedStream = (Stream & StreamKey)
export type Currency = 'KRW' | 'JPY' | 'USD' | 'EUR'
export type FieldError = { code: string; detail: string; pointer: string }
export type Forgot = { email: string }
export type Ingest = { audience: Audience; key_hint?: (string | null); live: boolean; publisher?: (Peer | null); viewers: number; whip_url: string }
export type LayerChoice = { encodingId?: (string | null); mediaId?: unknown }
export type Localized = { en: string; ko: string }
export type Login = { email: string; password: string }
export type Me = { display_name: string; email: string; email_verified: boolean; id: UserId; locale: string; memberships: Array<Membership>; role: Role }
export type MemberChange = { role: MemberRole }
export type MemberRole = 'owner' | 'manager' | 'host' | 'assistant'
export type Membership = { role: MemberRole; seller_id: SellerId; seller_name: string }
export type Money = { amount: number; currency: Currency }
export type NewAccount = { display_name: string; email: string; locale?: (string | null); marketing?: boolean; password: string }
export type NewAddress = { address: PostalAddress; is_default?: boolean; label?: string }
export type NewCard = { product_id: ProductId }
export type NewOrder = { expected_unit_price?: (Money | null); product_id: ProductId; quantity: number; sale_id: SaleId }
export type NewProduct = { image_url: string; price: Money; seller_id: SellerId; stock?: number; title: Localized }
export type NewSale = { closes_ms?: (number | null); hold_seconds?: (number | null); items: Array<NewSaleItem>; opens_ms?: (number | null); stream_id: StreamId }
export type NewSaleItem = { allocated: number; max_per_buyer: number; price?: (Money | null); product_id: ProductId }
export type NewSeller = { name: string }
export type NewStream = { scheduled_ms?: (number | null); seller_id?: (SellerId | null); title: string }
export type OpenSession = { address: string; created_ms: number; current: boolean; expires_ms: number; id: string; seen_ms: number; user_agent: string }
export type Order = { id: OrderId; ledger_seq: number; lines: Array<OrderLine>; number: string; paid_ms?: (number | null); payment: OrderPayment; payment_due_ms?: (number | null); payment_status: PaymentStatus; placed_ms: number; sale_id: SaleId; status: OrderStatus; stream_id: StreamId; total: Money }
export type OrderEvent = { at_ms: number; from_status?: (string | null); seq: number; to_status: string; type: string }
export type OrderId = string
export type OrderLine = { id: OrderLineId; product_id: ProductId; quantity: number; title: Localized; total: Money; unit_price: Money }
export type OrderLineId = string
export type OrderPayment = { id: PaymentId; provider: string }
export type OrderStatus = 'pending_payment' | 'paid' | 'preparing' | 'partially_shipped' | 'shipped' | 'delivered' | 'completed' | 'expired' | 'cancelled' | 'refunded'
export type PageEnd = { has_more: boolean; next_cursor?: (string | null) }
export type PageView_Address = { data: Array<{ address: PostalAddress; id: AddressId; is_default: boolean; label: string }>; page: PageEnd }
export type PageView_AuditEntry = { data: Array<{ action: string; actor: string; at_ms: number; detail: Record<string, unknown>; hash: string; object: string; seq: number }>; page: PageEnd }
export type PageView_Broadcast = { data: Array<{ audience: Audience; audio?: (string | null); live: boolean; publisher?: (Peer | null); started_ms: number; stream: StreamId; video?: (string | null); viewers: number }>; page: PageEnd }
export type PageView_Card = { data: Array<{ highlighted?: boolean; id: CardId; no: number; product: CardProduct; sort?: (number | null); state: CardState }>; page: PageEnd }
export type PageView_OpenSession = { data: Array<{ address: string; created_ms: number; current: boolean; expires_ms: number; id: string; seen_ms: number; user_agent: string }>; page: PageEnd }
export type PageView_Order = { data: Array<{ id: OrderId; ledger_seq: number; lines: Array<OrderLine>; number: string; paid_ms?: (number | null); payment: OrderPayment; payment_due_ms?: (number | null); payment_status: PaymentStatus; placed_ms: number; sale_id: SaleId; status: OrderStatus; stream_id: StreamId; total: Money }>; page: PageEnd }
export type PageView_OrderEvent = { data: Array<{ at_ms: number; from_status?: (string | null); seq: number; to_status: string; type: string }>; page: PageEnd }
export type PageView_Product = { data: Array<{ id: ProductId; image_url: string; price: Money; seller_id: SellerId; stock: ShelfStock; title: Localized }>; page: PageEnd }
export type PageView_Stream = { data: Array<{ id: StreamId; links?: (StreamLinks | null); live: boolean; pinned?: (Card | null); scheduled_ms?: (number | null); seller: StreamSeller; started_ms?: (number | null); status: StreamStatus; title: string; viewers: number }>; page: PageEnd }
export type PageView_StreamEvent = { data: Array<{ at_ms: number; data: Record<string, unknown>; seq: number; type: string }>; page: PageEnd }
export type PasswordChange = { current_password: string; new_password: string }
export type PaymentConfirmation = { payment_token: string }
export type PaymentId = string
export type PaymentStatus = 'none' | 'pending' | 'paid' | 'failed' | 'integrity_failure' | 'partially_refunded' | 'refunded'
export type PaymentView = { amount: Money; attempts: number; id: PaymentId; order_id: OrderId; paid_ms?: (number | null); provider: string; state: string }
export type Peer = { age_ms: number; connected: boolean; estimate?: (number | null); lane_backlog_bytes: number; peer: number; phases: PeerPhases; remote?: (string | null); role: string; selected_layer?: (number | null); tracks: Array<PeerTrack> }
export type PeerPhases = { dtls_ms?: (number | null); ice_ms?: (number | null); key_ms?: (number | null); media_ms?: (number | null); whole_ms?: (number | null) }
export type PeerTrack = { bitrate: number; codec?: (string | null); gap_ms: number; gaps: number; kind: string; layer: number; loss: number; nacks: number; packets: number; resent: number; rid?: (string | null); rtt_ms?: (number | null) }
export type PostalAddress = { city?: string; country?: string; line1: string; line2?: string; note?: string; phone: string; postcode: string; recipient: string; region?: string }
export type Problem = { code: Code; detail?: string; errors?: Array<FieldError>; request_id?: (string | null); retry_after?: (number | null); status: number; title: string; type: string }
export type Product = { id: ProductId; image_url: string; price: Money; seller_id: SellerId; stock: ShelfStock; title: Localized }
export type ProductId = string
export type ProfileChange = { display_name: string; locale?: (string | null); marketing?: (boolean | null); phone?: (string | null) }
export type ProfileView = (Me & { created_ms: number; marketing: boolean; phone?: (string | null) })
export type PublishTicket = { expires_in: number; ticket: string; whip_url: string }
export type Reset = { new_password: string; token: string }
export type Role = 'user' | 'admin'
export type Sale = { closes_ms?: (number | null); hold_seconds: number; id: SaleId; items: Array<SaleItem>; opens_ms?: (number | null); state: SaleState; stream_id: StreamId }
export type SaleId = string
export type SaleItem = { max_per_buyer: number; price: Money; product_id: ProductId }
export type SaleState = 'draft' | 'open' | 'paused' | 'closed'
export type SaleView = { sale: Sale; stock: Array<Stock> }
export type SandboxAnswer = { approve: boolean }
export type SandboxToken = { payment_token: string }
export type Seller = { id: SellerId; name: string }
export type SellerId = string
export type ShelfStock = { available: number; on_hand: number }
export type SignedIn = { access_token: string; expires_in: number; token_type: string; user: Me }
export type Stock = { allocated: number; available: number; held: number; ledger_seq: number; product_id: ProductId; sale_id: SaleId; sold: number }
export type StockAdjustment = { delta: number; reason: string }
export type Stream = { id: StreamId; links?: (StreamLinks | null); live: boolean; pinned?: (Card | null); scheduled_ms?: (number | null); seller: StreamSeller; started_ms?: (number | null); status: StreamStatus; title: string; viewers: number }
export type StreamAnnouncement = { scheduled_ms?: (number | null); title: string }
export type StreamEvent = { at_ms: number; data: Record<string, unknown>; seq: number; type: string }
export type StreamId = string
export type StreamKey = { stream_key: string; whip_url: string }
export type StreamLinks = { events: string; room: string; whep: string }
export type StreamSeller = { id: SellerId; name: string }
export type StreamStatus = 'scheduled' | 'live' | 'interrupted' | 'ended'
export type UserId = string
export type Verify = { token: string }
export type Withdraw = { password: string }

export interface Operations {
  'GET /actuator/health': { path: undefined; query: undefined; body: undefined; answer: unknown }
  'GET /api/admin/audit': { path: undefined; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_AuditEntry }
  'GET /api/admin/audit/verdict': { path: undefined; query: undefined; body: undefined; answer: AuditVerdict }
  'GET /api/admin/broadcasts': { path: undefined; query: undefined; body: undefined; answer: PageView_Broadcast }
  'GET /api/admin/broadcasts/{stream}': { path: { stream: string }; query: undefined; body: undefined; answer: BroadcastDetail }
  'POST /api/auth/email/resend': { path: undefined; query: undefined; body: undefined; answer: null }
  'POST /api/auth/email/verify': { path: undefined; query: undefined; body: Verify; answer: null }
  'POST /api/auth/login': { path: undefined; query: undefined; body: Login; answer: SignedIn }
  'POST /api/auth/logout': { path: undefined; query: undefined; body: undefined; answer: null }
  'POST /api/auth/password': { path: undefined; query: undefined; body: PasswordChange; answer: SignedIn }
  'POST /api/auth/password/forgot': { path: undefined; query: undefined; body: Forgot; answer: null }
  'POST /api/auth/password/reset': { path: undefined; query: undefined; body: Reset; answer: null }
  'POST /api/auth/refresh': { path: undefined; query: undefined; body: undefined; answer: SignedIn }
  'POST /api/auth/register': { path: undefined; query: undefined; body: NewAccount; answer: SignedIn }
  'DELETE /api/auth/sessions': { path: undefined; query: undefined; body: undefined; answer: null }
  'GET /api/auth/sessions': { path: undefined; query: undefined; body: undefined; answer: PageView_OpenSession }
  'DELETE /api/auth/sessions/{family}': { path: { family: string }; query: undefined; body: undefined; answer: null }
  'GET /api/docs': { path: undefined; query: undefined; body: undefined; answer: string }
  'GET /api/docs.css': { path: undefined; query: undefined; body: undefined; answer: string }
  'GET /api/openapi.json': { path: undefined; query: undefined; body: undefined; answer: unknown }
  'GET /api/orders': { path: undefined; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_Order }
  'POST /api/orders': { path: undefined; query: undefined; body: NewOrder; answer: Order }
  'GET /api/orders/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Order }
  'GET /api/orders/{id}/events': { path: { id: string }; query: undefined; body: undefined; answer: PageView_OrderEvent }
  'GET /api/payments/{id}': { path: { id: string }; query: undefined; body: undefined; answer: PaymentView }
  'POST /api/payments/{id}/confirm': { path: { id: string }; query: undefined; body: PaymentConfirmation; answer: Order }
  'POST /api/payments/{id}/sandbox': { path: { id: string }; query: undefined; body: SandboxAnswer; answer: SandboxToken }
  'GET /api/products': { path: undefined; query: { seller_id?: SellerId; limit?: number; cursor?: string }; body: undefined; answer: PageView_Product }
  'POST /api/products': { path: undefined; query: undefined; body: NewProduct; answer: Product }
  'GET /api/products/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Product }
  'POST /api/products/{id}/stock-adjustments': { path: { id: string }; query: undefined; body: StockAdjustment; answer: Product }
  'POST /api/sales': { path: undefined; query: undefined; body: NewSale; answer: Sale }
  'GET /api/sales/{id}': { path: { id: string }; query: undefined; body: undefined; answer: SaleView }
  'POST /api/sales/{id}/close': { path: { id: string }; query: undefined; body: undefined; answer: Sale }
  'POST /api/sales/{id}/items/{product}/allocations': { path: { id: string; product: string }; query: undefined; body: Allocation; answer: Stock }
  'POST /api/sales/{id}/open': { path: { id: string }; query: undefined; body: undefined; answer: Sale }
  'POST /api/sales/{id}/pause': { path: { id: string }; query: undefined; body: undefined; answer: Sale }
  'POST /api/sellers': { path: undefined; query: undefined; body: NewSeller; answer: Seller }
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
  'POST /api/streams/{id}/publish-tickets': { path: { id: string }; query: undefined; body: undefined; answer: PublishTicket }
  'GET /api/streams/{id}/room': { path: { id: string }; query: undefined; body: undefined; answer: unknown }
  'GET /api/streams/{id}/timeline': { path: { id: string }; query: { limit?: number; cursor?: string }; body: undefined; answer: PageView_StreamEvent }
  'GET /api/users/addresses': { path: undefined; query: undefined; body: undefined; answer: PageView_Address }
  'POST /api/users/addresses': { path: undefined; query: undefined; body: NewAddress; answer: Address }
  'DELETE /api/users/addresses/{id}': { path: { id: string }; query: undefined; body: undefined; answer: null }
  'GET /api/users/addresses/{id}': { path: { id: string }; query: undefined; body: undefined; answer: Address }
  'PATCH /api/users/addresses/{id}': { path: { id: string }; query: undefined; body: AddressChange; answer: Address }
  'GET /api/users/me/export': { path: undefined; query: undefined; body: undefined; answer: Record<string, unknown> }
  'GET /api/users/profile': { path: undefined; query: undefined; body: undefined; answer: ProfileView }
  'PUT /api/users/profile': { path: undefined; query: undefined; body: ProfileChange; answer: ProfileView }
  'DELETE /api/users/withdraw': { path: undefined; query: undefined; body: Withdraw; answer: null }
  'POST /api/webhooks/portone/v2': { path: undefined; query: undefined; body: string; answer: null }
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
