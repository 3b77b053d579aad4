//! The oracle's own control: it finds nothing in sound books, and each rule finds its fault.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use serde_json::json;

use super::{
    super::{
        journal::{Acknowledged, Journal},
        onlooker::{Heard, Log, Visit},
        seed::Account,
    },
    tables::{Count, Held, Level, Line, Message, Movement, Order, Payment, Refund, Tables},
    *,
};

const PRICE: i64 = 1_000;

fn movement(seq: i64, change: [i64; 3]) -> Movement {
    Movement {
        seq,
        level: 1,
        change,
    }
}

fn hold(state: &str, cancelled: i64) -> Held {
    Held {
        level: 1,
        variant: "var".to_owned(),
        buyer: "buyer".to_owned(),
        quantity: 1,
        cancelled,
        shipped: 0,
        state: state.to_owned(),
    }
}

fn payment(n: usize, state: &str) -> Payment {
    Payment {
        id: format!("pay{n}"),
        order: format!("ord{n}"),
        state: state.to_owned(),
        amount: PRICE,
        promised: 0,
        returned: 0,
        watched: false,
    }
}

/// One order that waits, one that is paid, one that was paid and called off.
fn sound() -> Tables {
    let order = |(n, status): (usize, &str)| {
        let order = Order {
            buyer: "buyer".to_owned(),
            status: status.to_owned(),
            total: PRICE,
            seq: n as u64 + 1,
        };
        (format!("ord{n}"), order)
    };
    let line = |n: usize| Line {
        order: format!("ord{n}"),
        variant: "var".to_owned(),
        quantity: 1,
        unit_price: PRICE,
        total: PRICE,
    };
    let key = |n: usize| (("buyer".to_owned(), format!("key{n}")), format!("ord{n}"));
    Tables {
        movements: vec![
            movement(1, [5, 0, 0]),
            movement(2, [0, 1, 0]),
            movement(3, [0, 1, 0]),
            movement(4, [0, 1, 0]),
            movement(5, [0, -1, 1]),
            movement(6, [0, -1, 1]),
            movement(7, [0, 0, -1]),
        ],
        levels: vec![Level {
            id: 1,
            variant: "var".to_owned(),
            of_sale: true,
            units: [5, 1, 1],
        }],
        holds: vec![hold("held", 0), hold("committed", 0), hold("committed", 1)],
        counts: vec![Count {
            variant: "var".to_owned(),
            buyer: "buyer".to_owned(),
            quantity: 2,
            most: 2,
        }],
        orders: HashMap::from_iter(
            [(1, "pending_payment"), (2, "paid"), (3, "cancelled")].map(order),
        ),
        lines: (1..=3).map(line).collect(),
        prices: HashMap::from([("var".to_owned(), PRICE)]),
        payments: vec![
            payment(1, "created"),
            payment(2, "paid"),
            Payment {
                promised: PRICE,
                returned: PRICE,
                ..payment(3, "cancelled")
            },
        ],
        refunds: vec![Refund {
            payment: "pay3".to_owned(),
            order: "ord3".to_owned(),
            amount: PRICE,
            state: "succeeded".to_owned(),
        }],
        messages: vec![message(1), message(2)],
        epoch: 2,
        keys: (1..=3).map(key).collect(),
        placed: (1..=3).map(|n| (format!("ord{n}"), true)).collect(),
        waiting: 0,
        integrity: "ok".to_owned(),
    }
}

fn message(n: usize) -> Message {
    Message {
        id: format!("msg{n}"),
        user: "buyer".to_owned(),
        key: format!("say{n}"),
    }
}

/// What a court says of these books, after a run in which the buyers saw sound ones.
fn verdict(tables: &Tables) -> BTreeMap<&'static str, bool> {
    let journal = Journal::new(1);
    for n in 1..=3 {
        journal.acknowledge(Acknowledged {
            buyer: 0,
            account: 0,
            key: format!("key{n}"),
            order: format!("ord{n}"),
            payment: format!("pay{n}"),
            seq: n + 1,
            replayed: false,
        });
    }
    journal.paid("pay2".to_owned());
    journal.was_called_off("ord3".to_owned());
    let log = Log::default();
    log.show(&json!([{ "variant_id": "var", "ledger_seq": 3, "available": 3 }]));
    log.begin(Visit {
        since: "msg1".to_owned(),
        heard: vec![Heard {
            id: "msg2".to_owned(),
            user: "buyer".to_owned(),
            key: "say2".to_owned(),
        }],
        ..Visit::default()
    });
    let account = Account {
        user: "buyer".to_owned(),
        token: String::new(),
    };
    let shop = Shop {
        sale: "sale".to_owned(),
        show: "show".to_owned(),
        products: Vec::new(),
        shelf: Vec::new(),
        accounts: vec![account],
    };
    let witness = Witness {
        journal: &journal,
        log: &log,
        shop: &shop,
        lives: 2,
        panics: 0,
        resources: Resources {
            before: None,
            peak: None,
            after: None,
            rested: Duration::ZERO,
        },
        kept: 0,
    };
    judge(tables, &witness, Dialect::Sqlite).rules
}

