//! The rows of the comparison: which server, which load, which figures.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::server::{self, Server};

/// A steady state: nobody is still catching up when the window begins.
const STEADY: &str = "--joining 16 --gop 2 --settle 5";
/// Viewers that one core has to carry at 2.4 Mbit/s.
const DEMANDED: usize = 1_200;
/// Viewers that the load itself can carry on one core with room to spare.
const LOAD_MAX: usize = 3_000;

/// One part of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Row {
    /// What a packet costs at least.
    Floor,
    /// Cost per packet by number of viewers, and memory per viewer.
    Load,
    /// The same at 200 viewers on the `webrtc` crate.
    Baseline,
    /// Phases of joins with 200 viewers on, keys every 8.3 s, PLI ignored.
    Joins,
    /// A thousand joins in a second.
    Storm,
    /// Forward delay at 80 % of what one core carries.
    Delay,
    /// Memory and idle cost after many joins and leaves.
    Churn,
    /// Cost of a lane message per viewer.
    Lanes,
    /// Two shards against one on the same core.
    Shards,
}

impl Row {
    /// All, in the order of the table.
    pub const ALL: [Row; 9] = [
        Row::Floor,
        Row::Load,
        Row::Baseline,
        Row::Joins,
        Row::Storm,
        Row::Delay,
        Row::Churn,
        Row::Lanes,
        Row::Shards,
    ];
}

/// How the rows are run.
#[derive(Debug)]
pub struct Contest {
    /// Runs of each.
    pub runs: usize,
    /// Measuring window.
    pub seconds: u64,
    /// Numbers of viewers of the load row.
    pub viewers: Vec<usize>,
    /// Joins of the churn row.
    pub churn: usize,
    /// Souk itself in place of the bare plane.
    pub souk: Option<PathBuf>,
    /// Where every run's JSON goes.
    pub keep: Option<PathBuf>,
    /// The floor, once it is known.
    pub floor_us: Option<f64>,
}

/// The runs of one load, by figures.
struct Runs(Vec<Value>);

impl Runs {
    /// Median of the figure at a JSON pointer; `None` when a run has none.
    fn median(&self, pointer: &str) -> Option<f64> {
        let found = self.0.iter().map(|run| run.pointer(pointer)?.as_f64());
        let mut found: Vec<f64> = found.collect::<Option<_>>()?;
        found.sort_by(f64::total_cmp);
        found.get(found.len() / 2).copied()
    }

    fn show(&self, pointer: &str, digits: usize) -> String {
        let figure = self.median(pointer);
        figure.map_or("-".to_owned(), |figure| format!("{figure:.digits$}"))
    }
}

impl Contest {
    /// Runs one row and tells its lines.
    ///
    /// # Errors
    /// When a server or `swarm` cannot be run.
    pub fn run(&mut self, row: Row, mut tell: impl FnMut(String, String)) -> Result<()> {
        match row {
            Row::Floor => {
                let floor = server::floor()?;
                self.floor_us = Some(floor);
                tell("floor, µs a packet".into(), format!("{floor:.2}"));
            }
            Row::Load => self.load(&mut tell)?,
            Row::Baseline => self.baseline(&mut tell)?,
            Row::Joins => self.joins(&mut tell)?,
            Row::Storm => self.storm(&mut tell)?,
            Row::Delay => self.delay(&mut tell)?,
            Row::Churn => self.churn(&mut tell)?,
            Row::Lanes => self.lanes(&mut tell)?,
            Row::Shards => self.shards(&mut tell)?,
        }
        Ok(())
    }

    fn ours(&self, options: &[&str]) -> Result<Server> {
        match &self.souk {
            Some(souk) => Server::souk(souk, options),
            None => Server::beside("plane", options),
        }
    }

    /// Starts a server, runs `swarm` against it; as often as asked for.
    fn swarm(
        &self,
        name: &str,
        start: impl Fn() -> Result<Server>,
        options: &[String],
    ) -> Result<Runs> {
        let mut runs = Vec::new();
        for run in 0..self.runs {
            let server = start()?;
            let text = server.swarm(options)?;
            if let Some(folder) = &self.keep {
                std::fs::create_dir_all(folder)?;
                std::fs::write(folder.join(format!("{name}-{run}.json")), &text)?;
            }
            runs.push(serde_json::from_str(&text).context("swarm's report")?);
        }
        Ok(Runs(runs))
    }

