//! Rules about money: I5, I6 and C4.

use std::collections::{HashMap, HashSet};

use super::{
    super::journal::Journal,
    Court,
    tables::{Order, Payment, Tables},
};

/// I5: the total is the server's price by the quantity.
pub(super) fn mispriced(court: &mut Court, tables: &Tables) {
    let mut sums: HashMap<&str, i64> = HashMap::new();
    let mut faults = Vec::new();
    for line in &tables.lines {
        *sums.entry(&line.order).or_default() += line.total;
        let price = tables.prices.get(&line.variant);
        if price != Some(&line.unit_price) || line.total != line.unit_price * line.quantity {
            faults.push(format!("{line:?}, the price is {price:?}"));
        }
    }
    for (id, order) in &tables.orders {
        let sum = sums.get(id.as_str()).copied();
        if sum != Some(order.total) {
            faults.push(format!("{id}: {} of {sum:?}", order.total));
        }
    }
    court.judge("I5", faults);
}

/// I6: at most one capture of an order, of its total; each ends in an order that is paid, or goes
/// back; and buyers were told the same.
pub(super) fn miscaptured(court: &mut Court, tables: &Tables, journal: &Journal) {
    let mut faults = Vec::new();
    let mut funding: HashMap<&str, &Payment> = HashMap::new();
    let mut captured = HashSet::new();
    for payment in &tables.payments {
        if matches!(
            payment.state.as_str(),
            "paid" | "partially_cancelled" | "cancelled"
        ) {
            captured.insert(payment.id.as_str());
        }
        if funding.insert(&payment.order, payment).is_some() {
            faults.push(format!("{} has two payments", payment.order));
        }
    }
    for (id, order) in &tables.orders {
        let payment = funding.get(id.as_str());
        if !payment.is_some_and(|payment| agree(order, payment)) {
            faults.push(format!("{id} is {}, {payment:?}", order.status));
        }
    }
    let told = journal.payments().into_iter();
    let missing = told.filter(|id| !captured.contains(id.as_str()));
    faults.extend(missing.map(|id| format!("{id} was confirmed and is not paid")));
    court.judge("I6", faults);
}

/// Whether an order and its payment tell the same story.
fn agree(order: &Order, payment: &Payment) -> bool {
    let kept = matches!(payment.state.as_str(), "paid" | "partially_cancelled");
    // Money on its way back is somebody's business until it is there.
    let goes_back = match payment.state.as_str() {
        "cancelled" => true,
        "cancel_pending" | "integrity_failure" => payment.watched,
        _ => kept && payment.promised == payment.amount,
    };
    payment.amount == order.total
        && match order.status.as_str() {
            "pending_payment" => match payment.state.as_str() {
                "created" | "ready" | "failed" => true,
                "confirming" | "unknown" => payment.watched,
                _ => false,
            },
            "expired" => payment.state == "expired" || (goes_back && !kept),
            "cancelled" => payment.state == "expired" || goes_back,
            "refunded" => goes_back,
            _ => kept,
        }
}

/// C4: what goes back is at most what was paid, and each payment's sums are those of its refunds.
pub(super) fn refunded_too_much(court: &mut Court, tables: &Tables) {
    let mut sums: HashMap<&str, [i64; 2]> = HashMap::new();
    let mut faults = Vec::new();
    for refund in &tables.refunds {
        let sum = sums.entry(&refund.payment).or_default();
        match refund.state.as_str() {
            "failed" => {}
            "succeeded" => *sum = [sum[0] + refund.amount, sum[1] + refund.amount],
            _ => sum[0] += refund.amount,
        }
        if !tables.orders.contains_key(&refund.order) {
            faults.push(format!("{refund:?} is for no order"));
        }
    }
    for payment in &tables.payments {
        let [promised, returned] = sums.remove(payment.id.as_str()).unwrap_or_default();
        // Money that an order could not take goes back whole, and without a refund.
        let whole = payment.state == "cancelled" && promised == 0;
        let right = promised == payment.promised && (returned == payment.returned || whole);
        if !right || promised > payment.amount {
            faults.push(format!(
                "{payment:?}, its refunds are {promised} and {returned}"
            ));
        }
    }
    faults.extend(sums.into_keys().map(|id| format!("{id} is no payment")));
    court.judge("C4", faults);
}
