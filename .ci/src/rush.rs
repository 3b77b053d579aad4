//! Flash sales that are cut off: by `kill -9`, at crash points, by the power; and what must be found.

use std::fs;

use crate::{command::Run, outcome::Outcome, workshop::Workshop};

/// A run: whether it needs the server that breaks its word on purpose, and what is asked of `rush`.
struct Sale(bool, &'static [&'static str]);

/// Runs that must find nothing wrong, then those that must find something.
const SALES: &[Sale] = &[
    Sale(false, &["--kill", "5", "--pay-every", "5"]),
    Sale(false, &["--kill", "3", "--power-loss"]),
    // By the data channels of viewers.
    Sale(false, &["--kill", "2", "--lanes", "--pay-every", "5"]),
    // So many that reservations are written before their orders.
    Sale(false, &["--kill", "5", "--buyers", "128"]),
    Sale(
        true,
        &[
            "--fault",
            "crash-after-ack",
            "--buyers",
            "128",
            "--accounts",
            "6",
        ],
    ),
    Sale(
        true,
        &[
            "--fault",
            "forget-backlog",
            "--kill",
            "10",
            "--buyers",
            "128",
            "--accounts",
            "6",
            "--expect-broken",
            "I2",
        ],
    ),
    Sale(true, &["--fault", "crash-before-commit"]),
    Sale(true, &["--fault", "crash-after-commit"]),
    Sale(true, &["--fault", "crash-after-ack"]),
    Sale(
        true,
        &[
            "--fault",
            "ack-before-commit",
            "--kill",
            "10",
            "--expect-broken",
            "I2",
        ],
    ),
    Sale(
        true,
        &[
            "--fault",
            "synchronous-normal",
            "--power-loss",
            "--kill",
            "2",
            "--expect-broken",
            "I2",
        ],
    ),
    // Few units, of which two accounts may buy more than there are; it ends when they have had all
    // that they may.
    Sale(
        true,
        &[
            "--fault",
            "read-modify-write",
            "--items",
            "1",
            "--units",
            "40",
            "--orders",
            "1000",
            "--expect-broken",
            "I1,I4",
        ],
    ),
];
/// The same on a MariaDB server that `rush` starts.
const SALES_ON_MARIADB: &[Sale] = &[
    Sale(false, &["--kill", "3", "--pay-every", "5"]),
    Sale(false, &["--kill", "3", "--buyers", "128"]),
    Sale(true, &["--fault", "crash-before-commit"]),
    Sale(true, &["--fault", "crash-after-commit"]),
    Sale(true, &["--fault", "crash-after-ack"]),
];
/// Small and short: the long runs are made by hand.
const SIZE: &[&str] = &[
    "--buyers",
    "16",
    "--accounts",
    "2",
    "--items",
    "20",
    "--seconds",
    "1",
    "--orders",
    "100",
    "--rest",
    "1",
    "--json",
];

/// Runs them all.
pub(crate) fn run(shop: &mut Workshop) -> Result<(), Outcome> {
    for sale in SALES {
        sell(shop, sale, &[])?;
    }
    shop.mariadb()?;
    for sale in SALES_ON_MARIADB {
        sell(shop, sale, &["--mariadb"])?;
    }
    Ok(())
}

fn sell(shop: &Workshop, Sale(control, asked): &Sale, also: &[&str]) -> Result<(), Outcome> {
    let rush = shop.rush().to_string_lossy().into_owned();
    let souk = match control {
        true => shop.souk_negative_control(),
        false => shop.souk(),
    };
    let data = shop.rush_data();
    let _ = fs::remove_dir_all(&data);
    // What is asked comes last, so that it wins over the size.
    let run = Run::new(shop.root(), &rush, SIZE)
        .and(&[
            "--souk",
            &souk.to_string_lossy(),
            "--data-dir",
            &data.to_string_lossy(),
        ])
        .and(asked)
        .and(also);
    match run.stream() {
        Outcome::Passed => Ok(()),
        other => Err(other),
    }
}
