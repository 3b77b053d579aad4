//! What strangers may send over HTTP, each with its status and its stable code.

mod bytes;
mod paths;
mod purchases;
mod tokens;

use serde_json::Value;

use crate::{
    api::Api,
    souk::{Ready, Souk},
    table::Table,
};

/// A demo with its people at hand, and its sale, first product and stream as names.
struct Shop {
    souk: Souk,
    buyer: Api,
    other: Api,
    nobody: Api,
}

impl Shop {
    async fn open() -> Self {
        let souk = Souk::demo(&["--no-broadcast"]);
        let buyer = Api::signed_in(&souk.ready, souk.ready.account("buyer", 0)).await;
        let other = Api::signed_in(&souk.ready, souk.ready.account("buyer", 1)).await;
        let nobody = Api::anonymous(&souk.ready);
        Self {
            souk,
            buyer,
            other,
            nobody,
        }
    }

    fn ready(&self) -> &Ready {
        &self.souk.ready
    }

    async fn table(&self) -> Table {
        let room = format!("/api/streams/{}/room", self.ready().stream_id);
        let sale = self.nobody.get(&room).await["d"]["shop"]["sale"].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Table::default()
            .caller("buyer", &self.buyer)
            .caller("other", &self.other)
            .caller("nobody", &self.nobody)
            .name("SALE", text(&sale["id"]))
            .name("PRODUCT", text(&sale["items"][0]["product_id"]))
            .name("STREAM", &self.ready().stream_id)
    }
}
