//! The payments that the provider remembers; the oldest are forgotten when there are too many.

use std::collections::{HashMap, VecDeque};

use crate::{
    error::Refusal,
    limits,
    payment::{Event, Payment},
};

/// A payment and the last thing that its shop was told about it.
pub(crate) struct Entry {
    pub(crate) payment: Payment,
    pub(crate) last: Option<Event>,
}

/// Payments by id.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: HashMap<String, Entry>,
    /// Ids by age.
    order: VecDeque<String>,
}

impl Ledger {
    /// A payment that exists.
    pub(crate) fn get(&mut self, id: &str) -> Result<&mut Entry, Refusal> {
        self.entries
            .get_mut(id)
            .ok_or_else(Refusal::payment_not_found)
    }

    /// Every payment, by age.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Payment> {
        let known = self.order.iter().filter_map(|id| self.entries.get(id));
        known.map(|entry| &entry.payment)
    }

    /// The payment that a transaction belongs to.
    pub(crate) fn id_of(&self, transaction: &str) -> Option<String> {
        let mut known = self.entries.iter();
        let found = known.find(|(_, entry)| entry.payment.transaction() == transaction);
        found.map(|(id, _)| id.clone())
    }

    /// Fixes the amount of a payment, new or not.
    pub(crate) fn register(
        &mut self,
        id: &str,
        amount: (i64, i64, String),
        now: time::OffsetDateTime,
    ) -> Result<(), Refusal> {
        if let Some(entry) = self.entries.get_mut(id) {
            return entry.payment.register_again(amount);
        }
        let shape = (1..=limits::PAYMENT_ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_graphic());
        if !shape {
            return Err(Refusal::invalid_request(
                "paymentId must be 1 to 64 ASCII characters",
            ));
        }
        let payment = Payment::register(id, amount, now)?;
        if self.order.len() >= limits::PAYMENTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        self.order.push_back(id.to_owned());
        self.entries.insert(
            id.to_owned(),
            Entry {
                payment,
                last: None,
            },
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests;