#[test]
fn sound_books_are_found_sound() {
    let broken: Vec<_> = verdict(&sound())
        .into_iter()
        .filter(|(_, held)| !held)
        .collect();
    assert_eq!(broken, []);
}

/// A way to spoil the books.
type Spoil = fn(&mut Tables);

/// What is spoilt, and the rule that must find it.
const FAULTS: &[(&str, &str, Spoil)] = &[
    ("more sold than there is", "I1", |books| {
        books.movements[0].change[0] = 1
    }),
    ("an order is gone", "I2", |books| {
        drop(books.orders.remove("ord1"))
    }),
    ("an order is another's", "I2", |books| {
        books.orders.get_mut("ord1").unwrap().buyer = "thief".to_owned();
    }),
    ("a cancellation is undone", "I2", |books| {
        books.orders.get_mut("ord3").unwrap().status = "paid".to_owned();
    }),
    ("two keys of an order", "I3", |books| {
        let key = ("buyer".to_owned(), "other".to_owned());
        books.keys.insert(key, "ord1".to_owned());
    }),
    ("a level is not its ledger", "I4", |books| {
        books.levels[0].units[0] = 6
    }),
    ("a level is not its holds", "I4", |books| {
        books.holds[1].cancelled = 1
    }),
    ("a damaged file", "I4", |books| {
        books.integrity = "row missing".to_owned()
    }),
    ("a price of the client's", "I5", |books| {
        books.lines[0].unit_price = 1
    }),
    ("a total of the client's", "I5", |books| {
        books.orders.get_mut("ord1").unwrap().total = 1;
    }),
    ("paid without a charge", "I6", |books| {
        books.payments[1].state = "created".to_owned()
    }),
    ("charged for nothing", "I6", |books| {
        books.payments[0].state = "paid".to_owned()
    }),
    ("charged twice", "I6", |books| {
        books.payments.push(payment(2, "paid"))
    }),
    ("kept the money of what was called off", "I6", |books| {
        books.payments[2] = payment(3, "paid");
        books.refunds.clear();
    }),
    ("a fact was never told", "I7", |books| {
        drop(books.placed.pop())
    }),
    ("a fact of nothing", "I7", |books| books.placed[0].1 = false),
    ("a fact waits", "I7", |books| books.waiting = 1),
    ("a hole in the ledger", "I8", |books| {
        books.movements[6].seq = 8
    }),
    ("a message was heard and is not stored", "I8", |books| {
        drop(books.messages.pop())
    }),
    ("a message was stored and not heard", "I8", |books| {
        books.messages.insert(
            1,
            Message {
                id: "msg11".to_owned(),
                ..message(9)
            },
        );
    }),
    ("a message is there twice", "I8", |books| {
        books.messages.push(Message {
            id: "msg3".to_owned(),
            ..message(2)
        });
    }),
    ("gave back more than was paid", "C4", |books| {
        books.refunds[0].amount = 2 * PRICE;
        books.payments[2].promised = 2 * PRICE;
        books.payments[2].returned = 2 * PRICE;
    }),
    ("gave back what nobody decided", "C4", |books| {
        books.refunds.clear()
    }),
    ("a buyer over the limit", "C7", |books| {
        books.counts[0].most = 1
    }),
    ("a buyer is not counted", "C7", |books| books.counts.clear()),
    ("showed units that are gone", "C8", |books| {
        books.movements[1].change[1] = 2
    }),
    ("showed what never was", "C8", |books| {
        books.movements[2].seq = 9
    }),
    ("an old sequencer still owns the sale", "C10", |books| {
        books.epoch = 1
    }),
];

#[test]
fn each_rule_finds_its_fault() {
    for (fault, rule, spoil) in FAULTS {
        let mut books = sound();
        spoil(&mut books);
        assert_eq!(verdict(&books).get(rule), Some(&false), "{fault}");
    }
}
