//! Flash sales that are cut off: by `kill -9`, at crash points, by the power; and what must be found.

use std::fs;

use crate::{command::Run, outcome::Outcome, workshop::Workshop};

/// A run: whether it needs the server that breaks its word on purpose, and what is asked of `rush`.
struct Sale(bool, &'static [&'static str]);

/// Runs that must find nothing wrong, then those that must find something.
const SALES: &[Sale] = &[
    Sale(false, &["--kill", "5", "--pay-every", "20"]),
    Sale(false, &["--kill", "3", "--power-loss"]),
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
    "2",
    "--json",
];

/// Runs them all.
pub(crate) fn run(shop: &Workshop) -> Result<(), Outcome> {
    let rush = shop.rush().to_string_lossy().into_owned();
    for Sale(control, asked) in SALES {
        let souk = match control {
            true => shop.souk_negative_control(),
            false => shop.souk(),
        };
        let data = shop.rush_data();
        let _ = fs::remove_dir_all(&data);
        let run = Run::new(shop.root(), &rush, SIZE)
            .and(&[
                "--souk",
                &souk.to_string_lossy(),
                "--data-dir",
                &data.to_string_lossy(),
            ])
            .and(asked);
        match run.stream() {
            Outcome::Passed => {}
            other => return Err(other),
        }
    }
    Ok(())
}
