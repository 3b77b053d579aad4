//! A shop to test: people, products, a show, an open sale, a provider, a clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use commerce_sandbox::{Sandbox, SandboxConfig};
use commerce_service::{
    Actor, Allowances, Clock, Commerce, CommerceConfig, NewProduct, NewSale, NewSaleItem,
    NewStream, PaymentConfig, Placed, Secret, ServiceError, WebhookConfig,
};
use commerce_store::{PersonalData, Store, sql, testing::Database};
use signaling_hub::{Hub, HubConfig};
use signaling_wire::{
    Currency, Money, PaymentId, ProductId, SaleId, SellerId, StreamId, UserId,
    frame::shop::{Buy, Localized, Order, Stock},
};

pub(crate) const SECRET: &str = "sandbox-secret";
pub(crate) const STORE: &str = "store-souk";
pub(crate) const WEBHOOK_SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub(crate) const HOLD_SECONDS: u32 = 60;
pub(crate) const PRICE: Money = Money {
    amount: 12_900,
    currency: Currency::Krw,
};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Everything around one shop. Dropping it takes the database away.
pub(crate) struct Shop {
    pub(crate) commerce: Commerce,
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    pub(crate) sandbox: Sandbox,
    pub(crate) owner: Actor,
    pub(crate) seller: SellerId,
    pub(crate) stream: StreamId,
    clock: Arc<AtomicI64>,
    timeout_ms: u64,
    webhooks: WebhookConfig,
    database: Database,
}

