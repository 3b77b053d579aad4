//! Plays inputs to a target, and keeps what is needed to play them again.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

use crate::mutate::Mutator;
use crate::targets::{Kind, Target};

/// Inputs that one target takes before it makes room for a new one.
const LIFE: usize = 500;
/// Mutations when no time is given.
const MUTATIONS: u64 = 300;

/// Plays a target's corpus, then mutations.
pub fn run(name: &str) {
    let kind = Kind::named(name).unwrap();
    if let Ok(file) = env::var("SOUK_FUZZ_REPLAY") {
        return replay(kind, Path::new(&file));
    }
    let number = |name: &str| {
        env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seed = number("SOUK_FUZZ_SEED").unwrap_or(1);
    let time = number("SOUK_FUZZ_SECONDS").map(Duration::from_secs);
    let began = Instant::now();
    let ends = |count: u64| match time {
        Some(time) => began.elapsed() >= time,
        None => count >= MUTATIONS,
    };
    let mut player = Player::new(kind);
    let corpus = kind.corpus();
    for input in &corpus {
        player.feed(input);
    }
    let mut mutator = Mutator::new(seed, corpus, kind.words);
    let mut count = 0;
    while !ends(count) {
        player.feed(&mutator.next());
        count += 1;
    }
    let (slowest, took) = (player.slowest.as_millis(), began.elapsed().as_secs_f32());
    println!("{name}: seed {seed}, {count} mutations in {took:.1} s, the slowest {slowest} ms");
}

/// A target and what it was fed since it was made.
struct Player {
    kind: &'static Kind,
    target: Box<dyn Target>,
    history: Vec<Vec<u8>>,
    slowest: Duration,
}

impl Player {
    fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            target: (kind.make)(),
            history: Vec::new(),
            slowest: Duration::ZERO,
        }
    }

    fn feed(&mut self, input: &[u8]) {
        if self.history.len() >= LIFE {
            self.target = (self.kind.make)();
            self.history.clear();
        }
        self.history.push(input.to_vec());
        let began = Instant::now();
        let fed = catch_unwind(AssertUnwindSafe(|| self.target.feed(input)));
        self.slowest = self.slowest.max(began.elapsed());
        if fed.is_err() {
            let file = keep(self.kind.name, &self.history);
            panic!(
                "fuzzing {} found a fault; SOUK_FUZZ_REPLAY={} plays it again",
                self.kind.name,
                file.display()
            );
        }
    }
}

/// Writes a history, one input in hexadecimal per line.
fn keep(name: &str, history: &[Vec<u8>]) -> PathBuf {
    let mut text = String::new();
    for input in history {
        for byte in input {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}.history"));
    fs::write(&file, text).unwrap();
    file
}

/// Plays a raw input, or a history (of which the last input alone is tried first).
fn replay(kind: &'static Kind, file: &Path) {
    let bytes = fs::read(file).unwrap();
    let Some(history) = parse(&bytes) else {
        return (kind.make)().feed(&bytes);
    };
    if let Some(last) = history.last() {
        let alone = catch_unwind(AssertUnwindSafe(|| (kind.make)().feed(last)));
        eprintln!(
            "the last input alone: {}",
            if alone.is_ok() {
                "nothing"
            } else {
                "the fault"
            }
        );
    }
    let mut target = (kind.make)();
    history.iter().for_each(|input| target.feed(input));
}

fn parse(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = |line: &str| {
        let pairs = line.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        pairs.map(byte).collect::<Option<Vec<u8>>>()
    };
    text.lines().map(line).collect()
}

/// See the test of this name.
pub fn finds_the_fault() {
    struct Faulty;
    impl Target for Faulty {
        fn feed(&mut self, input: &[u8]) {
            assert!(
                !input.windows(2).any(|pair| pair == [0xff, 0xff]),
                "the fault"
            );
        }
    }
    let kind = &Kind {
        name: "faulty",
        make: || Box::new(Faulty),
        seeds: || vec![vec![1, 2, 3, 4]],
        words: &[],
    };
    let mut mutator = Mutator::new(1, (kind.seeds)(), kind.words);
    let mut target = (kind.make)();
    let mut fails = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| target.feed(input))).is_err();
    assert!((0..20_000).any(|_| fails(&mutator.next())));
    assert_eq!(parse(b"00ff\n7f\n"), Some(vec![vec![0, 0xff], vec![0x7f]]));
}
