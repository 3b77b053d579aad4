//! Things that the tests of this crate say in rooms.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use signaling_wire::{
    CardId, ChatMessageId, Currency, Money, ProductId, SaleId, SellerId, ServerFrame, StreamId,
    UserId,
    codec::Received,
    decode_server,
    frame::{
        chat::Message,
        control::{Seller, Stream},
        shop::{Card, CardState, Localized, Product, Shelf, Stock},
    },
};

use crate::{Identity, SocketReceiver};

pub(crate) fn stream_id(n: u128) -> StreamId {
    StreamId::from_parts(7, n)
}

pub(crate) fn stream(n: u128) -> Stream {
    let seller = Seller {
        id: SellerId::from_parts(7, 1),
        name: "Shop".to_owned(),
    };
    Stream {
        id: stream_id(n),
        title: "Show".to_owned(),
        seller,
    }
}

pub(crate) fn card(no: u32) -> Card {
    let title = Localized {
        ko: "감귤".to_owned(),
        en: "Mandarins".to_owned(),
    };
    let price = Money {
        amount: 12_900,
        currency: Currency::Krw,
    };
    let id = ProductId::from_parts(7, u128::from(no));
    let product = Product {
        id,
        title,
        image_url: "/i.webp".to_owned(),
        price,
        variant_id: None,
    };
    let id = CardId::from_parts(7, u128::from(no));
    Card {
        id,
        no,
        product,
        state: CardState::Queued,
        highlighted: false,
        sort: None,
    }
}

pub(crate) fn shelf(cards: u32) -> Shelf {
    Shelf {
        cards: (1..=cards).map(card).collect(),
        ..Shelf::default()
    }
}

pub(crate) fn message(n: u32) -> Message {
    Message {
        id: ChatMessageId::from_parts(7, u128::from(n)),
        user_id: UserId::from_parts(7, 9),
        name: "Anna".to_owned(),
        badge: None,
        body: format!("message {n}"),
        at_ms: 7,
        key: format!("k{n}"),
    }
}

pub(crate) fn level(product: u128, ledger_seq: u64) -> Stock {
    let available = 1_000_u32.saturating_sub(u32::try_from(ledger_seq).unwrap());
    Stock {
        sale_id: SaleId::from_parts(7, 1),
        product_id: ProductId::from_parts(7, product),
        variant_id: signaling_wire::VariantId::from_parts(7, product),
        ledger_seq,
        allocated: 1_000,
        available,
        held: 0,
        sold: 1_000 - available,
    }
}

pub(crate) fn identity(n: u128, expires_ms: u64) -> Identity {
    let (user, name) = (UserId::from_parts(7, n), format!("user {n}"));
    Identity {
        user,
        login: "".into(),
        name,
        admin: false,
        seller: false,
        expires_ms,
    }
}

pub(crate) fn read(bytes: &Bytes) -> Received {
    decode_server(bytes).unwrap()
}

/// The next frame of a socket; a test that waits longer than anything here takes has failed.
pub(crate) async fn next(rx: &mut SocketReceiver) -> Option<Received> {
    let next = tokio::time::timeout(Duration::from_secs(60), rx.recv());
    next.await
        .expect("a frame within a minute")
        .as_ref()
        .map(read)
}

/// The next frame that `wanted` takes; others are passed over.
pub(crate) async fn find<T>(
    rx: &mut SocketReceiver,
    wanted: impl Fn(&ServerFrame) -> Option<T>,
) -> T {
    loop {
        let received = next(rx).await.expect("the socket is open");
        if let Some(found) = wanted(&received.frame) {
            return found;
        }
    }
}