pub(crate) async fn add_user(store: &Store) -> UserId {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let user = UserId::from_parts(commerce_store::clock::now_ms(), u128::from(n));
    store
        .write(move |conn| {
            Box::pin(async move {
                sql::query(
                    "INSERT INTO users (id, email, email_key, password_hash, display_name, created_at, updated_at)
                     VALUES (?, ?, ?, '', 'Someone', 0, 0)",
                )
                .bind(user.to_string())
                .bind(user.to_string())
                .bind(user.to_string())
                .execute(conn)
                .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    user
}

/// Somebody without rights of their own.
pub(crate) fn actor(user: UserId) -> Actor {
    Actor { user, admin: false }
}

pub(crate) fn config(base_url: &str, timeout_ms: u64, clock: &Arc<AtomicI64>) -> CommerceConfig {
    let webhook = Some(Secret::new(WEBHOOK_SECRET));
    let mut payment = PaymentConfig::sandbox(base_url.to_owned(), Secret::new(SECRET), webhook);
    payment.store_id = Some(STORE.to_owned());
    payment.timeout_ms = timeout_ms;
    payment.give_up_ms = 30_000;
    let clock = Arc::clone(clock);
    CommerceConfig {
        personal: Some(PersonalData::new(b"a secret of tests, 32 bytes long", None)),
        webhooks: webhooks(),
        clock: Clock::new(move || clock.load(Ordering::SeqCst)),
        ..CommerceConfig::new(payment)
    }
}

/// Webhooks to this machine, and nowhere else that is not public.
pub(crate) fn webhooks() -> WebhookConfig {
    WebhookConfig {
        allow: Allowances::parse(["127.0.0.1"]).unwrap(),
        ports: Vec::new(),
        plain_http: true,
        timeout_ms: 60_000,
        ..WebhookConfig::default()
    }
}

impl Shop {
    /// A seller with a show, nothing in it.
    pub(crate) async fn open() -> Self {
        Self::open_with(1_000).await
    }

    /// The same, with another patience with the provider, milliseconds.
    pub(crate) async fn open_with(timeout_ms: u64) -> Self {
        Self::opened(timeout_ms, |_| None, webhooks()).await
    }

    /// As `open`, with another provider than the sandbox at its address.
    pub(crate) async fn open_at(provider: impl FnOnce(&Sandbox) -> Option<PaymentConfig>) -> Self {
        Self::opened(1_000, provider, webhooks()).await
    }

    /// As `open`, with webhooks of one's own.
    pub(crate) async fn open_telling(webhooks: WebhookConfig) -> Self {
        Self::opened(1_000, |_| None, webhooks).await
    }

    /// As `open`, on a database of one's own.
    pub(crate) async fn open_on(database: Database) -> Self {
        Self::opened_on(database, 1_000, |_| None, webhooks()).await
    }

    async fn opened(
        timeout_ms: u64,
        provider: impl FnOnce(&Sandbox) -> Option<PaymentConfig>,
        webhooks: WebhookConfig,
    ) -> Self {
        Self::opened_on(Database::fresh().await, timeout_ms, provider, webhooks).await
    }

    async fn opened_on(
        database: Database,
        timeout_ms: u64,
        provider: impl FnOnce(&Sandbox) -> Option<PaymentConfig>,
        webhooks: WebhookConfig,
    ) -> Self {
        let store = database.open().await;
        let sandbox = Sandbox::start(SandboxConfig::new(SECRET, STORE))
            .await
            .unwrap();
        let (hub, inbounds) = Hub::without_media(HubConfig::default());
        let clock = Arc::new(AtomicI64::new(commerce_store::clock::now_us()));
        let mut config = config(&sandbox.base_url, timeout_ms, &clock);
        config.webhooks = webhooks.clone();
        if let Some(payment) = provider(&sandbox) {
            config.payment = payment;
        }
        let commerce = commerce_service::start(config, store.clone(), hub.clone(), inbounds.shop)
            .await
            .unwrap();
        commerce.follow_attendance(inbounds.attendance);
        let owner = Actor {
            user: add_user(&store).await,
            admin: false,
        };
        let seller = commerce
            .create_seller(owner, "Souk & Sons")
            .await
            .unwrap()
            .id;
        let new = NewStream {
            seller_id: None,
            title: "First light".to_owned(),
            scheduled_ms: None,
        };
        let stream = commerce.create_stream(owner, new).await.unwrap().id;
        Self {
            commerce,
            store,
            hub,
            sandbox,
            owner,
            seller,
            stream,
            clock,
            timeout_ms,
            webhooks,
            database,
        }
    }

    /// The same database under a new process, as far as one process can play two.
    pub(crate) async fn restart(self) -> Self {
        let Self {
            commerce,
            store,
            sandbox,
            owner,
            seller,
            stream,
            clock,
            timeout_ms,
            webhooks,
            database,
            ..
        } = self;
        commerce.stop().await;
        drop(commerce);
        store.close().await;
        let store = database.open().await;
        let (hub, inbounds) = Hub::without_media(HubConfig::default());
        let mut config = config(&sandbox.base_url, timeout_ms, &clock);
        config.webhooks = webhooks.clone();
        let commerce = commerce_service::start(config, store.clone(), hub.clone(), inbounds.shop)
            .await
            .unwrap();
        commerce.follow_attendance(inbounds.attendance);
        Self {
            commerce,
            store,
            hub,
            sandbox,
            owner,
            seller,
            stream,
            clock,
            timeout_ms,
            webhooks,
            database,
        }
    }

    /// What another process on the same database would be started with.
    pub(crate) fn config(&self) -> CommerceConfig {
        config(&self.sandbox.base_url, self.timeout_ms, &self.clock)
    }

    pub(crate) fn now_us(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock
            .fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) async fn add_product(&self, stock: u32) -> ProductId {
        let title = Localized {
            ko: "찻잔".to_owned(),
            en: "Tea cup".to_owned(),
        };
        let image_url = "/images/cup.svg".to_owned();
        let new = NewProduct::simple(self.seller, title, image_url, PRICE, stock);
        self.commerce
            .create_product(self.owner, new)
            .await
            .unwrap()
            .id()
    }

    /// An open sale of one product.
    pub(crate) async fn open_sale(&self, units: u32, max_per_buyer: u32) -> (SaleId, ProductId) {
        let product_id = self.add_product(units + 10).await;
        let item = NewSaleItem {
            product_id,
            variant_id: None,
            price: None,
            allocated: units,
            max_per_buyer,
        };
        let new = NewSale {
            stream_id: self.stream,
            opens_ms: None,
            closes_ms: None,
            hold_seconds: Some(HOLD_SECONDS),
            items: vec![item],
        };
        let sale = self.commerce.create_sale(self.owner, new).await.unwrap().id;
        self.commerce.open_sale(self.owner, sale).await.unwrap();
        (sale, product_id)
    }

    pub(crate) async fn buyer(&self) -> UserId {
        add_user(&self.store).await
    }

    pub(crate) async fn buy(
        &self,
        buyer: UserId,
        place: (SaleId, ProductId),
        quantity: u32,
        key: &str,
    ) -> Result<Placed, ServiceError> {
        self.commerce
            .buy(buyer, command(place, quantity, key))
            .await
    }

    /// A buyer with an order of one unit.
    pub(crate) async fn order(&self, place: (SaleId, ProductId)) -> (UserId, Order) {
        let buyer = self.buyer().await;
        let placed = self.buy(buyer, place, 1, "first").await.unwrap();
        (buyer, placed.order)
    }

    /// Goes through the provider's window.
    pub(crate) async fn token(&self, buyer: UserId, payment: PaymentId) -> String {
        self.commerce
            .sandbox_authorize(buyer, payment, true)
            .await
            .unwrap()
    }

    pub(crate) async fn stock(&self, sale: SaleId) -> Stock {
        self.commerce.sale(sale).await.unwrap().stock[0]
    }
}

pub(crate) fn command((sale_id, product_id): (SaleId, ProductId), quantity: u32, key: &str) -> Buy {
    let key = key.to_owned();
    Buy {
        key,
        sale_id,
        product_id,
        variant_id: None,
        quantity,
        expected_unit_price: Some(PRICE),
        lease: None,
    }
}

/// Waits until a condition holds; gives up after a time that no healthy run needs.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..1500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never happened: {what}");
}