    fn options(&self, viewers: usize, more: &str) -> Vec<String> {
        let text = format!("--viewers {viewers} --seconds {} {more}", self.seconds);
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn cost(&self, runs: &Runs) -> String {
        let ratio = |us: f64| {
            self.floor_us
                .map(|floor| format!(" = {:.2} × floor", us / floor))
        };
        let cost = runs.median("/cpu_us_per_packet");
        format!(
            "{} µs a packet{}, loss {} %, server {} cores, client {} cores",
            runs.show("/cpu_us_per_packet", 2),
            cost.and_then(ratio).unwrap_or_default(),
            runs.median("/loss")
                .map_or("-".into(), |loss| format!("{:.4}", loss * 100.0)),
            runs.show("/server_cores", 2),
            runs.show("/client_cores", 2),
        )
    }

    fn load(&self, tell: &mut impl FnMut(String, String)) -> Result<()> {
        for viewers in &self.viewers {
            let options = self.options(*viewers, STEADY);
            let runs = self.swarm(&format!("load-{viewers}"), || self.ours(&[]), &options)?;
            tell(format!("{viewers} viewers at 2.4 Mbit/s"), self.cost(&runs));
            let memory = runs
                .median("/server_rss_kb")
                .zip(runs.median("/server_rss_before_kb"));
            if let Some((after, before)) = memory {
                let each = (after - before) / *viewers as f64;
                tell(
                    format!("memory a viewer at {viewers}"),
                    format!("{each:.1} kB"),
                );
            }
        }
        Ok(())
    }

    fn baseline(&self, tell: &mut impl FnMut(String, String)) -> Result<()> {
        let options = self.options(200, STEADY);
        let other = self.swarm("baseline", || Server::beside("baseline", &[]), &options)?;
        tell("webrtc crate, 200 viewers".into(), self.cost(&other));
        let ours = self.swarm("beside-baseline", || self.ours(&[]), &options)?;
        let costs = other
            .median("/cpu_us_per_packet")
            .zip(ours.median("/cpu_us_per_packet"));
        if let Some((other, ours)) = costs {
            let times = format!("{:.1} × ({other:.2} / {ours:.2} µs)", other / ours);
            tell("webrtc crate against ours, 200 viewers".into(), times);
        }
        Ok(())
    }

    fn joins(&self, tell: &mut impl FnMut(String, String)) -> Result<()> {
        // The 200 come first and the ones that count join them, one after the other.
        let more = "--join-burst 200 --burst-seconds 10 --gop 8.3 --full 0 --burst-full 200";
        let options = self.options(200, more);
        let runs = self.swarm("joins", || self.ours(&[]), &options)?;
        for (name, key) in [
            ("POST to answer", "post_ms"),
            ("POST to first check answered", "ice_ms"),
            ("POST to DTLS done", "dtls_ms"),
            ("POST to first packet", "first_packet_ms"),
            (
                "POST to first whole key frame, keys every 8.3 s",
                "first_key_ms",
            ),
        ] {
            let part = |p: &str| runs.show(&format!("/burst/phases/{key}/{p}"), 1);
            let text = format!("p50 {} ms, p99 {} ms", part("p50"), part("p99"));
            tell(name.to_owned(), text);
        }
        let plis = runs.show("/repairs/publisher_plis", 0);
        tell("PLIs at the publisher in the whole run".into(), plis);
        Ok(())
    }

    fn storm(&self, tell: &mut impl FnMut(String, String)) -> Result<()> {
        let options = self.options(200, "--join-burst 1000 --burst-seconds 1 --full 5");
        let runs = self.swarm("storm", || self.ours(&[]), &options)?;
        let text = format!(
            "{} in, {} failed, all in {} ms, first key p50 {} p99 {} ms, others lost {} packets, \
             {} PLIs",
            runs.show("/burst/joined", 0),
            runs.show("/burst/failed", 0),
            runs.show("/burst/all_in_ms", 0),
            runs.show("/burst/phases/first_key_ms/p50", 0),
            runs.show("/burst/phases/first_key_ms/p99", 0),
            runs.show("/burst/lost_by_others", 0),
            runs.show("/repairs/publisher_plis", 0),
        );
        tell("1,000 joins in a second beside 200 viewers".into(), text);
        Ok(())
    }

    fn delay(&self, tell: &mut impl FnMut(String, String)) -> Result<()> {
        // 80 % of what one core has to carry, then of what it can: measured at 1,200 and scaled.
        self.delay_at(DEMANDED * 4 / 5, tell)?;
        let options = self.options(DEMANDED, STEADY);
        let runs = self.swarm("capacity", || self.ours(&[]), &options)?;
        let cores = runs.median("/server_cores").context("no server figures")?;
        let viewers = (DEMANDED as f64 * 0.8 / cores.max(0.1)) as usize;
        self.delay_at(viewers.min(LOAD_MAX), tell)
    }

    fn delay_at(&self, viewers: usize, tell: &mut impl FnMut(String, String)) -> Result<()> {
        let options = self.options(viewers, &format!("{STEADY} --full 20"));
        let runs = self.swarm("delay", || self.ours(&[]), &options)?;
        let part = |p: &str| runs.show(&format!("/forward_delay_ms/{p}"), 2);
        let text = format!(
            "p50 {} p95 {} p99 {} max {} ms; {}",
            part("p50"),
            part("p95"),
            part("p99"),
            part("max"),
            self.cost(&runs)
        );
        tell(format!("forward delay with {viewers} viewers"), text);
        Ok(())
    }

    fn churn(&self, tell: &mut impl FnMut(String, String)) -> Result<()> {
        let more = format!("--churn {} --joining 16", self.churn);
        let options = self.options(50, &more);
        let runs = self.swarm("churn", || self.ours(&[]), &options)?;
        let text = format!(
            "memory {} → {} kB, {} → {} cores, {} failed, {} µs of CPU for \
             a join and its end",
            runs.show("/churn/rss_before_kb", 0),
            runs.show("/churn/rss_after_kb", 0),
            runs.show("/churn/cores_before", 3),
            runs.show("/churn/cores_after", 3),
            runs.show("/churn/failed", 0),
            runs.show("/churn/cpu_us_per_join", 0),
        );
        tell(
            format!("{} joins and leaves beside 50 viewers", self.churn),
            text,
        );
        Ok(())
    }

    fn lanes(&self, tell: &mut impl FnMut(String, String)) -> Result<()> {
        // A publication of next to nothing, so that the messages are what is measured.
        let more = format!("{STEADY} --lanes --bitrate 8 --full 0 --light-feedback false");
        let options = self.options(1_000, &more);
        let quiet = self.swarm("lanes-quiet", || Server::beside("plane", &[]), &options)?;
        let talk = ["--lane-rate", "20"];
        let runs = self.swarm("lanes", || Server::beside("plane", &talk), &options)?;
        let messages = runs.median("/lanes/messages");
        let cores = runs
            .median("/server_cores")
            .zip(quiet.median("/server_cores"));
        if let Some((messages, (talking, quiet))) = messages.zip(cores) {
            let each = (talking - quiet) * 1e6 * self.seconds as f64 / messages;
            let text = format!(
                "{each:.1} µs; p50 {} p99 {} ms to arrive ({messages:.0} messages)",
                runs.show("/lanes/delay_ms/p50", 1),
                runs.show("/lanes/delay_ms/p99", 1),
            );
            tell(
                "lane message a viewer, 1,000 viewers, 20 a second".into(),
                text,
            );
        }
        Ok(())
    }

    fn shards(&self, tell: &mut impl FnMut(String, String)) -> Result<()> {
        let options = self.options(600, STEADY);
        let one = self.swarm("shards-1", || Server::beside("plane", &[]), &options)?;
        let two = ["--shards", "2"];
        let two = self.swarm("shards-2", || Server::beside("plane", &two), &options)?;
        let costs = one
            .median("/cpu_us_per_packet")
            .zip(two.median("/cpu_us_per_packet"));
        if let Some((one, two)) = costs {
            let text = format!(
                "{one:.2} → {two:.2} µs a packet ({:+.0} %)",
                (two / one - 1.0) * 100.0
            );
            tell("one shard → two on one core, 600 viewers".into(), text);
        }
        Ok(())
    }
}
