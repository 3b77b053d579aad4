//! The model test: seeded random commands, to the shop and to a ledger so naive that it is plainly
//! right; every answer must be the same.
//!
//! The commands go through the shop's own door, its sequencers and its SQL on a real database.
//! Purchases come in waves that fill batches: within a wave they are answered in the order in
//! which they were asked. `SOUK_MODEL_SEED` and `SOUK_MODEL_STEPS` make another run, a longer one.

mod command;
mod driver;
mod ledger;

use std::{collections::BTreeMap, time::Instant};

use commerce_store::{sql, sql::Dialect, testing};
use rand::{SeedableRng, rngs::StdRng};

use self::{command::Wave, driver::Driver};
use super::audit::audit;

const SEED: u64 = 20_261_122;
/// A server of many writers takes a round trip for each statement.
const STEPS: (usize, usize) = (100_000, 12_000);
/// Steps in which the control must be found out.
const CONTROL_STEPS: usize = 6_000;
/// Steps between two restarts.
const LIFE: usize = 30_000;

/// What was answered, and how often.
type Tally = BTreeMap<String, usize>;

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

/// Runs so many commands; says where shop and ledger first differ. From `sabotage` on the shop has
/// forgotten a unit of each buyer.
async fn run(
    seed: u64,
    steps: usize,
    sabotage: Option<usize>,
) -> Result<(Tally, Driver), (usize, String)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut driver = Driver::open().await;
    let mut tally = Tally::new();
    let (mut done, mut sabotage) = (0, sabotage);
    let mut restart_at = LIFE;
    while done < steps {
        if sabotage.is_some_and(|at| done >= at) {
            sabotage = None;
            forget(&driver).await;
        }
        let wave = if done >= restart_at {
            restart_at += LIFE;
            Wave::Restart
        } else {
            Wave::random(&mut random, driver.ledger())
        };
        let size = wave.len().min(steps - done);
        let answers = driver.play(wave.cut(size)).await;
        for answer in answers.map_err(|difference| (done, difference))? {
            *tally.entry(answer).or_default() += 1;
        }
        done += size;
    }
    Ok((tally, driver))
}

/// What a lost update would do: the count against the limit misses a unit.
async fn forget(driver: &Driver) {
    driver
        .store()
        .write(|conn| {
            Box::pin(async move {
                sql::query("UPDATE sale_buyer SET qty = qty - 1 WHERE qty > 0")
                    .execute(conn)
                    .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn random_commands_are_answered_as_by_a_naive_ledger() {
    let steps = match testing::chosen() {
        Dialect::Sqlite => STEPS.0,
        Dialect::MariaDb => STEPS.1,
    };
    let seed = variable("SOUK_MODEL_SEED").unwrap_or(SEED);
    let steps = variable("SOUK_MODEL_STEPS").map_or(steps, |steps| steps as usize);
    let begun = Instant::now();
    println!("model: seed {seed}, {steps} steps");
    match run(seed, steps, None).await {
        Ok((tally, driver)) => {
            let took = begun.elapsed().as_secs_f64();
            println!("model: {took:.1} s, {tally:?}");
            driver.compare_orders().await;
            audit(driver.store()).await;
            // A run in which something never happened would show little.
            for kind in ["placed", "replayed", "paid", "cancelled", "declined"] {
                assert!(tally.contains_key(kind), "nothing was {kind}: {tally:?}");
            }
            for code in [
                "out_of_stock",
                "per_buyer_limit",
                "sale_not_open",
                "price_changed",
                "idempotency_key_reused",
                "reservation_expired",
                "invalid_transition",
                "validation_error",
                "not_found",
            ] {
                assert!(
                    tally.contains_key(code),
                    "never refused by {code}: {tally:?}"
                );
            }
        }
        Err((step, difference)) => panic!("seed {seed}, behind step {step}: {difference}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_finds_out_a_shop_that_forgets() {
    let found = run(SEED, CONTROL_STEPS, Some(CONTROL_STEPS / 3)).await;
    match found {
        Err((step, difference)) => println!("model: found out behind step {step}: {difference}"),
        Ok((tally, _)) => panic!("nobody noticed: {tally:?}"),
    }
}
